/** The questions a command asks when it is called without arguments. Undefined means: cancelled. */
import * as vscode from 'vscode';
import { type Clock, formatDuration } from '../incident/clock.ts';
import { DETECTION_SOURCES, type DetectionSource, SEVERITIES, type Severity } from '../incident/events.ts';
import type { IncidentSummary } from '../incident/fold.ts';
import { assess } from '../incident/severity.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { environmentsOf } from '../runbook/query.ts';
import type { Runbook } from '../runbook/schema.ts';
import { isAutomated } from '../steps/catalog.ts';

interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

async function pick<T>(choices: readonly Choice<T>[], options: vscode.QuickPickOptions): Promise<T | undefined> {
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

/** Which incident; without asking when only one is there. `none` tells why there is none to choose. */
export async function askIncident(ledger: Ledger, clock: Clock, placeHolder: string, status?: 'open' | 'closed'): Promise<IncidentSummary | 'none' | undefined> {
  const incidents = await ledger.list(status);
  if (incidents.length === 0) {
    return 'none';
  }
  if (incidents.length === 1 && status === 'open') {
    return incidents[0];
  }
  return pick(incidents.map((incident) => ({
    label: `$(${incident.status === 'closed' ? 'archive' : 'flame'}) ${incident.title}`,
    description: `${incident.severity ?? 'not assessed'} · ${incident.status === 'closed' ? `closed ${incident.closedAt?.slice(0, 10) ?? ''}` : formatDuration(clock.now() - Date.parse(incident.detectedAt))}`,
    detail: incident.id,
    value: incident,
  })), { placeHolder });
}

export interface AssessmentAnswer {
  readonly answers: Readonly<Record<string, string>>;
  readonly override?: Severity;
  readonly overrideReason?: string;
}

/** The five questions of runbook 2.2, then the recommendation, which may be overridden with a reason. */
export async function askAssessment(runbook: Runbook): Promise<AssessmentAnswer | undefined> {
  const answers: Record<string, string> = {};
  const { questions } = runbook.assessment;
  for (const [index, question] of questions.entries()) {
    const answer = await pick(question.options.map(({ id, label, countsAs }) => ({ label, description: countsAs === undefined ? '' : 'counts as the graver answer', value: id })), {
      title: `Assess Severity (${index + 1}/${questions.length}): ${question.text}`,
      placeHolder: question.hint ?? question.text,
      ignoreFocusOut: true,
    });
    if (answer === undefined) {
      return undefined;
    }
    answers[question.id] = answer;
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
