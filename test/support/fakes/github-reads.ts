import type { FakeRequest, Route } from './fake-server.ts';
import type { GitHubState } from './github-model.ts';
import { failure, type GitHubRepository, page } from './github-shared.ts';

export type ReadOperation = 'listRuns' | 'getRun' | 'listJobs' | 'listDeployments' | 'compare' | 'listCommits' | 'getUser';

/** What GitHub knows of workflow runs, deployments and commits; nothing here changes anything. */
export function githubReadHandlers({ state, json, tokenOf }: GitHubRepository): Readonly<Record<ReadOperation, Route['handle']>> {
  const runOf = ({ parameters }: FakeRequest): GitHubState['runs'][number] | undefined => state.runs.find(({ id }) => String(id) === parameters.run_id);
  const isWanted = (request: FakeRequest, name: string, value: string | null): boolean => [null, value].includes(request.query.get(name));
  const indexOf = (name: string): number => state.commits.findIndex(({ sha }) => sha === (state.refs[name] ?? name) || (name.length >= 7 && sha.startsWith(name)));
  return {
    listRuns: (request) => {
      const runs = state.runs.toReversed().filter((run) => isWanted(request, 'branch', run.branch) && isWanted(request, 'head_sha', run.sha)
        && (isWanted(request, 'status', run.status) || isWanted(request, 'status', run.conclusion)));
      return page(request, runs, (items) => ({ total_count: runs.length, workflow_runs: items.map(json.run) }));
    },
    getRun: (request) => {
      const run = runOf(request);
      return run === undefined ? failure(404, 'Not Found') : { status: 200, body: json.run(run) };
    },
    listJobs: (request) => {
      const run = runOf(request);
      return run === undefined ? failure(404, 'Not Found')
        : page(request, run.jobs, (jobs) => ({ total_count: run.jobs.length, jobs: jobs.map((job, index) => json.job(run, job, index)) }));
    },
    listDeployments: (request) => page(request, state.deployments.toReversed().filter((deployment) =>
      isWanted(request, 'environment', deployment.environment) && isWanted(request, 'sha', deployment.sha) && isWanted(request, 'ref', deployment.ref)), (items) => items.map(json.deployment)),
    compare: (request) => {
      const [base = -1, head = -1] = (request.parameters.basehead ?? '').split('...').map(indexOf);
      const [baseCommit, headCommit] = [state.commits[base], state.commits[head]];
      if (baseCommit === undefined || headCommit === undefined) {
        return failure(404, 'Not Found');
      }
      // The history of the fake is one line, so nothing ever diverges.
      const ahead = state.commits.slice(base + 1, head + 1);
      const web = `https://github.com/compare/${request.parameters.basehead}`;
      return {
        status: 200, body: {
          url: web, html_url: web, permalink_url: web, diff_url: `${web}.diff`, patch_url: `${web}.patch`, base_commit: json.commit(baseCommit),
          merge_base_commit: json.commit(base < head ? baseCommit : headCommit), status: base === head ? 'identical' : base < head ? 'ahead' : 'behind',
          ahead_by: ahead.length, behind_by: Math.max(0, base - head), total_commits: ahead.length, commits: ahead.map(json.commit),
          files: ahead.flatMap((commit) => (commit.files ?? []).map((file) => json.file(commit, file))),
        },
      };
    },
    listCommits: (request) => {
      const from = request.query.get('sha');
      const newest = from === null ? state.commits.length - 1 : indexOf(from);
      return newest < 0 && from !== null ? failure(404, 'Not Found') : page(request, state.commits.slice(0, newest + 1).toReversed(), (commits) => commits.map(json.commit));
    },
    getUser: (request) => ({ status: 200, body: json.account(tokenOf(request).login) }),
  };
}
