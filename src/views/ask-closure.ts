/** What a person says about the end of an incident: that a box holds, what it was, what ended it (runbook 9.1). Undefined means: cancelled. */
import * as vscode from 'vscode';
import type { Clock } from '../incident/clock.ts';
import { type ClosureBox, closureBoxes, draftResolution, draftRootCause, openBoxes } from '../incident/closure.ts';
import type { Incident } from '../incident/fold.ts';
import { matchScenarios } from '../incident/scenarios.ts';
import { t } from '../l10n.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Runbook } from '../runbook/schema.ts';
import { closureRules } from '../runbook/targets.ts';
import { askText, pick } from './ask.ts';
import { boxWords } from './closure-nodes.ts';
import type { Node } from './nodes.ts';

type Inputs = Readonly<Record<string, unknown>>;

const title = (): string => t('Confirm the resolution');
const ANOTHER = 'another';
const UNKNOWN = 'unknown';

export interface ResolutionQuestion {
  readonly incident: Incident;
  readonly runbook: Runbook;
  readonly clock: Clock;
}

/** Ticks or unticks a box. A tick without evidence is a person's word, so it is asked for what it rests on. */
export async function markBox(ledger: Ledger, { checklist, incident, item, label }: Node, checked: boolean): Promise<void> {
  if (incident === undefined || checklist === undefined || item === undefined) {
    return;
  }
  const note = checked ? await askText(label, t('Why are you sure? It is recorded as your word.')) : undefined;
  if (!checked || note !== undefined) {
    await ledger.append(incident, { type: 'checklist.marked', checklist, item, checked, ...(note === undefined ? {} : { note: note.trim() }) });
  }
}

/** The boxes as they stand, then root cause, resolution, what it was, and a reason for every box that is open. */
export async function askResolution({ incident, runbook, clock }: ResolutionQuestion): Promise<Inputs | undefined> {
  const rules = closureRules(runbook);
  const boxes = closureBoxes(incident, rules, clock.now());
  const open = openBoxes(boxes);
  const box = await pick<ClosureBox | 'go on'>([
    { label: `$(arrow-right) ${t('Go on')}`, description: open.length === 0 ? t('all boxes hold') : t('and give a reason for {0}', open.map(({ text }) => text).join(', ')), value: 'go on' },
    ...boxes.map((value) => ({ label: `$(${{ proved: 'pass', confirmed: 'person', open: 'circle-large-outline' }[value.state]}) ${value.text}`, description: t(/* l10n: table */ value.state), detail: boxWords(value, clock.now()), value })),
  ], { title: `${title()} (1/4)`, placeHolder: t('{0} of {1} boxes hold. Choose an open one to prove it first, or go on', boxes.length - open.length, boxes.length), ignoreFocusOut: true });
  if (box === undefined || box !== 'go on') {
    await prove(incident, box);
    return undefined;
  }
  const rootCause = await askText(`${title()} (2/4)`, t('Root cause: what was it?'), draftRootCause(incident));
  const resolution = rootCause === undefined ? undefined : await askText(`${title()} (3/4)`, t('Resolution: what ended it?'), draftResolution(incident, rules.mitigations));
  const kind = resolution === undefined ? undefined : await askKind(incident, runbook);
  const reasons = kind === undefined ? undefined : await askReasons(open);
  return rootCause === undefined || resolution === undefined || kind === undefined || reasons === undefined ? undefined : { rootCause, resolution, ...kind, reasons };
}

/** What is asked of somebody who closes an incident. @param runbook undefined while it cannot be read @param now epoch ms */
export function closingQuestion(incident: Incident, runbook: Runbook | undefined, now: number): string {
  const open = incident.resolution !== undefined || runbook === undefined ? [] : openBoxes(closureBoxes(incident, closureRules(runbook), now));
  return open.length === 0 ? t('How was it resolved? Recorded with the closure.')
    : t('Nothing proves: {0}. Why close it all the same? Both are recorded.', open.map(({ text }) => text).join(', '));
}

/** Runs what would prove it; a box that nothing proves is ticked. */
async function prove(incident: Incident, box: ClosureBox | undefined): Promise<void> {
  const step = box?.state === 'open' ? box.request?.step : undefined;
  if (step !== undefined) {
    await vscode.commands.executeCommand('incidentRunbook.runStep', { kind: 'step', key: `${incident.id}/step/${step}`, incident: incident.id, step });
  }
}

/** The same again counts as a recurrence (runbook 11), so it is asked what it is called. */
async function askKind(incident: Incident, runbook: Runbook): Promise<Inputs | undefined> {
  const matches = matchScenarios(incident, runbook.scenarios);
  const chosen = await pick([
    ...matches.map(({ scenario, seen }) => ({ label: scenario.title, description: seen.length === 0 ? '' : t('{0} of {1} symptoms seen', seen.length, scenario.symptoms.length), value: scenario.id })),
    { label: `$(tag) ${t('Something else…')}`, description: t('a word or two by which the same is known again'), value: ANOTHER },
    { label: `$(circle-slash) ${t('Not known')}`, value: UNKNOWN },
  ], { title: `${title()} (4/4)`, placeHolder: t('Which scenario was it? The same again counts as a recurrence'), ignoreFocusOut: true });
  if (chosen === ANOTHER) {
    const cause = await askText(title(), t('A word or two that name the cause, e.g. expired token'), incident.resolution?.cause);
    return cause === undefined ? undefined : { cause };
  }
  return chosen === undefined ? undefined : chosen === UNKNOWN ? {} : { scenario: chosen };
}

async function askReasons(open: readonly ClosureBox[]): Promise<Inputs | undefined> {
  const reasons: Record<string, string> = {};
  for (const { id, text } of open) {
    const reason = await askText(text, t('Nothing proves this box. Why go on all the same? Recorded with the resolution.'), id === 'stakeholdersNotified' ? 'The resolution notice goes out next' : '');
    if (reason === undefined) {
      return undefined;
    }
    reasons[id] = reason;
  }
  return reasons;
}
