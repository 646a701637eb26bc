import type { DeliveryRequest, DeliveryRequested } from '../../src/incident/events.ts';
import type { EventBuilder } from './build-events.ts';

export const ORIGIN = 'this-installation';

/** Something that was asked to leave the machine, so many minutes after the start; a message to Slack unless told otherwise. */
export function requested(event: EventBuilder['event'], change: Partial<DeliveryRequest> = {}, minute = 0): DeliveryRequested {
  const delivery: DeliveryRequest = { service: 'slack', call: 'postMessage', target: '#incidents', text: 'Portals answer 503', data: {}, step: 'notifyTeam', ...change };
  return event('delivery.requested', { delivery, origin: ORIGIN }, { minute });
}
