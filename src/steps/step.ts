import type { Clock } from '../incident/clock.ts';
import type { DeliveryRequest, NewEvent } from '../incident/events.ts';
import type { Evidence, Level } from '../incident/evidence.ts';
import type { Incident } from '../incident/fold.ts';
import type { NamedEnvironment } from '../runbook/references.ts';
import type { Runbook, RunbookStep } from '../runbook/schema.ts';
import type { LogStreams } from '../logs/log-streams.ts';
import type { AwsSession } from '../services/aws/session.ts';
import type { ConnectableService, Connections } from '../services/connections.ts';
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
  readonly connections: Connections;
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
  /** While this service is not connected, an investigation leaves the check out: it does not apply. */
  readonly needs?: ConnectableService;
  run(context: StepContext, inputs: Inputs, signal: AbortSignal): Promise<Evidence>;
}

/** Writes something on the timeline that is not evidence: an acknowledgement, a finding, a role. */
export interface RecordAction {
  readonly kind: 'record';
  record(context: StepContext & { readonly incident: Incident }, inputs: Inputs): { readonly events: readonly NewEvent[]; readonly summary: string };
}

/** A delivery that a step asks for; `after` holds places in the same list. */
export interface Letter extends Omit<DeliveryRequest, 'step' | 'after'> {
  readonly after?: readonly number[];
  /** Why a person has to do it: then it is not sent, only offered. */
  readonly byHand?: string;
}

/** What a step would tell whom, before anything is sent. */
export interface Post {
  /** Recorded before anything is sent: an acknowledgement, an update. */
  readonly events: readonly NewEvent[];
  /** In the order in which they are sent; those of one service one after the other. */
  readonly letters: readonly Letter[];
  /** What it comes to, in a line. */
  readonly summary: string;
  /** `warn` when somebody who should hear of it cannot be reached. Default `ok`. */
  readonly level?: Level;
  /** What to mind: who cannot be reached now, whom to call instead. Markdown. */
  readonly notes?: readonly string[];
  readonly facts?: Evidence['data'];
}

/** Reaches people or systems outside, by way of deliveries (runbook 4, 7, 8, 9). */
export interface PostAction {
  readonly kind: 'post';
  /** Two responders may do it at the same time without harm, so nobody is asked whose turn it is. */
  readonly concurrent?: true;
  /** Looks and composes; sends nothing and records nothing. @throws UserError when there is nothing to send, or not yet */
  compose(context: StepContext & { readonly incident: Incident }, inputs: Inputs, signal: AbortSignal): Promise<Post>;
}

/** Runs every step the runbook marks with `investigate` at once. */
export interface InvestigateAction {
  readonly kind: 'investigate';
}

export type Action = ReadAction | RecordAction | PostAction | InvestigateAction;
