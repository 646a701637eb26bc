/** Tickets as the shared ledger needs them; no SDK here, so that the ledger depends on nothing that is sent. */

export interface IssueComment {
  readonly id: number;
  readonly body: string;
  readonly author: string;
  /** GitHub's `author_association`, e.g. `MEMBER`: what the author is to the repository. */
  readonly association: string;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  /** ISO 8601 UTC. */
  readonly updatedAt: string;
  readonly url: string;
}

export interface TicketIssue {
  readonly number: number;
  readonly url: string;
  readonly title: string;
  readonly body: string;
  readonly state: 'open' | 'closed';
  readonly labels: readonly string[];
  /** ISO 8601 UTC. */
  readonly updatedAt: string;
  readonly author: string;
  /** GitHub's `author_association`. */
  readonly association: string;
}

/** A ticket whose incident is over. */
export interface ClosedTicket extends TicketIssue {
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  /** ISO 8601 UTC. */
  readonly closedAt: string;
  /** Unset when GitHub does not say. */
  readonly closedBy?: string;
  /** GitHub's `state_reason`, e.g. `not_planned`. */
  readonly reason?: string;
  /** How many there are. */
  readonly comments: number;
}

/** Page → what it held: what did not change since then is not sent again. Of one repository and one `since`. */
export type ListedBefore = Map<number, { readonly etag: string | undefined; readonly items: readonly ClosedTicket[]; readonly isLast: boolean; readonly isFull: boolean }>;

/** Tickets of one repository. Every method throws DeliveryError. */
export interface IssueThreads {
  /** `owner/name`. */
  readonly repository: string;
  /** `undefined` when nothing changed since the etag was given: such a request costs nothing of the limit. */
  readIssue(issue: number, etag: string | undefined, signal: AbortSignal): Promise<{ readonly etag: string | undefined; readonly issue: TicketIssue } | undefined>;
  /** In the order in which the server took them. @param since ISO 8601: only comments changed at or after it */
  readComments(issue: number, since: string | undefined, signal: AbortSignal): Promise<readonly IssueComment[]>;
  postComment(issue: number, body: string, signal: AbortSignal): Promise<IssueComment>;
  setLabels(issue: number, add: readonly string[], remove: readonly string[], signal: AbortSignal): Promise<void>;
  /** The open issues labelled as incidents. */
  listIncidents(signal: AbortSignal): Promise<readonly TicketIssue[]>;
  /**
   * The closed issues labelled as incidents, page by page, those opened last first; no page before it is asked for.
   *
   * @param options `since`: only those changed at or after it, ISO 8601; `known`: brought up to date
   */
  closedIncidents(options: { readonly since?: string; readonly known?: ListedBefore }, signal: AbortSignal): AsyncIterable<readonly ClosedTicket[]>;
}
