/** Runbook 5.1 and 5.2: what was deployed lately, and how the last run went. */
import { formatDuration, iso } from '../incident/clock.ts';
import type { Evidence, Json, Level } from '../incident/evidence.ts';
import { isHttps, linked } from '../incident/links.ts';
import type { Deployment, Job, Outcome, WorkflowRun } from '../services/github/reads.ts';
import type { GitHubClient } from '../services/github/client.ts';
import { plural } from '../text.ts';
import { ageOf, asking, requireGitHub, shortSha } from './github-evidence.ts';
import type { Inputs } from './inputs.ts';
import { escapeMarkdown, inlineCode, levelMark, table, utc } from '../incident/markdown.ts';
import type { ReadAction, StepContext } from './step.ts';

const LEVELS: Readonly<Record<Outcome, Level>> = { success: 'ok', failure: 'bad', cancelled: 'warn', running: 'warn', unknown: 'unknown' };

/** How many runs are looked through for one that deploys. */
const RUNS_TO_CHOOSE_FROM = 60;

/** When the trouble began, as far as it is known. */
interface Onset {
  /** Epoch ms. */
  readonly at: number;
  /** `the impact began`, `the incident was detected`. */
  readonly words: string;
}

/**
 * The last workflow runs and, where the repository has them, deployments, which are preferred: a run need not deploy
 * anything (runbook 5.1). What began within an hour before the impact is marked.
 * Inputs: limit, minutesBeforeImpact; workflow (file or name; default: `deployment` of the runbook), branch, deploymentEnvironment.
 */
export const listDeployments: ReadAction = {
  kind: 'read',
  needs: 'github',
  async run(context, inputs, signal) {
    const limit = inputs.count('limit', { min: 1, max: 30, fallback: 5 });
    const window = inputs.count('minutesBeforeImpact', { min: 1, max: 1440, fallback: 60 });
    const environment = inputs.text('deploymentEnvironment', context.environment.key);
    const wanted = wantedRuns(context, inputs);
    const client = await requireGitHub(context);
    const [{ runs, note }, deployments] = await asking(Promise.all([
      runsOf(client, wanted, { ofOne: limit, ofAll: limit }, signal), deploymentsTo(client, environment, { workflow: wanted.workflow, count: limit }, signal),
    ]), signal);
    return describeList({ client, runs, note, deployments, onset: onsetOf(context), windowMs: window * 60_000, now: context.clock.now() });
  },
};

interface WantedRuns {
  readonly workflow: string | undefined;
  readonly branch: string | undefined;
  /** Somebody asked for this workflow here and now. */
  readonly isNamed: boolean;
}

function wantedRuns({ runbook }: StepContext, inputs: Inputs): WantedRuns {
  const named = inputs.optionalText('workflow');
  return { workflow: named ?? runbook.deployment?.workflow, branch: inputs.optionalText('branch'), isNamed: named !== undefined };
}

/** The runs of the workflow; of all where the runbook names one that has none. */
async function runsOf(client: GitHubClient, { workflow, branch, isNamed }: WantedRuns, counts: { readonly ofOne: number; readonly ofAll: number }, signal: AbortSignal): Promise<{ readonly runs: readonly WorkflowRun[]; readonly note?: string }> {
  const { recentRuns } = await import('../services/github/reads.ts');
  const runs = await recentRuns(client, { workflow, branch, count: workflow === undefined ? counts.ofAll : counts.ofOne }, signal);
  return runs.length > 0 || workflow === undefined || isNamed ? { runs } : {
    runs: await recentRuns(client, { branch, count: counts.ofAll }, signal),
    note: `The runbook says that ${inlineCode(workflow)} deploys (\`deployment\`, \`workflow\`), but it has no run, so these are the runs of every workflow.`,
  };
}

/** Those to the environment; where it is called otherwise there, all of them. */
async function deploymentsTo(client: GitHubClient, environment: string, filter: { readonly workflow: string | undefined; readonly count: number }, signal: AbortSignal): Promise<Deployment[]> {
  const { recentDeployments } = await import('../services/github/reads.ts');
  const found = await recentDeployments(client, { ...filter, environment }, signal);
  return found.length > 0 ? found : recentDeployments(client, filter, signal);
}

function onsetOf({ incident }: Pick<StepContext, 'incident'>): Onset | undefined {
  if (incident === undefined) {
    return undefined;
  }
  const { impactStarted, detected } = incident.times;
  return impactStarted === undefined ? { at: Date.parse(detected.at), words: 'the incident was detected' } : { at: Date.parse(impactStarted.at), words: 'the impact began' };
}

interface Seen {
  readonly client: GitHubClient;
  readonly runs: readonly WorkflowRun[];
  /** Why it is these runs. */
  readonly note: string | undefined;
  readonly deployments: readonly Deployment[];
  readonly onset: Onset | undefined;
  readonly windowMs: number;
  /** Epoch ms. */
  readonly now: number;
}

function describeList({ client, runs, note, deployments, onset, windowMs, now }: Seen): Evidence {
  const isSuspect = (at: number): boolean => onset !== undefined && at <= onset.at && at >= onset.at - windowMs;
  const mark = (at: number): string => (onset !== undefined && isSuspect(at) ? `${levelMark('warn')} ${formatDuration(onset.at - at)} before ${onset.words}` : '');
  const window = onset === undefined ? '' : `within ${windowMs === 3_600_000 ? 'an hour' : formatDuration(windowMs)} before ${onset.words}`;
  const isDeployed = deployments.length > 0;
  const releases = isDeployed
    ? deployments.map((deployment) => ({ at: deployment.createdAt, sha: deployment.sha, author: deployment.author, what: `to ${deployment.environment}`, result: deployment.run?.result }))
    : runs.map((run) => ({ at: run.startedAt, sha: run.sha, author: run.author, what: `${run.name} #${run.number}`, result: run.result }));
  const noun = isDeployed ? 'deployment' : 'workflow run';
  const say = ({ sha, author, what, result }: typeof releases[number]): string => [`${shortSha(sha)}${byAuthor(author)} ${what}`, ...(result === undefined ? [] : [spaced(result)])].join(', ');
  const suspects = releases.filter(({ at }) => isSuspect(at));
  const suspectRuns = runs.filter(({ startedAt }) => isSuspect(startedAt));
  const [last] = releases;
  const [suspect] = suspects;
  const level: Level = suspects.length + suspectRuns.length > 0 ? 'warn' : last === undefined ? 'unknown' : 'ok';
  const summarise = (): string => {
    if (last === undefined) {
      return `${client.repository} has neither deployments nor workflow runs`;
    }
    if (suspect !== undefined && onset !== undefined) {
      return `${plural(suspects.length, noun)} ${window}: ${say(suspect)}, ${formatDuration(onset.at - suspect.at)} before`;
    }
    const marked = onset === undefined ? '' : suspectRuns.length === 0 ? `; none ${window}` : `; but ${plural(suspectRuns.length, 'workflow run')} ${window}`;
    return `Last ${noun}: ${say(last)}, ${formatDuration(now - last.at)} ago${marked}`;
  };
  return {
    level, summary: summarise(),
    markdown: [
      ...(isDeployed ? ['### Deployments', deploymentTable(client, deployments, mark, now)] : []),
      ...(runs.length === 0 ? [] : ['### Workflow runs', runTable(client, runs, mark, now), ...(note === undefined ? [] : [note])]),
      ...(last === undefined ? [`GitHub knows of no deployment and of no workflow run in ${escapeMarkdown(client.repository)}. Check \`workflow\` and \`branch\`, of the step or of \`deployment\` in the runbook, and what the token may see.`] : []),
      ...(isDeployed || last === undefined ? [] : ['The repository has no deployments on GitHub. A workflow run need not deploy anything.']),
      ...(onset === undefined ? ['Nothing is marked: there is no incident yet.'] : []),
    ].join('\n\n'),
    data: {
      onset: onset === undefined ? null : iso(onset.at),
      deployments: deployments.map(({ id, sha, ref, environment, author, createdAt, run }) => ({
        id, sha, ref, environment, author: author ?? null, at: iso(createdAt), result: run?.result ?? null, suspect: isSuspect(createdAt),
      })),
      runs: runs.map((run) => ({ ...runData(run), suspect: isSuspect(run.startedAt) })),
    },
    links: httpsLinks([['Deployments', `${client.page}/deployments`], ['Workflow runs', `${client.page}/actions`]]),
  };
}

function deploymentTable(client: GitHubClient, deployments: readonly Deployment[], mark: (at: number) => string, now: number): string {
  return table(['Environment', 'Commit', 'Message', 'Author', 'Status', 'Began', 'Age', ''], deployments.map(({ environment, sha, ref, author, createdAt, run }) => [
    escapeMarkdown(environment), linked(inlineCode(shortSha(sha)), `${client.page}/commit/${sha}`), escapeMarkdown(run?.title ?? ref), escapeMarkdown(author ?? '–'),
    run === undefined ? 'not reported' : statusOf(run), utc(createdAt), ageOf(createdAt, now), mark(createdAt),
  ]));
}

function runTable(client: GitHubClient, runs: readonly WorkflowRun[], mark: (at: number) => string, now: number): string {
  return table(['Run', 'Branch', 'Commit', 'Message', 'Author', 'Status', 'Began', 'Age', ''], runs.map((run) => [
    linked(escapeMarkdown(`${run.name} #${run.number}`), run.url), escapeMarkdown(run.branch ?? '–'), linked(inlineCode(shortSha(run.sha)), `${client.page}/commit/${run.sha}`),
    escapeMarkdown(run.title), escapeMarkdown(run.author ?? '–'), statusOf(run), utc(run.startedAt), ageOf(run.startedAt, now), mark(run.startedAt),
  ]));
}

/**
 * The newest run of the deploy workflow: its jobs and the step that failed (runbook 5.2).
 * Inputs: workflow (file or name; default: `deployment` of the runbook, else one whose name says that it deploys), branch.
 */
export const viewLatestRun: ReadAction = {
  kind: 'read',
  needs: 'github',
  async run(context, inputs, signal) {
    const wanted = wantedRuns(context, inputs);
    const client = await requireGitHub(context);
    const { isDeployRun, jobsOf } = await import('../services/github/reads.ts');
    const { runs, note } = await asking(runsOf(client, wanted, { ofOne: 1, ofAll: RUNS_TO_CHOOSE_FROM }, signal), signal);
    const isChosen = note !== undefined || wanted.workflow === undefined;
    const run = runs.find(isDeployRun) ?? runs[0];
    if (run === undefined) {
      const asked = [...(wanted.isNamed ? [`of ${wanted.workflow}`] : []), ...(wanted.branch === undefined ? [] : [`on ${wanted.branch}`])].map((part) => ` ${part}`).join('');
      return {
        level: 'unknown', summary: `${client.repository} has no workflow run${asked}`, data: { run: null },
        markdown: 'Check `workflow` and `branch`, of the step or of `deployment` in the runbook, and whether the token may read Actions.', links: httpsLinks([['Workflow runs', `${client.page}/actions`]]),
      };
    }
    const jobs = await asking(jobsOf(client, run.id, signal), signal);
    return describeRun(run, jobs, isChosen ? choice(run, isDeployRun(run)) : undefined, context.clock.now());
  },
};

/** Why this run, when nobody said which workflow deploys. */
function choice({ file }: WorkflowRun, isDeploy: boolean): string {
  return `${isDeploy ? `${inlineCode(file)} was taken for the deploy workflow by its name.` : 'No workflow says by its name that it deploys, so this is the newest run of all.'} Name the workflow that deploys in the runbook: \`deployment\`, \`workflow\`.`;
}

function describeRun(run: WorkflowRun, jobs: readonly Job[], note: string | undefined, now: number): Evidence {
  const failed = jobs.filter(({ outcome }) => outcome === 'failure');
  const where = failed.map(({ name, failedSteps }) => `job ${name}${failedSteps.length === 0 ? '' : `, step ${failedSteps.join(', ')}`}`).join('; ');
  return {
    level: run.outcome === 'running' && failed.length > 0 ? 'bad' : LEVELS[run.outcome],
    summary: `${run.name} #${run.number} ${endOf(run)}, begun ${formatDuration(now - run.startedAt)} ago`
      + `${where === '' ? '' : `: ${where}`} (${shortSha(run.sha)}${byAuthor(run.author)})`,
    markdown: [
      table(['Run', 'Branch', 'Commit', 'Message', 'Author', 'Status', 'Began'], [[
        linked(escapeMarkdown(`${run.name} #${run.number}`), run.url), escapeMarkdown(run.branch ?? '–'), inlineCode(shortSha(run.sha)), escapeMarkdown(run.title),
        escapeMarkdown(run.author ?? '–'), statusOf(run), utc(run.startedAt),
      ]]),
      jobs.length === 0 ? 'GitHub reports no jobs.' : table(['Job', 'Status', 'Failed step', 'Took'], jobs.map((job) => [
        linked(escapeMarkdown(job.name), job.url), statusOf(job), job.failedSteps.length === 0 ? '–' : escapeMarkdown(job.failedSteps.join(', ')),
        job.startedAt === undefined || job.endedAt === undefined ? '–' : formatDuration(job.endedAt - job.startedAt),
      ])),
      ...(note === undefined ? [] : [note]),
    ].join('\n\n'),
    data: { run: runData(run), jobs: jobs.map(({ name, result, failedSteps }) => ({ name, result, failedSteps })) },
    links: httpsLinks([[`${run.name} #${run.number}`, run.url]]),
  };
}

/** `failed`, `timed out`, `is in progress`. */
function endOf({ outcome, result }: WorkflowRun): string {
  switch (outcome) {
    case 'success': return 'succeeded';
    case 'failure': return result === 'timed_out' ? 'timed out' : 'failed';
    case 'cancelled': return 'was cancelled';
    case 'running': return `is ${spaced(result)}`;
    case 'unknown': return `ended as ${spaced(result)}`;
  }
}

function statusOf({ outcome, result }: { readonly outcome: Outcome; readonly result: string }): string {
  return `${levelMark(LEVELS[outcome])} ${escapeMarkdown(spaced(result))}`;
}

function byAuthor(author: string | undefined): string {
  return author === undefined ? '' : ` by ${author}`;
}

/** GitHub's `in_progress`, `timed_out`. */
function spaced(word: string): string {
  return word.replaceAll('_', ' ');
}

function runData({ id, number, name, file, branch, sha, event, result, title, author, startedAt, url }: WorkflowRun): { readonly [key: string]: Json } {
  return { id, number, name, file, branch: branch ?? null, sha, event, result, title, author: author ?? null, at: iso(startedAt), url };
}

function httpsLinks(links: readonly (readonly [title: string, url: string])[]): { readonly title: string; readonly url: string }[] {
  return links.filter(([, url]) => isHttps(url)).map(([title, url]) => ({ title, url }));
}
