/** The questions that make up a connection, one after the other. No vscode here. */
import { t } from '../l10n.ts';
import { CONNECTION_KINDS, type ConnectableService, type Connection, type ConnectionField, fieldProblem } from '../services/connections.ts';

/** One field, as it is asked for. */
export interface FieldQuestion {
  readonly title: string;
  readonly prompt: string;
  readonly placeHolder: string;
  /** What stands in the box; of a secret nothing does. */
  readonly value: string;
  readonly secret: boolean;
  /** What is wrong with an answer, undefined when it is right. */
  problem(answer: string): string | undefined;
  /** The answers with this one. */
  with(answer: string): Answers;
}

/** Field → what was entered; empty for one that was left out. */
export type Answers = Readonly<Record<string, string>>;

/**
 * The next question, undefined after the last one.
 *
 * @param before the connection that is changed; its secrets need not be entered again as long as they go to the same place
 */
export function nextQuestion(service: ConnectableService, before: Connection | undefined, answers: Answers): FieldQuestion | undefined {
  const { title, fields } = CONNECTION_KINDS[service];
  const index = fields.findIndex(({ name }) => answers[name] === undefined);
  const field = fields[index];
  if (field === undefined) {
    return undefined;
  }
  const secret = field.secret === true;
  const kept = secret && before !== undefined && staysInPlace(fields, before, answers) ? before[field.name] : undefined;
  const step = [t(/* l10n: table */ title), index + 1, fields.length, t(/* l10n: table */ field.title)];
  return {
    title: before === undefined ? t('Connect {0} ({1}/{2}): {3}', ...step) : t('Change {0} ({1}/{2}): {3}', ...step),
    prompt: t(/* l10n: table */ field.hint),
    placeHolder: kept !== undefined ? t('Leave it empty to keep the one there is') : field.optional === true ? t('May be left empty') : '',
    value: secret ? '' : before === undefined ? field.preset ?? '' : before[field.name] ?? '',
    secret,
    problem: (answer) => (kept !== undefined && answer.trim() === '' ? undefined : fieldProblem(field, answer.trim())),
    with: (answer) => ({ ...answers, [field.name]: answer.trim() === '' && kept !== undefined ? kept : answer.trim() }),
  };
}

/** A token only ever goes to the address it was given for: another address, another token. */
function staysInPlace(fields: readonly ConnectionField[], before: Connection, answers: Answers): boolean {
  return fields
    .filter(({ name, address }) => address === true || name === 'host' || name === 'port')
    .every(({ name }) => answers[name] === undefined || answers[name] === (before[name] ?? ''));
}
