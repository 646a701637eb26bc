/** Takes a step for one run of it, so that no two responders make the same change at once. */
import { type Clock, iso } from '../../incident/clock.ts';
import type { StepClaimed, TimelineEvent } from '../../incident/events.ts';
import type { SharedStore } from './store.ts';
import type { SharedTimeline } from './sync.ts';
import { type Place, placesOf } from './thread.ts';

export type ClaimResult =
  | {
    readonly won: true;
    /** Whether the other responders know of it and none of them was first. */
    readonly coordinated: boolean;
    /** Why not, as a person reads it. */
    readonly note?: string;
    /** The step has ended, however it did. */
    release(): Promise<void>;
  }
  | {
    readonly won: false;
    /** Name of who is at it, or ended it a moment ago. */
    readonly by: string;
    /** Since when, ISO 8601 UTC. */
    readonly at: string;
    /** Until when at the latest, ISO 8601 UTC. */
    readonly until: string;
  };

export interface StepClaimsOptions {
  readonly store: SharedStore;
  readonly shared: Pick<SharedTimeline, 'sync' | 'state' | 'hasRead'>;
  readonly clock: Clock;
  /** Id of this installation. */
  readonly origin: () => Promise<string>;
  /** Resolves after ms, or as soon as the signal fires. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How long GitHub may take before the step goes on without it, ms. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
/** Between two looks for the claim, ms: the list of comments can be an old copy, or another window is posting it. */
const LOOK_AGAIN_MS = 250;

export class StepClaims {
  readonly #options: StepClaimsOptions;

  constructor(options: StepClaimsOptions) {
    this.#options = options;
  }

  /**
   * The claim is on the timeline, and on the ticket where there is one, before this returns: of several on the ticket
   * the first one holds, in the server's order. One whose time has passed, or that was released, holds nothing. It is
   * not won either when somebody ended the step since it was asked for: that is to be seen before it is done once more.
   *
   * @param leaseMs how long it holds at most, should this window disappear, ms
   * @throws UserError when it could not be written down
   */
  async claim(incident: string, step: string, leaseMs: number): Promise<ClaimResult> {
    const { clock, origin, store } = this.#options;
    const limit = AbortSignal.timeout(this.#options.timeoutMs ?? TIMEOUT_MS);
    const { imported, ticket } = await store.read(incident);
    const isShared = ticket !== undefined && imported === undefined;
    const before = await store.timeline(incident);
    // What others have ended since the last look is free again.
    const isReached = isShared && await this.#sync(incident, limit);
    const { event: claim, won } = await store.claimStep(incident, { step, origin: await origin(), until: iso(clock.now() + leaseMs) });
    const isPosted = won && isReached && await this.#post(incident, claim, limit);
    const timeline = await store.timeline(incident);
    const rival = this.#rivalOf(claim, won, timeline) ?? endedSince(before, timeline, step);
    if (rival !== undefined) {
      await store.append(incident, { type: 'step.released', claim: claim.id });
      // At once as well: until it is on the ticket, the lost claim stands in the way of the next one.
      await (isShared ? this.#sync(incident, limit) : undefined);
      return { won: false, by: rival.actor.name, at: rival.at, until: rival.until };
    }
    const coordinated = !isShared || isPosted;
    return { won: true, coordinated, ...(coordinated ? {} : { note: this.#why(incident) }), release: () => this.#release(incident, claim) };
  }

  /** @returns whether the others see it, and this window what was there before it */
  async #post(incident: string, claim: StepClaimed, limit: AbortSignal): Promise<boolean> {
    const { shared, store, wait } = this.#options;
    for (let look = 0; await this.#sync(incident, limit); look++) {
      const place = placesOf(await store.timeline(incident)).get(claim.id);
      if (place !== undefined && shared.hasRead(incident, place.comment)) {
        return shared.state(incident)?.reason === undefined;
      }
      // The first look posts it, the second one reads it back.
      await (look > 0 ? wait(LOOK_AGAIN_MS, limit) : undefined);
    }
    return false;
  }

  /** Ends with the signal, whatever is under way. */
  #sync(incident: string, limit: AbortSignal): Promise<boolean> {
    const late = new Promise<boolean>((resolve) => {
      if (limit.aborted) {
        resolve(false);
      }
      limit.addEventListener('abort', () => { resolve(false); }, { once: true });
    });
    return Promise.race([this.#options.shared.sync(incident, limit, { isForced: true }), late]);
  }

  /** Who holds the step instead. @param won whether no window of this machine was first */
  #rivalOf(claim: StepClaimed, won: boolean, timeline: readonly TimelineEvent[]): StepClaimed | undefined {
    const now = this.#options.clock.now();
    const released = new Set(timeline.flatMap((event) => (event.type === 'step.released' ? [event.claim] : [])));
    const places = placesOf(timeline);
    const others = timeline.filter((event) => event.type === 'step.claimed').filter(({ id, step }) => step === claim.step && id !== claim.id);
    const live = others.filter(({ id, until }) => !released.has(id) && Date.parse(until) > now).sort((a, b) => (isBefore(places.get(a.id), places.get(b.id)) ? -1 : 1));
    if (won) {
      return live.find(({ id }) => isBefore(places.get(id), places.get(claim.id)));
    }
    // The one who was first may have ended it this moment.
    return live[0] ?? others.at(-1) ?? claim;
  }

  async #release(incident: string, claim: StepClaimed): Promise<void> {
    await this.#options.store.append(incident, { type: 'step.released', claim: claim.id });
  }

  #why(incident: string): string {
    const reason = this.#options.shared.state(incident)?.reason ?? 'GitHub has not shown the claim yet.';
    return `The other responders could not be asked whether they are at it as well. ${reason}`;
  }
}

/** Who ended the step since. */
function endedSince(before: readonly TimelineEvent[], timeline: readonly TimelineEvent[], step: string): Pick<StepClaimed, 'actor' | 'at' | 'until'> | undefined {
  const known = new Set(before.map(({ id }) => id));
  const ended = timeline.find((event) => event.type === 'step.finished' && event.result.step === step && !known.has(event.id));
  return ended === undefined ? undefined : { actor: ended.actor, at: ended.at, until: ended.at };
}

/** By the server's order; what is not on the ticket comes last. */
function isBefore(a: Place | undefined, b: Place | undefined): boolean {
  if (a === undefined || b === undefined) {
    return a !== undefined;
  }
  return a.comment < b.comment || (a.comment === b.comment && a.index < b.index);
}
