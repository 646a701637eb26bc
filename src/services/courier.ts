/** How a delivery gets to an outside system, and what can be said about it when that fails. */
import type { Delivery } from '../incident/deliveries.ts';
import type { Json } from '../incident/evidence.ts';
import type { Incident } from '../incident/fold.ts';
import type { Runbook } from '../runbook/schema.ts';

/** A delivery with what is known around it. */
export interface Parcel {
  readonly delivery: Delivery;
  /** As it is on disk now, the results of earlier deliveries included. */
  readonly incident: Incident;
  readonly runbook: Runbook;
}

/** What the service answered, as far as later deliveries or people need it. */
export interface Receipt {
  readonly result: { readonly [key: string]: Json };
  /** Where a person sees it: https only. */
  readonly url?: string;
  /** What did not go as asked. */
  readonly note?: string;
}

/**
 * One thing a service can be asked to do. `again` says what to do when it is not known whether an earlier attempt
 * arrived: `harmless`: send it again (the service drops the second one). `look`: ask the service with `find`.
 * `ask`: only a person can tell.
 */
export type Call =
  | { readonly again: 'harmless' | 'ask'; send(parcel: Parcel, signal: AbortSignal): Promise<Receipt> }
  | {
    readonly again: 'look';
    send(parcel: Parcel, signal: AbortSignal): Promise<Receipt>;
    /** What an earlier attempt left; undefined when there is nothing. Throws when that cannot be found out now. */
    find(parcel: Parcel, signal: AbortSignal): Promise<Receipt | undefined>;
  };

/** What a connected service can be asked to do, by the `call` of a delivery. */
export type Calls = Readonly<Record<string, Call>>;

/**
 * `refused`: it did not happen and will not by itself (a wrong token, a channel that is not there).
 * `not sent`: it did not happen and can be tried again (rate limit, no connection).
 * `in doubt`: it may have happened (no answer, a reset, a server error, an answer that cannot be read).
 */
export type FailureKind = 'refused' | 'not sent' | 'in doubt';

export class DeliveryError extends Error {
  readonly kind: FailureKind;
  /** The least time to wait before the next attempt, ms. */
  readonly retryAfterMs: number | undefined;
  /** HTTP status of the answer; undefined when there was none. */
  readonly status: number | undefined;

  /** @param message what happened and what to do, as a person reads it; no secrets */
  constructor(kind: FailureKind, message: string, options: { readonly retryAfterMs?: number | undefined; readonly status?: number | undefined; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DeliveryError';
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
    this.status = options.status;
  }
}

/** How long one call to a service may take, ms. */
export const CALL_TIMEOUT_MS = 15_000;

/** How far this machine's clock may be off: what an earlier attempt left is looked for from that much earlier, ms. */
export const CLOCK_SKEW_MS = 24 * 3_600_000;

/** A text among the data of a delivery. @throws DeliveryError when a newer version, or a hand, left it out */
export function textOf({ delivery }: Parcel, name: string): string {
  const value = delivery.data[name];
  if (typeof value !== 'string') {
    throw new DeliveryError('refused', `The delivery to ${delivery.target} has no "${name}". Discard it and run the step again.`);
  }
  return value;
}

/** What came of the delivery that this one follows. @throws DeliveryError when it is not done */
export function resultBefore({ delivery, incident }: Parcel, call: string): { readonly [key: string]: Json } {
  const before = incident.deliveries.find(({ id, call: asked, state }) => (delivery.after ?? []).includes(id) && asked === call && state === 'done');
  if (before?.result === undefined) {
    throw new DeliveryError('not sent', `The delivery to ${delivery.target} waits for another one.`);
  }
  return before.result;
}
