/** What GitHub's failures mean for the one who asked (docs.github.com/rest, "Troubleshooting" and "Rate limits"). */
import type { Clock } from '../../incident/clock.ts';
import { withoutPeriod } from '../../text.ts';
import { DeliveryError } from '../courier.ts';
import { lostCall, refusedCall } from '../http-call.ts';

/** How long GitHub wants to be left alone when it does not say so itself, ms. */
const DEFAULT_PAUSE_MS = 60_000;

/** An answer as octokit hands it on. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly data: unknown;
}

/** What was asked of whom. */
export interface Question {
  /** As it reads after "does not know": `issue 3`, `the branch main`. */
  readonly what: string;
  /** `owner/name`. */
  readonly repository: string;
  /** Only something that changes GitHub can be in doubt; to read again never does harm. */
  readonly changes: boolean;
}

/** GitHub's no. */
export class GitHubRefusal extends DeliveryError {
  declare readonly status: number;
  /** Of a failed validation (422), e.g. `already_exists`. */
  readonly codes: readonly string[];

  constructor(status: number, message: string, codes: readonly string[] = []) {
    super('refused', message, { status });
    this.codes = codes;
  }
}

/**
 * @param error what octokit threw
 * @param timedOutMs how long was waited, when that was it
 */
export function explainGitHubError(error: unknown, question: Question, clock: Clock, timedOutMs?: number): DeliveryError {
  const failure = failureOf(error, question, clock, timedOutMs);
  return question.changes || failure.kind !== 'in doubt' ? failure : new DeliveryError('not sent', failure.message, { retryAfterMs: failure.retryAfterMs, cause: error });
}

function failureOf(error: unknown, question: Question, clock: Clock, timedOutMs: number | undefined): DeliveryError {
  if (error instanceof DeliveryError) {
    return error;
  }
  const answer = answerIn(error);
  // Octokit wraps what fetch threw.
  return answer === undefined ? lostCall('GitHub', error instanceof Error && error.cause !== undefined ? error.cause : error, timedOutMs) : refusalOf(answer, question, clock);
}

/** A success that cannot be read: a proxy on the way, or half an answer. */
export function unreadable({ what, repository, changes }: Question): DeliveryError {
  return new DeliveryError(changes ? 'in doubt' : 'not sent', `GitHub's answer about ${what} of ${repository} cannot be read (a proxy on the way?).`);
}

/** The API points somewhere else. That is not followed: the token belongs to the host it was given for. */
export function moved(status: number, repository: string): DeliveryError {
  return new GitHubRefusal(status, `GitHub says that ${repository} has moved (${status}). Connect GitHub again with the repository's new name, and check the API address.`);
}

function refusalOf({ status, headers, data }: PlainAnswer, { what, repository }: Question, clock: Clock): DeliveryError {
  const reason = reasonIn(data);
  const fields = new Headers(Object.entries(headers).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, String(value)]])));
  if (status === 429 || (status === 403 && (fields.get('x-ratelimit-remaining') === '0' || fields.has('retry-after') || /rate limit/i.test(reason ?? '')))) {
    return new DeliveryError('not sent', `GitHub asks to slow down${reason === undefined ? '' : `: ${reason}`}.`, { retryAfterMs: pauseOf(fields, clock) });
  }
  if (status === 404) {
    return new GitHubRefusal(status, `GitHub does not know ${what} of ${repository}, or the token may not see it (404). Check the repository's name and that the token has access to it.`);
  }
  const failure = refusedCall('GitHub', status, fields, reason);
  return failure.kind === 'refused' ? new GitHubRefusal(status, failure.message, errorsIn(data).flatMap(({ code }) => (typeof code === 'string' ? code : []))) : failure;
}

/** `retry-after`, else `x-ratelimit-reset` of a limit that is used up, else a minute; ms. */
function pauseOf(headers: Headers, clock: Clock): number {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  if (seconds > 0) {
    return seconds * 1000;
  }
  const reset = Number(headers.get('x-ratelimit-reset') ?? Number.NaN);
  return headers.get('x-ratelimit-remaining') === '0' && reset > 0 ? Math.max(1_000, reset * 1000 - clock.now()) : DEFAULT_PAUSE_MS;
}

function answerIn(error: unknown): PlainAnswer | undefined {
  const response: unknown = error instanceof Error && 'response' in error ? error.response : undefined;
  return typeof response === 'object' && response !== null && 'status' in response ? response as PlainAnswer : undefined;
}

/** `message`, and of a failed validation what was wrong with which field. */
function reasonIn(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null || !('message' in data) || typeof data.message !== 'string') {
    return undefined;
  }
  const details = errorsIn(data).map(({ field, code, message, value }) => [message ?? `${String(field)} ${String(code)}`, value].filter((part) => typeof part === 'string').join(' '));
  return [withoutPeriod(data.message), ...details].join(', ').slice(0, 300);
}

function errorsIn(data: unknown): Readonly<Record<string, unknown>>[] {
  const errors: unknown = typeof data === 'object' && data !== null && 'errors' in data ? data.errors : undefined;
  return Array.isArray(errors) ? errors.map((item: unknown) => (typeof item === 'object' && item !== null ? item : { message: item }) as Readonly<Record<string, unknown>>) : [];
}
