/** What was deployed, as the service, its image or its task definition name it. */
import { CancelledError } from '../errors.ts';
import type { Container } from '../services/aws/ecs-changes.ts';
import { runningVersion } from './running-version.ts';
import type { StepContext } from './step.ts';

/**
 * Commits, tags and versions that stand for what runs, the surest first. Of several services only what all of them
 * agree on would be sure, so the first that answers counts: whoever uses these looks whether the repository knows them.
 *
 * @returns empty when nothing says it: what cannot be asked is no reason to show no logs
 * @throws CancelledError
 */
export async function deployedRefs({ environment, services }: Pick<StepContext, 'environment' | 'services'>, signal: AbortSignal): Promise<readonly string[]> {
  const endpoints = environment.data.endpoints.filter(({ kind }) => kind === 'version');
  const versions = (await Promise.all(endpoints.map((endpoint) => runningVersion(services.endpoints, endpoint, signal).catch(() => undefined)))).flatMap((answer) => answer?.running ?? []);
  const containers = versions.some(({ commit }) => commit !== undefined) ? [] : await containersOf({ environment, services }, signal);
  if (signal.aborted) {
    throw new CancelledError();
  }
  return [...new Set([
    ...versions.flatMap(({ commit }) => commit ?? []),
    ...containers.flatMap(({ revision }) => revision ?? []),
    ...versions.flatMap(({ version }) => version ?? []),
    ...containers.flatMap(({ image }) => tagOf(image) ?? []),
  ])];
}

async function containersOf({ environment, services }: Pick<StepContext, 'environment' | 'services'>, signal: AbortSignal): Promise<readonly Container[]> {
  const { aws } = environment.data;
  if (aws === undefined) {
    return [];
  }
  try {
    const [{ describeServices }, { describeTaskDefinition }] = await Promise.all([import('../services/aws/ecs.ts'), import('../services/aws/ecs-changes.ts')]);
    const session = services.aws(environment);
    const described = await describeServices(session, aws.cluster, aws.services, signal);
    return (await Promise.all(described.services.map(({ taskDefinition }) => describeTaskDefinition(session, taskDefinition, signal)))).flatMap(({ containers }) => containers);
  } catch {
    return [];
  }
}

/** The tag of an image, unless it moves; `registry:5000/app` has none. */
function tagOf(image: string): string | undefined {
  const tag = /:([\w][\w.-]{0,127})(?:@sha256:[0-9a-f]+)?$/.exec(image)?.[1];
  return tag === 'latest' ? undefined : tag;
}
