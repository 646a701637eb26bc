import type { Evidence } from '../../src/incident/evidence.ts';
import { Endpoints } from '../../src/services/endpoints.ts';
import { Inputs } from '../../src/steps/inputs.ts';
import type { ReadAction } from '../../src/steps/step.ts';
import type { RunbookEndpoint } from '../../src/runbook/schema.ts';
import type { Clock } from '../../src/incident/clock.ts';
import { runbookWith } from './build-runner.ts';
import { createClock } from './clock.ts';

export interface EndpointWorld {
  readonly endpoints: readonly RunbookEndpoint[];
  /** Origin of the runbook → origin to ask instead. */
  readonly origins?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
}

/** Runs an action that looks at endpoints and at nothing else, as the runner would. */
export function runRead(action: ReadAction, stepId: string, world: EndpointWorld): Promise<Evidence> {
  const runbook = runbookWith({ endpoints: [...world.endpoints] });
  const step = runbook.steps.find(({ id }) => id === stepId);
  const data = runbook.environments['production'];
  if (step === undefined || data === undefined) {
    throw new Error(`The bundled runbook has no step ${stepId} or no production environment`);
  }
  const missing = (): never => { throw new Error('This test has endpoints only'); };
  return action.run({
    incident: undefined, step, runbook,
    environment: { key: 'production', data },
    services: {
      endpoints: new Endpoints(world.origins ?? {}),
      aws: missing, databaseUrl: missing, redisUrl: missing, tasks: { folder: () => undefined, start: missing, find: missing }, logStreams: { start: missing }, connections: { get: missing },
    },
    clock: world.clock ?? createClock(),
  }, new Inputs(`Step "${stepId}"`, world.inputs ?? {}), world.signal ?? new AbortController().signal);
}
