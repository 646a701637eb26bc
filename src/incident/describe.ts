import { timeOfDay } from './clock.ts';
import type { Excerpt, TimelineEvent } from './events.ts';
import type { Level } from './evidence.ts';

/** An event as a line of the timeline: what happened, and the detail behind it. */
export interface EventLine {
  readonly title: string;
  readonly detail: string;
  /** Of a step's result; undefined for everything else. */
  readonly level?: Level;
}

/** `incidentCommander` → `Incident Commander`: the timeline is read without the runbook it was written with. */
function wordsOf(id: string): string {
  return id.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/^./, (first) => first.toUpperCase());
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
      return { title: `Role ${wordsOf(event.role)}${event.person === '' ? ' given up' : ''}`, detail: event.person };
    case 'step.finished':
      return {
        title: event.result.title,
        detail: `${event.result.outcome === 'done' ? '' : `${event.result.outcome}: `}${event.result.summary}`,
        level: event.result.level,
      };
    case 'change.planned':
      return { title: `Planned: ${event.plan.title}`, detail: `${event.plan.summary} (${event.plan.target.resource})` };
    case 'change.approved':
      return { title: 'Plan approved', detail: event.hash.slice(0, 8) };
    case 'change.requested':
      return { title: 'Change begun', detail: event.hash.slice(0, 8) };
    case 'change.made':
      return { title: 'Change made', detail: '' };
    case 'watch.started':
      return { title: 'Stability watch begun', detail: `until it is quiet for ${event.minutes} min` };
    case 'watch.sampled':
      return { title: 'Stability watch', detail: event.reason, level: event.level };
    case 'watch.restarted':
      return { title: 'Stability watch starts again', detail: event.reason, level: 'warn' };
    case 'watch.ended':
      return { title: event.outcome === 'stable' ? 'Stability watch passed' : 'Stability watch stopped', detail: '' };
    case 'finding.documented':
      return {
        title: 'Finding',
        detail: event.excerpt === undefined ? event.text : `${event.text} (${placeOf(event.excerpt)})`,
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
    case 'checklist.marked':
      return { title: event.checked ? 'Confirmed' : 'Not confirmed any more', detail: [wordsOf(event.item).toLowerCase(), ...(event.note === undefined ? [] : [event.note])].join(': ') };
    case 'incident.resolved':
      return { title: 'Incident resolved', detail: `${event.resolution} (root cause: ${event.rootCause})${(event.unproved ?? []).map(({ item, reason }) => `; not proved: ${wordsOf(item).toLowerCase()}, ${reason}`).join('')}` };
    case 'review.scheduled':
      return { title: event.cancelled === true ? 'Review cancelled' : event.sequence === 0 ? 'Review scheduled' : 'Review moved', detail: `${event.start.slice(0, 10)} ${timeOfDay(event.start)}` };
    case 'review.written':
      return { title: 'Review drafted', detail: event.file };
    case 'followup.seen':
      return { title: event.state === 'closed' ? 'Follow-up done' : 'Follow-up open', detail: event.assignee };
    case 'incident.imported':
      return { title: 'Imported from its ticket', detail: event.url };
    case 'incident.closed':
      return { title: 'Incident closed', detail: event.reason + (event.unproved === undefined || event.unproved.length === 0 ? '' : ` (not proved: ${event.unproved.join('; ')})`) };
    case 'incident.reopened':
      return { title: 'Incident reopened', detail: event.reason };
    case 'event.amended':
      return { title: event.changes.retracted === true ? 'Retracted' : 'Corrected', detail: [event.changes.at, event.changes.title, event.changes.impactStartedAt === undefined ? undefined : `impact since ${event.changes.impactStartedAt}`, event.changes.text].filter((part) => part !== undefined).join(': ') };
    default:
      return { title: (event as { type: string }).type, detail: 'Written by a newer version' };
  }
}

/** Where an excerpt is from, in a few words: plain text. */
export function placeOf({ origin, source, startLine }: Excerpt): string {
  return origin ?? `${source}:${startLine}`;
}
