/** Runbook 6.1: restart and scale the application services. */
import { CancelledError, UserError, messageOf } from '../errors.ts';
import type { Draft, Hazard, JsonObject, Plan } from '../incident/plan.ts';
import type { EcsService } from '../services/aws/ecs.ts';
import { plural } from '../text.ts';
import { connectionHazards, rolloutHazards, scalingHazards, sorted, stateHazards, tasksAtMost } from './ecs-hazards.ts';
import { judgeRollout, together, trouble, withService } from './ecs-rollout.ts';
import { activeService, activeServices, checkDeployable, describeAll, ecsCommand, numberOf, objectsOf, primaryOf, textOf } from './ecs-target.ts';
import type { ChangeAction, ChangeContext, Outlook } from './step.ts';

/** ECS runs at most so many tasks of a service (Amazon ECS service quotas). */
const MOST_TASKS = 5_000;
const MINUTE_MS = 60_000;
const FOLLOW_MS = 30 * MINUTE_MS;
const SYSTEM = 'Amazon ECS';
/** A wish of more than so many times the tasks of now is perhaps mistyped. */
const MANY_TIMES = 3;

/**
 * New tasks of the same task definition (UpdateService with forceNewDeployment, runbook 6.1). It has no undo.
 * Inputs: cluster, service.
 */
export const restartService: ChangeAction = {
  kind: 'change', effect: 'change', system: 'aws', followMs: FOLLOW_MS,
  plan: (context, inputs, signal) => planRestart(context, inputs.text('cluster', context.environment.data.aws?.cluster), [inputs.text('service', context.environment.data.aws?.services[0])], signal),
  apply: applyRestart,
  look: lookAtRestart,
};

/**
 * Restart of all application services at once, so that each opens its connections anew (runbook 6.1, 12.1). It has no
 * undo. Inputs: cluster, services.
 */
export const restartDatabaseConnections: ChangeAction = {
  kind: 'change', effect: 'change', system: 'aws', followMs: FOLLOW_MS,
  plan: (context, inputs, signal) => planRestart(context, inputs.text('cluster', context.environment.data.aws?.cluster), inputs.list('services', context.environment.data.aws?.services), signal),
  apply: applyRestart,
  look: lookAtRestart,
};

async function planRestart(context: ChangeContext, cluster: string, wanted: readonly string[], signal: AbortSignal): Promise<Draft> {
  const { services, environment, clock } = context;
  const names = [...new Set(wanted)];
  const found = await activeServices(context, cluster, names, signal);
  for (const service of found) {
    checkDeployable(service, 'restart');
  }
  const { describeTaskDefinition } = await import('../services/aws/ecs-changes.ts');
  const aws = services.aws(environment);
  const hazards = await Promise.all(found.map(async (service) => rolloutHazards(service, await describeTaskDefinition(aws, service.taskDefinition, signal), clock.now())));
  const sum = (of: (service: EcsService) => number): number => found.reduce((total, service) => total + of(service), 0);
  const tasks = sum(({ desired }) => desired);
  return {
    system: SYSTEM,
    resource: `${cluster}/${names.join(', ')}`,
    ...(found[0] === undefined ? {} : { arn: found[0].arn }),
    summary: `Restart ${names.join(' and ')}: replace ${plural(tasks, 'task')} with new ones of the same task definition`,
    differences: found.map(({ name, running, desired, taskDefinition }) => ({ name, before: `${running} of ${plural(desired, 'task')} of ${taskDefinition} running`, after: `${plural(desired, 'new task')} of ${taskDefinition}` })),
    before: { services: found.map((service) => ({ service: service.name, deployment: primaryOf(service)?.id ?? '', taskDefinition: service.taskDefinition })) },
    after: { kind: 'restart', cluster, services: names },
    command: names.map((name) => ecsCommand('update-service', ['--region', aws.options.region], ['--cluster', cluster], ['--service', name], ['--force-new-deployment'])).join('\n'),
    hazards: sorted([...connectionHazards(context, { now: tasks, then: sum(tasksAtMost), during: 'rollout' }), ...hazards.flat()]),
    undo: { possible: false, how: 'No undo: a restart has nothing to go back to.' },
    follow: `The rollout${names.length > 1 ? 's are' : ' is'} followed until all new tasks run and the old ones are gone, for at most ${FOLLOW_MS / MINUTE_MS} min.`,
  };
}

async function applyRestart({ services, environment }: ChangeContext, { before, after }: Plan): Promise<JsonObject> {
  const { updateService } = await import('../services/aws/ecs-changes.ts');
  const aws = services.aws(environment);
  const cluster = textOf(after, 'cluster');
  const deployments: JsonObject[] = [];
  // One after the other: when one is refused, the rest keeps its tasks.
  for (const name of objectsOf(before, 'services').map((part) => textOf(part, 'service'))) {
    const service = await updateService(aws, { cluster, service: name, forceNewDeployment: true }, `restarting ${name}`);
    deployments.push({ service: name, deployment: primaryOf(service)?.id ?? '' });
  }
  return { deployments };
}

async function lookAtRestart(context: ChangeContext, plan: Plan, made: JsonObject | undefined, signal: AbortSignal): Promise<Outlook> {
  const parts = objectsOf(plan.before, 'services').map((part) => ({ name: textOf(part, 'service'), before: textOf(part, 'deployment'), taskDefinition: textOf(part, 'taskDefinition') }));
  const seen = await describeAll(context, textOf(plan.after, 'cluster'), parts.map(({ name }) => name), signal);
  const since = requestedAt(context, plan);
  return together(parts.map(({ name, before, taskDefinition }, index) => {
    const service = seen[index]?.service;
    if (service === undefined) {
      return { name, outlook: vanished(name, seen[index]?.reason) };
    }
    const result = objectsOf(made, 'deployments').find((deployment) => deployment['service'] === name);
    const deployment = result === undefined ? undefined : textOf(result, 'deployment');
    return { name, outlook: withService(service, judgeRollout(service, { before, taskDefinition, deployment, since })) };
  }));
}

/** When a plan was asked to be made, epoch ms; while it is being made, that is not written in the incident yet. */
export function requestedAt({ incident }: ChangeContext, { hash }: Plan): number | undefined {
  const change = incident.changes.findLast(({ plan }) => plan.hash === hash);
  return change === undefined ? undefined : Date.parse(change.request?.at ?? change.plannedAt);
}

export function vanished(name: string, reason = 'MISSING'): Outlook {
  return { state: 'unclear', summary: `ECS does not know ${name} any more (${reason}). Look in the ECS console what became of it` };
}

/**
 * More tasks of a service (UpdateService with desiredCount, runbook 6.1: 6 in an outage, 8 for performance). The number
 * is absolute, so one that would take tasks away is refused. Undo: the number before. Inputs: cluster, service,
 * desiredCount.
 */
export const scaleService: ChangeAction = {
  kind: 'change', effect: 'change', system: 'aws', followMs: FOLLOW_MS,
  async plan(context, inputs, signal) {
    const { aws } = context.environment.data;
    const cluster = inputs.text('cluster', aws?.cluster);
    const name = inputs.text('service', aws?.services[0]);
    const wanted = inputs.count('desiredCount', { min: 1, max: MOST_TASKS });
    const service = await activeService(context, cluster, name, signal);
    checkScalable(service, wanted);
    const suspicious: readonly Hazard[] = service.desired > 0 && wanted > service.desired * MANY_TIMES
      ? [{ level: 'warn', text: `${wanted} is more than ${MANY_TIMES} times the ${plural(service.desired, 'task')} of now. Check that it is not mistyped.` }]
      : [];
    return {
      ...await scaling(context, { cluster, service, wanted, hazards: suspicious }, signal),
      undo: { possible: true, how: `Set ${name} back to ${plural(service.desired, 'task')}.` },
    };
  },
  async planUndo(context, { plan: { before, after } }, signal) {
    const service = await activeService(context, textOf(after, 'cluster'), textOf(after, 'service'), signal);
    const [old, left] = [numberOf(before, 'desiredCount'), numberOf(after, 'desiredCount')];
    if (service.desired === old) {
      throw new UserError(`${service.name} is set to ${plural(old, 'task')} again already, as before the change, so there is nothing to undo.`);
    }
    const hazards: readonly Hazard[] = [
      ...(service.desired === left ? [] : [{ level: 'danger' as const, text: `${service.name} is set to ${service.desired} tasks, not to the ${left} that the change left: somebody, or Application Auto Scaling, has scaled it since. Going back to ${old} takes that back as well.` }]),
      ...(old < service.desired ? [{ level: 'warn' as const, text: `This takes ${plural(service.desired - old, 'task')} away. Make sure that ${old} can carry the load.` }] : []),
    ];
    return {
      ...await scaling(context, { cluster: textOf(after, 'cluster'), service, wanted: old, hazards }, signal),
      undo: { possible: false, how: 'No undo of an undo: to have more tasks again, run the step again.' },
    };
  },
  async apply({ services, environment }, { after }) {
    const { updateService } = await import('../services/aws/ecs-changes.ts');
    const [service, desiredCount] = [textOf(after, 'service'), numberOf(after, 'desiredCount')];
    const updated = await updateService(services.aws(environment), { cluster: textOf(after, 'cluster'), service, desiredCount }, `setting ${service} to ${plural(desiredCount, 'task')}`);
    return { desiredCount: updated.desired };
  },
  async look(context, plan, made, signal) {
    const name = textOf(plan.after, 'service');
    const [seen] = await describeAll(context, textOf(plan.after, 'cluster'), [name], signal);
    const service = seen?.service;
    return service === undefined ? vanished(name, seen?.reason) : withService(service, judgeScaling(service, plan, made !== undefined, requestedAt(context, plan)));
  },
};

/** @throws UserError when the wish is not more tasks, or the service has no number of them */
function checkScalable({ name, desired, scheduling }: EcsService, wanted: number): void {
  if (scheduling === 'DAEMON') {
    throw new UserError(`${name} is a daemon service: it runs one task on every instance, so it has no number of tasks to set. Add instances to the cluster instead.`);
  }
  if (wanted === desired) {
    throw new UserError(`${name} is set to ${plural(desired, 'task')} already. Ask for more than that.`);
  }
  if (wanted < desired) {
    throw new UserError(`${name} is set to ${plural(desired, 'task')}, and the number asked for is the whole number of tasks, not how many are added: ${wanted} would take ${desired - wanted} away. This step never scales down. Ask for more than ${desired}.`);
  }
}

interface Scaling {
  readonly cluster: string;
  readonly service: EcsService;
  readonly wanted: number;
  readonly hazards: readonly Hazard[];
}

async function scaling(context: ChangeContext, { cluster, service, wanted, hazards }: Scaling, signal: AbortSignal): Promise<Omit<Draft, 'undo'>> {
  const { services, environment, clock } = context;
  const aws = services.aws(environment);
  const { name, arn, desired, running } = service;
  return {
    system: SYSTEM,
    resource: `${cluster}/${name}`,
    arn,
    summary: `Set ${name} to ${plural(wanted, 'task')} instead of ${desired}`,
    differences: [{ name: 'Desired tasks', before: `${desired} (${running} running)`, after: String(wanted) }],
    before: { desiredCount: desired },
    after: { kind: 'scale', cluster, service: name, desiredCount: wanted },
    command: ecsCommand('update-service', ['--region', aws.options.region], ['--cluster', cluster], ['--service', name], ['--desired-count', String(wanted)]),
    hazards: sorted([
      ...hazards,
      ...await autoScaling(context, cluster, name, wanted, signal),
      ...connectionHazards(context, { now: desired, then: wanted }),
      ...stateHazards(service, clock.now()),
    ]),
    follow: `The service is followed until ${plural(wanted, 'task')} run, for at most ${FOLLOW_MS / MINUTE_MS} min.`,
  };
}

/** Not being allowed to ask must not keep anybody from scaling in an outage. */
async function autoScaling({ services, environment }: ChangeContext, cluster: string, name: string, wanted: number, signal: AbortSignal): Promise<readonly Hazard[]> {
  const { scalableTargetOf } = await import('../services/aws/autoscaling.ts');
  try {
    return scalingHazards(wanted, await scalableTargetOf(services.aws(environment), cluster, name, signal));
  } catch (error) {
    if (error instanceof CancelledError) {
      throw error;
    }
    return scalingHazards(wanted, undefined, messageOf(error));
  }
}

function judgeScaling(service: EcsService, { before, after }: Plan, made: boolean, since: number | undefined): Outlook {
  const { name, desired, running, pending } = service;
  const [old, wanted] = [numberOf(before, 'desiredCount'), numberOf(after, 'desiredCount')];
  if (desired !== wanted) {
    if (made) {
      return { state: 'failed', summary: `${name} is set to ${plural(desired, 'task')} and no longer to ${wanted}: somebody, or Application Auto Scaling, has changed it since` };
    }
    return desired === old
      ? { state: 'not made', summary: `${name} is still set to ${plural(old, 'task')}` }
      : { state: 'unclear', summary: `${name} is set to ${plural(desired, 'task')}, neither to the ${old} of before nor to the ${wanted} asked for: somebody else has changed it. Look at its events` };
  }
  const primary = primaryOf(service);
  const counts = `${running} of ${plural(wanted, 'task')} run`;
  if (running === wanted && pending === 0) {
    return { state: 'done', summary: counts, portion: 1 };
  }
  if (primary?.rolloutState === 'FAILED') {
    return { state: 'failed', summary: `${counts}, and the deployment of ${primary.taskDefinition} failed (${primary.rolloutReason.replace(/\.+$/, '') || 'ECS gives no reason'})${trouble(service, since)}` };
  }
  const portion = old === wanted ? 0 : Math.min(1, Math.max(0, (running - old) / (wanted - old)));
  return { state: 'underway', summary: `${counts}${pending === 0 ? '' : `, ${pending} pending`}${trouble(service, since)}`, portion };
}
