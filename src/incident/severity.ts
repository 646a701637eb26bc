import { SEVERITIES, type Severity } from './events.ts';

/** The runbook's assessment (2.2) as far as the rules need it; see `assessment` in the runbook schema. */
export interface Assessment {
  readonly questions: readonly {
    readonly id: string;
    readonly text: string;
    readonly options: readonly { readonly id: string; readonly label: string; readonly countsAs?: string }[];
  }[];
  readonly rules: readonly {
    readonly when: Readonly<Record<string, readonly string[]>>;
    readonly severity: Severity;
    readonly reason: string;
  }[];
  readonly otherwise: { readonly severity: Severity; readonly reason: string };
}

export interface Recommendation {
  readonly severity: Severity;
  readonly reasons: readonly string[];
}

/** An answer that the runbook does not know. */
export class UnknownAnswerError extends Error {
  readonly allowed: readonly string[];

  constructor(message: string, allowed: readonly string[]) {
    super(`${message} Allowed: ${allowed.join(', ')}.`);
    this.name = 'UnknownAnswerError';
    this.allowed = allowed;
  }
}

/** Negative when `a` is graver than `b`: P1 is the gravest. */
export function compareSeverity(a: Severity, b: Severity): number {
  return SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b);
}

/** What the rules make of the answers, and what it hangs on. */
export interface Weighed {
  readonly severity: Severity;
  /** Rules of that level that hold. `isOpen`: only because a question is not answered. None: nothing graver than the mildest. */
  readonly held: readonly { readonly reason: string; readonly isOpen: boolean }[];
  /** Why it is the mildest level, where no rule holds. */
  readonly otherwise: string;
  /** Ids of the questions whose doubtful answer counts as a graver one, and of those not answered. */
  readonly doubtful: readonly string[];
  readonly open: readonly string[];
}

/**
 * The level the runbook's rules recommend for the answers (runbook 2.2), with the reasons of the level chosen.
 * In doubt the higher one: a doubtful answer counts as the option it names, and a question left open leaves
 * every rule that asks only for it in force.
 *
 * @throws UnknownAnswerError for a question or an option that the runbook does not have
 */
export function assess(assessment: Assessment, answers: Readonly<Record<string, string>>): Recommendation {
  const { severity, held, otherwise, doubtful, open } = weigh(assessment, answers);
  const textOf = (asked: string): string => assessment.questions.find(({ id }) => id === asked)?.text ?? asked;
  return {
    severity,
    reasons: [
      ...(held.length > 0 ? held.map(({ reason }) => reason) : [otherwise]),
      ...doubtful.map((id) => `In doubt about "${textOf(id)}", so the graver answer counts.`),
      ...open.map((id) => `Not answered: "${textOf(id)}" In doubt the higher level.`),
    ],
  };
}

/** The same, for those who say it in their own words. @throws UnknownAnswerError as `assess` */
export function weigh(assessment: Assessment, answers: Readonly<Record<string, string>>): Weighed {
  const counted = new Map<string, string>();
  const doubtful: string[] = [];
  for (const [questionId, optionId] of Object.entries(answers)) {
    const question = assessment.questions.find(({ id }) => id === questionId);
    if (question === undefined) {
      throw new UnknownAnswerError(`"${questionId}" is not a question of the runbook.`, assessment.questions.map(({ id }) => id));
    }
    const option = question.options.find(({ id }) => id === optionId);
    if (option === undefined) {
      throw new UnknownAnswerError(`"${optionId}" is not an answer to "${questionId}".`, question.options.map(({ id }) => id));
    }
    counted.set(questionId, option.countsAs ?? option.id);
    if (option.countsAs !== undefined) {
      doubtful.push(questionId);
    }
  }
  const holding = assessment.rules.filter(({ when }) =>
    Object.entries(when).every(([question, allowed]) => {
      const answer = counted.get(question);
      return answer === undefined || allowed.includes(answer);
    }));
  const severity = [assessment.otherwise.severity, ...holding.map((rule) => rule.severity)].sort(compareSeverity)[0] ?? assessment.otherwise.severity;
  return {
    severity,
    held: holding.filter((rule) => rule.severity === severity).map(({ reason, when }) => ({ reason, isOpen: Object.keys(when).some((question) => !counted.has(question)) })),
    otherwise: assessment.otherwise.reason,
    doubtful,
    open: assessment.questions.filter(({ id }) => !counted.has(id)).map(({ id }) => id),
  };
}
