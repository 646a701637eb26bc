/**
 * How a panel's page and the extension talk: calls of the page with a reply or an error, within a time; events of the
 * extension without one. Both sides hold the same contract, so a name or a shape that differs does not compile.
 */

/** What a page may ask, as name → [what it gives, what it gets], and what it is told, as name → what comes with it. */
export interface Contract {
  readonly calls: Readonly<Record<string, readonly [given: unknown, got: unknown]>>;
  readonly events: Readonly<Record<string, unknown>>;
}

export type CallName<C extends Contract> = keyof C['calls'] & string;
export type EventName<C extends Contract> = keyof C['events'] & string;

/** One way out and one way in. */
export interface Port {
  post(message: unknown): void;
  /** @returns ends the listening */
  listen(listener: (message: unknown) => void): () => void;
}

/** Why a call did not succeed. */
export interface Failure {
  /** `refused`: the extension says what is wrong. `cancelled`: the page let it go. `timeout`: nobody answered. */
  readonly kind: 'refused' | 'cancelled' | 'timeout';
  /** For people. */
  readonly message: string;
  /** What can be done about it: its button, and the id that `act` of every panel takes. */
  readonly action?: { readonly id: string; readonly title: string };
}

export class CallFailed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

interface Call { readonly kind: 'call'; readonly id: string; readonly name: string; readonly given: unknown }
interface Cancel { readonly kind: 'cancel'; readonly id: string }
interface Reply { readonly kind: 'reply'; readonly id: string; readonly got?: unknown; readonly failure?: Failure }
interface Told { readonly kind: 'event'; readonly name: string; readonly what: unknown }

export interface CallOptions {
  /** ms; default 15 s. What has been asked for may still be done after it. */
  readonly timeoutMs?: number;
  /** Lets the call go, on both sides. */
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 15_000;

/** The page's end. */
export class Caller<C extends Contract> {
  readonly #port: Port;
  readonly #waiting = new Map<string, (reply: Reply) => void>();
  readonly #listeners = new Map<string, Set<(what: unknown) => void>>();
  readonly #page: string;
  #calls = 0;

  /** @param page unlike that of any earlier page of the panel, so that an answer to that one is not taken for an answer to this */
  constructor(port: Port, page: string) {
    this.#port = port;
    this.#page = page;
    port.listen((message) => { this.#receive(message); });
  }

  /** @throws CallFailed */
  call<N extends CallName<C>>(name: N, given: C['calls'][N][0], { timeoutMs = TIMEOUT_MS, signal }: CallOptions = {}): Promise<C['calls'][N][1]> {
    const id = `${this.#page}-${(this.#calls += 1)}`;
    return new Promise<C['calls'][N][1]>((resolve, reject) => {
      const end = (outcome: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', cancel);
        this.#waiting.delete(id);
        outcome();
      };
      const giveUp = (failure: Failure): void => {
        end(() => { reject(new CallFailed(failure)); });
        this.#port.post({ kind: 'cancel', id } satisfies Cancel);
      };
      const cancel = (): void => { giveUp({ kind: 'cancelled', message: '' }); };
      const timer = setTimeout(() => { giveUp({ kind: 'timeout', message: `No answer to "${name}" within ${Math.round(timeoutMs / 1_000)} s.` }); }, timeoutMs);
      this.#waiting.set(id, ({ got, failure }) => { end(() => { if (failure === undefined) { resolve(got); } else { reject(new CallFailed(failure)); } }); });
      if (signal?.aborted === true) {
        cancel();
        return;
      }
      signal?.addEventListener('abort', cancel);
      this.#port.post({ kind: 'call', id, name, given } satisfies Call);
    });
  }

  on<N extends EventName<C>>(name: N, listener: (what: C['events'][N]) => void): void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener as (what: unknown) => void);
  }

  #receive(message: unknown): void {
    if (isReply(message)) {
      this.#waiting.get(message.id)?.(message);
    } else if (isTold(message)) {
      this.#listeners.get(message.name)?.forEach((listener) => { listener(message.what); });
    }
  }
}

export type Handlers<C extends Contract> = {
  readonly [N in CallName<C>]: (given: C['calls'][N][0], signal: AbortSignal) => Promise<C['calls'][N][1]> | C['calls'][N][1];
};

/**
 * The extension's end: answers every call, also one that fails or that nobody knows.
 *
 * @param failureOf what a page is told of an error
 * @returns ends the answering and cancels what is under way
 */
export function serve<C extends Contract>(port: Port, handlers: Handlers<C>, failureOf: (error: unknown, name: string) => Failure): () => void {
  const running = new Map<string, AbortController>();
  const answer = async ({ id, name, given }: Call): Promise<void> => {
    const abort = new AbortController();
    running.set(id, abort);
    const reply = (rest: Omit<Reply, 'kind' | 'id'>): void => { port.post({ kind: 'reply', id, ...rest } satisfies Reply); };
    try {
      if (!Object.hasOwn(handlers, name)) {
        throw new Error(`The panel has no call "${name}"`);
      }
      reply({ got: await handlers[name as CallName<C>](given, abort.signal) });
    } catch (error) {
      reply({ failure: failureOf(error, name) });
    } finally {
      running.delete(id);
    }
  };
  const end = port.listen((message) => {
    if (isCall(message)) {
      void answer(message);
    } else if (isCancel(message)) {
      running.get(message.id)?.abort();
    }
  });
  return () => {
    end();
    running.forEach((abort) => { abort.abort(); });
  };
}

/** Tells the page; a page that is not there at the moment does not hear it, and asks for everything when it comes back. */
export function tell<C extends Contract, N extends EventName<C>>(port: Pick<Port, 'post'>, name: N, what: C['events'][N]): void {
  port.post({ kind: 'event', name, what } satisfies Told);
}

function isMessage(message: unknown): message is { readonly kind: unknown; readonly id?: unknown; readonly name?: unknown } {
  return typeof message === 'object' && message !== null && 'kind' in message;
}

function isCall(message: unknown): message is Call {
  return isMessage(message) && message.kind === 'call' && typeof message.id === 'string' && typeof message.name === 'string';
}

function isCancel(message: unknown): message is Cancel {
  return isMessage(message) && message.kind === 'cancel' && typeof message.id === 'string';
}

function isReply(message: unknown): message is Reply {
  return isMessage(message) && message.kind === 'reply' && typeof message.id === 'string';
}

function isTold(message: unknown): message is Told {
  return isMessage(message) && message.kind === 'event' && typeof message.name === 'string';
}
