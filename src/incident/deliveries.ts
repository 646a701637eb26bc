/** What has left the machine, and what has not yet: a fold of the delivery events. */
import type { Actor, DeliveryRequest, TimelineEvent } from './events.ts';
import type { Json } from './evidence.ts';

/**
 * `pending`: it is sent as soon as it can be. `by hand`: a person does it. `failed`: it was refused and is not tried
 * again by itself. `unknown`: it may have arrived, and a person is asked.
 */
export type DeliveryState = 'pending' | 'by hand' | 'done' | 'failed' | 'unknown' | 'discarded';

export interface Delivery extends DeliveryRequest {
  /** Id of the event that asked for it. */
  readonly id: string;
  readonly at: string;
  readonly actor: Actor;
  /** Installation that sends it. */
  readonly origin: string;
  readonly state: DeliveryState;
  /** Why it is where it is; of the last failure while it is pending. */
  readonly reason?: string;
  /** Epoch ms before which it is not tried again. */
  readonly retryAt?: number;
  /** Whether it may have arrived although the last attempt failed. */
  readonly inDoubt: boolean;
  /** Whether an attempt has begun of which nobody has recorded what came. */
  readonly attempted: boolean;
  /** Attempts that failed since it was asked for, or since a person asked again. */
  readonly failures: number;
  /** Of a delivery that is done. */
  readonly result?: { readonly [key: string]: Json };
  readonly url?: string;
  readonly note?: string;
}

/** The ticket in which the incident is shared. */
export interface Ticket {
  /** `owner/name`. */
  readonly repository: string;
  readonly number: number;
  readonly url: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * The deliveries of a timeline, in the order in which they were asked for. What was done stays done, whatever is
 * written down afterwards; a discarded one stays discarded unless it arrived after all or a person wants it again.
 *
 * @param events in timeline order
 */
export function foldDeliveries(events: readonly TimelineEvent[]): Delivery[] {
  const deliveries = new Map<string, Mutable<Delivery>>();
  // First what was asked for: a clock that was set back may have dated an outcome before it.
  for (const event of events) {
    if (event.type === 'delivery.requested') {
      deliveries.set(event.id, { ...event.delivery, id: event.id, at: event.at, actor: event.actor, origin: event.origin, state: 'pending', inDoubt: false, attempted: false, failures: 0 });
    }
  }
  for (const event of events) {
    if (event.type === 'delivery.attempted') {
      for (const id of event.requests) {
        const delivery = deliveries.get(id);
        if (delivery?.state === 'pending') {
          delivery.attempted = true;
        }
      }
    } else if ('request' in event) {
      const delivery = deliveries.get(event.request);
      if (delivery !== undefined && delivery.state !== 'done') {
        apply(delivery, event);
      }
    }
  }
  return [...deliveries.values()];
}

function apply(delivery: Mutable<Delivery>, event: Extract<TimelineEvent, { readonly request: string }>): void {
  const settle = (state: DeliveryState, reason?: string, inDoubt = false): void => {
    delivery.state = state;
    delivery.inDoubt = inDoubt;
    delivery.attempted = false;
    delete delivery.retryAt;
    if (reason === undefined) {
      delete delivery.reason;
    } else {
      delivery.reason = reason;
    }
  };
  switch (event.type) {
    case 'delivery.done':
      settle('done');
      delivery.result = event.result;
      if (event.url !== undefined) {
        delivery.url = event.url;
      }
      if (event.note !== undefined) {
        delivery.note = event.note;
      }
      break;
    case 'delivery.failed':
      if (delivery.state === 'discarded') {
        break;
      }
      settle(event.retryAt === undefined ? 'failed' : 'pending', event.reason, event.inDoubt);
      delivery.failures += 1;
      if (event.retryAt !== undefined) {
        delivery.retryAt = Date.parse(event.retryAt);
      }
      break;
    case 'delivery.unknown':
      settle('unknown', event.reason, true);
      break;
    case 'delivery.held':
      settle('by hand', event.reason);
      break;
    case 'delivery.retried':
      // What was in doubt stays so: a service that can be asked is asked before it is sent again.
      settle('pending', undefined, delivery.inDoubt || delivery.attempted);
      delivery.failures = 0;
      break;
    case 'delivery.discarded':
      settle('discarded', event.reason);
      break;
  }
}

/** Whether a delivery counts as made. A refused or discarded one told nobody anything. */
export function stands({ state }: Delivery): boolean {
  return state !== 'failed' && state !== 'discarded';
}

/** Deliveries that still need somebody: the machine or a person. */
export function openDeliveries(deliveries: readonly Delivery[]): Delivery[] {
  return deliveries.filter(({ state }) => state !== 'done' && state !== 'discarded');
}

/** A delivery as a command returns it. */
export interface DeliveryReport {
  readonly id: string;
  readonly target: string;
  readonly service: DeliveryRequest['service'];
  readonly state: DeliveryState;
  readonly text: string;
  readonly reason?: string;
  readonly url?: string;
}

export function reportOf({ id, target, service, state, text, reason, url }: Delivery): DeliveryReport {
  return { id, target, service, state, text, ...(reason === undefined ? {} : { reason }), ...(url === undefined ? {} : { url }) };
}

/** What came of the newest delivery of that call that is done. */
export function resultOfCall(deliveries: readonly Delivery[], service: DeliveryRequest['service'], call: string): Delivery['result'] {
  return deliveries.findLast((delivery) => delivery.service === service && delivery.call === call && delivery.state === 'done')?.result;
}
