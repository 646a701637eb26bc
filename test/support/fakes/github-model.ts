/** What the fake of GitHub remembers of its one repository. Times are epoch ms. */
export interface FakeUser {
  readonly login: string;
  readonly id: number;
  readonly assignable: boolean;
}

export interface FakeIssue {
  readonly id: number;
  readonly number: number;
  readonly author: string;
  readonly isPullRequest: boolean;
  readonly createdAt: number;
  title: string;
  body: string | null;
  state: 'open' | 'closed';
  stateReason: 'completed' | 'not_planned' | 'duplicate' | 'reopened' | null;
  labels: string[];
  assignees: string[];
  closedBy: string | null;
  closedAt: number | null;
  updatedAt: number;
}

export interface FakeComment {
  readonly id: number;
  readonly issue: number;
  readonly author: string;
  readonly createdAt: number;
  body: string;
  updatedAt: number;
}

export interface FakeLabel {
  readonly id: number;
  readonly name: string;
  readonly color: string;
  readonly description: string | null;
}

/** Oldest first in the model. */
export interface FakeCommit {
  readonly sha: string;
  readonly message: string;
  readonly author: string;
  readonly at: number;
  readonly files?: readonly { readonly filename: string; readonly additions: number; readonly deletions: number }[];
}

export interface FakeJob {
  readonly name: string;
  readonly conclusion: 'success' | 'failure' | 'cancelled' | 'skipped' | null;
  readonly steps?: readonly { readonly name: string; readonly conclusion: FakeJob['conclusion'] }[];
}

export interface FakeRun {
  readonly id: number;
  readonly name: string;
  readonly sha: string;
  readonly branch: string;
  readonly event: string;
  readonly status: 'queued' | 'in_progress' | 'completed';
  readonly conclusion: 'success' | 'failure' | 'cancelled' | null;
  readonly at: number;
  /** Its workflow's file; `deploy.yml` when not given. */
  readonly file?: string;
  readonly jobs: readonly FakeJob[];
}

export interface FakeDeployment {
  readonly id: number;
  readonly sha: string;
  readonly ref: string;
  readonly environment: string;
  readonly creator: string;
  readonly at: number;
}

export interface GitHubState {
  readonly users: FakeUser[];
  readonly issues: FakeIssue[];
  readonly comments: FakeComment[];
  readonly labels: FakeLabel[];
  readonly commits: FakeCommit[];
  readonly runs: FakeRun[];
  readonly deployments: FakeDeployment[];
  /** Names of branches and tags, and the commit they stand at. */
  readonly refs: Record<string, string>;
}

export interface GitHubToken {
  readonly login: string;
  readonly access: 'push' | 'read-only';
}

/** Two responders who may push, one who may only read. */
export const GITHUB_TOKENS: Readonly<Record<string, GitHubToken>> = {
  'gho_invented-push': { login: 'ada', access: 'push' },
  'gho_invented-second-push': { login: 'grace', access: 'push' },
  'gho_invented-read-only': { login: 'mallory', access: 'read-only' },
};

export function emptyGitHub(): GitHubState {
  return {
    users: ['ada', 'grace', 'linus', 'mallory'].map((login, index) => ({ login, id: 1001 + index, assignable: login !== 'mallory' })),
    issues: [], comments: [], labels: [{ id: 1, name: 'bug', color: 'd73a4a', description: 'Something is not working' }],
    commits: [], runs: [], deployments: [], refs: {},
  };
}
