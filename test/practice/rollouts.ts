import type { Random } from './random.ts';
import { TARGET_GROUP_ARN } from './resources.ts';

/** One deployment as DescribeServices shows it; times in epoch ms. */
export interface Deployment {
  readonly id: string;
  status: 'PRIMARY' | 'ACTIVE';
  readonly taskDefinition: string;
  desired: number;
  running: number;
  pending: number;
  failedTasks: number;
  readonly createdAt: number;
  updatedAt: number;
  rolloutState: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';
  rolloutStateReason: string;
}

export interface ServiceEvent {
  readonly id: string;
  /** Epoch ms. */
  readonly at: number;
  readonly message: string;
}

/** How the next rollouts go. */
export interface RolloutBehaviour {
  /** ms from UpdateService to COMPLETED or FAILED. */
  readonly durationMs: number;
  /** `rolledBack`: failed, and the circuit breaker goes back to the deployment before. */
  readonly outcome: 'completed' | 'failed' | 'rolledBack';
}

/** A change of a service: new tasks for all (`replace`), or only another number of them (`scale`). */
export type Change = { readonly kind: 'replace'; readonly taskDefinition: string; readonly desired: number }
  | { readonly kind: 'scale'; readonly desired: number };

/** What is going on in one ECS service. Moves only when `advance` is told the time. */
export interface ServiceRollouts {
  readonly name: string;
  readonly desired: number;
  /** Newest first. */
  readonly events: readonly ServiceEvent[];
  readonly deployments: readonly Deployment[];
  /** Ids of the tasks that serve requests. */
  readonly tasks: readonly string[];
  start(change: Change, now: number, behaviour: RolloutBehaviour): void;
  advance(now: number): void;
  /** One task failing its health checks and being replaced, spread over successive calls. */
  churn(now: number): void;
  /** Puts an event in the list, worded by the caller; `text` follows "(service NAME) ". */
  note(text: string, at: number): void;
}

export interface ServiceSeed {
  readonly name: string;
  readonly taskDefinition: string;
  readonly desired: number;
  /** When the running deployment began, epoch ms. */
  readonly deployedAt: number;
}

const EVENTS_KEPT = 100;

export function createServiceRollouts(
  seed: ServiceSeed, random: Random, onSettled: (kind: Change['kind'], outcome: RolloutBehaviour['outcome'], at: number) => void,
): ServiceRollouts {
  let deployments: Deployment[] = [];
  let events: ServiceEvent[] = [];
  let tasks: string[] = newTasks(seed.desired);
  let plan: { at: number; run: (at: number) => void }[] = [];
  let churned = 0;

  function newTasks(count: number): string[] {
    return Array.from({ length: count }, () => random.hex(32));
  }
  const named = (ids: readonly string[]): string => ids.map((id) => `(task ${id})`).join(' ');
  const note = (text: string, at: number): void => {
    events = [{ id: random.uuid(), at, message: `(service ${seed.name}) ${text}` }, ...events].slice(0, EVENTS_KEPT);
  };
  const primary = (): Deployment => {
    const found = deployments.find((deployment) => deployment.status === 'PRIMARY');
    if (found === undefined) {
      throw new Error(`Service ${seed.name} has no primary deployment`);
    }
    return found;
  };
  const create = (taskDefinition: string, desired: number, at: number): Deployment => {
    const id = `ecs-svc/${random.whole(1_000_000_000, 9_999_999_999)}${random.whole(100_000_000, 999_999_999)}`;
    return {
      id, status: 'PRIMARY', taskDefinition, desired, running: 0, pending: desired, failedTasks: 0,
      createdAt: at, updatedAt: at, rolloutState: 'IN_PROGRESS', rolloutStateReason: `ECS deployment ${id} in progress.`,
    };
  };
  const move = (running: number, pending: number, at: number): void => {
    const deployment = primary();
    const joined = running - deployment.running;
    Object.assign(deployment, { running, pending, updatedAt: at });
    if (joined > 0) {
      note(`registered ${joined} targets in (target-group ${TARGET_GROUP_ARN})`, at);
    }
  };
  const complete = (at: number): void => {
    const deployment = primary();
    deployment.rolloutState = 'COMPLETED';
    deployment.rolloutStateReason = `ECS deployment ${deployment.id} completed.`;
    deployment.updatedAt = at;
  };
  const retire = (ids: readonly string[], at: number): void => {
    note(`has stopped ${ids.length} running tasks: ${named(ids)}.`, at);
  };
  const drain = (count: number, at: number): void => {
    note(`deregistered ${count} targets in (target-group ${TARGET_GROUP_ARN})`, at);
    note(`has begun draining connections on ${count} tasks.`, at);
  };

  /** The tasks of the deployment before the failed one go on, under a deployment of their own. */
  const goBack = (failed: Deployment, at: number): void => {
    const before = deployments.find((deployment) => deployment !== failed) ?? failed;
    const again = create(before.taskDefinition, failed.desired, at);
    again.rolloutStateReason = `ECS deployment circuit breaker: rolling back to deploymentId ${before.id}.`;
    Object.assign(again, { running: before.running, pending: Math.max(0, again.desired - before.running) });
    failed.status = 'ACTIVE';
    deployments = [again, failed];
    note(`rolling back to deployment ${before.id}.`, at);
  };

  /** New tasks beside the old ones, then the old ones leave (minimum healthy 100 %, maximum 200 %). */
  const replace = (desired: number, now: number, behaviour: RolloutBehaviour): void => {
    const fresh = newTasks(desired);
    const after = (share: number): number => now + share * behaviour.durationMs;
    note(`has started ${desired} tasks: ${named(fresh)}.`, now);
    if (behaviour.outcome !== 'completed') {
      const rollsBack = behaviour.outcome === 'rolledBack';
      plan = [
        ...[0.2, 0.4, 0.6].map((share, index) => ({ at: after(share), run: (at: number) => {
          primary().failedTasks += 1;
          note(`(task ${fresh[index % fresh.length] ?? ''}) failed container health checks.`, at);
        } })),
        { at: after(rollsBack ? 0.7 : 1), run: (at) => {
          const deployment = primary();
          Object.assign(deployment, {
            rolloutState: 'FAILED', running: 0, pending: 0, updatedAt: at,
            rolloutStateReason: 'ECS deployment circuit breaker: tasks failed to start.',
          });
          note(`(deployment ${deployment.id}) deployment failed: tasks failed to start.`, at);
          if (rollsBack) {
            goBack(deployment, at);
          }
          onSettled('replace', behaviour.outcome, at);
        } },
        ...(rollsBack ? [{ at: after(1), run: (at: number) => {
          deployments = deployments.filter((deployment) => deployment.status === 'PRIMARY');
          complete(at);
          note('has reached a steady state.', at);
        } }] : []),
      ];
      return;
    }
    plan = [
      { at: after(0.25), run: (at) => move(Math.ceil(desired / 2), desired - Math.ceil(desired / 2), at) },
      { at: after(0.5), run: (at) => move(desired, 0, at) },
      { at: after(0.6), run: (at) => drain(tasks.length, at) },
      { at: after(0.8), run: (at) => {
        retire(tasks, at);
        tasks = fresh;
        deployments = deployments.filter((deployment) => deployment.status === 'PRIMARY');
      } },
      { at: after(1), run: (at) => {
        complete(at);
        note(`(deployment ${primary().id}) deployment completed.`, at);
        note('has reached a steady state.', at);
        onSettled('replace', 'completed', at);
      } },
    ];
  };

  const scale = (desired: number, now: number, behaviour: RolloutBehaviour): void => {
    const deployment = primary();
    const before = deployment.running;
    const more = newTasks(Math.max(0, desired - before));
    Object.assign(deployment, {
      desired, pending: more.length, updatedAt: now, rolloutState: 'IN_PROGRESS',
      rolloutStateReason: `ECS deployment ${deployment.id} in progress.`,
    });
    if (more.length > 0) {
      note(`has started ${more.length} tasks: ${named(more)}.`, now);
    } else if (desired < before) {
      drain(before - desired, now);
    }
    plan = [
      { at: now + behaviour.durationMs / 2, run: (at) => {
        const half = Math.round((before + desired) / 2);
        move(half, Math.max(0, desired - half), at);
      } },
      { at: now + behaviour.durationMs, run: (at) => {
        move(desired, 0, at);
        if (desired < before) {
          retire(tasks.slice(desired), at);
        }
        tasks = [...tasks, ...more].slice(0, desired);
        complete(at);
        note('has reached a steady state.', at);
        onSettled('scale', 'completed', at);
      } },
    ];
  };

  const service: ServiceRollouts = {
    name: seed.name,
    get desired() { return primary().desired; },
    get events() { return events; },
    get deployments() { return deployments; },
    get tasks() { return tasks; },
    note,
    start(change, now, behaviour) {
      service.advance(now);
      const replacing = deployments.length > 1;
      if (change.kind === 'scale' && !replacing) {
        scale(change.desired, now, behaviour);
        return;
      }
      if (change.kind === 'scale') {
        // The rollout under way goes on with the new number of tasks.
        Object.assign(primary(), { desired: change.desired, pending: Math.max(0, change.desired - primary().running) });
      } else {
        for (const deployment of deployments) {
          Object.assign(deployment, { status: 'ACTIVE', pending: 0, updatedAt: now });
        }
        deployments = [create(change.taskDefinition, change.desired, now), ...deployments.filter((old) => old.running > 0)];
      }
      replace(change.desired, now, behaviour);
    },
    advance(now) {
      // A step may replace the plan, so it is looked at afresh each time.
      for (let step = plan[0]; step !== undefined && step.at <= now; step = plan[0]) {
        plan = plan.slice(1);
        step.run(step.at);
      }
    },
    churn(now) {
      const [task, ...others] = tasks;
      if (plan.length > 0 || task === undefined) {
        return;
      }
      const deployment = primary();
      const stage = churned++ % 3;
      if (stage === 0) {
        note(`(task ${task}) failed container health checks.`, now);
        note(`(task ${task}) (port 8080) is unhealthy in (target-group ${TARGET_GROUP_ARN}) due to `
          + '(reason Health checks failed with these codes: [503])', now);
      } else if (stage === 1) {
        const fresh = random.hex(32);
        retire([task], now);
        note(`has started 1 tasks: ${named([fresh])}.`, now);
        tasks = [...others, fresh];
        Object.assign(deployment, { running: deployment.desired - 1, pending: 1, failedTasks: deployment.failedTasks + 1 });
      } else {
        move(deployment.desired, 0, now);
      }
    },
  };

  const first = create(seed.taskDefinition, seed.desired, seed.deployedAt);
  deployments = [Object.assign(first, { running: seed.desired, pending: 0 })];
  complete(seed.deployedAt);
  return service;
}
