import type { TimelineEvent } from './events.ts';
import type { Level } from './evidence.ts';

/** An event as a line of the timeline: what happened, and the detail behind it. */
export interface EventLine {
  readonly title: string;
  readonly detail: string;
  /** Of a step's result; undefined for everything else. */
  readonly level?: Level;
}

/** @param targetOf whom or what a delivery reaches, by the id of its request */
export function describeEvent(event: TimelineEvent, targetOf: (request: string) => string | undefined = () => undefined): EventLine {
  const to = (request: string): string => {
    const target = targetOf(request);
    return target === undefined ? '' : `: ${target}`;
  };
  switch (event.type) {
    case 'incident.declared':
      return { title: 'Incident declared', detail: `${event.title} (detected by ${event.detectedBy})` };
    case 'incident.acknowledged':
      return { title: 'Incident acknowledged', detail: '' };
    case 'severity.set':
      return {
        title: `Severity ${event.severity}`,
        detail: event.override === undefined ? event.reasons.join(' ') : `instead of ${event.override.recommended}: ${event.override.reason}`,
      };
    case 'role.assigned':
      return event.person === '' ? { title: `Role ${event.role} given up`, detail: '' } : { title: `Role ${event.role}`, detail: event.person };
    case 'step.finished':
      return {
        title: event.result.title,
        detail: `${event.result.outcome === 'done' ? '' : `${event.result.outcome}: `}${event.result.summary}`,
        level: event.result.level,
      };
    case 'finding.documented':
      return {
        title: 'Finding',
        detail: event.excerpt === undefined ? event.text : `${event.text} (${event.excerpt.source}:${event.excerpt.startLine})`,
      };
    case 'update.posted':
      return { title: `Update: ${event.status}`, detail: event.impact };
    case 'delivery.requested':
      return { title: `To ${event.delivery.target}`, detail: event.delivery.text.split('\n')[0] ?? '' };
    case 'delivery.attempted':
      return { title: 'Sending', detail: '' };
    case 'delivery.done':
      return { title: { sent: 'Delivered', found: 'Had been delivered', 'by hand': 'Delivered by hand' }[event.how] + to(event.request), detail: event.note ?? event.url ?? '' };
    case 'delivery.failed':
      return { title: (event.retryAt === undefined ? 'Not delivered' : 'Not delivered yet') + to(event.request), detail: event.reason };
    case 'delivery.unknown':
      return { title: `It is not known whether it was delivered${to(event.request)}`, detail: event.reason };
    case 'delivery.held':
      return { title: `To be done by hand${to(event.request)}`, detail: event.reason };
    case 'delivery.retried':
      return { title: `To be sent again${to(event.request)}`, detail: '' };
    case 'delivery.discarded':
      return { title: `Not to be sent${to(event.request)}`, detail: event.reason };
    case 'ticket.linked':
      return { title: `Ticket ${event.repository}#${event.number}`, detail: event.url };
    case 'step.claimed':
      return { title: `Began ${event.step}`, detail: '' };
    case 'step.released':
      return { title: 'Ended a step', detail: '' };
    case 'reminder.snoozed':
      return { title: `Reminder snoozed: ${event.step}`, detail: `until ${event.until}` };
    case 'incident.closed':
      return { title: 'Incident closed', detail: event.reason };
    case 'incident.reopened':
      return { title: 'Incident reopened', detail: event.reason };
    case 'event.amended':
      return { title: event.changes.retracted === true ? 'Retracted' : 'Corrected', detail: [event.changes.at, event.changes.text].filter((part) => part !== undefined).join(': ') };
    default:
      return { title: (event as { type: string }).type, detail: 'Written by a newer version' };
  }
}
