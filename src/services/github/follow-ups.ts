/** How the issues of action items stand (runbook 10.4). */
import type { GitHubClient, KnownPage } from './client.ts';
import { GitHubRefusal } from './failures.ts';
import type { IssueAnswer } from './issues.ts';

export interface IssueState {
  readonly number: number;
  readonly state: 'open' | 'closed';
  /** Login of the first one; empty for nobody. */
  readonly assignee: string;
}

/** Pages as they were read before: what did not change since costs nothing of the limit. */
export type KnownIssues = Map<number, KnownPage<IssueState>>;

/** Issues that lost their label are asked for one by one, so many at most. */
const MOST_SINGLE = 20;

/**
 * @param numbers the issues that are asked for
 * @returns by number; one that was deleted counts as closed
 * @throws DeliveryError when GitHub cannot be asked
 */
export async function readFollowUps(client: GitHubClient, label: string, numbers: readonly number[], known: KnownIssues, signal: AbortSignal): Promise<ReadonlyMap<number, IssueState>> {
  const states = new Map<number, IssueState>();
  const missing = (): number[] => numbers.filter((number) => !states.has(number));
  const pages = client.pages<IssueAnswer, IssueState>('the issues', (rest, at) => rest.issues.listForRepo({ ...at, labels: label, state: 'all', sort: 'updated', direction: 'desc' }), signal, (issues) => issues.map(stateOf), known);
  for await (const page of pages) {
    page.forEach((issue) => { states.set(issue.number, issue); });
    if (missing().length === 0) {
      return states;
    }
  }
  for (const number of missing().slice(0, MOST_SINGLE)) {
    states.set(number, await readOne(client, number, signal));
  }
  return states;
}

async function readOne(client: GitHubClient, number: number, signal: AbortSignal): Promise<IssueState> {
  try {
    return stateOf((await client.read<IssueAnswer>(`issue ${number}`, (rest, at) => rest.issues.get({ ...at, issue_number: number }), signal)).data);
  } catch (error) {
    if (error instanceof GitHubRefusal && (error.status === 404 || error.status === 410)) {
      return { number, state: 'closed', assignee: '' };
    }
    throw error;
  }
}

function stateOf({ number, state, assignees }: IssueAnswer): IssueState {
  return { number, state: state === 'closed' ? 'closed' : 'open', assignee: assignees?.[0]?.login ?? '' };
}
