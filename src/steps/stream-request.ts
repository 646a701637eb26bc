/** A log stream as the runbook and the settings of this machine make it, with what is known of the deployments (runbook 5.1). */
import type { MarkerSource } from '../logs/log-entry.ts';
import type { LogStreamRequest } from '../logs/log-streams.ts';
import type { StepContext } from './step.ts';

type RequestContext = Pick<StepContext, 'environment' | 'runbook' | 'services' | 'clock'>;

/** @throws UserError when the environment names no AWS resources */
export function streamRequest(context: RequestContext, stream: Pick<LogStreamRequest, 'groups' | 'pattern' | 'from' | 'incident'>): LogStreamRequest {
  const { environment, services } = context;
  return {
    ...stream,
    aws: services.aws(environment),
    environment: environment.key,
    markers: markersOf(context),
    deployedRefs: async (asked) => (await import('./deployed-commit.ts')).deployedRefs({ environment, services }, asked),
  };
}

/** The rollouts of the environment's services, and what GitHub knows once it is connected. */
function markersOf(context: RequestContext): MarkerSource {
  let made: Promise<MarkerSource> | undefined;
  return async (from, to, signal) => (await (made ??= makeMarkers(context)))(from, to, signal);
}

async function makeMarkers({ environment, runbook, services }: RequestContext): Promise<MarkerSource> {
  const [{ ecsMarkers, gitHubMarkers, together }, { connectedGitHub }] = await Promise.all([import('../logs/deploy-markers.ts'), import('./github-evidence.ts')]);
  const { aws } = environment.data;
  return together({
    ...(aws === undefined ? {} : { ECS: ecsMarkers(services.aws(environment), aws.cluster, aws.services) }),
    GitHub: gitHubMarkers(() => connectedGitHub({ services }), { environment: environment.key, workflow: runbook.deployment?.workflow }),
  });
}
