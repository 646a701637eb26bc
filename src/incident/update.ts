/** Internal updates (runbook 7.1): drafted from the timeline, written with the runbook's template. */
import { describeEvent } from './describe.ts';
import type { TimelineEvent } from './events.ts';
import type { Incident } from './fold.ts';
import type { UpdateFields } from './update-fields.ts';

/** Placeholder of the template → field it stands for. */
const PLACEHOLDERS: Readonly<Record<string, keyof UpdateFields>> = {
  'Investigating/Mitigating/Resolved': 'status',
  'Description of current impact': 'impact',
  'What has been done': 'actions',
  'What will be done next': 'next',
  'Expected resolution time': 'eta',
};

/** Events named in a draft; more say nothing to those who read it. */
export const ACTIONS_NAMED = 5;

/** An update as the timeline suggests it: what has been done since the last one, the rest as it was said last. */
export function draftUpdate(incident: Incident): UpdateFields {
  const last = incident.updates.at(-1);
  return {
    status: last?.status ?? 'Investigating',
    impact: last?.impact ?? incident.title,
    actions: actionsSince(incident).slice(-ACTIONS_NAMED).map((event) => actionOf(event)).join('; '),
    next: last?.next ?? '',
    eta: last?.eta ?? 'Not known yet',
  };
}

/** What was done and found since the last update, or since the beginning; how many of these a draft names is its own matter. */
export function actionsSince(incident: Incident): TimelineEvent[] {
  const last = incident.updates.at(-1);
  return (last === undefined ? incident.events : incident.events.slice(incident.events.findIndex(({ id }) => id === last.id) + 1)).filter(isAction);
}

/** What stakeholders are told of the state of things: as the last update says it. */
export function draftForStakeholders({ updates }: Incident): { readonly impact: string; readonly doing: string } {
  const last = updates.at(-1);
  return {
    impact: last?.impact ?? 'being assessed',
    doing: last === undefined ? 'the team is investigating' : `${last.actions}. Next: ${last.next}. Expected resolution: ${last.eta}`,
  };
}

/**
 * The text of an update: the template with its placeholders filled, and when the next one comes.
 *
 * @param at when it is written, ISO 8601
 * @param nextAt when the next one is due, ISO 8601; unset when no clock runs
 */
export function writeUpdate(template: string, fields: UpdateFields, at: string, nextAt: string | undefined): string {
  const text = template.replace(/\[([^\]\n]+)\]/g, (placeholder: string, name: string) => {
    const field = PLACEHOLDERS[name];
    return name === 'Timestamp' ? shortTime(at) : field === undefined ? placeholder : fields[field];
  });
  return nextAt === undefined || fields.status === 'Resolved' ? text : `${text}\nNext update: ${shortTime(nextAt)}`;
}

/** An update that was posted is no news in the next one. */
function isAction(event: TimelineEvent): boolean {
  return event.type === 'finding.documented' || (event.type === 'step.finished' && event.result.outcome === 'done' && event.result.step !== 'postUpdate');
}

function actionOf(event: TimelineEvent): string {
  const { title, detail } = describeEvent(event);
  return event.type === 'finding.documented' ? event.text : `${title} (${detail.length > 80 ? `${detail.slice(0, 80)}…` : detail})`;
}

function shortTime(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
