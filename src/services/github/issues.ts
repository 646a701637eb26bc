import type { ClosedTicket, IssueComment, IssueThreads, TicketIssue } from '../../ledger/issue-thread.ts';
import { type GitHubClient, etagOf } from './client.ts';
import { GitHubRefusal, type Question, unreadable } from './failures.ts';
import { INCIDENT_LABEL, ensureLabels } from './labels.ts';

/** The part of GitHub's issue that is read. */
export interface IssueAnswer {
  readonly number: number;
  readonly html_url: string;
  readonly title: string;
  readonly body?: string | null | undefined;
  readonly state: string;
  readonly labels: readonly (string | { readonly name?: string })[];
  readonly assignees?: readonly { readonly login: string }[] | null | undefined;
  readonly updated_at: string;
  readonly user: { readonly login: string } | null;
  readonly author_association?: string;
  readonly pull_request?: object;
  readonly created_at?: string;
  readonly closed_at?: string | null | undefined;
  /** GitHub leaves it out of lists at times. */
  readonly closed_by?: { readonly login: string } | null | undefined;
  readonly state_reason?: string | null | undefined;
  readonly comments?: number;
}

interface CommentAnswer {
  readonly id: number;
  readonly html_url: string;
  readonly body?: string;
  readonly user: { readonly login: string } | null;
  readonly author_association?: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What GitHub says of somebody whose account is gone. */
const GHOST = 'ghost';

/** The tickets of the client's repository. Lists leave out pull requests, which GitHub counts among the issues. */
export function githubThreads(client: GitHubClient): IssueThreads {
  return {
    repository: client.repository,
    async readIssue(issue, etag, signal) {
      const what = `issue ${issue}`;
      const answer = await client.readIfChanged(what, etag, (rest, at) => rest.issues.get({ ...at, issue_number: issue }), signal);
      return answer === undefined ? undefined : { etag: etagOf(answer), issue: ticketOf(answer.data, client.question(what, false)) };
    },
    async readComments(issue, since, signal) {
      const what = `issue ${issue}`;
      const comments = await client.readAll<CommentAnswer>(what, (rest, at) => rest.issues.listComments({ ...at, issue_number: issue, ...(since === undefined ? {} : { since }) }), signal);
      return comments.map((comment) => commentOf(comment, client.question(what, false))).sort((one, other) => one.id - other.id);
    },
    async postComment(issue, body, signal) {
      const what = `issue ${issue}`;
      const { data } = await client.write<CommentAnswer>(what, (rest, at) => rest.issues.createComment({ ...at, issue_number: issue, body }), signal);
      return commentOf(data, client.question(what, true));
    },
    async setLabels(issue, add, remove, signal) {
      if (add.length > 0) {
        await ensureLabels(client, add, signal);
        await client.write(`issue ${issue}`, (rest, at) => rest.issues.addLabels({ ...at, issue_number: issue, labels: [...add] }), signal);
      }
      for (const name of remove) {
        await removeLabel(client, issue, name, signal);
      }
    },
    async listIncidents(signal) {
      const issues = await listIssues(client, { labels: INCIDENT_LABEL, state: 'open' }, signal);
      return issues.map((issue) => ticketOf(issue, client.question('the issues', false)));
    },
    closedIncidents({ since, known }, signal) {
      const filter = { labels: INCIDENT_LABEL, state: 'closed', ...(since === undefined ? {} : { since }) } as const;
      const take = (issues: readonly IssueAnswer[]): ClosedTicket[] => withoutPullRequests(issues).map((issue) => closedTicketOf(issue, client.question('the issues', false)));
      return client.pages<IssueAnswer, ClosedTicket>('the issues', (rest, at) => rest.issues.listForRepo({ ...at, ...filter }), signal, take, known);
    },
  };
}

/** Issues, the newest first; no pull requests. @param filter `since` is ISO 8601 and about the last change */
export async function listIssues(client: GitHubClient, filter: { readonly labels?: string; readonly state: 'open' | 'all'; readonly since?: string }, signal: AbortSignal): Promise<IssueAnswer[]> {
  const issues = await client.readAll<IssueAnswer>('the issues', (rest, at) => rest.issues.listForRepo({ ...at, ...filter }), signal);
  return withoutPullRequests(issues);
}

function withoutPullRequests(issues: readonly IssueAnswer[]): IssueAnswer[] {
  return issues.filter((issue) => issue.pull_request === undefined);
}

/** @throws DeliveryError when that is no issue */
export function ticketOf(issue: IssueAnswer, question: Question): TicketIssue {
  if (!Number.isInteger(issue.number) || typeof issue.html_url !== 'string' || !Array.isArray(issue.labels)) {
    throw unreadable(question);
  }
  return {
    number: issue.number, url: issue.html_url, title: issue.title, body: issue.body ?? '', state: issue.state === 'closed' ? 'closed' : 'open',
    labels: labelNames(issue), updatedAt: issue.updated_at, author: issue.user?.login ?? GHOST, association: issue.author_association ?? 'NONE',
  };
}

/** @throws DeliveryError when that is no closed issue */
function closedTicketOf(issue: IssueAnswer, question: Question): ClosedTicket {
  const { created_at: createdAt, closed_at: closedAt, closed_by: closer, state_reason: reason, comments } = issue;
  if (!isTime(createdAt) || !isTime(closedAt) || !isTime(issue.updated_at)) {
    throw unreadable(question);
  }
  return {
    ...ticketOf(issue, question), createdAt, closedAt, comments: comments ?? 1,
    ...(closer?.login === undefined ? {} : { closedBy: closer.login }), ...(typeof reason === 'string' ? { reason } : {}),
  };
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

function labelNames({ labels }: IssueAnswer): string[] {
  return labels.flatMap((label) => (typeof label === 'string' ? label : label.name) ?? []);
}

function commentOf(comment: CommentAnswer, question: Question): IssueComment {
  if (!Number.isInteger(comment.id) || typeof comment.html_url !== 'string') {
    throw unreadable(question);
  }
  return {
    id: comment.id, body: comment.body ?? '', author: comment.user?.login ?? GHOST, association: comment.author_association ?? 'NONE',
    createdAt: comment.created_at, updatedAt: comment.updated_at, url: comment.html_url,
  };
}

/** A label that is not there, or not any more, is as good as removed. */
async function removeLabel(client: GitHubClient, issue: number, name: string, signal: AbortSignal): Promise<void> {
  try {
    await client.write(`the label ${name} on issue ${issue}`, (rest, at) => rest.issues.removeLabel({ ...at, issue_number: issue, name }), signal);
  } catch (error) {
    if (!(error instanceof GitHubRefusal && error.status === 404)) {
      throw error;
    }
  }
}
