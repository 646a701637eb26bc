/** What the severity panel shows, from the timeline and the runbook. No vscode here. */
import { UserError } from '../../errors.ts';
import type { Severity, SeveritySet } from '../../incident/events.ts';
import { SEVERITIES } from '../../incident/events.ts';
import type { Incident } from '../../incident/fold.ts';
import { UnknownAnswerError, type Weighed, weigh } from '../../incident/severity.ts';
import { lastDone } from '../../incident/step-records.ts';
import type { Answers, CurrentSeverity, LevelRow, SeverityDraft, SeverityModel } from '../../protocol/severity.ts';
import { contactById } from '../../runbook/query.ts';
import type { Runbook } from '../../runbook/schema.ts';

export interface SeverityFacts {
  readonly incident: Incident;
  readonly runbook: Runbook;
  /** As it was kept; anything at all. */
  readonly draft: unknown;
  readonly isTrusted: boolean;
  /** Epoch ms. */
  readonly now: number;
}

export function severityModel({ incident, runbook, draft, isTrusted, now }: SeverityFacts): SeverityModel {
  const { id, title, drill, status, times, ticket } = incident;
  const current = currentSeverity(incident);
  const kept = draftIn(draft, runbook);
  const blocked = status === 'closed' ? 'closed' : isTrusted ? undefined : 'restricted';
  return {
    now, incident: id, title, drill,
    ...(blocked === undefined ? {} : { blocked }),
    ...(times.closed === undefined ? {} : { closedAt: Date.parse(times.closed.at) }),
    ...(current === undefined ? {} : { current }),
    questions: runbook.assessment.questions.map(({ id: question, text, hint, options }) => ({
      id: question, text, ...(hint === undefined ? {} : { hint }), options: options.map(({ id: option, label }) => ({ id: option, label })),
    })),
    levels: SEVERITIES.map((severity) => levelRow(runbook, severity)),
    ...(kept === undefined ? {} : { draft: kept }),
    next: [
      { step: 'notifyTeam', ...sinceSeverity(incident, lastDone(incident, 'notifyTeam')) },
      { step: 'createTicket', ...ticketAt(incident) },
    ],
    ...(ticket === undefined ? {} : { ticket: `${ticket.repository}#${ticket.number}` }),
  };
}

/** The assessment in force; declaring an incident with a severity counts as one. */
export function currentSeverity({ events }: Incident): CurrentSeverity | undefined {
  const set = events.filter((event): event is SeveritySet => event.type === 'severity.set');
  const last = set.at(-1);
  if (last === undefined) {
    return undefined;
  }
  const former = set.at(-2)?.severity;
  return {
    event: last.id, severity: last.severity, at: Date.parse(last.at), by: last.actor.name, reasons: last.reasons,
    ...(last.answers === undefined ? {} : { answers: last.answers }),
    ...(last.override === undefined ? {} : { recommended: last.override.recommended }),
    ...(former === undefined ? {} : { former }),
  };
}

/** What the rules make of the answers. @throws UserError when the runbook has changed under them */
export function weighed({ assessment }: Runbook, answers: Answers): Weighed {
  try {
    return weigh(assessment, answers);
  } catch (error) {
    throw error instanceof UnknownAnswerError ? new UserError(error.message, { cause: error }) : error;
  }
}

/** What of a kept draft the runbook still knows; undefined when nothing is left of it. */
export function draftIn(kept: unknown, { assessment }: Runbook): SeverityDraft | undefined {
  if (!isRecord(kept)) {
    return undefined;
  }
  const given = isRecord(kept['answers']) ? kept['answers'] : {};
  const answers = Object.fromEntries(assessment.questions.flatMap(({ id, options }) => {
    const answer = options.find((option) => option.id === given[id]);
    return answer === undefined ? [] : [[id, answer.id]];
  }));
  const level = SEVERITIES.find((severity) => severity === kept['level']);
  const reason = typeof kept['reason'] === 'string' ? kept['reason'] : '';
  return Object.keys(answers).length === 0 && level === undefined && reason === '' ? undefined : { answers, reason, ...(level === undefined ? {} : { level }) };
}

function levelRow(runbook: Runbook, severity: Severity): LevelRow {
  const { impact, example, responseMinutes, updateEveryMinutes, notify: { channels, contacts, page, assign }, stakeholders } = runbook.severities[severity];
  const titleOf = (id: string): string => contactById(runbook, id)?.title ?? id;
  return {
    severity, impact, example, responseMinutes, updateEveryMinutes, channels, page, assign,
    contacts: contacts.map(titleOf),
    stakeholders: stakeholders.map(({ contact, withinMinutes, everyMinutes }) => ({ title: titleOf(contact), withinMinutes, ...(everyMinutes === undefined ? {} : { everyMinutes }) })),
    users: runbook.userNotifications.severities.includes(severity) ? runbook.userNotifications.channels : [],
  };
}

/** Of a step that has to be done anew whenever the severity changes. */
function sinceSeverity({ times: { severitySince } }: Incident, done: number | undefined): { readonly doneAt?: number } {
  return done === undefined || severitySince === undefined || done < Date.parse(severitySince.at) ? {} : { doneAt: done };
}

function ticketAt({ events }: Incident): { readonly doneAt?: number } {
  const linked = events.find(({ type }) => type === 'ticket.linked');
  return linked === undefined ? {} : { doneAt: Date.parse(linked.at) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
