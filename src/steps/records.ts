/** Steps that write on the timeline what a person did or saw (runbook 4.2, 5.3, 8.3). */
import { UserError } from '../errors.ts';
import { type Excerpt, SEVERITIES } from '../incident/events.ts';
import { UnknownAnswerError, assess } from '../incident/severity.ts';
import type { Inputs } from './inputs.ts';
import type { RecordAction } from './step.ts';

/**
 * The five questions of runbook 2.2. Inputs: one per question; `override` and `overrideReason` when the
 * responder chooses another level than recommended.
 */
export const assessSeverity: RecordAction = {
  kind: 'record',
  record({ runbook }, inputs) {
    const answers: Record<string, string> = {};
    for (const question of runbook.assessment.questions) {
      const answer = inputs.optionalText(question.id);
      if (answer !== undefined) {
        answers[question.id] = answer;
      }
    }
    const recommended = recommend(runbook.assessment, answers);
    const chosen = inputs.choice('override', SEVERITIES);
    if (chosen === undefined || chosen === recommended.severity) {
      return { events: [{ type: 'severity.set', ...recommended, answers }], summary: `${recommended.severity}: ${recommended.reasons[0] ?? ''}` };
    }
    const reason = inputs.text('overrideReason');
    return {
      events: [{ type: 'severity.set', severity: chosen, reasons: [reason], answers, override: { recommended: recommended.severity, reason } }],
      summary: `${chosen} (the rules recommend ${recommended.severity}): ${reason}`,
    };
  },
};

/** A note, with code or log lines that show it (runbook 5.3). Inputs: text; file, startLine, endLine, language, selection. */
export const documentFinding: RecordAction = {
  kind: 'record',
  record(_context, inputs) {
    const text = inputs.text('text').trim();
    const excerpt = excerptOf(inputs);
    return {
      events: [{ type: 'finding.documented', text, ...(excerpt === undefined ? {} : { excerpt }) }],
      summary: `Finding: ${text}`,
    };
  },
};

/** The four roles of the war room (runbook 8.3). Inputs: role, person; an empty person gives the role up. */
export const assignRoles: RecordAction = {
  kind: 'record',
  record({ runbook }, inputs) {
    const { roles } = runbook.warRoom;
    const id = inputs.text('role');
    const role = roles.find((candidate) => candidate.id === id);
    if (role === undefined) {
      throw new UserError(`"${id}" is not a role of the runbook. Allowed: ${roles.map((candidate) => candidate.id).join(', ')}.`);
    }
    const person = inputs.anyText('person').trim();
    return { events: [{ type: 'role.assigned', role: id, person }], summary: person === '' ? `${role.title} is free` : `${role.title}: ${person}` };
  },
};

function recommend(assessment: Parameters<typeof assess>[0], answers: Readonly<Record<string, string>>): ReturnType<typeof assess> {
  try {
    return assess(assessment, answers);
  } catch (error) {
    throw error instanceof UnknownAnswerError ? new UserError(error.message, { cause: error }) : error;
  }
}

function excerptOf(inputs: Inputs): Excerpt | undefined {
  const source = inputs.optionalText('file');
  if (source === undefined) {
    return undefined;
  }
  const startLine = inputs.count('startLine', { min: 1, max: 10_000_000, fallback: 1 });
  return {
    source,
    language: inputs.anyText('language'),
    startLine,
    endLine: inputs.count('endLine', { min: startLine, max: 10_000_000, fallback: startLine }),
    text: inputs.anyText('selection'),
  };
}
