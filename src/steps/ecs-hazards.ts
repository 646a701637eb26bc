/** What a person should know before tasks of an ECS service are replaced or added, found by looking. */
import { formatDuration } from '../incident/clock.ts';
import type { Level } from '../incident/evidence.ts';
import type { Incident } from '../incident/fold.ts';
import type { Hazard } from '../incident/plan.ts';
import { plural } from '../text.ts';
import type { ScalableTarget } from '../services/aws/autoscaling.ts';
import type { EcsService } from '../services/aws/ecs.ts';
import type { TaskDefinition } from '../services/aws/ecs-changes.ts';
import { primaryOf } from './ecs-target.ts';
import type { ChangeContext } from './step.ts';

const GRAVEST_FIRST: readonly Hazard['level'][] = ['danger', 'warn', 'note'];

/** The gravest first. */
export function sorted(hazards: readonly Hazard[]): readonly Hazard[] {
  return [...hazards].sort((a, b) => GRAVEST_FIRST.indexOf(a.level) - GRAVEST_FIRST.indexOf(b.level));
}

/** So many tasks run at most while a service's tasks are replaced. */
export function tasksAtMost({ desired, maximumPercent, strategy }: EcsService): number {
  // The other strategies start a whole second set before the first one goes.
  return strategy === 'ROLLING' ? Math.max(desired, Math.floor(desired * maximumPercent / 100)) : desired * 2;
}

/** So many tasks serve at least. */
export function tasksAtLeast({ desired, minimumHealthyPercent, strategy }: EcsService): number {
  return strategy === 'ROLLING' ? Math.min(desired, Math.ceil(desired * minimumHealthyPercent / 100)) : desired;
}

/** Of replacing the tasks of one service by new ones of a task definition. @param now epoch ms */
export function rolloutHazards(service: EcsService, definition: TaskDefinition, now: number): readonly Hazard[] {
  return [...imageHazards(definition), ...shapeHazards(service), ...stateHazards(service, now), breakerHazard(service)];
}

function imageHazards({ containers }: TaskDefinition): readonly Hazard[] {
  return [...new Set(containers.map(({ image }) => image))].filter((image) => !image.includes('@sha256:')).map((image) => {
    const name = shortImage(image);
    const tag = /:([^/:]+)$/.exec(name)?.[1];
    return {
      level: 'warn',
      text: tag === undefined || tag === 'latest'
        ? `The image ${name}${tag === undefined ? ' has no tag, which means "latest", and' : ''} is whatever was pushed last: the new tasks may run code that has not run here before.`
        : `The image ${name} is named by a tag and not by a digest: if the tag was pushed again, the new tasks run other code than the old ones.`,
    };
  });
}

/** Without the registry, which is long and always the same. */
function shortImage(image: string): string {
  const [host = '', ...rest] = image.split('/');
  return rest.length > 0 && /[.:]/.test(host) ? rest.join('/') : image;
}

/** minimumHealthyPercent and maximumPercent, and what they come to here. */
function shapeHazards(service: EcsService): readonly Hazard[] {
  const { name, desired, minimumHealthyPercent, maximumPercent, strategy } = service;
  const [least, most] = [tasksAtLeast(service), tasksAtMost(service)];
  if (strategy !== 'ROLLING') {
    return [{ level: 'note', text: `${name} deploys by ${strategy}: all ${plural(desired, 'new task')} start beside the ${desired} old ones, ${most} at most, before the traffic moves.` }];
  }
  if (most <= desired && least >= desired) {
    return [{ level: 'danger', text: `${name} can neither stop an old task nor start a new one: of ${plural(desired, 'task')} at least ${least} must run (minimum healthy ${minimumHealthyPercent} %) and at most ${most} may (maximum ${maximumPercent} %). The rollout would not move; change the service's deployment configuration first.` }];
  }
  const settings = `minimum healthy ${minimumHealthyPercent} %, maximum ${maximumPercent} %`;
  return [least < desired
    ? { level: 'warn', text: `During the rollout as few as ${least} of ${plural(desired, 'task')} of ${name} may serve, and at most ${most} run (${settings}).` }
    : { level: 'note', text: `All ${plural(desired, 'task')} of ${name} stay until new ones are healthy; at most ${most} run at once during the rollout (${settings}).` }];
}

/** What is wrong with the service already. @param now epoch ms */
export function stateHazards(service: EcsService, now: number): readonly Hazard[] {
  const { name, deployments, running, desired } = service;
  const primary = primaryOf(service);
  const underWay = primary !== undefined && (primary.rolloutState === 'IN_PROGRESS' || deployments.length > 1);
  return [
    ...(underWay ? [{ level: 'warn' as const, text: `A rollout of ${primary.taskDefinition} is under way on ${name} since ${formatDuration(now - primary.createdAt)}: ${primary.running} of ${primary.desired} of its tasks run. Wait for it to end, unless it is what you want to break off.` }] : []),
    ...(primary?.rolloutState === 'FAILED' ? [{ level: 'warn' as const, text: `The last deployment of ${name}, of ${primary.taskDefinition}, failed (${primary.rolloutReason || 'no reason given'}). New tasks may fail in the same way.` }] : []),
    ...(running < desired ? [{ level: 'warn' as const, text: `Only ${running} of ${plural(desired, 'task')} of ${name} run now: ECS cannot start or keep the others, for want of capacity or health, and new ones may fail in the same way. Look at the service events first.` }] : []),
  ];
}

/** For how many tasks that fail the circuit breaker waits: half of the desired ones, but 3 to 200 (ECS developer guide). */
function breakerThreshold(desired: number): number {
  return Math.min(200, Math.max(3, Math.ceil(desired * 0.5)));
}

function breakerHazard({ name, desired, circuitBreaker: { enabled, rollback } }: EcsService): Hazard {
  if (!enabled) {
    return { level: 'warn', text: `The deployment circuit breaker of ${name} is off: if new tasks fail, ECS tries again without end and never calls the deployment failed. Watch the tasks that fail to start.` };
  }
  const after = `after ${plural(breakerThreshold(desired), 'failed task')}`;
  return rollback
    ? { level: 'note', text: `The deployment circuit breaker of ${name} is on, with rollback: ${after} ECS goes back to the last completed deployment by itself.` }
    : { level: 'note', text: `The deployment circuit breaker of ${name} is on, without rollback: ${after} ECS gives up and leaves the old tasks that still run.` };
}

/** What the last checks of the database said about room for more connections. */
interface Room {
  readonly level: Level;
  readonly summary: string;
  /** Epoch ms. */
  readonly at: number;
  readonly used?: number;
  readonly limit?: number;
}

/**
 * Every task has a connection pool of its own: what more tasks at once do to the database's connections, by the
 * evidence of this incident.
 *
 * @param during whether the old tasks are there as well only for the time of a rollout
 */
export function connectionHazards(context: ChangeContext, tasks: { readonly now: number; readonly then: number; readonly during?: 'rollout' }): readonly Hazard[] {
  if (tasks.then <= tasks.now) {
    return [];
  }
  const more = tasks.during === undefined ? `${tasks.then} tasks instead of ${tasks.now}` : `${tasks.then} tasks at once instead of ${tasks.now} during the rollout`;
  const rooms = roomOf(context);
  const [worst] = [...rooms].sort((a, b) => ['bad', 'warn', 'ok', 'unknown'].indexOf(a.level) - ['bad', 'warn', 'ok', 'unknown'].indexOf(b.level));
  if (worst === undefined || worst.level === 'unknown') {
    return [{ level: 'note', text: `${more} open more database connections, and this incident has no evidence of how many are free. Check the connection pool first.` }];
  }
  const seen = `${formatDuration(context.clock.now() - worst.at)} ago: ${worst.summary}`;
  const measured = rooms.find(({ used, limit }) => used !== undefined && limit !== undefined);
  const expected = measured?.used === undefined || tasks.now === 0 ? undefined : Math.round(measured.used * tasks.then / tasks.now);
  const limit = measured?.limit;
  const sum = expected === undefined || limit === undefined ? '' : ` At the present number per task that makes about ${expected}, and the limit is ${limit}.`;
  const times = tasks.now === 0 ? '' : ` to ${Number((tasks.then / tasks.now).toFixed(1))} times as many`;
  if (worst.level === 'bad') {
    return [{ level: 'danger', text: `The database was in trouble ${seen}. ${more} can raise its connections${times}, since each holds a pool of its own.${sum} New tasks may get no connection and fail to start.` }];
  }
  if (expected !== undefined && limit !== undefined && expected > limit) {
    return [{ level: 'danger', text: `${more} open more database connections than there are.${sum} Checked ${seen}.` }];
  }
  return [{ level: worst.level === 'warn' ? 'warn' : 'note', text: `${more} open more database connections.${sum} Checked ${seen}.` }];
}

const ROOM_CHECKS = ['checkConnectionPool', 'checkDatabaseConnectivity'];

function roomOf({ runbook, incident }: ChangeContext): readonly Room[] {
  const ids = runbook.steps.filter(({ action }) => ROOM_CHECKS.includes(action)).map(({ id }) => id);
  return ids.flatMap((id) => {
    const record: ReturnType<Incident['steps']['get']> = incident.steps.get(id);
    if (record === undefined) {
      return [];
    }
    const { used, last, limit } = record.evidence?.data ?? {};
    const inUse = typeof used === 'number' ? used : last;
    return [{
      level: record.level, summary: record.summary, at: Date.parse(record.at),
      ...(typeof inUse === 'number' ? { used: inUse } : {}), ...(typeof limit === 'number' ? { limit } : {}),
    }];
  });
}

/** What Application Auto Scaling will make of a number of tasks; `unseen` is why it could not be asked. */
export function scalingHazards(wanted: number, target: ScalableTarget | undefined, unseen?: string): readonly Hazard[] {
  if (unseen !== undefined) {
    return [{ level: 'warn', text: `Whether Application Auto Scaling will take this back could not be seen: ${unseen}` }];
  }
  if (target === undefined) {
    return [{ level: 'note', text: 'Application Auto Scaling does not manage this service: the number stays until somebody changes it.' }];
  }
  const range = `Application Auto Scaling keeps this service between ${target.min} and ${plural(target.max, 'task')}`;
  if (wanted > target.max) {
    return [{ level: 'danger', text: `${range}: ${wanted} is above its maximum of ${target.max}, and its next scaling action takes the service back to ${target.max}. Raise the maximum first, or ask for at most ${target.max}.` }];
  }
  if (wanted < target.min) {
    return [{ level: 'danger', text: `${range}: ${wanted} is below its minimum of ${target.min}, and its next scaling action raises the service to ${target.min} again.` }];
  }
  return [target.scaleInSuspended
    ? { level: 'note', text: `${range}, and is told not to take tasks away.` }
    : { level: 'note', text: `${range}: when the load falls, it may take tasks away again.` }];
}
