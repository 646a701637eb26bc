/** What was deployed while a log stream runs: the rollouts of ECS and, where it is connected, what GitHub knows (runbook 5.1). */
import { messageOf } from '../errors.ts';
import { formatDuration } from '../incident/clock.ts';
import { firstLine, onOneLine, shorten } from '../incident/shorten.ts';
import type { EcsService, ServiceDeployment } from '../services/aws/ecs.ts';
import type { AwsSession } from '../services/aws/session.ts';
import type { GitHubClient } from '../services/github/client.ts';
import type { Deployment, WorkflowRun } from '../services/github/reads.ts';
import { type Marker, type MarkerSource, byTime } from './log-entry.ts';

/** Services that ECS describes at once. */
const PER_CALL = 10;
/** GitHub counts what it is asked, ms. */
const GITHUB_EVERY_MS = 120_000;
const GITHUB_COUNT = 10;
const TOLD = /^(?:\(service [^)]+\) )?\(deployment ([^)]+)\) deployment (completed|failed)(?:[:.]\s*(.*))?$/i;
const STEADY = /has reached a steady state/i;
const ROLLS_BACK = /\broll(?:ed|ing)[ -]back/i;

/** Version of a task definition, as its image is tagged; undefined when that is not known. */
type VersionOf = (taskDefinition: string) => string | undefined;

/** When the rollouts of a service began and how they ended; pure. */
export function rolloutMarkers(service: EcsService, versionOf: VersionOf): Marker[] {
  const told = endingsTold(service);
  const known = service.deployments.flatMap((deployment) => [beginning(service, deployment, versionOf), ...ending(service, deployment, told.get(deployment.id), versionOf)]);
  const ids = new Set(service.deployments.map(({ id }) => id));
  // ECS lists no deployment any more that another has taken the place of, but its events stay for a while.
  const gone = [...told.values()].filter(({ id }) => !ids.has(id)).map(({ id, at, how, reason }) => ({
    key: `${id} ${how}`, at, text: `${service.name}: rollout ${id} ${how}${reason === '' ? '' : `: ${reason}`}`,
  }));
  return [...known, ...gone];
}

interface Ending {
  readonly id: string;
  /** Epoch ms. */
  readonly at: number;
  readonly how: 'completed' | 'failed';
  readonly reason: string;
}

function endingsTold({ events }: EcsService): ReadonlyMap<string, Ending> {
  return new Map(events.flatMap(({ at, message }) => {
    const [, id, how, reason = ''] = TOLD.exec(onOneLine(message)) ?? [];
    return id === undefined ? [] : [[id, { id, at, how: how?.toLowerCase() === 'completed' ? 'completed' : 'failed', reason: brief(reason) }] as const];
  }));
}

function beginning({ name }: EcsService, deployment: ServiceDeployment, versionOf: VersionOf): Marker {
  const goesBack = ROLLS_BACK.test(deployment.rolloutReason);
  return { key: `${deployment.id} began`, at: deployment.createdAt, text: `${name}: ${goesBack ? 'rollback to' : 'rollout of'} ${named(deployment, versionOf)} began` };
}

function ending({ name, events }: EcsService, deployment: ServiceDeployment, told: Ending | undefined, versionOf: VersionOf): Marker[] {
  const how = told?.how ?? ({ COMPLETED: 'completed', FAILED: 'failed' } as const)[deployment.rolloutState];
  if (how === undefined) {
    return [];
  }
  const steady = how === 'completed' ? events.findLast(({ at, message }) => at >= deployment.createdAt && STEADY.test(message))?.at : undefined;
  const at = told?.at ?? steady ?? deployment.updatedAt;
  if (at === undefined) {
    return [];
  }
  const what = ROLLS_BACK.test(deployment.rolloutReason) && how === 'completed' ? 'rollback to' : 'rollout of';
  const reason = how === 'completed' ? '' : told?.reason || brief(deployment.rolloutReason);
  return [{
    key: `${deployment.id} ${how}`, at,
    text: `${name}: ${what} ${named(deployment, versionOf)} ${how} after ${formatDuration(at - deployment.createdAt)}${reason === '' ? '' : `: ${reason}`}`,
  }];
}

function named({ taskDefinition }: ServiceDeployment, versionOf: VersionOf): string {
  const version = versionOf(taskDefinition);
  return version === undefined ? taskDefinition : `${taskDefinition} (${version})`;
}

function brief(reason: string): string {
  return shorten(firstLine(reason).replace(/\.+$/, ''), 160);
}

/** The tag of an image; undefined for a digest, and for none. */
export function tagOf(image: string): string | undefined {
  return image.includes('@') ? undefined : /:([^/:]+)$/.exec(image)?.[1];
}

/** Deployments that GitHub knows; where the repository has none, the runs of the workflow that deploys. Pure. */
export function releaseMarkers(deployments: readonly Deployment[], runs: readonly WorkflowRun[]): Marker[] {
  return deployments.length > 0
    ? deployments.flatMap(({ id, sha, environment, author, createdAt, run }) => beginAndEnd(`deployment ${id}`, createdAt, `deployment of ${sha.slice(0, 7)} to ${environment}${by(author)}`, run))
    : runs.flatMap((run) => beginAndEnd(`run ${run.id}`, run.startedAt, `${run.name} #${run.number} (${run.sha.slice(0, 7)}${by(run.author)})`, run));
}

function beginAndEnd(key: string, at: number, what: string, run: WorkflowRun | undefined): Marker[] {
  const text = `GitHub: ${onOneLine(what)}`;
  return [
    { key: `${key} began`, at, text: `${text} began` },
    ...(run?.endedAt === undefined ? [] : [{ key: `${key} ${run.result}`, at: run.endedAt, text: `${text} ended after ${formatDuration(run.endedAt - at)}: ${run.result.replaceAll('_', ' ')}` }]),
  ];
}

function by(author: string | undefined): string {
  return author === undefined ? '' : ` by ${author}`;
}

/** The rollouts of services of a cluster. */
export function ecsMarkers(aws: AwsSession, cluster: string, services: readonly string[]): MarkerSource {
  const versions = new Map<string, string | undefined>();
  return async (from, to, signal) => {
    const { describeServices } = await import('../services/aws/ecs.ts');
    const chunks = Array.from({ length: Math.ceil(services.length / PER_CALL) }, (_, index) => services.slice(index * PER_CALL, (index + 1) * PER_CALL));
    const found = (await Promise.all(chunks.map((chunk) => describeServices(aws, cluster, chunk, signal)))).flatMap((answer) => answer.services);
    await learnVersions(aws, found, versions, { from, to }, signal);
    return found.flatMap((service) => rolloutMarkers(service, (name) => versions.get(name)));
  };
}

/** Only of what a marker will name, and once. A version that cannot be read is left out: the marker says the rest. */
async function learnVersions(aws: AwsSession, services: readonly EcsService[], versions: Map<string, string | undefined>, { from, to }: { readonly from: number; readonly to: number }, signal: AbortSignal): Promise<void> {
  const wanted = new Set(services.flatMap((service) => {
    const shown = new Set(within(rolloutMarkers(service, () => undefined), from, to).map(({ key }) => key.split(' ')[0]));
    return service.deployments.filter(({ id, taskDefinition }) => shown.has(id) && !versions.has(taskDefinition)).map(({ taskDefinition }) => taskDefinition);
  }));
  if (wanted.size === 0) {
    return;
  }
  const { describeTaskDefinition } = await import('../services/aws/ecs-changes.ts');
  await Promise.all([...wanted].map(async (name) => {
    const containers = await describeTaskDefinition(aws, name, signal).then((definition) => definition.containers, () => []);
    versions.set(name, containers.map(({ image }) => tagOf(image)).find((tag) => tag !== undefined && tag !== 'latest'));
  }));
}

export interface ReleaseQuery {
  /** Name of the environment on GitHub. */
  readonly environment: string;
  /** File or name of the workflow that deploys; unset: one whose name says so. */
  readonly workflow: string | undefined;
}

/** What GitHub knows; asked every two minutes at most. */
export function gitHubMarkers(client: () => Promise<GitHubClient | undefined>, { environment, workflow }: ReleaseQuery): MarkerSource {
  let [askedFor, known]: [number, readonly Marker[]] = [Number.NEGATIVE_INFINITY, []];
  return async (_from, to, signal) => {
    if (to - askedFor < GITHUB_EVERY_MS) {
      return known;
    }
    const github = await client();
    if (github === undefined) {
      return [];
    }
    const { isDeployRun, recentDeployments, recentRuns } = await import('../services/github/reads.ts');
    askedFor = to;
    const deployments = await recentDeployments(github, { environment, workflow, count: GITHUB_COUNT }, signal);
    const runs = deployments.length > 0 ? [] : await recentRuns(github, { workflow, count: GITHUB_COUNT }, signal);
    known = releaseMarkers(deployments, runs.filter((run) => workflow !== undefined || isDeployRun(run)));
    return known;
  };
}

/**
 * Several sources as one. What one of them cannot say is itself a line, once; the others are shown all the same.
 *
 * @param sources by what they are called in that line
 */
export function together(sources: Readonly<Record<string, MarkerSource>>): MarkerSource {
  return async (from, to, signal) => {
    const found = await Promise.all(Object.entries(sources).map(([name, source]) => source(from, to, signal).then(
      (markers) => within(markers, from, to),
      (error: unknown): Marker[] => {
        if (signal.aborted) {
          throw error;
        }
        return [{ key: `unreadable ${name}`, at: to, text: onOneLine(`${name} cannot be read: ${messageOf(error)}`) }];
      },
    )));
    return found.flat().sort(byTime);
  };
}

function within(markers: readonly Marker[], from: number, to: number): Marker[] {
  return markers.filter(({ at }) => at >= from && at <= to);
}
