/** Events about changes to production and the watch over what came of them (runbook 6, 12). */
import type { EventBase } from './event-base.ts';
import type { Level } from './evidence.ts';
import type { JsonObject, Plan } from './plan.ts';

/** A change was planned and shown; nothing has happened (runbook 6, 12). */
export interface ChangePlanned extends EventBase<'change.planned'> {
  readonly plan: Plan;
  /** Installation that planned it. */
  readonly origin: string;
}

/** A person agrees to exactly this plan. */
export interface ChangeApproved extends EventBase<'change.approved'> {
  /** Id of the `change.planned` that was looked at. */
  readonly plan: string;
  readonly hash: string;
  /** ISO 8601 UTC. */
  readonly until: string;
}

/** Written before anything is sent, so that a crash in between is known of. */
export interface ChangeRequested extends EventBase<'change.requested'> {
  /** Id of the `change.planned`. */
  readonly plan: string;
  readonly hash: string;
  /** Installation that makes it. */
  readonly origin: string;
}

/** The calls of a change went through; whether the world follows is seen later. */
export interface ChangeMade extends EventBase<'change.made'> {
  /** Id of the `change.planned`. */
  readonly plan: string;
  /** What was answered, as far as following and undoing need it. */
  readonly result: JsonObject;
}

/** A watch over the stability of what was mitigated has begun (runbook 6.3). */
export interface WatchStarted extends EventBase<'watch.started'> {
  readonly step: string;
  /** How long it must stay quiet, minutes. */
  readonly minutes: number;
  /** Installation that watches. */
  readonly origin: string;
}

/** One look of a watch. */
export interface WatchSampled extends EventBase<'watch.sampled'> {
  /** Id of the `watch.started`. */
  readonly watch: string;
  readonly level: Level;
  /** Why it is not ok; empty when it is. */
  readonly reason: string;
  /** Name → value, e.g. `errorsPerMinute`; null where nothing could be read. */
  readonly values: { readonly [name: string]: number | null };
}

/** The quiet time begins anew. */
export interface WatchRestarted extends EventBase<'watch.restarted'> {
  /** Id of the `watch.started`. */
  readonly watch: string;
  readonly reason: string;
}

/** A watch has ended, however it did; what it saw is in the step's result. */
export interface WatchEnded extends EventBase<'watch.ended'> {
  /** Id of the `watch.started`. */
  readonly watch: string;
  readonly outcome: 'stable' | 'stopped';
}
