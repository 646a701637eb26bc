/** The questions a command asks when it is called without arguments. Undefined means: cancelled. */
import * as vscode from 'vscode';
import type { ClockReport } from '../api/api.ts';
import { type Clock, formatDuration } from '../incident/clock.ts';
import { isRecent } from '../incident/closing-guide.ts';
import { describeEvent } from '../incident/describe.ts';
import { DETECTION_SOURCES, type DetectionSource, SEVERITIES, type Severity, type TimelineEvent } from '../incident/events.ts';
import type { Incident, IncidentSummary } from '../incident/fold.ts';
import { isTold, targetOf } from '../incident/told.ts';
import { t } from '../l10n.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { environmentsOf } from '../runbook/query.ts';
import type { Runbook } from '../runbook/schema.ts';
import { isAutomated } from '../steps/catalog.ts';

interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

/** One of the choices, found by any of its words. */
export async function pick<T>(choices: readonly Choice<T>[], options: vscode.QuickPickOptions): Promise<T | undefined> {
  const chosen = await vscode.window.showQuickPick(choices, { matchOnDescription: true, matchOnDetail: true, ...options });
  return chosen?.value;
}

/** A line of text that is not empty. */
export function askText(title: string, prompt: string, value = ''): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title, prompt, value, ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === '' ? t('Write at least one word, or press Escape to cancel.') : undefined),
  });
}

export interface Declaration {
  readonly title: string;
  readonly severity?: Severity;
  readonly environment: string;
  readonly detectedBy: DetectionSource;
}

export async function askDeclaration(runbook: Runbook): Promise<Declaration | undefined> {
  const title = await askText(t('Declare Incident (1/3)'), t('What is happening, as users notice it?'));
  if (title === undefined) {
    return undefined;
  }
  const severity = await pick<Severity | 'later'>([
    { label: t('Assess afterwards'), description: t('five questions'), value: 'later' },
    ...SEVERITIES.map((level) => ({ label: level, description: runbook.severities[level].impact, detail: t('e.g. {0}', runbook.severities[level].example), value: level })),
  ], { title: t('Declare Incident (2/3)'), placeHolder: t('Severity, in doubt the higher one') });
  if (severity === undefined) {
    return undefined;
  }
  const detectedBy = await pick(DETECTION_SOURCES.map((source) => {
    const detection = runbook.detection.find((entry) => entry.source === source);
    return { label: source, description: detection?.title ?? '', value: source };
  }), { title: t('Declare Incident (3/3)'), placeHolder: t('How was it detected?') });
  if (detectedBy === undefined) {
    return undefined;
  }
  const environments = environmentsOf(runbook);
  const environment = environments.length === 1
    ? environments[0]?.key
    : await pick(environments.map(({ key, data }) => ({ label: data.title, description: key, value: key })), { placeHolder: t('Which environment?') });
  return environment === undefined ? undefined : { title: title.trim(), ...(severity === 'later' ? {} : { severity }), environment, detectedBy };
}

/** Which incident; without asking when only one is there. `recent`: open, or closed a short while ago. `none` tells why there is none to choose. */
export async function askIncident(ledger: Ledger, clock: Clock, placeHolder: string, status?: 'open' | 'closed' | 'recent'): Promise<IncidentSummary | 'none' | undefined> {
  const incidents = status === 'recent' ? (await ledger.list()).filter(({ closedAt }) => isRecent(closedAt, clock.now())) : await ledger.list(status);
  if (incidents.length === 0) {
    return 'none';
  }
  if (incidents.length === 1 && (status === 'open' || status === 'recent')) {
    return incidents[0];
  }
  return pick(incidents.map((incident) => ({
    label: `$(${incident.status === 'closed' ? 'archive' : 'flame'}) ${incident.title}`,
    description: `${incident.severity ?? t('not assessed')} · ${incident.status === 'closed' ? t('closed {0}', incident.closedAt?.slice(0, 10) ?? '') : formatDuration(clock.now() - Date.parse(incident.detectedAt))}`,
    detail: incident.id,
    value: incident,
  })), { placeHolder });
}

/** What happened in an incident that can be corrected, in its order: the declaration comes first. */
export function askEvent(incident: Incident): Promise<TimelineEvent | undefined> {
  return pick(incident.events.filter((event) => isTold(event) && event.type !== 'event.amended').map((event) => {
    const { title, detail } = describeEvent(event, (request) => targetOf(incident, request));
    return { label: t(/* l10n: table */ title), description: event.at, detail, value: event };
  }), { title: t('Correct'), placeHolder: t('What is not as it was?') });
}

export function askStep(runbook: Runbook): Promise<string | undefined> {
  return pick(runbook.steps.map((step) => ({
    label: `$(${isAutomated(step.action) ? 'play' : 'person'}) ${step.title}`,
    description: [step.section, t(/* l10n: table */ step.effect), ...(isAutomated(step.action) ? [] : [t('by hand')])].join(' · '),
    detail: step.description,
    value: step.id,
  })), { title: t('Run Step'), placeHolder: t('Which step of the runbook?') });
}

export async function askRole(runbook: Runbook, role: string | undefined, responder: string): Promise<{ role: string; person: string } | undefined> {
  const { roles } = runbook.warRoom;
  const id = role ?? await pick(roles.map(({ id: value, title, duty }) => ({ label: title, description: duty, value })), { placeHolder: t('Which role?') });
  if (id === undefined) {
    return undefined;
  }
  const title = roles.find((candidate) => candidate.id === id)?.title ?? id;
  const person = await vscode.window.showInputBox({ title, prompt: t('Who takes it? Leave empty to give the role up.'), value: responder });
  return person === undefined ? undefined : { role: id, person: person.trim() };
}

/** Why it is escalated (runbook 8.1). */
export async function askTrigger(runbook: Runbook): Promise<{ trigger: string } | undefined> {
  const trigger = await pick(runbook.escalation.triggers.map(({ id, text }) => ({ label: text, value: id })), { title: t('Escalate'), placeHolder: t('Why? It is recorded.') });
  return trigger === undefined ? undefined : { trigger };
}

/** One of the clocks of an incident. */
export async function askClock(clocks: readonly ClockReport[], clock: Clock): Promise<(ClockReport & { readonly inputs?: { readonly contact: string } }) | undefined> {
  if (clocks.length === 0) {
    void vscode.window.showInformationMessage(t('No clock runs. They start when the severity is assessed.'));
    return undefined;
  }
  return pick(clocks.map((value) => {
    const left = Date.parse(value.dueAt) - clock.now();
    const [, contact] = value.id.split('/');
    return {
      label: `$(${value.overdue ? 'alert' : 'clock'}) ${t(/* l10n: table */ value.title)}`, description: left > 0 ? t('in {0}', formatDuration(left)) : t('{0} overdue', formatDuration(-left)),
      ...(value.snoozedUntil === undefined ? {} : { detail: t('snoozed until {0}', value.snoozedUntil) }), value: contact === undefined ? value : { ...value, inputs: { contact } },
    };
  }), { title: t('Clocks'), placeHolder: t('Which one?') });
}

export function askMinutes(): Promise<number | undefined> {
  return pick([5, 10, 15, 30].map((value) => ({ label: t('{0} min', value), value })), { title: t('Snooze'), placeHolder: t('For how long?') });
}

/** A ticket with an incident in it: one of the list, or a link or number. */
export async function askTicket(list: () => Promise<readonly { readonly number: number; readonly title: string; readonly author: string; readonly url: string }[]>): Promise<string | number | undefined> {
  const tickets = await list();
  const chosen = await pick<string | number>([
    ...tickets.map(({ number, title, author }) => ({ label: `#${number} ${title}`, description: t('opened by {0}', author), value: number })),
    { label: `$(link) ${t('By link or number…')}`, description: tickets.length === 0 ? t('no open ticket has the label incident') : '', value: '' },
  ], { title: t('Open Shared Incident'), placeHolder: t('Which ticket?') });
  return chosen === '' ? askText(t('Open Shared Incident'), t('Link or number of the ticket')) : chosen;
}
