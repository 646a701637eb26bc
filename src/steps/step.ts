import type { Clock } from '../incident/clock.ts';
import type { DeliveryRequest, NewEvent } from '../incident/events.ts';
import type { Change } from '../incident/changes.ts';
import type { Delivery } from '../incident/deliveries.ts';
import type { Evidence, Level } from '../incident/evidence.ts';
import type { Incident } from '../incident/fold.ts';
import type { ChangeEffect, Draft, JsonObject, Plan } from '../incident/plan.ts';
import type { Watch, WatchSample } from '../incident/watches.ts';
import type { NamedEnvironment } from '../runbook/references.ts';
import type { Runbook, RunbookStep } from '../runbook/schema.ts';
import type { LogStreams } from '../logs/log-streams.ts';
import type { AwsSession } from '../services/aws/session.ts';
import type { ConnectableService, Connections } from '../services/connections.ts';
import type { Endpoints } from '../services/endpoints.ts';
import type { Tasks } from '../services/tasks.ts';
import type { Inputs } from './inputs.ts';

/** The outside systems as a step may use them. */
export interface Services {
  readonly endpoints: Endpoints;
  /** @throws UserError when the environment names no AWS resources */
  aws(environment: NamedEnvironment): AwsSession;
  /** The database's connection string, a secret; undefined when none is set. */
  databaseUrl(environment: string): Promise<string | undefined>;
  /** The cache's connection string (redis: or rediss:), a secret; undefined when none is set. */
  redisUrl(environment: string): Promise<string | undefined>;
  readonly logStreams: LogStreams;
  readonly tasks: Tasks;
  readonly connections: Connections;
  /** What the settings say of review documents; the defaults while it is unset. */
  readonly review?: ReviewSettings;
}

export interface ReviewSettings {
  /** Path of the document, with `${date}`, `${slug}` and `${incident}`; relative to the workspace folder. */
  readonly path: string;
  /** For so long nothing has to be recorded before it is marked as a gap, minutes. */
  readonly gapMinutes: number;
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
  /** It belongs to the time after the incident: closure and review (runbook 9, 10). */
  readonly afterClosing?: true;
  /** It shows what is known already, so nothing is put on the timeline. */
  readonly unrecorded?: true;
  /** While this service is not connected, an investigation leaves the check out: it does not apply. */
  readonly needs?: ConnectableService;
  run(context: StepContext, inputs: Inputs, signal: AbortSignal): Promise<Evidence>;
}

/** Writes something on the timeline that is not evidence: an acknowledgement, a finding, a role. */
export interface RecordAction {
  readonly kind: 'record';
  /** It belongs to the time after the incident: closure and review (runbook 9, 10). */
  readonly afterClosing?: true;
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
  /** It belongs to the time after the incident: closure and review (runbook 9, 10). */
  readonly afterClosing?: true;
  /** Two responders may do it at the same time without harm, so nobody is asked whose turn it is. */
  readonly concurrent?: true;
  /** Looks and composes; sends nothing and records nothing. @throws UserError when there is nothing to send, or not yet */
  compose(context: StepContext & { readonly incident: Incident }, inputs: Inputs, signal: AbortSignal): Promise<Post>;
  /** What is recorded of a letter that has arrived while the step waited for it. */
  arrived?(delivery: Delivery): readonly NewEvent[];
}

/** Where a change stands in the world. */
export interface Outlook {
  /**
   * `not made`: the world is as it was before. `unclear`: it cannot be told; a person has to look. While `underway` it
   * is looked at again.
   */
  readonly state: 'underway' | 'done' | 'failed' | 'not made' | 'unclear';
  /** In a line, with numbers: `2 of 4 new tasks run`. Plain text. */
  readonly summary: string;
  /** How far it is, 0 to 1. */
  readonly portion?: number;
  /** Recorded with the result: what there is now, Markdown (outside text escaped), and the facts. */
  readonly markdown?: string;
  readonly data?: JsonObject;
}

export type ChangeContext = StepContext & { readonly incident: Incident };

/**
 * Changes production (runbook 6, 12). The runner checks the AWS account, shows the plan, binds the approval to its
 * hash, records before and after, watches until the world has settled and offers the way back.
 */
export interface ChangeAction {
  readonly kind: 'change';
  readonly effect: ChangeEffect;
  /** Whose right it is checked against before anything else. */
  readonly system: 'aws' | 'redis' | 'workspace';
  /** Looks and changes nothing. @throws UserError when it must not be done, with what to do instead */
  plan(context: ChangeContext, inputs: Inputs, signal: AbortSignal): Promise<Draft>;
  /**
   * The way back, from what there is now to what there was before. `change.plan` is as it was applied, and
   * `change.made.result` what `apply` gave. Its draft is applied, followed and looked at by the same functions.
   *
   * @throws UserError when it must not be done
   */
  planUndo?(context: ChangeContext, change: Change, signal: AbortSignal): Promise<Draft>;
  /**
   * Does exactly what `plan.after` says, with calls that are not repeated by themselves (`AwsSession.writer`), and
   * returns once they are answered. It is never cancelled half way. After an error `look` tells what became of it.
   */
  apply(context: ChangeContext, plan: Plan): Promise<JsonObject>;
  /**
   * Looks once; changes nothing. Also after a crash: then `made` is unset, and whether it was made is to be found out.
   *
   * @param made what `apply` gave
   */
  look(context: ChangeContext, plan: Plan, made: JsonObject | undefined, signal: AbortSignal): Promise<Outlook>;
  /** Between two looks, ms. Default 2000. */
  readonly lookEveryMs?: number;
  /** For so long it is followed at most, ms. Default 30 min. */
  readonly followMs?: number;
}

/** Looks again and again until it has been quiet for long enough (runbook 6.3). */
export interface WatchAction {
  readonly kind: 'watch';
  /** Between two looks, ms. */
  readonly everyMs: number;
  /** Looks once. `bad` begins the quiet time anew. */
  sample(context: ChangeContext, watch: Watch, signal: AbortSignal): Promise<Pick<WatchSample, 'level' | 'reason' | 'values'>>;
  /** What was seen in all. @param now epoch ms */
  conclude(watch: Watch, now: number): Omit<Evidence, 'level' | 'summary'>;
}

/** Runs every step the runbook marks with `investigate` at once. */
export interface InvestigateAction {
  readonly kind: 'investigate';
}

export type Action = ReadAction | RecordAction | PostAction | ChangeAction | WatchAction | InvestigateAction;
