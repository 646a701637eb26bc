import type { Clock } from '../../../src/incident/clock.ts';
import { api, type ApiSource, type Fake, type FakeRequest, type Route, startFake } from './fake-server.ts';
import { githubIssueHandlers } from './github-issues.ts';
import { createGitHubJson } from './github-json.ts';
import { createGitHubLimits } from './github-limits.ts';
import { emptyGitHub, GITHUB_TOKENS, type GitHubState, type GitHubToken } from './github-model.ts';
import { githubReadHandlers } from './github-reads.ts';
import { failure, GITHUB_OPERATIONS, type GitHubOperation, type GitHubRepository } from './github-shared.ts';
import type { CommonResponse } from './openapi.ts';

const ERROR = { $ref: '#/components/schemas/basic-error' };

/** GitHub describes these at some operations only. */
const COMMON_RESPONSES: Readonly<Record<string, CommonResponse>> = {
  304: { reason: 'Any GET can be made conditional.' },
  401: { schema: ERROR, reason: 'A token can be revoked at any time.' },
  403: { schema: ERROR, reason: 'Missing permission and both kinds of limits answer 403 everywhere.' },
  404: { schema: ERROR, reason: 'Repositories and comments that do not exist, or that the token may not see.' },
  429: { schema: ERROR, reason: 'Limits answer 403 or 429.' },
};

const GITHUB_API: ApiSource = { name: 'github', commonResponses: COMMON_RESPONSES };

export interface GitHubOptions {
  readonly clock: Clock;
  /** owner/name; everything else answers 404. */
  readonly repository?: string;
  /** Access by token. */
  readonly tokens?: Readonly<Record<string, GitHubToken>>;
  /** Requests per hour and token. */
  readonly limit?: number;
  /** `/api/v3` makes it a GitHub Enterprise Server. */
  readonly basePath?: string;
}

export interface GitHubFake extends Fake<GitHubOperation> {
  /** What a client is given as its base URL. */
  readonly url: string;
  /** To seed and to look at; a test may change it. */
  readonly state: GitHubState;
  /** A pull request, which the list of issues contains too. Returns its number. */
  openPullRequest(title: string, labels?: readonly string[]): number;
}

/** A stateful GitHub with one repository, issues and what a release leaves behind. */
export async function startGitHub(options: GitHubOptions): Promise<GitHubFake> {
  const { clock, repository = 'acme/shop', tokens = GITHUB_TOKENS, basePath = '' } = options;
  const state = emptyGitHub();
  const limits = createGitHubLimits(clock, options.limit ?? 5000);
  let id = 10_000;
  const tokenFor = ({ headers }: FakeRequest): GitHubToken | undefined => tokens[(headers.authorization ?? '').replace(/^(bearer|token) /i, '')];
  const shared: GitHubRepository = {
    clock, state, json: createGitHubJson(state, repository), nextId: () => ++id,
    tokenOf: (request) => tokenFor(request) ?? { login: 'nobody', access: 'read-only' },
  };
  const issues = githubIssueHandlers(shared);
  const handlers: Readonly<Record<GitHubOperation, Route['handle']>> = {
    ...issues.handlers, ...githubReadHandlers(shared),
    rateLimit: ({ headers }) => {
      const core = limits.overview(headers.authorization ?? '');
      return { status: 200, body: { resources: { core, search: { limit: 30, remaining: 30, reset: core.reset, used: 0 } }, rate: core } };
    },
  };
  const description = api(GITHUB_API, basePath);
  const route = (operation: GitHubOperation): Route => ({ api: description, on: GITHUB_OPERATIONS[operation], handle: handlers[operation] });
  const routes = Object.fromEntries((Object.keys(GITHUB_OPERATIONS) as GitHubOperation[]).map((operation) => [operation, route(operation)])) as Record<GitHubOperation, Route>;
  const fake = await startFake<GitHubOperation>({
    name: 'GitHub', clock, routes,
    guard: (request) => {
      const { owner, repo } = request.parameters;
      if (tokenFor(request) === undefined) {
        return failure(401, 'Bad credentials');
      }
      return limits.guard(request) ?? (owner !== undefined && `${owner}/${repo}` !== repository ? failure(404, 'Not Found') : undefined);
    },
    complete: (request, reply) => limits.complete(request, reply),
    rateLimited: (retryAfterS) => ({
      ...failure(429, 'You have exceeded a secondary rate limit'),
      headers: { 'retry-after': String(retryAfterS), 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.ceil(clock.now() / 1000) + retryAfterS) },
    }),
  });
  return { ...fake, url: fake.origin + basePath, state, openPullRequest: (title, labels = []) => issues.open(title, labels) };
}
