/** What of a timeline is worth a line: how a delivery or a claim was carried out is bookkeeping. */
import type { TimelineEvent } from './events.ts';
import type { Incident } from './fold.ts';
import { isShared } from './markers.ts';

/** Whether people are told of an event. */
export function isTold(event: TimelineEvent): boolean {
  return isShared(event) && event.type !== 'step.claimed' && event.type !== 'step.released';
}

/** Whom or what a delivery reaches. */
export function targetOf({ deliveries }: Incident, request: string): string | undefined {
  return deliveries.find(({ id }) => id === request)?.target;
}
