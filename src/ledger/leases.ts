/**
 * Who is sending what, and who runs which step, among the windows that write into one timeline file. The order of the
 * lines in the file decides, which is the same for all of them: the first attempt holds, until its outcome is written
 * down or its time has passed.
 */
import type { TimelineEvent } from '../incident/events.ts';

interface Lease {
  /** Id of the event that took it. */
  readonly event: string;
  /** Epoch ms. */
  readonly until: number;
  /** Whether it followed one whose outcome nobody wrote down. */
  readonly resumed: boolean;
}

/** What a person decides ends no attempt that is under way. */
const DECISIONS: readonly TimelineEvent['type'][] = ['delivery.retried', 'delivery.discarded'];

export class Leases {
  readonly #held = new Map<string, Lease>();

  /** @param event in the order of the file */
  read(event: TimelineEvent): void {
    if (event.type === 'delivery.attempted') {
      event.requests.forEach((request) => { this.#take(request, event); });
    } else if (event.type === 'step.claimed') {
      this.#take(stepKey(event.step), event);
    } else if (event.type === 'step.released') {
      for (const [key, lease] of this.#held) {
        if (lease.event === event.claim) {
          this.#held.delete(key);
        }
      }
    } else if (event.type === 'step.finished' && event.change !== undefined) {
      this.#held.delete(event.change);
    } else if (event.type === 'watch.ended') {
      this.#held.delete(event.watch);
    } else if ('request' in event && !DECISIONS.includes(event.type)) {
      this.#held.delete(event.request);
    }
  }

  /** The event that holds a delivery. */
  holderOf(request: string): string | undefined {
    return this.#held.get(request)?.event;
  }

  /** Whether the attempt that holds a delivery follows one that was interrupted. */
  isResumed(request: string): boolean {
    return this.#held.get(request)?.resumed === true;
  }

  /** The event that holds a step. */
  holderOfStep(step: string): string | undefined {
    return this.holderOf(stepKey(step));
  }

  #take(key: string, { id, recordedAt, until }: Extract<TimelineEvent, { readonly until: string }>): void {
    const lease = this.#held.get(key);
    if (lease === undefined || lease.until <= Date.parse(recordedAt)) {
      this.#held.set(key, { event: id, until: Date.parse(until), resumed: lease !== undefined });
    }
  }
}

function stepKey(step: string): string {
  return `step/${step}`;
}
