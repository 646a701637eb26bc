/** Sends as the outbox does, by the `again` of a call, until something has come of it. */
import { type Call, DeliveryError, type Parcel, type Receipt } from '../../src/services/courier.ts';
import type { FaultKind } from './fakes/fake-faults.ts';
import { until } from './until.ts';

const MOST_ATTEMPTS = 5;

export interface FollowOptions {
  /** Lets time pass before the next attempt. @param ms as the service asked for it; undefined when it did not */
  readonly pause?: (ms: number | undefined) => void;
  /** For the attempt with that number, counted from 1: a test gives up waiting by it. */
  readonly signal?: (attempt: number) => AbortSignal;
}

export interface Followed {
  readonly outcome: 'sent' | 'found' | 'refused' | 'asked';
  readonly receipt?: Receipt;
  /** What went wrong on the way. */
  readonly failures: readonly DeliveryError[];
}

/** @throws whatever is no DeliveryError, and Error when it does not end */
export async function followPolicy(call: Call, parcel: Parcel, { pause = () => undefined, signal = () => new AbortController().signal }: FollowOptions = {}): Promise<Followed> {
  const failures: DeliveryError[] = [];
  let inDoubt = false;
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    try {
      const found = inDoubt && call.again === 'look' ? await call.find(parcel, signal(attempt)) : undefined;
      if (found !== undefined) {
        return { outcome: 'found', receipt: found, failures };
      }
      inDoubt = false;
      return { outcome: 'sent', receipt: await call.send(parcel, signal(attempt)), failures };
    } catch (error) {
      if (!(error instanceof DeliveryError)) {
        throw error;
      }
      failures.push(error);
      if (error.kind === 'refused') {
        return { outcome: 'refused', failures };
      }
      inDoubt ||= error.kind === 'in doubt';
      if (inDoubt && call.again === 'ask') {
        return { outcome: 'asked', failures };
      }
      pause(error.retryAfterMs);
    }
  }
  throw new Error(`It does not end: ${failures.map(({ kind, message }) => `${kind}: ${message}`).join('; ')}`);
}

/** For the title of a test: `reset, after it acted`. */
export function nameOfFault(fault: FaultKind): string {
  return [fault.kind, 'body' in fault ? fault.body : '', 'acted' in fault ? `${fault.acted ? 'after' : 'before'} it acted` : ''].filter((part) => part !== '').join(', ');
}

/** What a call with that fault fails with: 429 is the only one after which it is known that nothing happened. */
export function failureOfFault(fault: FaultKind): 'not sent' | 'in doubt' {
  return fault.kind === 'rate-limit' ? 'not sent' : 'in doubt';
}

/** Gives up on the first attempt once it has arrived, when the fault is that nobody answers; on no other. */
export function givenUpOn(fault: FaultKind, arrived: () => boolean): (attempt: number) => AbortSignal {
  return (attempt) => {
    const abort = new AbortController();
    if (fault.kind === 'time-out' && attempt === 1) {
      void until('the call to come in', arrived).then(() => { abort.abort(); });
    }
    return abort.signal;
  };
}
