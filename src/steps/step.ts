import type { Clock } from '../incident/clock.ts';
import type { NewEvent } from '../incident/events.ts';
import type { Evidence } from '../incident/evidence.ts';
import type { Incident } from '../incident/fold.ts';
import type { NamedEnvironment } from '../runbook/references.ts';
import type { Runbook, RunbookStep } from '../runbook/schema.ts';
import type { LogStreams } from '../logs/log-streams.ts';
import type { AwsSession } from '../services/aws/session.ts';
import type { Endpoints } from '../services/endpoints.ts';
import type { Inputs } from './inputs.ts';

/** The outside systems as a step may use them. */
export interface Services {
  readonly endpoints: Endpoints;
  /** @throws UserError when the environment names no AWS resources */
  aws(environment: NamedEnvironment): AwsSession;
  /** The database's connection string, a secret; undefined when none is set. */
  databaseUrl(environment: string): Promise<string | undefined>;
  readonly logStreams: LogStreams;
}

export interface StepContext {
  /** Undefined when nothing is declared yet: the checks of chapter 3 run before there is an incident. */
  readonly incident: Incident | undefined;
  readonly step: RunbookStep;
  readonly runbook: Runbook;
  readonly environment: NamedEnvironment;
  readonly services: Services;
  readonly clock: Clock;
}

/** Looks and changes nothing. */
export interface ReadAction {
  readonly kind: 'read';
  run(context: StepContext, inputs: Inputs, signal: AbortSignal): Promise<Evidence>;
}

/** Writes something on the timeline that is not evidence: an acknowledgement, a finding, a role. */
export interface RecordAction {
  readonly kind: 'record';
  record(context: StepContext & { readonly incident: Incident }, inputs: Inputs): { readonly events: readonly NewEvent[]; readonly summary: string };
}

/** Runs every step the runbook marks with `investigate` at once. */
export interface InvestigateAction {
  readonly kind: 'investigate';
}

export type Action = ReadAction | RecordAction | InvestigateAction;
