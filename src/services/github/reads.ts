/** What GitHub knows of a release (runbook 5.1, 5.2); nothing here changes anything. Times are epoch ms. */
import type { Octokit } from '@octokit/rest';
import { firstLine } from '../../incident/shorten.ts';
import type { GitHubClient } from './client.ts';
import { GitHubRefusal } from './failures.ts';

/** `unknown`: neither good nor bad, or not said (skipped, neutral, a deployment without a run). */
export type Outcome = 'success' | 'failure' | 'cancelled' | 'running' | 'unknown';

export interface WorkflowRun {
  readonly id: number;
  /** As people count them: `#17`. */
  readonly number: number;
  /** Name of the workflow. */
  readonly name: string;
  /** Its file, e.g. `deploy.yml`. */
  readonly file: string;
  readonly branch: string | undefined;
  readonly sha: string;
  /** What set it off, e.g. `push`. */
  readonly event: string;
  /** GitHub's word: the conclusion, or the status while there is none. */
  readonly result: string;
  readonly outcome: Outcome;
  /** First line of the commit message. */
  readonly title: string;
  readonly author: string | undefined;
  readonly startedAt: number;
  /** Unset while it runs. */
  readonly endedAt?: number;
  readonly url: string;
}

export interface Job {
  readonly name: string;
  readonly result: string;
  readonly outcome: Outcome;
  /** The steps that failed. */
  readonly failedSteps: readonly string[];
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly url: string | undefined;
}

export interface Deployment {
  readonly id: number;
  readonly sha: string;
  /** Branch, tag or commit that was asked for. */
  readonly ref: string;
  readonly environment: string;
  readonly author: string | undefined;
  readonly createdAt: number;
  /** The run of a deploy workflow for the same commit: it says how the deployment went. */
  readonly run: WorkflowRun | undefined;
}

export interface Commit {
  readonly sha: string;
  /** First line of the message. */
  readonly title: string;
  readonly author: string | undefined;
  readonly at: number;
  readonly url: string;
}

export interface Comparison {
  /** How many commits head has that base does not have. */
  readonly ahead: number;
  /** How many commits base has that head does not have. */
  readonly behind: number;
  /** What head has and base does not have, the newest first; GitHub names 250 at most. */
  readonly commits: readonly Commit[];
}

export interface RunFilter {
  /** File or name of one workflow. */
  readonly workflow?: string | undefined;
  readonly branch?: string | undefined;
  readonly sha?: string | undefined;
  readonly count: number;
}

type RunAnswer = Awaited<ReturnType<Octokit['rest']['actions']['getWorkflowRun']>>['data'];
type CommitAnswer = Awaited<ReturnType<Octokit['rest']['repos']['listCommits']>>['data'][number];

/** Runs to look through for those of one workflow. */
const MAX_RUNS = 150;
const RUNS_PER_PAGE = 30;

/** Workflow runs, the newest first; those of pull requests are left out: they deploy nothing. */
export async function recentRuns(client: GitHubClient, { workflow, branch, sha, count }: RunFilter, signal: AbortSignal): Promise<WorkflowRun[]> {
  const isWanted = (run: RunAnswer): boolean => !run.event.startsWith('pull_request') && (workflow === undefined || isOfWorkflow({ name: run.name ?? '', file: fileOf(run) }, workflow));
  const runs = await client.readAll<RunAnswer>('the workflow runs', async (rest, at) => {
    const answer = await rest.actions.listWorkflowRunsForRepo({
      ...at, per_page: RUNS_PER_PAGE, ...(branch === undefined ? {} : { branch }), ...(sha === undefined ? {} : { head_sha: sha }),
    });
    return { ...answer, data: answer.data.workflow_runs };
  }, signal, (items) => items.length >= MAX_RUNS || items.filter(isWanted).length >= count);
  return runs.filter(isWanted).slice(0, count).map(runOf);
}

function isOfWorkflow({ name, file }: Pick<WorkflowRun, 'name' | 'file'>, workflow: string): boolean {
  return [name.toLowerCase(), file].includes(workflow.toLowerCase());
}

/** Whether a run is one of a workflow that deploys, by its name. */
export function isDeployRun({ name, file }: WorkflowRun): boolean {
  return /deploy|release|rollout/i.test(`${name} ${file}`);
}

/** The jobs of a run's latest attempt. */
export async function jobsOf(client: GitHubClient, run: number, signal: AbortSignal): Promise<Job[]> {
  const jobs = await client.readAll(`the workflow run ${run}`, async (rest, at) => {
    const answer = await rest.actions.listJobsForWorkflowRun({ ...at, run_id: run });
    return { ...answer, data: answer.data.jobs };
  }, signal);
  return jobs.map((job) => ({
    name: job.name, result: job.conclusion ?? job.status, outcome: outcomeOf(job.status, job.conclusion),
    failedSteps: (job.steps ?? []).filter(({ status, conclusion }) => outcomeOf(status, conclusion) === 'failure').map(({ name }) => name),
    startedAt: timeOf(job.started_at), endedAt: timeOf(job.completed_at), url: job.html_url ?? undefined,
  }));
}

/**
 * Deployments, the newest first, each with the run that says how it went.
 *
 * @param filter `workflow` names the one that deploys; else it is one whose name says so
 */
export async function recentDeployments(client: GitHubClient, { environment, workflow, count }: { readonly environment?: string; readonly workflow?: string | undefined; readonly count: number }, signal: AbortSignal): Promise<Deployment[]> {
  const data = await client.readAll('the deployments', (rest, at) => rest.repos.listDeployments({ ...at, per_page: count, ...(environment === undefined ? {} : { environment }) }), signal, () => true);
  const runs = new Map(await Promise.all([...new Set(data.map(({ sha }) => sha))].map(async (sha) => {
    const candidates = await recentRuns(client, { sha, count: RUNS_PER_PAGE }, signal);
    return [sha, candidates.find((run) => workflow !== undefined && isOfWorkflow(run, workflow)) ?? candidates.find(isDeployRun)] as const;
  })));
  return data.map((deployment) => ({
    id: deployment.id, sha: deployment.sha, ref: deployment.ref, environment: deployment.environment, author: deployment.creator?.login,
    createdAt: Date.parse(deployment.created_at), run: runs.get(deployment.sha),
  }));
}

/** The newest commit of a branch. @param branch unset: the repository's default branch */
export async function headOf(client: GitHubClient, branch: string | undefined, signal: AbortSignal): Promise<Commit | undefined> {
  const what = branch === undefined ? 'the commits' : `the branch ${branch}`;
  const [newest] = await client.readAll(what, (rest, at) => rest.repos.listCommits({ ...at, per_page: 1, ...(branch === undefined ? {} : { sha: branch }) }), signal, () => true);
  return newest === undefined ? undefined : commitOf(newest);
}

/**
 * What lies between two commits, branches or tags.
 *
 * @returns undefined when GitHub does not know one of them
 */
export async function compareCommits(client: GitHubClient, base: string, head: string, signal: AbortSignal): Promise<Comparison | undefined> {
  try {
    const { data } = await client.read(`${base} or ${head}`, (rest, at) => rest.repos.compareCommitsWithBasehead({ ...at, basehead: `${base}...${head}` }), signal);
    return { ahead: data.ahead_by, behind: data.behind_by, commits: data.commits.map(commitOf).reverse() };
  } catch (error) {
    if (error instanceof GitHubRefusal && error.status === 404) {
      return undefined;
    }
    throw error;
  }
}

function runOf(run: RunAnswer): WorkflowRun {
  return {
    id: run.id, number: run.run_number, name: run.name ?? fileOf(run), file: fileOf(run), branch: run.head_branch ?? undefined, sha: run.head_sha,
    event: run.event, result: run.conclusion ?? run.status ?? 'unknown', outcome: outcomeOf(run.status, run.conclusion),
    title: firstLine(run.head_commit?.message ?? run.display_title), author: run.triggering_actor?.login ?? run.actor?.login ?? run.head_commit?.author?.name,
    startedAt: Date.parse(run.run_started_at ?? run.created_at), ...(run.status === 'completed' ? { endedAt: Date.parse(run.updated_at) } : {}), url: run.html_url,
  };
}

function fileOf({ path }: RunAnswer): string {
  return (path.split('@')[0] ?? '').replace(/^.*\//, '').toLowerCase();
}

function commitOf({ sha, html_url: url, commit, author }: CommitAnswer): Commit {
  return { sha, url, title: firstLine(commit.message), author: author?.login ?? commit.author?.name, at: Date.parse(commit.committer?.date ?? commit.author?.date ?? '') };
}

function outcomeOf(status: string | null, conclusion: string | null): Outcome {
  if (status !== 'completed') {
    return 'running';
  }
  switch (conclusion) {
    case 'success': return 'success';
    case 'cancelled': return 'cancelled';
    case 'failure': case 'timed_out': case 'startup_failure': return 'failure';
    default: return 'unknown';
  }
}

function timeOf(time: string | null): number | undefined {
  return time === null ? undefined : Date.parse(time);
}
