/** A log stream as the runbook and the settings of this machine make it, with what is known of the deployments (runbook 5.1). */
import type { LogStreamRequest } from '../logs/log-streams.ts';
import type { StepContext } from './step.ts';

/** @throws UserError when the environment names no AWS resources */
export function streamRequest(
  { environment, services }: Pick<StepContext, 'environment' | 'runbook' | 'services' | 'clock'>,
  stream: Pick<LogStreamRequest, 'groups' | 'pattern' | 'from' | 'incident'>,
): LogStreamRequest {
  return {
    ...stream,
    aws: services.aws(environment),
    environment: environment.key,
    deployedRefs: async (asked) => (await import('./deployed-commit.ts')).deployedRefs({ environment, services }, asked),
  };
}
