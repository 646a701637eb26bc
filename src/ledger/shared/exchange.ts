/** What one window remembers of its exchange with one ticket. All of it can be lost: the ticket and the timeline say it again. */
import { messageOf } from '../../errors.ts';
import { DeliveryError } from '../../services/courier.ts';
import type { IssueComment, TicketIssue } from '../issue-thread.ts';

/** How far an incident is shared, for people. */
export interface SharedState {
  /** Whether the ticket could be read and written when it was tried last. */
  readonly reachable: boolean;
  /** Why not, or what others do not get to see all the same. */
  readonly reason?: string;
  /** Epoch ms since which it cannot be reached. */
  readonly since?: number;
  /** Epoch ms before which it is not tried again by itself. */
  readonly retryAt?: number;
  /** Events that are not on the ticket yet. */
  readonly pending: number;
  /** Questions asked of GitHub by this window; `unchanged` ones cost nothing of its limit. */
  readonly requests: { readonly made: number; readonly unchanged: number };
  /** As somebody may have set it on GitHub; unset until it was read. */
  readonly ticket?: 'open' | 'closed';
  /** Comments with events by people who may not write to the repository: they are not taken in. */
  readonly ignored: number;
}

const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 300_000;
/** So often everything is asked for whatever the etag says, ms: a server's copies can lag behind one another. */
const FULL_LOOK_MS = 300_000;
/** How far back comments are read again, ms: longer than until the next full look. They are told apart by their ids. */
const OVERLAP_MS = 600_000;

interface Turn {
  /** Epoch ms. */
  readonly until: number;
  readonly isMine: boolean;
}

export class Exchange {
  /** Ends when what was asked for before has ended. */
  queue: Promise<unknown> = Promise.resolve();
  issue: TicketIssue | undefined;
  /** How often it is still tried to have the ticket's label follow a severity that was set here. */
  labelTries = 0;
  pending = 0;
  readonly requests = { made: 0, unchanged: 0 };
  /** Event → whose turn it is among this machine's windows to put it on the ticket. */
  readonly turns = new Map<string, Turn>();
  /** Something others do not get to see although the ticket can be reached. */
  note: string | undefined;
  #etag: string | undefined;
  #fullLookAt = 0;
  #newest = 0;
  /** Comment → when it was changed last, as it was read. */
  readonly #seen = new Map<number, string>();
  readonly #posted = new Set<number>();
  readonly #strangers: string[] = [];
  #failure: { readonly reason: string; readonly since: number; readonly count: number; readonly retryAt: number; readonly pausedUntil: number } | undefined;

  /** Asks GitHub, and counts it. */
  async ask<T>(question: () => Promise<T>): Promise<T> {
    this.requests.made += 1;
    return question();
  }

  /** @param now epoch ms @param isForced tries although it failed a moment ago; GitHub's own pauses are kept */
  mayTry(now: number, isForced: boolean): boolean {
    return this.#failure === undefined || now >= (isForced ? this.#failure.pausedUntil : this.#failure.retryAt);
  }

  /** What the server is given to tell whether anything changed. */
  etag(now: number): string | undefined {
    return now < this.#fullLookAt ? this.#etag : undefined;
  }

  /** ISO 8601 since when comments are read; undefined: all. */
  get since(): string | undefined {
    return this.#newest === 0 ? undefined : new Date(this.#newest - OVERLAP_MS).toISOString();
  }

  /** Those of the comments that were not read before as they are now. */
  fresh(comments: readonly IssueComment[]): IssueComment[] {
    return comments.filter(({ id, updatedAt }) => this.#seen.get(id) !== updatedAt);
  }

  hasRead(comment: number): boolean {
    return this.#seen.has(comment);
  }

  /** What was read is in the timeline now. */
  took(etag: string | undefined, issue: TicketIssue, comments: readonly IssueComment[], now: number): void {
    this.issue = issue;
    for (const { id, updatedAt } of comments) {
      this.#seen.set(id, updatedAt);
      this.#posted.delete(id);
      this.#newest = Math.max(this.#newest, Date.parse(updatedAt));
    }
    if (now >= this.#fullLookAt) {
      this.#fullLookAt = now + FULL_LOOK_MS;
      this.#posted.clear();
    }
    // A list without what was posted here is an old copy: it is asked for again, unless somebody deleted it.
    this.#etag = this.#posted.size === 0 ? etag : undefined;
  }

  posted({ id }: IssueComment): void {
    this.#posted.add(id);
  }

  /** Authors who are not believed. @returns whether they are the first */
  ignore(authors: readonly string[]): boolean {
    const isFirst = this.#strangers.length === 0 && authors.length > 0;
    this.#strangers.push(...authors);
    return isFirst;
  }

  succeeded(): void {
    this.#failure = undefined;
  }

  failed(error: unknown, now: number): void {
    const { kind, retryAfterMs = 0 } = error instanceof DeliveryError ? error : { kind: 'in doubt' };
    if (kind === 'in doubt') {
      // It may have arrived: the next look does not rely on what was seen before.
      this.#etag = undefined;
    }
    const count = (this.#failure?.count ?? 0) + 1;
    const backoff = Math.min(FIRST_RETRY_MS * 2 ** Math.min(count - 1, 20), LONGEST_RETRY_MS);
    this.#failure = { reason: messageOf(error), since: this.#failure?.since ?? now, count, retryAt: now + Math.max(backoff, retryAfterMs), pausedUntil: now + retryAfterMs };
  }

  get state(): SharedState {
    const failure = this.#failure;
    const reason = failure?.reason ?? this.note;
    return {
      reachable: failure === undefined, pending: this.pending, requests: { ...this.requests }, ignored: this.#strangers.length,
      ...(reason === undefined ? {} : { reason }),
      ...(failure === undefined ? {} : { since: failure.since, retryAt: failure.retryAt }),
      ...(this.issue === undefined ? {} : { ticket: this.issue.state }),
    };
  }
}
