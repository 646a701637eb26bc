/** Parcels as the outbox makes them: of a timeline, folded. */
import type { DeliveryRequest, TimelineEvent } from '../../src/incident/events.ts';
import { fold } from '../../src/incident/fold.ts';
import type { Runbook } from '../../src/runbook/schema.ts';
import type { Parcel, Receipt } from '../../src/services/courier.ts';
import { requested } from './build-deliveries.ts';
import { createEvents } from './build-events.ts';
import { bundledRunbook } from './bundled-runbook.ts';

type Asked = Pick<DeliveryRequest, 'service' | 'call'> & Partial<DeliveryRequest>;

export interface ParcelBuilder {
  /** Asks for a delivery, so many minutes after the start; its id. */
  ask(delivery: Asked, minute?: number): string;
  /** Records that it arrived. */
  done(id: string, result?: Receipt['result'], how?: 'sent' | 'by hand'): void;
  /** Records anything else. */
  add(make: (event: ReturnType<typeof createEvents>['event']) => TimelineEvent): void;
  /** The delivery with everything around it as it stands now. */
  parcel(id: string): Parcel;
}

/** An open P1 in production. @param runbook the bundled one unless told otherwise */
export function buildParcels(runbook: Runbook = bundledRunbook(), declared: Parameters<ReturnType<typeof createEvents>['declared']>[0] = {}): ParcelBuilder {
  const events = createEvents();
  const timeline: TimelineEvent[] = [events.declared(declared), events.event('severity.set', { severity: 'P1', reasons: ['All portals are down'] })];
  return {
    ask(delivery, minute = 0) {
      const event = requested(events.event, { target: delivery.service, ...delivery }, minute);
      timeline.push(event);
      return event.id;
    },
    done(id, result = {}, how = 'sent') {
      timeline.push(events.event('delivery.done', { request: id, how, result }, { minute: 600 }));
    },
    add(make) {
      timeline.push(make(events.event));
    },
    parcel(id) {
      const incident = fold(timeline);
      const delivery = incident?.deliveries.find((candidate) => candidate.id === id);
      if (incident === undefined || delivery === undefined) {
        throw new Error(`There is no delivery ${id}`);
      }
      return { delivery, incident, runbook };
    },
  };
}
