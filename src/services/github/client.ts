import type { Octokit } from '@octokit/rest';
import { type Clock, systemClock } from '../../incident/clock.ts';
import type { Connection } from '../connections.ts';
import { CALL_TIMEOUT_MS, DeliveryError } from '../courier.ts';
import { lostCall } from '../http-call.ts';
import { type PlainAnswer, type Question, explainGitHubError, moved, unreadable } from './failures.ts';

/** GitHub's most, for every list. */
const PER_PAGE = 100;
/** A list that is longer than this many pages is not read to its end. */
const MAX_PAGES = 100;

/** Where a call goes, and how: to be spread into the parameters of every method of octokit. */
export interface At {
  readonly owner: string;
  readonly repo: string;
  readonly request: { readonly signal: AbortSignal; readonly redirect: 'manual' };
  readonly headers?: { readonly 'if-none-match': string };
}

export interface Page {
  readonly page: number;
  readonly per_page: number;
}

export interface Answer<T> {
  readonly data: T;
  readonly headers: PlainAnswer['headers'];
}

/** A page of a list as it was kept. */
export interface KnownPage<Kept> {
  readonly etag: string | undefined;
  readonly items: readonly Kept[];
  /** Whether no other page came after it. */
  readonly isLast: boolean;
  /** Whether it held as many as a page can. */
  readonly isFull: boolean;
}

type AskPage<T> = (rest: Octokit['rest'], at: At & Page) => Promise<PlainAnswer & { readonly data: readonly T[] }>;

export type Ask<T> = (rest: Octokit['rest'], at: At) => Promise<PlainAnswer & { readonly data: T }>;

export interface GitHubClientOptions {
  readonly clock?: Clock;
  /** For one call, ms. Default `CALL_TIMEOUT_MS`. */
  readonly timeoutMs?: number;
}

/**
 * One repository on github.com or a GitHub Enterprise Server. It retries nothing, follows no redirect and writes one
 * thing at a time, as GitHub asks for (docs.github.com/rest, "Best practices"). Every method throws DeliveryError;
 * what only reads is never in doubt.
 */
export class GitHubClient {
  /** `owner/name`. */
  readonly repository: string;
  /** The repository's page for people. */
  readonly page: string;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #rest: Promise<Octokit['rest']> | undefined;
  #lastWrite: Promise<unknown> = Promise.resolve();

  /** @param connection url, repository and token of the connection "github" */
  constructor(connection: Connection, { clock = systemClock, timeoutMs = CALL_TIMEOUT_MS }: GitHubClientOptions = {}) {
    this.repository = connection['repository'] ?? '';
    this.page = `${webAddress(connection['url'] ?? '')}/${this.repository}`;
    this.#connection = connection;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** @param what as it reads after "does not know": `issue 3` */
  async read<T>(what: string, ask: Ask<T>, signal: AbortSignal): Promise<Answer<T>> {
    return this.#call(this.question(what, false), ask, signal);
  }

  /** Undefined when nothing changed since the etag was given; that costs nothing of the limit. */
  async readIfChanged<T>(what: string, etag: string | undefined, ask: Ask<T>, signal: AbortSignal): Promise<Answer<T> | undefined> {
    try {
      return await this.#call(this.question(what, false), (rest, at) => ask(rest, etag === undefined ? at : { ...at, headers: { 'if-none-match': etag } }), signal);
    } catch (error) {
      if (error instanceof NotModified) {
        return undefined;
      }
      throw error;
    }
  }

  /** Every page of a list. @param enough reads no further page once this holds of what there is */
  async readAll<T>(what: string, ask: AskPage<T>, signal: AbortSignal, enough: (items: readonly T[]) => boolean = () => false): Promise<T[]> {
    const items: T[] = [];
    for await (const page of this.pages(what, ask, signal, (data) => data)) {
      items.push(...page);
      if (enough(items)) {
        break;
      }
    }
    return items;
  }

  /**
   * A list, page by page, no page before it is asked for.
   *
   * @param take what is kept of a page
   * @param known pages of the same question as they were before, and as they are afterwards: one that did not change
   *   costs nothing of the limit
   */
  async *pages<T, Kept>(what: string, ask: AskPage<T>, signal: AbortSignal, take: (data: readonly T[]) => readonly Kept[], known = new Map<number, KnownPage<Kept>>()): AsyncGenerator<readonly Kept[]> {
    for (let page = 1; page <= MAX_PAGES; page++) {
      const before = known.get(page);
      const answer = await this.readIfChanged(what, before?.etag, (rest, at) => ask(rest, { ...at, page, per_page: PER_PAGE }), signal);
      if (answer !== undefined && !Array.isArray(answer.data)) {
        throw unreadable(this.question(what, false));
      }
      // Pages are counted, and the address in the link is not followed: it could lead the token to another host.
      // A full page that was the last one is the same when another one comes after it, so that is asked for.
      if (answer !== undefined) {
        known.set(page, { etag: etagOf(answer), items: take(answer.data), isLast: !/rel="?next"?/.test(String(answer.headers['link'] ?? '')), isFull: answer.data.length === PER_PAGE });
      }
      const { items = [], isLast = true, isFull = false } = known.get(page) ?? {};
      yield items;
      if (isLast && !(isFull && answer === undefined)) {
        return;
      }
    }
  }

  /** After every write before it has ended. @param what as it reads after "does not know": `issue 3` */
  async write<T>(what: string, ask: Ask<T>, signal: AbortSignal): Promise<Answer<T>> {
    const turn = this.#lastWrite.then(() => {
      if (signal.aborted) {
        throw new DeliveryError('not sent', 'Cancelled before GitHub was asked.');
      }
      return this.#call(this.question(what, true), ask, signal);
    });
    this.#lastWrite = turn.catch(() => undefined);
    return turn;
  }

  /** For what is said about an answer that cannot be read. */
  question(what: string, changes: boolean): Question {
    return { what, repository: this.repository, changes };
  }

  async #call<T>(question: Question, ask: Ask<T>, signal: AbortSignal): Promise<Answer<T>> {
    const rest = await (this.#rest ??= this.#load());
    const limit = AbortSignal.timeout(this.#timeoutMs);
    const [owner = '', repo = ''] = this.repository.split('/');
    let answer: PlainAnswer & { readonly data: T };
    try {
      answer = await ask(rest, { owner, repo, request: { signal: AbortSignal.any([signal, limit]), redirect: 'manual' } });
    } catch (error) {
      if (error instanceof Error && 'status' in error && error.status === 304) {
        throw new NotModified();
      }
      throw explainGitHubError(error, question, this.#clock, limit.aborted ? this.#timeoutMs : undefined);
    }
    if (answer.status >= 300) {
      throw moved(answer.status, this.repository);
    }
    // Octokit hands on what it cannot parse as a text, and as an empty one what breaks off.
    if (answer.status !== 204 && (typeof answer.data !== 'object' || answer.data === null || answer.data instanceof ArrayBuffer)) {
      throw limit.aborted ? explainGitHubError(lostCall('GitHub', undefined, this.#timeoutMs), question, this.#clock) : unreadable(question);
    }
    return { data: answer.data, headers: answer.headers };
  }

  /** Octokit weighs more than the rest of the extension: it is loaded with the first call. */
  async #load(): Promise<Octokit['rest']> {
    const { Octokit: Client } = await import('@octokit/rest');
    const silent = (): void => undefined;
    const { token, url } = this.#connection;
    const { rest } = new Client({
      ...(token === undefined ? {} : { auth: token }), ...(url === undefined ? {} : { baseUrl: url.replace(/\/+$/, '') }),
      userAgent: 'incident-runbook', log: { debug: silent, info: silent, warn: silent, error: silent },
    });
    return rest;
  }
}

class NotModified extends Error {}

/** What tells whether an answer has changed. */
export function etagOf({ headers }: Answer<unknown>): string | undefined {
  const { etag } = headers;
  return typeof etag === 'string' ? etag : undefined;
}

/** Where people look, of the address that is asked. */
function webAddress(url: string): string {
  if (!URL.canParse(url)) {
    return 'https://github.com';
  }
  const { protocol, host } = new URL(url);
  return host === 'api.github.com' ? 'https://github.com' : `${protocol}//${host.replace(/^api\.(?=.*\.ghe\.com$)/, '')}`;
}
