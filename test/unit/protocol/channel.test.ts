import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CallFailed, Caller, type Failure, type Handlers, type Port, serve, tell } from '../../../src/protocol/channel.ts';

type Contract = {
  readonly calls: {
    readonly double: readonly [{ readonly value: number }, { readonly value: number }];
    readonly wait: readonly [Readonly<Record<string, never>>, string];
  };
  readonly events: { readonly changed: { readonly value: number } };
};

interface Line {
  readonly page: Port;
  readonly host: Port;
  /** Everything that went to the host; to the page. */
  readonly up: unknown[];
  readonly down: unknown[];
}

/** Two ends whose messages are copied, as those of a webview are, and arrive in a later turn. */
function line(): Line {
  const listeners = { page: new Set<(message: unknown) => void>(), host: new Set<(message: unknown) => void>() };
  const [up, down]: unknown[][] = [[], []];
  const end = (mine: keyof typeof listeners, theirs: keyof typeof listeners, sent: unknown[] | undefined): Port => ({
    post: (message) => {
      const copy: unknown = structuredClone(message);
      sent?.push(copy);
      queueMicrotask(() => { listeners[theirs].forEach((listener) => { listener(copy); }); });
    },
    listen: (listener) => {
      listeners[mine].add(listener);
      return () => { listeners[mine].delete(listener); };
    },
  });
  return { page: end('page', 'host', up), host: end('host', 'page', down), up: up ?? [], down: down ?? [] };
}

const failureOf = (error: unknown, name: string): Failure => ({ kind: 'refused', message: `${name}: ${error instanceof Error ? error.message : String(error)}` });

interface Talk extends Line {
  readonly caller: Caller<Contract>;
  readonly end: () => void;
  /** Resolves with the signal of the first `wait` that the host has begun. */
  readonly waiting: Promise<AbortSignal>;
}

/** @param handlers instead of those that double, and that wait until they are cancelled */
function talk(handlers: Partial<Handlers<Contract>> = {}): Talk {
  const ends = line();
  const waiting = Promise.withResolvers<AbortSignal>();
  const end = serve<Contract>(ends.host, {
    double: ({ value }) => ({ value: value * 2 }),
    wait: (_given, signal) => {
      waiting.resolve(signal);
      return new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(new Error('let go')); }); });
    },
    ...handlers,
  }, failureOf);
  return { ...ends, caller: new Caller<Contract>(ends.page, 'this'), end, waiting: waiting.promise };
}

async function failure(call: Promise<unknown>): Promise<Failure> {
  const error: unknown = await call.then(() => assert.fail('it succeeded'), (reason: unknown) => reason);
  assert.ok(error instanceof CallFailed, String(error));
  return error.failure;
}

/** Lets what is on the line arrive. */
const arrived = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

describe('the talk of a page with the extension', () => {
  it('answers each call with what belongs to it, in whatever order', async () => {
    const first = Promise.withResolvers<void>();
    const { caller } = talk({
      double: async ({ value }) => {
        await (value === 1 ? first.promise : undefined);
        return { value: value * 2 };
      },
    });
    const order: number[] = [];
    const calls = [1, 2, 3].map((value) => caller.call('double', { value }).then((got) => {
      order.push(value);
      return got.value;
    }));
    await Promise.all(calls.slice(1));
    first.resolve();
    assert.deepEqual(await Promise.all(calls), [2, 4, 6]);
    assert.deepEqual(order, [2, 3, 1]);
  });

  it('tells the page what a call failed of, thrown at once or later', async () => {
    const atOnce = talk({ double: () => { throw new Error('no'); } });
    assert.deepEqual(await failure(atOnce.caller.call('double', { value: 1 })), { kind: 'refused', message: 'double: no' });
    const later = talk({ double: () => Promise.reject(new Error('not now')) });
    const error: unknown = await later.caller.call('double', { value: 1 }).catch((reason: unknown) => reason);
    assert.ok(error instanceof CallFailed && error.message === 'double: not now');
  });

  it('gives a call up when nobody answers in time, and tells the other side', async () => {
    const { caller, waiting, up } = talk();
    const call = failure(caller.call('wait', {}, { timeoutMs: 20 }));
    const signal = await waiting;
    assert.deepEqual(await call, { kind: 'timeout', message: 'No answer to "wait" within 0 s.' });
    await arrived();
    assert.equal(signal.aborted, true);
    assert.deepEqual(up.map((message) => (message as { kind: string }).kind), ['call', 'cancel']);
  });

  it('gives a call up that goes nowhere', async () => {
    const silent = new Caller<Contract>({ post: () => undefined, listen: () => () => undefined }, 'this');
    assert.equal((await failure(silent.call('double', { value: 1 }, { timeoutMs: 1 }))).kind, 'timeout');
  });

  it('cancels on both sides, and the late answer goes to nobody', async () => {
    const { caller, waiting, down } = talk();
    const abort = new AbortController();
    const call = failure(caller.call('wait', {}, { signal: abort.signal }));
    const signal = await waiting;
    abort.abort();
    assert.equal((await call).kind, 'cancelled');
    await arrived();
    assert.equal(signal.aborted, true);
    assert.equal(down.length, 1, 'the host has answered all the same');
    assert.deepEqual(await caller.call('double', { value: 4 }), { value: 8 });
  });

  it('does not even ask when it was cancelled before', async () => {
    const { caller, up } = talk();
    assert.equal((await failure(caller.call('double', { value: 1 }, { signal: AbortSignal.abort() }))).kind, 'cancelled');
    assert.ok(!up.some((message) => (message as { kind: string }).kind === 'call'));
  });

  it('is not cancelled by a signal that comes after the answer', async () => {
    const { caller, up } = talk();
    const abort = new AbortController();
    await caller.call('double', { value: 1 }, { signal: abort.signal });
    abort.abort();
    await arrived();
    assert.equal(up.length, 1);
  });

  it('takes no answer to an earlier page of the panel for its own', async () => {
    const { host, page, caller, waiting } = talk();
    const before = new Caller<Contract>(page, 'earlier');
    const [mine, theirs] = [caller.call('double', { value: 5 }), failure(before.call('wait', {}, { timeoutMs: 20 }))];
    await waiting;
    host.post({ kind: 'reply', id: 'earlier-9', got: { value: 99 } });
    assert.deepEqual(await mine, { value: 10 });
    assert.equal((await theirs).kind, 'timeout', 'nor the other way round, though both counted one call');
  });

  for (const name of ['unheard', 'toString', '__proto__', 'constructor', 'hasOwnProperty']) {
    it(`refuses a call "${name}", which the panel does not have`, async () => {
      const { page, down } = talk();
      page.post({ kind: 'call', id: 'x', name, given: {} });
      await arrived();
      assert.deepEqual(down, [{ kind: 'reply', id: 'x', failure: { kind: 'refused', message: `${name}: The panel has no call "${name}"` } }]);
    });
  }

  it('passes over what is no message of its own', async () => {
    const { page, host, caller, down } = talk();
    for (const message of [undefined, null, 'call', 7, [], {}, { kind: 'call' }, { kind: 'call', id: 1, name: 'double' }, { kind: 'cancel' }, { kind: 'cancel', id: 'unknown' }]) {
      page.post(message);
      host.post(message);
    }
    host.post({ kind: 'reply', id: 'unknown', got: 1 });
    host.post({ kind: 'event', name: 'unheard', what: 1 });
    down.length = 0;
    assert.deepEqual(await caller.call('double', { value: 2 }), { value: 4 });
    assert.equal(down.length, 1);
  });

  it('tells events to all who listen, and to nobody else', async () => {
    const { host, caller } = talk();
    const heard: string[] = [];
    caller.on('changed', ({ value }) => { heard.push(`first ${value}`); });
    caller.on('changed', ({ value }) => { heard.push(`second ${value}`); });
    tell<Contract, 'changed'>(host, 'changed', { value: 3 });
    host.post({ kind: 'event', name: 'another', what: { value: 4 } });
    await arrived();
    assert.deepEqual(heard, ['first 3', 'second 3']);
  });

  it('ends with the panel: what is under way is cancelled, and nothing is answered any more', async () => {
    const { caller, end, waiting, down } = talk();
    const under = failure(caller.call('wait', {}, { timeoutMs: 20 }));
    const signal = await waiting;
    end();
    assert.equal(signal.aborted, true);
    await under;
    down.length = 0;
    assert.equal((await failure(caller.call('double', { value: 1 }, { timeoutMs: 20 }))).kind, 'timeout');
    assert.deepEqual(down, []);
  });
});
