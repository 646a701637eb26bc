import type { FakeComment, FakeCommit, FakeDeployment, FakeIssue, FakeJob, FakeLabel, FakeRun, GitHubState } from './github-model.ts';

/** GitHub's JSON of the model. The URLs are github.com's own: a client that followed them would leave the fake and fail. */
export interface GitHubJson {
  user(login: string): object;
  issue(issue: FakeIssue): object;
  comment(comment: FakeComment): object;
  label(label: FakeLabel): object;
  run(run: FakeRun): object;
  job(run: FakeRun, job: FakeJob, index: number): object;
  deployment(deployment: FakeDeployment): object;
  commit(commit: FakeCommit): object;
  file(commit: FakeCommit, file: NonNullable<FakeCommit['files']>[number]): object;
  account(login: string): object;
}

/** GitHub's times have whole seconds. */
export const seconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Those that the description requires of a repository named within something else. */
const REPOSITORY_URLS = [
  'archive', 'assignees', 'blobs', 'branches', 'collaborators', 'comments', 'commits', 'compare', 'contents', 'contributors', 'deployments',
  'downloads', 'events', 'forks', 'git_commits', 'git_refs', 'git_tags', 'hooks', 'issue_comment', 'issue_events', 'issues', 'keys', 'labels',
  'languages', 'merges', 'milestones', 'notifications', 'pulls', 'releases', 'stargazers', 'statuses', 'subscribers', 'subscription', 'tags',
  'teams', 'trees',
];

const USER_URLS = ['followers', 'following', 'gists', 'starred', 'subscriptions', 'organizations', 'repos', 'events', 'received_events'];

/** @param repository owner/name */
export function createGitHubJson(state: GitHubState, repository: string): GitHubJson {
  const api = `https://api.github.com/repos/${repository}`;
  const web = `https://github.com/${repository}`;
  const node = (kind: string, id: number): string => `${kind}_${id}`;

  const user = (login: string): object => {
    const id = state.users.find((candidate) => candidate.login === login)?.id ?? 999;
    const url = `https://api.github.com/users/${login}`;
    return {
      login, id, node_id: node('U', id), avatar_url: `https://avatars.githubusercontent.com/u/${id}`, gravatar_id: '', url,
      html_url: `https://github.com/${login}`, type: 'User', site_admin: false,
      ...Object.fromEntries(USER_URLS.map((name) => [`${name}_url`, `${url}/${name}`])),
    };
  };
  const label = ({ id, name, color, description }: FakeLabel): object =>
    ({ id, node_id: node('LA', id), url: `${api}/labels/${encodeURIComponent(name)}`, name, color, description, default: name === 'bug' });
  const repositoryJson = (): object => ({
    id: 7001, node_id: node('R', 7001), name: repository.split('/')[1], full_name: repository, owner: user(repository.split('/')[0] ?? ''),
    private: true, html_url: web, description: null, fork: false, url: api,
    ...Object.fromEntries(REPOSITORY_URLS.map((name) => [`${name}_url`, `${api}/${name}`])),
  });
  const person = (login: string): { name: string; email: string } => ({ name: login, email: `${login}@example.com` });

  const commit = ({ sha, message, author, at }: FakeCommit): object => ({
    url: `${api}/commits/${sha}`, sha, node_id: `C_${sha}`, html_url: `${web}/commit/${sha}`, comments_url: `${api}/commits/${sha}/comments`,
    commit: {
      url: `${api}/git/commits/${sha}`, author: { ...person(author), date: seconds(at) }, committer: { ...person(author), date: seconds(at) },
      message, comment_count: 0, tree: { sha, url: `${api}/git/trees/${sha}` },
      verification: { verified: false, reason: 'unsigned', payload: null, signature: null, verified_at: null },
    },
    author: user(author), committer: user(author), parents: [],
  });

  return {
    user, label, commit,
    issue: (issue) => {
      const url = `${api}/issues/${issue.number}`;
      const pull = `${api}/pulls/${issue.number}`;
      const html = `${web}/${issue.isPullRequest ? 'pull' : 'issues'}/${issue.number}`;
      return {
        id: issue.id, node_id: node('I', issue.id), number: issue.number, url, repository_url: api, labels_url: `${url}/labels{/name}`,
        comments_url: `${url}/comments`, events_url: `${url}/events`, html_url: html, title: issue.title, body: issue.body, state: issue.state,
        state_reason: issue.stateReason, user: user(issue.author), assignee: issue.assignees[0] === undefined ? null : user(issue.assignees[0]),
        labels: issue.labels.flatMap((name) => state.labels.filter((candidate) => candidate.name === name).map(label)),
        assignees: issue.assignees.map(user), milestone: null, locked: false, active_lock_reason: null,
        comments: state.comments.filter((comment) => comment.issue === issue.number).length, author_association: 'MEMBER',
        closed_at: issue.closedAt === null ? null : seconds(issue.closedAt), closed_by: issue.closedBy === null ? null : user(issue.closedBy),
        created_at: seconds(issue.createdAt), updated_at: seconds(issue.updatedAt), performed_via_github_app: null,
        ...(issue.isPullRequest ? { draft: false, pull_request: { url: pull, html_url: html, diff_url: `${html}.diff`, patch_url: `${html}.patch`, merged_at: null } } : {}),
      };
    },
    comment: (comment) => ({
      id: comment.id, node_id: node('IC', comment.id), url: `${api}/issues/comments/${comment.id}`, issue_url: `${api}/issues/${comment.issue}`,
      html_url: `${web}/issues/${comment.issue}#issuecomment-${comment.id}`, body: comment.body, user: user(comment.author),
      created_at: seconds(comment.createdAt), updated_at: seconds(comment.updatedAt), author_association: 'MEMBER', performed_via_github_app: null,
    }),
    run: (run) => {
      const url = `${api}/actions/runs/${run.id}`;
      const head = state.commits.find(({ sha }) => sha === run.sha);
      return {
        id: run.id, node_id: node('WFR', run.id), name: run.name, display_title: head?.message ?? run.name, head_branch: run.branch, head_sha: run.sha,
        path: `.github/workflows/${run.file ?? 'deploy.yml'}`, run_number: state.runs.indexOf(run) + 1, run_attempt: 1, event: run.event, status: run.status,
        conclusion: run.conclusion, workflow_id: 301, url, html_url: `${web}/actions/runs/${run.id}`, pull_requests: [],
        created_at: seconds(run.at), run_started_at: seconds(run.at), updated_at: seconds(run.at), jobs_url: `${url}/jobs`, logs_url: `${url}/logs`,
        check_suite_url: `${api}/check-suites/1`, artifacts_url: `${url}/artifacts`, cancel_url: `${url}/cancel`, rerun_url: `${url}/rerun`,
        workflow_url: `${api}/actions/workflows/301`, repository: repositoryJson(), head_repository: repositoryJson(),
        head_commit: head === undefined ? null : {
          id: head.sha, tree_id: head.sha, message: head.message, timestamp: seconds(head.at), author: person(head.author), committer: person(head.author),
        },
      };
    },
    job: (run, { name, conclusion, steps = [] }, index) => {
      const id = run.id * 100 + index;
      return {
        id, node_id: node('J', id), run_id: run.id, run_url: `${api}/actions/runs/${run.id}`, head_sha: run.sha, workflow_name: run.name,
        head_branch: run.branch, name, url: `${api}/actions/jobs/${id}`, html_url: `${web}/actions/runs/${run.id}/job/${id}`,
        status: conclusion === null ? 'in_progress' : 'completed', conclusion, created_at: seconds(run.at), started_at: seconds(run.at),
        completed_at: conclusion === null ? null : seconds(run.at), check_run_url: `${api}/check-runs/${id}`, labels: ['ubuntu-latest'],
        runner_id: 1, runner_name: 'runner-1', runner_group_id: 1, runner_group_name: 'Default',
        steps: steps.map((step, place) => ({ number: place + 1, name: step.name, conclusion: step.conclusion, status: step.conclusion === null ? 'in_progress' : 'completed' })),
      };
    },
    deployment: ({ id, sha, ref, environment, creator, at }) => ({
      id, node_id: node('DE', id), url: `${api}/deployments/${id}`, sha, ref, task: 'deploy', payload: {}, original_environment: environment,
      environment, description: null, creator: user(creator), created_at: seconds(at), updated_at: seconds(at),
      statuses_url: `${api}/deployments/${id}/statuses`, repository_url: api, transient_environment: false, production_environment: environment === 'production',
      performed_via_github_app: null,
    }),
    file: ({ sha }, { filename, additions, deletions }) => ({
      sha, filename, status: 'modified', additions, deletions, changes: additions + deletions, blob_url: `${web}/blob/${sha}/${filename}`,
      raw_url: `${web}/raw/${sha}/${filename}`, contents_url: `${api}/contents/${filename}?ref=${sha}`,
    }),
    account: (login) => ({
      ...user(login), bio: null, blog: null, company: null, email: null, followers: 0, following: 0, hireable: null, location: null, name: login,
      public_gists: 0, public_repos: 0, created_at: '2020-01-01T00:00:00Z', updated_at: '2020-01-01T00:00:00Z',
    }),
  };
}
