/** How the issues of action items stand (runbook 10.4). */
import type { Answer, GitHubClient } from './client.ts';
import { GitHubRefusal } from './failures.ts';
import { type IssueAnswer, etagOf } from './issues.ts';

export interface IssueState {
  readonly state: 'open' | 'closed';
  /** Login of the first one; empty for nobody. */
  readonly assignee: string;
}

export interface FollowUpStates {
  /** For the next question. */
  readonly etag: string | undefined;
  /** By number; what is not among those asked for may be there too. */
  readonly states: ReadonlyMap<number, IssueState>;
}

/** Issues that lost their label are asked for one by one, so many at most. */
const MOST_SINGLE = 20;

/**
 * @param numbers the issues that are asked for
 * @returns undefined when no labelled issue changed since the etag was given
 * @throws DeliveryError when GitHub cannot be asked
 */
export async function readFollowUps(client: GitHubClient, label: string, numbers: readonly number[], etag: string | undefined, signal: AbortSignal): Promise<FollowUpStates | undefined> {
  // The one that changed last comes first, so the first page tells whether any did.
  const filter = { labels: label, state: 'all', sort: 'updated', direction: 'desc', per_page: 100 } as const;
  const first = await client.readIfChanged<readonly IssueAnswer[]>('the issues', etag, (rest, at) => rest.issues.listForRepo({ ...at, ...filter }), signal);
  if (first === undefined) {
    return undefined;
  }
  const isComplete = (issues: readonly IssueAnswer[]): boolean => numbers.every((number) => issues.some((issue) => issue.number === number));
  const issues = isComplete(first.data) || first.data.length < filter.per_page ? first.data
    : await client.readAll<IssueAnswer>('the issues', (rest, at) => rest.issues.listForRepo({ ...at, labels: label, state: 'all', sort: 'updated', direction: 'desc' }), signal, isComplete);
  const states = new Map(issues.map((issue) => [issue.number, stateOf(issue)]));
  for (const number of numbers.filter((candidate) => !states.has(candidate)).slice(0, MOST_SINGLE)) {
    states.set(number, await readOne(client, number, signal));
  }
  return { etag: etagOf(first), states };
}

async function readOne(client: GitHubClient, number: number, signal: AbortSignal): Promise<IssueState> {
  try {
    const { data }: Answer<IssueAnswer> = await client.read(`issue ${number}`, (rest, at) => rest.issues.get({ ...at, issue_number: number }), signal);
    return stateOf(data);
  } catch (error) {
    if (error instanceof GitHubRefusal && (error.status === 404 || error.status === 410)) {
      // Deleted: nobody will do it under this number.
      return { state: 'closed', assignee: '' };
    }
    throw error;
  }
}

function stateOf({ state, assignees }: IssueAnswer): IssueState {
  return { state: state === 'closed' ? 'closed' : 'open', assignee: assignees?.[0]?.login ?? '' };
}
