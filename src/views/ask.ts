/** The questions a command asks when it is called without arguments. Undefined means: cancelled. */
import * as vscode from 'vscode';
import type { ClockReport } from '../api/api.ts';
import { type Clock, formatDuration } from '../incident/clock.ts';
import { isRecent } from '../incident/closing-guide.ts';
import { describeEvent } from '../incident/describe.ts';
import { DETECTION_SOURCES, type DetectionSource, SEVERITIES, type Severity, type TimelineEvent } from '../incident/events.ts';
import type { Incident, IncidentSummary } from '../incident/fold.ts';
import { assess } from '../incident/severity.ts';
import { isTold, targetOf } from '../incident/told.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { environmentsOf } from '../runbook/query.ts';
import type { AssessmentQuestion, Runbook } from '../runbook/schema.ts';
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
    validateInput: (text) => (text.trim() === '' ? 'Write at least one word, or press Escape to cancel.' : undefined),
  });
}

export interface Declaration {
  readonly title: string;
  readonly severity?: Severity;
  readonly environment: string;
  readonly detectedBy: DetectionSource;
}

export async function askDeclaration(runbook: Runbook): Promise<Declaration | undefined> {
  const title = await askText('Declare Incident (1/3)', 'What is happening, as users notice it?');
  if (title === undefined) {
    return undefined;
  }
  const severity = await pick<Severity | 'later'>([
    { label: 'Assess afterwards', description: 'five questions', value: 'later' },
    ...SEVERITIES.map((level) => ({ label: level, description: runbook.severities[level].impact, detail: `e.g. ${runbook.severities[level].example}`, value: level })),
  ], { title: 'Declare Incident (2/3)', placeHolder: 'Severity, in doubt the higher one' });
  if (severity === undefined) {
    return undefined;
  }
  const detectedBy = await pick(DETECTION_SOURCES.map((source) => {
    const detection = runbook.detection.find((entry) => entry.source === source);
    return { label: source, description: detection?.title ?? '', value: source };
  }), { title: 'Declare Incident (3/3)', placeHolder: 'How was it detected?' });
  if (detectedBy === undefined) {
    return undefined;
  }
  const environments = environmentsOf(runbook);
  const environment = environments.length === 1
    ? environments[0]?.key
    : await pick(environments.map(({ key, data }) => ({ label: data.title, description: key, value: key })), { placeHolder: 'Which environment?' });
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
    description: `${incident.severity ?? 'not assessed'} · ${incident.status === 'closed' ? `closed ${incident.closedAt?.slice(0, 10) ?? ''}` : formatDuration(clock.now() - Date.parse(incident.detectedAt))}`,
    detail: incident.id,
    value: incident,
  })), { placeHolder });
}

/** What happened in an incident that can be corrected, in its order: the declaration comes first. */
export function askEvent(incident: Incident): Promise<TimelineEvent | undefined> {
  return pick(incident.events.filter((event) => isTold(event) && event.type !== 'event.amended').map((event) => {
    const { title, detail } = describeEvent(event, (request) => targetOf(incident, request));
    return { label: title, description: event.at, detail, value: event };
  }), { title: 'Correct', placeHolder: 'What is not as it was?' });
}

/** Asks one question after the other in one picker, with a way back. */
function askQuestions(questions: readonly AssessmentQuestion[]): Promise<Record<string, string> | undefined> {
  const picker = vscode.window.createQuickPick<Choice<string>>();
  const answers: Record<string, string> = {};
  let index = 0;
  const show = (): void => {
    const question = questions[index];
    if (question === undefined) {
      return;
    }
    const items = question.options.map(({ id, label, countsAs }) => ({ label, description: countsAs === undefined ? '' : 'counts as the graver answer', value: id }));
    picker.title = `Assess Severity: ${question.text}`;
    picker.placeholder = question.hint ?? question.text;
    picker.step = index + 1;
    picker.buttons = index === 0 ? [] : [vscode.QuickInputButtons.Back];
    picker.value = '';
    picker.items = items;
    picker.activeItems = [items.find(({ value }) => value === answers[question.id]) ?? items[0]].filter((item) => item !== undefined);
  };
  picker.totalSteps = questions.length;
  picker.ignoreFocusOut = true;
  return new Promise<Record<string, string> | undefined>((resolve) => {
    picker.onDidAccept(() => {
      const [chosen] = picker.selectedItems;
      const question = questions[index];
      if (chosen === undefined || question === undefined) {
        return;
      }
      answers[question.id] = chosen.value;
      index += 1;
      if (index === questions.length) {
        resolve(answers);
        picker.hide();
      } else {
        show();
      }
    });
    picker.onDidTriggerButton(() => {
      index -= 1;
      show();
    });
    picker.onDidHide(() => {
      // Without effect when the last question has been answered.
      resolve(undefined);
      picker.dispose();
    });
    show();
    picker.show();
  });
}

export interface AssessmentAnswer {
  readonly answers: Readonly<Record<string, string>>;
  readonly override?: Severity;
  readonly overrideReason?: string;
}

/** The five questions of runbook 2.2, then the recommendation, which may be overridden with a reason. */
export async function askAssessment(runbook: Runbook): Promise<AssessmentAnswer | undefined> {
  const answers = await askQuestions(runbook.assessment.questions);
  if (answers === undefined) {
    return undefined;
  }
  const recommended = assess(runbook.assessment, answers);
  const level = await pick<Severity>([
    { label: `$(check) ${recommended.severity}`, description: 'recommended', detail: recommended.reasons.join(' '), value: recommended.severity },
    ...SEVERITIES.filter((other) => other !== recommended.severity).map((other) => ({ label: other, description: runbook.severities[other].impact, detail: 'asks for a reason', value: other })),
  ], { title: `Recommended: ${recommended.severity}`, placeHolder: recommended.reasons.join(' '), ignoreFocusOut: true });
  if (level === undefined) {
    return undefined;
  }
  if (level === recommended.severity) {
    return { answers };
  }
  const overrideReason = await askText(`${level} instead of ${recommended.severity}`, 'Why? It is recorded with the severity.');
  return overrideReason === undefined ? undefined : { answers, override: level, overrideReason };
}

export function askStep(runbook: Runbook): Promise<string | undefined> {
  return pick(runbook.steps.map((step) => ({
    label: `$(${isAutomated(step.action) ? 'play' : 'person'}) ${step.title}`,
    description: `${step.section} · ${step.effect}${isAutomated(step.action) ? '' : ' · by hand'}`,
    detail: step.description,
    value: step.id,
  })), { title: 'Run Step', placeHolder: 'Which step of the runbook?' });
}

export async function askRole(runbook: Runbook, role: string | undefined, responder: string): Promise<{ role: string; person: string } | undefined> {
  const { roles } = runbook.warRoom;
  const id = role ?? await pick(roles.map(({ id: value, title, duty }) => ({ label: title, description: duty, value })), { placeHolder: 'Which role?' });
  if (id === undefined) {
    return undefined;
  }
  const title = roles.find((candidate) => candidate.id === id)?.title ?? id;
  const person = await vscode.window.showInputBox({ title, prompt: 'Who takes it? Leave empty to give the role up.', value: responder });
  return person === undefined ? undefined : { role: id, person: person.trim() };
}

/** Why it is escalated (runbook 8.1). */
export async function askTrigger(runbook: Runbook): Promise<{ trigger: string } | undefined> {
  const trigger = await pick(runbook.escalation.triggers.map(({ id, text }) => ({ label: text, value: id })), { title: 'Escalate', placeHolder: 'Why? It is recorded.' });
  return trigger === undefined ? undefined : { trigger };
}

/** One of the clocks of an incident. */
export async function askClock(clocks: readonly ClockReport[], clock: Clock): Promise<(ClockReport & { readonly inputs?: { readonly contact: string } }) | undefined> {
  if (clocks.length === 0) {
    void vscode.window.showInformationMessage('No clock runs. They start when the severity is assessed.');
    return undefined;
  }
  return pick(clocks.map((value) => {
    const left = Date.parse(value.dueAt) - clock.now();
    const [, contact] = value.id.split('/');
    return {
      label: `$(${value.overdue ? 'alert' : 'clock'}) ${value.title}`, description: `${left > 0 ? 'in ' : ''}${formatDuration(Math.abs(left))}${left > 0 ? '' : ' overdue'}`,
      ...(value.snoozedUntil === undefined ? {} : { detail: `snoozed until ${value.snoozedUntil}` }), value: contact === undefined ? value : { ...value, inputs: { contact } },
    };
  }), { title: 'Clocks', placeHolder: 'Which one?' });
}

export function askMinutes(): Promise<number | undefined> {
  return pick([5, 10, 15, 30].map((value) => ({ label: `${value} min`, value })), { title: 'Snooze', placeHolder: 'For how long?' });
}

/** A ticket with an incident in it: one of the list, or a link or number. */
export async function askTicket(list: () => Promise<readonly { readonly number: number; readonly title: string; readonly author: string; readonly url: string }[]>): Promise<string | number | undefined> {
  const tickets = await list();
  const chosen = await pick<string | number>([
    ...tickets.map(({ number, title, author }) => ({ label: `#${number} ${title}`, description: `opened by ${author}`, value: number })),
    { label: '$(link) By link or number…', description: tickets.length === 0 ? 'no open ticket has the label incident' : '', value: '' },
  ], { title: 'Open Shared Incident', placeHolder: 'Which ticket?' });
  return chosen === '' ? askText('Open Shared Incident', 'Link or number of the ticket') : chosen;
}
