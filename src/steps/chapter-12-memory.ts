/** Runbook 12.2, memory leak: more memory for the tasks of a service, to gain time. */
import { UserError, messageOf } from '../errors.ts';
import { commandLine } from '../incident/command-line.ts';
import type { Difference, Draft, Hazard, JsonObject, Plan } from '../incident/plan.ts';
import type { EcsService } from '../services/aws/ecs.ts';
import type { MemoryLimits, TaskDefinition } from '../services/aws/ecs-changes.ts';
import { requestedAt, vanished } from './chapter-6-services.ts';
import { connectionHazards, rolloutHazards, sorted, tasksAtMost } from './ecs-hazards.ts';
import { judgeRollout, withService } from './ecs-rollout.ts';
import { activeService, checkDeployable, describeAll, ecsCommand, numberOf, objectOf, objectsOf, primaryOf, textOf } from './ecs-target.ts';
import { type MemoryRaise, raiseMemory } from './memory-limits.ts';
import type { ChangeAction, ChangeContext, Outlook } from './step.ts';

const FOLLOW_MS = 30 * 60_000;
/** The largest size Fargate offers, MiB. */
const MOST_MEMORY = 122_880;

/**
 * Registers a revision of the service's task definition with more memory and moves the service to it (runbook 12.2).
 * The service moves at apply; a revision that no service could be moved to is left, which harms nothing. Undo: the old
 * revision. Inputs: cluster, service, memory (MiB; default the next size up).
 */
export const raiseMemoryLimit: ChangeAction = {
  kind: 'change', effect: 'change', system: 'aws', followMs: FOLLOW_MS,
  async plan(context, inputs, signal) {
    const { aws: place } = context.environment.data;
    const cluster = inputs.text('cluster', place?.cluster);
    const wanted = inputs.optionalCount('memory', { min: 1, max: MOST_MEMORY });
    const service = await activeService(context, cluster, inputs.text('service', place?.services[0]), signal);
    checkDeployable(service, 'move');
    const { describeTaskDefinition } = await import('../services/aws/ecs-changes.ts');
    const aws = context.services.aws(context.environment);
    const definition = await describeTaskDefinition(aws, service.taskDefinition, signal);
    const newest = await describeTaskDefinition(aws, definition.family, signal);
    const raise = raiseMemory(definition, wanted);
    return {
      ...moving(service, cluster),
      summary: `Give the tasks of ${service.name} ${raise.to} MiB of memory instead of ${raise.from}: register a new revision of ${definition.family} and move the service to it`,
      differences: differencesOf(definition, raise),
      // A revision registered meanwhile is a deployment about to begin: then this is to be thought over.
      before: { ...stateOf(service), newest: newest.name },
      after: { kind: 'raise', cluster, service: service.name, family: definition.family, memoryMiB: raise.to, limits: limitsOf(raise.limits) },
      command: commandOf(definition, raise, { region: aws.options.region, cluster, service: service.name }),
      hazards: sorted([
        ...replacing(context, service, definition),
        ...heapHazards(definition),
        ...(newest.revision > definition.revision ? [{ level: 'note' as const, text: `${newest.name} is newer than ${definition.name}, which ${service.name} runs. The new revision is made from the one that runs.` }] : []),
        { level: 'note', text: 'The next deployment by the pipeline brings its own task definition, with the old limit: raise it there as well if it must stay.' },
      ]),
      undo: { possible: true, how: `Move ${service.name} back to ${definition.name}, again with a rollout. The new revision stays registered, which costs nothing.` },
    };
  },

  async planUndo(context, { plan: { before, after }, made }, signal) {
    const [cluster, old] = [textOf(after, 'cluster'), textOf(before, 'taskDefinition')];
    const service = await activeService(context, cluster, textOf(after, 'service'), signal);
    if (service.taskDefinition === old) {
      throw new UserError(`${service.name} runs ${old} already, as before the change, so there is nothing to undo.`);
    }
    checkDeployable(service, 'move');
    const { describeTaskDefinition } = await import('../services/aws/ecs-changes.ts');
    const aws = context.services.aws(context.environment);
    const [definition, now] = await Promise.all([describeTaskDefinition(aws, old, signal), describeTaskDefinition(aws, service.taskDefinition, signal)]);
    if (!definition.active) {
      throw new UserError(`${old} has been deregistered since, so no service can be moved to it. Deploy the version you want with the pipeline instead.`);
    }
    const left = made?.result['taskDefinition'];
    const foreign = typeof left === 'string' ? service.taskDefinition !== left : !isRaised(now, after);
    return {
      ...moving(service, cluster),
      summary: `Move ${service.name} back to ${old}`,
      differences: [
        { name: 'Task definition', before: service.taskDefinition, after: old },
        ...(now.memory === undefined || definition.memory === undefined ? [] : [{ name: 'Memory of a task', before: `${now.memory} MiB`, after: `${definition.memory} MiB` }]),
      ],
      before: stateOf(service),
      after: { kind: 'move', cluster, service: service.name, taskDefinition: old },
      command: ecsCommand('update-service', ['--region', aws.options.region], ['--cluster', cluster], ['--service', service.name], ['--task-definition', old]),
      hazards: sorted([
        ...(foreign ? [{ level: 'danger' as const, text: `${service.name} runs ${service.taskDefinition}, which is not what the change left${typeof left === 'string' ? ` (${left})` : ''}: somebody has deployed since. Going back to ${old} takes that deployment back as well.` }] : []),
        ...replacing(context, service, definition),
      ]),
      undo: { possible: false, how: 'No undo of an undo: to have more memory again, run the step again.' },
    };
  },

  async apply({ services, environment }, { before, after }) {
    const { registerWithMemory, updateService } = await import('../services/aws/ecs-changes.ts');
    const aws = services.aws(environment);
    const [cluster, service] = [textOf(after, 'cluster'), textOf(after, 'service')];
    if (after['kind'] === 'move') {
      const taskDefinition = textOf(after, 'taskDefinition');
      const moved = await updateService(aws, { cluster, service, taskDefinition }, `moving ${service} to ${taskDefinition}`);
      return { taskDefinition, deployment: primaryOf(moved)?.id ?? '' };
    }
    const registered = await registerWithMemory(aws, textOf(before, 'taskDefinition'), readLimits(after));
    try {
      const moved = await updateService(aws, { cluster, service, taskDefinition: registered.arn }, `moving ${service} to ${registered.name}`);
      return { taskDefinition: registered.name, deployment: primaryOf(moved)?.id ?? '' };
    } catch (error) {
      throw new UserError(`${registered.name} was registered, but ${service} could not be moved to it. ${messageOf(error)}`, { cause: error });
    }
  },

  async look(context, plan, made, signal) {
    const { before, after } = plan;
    const name = textOf(after, 'service');
    const [seen] = await describeAll(context, textOf(after, 'cluster'), [name], signal);
    const service = seen?.service;
    if (service === undefined) {
      return vanished(name, seen?.reason);
    }
    const known = after['kind'] === 'move' ? after['taskDefinition'] : made?.['taskDefinition'];
    const deployment = made?.['deployment'];
    const taskDefinition = typeof known === 'string' ? known : await raisedRevision(context, service, plan, signal);
    const outlook = judgeRollout(service, {
      before: textOf(before, 'deployment'), taskDefinition: taskDefinition ?? '', deployment: typeof deployment === 'string' ? deployment : undefined, since: requestedAt(context, plan),
    });
    return withService(service, outlook.state === 'not made' && after['kind'] !== 'move' ? await notMoved(context, outlook, plan, signal) : outlook);
  },
};

/** What plans to move a service have in common, there and back. */
function moving({ name, arn, desired }: EcsService, cluster: string): Pick<Draft, 'system' | 'resource' | 'arn' | 'follow'> {
  return {
    system: 'Amazon ECS',
    resource: `${cluster}/${name}`,
    arn,
    follow: `The rollout is followed until ${desired} new ${desired === 1 ? 'task runs' : 'tasks run'} and the old ones are gone, for at most ${FOLLOW_MS / 60_000} min.`,
  };
}

function replacing(context: ChangeContext, service: EcsService, definition: TaskDefinition): readonly Hazard[] {
  return [
    ...connectionHazards(context, { now: service.desired, then: tasksAtMost(service), during: 'rollout' }),
    ...rolloutHazards(service, definition, context.clock.now()),
  ];
}

function stateOf(service: EcsService): JsonObject {
  return { deployment: primaryOf(service)?.id ?? '', taskDefinition: service.taskDefinition };
}

function differencesOf({ name, family, containers }: TaskDefinition, { from, to, cpu, limits }: MemoryRaise): readonly Difference[] {
  const mib = (value: number | undefined): string => (value === undefined ? 'no limit' : `${value} MiB`);
  return [
    { name: 'Task definition', before: name, after: `a new revision of ${family}` },
    { name: limits.memory === undefined ? 'Memory of all containers' : 'Memory of a task', before: mib(from), after: mib(to) },
    ...(cpu === undefined ? [] : [{ name: 'CPU of a task (Fargate gives so much memory only with more CPU)', before: `${cpu.from / 1024} vCPU`, after: `${cpu.to / 1024} vCPU` }]),
    ...limits.containers.flatMap((limit) => {
      const now = containers.find((container) => container.name === limit.name);
      return [
        ...(limit.memory === undefined ? [] : [{ name: `Limit of ${limit.name}`, before: mib(now?.memory), after: mib(limit.memory) }]),
        ...(limit.memoryReservation === undefined ? [] : [{ name: `Reservation of ${limit.name}`, before: mib(now?.memoryReservation), after: mib(limit.memoryReservation) }]),
      ];
    }),
  ];
}

function heapHazards({ containers }: TaskDefinition): readonly Hazard[] {
  return containers.flatMap(({ name, heap }): Hazard[] => (heap === undefined ? [] : [{
    level: 'warn', text: `The program in ${name} limits its own heap (${heap}): it will not use the new memory for its heap until that is raised as well.`,
  }]));
}

function limitsOf({ cpu, memory, containers }: MemoryLimits): JsonObject {
  return { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }), containers: containers.map((container) => ({ ...container })) };
}

function readLimits(after: JsonObject): MemoryLimits {
  const limits = objectOf(after, 'limits');
  return {
    ...optional(limits, 'cpu'), ...optional(limits, 'memory'),
    containers: objectsOf(limits, 'containers').map((container) => ({ name: textOf(container, 'name'), ...optional(container, 'memory'), ...optional(container, 'memoryReservation') })),
  };
}

function optional<K extends string>(object: JsonObject, name: K): Partial<Record<K, number>> {
  const value = object[name];
  return typeof value === 'number' ? { [name]: value } as Partial<Record<K, number>> : {};
}

/** Whether a revision has the memory that was asked for. */
function isRaised(definition: TaskDefinition, after: JsonObject): boolean {
  const memory = definition.memory ?? definition.containers.reduce((sum, container) => sum + (container.memory ?? container.memoryReservation ?? 0), 0);
  return definition.family === textOf(after, 'family') && memory === numberOf(after, 'memoryMiB');
}

/** After a crash nobody knows which revision was registered: the service runs it, or ran it until it was rolled back. */
async function raisedRevision({ services, environment }: ChangeContext, service: EcsService, { before, after }: Plan, signal: AbortSignal): Promise<string | undefined> {
  const { describeTaskDefinition } = await import('../services/aws/ecs-changes.ts');
  const others = [...new Set(service.deployments.map(({ taskDefinition }) => taskDefinition))].filter((name) => name !== before['taskDefinition']);
  const definitions = await Promise.all(others.map((name) => describeTaskDefinition(services.aws(environment), name, signal)));
  return definitions.find((definition) => isRaised(definition, after))?.name;
}

/** The service was not moved; the revision may have been registered all the same. */
async function notMoved({ services, environment }: ChangeContext, outlook: Outlook, { before, after }: Plan, signal: AbortSignal): Promise<Outlook> {
  const { describeTaskDefinition } = await import('../services/aws/ecs-changes.ts');
  const newest = await describeTaskDefinition(services.aws(environment), textOf(after, 'family'), signal);
  return newest.name === before['newest'] || !isRaised(newest, after)
    ? outlook
    : { state: 'failed', summary: `${outlook.summary}. The new revision ${newest.name} was registered and is left: it does nothing until a service is moved to it` };
}

/** What AWS writes into a task definition and refuses to be given. */
const READ_ONLY = ['taskDefinitionArn', 'revision', 'status', 'requiresAttributes', 'compatibilities', 'registeredAt', 'registeredBy', 'deregisteredAt'];

function commandOf({ name, family }: TaskDefinition, { limits }: MemoryRaise, { region, cluster, service }: { readonly region: string; readonly cluster: string; readonly service: string }): string {
  const containers = limits.containers.map((limit) =>
    `(.containerDefinitions[] | select(.name == ${JSON.stringify(limit.name)})) += ${JSON.stringify({ ...optional({ ...limit }, 'memory'), ...optional({ ...limit }, 'memoryReservation') })}`);
  const filter = [
    // AWS's own tags may not be set by anybody else.
    '(.tags // [] | map(select(.key | startswith("aws:") | not))) as $tags', '.taskDefinition', `del(${READ_ONLY.map((field) => `.${field}`).join(', ')})`,
    ...(limits.cpu === undefined ? [] : [`.cpu = "${limits.cpu}"`]),
    ...(limits.memory === undefined ? [] : [`.memory = "${limits.memory}"`]),
    ...containers,
    '. + (if ($tags | length) > 0 then {tags: $tags} else {} end)',
  ].join('\n  | ');
  return [
    `${ecsCommand('describe-task-definition', ['--region', region], ['--task-definition', name], ['--include', 'TAGS'])} \\\n  | ${commandLine('jq', filter)} > task-definition.json`,
    ecsCommand('register-task-definition', ['--region', region], ['--cli-input-json', 'file://task-definition.json']),
    ecsCommand('update-service', ['--region', region], ['--cluster', cluster], ['--service', service], ['--task-definition', family]),
  ].join('\n');
}
