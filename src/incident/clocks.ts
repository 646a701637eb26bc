import { formatDuration } from './clock.ts';
import { type EscalationRules, expectedTriggers, nextEscalationLevel, reaches } from './escalation.ts';
import type { Severity } from './events.ts';
import type { Incident } from './fold.ts';
import { lastDone, resultsOf } from './step-records.ts';

/** What the runbook says is due when; minutes everywhere. */
export interface ClockRules extends EscalationRules {
  /** Between two internal updates (runbook 7.1). */
  readonly updateEvery: Readonly<Record<Severity, number>>;
  /** Who hears of it, by when, and how often after that (runbook 7.3). */
  readonly stakeholders: Readonly<Record<Severity, readonly StakeholderRule[]>>;
  /** When a war room is to be opened (runbook 8.3). */
  readonly warRoom: { readonly severities: readonly Severity[]; readonly after: number };
}

export interface StakeholderRule {
  /** Contact id of the runbook. */
  readonly contact: string;
  readonly title: string;
  readonly within: number;
  readonly every?: number;
}

/** A step that is due at a time, whether or not that has come. */
export interface DueStep {
  /** Names the clock, and stays the same while it is wound: the step, and the contact where there is one clock each. */
  readonly id: string;
  readonly kind: 'update' | 'stakeholder' | 'warRoom' | 'escalation';
  readonly step: string;
  /** What the step is to be run with. */
  readonly inputs?: { readonly contact: string };
  readonly title: string;
  /** Epoch ms. */
  readonly at: number;
}

const MINUTE = 60_000;

/**
 * The clocks of an open incident, the earliest first. They start with the severity, so a change of severity starts
 * them anew; doing the step winds its clock up again, or ends it.
 *
 * @returns nothing for a resolved or closed incident; for one without a severity, only what calls for more people
 */
export function dueSteps(incident: Incident, rules: ClockRules): DueStep[] {
  if (isOver(incident)) {
    return [];
  }
  return [...severityClocks(incident, rules), ...escalationClock(incident, rules)].sort((a, b) => a.at - b.at);
}

/**
 * What a person is to be reminded of now: due, and not snoozed.
 *
 * @param now epoch ms
 */
export function reminders(incident: Incident, rules: ClockRules, now: number): DueStep[] {
  return dueSteps(incident, rules).filter((due) => due.at <= now && snoozedUntil(incident, due, now) === undefined);
}

/** Until when a clock, or all those of its step, keeps quiet, epoch ms; undefined when it does not. */
export function snoozedUntil({ snoozed }: Incident, { id, step }: DueStep, now: number): number | undefined {
  const until = Math.max(snoozed.get(id) ?? now, snoozed.get(step) ?? now);
  return until > now ? until : undefined;
}

/** Resolved, though its ticket may be open: nobody waits for the next update, and nobody is to be called in. */
function isOver({ status, resolution }: Incident): boolean {
  return status === 'closed' || resolution !== undefined;
}

function severityClocks(incident: Incident, rules: ClockRules): DueStep[] {
  const { severity, times: { severitySince, detected } } = incident;
  if (severity === undefined || severitySince === undefined) {
    return [];
  }
  const start = Date.parse(severitySince.at);
  const updated = Math.max(start, lastDone(incident, 'postUpdate') ?? start, Date.parse(incident.updates.at(-1)?.at ?? severitySince.at));
  const needsWarRoom = rules.warRoom.severities.includes(severity) && lastDone(incident, 'openWarRoom') === undefined;
  return [
    { id: 'postUpdate', kind: 'update', step: 'postUpdate', title: 'Post an update', at: updated + rules.updateEvery[severity] * MINUTE },
    ...rules.stakeholders[severity].flatMap((rule) => stakeholderClock(rule, start, lastTold(incident, rule.contact))),
    ...(needsWarRoom ? [{ id: 'openWarRoom', kind: 'warRoom', step: 'openWarRoom', title: 'Open a war room', at: Date.parse(detected.at) + rules.warRoom.after * MINUTE } as const] : []),
  ];
}

/** Due since the first trigger that nobody has answered, as long as somebody is left to bring in (runbook 8.1, 8.2). */
function escalationClock(incident: Incident, rules: ClockRules): DueStep[] {
  const [trigger] = expectedTriggers(incident, rules);
  return trigger === undefined || nextEscalationLevel(incident, rules.escalation.path) === undefined ? []
    : [{ id: 'escalate', kind: 'escalation', step: 'escalate', title: 'Escalate', at: trigger.since }];
}

/** One clock for each: the first word by a deadline, then again and again (runbook 7.3). */
function stakeholderClock({ contact, title, within, every }: StakeholderRule, start: number, told: number | undefined): DueStep[] {
  const clock = { id: `notifyStakeholders/${contact}`, kind: 'stakeholder', step: 'notifyStakeholders', inputs: { contact } } as const;
  if (told === undefined || told < start) {
    return [{ ...clock, title: `Notify ${title}`, at: start + within * MINUTE }];
  }
  return every === undefined ? [] : [{ ...clock, title: `Update ${title}`, at: told + every * MINUTE }];
}

/**
 * When a stakeholder last heard of it, epoch ms: by a delivery that reached or will reach them, or because a person
 * recorded having told them, or everybody.
 */
function lastTold(incident: Incident, contact: string): number | undefined {
  const delivered = incident.deliveries
    .filter((delivery) => delivery.step === 'notifyStakeholders' && delivery.contacts?.includes(contact) === true && reaches(delivery))
    .map(({ at }) => Date.parse(at));
  const byHand = resultsOf(incident, 'notifyStakeholders')
    .filter(({ outcome, evidence }) => {
      const { byHand: done, contacts } = evidence?.data ?? {};
      return outcome === 'done' && done === true && (!Array.isArray(contacts) || contacts.includes(contact));
    })
    .map(({ time }) => time);
  const times = [...delivered, ...byHand];
  return times.length === 0 ? undefined : Math.max(...times);
}

/** `in 4 min` (of minutes begun), `due now`, `7 min overdue`. */
export function untilDue(due: DueStep, now: number): string {
  const left = due.at - now;
  if (left > 0) {
    return `in ${formatDuration(Math.ceil(left / MINUTE) * MINUTE)}`;
  }
  return left > -MINUTE ? 'due now' : `${formatDuration(-left)} overdue`;
}
