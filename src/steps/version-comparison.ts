/** What GitHub adds to a comparison of versions: which one is expected, and the commits in between (runbook 5.2). */
import { CancelledError, UserError } from '../errors.ts';
import type { Json } from '../incident/evidence.ts';
import { DeliveryError } from '../services/courier.ts';
import type { GitHubClient } from '../services/github/client.ts';
import type { Comparison } from '../services/github/reads.ts';
import { plural } from '../text.ts';
import { commitTable, connectedGitHub, shortSha } from './github-evidence.ts';
import type { Inputs } from './inputs.ts';
import { linked } from '../incident/links.ts';
import { escapeMarkdown, inlineCode } from '../incident/markdown.ts';
import type { StepContext } from './step.ts';

export interface RunningVersion {
  readonly version: string | undefined;
  readonly commit: string | undefined;
}

export interface Expected {
  /** Version, tag or commit. */
  readonly ref: string;
  /** Who expects it; unset: the runbook or the caller. */
  readonly source?: string;
}

/** How far a running version is from the expected one. */
export interface Lag {
  readonly running: string;
  readonly expected: string;
  /** What is expected and does not run. */
  readonly missing: Comparison;
  /** What runs and is not expected; only when there is any. */
  readonly extra: Comparison | undefined;
}

export interface GitHubView {
  readonly expected: Expected | undefined;
  /** One for each running version; undefined where GitHub does not know it. */
  readonly lags: readonly (Lag | undefined)[];
  /** Why GitHub could not be asked. */
  readonly problem?: string;
  readonly page?: string;
}

/** Commits that are listed of a comparison. */
const MAX_LISTED = 20;
/** How far back a deployment that went well is looked for. */
const MAX_DEPLOYMENTS = 10;
/** What may stand for a commit, a tag or a branch: the running version comes from outside. */
const REF = /^(?!.*\.\.)[A-Za-z0-9][\w.+/-]{0,99}$/;

/**
 * @param expected of the runbook or the caller; unset: the last deployment that went well, else the head of the branch
 * @throws CancelledError; what goes wrong with GitHub itself is part of the view
 */
export async function viewOnGitHub(context: Pick<StepContext, 'services' | 'environment' | 'runbook'>, expected: string | undefined, running: readonly RunningVersion[], inputs: Inputs, signal: AbortSignal): Promise<GitHubView> {
  const named = expected === undefined ? undefined : { ref: expected };
  const { deployment } = context.runbook;
  const asked = {
    environment: inputs.text('deploymentEnvironment', context.environment.key),
    branch: inputs.optionalText('branch') ?? deployment?.branch, workflow: inputs.optionalText('workflow') ?? deployment?.workflow,
  };
  try {
    const client = await connectedGitHub(context);
    if (client === undefined || running.length === 0) {
      return { expected: named, lags: [] };
    }
    const found = named ?? await expectedOnGitHub(client, asked, signal);
    const lags = found === undefined ? [] : await Promise.all(running.map((version) => lagOf(client, version, found.ref, signal)));
    return { expected: found, lags, page: client.page };
  } catch (error) {
    if (signal.aborted) {
      throw new CancelledError();
    }
    if (error instanceof DeliveryError || error instanceof UserError) {
      return { expected: named, lags: [], problem: error.message };
    }
    throw error;
  }
}

async function expectedOnGitHub(client: GitHubClient, { environment, branch, workflow }: { readonly environment: string; readonly branch: string | undefined; readonly workflow: string | undefined }, signal: AbortSignal): Promise<Expected | undefined> {
  const { headOf, recentDeployments } = await import('../services/github/reads.ts');
  const deployments = await recentDeployments(client, { environment, workflow, count: MAX_DEPLOYMENTS }, signal);
  // One without a run was made by something else than a workflow: nothing says that it failed.
  const last = deployments.find(({ run }) => run === undefined || run.outcome === 'success');
  if (last !== undefined) {
    return { ref: last.sha, source: `the last deployment to ${last.environment}` };
  }
  const head = await headOf(client, branch, signal);
  return head === undefined ? undefined : { ref: head.sha, source: `the head of ${branch ?? 'the default branch'}` };
}

async function lagOf(client: GitHubClient, { version, commit }: RunningVersion, expected: string, signal: AbortSignal): Promise<Lag | undefined> {
  const { compareCommits } = await import('../services/github/reads.ts');
  for (const base of commit === undefined ? tagsOf(version) : [commit].filter((ref) => REF.test(ref))) {
    for (const head of tagsOf(expected)) {
      const missing = await compareCommits(client, base, head, signal);
      if (missing !== undefined) {
        return { running: base, expected: head, missing, extra: missing.behind === 0 ? undefined : await compareCommits(client, head, base, signal) };
      }
    }
  }
  return undefined;
}

/** What a version is called in the repository: releases are often tagged with a `v` in front. */
function tagsOf(version: string | undefined): string[] {
  return version === undefined || !REF.test(version) ? [] : /^\d+\./.test(version) ? [version, `v${version}`] : [version];
}

/** `3 commits behind, 1 commit ahead`; empty when it is the same commit. */
export function describeLag({ missing }: Lag): string {
  return [
    ...(missing.ahead === 0 ? [] : [`${plural(missing.ahead, 'commit')} behind`]),
    ...(missing.behind === 0 ? [] : [`${plural(missing.behind, 'commit')} ahead`]),
  ].join(', ');
}

/** The commits in between, as Markdown. @param now epoch ms, for their age */
export function listLag({ running, expected, missing, extra }: Lag, page: string, now: number): string {
  return [
    ...listCommits('expected, but not running', missing, `${page}/compare/${running}...${expected}`, now),
    ...(extra === undefined ? [] : listCommits('running, but not expected', extra, `${page}/compare/${expected}...${running}`, now)),
  ].join('\n\n');
}

function listCommits(title: string, { ahead, commits }: Comparison, url: string, now: number): string[] {
  const listed = commits.slice(0, MAX_LISTED);
  return ahead === 0 ? [] : [
    `### ${linked(plural(ahead, 'commit'), url)} ${title}`,
    commitTable(listed, now),
    ...(ahead > listed.length ? [`… and ${ahead - listed.length} more.`] : []),
  ];
}

/** The facts of a comparison. */
export function lagData(lag: Lag | undefined): Json {
  return lag === undefined ? null : {
    running: lag.running, expected: lag.expected, behind: lag.missing.ahead, ahead: lag.missing.behind,
    commits: lag.missing.commits.slice(0, MAX_LISTED).map(({ sha, title, author }) => ({ sha, title, author: author ?? null })),
  };
}

/** The expected version as people read it, as Markdown. */
export function describeExpected({ ref, source }: Expected): string {
  return source === undefined ? inlineCode(ref) : `${inlineCode(shortSha(ref))} (${escapeMarkdown(source)})`;
}
