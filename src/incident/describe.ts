import type { TimelineEvent } from './events.ts';
import type { Level } from './evidence.ts';

/** An event as a line of the timeline: what happened, and the detail behind it. */
export interface EventLine {
  readonly title: string;
  readonly detail: string;
  /** Of a step's result; undefined for everything else. */
  readonly level?: Level;
}

export function describeEvent(event: TimelineEvent): EventLine {
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
