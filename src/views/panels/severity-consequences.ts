/** What would follow if a severity were recorded: who is told and how, which clocks start, move or stop. No vscode here. */
import { assumeSeverity } from '../../incident/assume.ts';
import { type DueStep, dueSteps } from '../../incident/clocks.ts';
import type { Severity } from '../../incident/events.ts';
import { expectedTriggers } from '../../incident/escalation.ts';
import type { Incident } from '../../incident/fold.ts';
import type { Answers, ClockChange, Judgement, Notified, NotifiedWay } from '../../protocol/severity.ts';
import { isReachable, nextReachable } from '../../runbook/hours.ts';
import { contactById } from '../../runbook/query.ts';
import type { Runbook } from '../../runbook/schema.ts';
import { clockRules } from '../../runbook/targets.ts';
import type { Letter, Post } from '../../steps/step.ts';
import { weighed } from './severity-model.ts';

export interface ConsequenceFacts {
  readonly incident: Incident;
  readonly runbook: Runbook;
  /** Epoch ms. */
  readonly now: number;
  /** What "Notify the team" would send then; undefined where it cannot be composed. */
  readonly post: Post | undefined;
  /** Services that letters go through by themselves. */
  readonly connected: ReadonlySet<string>;
}

/** @param level chosen instead of the recommended one */
export function judgementOf(answers: Answers, level: Severity | undefined, { incident, runbook, now, post, connected }: ConsequenceFacts): Judgement {
  const { severity, held, otherwise, doubtful, open } = weighed(runbook, answers);
  const set = level ?? severity;
  return {
    recommended: severity, open, level: set,
    reasons: held.length > 0 ? held.map(({ reason, isOpen }) => ({ text: reason, isOpen })) : [{ text: otherwise, isOpen: false }],
    doubtful: doubtful.map((id) => runbook.assessment.questions.find((question) => question.id === id)?.text ?? id),
    notified: notified(runbook, set, { post, connected, now }),
    clocks: clockChanges(incident, { severity: set, answers }, runbook, now),
    isResolved: incident.resolution !== undefined,
  };
}

/**
 * The clocks as they would run, the earliest first, then those that would not run any more.
 *
 * @param now epoch ms: when it would be recorded
 */
export function clockChanges(incident: Incident, assessed: { readonly severity: Severity; readonly answers: Answers }, runbook: Runbook, now: number): ClockChange[] {
  const rules = clockRules(runbook);
  const then = assumeSeverity(incident, assessed, now);
  const before = dueSteps(incident, rules);
  const after = dueSteps(then, rules);
  const level = runbook.severities[assessed.severity];
  const detail = ({ kind, inputs }: DueStep): Pick<ClockChange, 'kind' | 'contact' | 'everyMinutes' | 'why'> => {
    const every = kind === 'update' ? level.updateEveryMinutes : level.stakeholders.find(({ contact }) => contact === inputs?.contact)?.everyMinutes;
    const why = kind === 'escalation' ? expectedTriggers(then, rules)[0]?.text : undefined;
    return {
      kind,
      ...(inputs === undefined ? {} : { contact: contactById(runbook, inputs.contact)?.title ?? inputs.contact }),
      ...(every === undefined ? {} : { everyMinutes: every }),
      ...(why === undefined ? {} : { why }),
    };
  };
  return [
    ...after.map((due): ClockChange => {
      const was = before.find(({ id }) => id === due.id)?.at;
      return { ...detail(due), at: due.at, ...(was === undefined ? { change: 'starts' } : was === due.at ? { change: 'stays' } : { change: 'moves', was }) };
    }),
    ...before.filter(({ id }) => after.every((due) => due.id !== id)).map(({ kind, inputs, at }): ClockChange => ({
      kind, at, change: 'stops', ...(inputs === undefined ? {} : { contact: contactById(runbook, inputs.contact)?.title ?? inputs.contact }),
    })),
  ];
}

/** Channels first, then the people in the order of the runbook, then those who stand in for them. */
function notified(runbook: Runbook, severity: Severity, { post, connected, now }: Pick<ConsequenceFacts, 'post' | 'connected' | 'now'>): Notified[] {
  const { channels, contacts } = runbook.severities[severity].notify;
  const letters = post?.letters ?? [];
  const inPosts = channels.map((name): Notified => ({ name, kind: 'channel', ways: [{ way: 'slack', isByHand: !connected.has('slack') }] }));
  const others = [...new Set(letters.flatMap((letter) => letter.contacts ?? []))].filter((id) => !contacts.includes(id));
  const person = (id: string, kind: Notified['kind']): Notified[] => {
    const contact = contactById(runbook, id);
    if (contact === undefined) {
      return [];
    }
    const until = nextReachable(contact, runbook, now);
    return [{
      name: contact.title, kind,
      ...(post === undefined ? {} : { ways: letters.filter((letter) => letter.contacts?.includes(id) === true).flatMap((letter) => wayOf(letter, connected)) }),
      ...(isReachable(contact, runbook, now) ? {} : { away: until === undefined ? {} : { until } }),
    }];
  };
  return [...inPosts, ...contacts.flatMap((id) => person(id, 'person')), ...others.flatMap((id) => person(id, 'standIn'))];
}

function wayOf({ service, call, byHand }: Letter, connected: ReadonlySet<string>): NonNullable<Notified['ways']> {
  const way: NotifiedWay | undefined = service === 'slack' || service === 'pagerduty' || service === 'mail' ? service : call === 'phone' ? 'phone' : undefined;
  return way === undefined ? [] : [{ way, isByHand: byHand !== undefined || way === 'phone' || !connected.has(service) }];
}
