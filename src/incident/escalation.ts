/** When an incident needs more people, and who is next (runbook 8). */
import { formatDuration } from './clock.ts';
import type { Delivery } from './deliveries.ts';
import type { Severity, TimelineEvent } from './events.ts';
import type { Incident } from './fold.ts';
import { compareSeverity } from './severity.ts';
import { lastDone, resultsOf } from './step-records.ts';

/** A place on the escalation path (runbook 8.2). */
export interface EscalationLevel {
  /** 1 is asked first. */
  readonly level: number;
  /** Contact id of the runbook. */
  readonly contact: string;
}

export interface EscalationRules {
  /** How long an incident may last before it is escalated, minutes from detection (runbook 8.1, 11). */
  readonly resolveWithin: Readonly<Partial<Record<Severity, number>>>;
  readonly escalation: {
    /** The triggers of the runbook that the timeline shows by itself (8.1). */
    readonly triggers: readonly { readonly id: string; readonly text: string }[];
    readonly path: readonly EscalationLevel[];
    /** Ids of the steps that mitigate (6, 12). */
    readonly mitigations: readonly string[];
    /** Answers to the assessment's question `security` that flag the incident (2.2). */
    readonly securityAnswers: readonly string[];
  };
}

/** Why an incident should be escalated. */
export interface EscalationTrigger {
  /** Id of the trigger in the runbook. */
  readonly id: string;
  /** The runbook's words and what in this incident they are about. */
  readonly text: string;
  /** Epoch ms. */
  readonly since: number;
}

interface Sighting {
  readonly since: number;
  readonly detail: string;
}

/** What the timeline shows of each trigger, by its id in the runbook. */
const SIGHTS: Readonly<Record<string, (incident: Incident, rules: EscalationRules, after: number) => Sighting | undefined>> = {
  mitigationFailed,
  durationExceeded,
  severityRaised,
  securityImplications,
};

/**
 * The triggers of runbook 8.1 that the timeline shows and that no escalation has answered, the oldest first. An
 * escalation answers what was there before it.
 *
 * @param now epoch ms
 */
export function escalationTriggers(incident: Incident, rules: EscalationRules, now: number): EscalationTrigger[] {
  return expectedTriggers(incident, rules).filter(({ since }) => since <= now);
}

/** The same, with the time limit that is yet to run out. */
export function expectedTriggers(incident: Incident, rules: EscalationRules): EscalationTrigger[] {
  if (incident.status === 'closed') {
    return [];
  }
  const answered = lastEscalation(incident) ?? Number.NEGATIVE_INFINITY;
  return rules.escalation.triggers.flatMap(({ id, text }) => {
    const seen = Object.hasOwn(SIGHTS, id) ? SIGHTS[id]?.(incident, rules, answered) : undefined;
    return seen === undefined || seen.since <= answered ? [] : [{ id, text: `${text} (${seen.detail})`, since: seen.since }];
  }).sort((a, b) => a.since - b.since);
}

/** The first level of the path beyond those that were brought in already; undefined when nobody is left. */
export function nextEscalationLevel<Level extends EscalationLevel>(incident: Incident, path: readonly Level[]): Level | undefined {
  const named = [
    ...resultsOf(incident, 'escalate').filter(({ outcome }) => outcome === 'done').map(({ evidence }) => evidence?.data['level']),
    ...escalations(incident).flatMap(({ data, contacts = [] }) => [data['level'], ...path.filter(({ contact }) => contacts.includes(contact)).map(({ level }) => level)]),
  ];
  const reached = Math.max(0, ...named.filter((level) => typeof level === 'number'));
  return [...path].sort((a, b) => a.level - b.level).find(({ level }) => level > reached);
}

/** Whether somebody is told by a delivery, or was: not when it was refused or dropped, and not while a person still has to do it. */
export function reaches({ state }: Delivery): boolean {
  return state !== 'failed' && state !== 'discarded' && state !== 'by hand';
}

function escalations(incident: Incident): Delivery[] {
  return incident.deliveries.filter((delivery) => delivery.step === 'escalate' && reaches(delivery));
}

/** Epoch ms. */
function lastEscalation(incident: Incident): number | undefined {
  const times = [lastDone(incident, 'escalate'), ...escalations(incident).map(({ at }) => Date.parse(at))].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.max(...times);
}

/** The first failure after the last escalation; a verification that found all well since has put it right. */
function mitigationFailed(incident: Incident, { escalation: { mitigations } }: EscalationRules, after: number): Sighting | undefined {
  const results = resultsOf(incident);
  const verified = results.findLast(({ step, outcome, level }) => step === 'verifyMitigation' && outcome === 'done' && level === 'ok')?.time ?? after;
  const failure = results.find(({ step, outcome, level, time }) => time > Math.max(after, verified)
    && ((outcome === 'failed' && mitigations.includes(step)) || (step === 'verifyMitigation' && outcome === 'done' && level === 'bad')));
  return failure === undefined ? undefined : { since: failure.time, detail: `${failure.title}: ${failure.summary}` };
}

/** From detection; a severity with a shorter limit counts from when it was set, if that has run out by then. */
function durationExceeded(incident: Incident, { resolveWithin }: EscalationRules): Sighting | undefined {
  const { severity, times: { detected, severitySince } } = incident;
  const limit = severity === undefined ? undefined : resolveWithin[severity];
  if (severity === undefined || limit === undefined || severitySince === undefined) {
    return undefined;
  }
  return { since: Math.max(Date.parse(detected.at) + limit * 60_000, Date.parse(severitySince.at)), detail: `the target of a ${severity} is ${formatDuration(limit * 60_000)}` };
}

/** The last time it became graver, unless it was lowered again since. */
function severityRaised(incident: Incident): Sighting | undefined {
  let raised: (Sighting & { readonly from: Severity }) | undefined;
  let before: Severity | undefined;
  for (const { severity, at } of severities(incident)) {
    if (before !== undefined && compareSeverity(severity, before) < 0) {
      raised = { from: before, since: Date.parse(at), detail: `from ${before} to ${severity}` };
    } else if (raised !== undefined && compareSeverity(severity, raised.from) >= 0) {
      raised = undefined;
    }
    before = severity;
  }
  return raised;
}

/** Since the first assessment that said so, of those that nobody has answered otherwise since. */
function securityImplications(incident: Incident, { escalation: { securityAnswers } }: EscalationRules): Sighting | undefined {
  let flagged: Sighting | undefined;
  for (const { answers, at } of severities(incident)) {
    const answer = answers?.['security'];
    if (answer !== undefined) {
      flagged = securityAnswers.includes(answer) ? flagged ?? { since: Date.parse(at), detail: 'by the severity assessment' } : undefined;
    }
  }
  return flagged;
}

function severities(incident: Incident): Extract<TimelineEvent, { type: 'severity.set' }>[] {
  return incident.events.filter((event) => event.type === 'severity.set');
}
