/** Goes on with what a window left under way: it looks what became of a change, and makes nothing; it takes the looks of a watch. */
import { GoneError } from './errors.ts';
import type { Clock } from './incident/clock.ts';
import type { TimelineEvent } from './incident/events.ts';
import type { Incident } from './incident/fold.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Outgoing } from './steps/posting.ts';
import type { RunResult } from './steps/run.ts';

export interface ResumingDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly outgoing: Pick<Outgoing, 'origin'>;
  /** False in Restricted Mode: then nobody is asked anything. */
  readonly isTrusted: () => boolean;
  /** Follows it to its end; undefined when another window is at it. */
  readonly followUp: (incident: string, event: string, signal: AbortSignal) => Promise<RunResult | undefined>;
  /** Resolves after ms, or as soon as the signal fires. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Told what came of it. */
  readonly onResumed: (incident: Incident, event: string, result: RunResult) => void;
  readonly onError: (error: unknown) => void;
}

/** After somebody who is at it should have said so again, ms. */
const GRACE_MS = 5_000;
/** Before it is looked again whether whoever is at it still is, ms. */
const AGAIN_MS = 30_000;

export class Resuming {
  readonly #deps: ResumingDeps;
  readonly #taken = new Set<string>();
  readonly #abort = new AbortController();
  #wake = new AbortController();
  #subscription: { dispose(): void } | undefined;

  constructor(deps: ResumingDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const { ledger, onError } = this.#deps;
    this.#subscription = ledger.onDidChange((incident) => { this.#look(incident).catch(onError); });
    for (const { id } of await ledger.list('open')) {
      await this.#look(id);
    }
  }

  /** The clock was moved, or the workspace is trusted now. */
  wake(): void {
    this.#wake.abort();
    this.#wake = new AbortController();
  }

  dispose(): void {
    this.#subscription?.dispose();
    this.#abort.abort(new GoneError());
    this.#wake.abort();
  }

  async #look(id: string): Promise<void> {
    const { ledger, outgoing } = this.#deps;
    const incident = await ledger.read(id);
    const origin = await outgoing.origin();
    for (const work of incident.status === 'closed' ? [] : underWay(incident, origin)) {
      if (!this.#taken.has(work)) {
        this.#taken.add(work);
        void this.#take(id, work).catch(this.#deps.onError).finally(() => { this.#taken.delete(work); });
      }
    }
  }

  /** Waits until nobody holds it, or it has ended. */
  async #take(id: string, work: string): Promise<void> {
    const { clock, followUp, isTrusted, ledger, onError, onResumed, outgoing, wait } = this.#deps;
    while (!this.#abort.signal.aborted) {
      const incident = await ledger.read(id);
      if (incident.status === 'closed' || !underWay(incident, await outgoing.origin()).includes(work)) {
        return;
      }
      const free = heldUntil(await ledger.timeline(id), work) + GRACE_MS;
      if (free > clock.now() || !isTrusted()) {
        await wait(Math.max(GRACE_MS, free - clock.now()), this.#wake.signal);
        continue;
      }
      const result = await followUp(id, work, this.#abort.signal).catch((error: unknown) => { onError(error); });
      if (result === undefined) {
        // Should whoever is at it disappear as well, or it could not be followed for now, it is taken up later.
        await wait(AGAIN_MS, this.#wake.signal);
      } else if (!this.#abort.signal.aborted) {
        onResumed(await ledger.read(id), work, result);
        return;
      }
    }
  }
}

/** Ids of what this installation began and nobody has seen the end of. */
function underWay({ changes, watches }: Incident, origin: string): string[] {
  return [
    ...changes.filter(({ state, request }) => request?.origin === origin && (state === 'applying' || state === 'following')),
    ...watches.filter((watch) => watch.origin === origin && watch.outcome === undefined),
  ].map(({ id }) => id);
}

/** Until when a window says that it is at it, epoch ms. */
function heldUntil(timeline: readonly TimelineEvent[], work: string): number {
  return Math.max(0, ...timeline.flatMap((event) => (event.type === 'delivery.attempted' && event.requests.includes(work) ? [Date.parse(event.until)] : [])));
}
