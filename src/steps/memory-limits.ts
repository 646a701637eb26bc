/** How much memory the tasks of a service get next, and what of it each container gets. */
import { UserError } from '../errors.ts';
import type { MemoryLimits, TaskDefinition } from '../services/aws/ecs-changes.ts';
import { nearestMemory, nextSize, sizeWith } from './fargate-sizes.ts';

export interface MemoryRaise {
  /** Of the task, or of all its containers where the task has no limit of its own; MiB. */
  readonly from: number;
  readonly to: number;
  /** CPU units, where more memory needs more CPU. */
  readonly cpu?: { readonly from: number; readonly to: number };
  readonly limits: MemoryLimits;
}

/** Tasks on instances of one's own may have any limit: half as much again, in whole steps, MiB. */
const STEP = 256;

/**
 * @param wanted MiB; undefined for the next step up
 * @throws UserError when there is no limit to raise, or the wish is not more, or Fargate offers no such size
 */
export function raiseMemory(definition: TaskDefinition, wanted?: number): MemoryRaise {
  const { name, containers, fargate, cpu } = definition;
  const from = definition.memory ?? containers.reduce((sum, { memory, memoryReservation }) => sum + (memory ?? memoryReservation ?? 0), 0);
  if (from === 0) {
    throw new UserError(`${name} has no memory limit, neither of the task nor of a container, so there is nothing to raise: its tasks may use all memory of their instances. Look at the instances instead.`);
  }
  if (wanted !== undefined && wanted <= from) {
    throw new UserError(`${name} has ${from} MiB of memory already, and this step never lowers it: ${wanted} MiB is ${wanted === from ? 'the same' : 'less'}. Ask for more than ${from} MiB.`);
  }
  const size = fargate && cpu !== undefined ? fargateSize(definition, { cpu, memory: from }, wanted) : { cpu, memory: wanted ?? Math.ceil(from * 1.5 / STEP) * STEP };
  const cpuRises = size.cpu !== undefined && cpu !== undefined && size.cpu !== cpu;
  // In proportion and rounded down, so that together they never ask for more than the task has.
  const raised = (limit: number): number => Math.floor(limit * size.memory / from);
  return {
    from, to: size.memory,
    ...(cpuRises ? { cpu: { from: cpu, to: size.cpu } } : {}),
    limits: {
      ...(definition.memory === undefined ? {} : { memory: size.memory }),
      ...(cpuRises ? { cpu: size.cpu } : {}),
      containers: containers.filter(({ memory, memoryReservation }) => (memory ?? memoryReservation) !== undefined).map(({ name: container, memory, memoryReservation }) => ({
        name: container,
        ...(memory === undefined ? {} : { memory: raised(memory) }),
        ...(memoryReservation === undefined ? {} : { memoryReservation: raised(memoryReservation) }),
      })),
    },
  };
}

function fargateSize({ name }: TaskDefinition, now: { readonly cpu: number; readonly memory: number }, wanted: number | undefined): { readonly cpu: number; readonly memory: number } {
  const size = wanted === undefined ? nextSize(now) : sizeWith(wanted, now);
  if (size !== undefined) {
    return size;
  }
  if (wanted === undefined) {
    throw new UserError(`${name} has ${now.memory} MiB of memory, the most that Fargate offers. Restart the service to gain time, and fix the leak.`);
  }
  throw new UserError(`Fargate offers no tasks with ${wanted} MiB of memory. Ask for ${nearestMemory(wanted, now).filter((memory) => memory > now.memory).join(' or ')} MiB.`);
}
