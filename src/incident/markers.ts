/** Events on a ticket: which of them others need, and how they are hidden in a comment that a person reads. */
import type { DeliveryDone, TimelineEvent } from './events.ts';
import { isTimelineEvent } from './recognise.ts';

/** Begins every hidden mark of ours in a ticket, of whatever kind. */
export const MARK = '<!-- incident-';

/** No `<` or `>` can be inside (they are written as escapes), so that text never looks like an end or a second mark. */
const EVENT_MARK = /<!--\s{0,9}incident-event\s{1,9}(\{[^<>]*\})\s{0,9}-->/g;

/** Before the id of an event in a delivery event: it speaks of the event's comment on the ticket, not of a delivery. */
const ON_TICKET = 'ticket/';

/**
 * The event as an HTML comment, on one line. `<`, `>` and `--` would end or break it; `@` could call somebody.
 */
export function formatEventMarker(event: TimelineEvent): string {
  const json = JSON.stringify(event).replace(/--|[<>@]/g, (special) => [...special].map(escaped).join(''));
  return `<!-- incident-event ${json} -->`;
}

/** The events in a text, in its order; what is no event any more (cut, edited, of another tool) is passed over. */
export function readEventMarkers(text: string): TimelineEvent[] {
  return [...text.matchAll(EVENT_MARK)].flatMap(([, json = '']) => {
    const value = parse(json);
    return isTimelineEvent(value) ? [value] : [];
  });
}

/** Text for a ticket in which nothing passes for a hidden mark, whatever it quotes; people see no difference. */
export function withoutMarks(text: string): string {
  return text.replaceAll('<!--', '<\u200b!--');
}

/** What attempts and receipts call the posting of an event on the ticket: an event may be a delivery as well. */
export function ticketKey(event: string): string {
  return ON_TICKET + event;
}

/** That events are on the ticket, each with the id of its event. */
export function ticketReceipts(events: readonly TimelineEvent[]): (readonly [id: string, receipt: DeliveryDone])[] {
  return events.flatMap((event) => (event.type === 'delivery.done' && event.request.startsWith(ON_TICKET) ? [[event.request.slice(ON_TICKET.length), event] as const] : []));
}

/** Whether an event belongs on the ticket. The others are one machine's account of how it sends things. */
export function isShared(event: TimelineEvent): boolean {
  switch (event.type) {
    case 'delivery.attempted':
    case 'watch.sampled':
    // GitHub says it to everybody who asks.
    case 'followup.seen':
      return false;
    case 'delivery.failed':
      return event.retryAt === undefined && !event.request.startsWith(ON_TICKET);
    default:
      return !('request' in event && event.request.startsWith(ON_TICKET));
  }
}

/**
 * The events that belong on the ticket and are not known to be there. Of an incident that was imported there are none:
 * its ticket was closed long ago, and nothing is ever added to it.
 */
export function unshared(events: readonly TimelineEvent[]): TimelineEvent[] {
  if (events.some(({ type }) => type === 'incident.imported')) {
    return [];
  }
  const there = new Set(events.flatMap((event) => (event.type === 'delivery.done' ? [event.request] : [])));
  return events.filter((event) => isShared(event) && !there.has(ticketKey(event.id)));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
