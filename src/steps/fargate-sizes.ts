/** Which memory goes with which CPU on Fargate (Amazon ECS developer guide, "Task size"). */

export interface TaskSize {
  /** CPU units, 1024 to a vCPU. */
  readonly cpu: number;
  /** MiB. */
  readonly memory: number;
}

const GIB = 1024;

const OFFERED: readonly { readonly cpu: number; readonly memory: readonly number[] }[] = [
  { cpu: 256, memory: [512, GIB, 2 * GIB] },
  { cpu: 512, memory: range(1, 4, 1) },
  { cpu: 1024, memory: range(2, 8, 1) },
  { cpu: 2048, memory: range(4, 16, 1) },
  { cpu: 4096, memory: range(8, 30, 1) },
  { cpu: 8192, memory: range(16, 60, 4) },
  { cpu: 16384, memory: range(32, 120, 8) },
];

/** @returns the size with that memory and no less CPU than now, or undefined when Fargate offers none */
export function sizeWith(memory: number, { cpu }: Pick<TaskSize, 'cpu'>): TaskSize | undefined {
  const fitting = OFFERED.find((offer) => offer.cpu >= cpu && offer.memory.includes(memory));
  return fitting === undefined ? undefined : { cpu: fitting.cpu, memory };
}

/** The next step up: more memory, and more CPU only where there is no other way. @returns undefined at the largest size */
export function nextSize({ cpu, memory }: TaskSize): TaskSize | undefined {
  for (const offer of OFFERED) {
    const more = offer.cpu < cpu ? undefined : offer.memory.find((offered) => offered > memory);
    if (more !== undefined) {
      return { cpu: offer.cpu, memory: more };
    }
  }
  return undefined;
}

/** What Fargate offers next below and above, MiB, for tasks with no less CPU than that. */
export function nearestMemory(memory: number, { cpu }: Pick<TaskSize, 'cpu'>): readonly number[] {
  const all = [...new Set(OFFERED.filter((offer) => offer.cpu >= cpu).flatMap((offer) => offer.memory))].sort((a, b) => a - b);
  return [all.findLast((offered) => offered < memory), all.find((offered) => offered > memory)].filter((offered) => offered !== undefined);
}

/** From and to in GiB, MiB. */
function range(from: number, to: number, step: number): readonly number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => (from + index * step) * GIB);
}
