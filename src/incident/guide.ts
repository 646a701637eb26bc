import { formatDuration, iso, timeOfDay } from './clock.ts';
import { type ClockRules, type DueStep, dueSteps, snoozedUntil, untilDue } from './clocks.ts';
import { closingActions, confirmAction } from './closing-guide.ts';
import type { ClosureRules } from './closure.ts';
import { escalationTriggers } from './escalation.ts';
import type { Incident } from './fold.ts';
import type { Severity } from './events.ts';
import { type Scenario, type StepOutline, scenarioAction } from './scenarios.ts';
import { lastDone, resultsOf } from './step-records.ts';
import { runningWatch } from './watches.ts';

/** What to do next, the most urgent first: the guided part of the Incidents view. */
export interface NextAction {
  /** Tells apart what is asked of one step for several people; the step id where there is one only. */
  readonly id: string;
  /** Step id of the runbook. */
  readonly step: string;
  /** What the step is to be run with. */
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly title: string;
  /** Why now, in words. */
  readonly reason: string;
  readonly urgent: boolean;
  /** Its id is that of a clock, which can be snoozed. */
  readonly clock?: boolean;
  /** Only to be named where the extension carries the step out. */
  readonly ifAutomated?: true;
}

export interface GuideTargets {
  /** Minutes from detection to the first human acknowledgement (runbook 11, MTTA). */
  readonly acknowledgeMinutes?: number;
  /** Minutes from detection to the first response, by severity (runbook 2.1). */
  readonly responseMinutes: Readonly<Record<Severity, number>>;
  /** Unset: nothing is due by the clock. */
  readonly clocks?: ClockRules;
  /** Unset: nothing is asked once it is over (runbook 9). */
  readonly closure?: ClosureRules;
  /** Unset: no scenario is suggested (runbook 12). */
  readonly scenarios?: { readonly list: readonly Scenario[]; readonly steps: readonly StepOutline[] };
}

/** How long before its time a step is named, ms; the next update always is. */
const SOON_MS = 10 * 60_000;

/** How long an investigation stays a description of the present, ms. */
const INVESTIGATION_FRESH_MS = 15 * 60_000;

/**
 * The next steps of an open incident: the urgent ones, then the others, each in the runbook's order (4.1 to 4.4, 5.1,
 * 5.3, 6.2, 6.3, 9.1) with what is due by the clock, and what calls for more people, behind (7, 8). Once it is over, what closes it and what is learnt from it (9, 10).
 *
 * @param now epoch ms
 */
export function nextActions(incident: Incident, targets: GuideTargets, now: number): NextAction[] {
  if (incident.status === 'closed' || incident.resolution !== undefined) {
    return targets.closure === undefined ? [] : closingActions(incident, now).map((action) => ({ id: action.step, ...action }));
  }
  const actions = [
    ...[...responseActions(incident, targets, now), ...proofActions(incident, targets, now)].map((action) => ({ id: action.step, ...action })),
    ...(targets.clocks === undefined ? [] : clockActions(incident, targets.clocks, now)),
  ];
  const suggested = targets.scenarios === undefined ? undefined : scenarioAction(incident, targets.scenarios.list, targets.scenarios.steps);
  if (suggested !== undefined && actions.every(({ step }) => step !== suggested.step)) {
    actions.push(suggested);
  }
  return actions.sort((a, b) => Number(b.urgent) - Number(a.urgent));
}

function clockActions(incident: Incident, rules: ClockRules, now: number): NextAction[] {
  return dueSteps(incident, rules)
    .filter(({ step, at }) => step === 'postUpdate' || at - now <= SOON_MS)
    .map((due) => ({
      id: due.id, clock: true, step: due.step, title: due.title, urgent: due.at <= now, ...(due.inputs === undefined ? {} : { inputs: due.inputs }),
      reason: reasonOf(incident, due, rules, now),
    }));
}

function reasonOf(incident: Incident, due: DueStep, rules: ClockRules, now: number): string {
  const reason = due.kind === 'escalation' && due.at <= now ? escalationTriggers(incident, rules, now).map(({ text }) => text).join('; ') : untilDue(due, now);
  const quiet = snoozedUntil(incident, due, now);
  return quiet === undefined ? reason : `snoozed until ${timeOfDay(iso(quiet))} · ${reason}`;
}

function responseActions(incident: Incident, targets: GuideTargets, now: number): Omit<NextAction, 'id'>[] {
  const actions: Omit<NextAction, 'id'>[] = [];
  const sinceDetected = now - Date.parse(incident.times.detected.at);
  if (incident.times.acknowledged === undefined) {
    const late = targets.acknowledgeMinutes !== undefined && sinceDetected > targets.acknowledgeMinutes * 60_000;
    actions.push({
      step: 'acknowledge',
      title: 'Acknowledge the incident',
      reason: late ? `Target was ${targets.acknowledgeMinutes} min, ${formatDuration(sinceDetected)} have passed` : 'So that nobody starts over',
      urgent: late,
    });
  }
  if (incident.severity === undefined) {
    actions.push({ step: 'assessSeverity', title: 'Assess the severity', reason: 'It decides who is told and how often', urgent: sinceDetected > 5 * 60_000 });
  }
  const target = incident.severity === undefined ? undefined : targets.responseMinutes[incident.severity];
  const pressing = target !== undefined && sinceDetected > target * 60_000;
  if (incident.severity !== undefined && !hasTicket(incident)) {
    actions.push({ step: 'createTicket', title: 'Create the ticket', reason: 'So that others can follow and join', urgent: pressing });
  }
  if (incident.severity !== undefined && lastDone(incident, 'notifyTeam') === undefined) {
    actions.push({ step: 'notifyTeam', title: 'Notify the team', reason: `Those whom a ${incident.severity} concerns do not know yet`, urgent: pressing });
  }
  const investigation = incident.steps.get('investigate');
  if (investigation === undefined) {
    actions.push({ step: 'investigate', title: 'Investigate', reason: 'All checks at once', urgent: pressing });
    return actions;
  }
  const findingsSince = incident.findings.filter((finding) => finding.at > investigation.at);
  if (investigation.level !== 'ok' && findingsSince.length === 0) {
    actions.push({ step: 'documentFinding', title: 'Document what you found', reason: investigation.summary, urgent: false });
  }
  const age = now - Date.parse(investigation.at);
  if (age > INVESTIGATION_FRESH_MS) {
    actions.push({ step: 'investigate', title: 'Investigate again', reason: `The last look is ${formatDuration(age)} old`, urgent: false });
  }
  if (!incident.steps.has('tailLogs')) {
    actions.push({ step: 'tailLogs', title: 'Watch the logs', reason: 'Live, next to the code', urgent: false });
  }
  return actions;
}

/** What was mitigated is verified, watched until it has been quiet for long enough, and then confirmed (6.2, 6.3, 9.1). */
function proofActions(incident: Incident, targets: GuideTargets, now: number): Omit<NextAction, 'id'>[] {
  const mitigation = lastMitigation(incident, targets.clocks?.escalation.mitigations ?? []);
  if (mitigation === undefined || runningWatch(incident) !== undefined) {
    return [];
  }
  if ((lastDone(incident, 'monitorStability') ?? 0) >= mitigation.time) {
    return targets.closure === undefined ? [] : [confirmAction(incident, targets.closure, now)];
  }
  const verified = resultsOf(incident, 'verifyMitigation').findLast(({ outcome, time }) => outcome === 'done' && time >= mitigation.time);
  switch (verified?.level) {
    case undefined:
      return [{ step: 'verifyMitigation', title: 'Verify the mitigation', reason: `"${mitigation.title}" was done at ${timeOfDay(iso(mitigation.time))}`, urgent: false }];
    case 'unknown':
      return [{ step: 'verifyMitigation', title: 'Verify the mitigation again', reason: verified?.summary ?? '', urgent: false }];
    case 'ok':
    case 'warn':
      return [{ step: 'monitorStability', title: 'Watch the stability', reason: 'Whether what was mended stays so', urgent: false }];
    case 'bad':
      // Something else has to be done first.
      return [];
  }
}

/** The last step that mended something, and was not undone. */
function lastMitigation({ changes, events }: Incident, mitigations: readonly string[]): { readonly title: string; readonly time: number } | undefined {
  const done = events.findLast((event) => event.type === 'step.finished' && event.result.outcome === 'done' && mitigations.includes(event.result.step)
    && (event.change === undefined || changes.some(({ id, state, plan }) => id === event.change && state === 'done' && plan.undoes === undefined)));
  return done?.type === 'step.finished' ? { title: done.result.title, time: Date.parse(done.at) } : undefined;
}

/** There is one, it is being opened, or somebody wrote down that they opened it by hand. */
function hasTicket(incident: Incident): boolean {
  return incident.ticket !== undefined || lastDone(incident, 'createTicket') !== undefined;
}
