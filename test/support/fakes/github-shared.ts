import type { Clock } from '../../../src/incident/clock.ts';
import type { FakeRequest, Reply } from './fake-server.ts';
import type { GitHubJson } from './github-json.ts';
import type { GitHubState, GitHubToken } from './github-model.ts';

const ISSUES = '/repos/{owner}/{repo}/issues';

/** The operations of the fake, as the description has them. */
export const GITHUB_OPERATIONS = {
  listIssues: `GET ${ISSUES}`, createIssue: `POST ${ISSUES}`, getIssue: `GET ${ISSUES}/{issue_number}`, updateIssue: `PATCH ${ISSUES}/{issue_number}`,
  listComments: `GET ${ISSUES}/{issue_number}/comments`, createComment: `POST ${ISSUES}/{issue_number}/comments`,
  getComment: `GET ${ISSUES}/comments/{comment_id}`, updateComment: `PATCH ${ISSUES}/comments/{comment_id}`,
  addLabels: `POST ${ISSUES}/{issue_number}/labels`, setLabels: `PUT ${ISSUES}/{issue_number}/labels`, removeLabel: `DELETE ${ISSUES}/{issue_number}/labels/{name}`,
  addAssignees: `POST ${ISSUES}/{issue_number}/assignees`, checkAssignee: 'GET /repos/{owner}/{repo}/assignees/{assignee}',
  listLabels: 'GET /repos/{owner}/{repo}/labels', createLabel: 'POST /repos/{owner}/{repo}/labels',
  listRuns: 'GET /repos/{owner}/{repo}/actions/runs', getRun: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}',
  listJobs: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs', listDeployments: 'GET /repos/{owner}/{repo}/deployments',
  compare: 'GET /repos/{owner}/{repo}/compare/{basehead}', listCommits: 'GET /repos/{owner}/{repo}/commits', getUser: 'GET /user', rateLimit: 'GET /rate_limit',
} as const;

export type GitHubOperation = keyof typeof GITHUB_OPERATIONS;

/** What the handlers of one repository share. */
export interface GitHubRepository {
  readonly clock: Clock;
  readonly state: GitHubState;
  readonly json: GitHubJson;
  /** Of the request; guard has refused unknown ones. */
  readonly tokenOf: (request: FakeRequest) => GitHubToken;
  /** Ids grow through all kinds of objects, as on the server. */
  readonly nextId: () => number;
}

/** A refusal as GitHub words it. */
export function failure(status: number, message: string): Reply {
  return { status, body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) } };
}

/** One page of a list, with the Link header that leads to the next. */
export function page<Item>(request: FakeRequest, items: readonly Item[], wrap: (items: readonly Item[]) => unknown): Reply {
  const perPage = Math.min(100, Number(request.query.get('per_page') ?? 30));
  const number = Number(request.query.get('page') ?? 1);
  const next = new URL(request.url);
  next.host = request.headers.host ?? next.host;
  next.searchParams.set('page', String(number + 1));
  return {
    status: 200, body: wrap(items.slice((number - 1) * perPage, number * perPage)),
    ...(items.length > number * perPage ? { headers: { link: `<${next.href}>; rel="next"` } } : {}),
  };
}
