/** The fields of each message: what the timeline suggests, where that comes from, and what the step gets of it. No vscode here. */
import { iso, timeOfDay } from '../../incident/clock.ts';
import type { DueStep } from '../../incident/clocks.ts';
import { stands } from '../../incident/deliveries.ts';
import type { Incident } from '../../incident/fold.ts';
import { affectedPart, componentsOf, onStatusPage, publicTitle, sinceReopened, usersText } from '../../incident/public-text.ts';
import { ACTIONS_NAMED, actionsSince, draftForStakeholders, draftUpdate } from '../../incident/update.ts';
import { UPDATE_STATUSES, type UpdateStatus } from '../../incident/update-fields.ts';
import { t, tn } from '../../l10n.ts';
import { type ChoiceField, type Field, MESSAGE_STEPS, type MessageKind, type TextField, type Values } from '../../protocol/composer.ts';
import { environmentByKey } from '../../runbook/query.ts';
import type { Runbook } from '../../runbook/schema.ts';

export interface Writing {
  readonly incident: Incident;
  readonly runbook: Runbook;
  /** Epoch ms. */
  readonly now: number;
  /** Whether the status page is at Statuspage; else it is a file in the repository. */
  readonly toStatuspage: boolean;
  /** Whom it was asked for: id of a contact. */
  readonly contact?: string | undefined;
  /** The clocks of the stakeholders. */
  readonly due: readonly DueStep[];
}

export function fieldsOf(kind: MessageKind, writing: Writing): readonly Field[] {
  return FIELDS[kind](writing);
}

const FIELDS: Readonly<Record<MessageKind, (writing: Writing) => readonly Field[]>> = {
  update: ({ incident }) => {
    const draft = draftUpdate(incident);
    const last = lastUpdate(incident);
    const next = last === undefined ? undefined : last;
    return [
      {
        kind: 'choice', look: 'row', id: 'status', label: t('Status'), value: draft.status, ...sourced(last ?? t('as an incident begins')),
        options: UPDATE_STATUSES.map((id) => ({ id, label: statusName(id) })),
      },
      text('impact', t('Impact'), draft.impact, { lines: 2, hint: t('What users notice now'), ...sourced(last ?? t('the title of the incident')) }),
      text('actions', t('Actions taken'), draft.actions, { lines: 4, hint: t('Since the last update'), ...sourced(actionsSource(incident)) }),
      text('next', t('Next steps'), draft.next, { lines: 2, hint: t('What is done next'), ...sourced(next) }),
      text('eta', t('ETA'), draft.eta, { hint: t('When it is expected to be resolved'), ...sourced(last ?? t('nobody has said yet')) }),
    ];
  },
  statusPage: (writing) => {
    const { incident, runbook, toStatuspage } = writing;
    const { stages } = runbook.statusPage;
    const at = stageNow(writing);
    const sent = onStatusPage(incident);
    const components = componentsOf(sent);
    const value = (stages[at + 1] ?? stages[at])?.id ?? '';
    return [
      {
        kind: 'choice', look: 'steps', id: 'stage', label: t('Stage'), value, ...sourced(at < 0 ? t('nothing is on the page yet') : t('the one after "{0}"', stages[at]?.title ?? '')),
        options: stages.map(({ id, title }, place) => ({ id, label: title, ...(place === at ? { note: t('now') } : place === at + 1 ? { note: t('next') } : {}) })),
      },
      text('title', t('Title'), titleOnPage(writing), { ...sourced(sent.length === 0 ? t('from the environment') : t('as on the page')) }),
      text('body', t('Text'), fillsOf('statusPage', { stage: value }, writing).fills['body'] as string, { lines: 4, hint: t('What the public reads') }),
      text('components', t('Components'), components.join(', '), {
        required: false, hint: toStatuspage ? t('Ids of Statuspage, separated by commas') : t('Names, separated by commas'), ...sourced(components.length === 0 ? undefined : t('as on the page')),
      }),
      ...(toStatuspage ? [{ kind: 'flag', id: 'notify', label: t('Mail to the subscribers of the page'), hint: t('Real people get it at once.'), value: false } as const] : []),
    ];
  },
  users: (writing) => [
    text('title', t('Title'), publicTitle(environmentTitle(writing)), { ...sourced(t('from the environment')) }),
    text('impact', t('What users notice'), '', { required: false, hint: t('In plain language; may be left out') }),
    text('text', t('Text'), fillsOf('users', {}, writing).fills['text'] as string, { lines: 6, hint: t('What users read') }),
    ...again(writing, 'users', t('Notify the users once more')),
  ],
  stakeholders: ({ incident, runbook, due, contact, now }) => {
    const draft = draftForStakeholders(incident);
    const last = lastUpdate(incident) ?? t('nobody has posted an update yet');
    const stakeholders = incident.severity === undefined ? [] : runbook.severities[incident.severity].stakeholders.map(({ contact: id }) => id);
    const ids = [...new Set([...stakeholders, ...Object.keys(runbook.contacts).filter((id) => runbook.contacts[id]?.methods.some((method) => method !== 'console') === true)])];
    const to: ChoiceField = {
      kind: 'choice', look: 'list', id: 'contact', label: t('To'), value: contact !== undefined && ids.includes(contact) ? contact : '',
      options: [
        { id: '', label: t('All that are due now') },
        ...ids.map((id) => {
          const clock = due.find(({ inputs }) => inputs?.contact === id);
          return { id, label: runbook.contacts[id]?.title ?? id, ...(clock === undefined ? {} : { note: clock.at <= now ? t('due since {0}', timeOfDay(iso(clock.at))) : t('due at {0}', timeOfDay(iso(clock.at))) }) };
        }),
      ],
    };
    return [
      to,
      text('impact', t('Impact'), draft.impact, { lines: 2, hint: t('What it means for the business now'), ...sourced(last) }),
      text('doing', t('What is being done'), draft.doing, { lines: 4, ...sourced(last) }),
    ];
  },
  resolution: (writing) => [
    text('component', t('What was affected'), affectedPart(writing.incident, environmentTitle(writing)), { hint: t('As people call it'), ...sourced(onStatusPage(writing.incident).length === 0 ? t('from the environment') : t('as on the status page')) }),
    ...again(writing, 'resolution', t('Send the notice once more')),
  ],
};

/** What stands in fields that follow from others, and where it comes from. @param values as far as they are chosen */
export function fillsOf(kind: MessageKind, values: Values, writing: Writing): { readonly fills: Values; readonly sources: Readonly<Record<string, string>> } {
  const { incident, runbook } = writing;
  if (kind === 'statusPage') {
    const place = runbook.statusPage.stages.findIndex(({ id }) => id === values['stage']);
    // The page says that already: what is new is for a person to write.
    const isSaid = place === stageNow(writing);
    return { fills: { body: isSaid ? '' : runbook.statusPage.stages[place]?.body ?? '' }, sources: isSaid ? {} : { body: t('the runbook\'s text for this stage') } };
  }
  if (kind === 'users') {
    const impact = typeof values['impact'] === 'string' && values['impact'].trim() !== '' ? values['impact'].trim() : undefined;
    const since = incident.times.impactStarted;
    return {
      fills: { text: incident.severity === undefined ? '' : usersText(incident, incident.severity, environmentTitle(writing), impact) },
      sources: { text: since === undefined ? t('from the severity') : t('from the severity and the start of the impact, {0}', timeOfDay(since.at)) },
    };
  }
  return { fills: {}, sources: {} };
}

/** Everything that stands in the fields: what a person wrote, and what is prefilled where they have not. */
export function valuesOf(fields: readonly Field[], fills: Values, written: Values): Values {
  return Object.fromEntries(fields.map(({ id, value }) => [id, written[id] ?? fills[id] ?? value]));
}

/** Ids of the fields that must be written first. */
export function missingIn(fields: readonly Field[], values: Values): string[] {
  return fields.filter((field) => field.kind === 'text' && field.required && String(values[field.id]).trim() === '').map(({ id }) => id);
}

/** What the step gets. @param values everything that stands in the fields */
export function inputsOf(kind: MessageKind, values: Values, writing: Writing): Readonly<Record<string, unknown>> {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== false && (typeof value !== 'string' || value.trim() !== '')));
  if (kind !== 'statusPage') {
    return given;
  }
  const components = typeof given['components'] === 'string' ? given['components'].split(',').map((name) => name.trim()).filter((name) => name !== '') : [];
  const { components: _, ...rest } = given;
  const isBack = writing.runbook.statusPage.stages.findIndex(({ id }) => id === values['stage']) < stageNow(writing);
  return { ...rest, ...(components.length === 0 ? {} : { components }), ...(isBack ? { back: true } : {}) };
}

/** When the message was sent, epoch ms, where it is sent only once; undefined as long as it was not. */
export function sentBefore(kind: MessageKind, incident: Incident): number | undefined {
  if (kind !== 'users' && kind !== 'resolution') {
    return undefined;
  }
  const before = (kind === 'resolution' ? sinceReopened(incident) : incident.deliveries).findLast((delivery) => delivery.step === MESSAGE_STEPS[kind] && stands(delivery));
  return before === undefined ? undefined : Date.parse(before.at);
}

function again({ incident }: Writing, kind: MessageKind, label: string): Field[] {
  const before = sentBefore(kind, incident);
  return before === undefined ? [] : [{ kind: 'flag', id: 'again', label, hint: t('It was sent at {0}.', timeOfDay(iso(before))), value: false }];
}

/** Place of the stage that the page is at; -1 while it says nothing. */
function stageNow({ incident, runbook }: Writing): number {
  const stage = onStatusPage(incident).at(-1)?.data['stage'];
  return runbook.statusPage.stages.findIndex(({ id }) => id === stage);
}

function titleOnPage(writing: Writing): string {
  const titles = onStatusPage(writing.incident).map(({ data }) => data['title'] ?? data['name']).filter((title) => typeof title === 'string');
  return titles.at(-1)?.replace(/^DRILL: /, '') ?? publicTitle(environmentTitle(writing));
}

function environmentTitle({ incident, runbook }: Writing): string {
  return environmentByKey(runbook, incident.environment).data.title;
}

function lastUpdate({ updates }: Incident): string | undefined {
  const last = updates.at(-1);
  return last === undefined ? undefined : t('as in the last update, {0}', timeOfDay(last.at));
}

function actionsSource(incident: Incident): string {
  const events = actionsSince(incident);
  const since = timeOfDay(incident.updates.at(-1)?.at ?? incident.times.detected.at);
  if (events.length > ACTIONS_NAMED) {
    return t('the last {0} of {1} steps and findings since {2}', ACTIONS_NAMED, events.length, since);
  }
  return events.length === 0 ? t('nothing is recorded since {0}', since) : tn('from {0} step or finding since {1}', 'from {0} steps and findings since {1}', events.length, since);
}

function statusName(status: UpdateStatus): string {
  switch (status) {
    case 'Investigating': return t('Investigating');
    case 'Mitigating': return t('Mitigating');
    case 'Resolved': return t('Resolved');
  }
}

function text(id: string, label: string, value: string, more: Partial<Omit<TextField, 'kind' | 'id' | 'label' | 'value'>> = {}): TextField {
  return { kind: 'text', id, label, value, lines: 1, required: true, ...more };
}

function sourced(source: string | undefined): { readonly source?: string } {
  return source === undefined ? {} : { source };
}
