import {
  BALANCER_DIMENSIONS, DATABASE_DIMENSIONS, MAX_CONNECTIONS, SERVICE_DIMENSIONS,
} from './resources.ts';
import type { Random } from './random.ts';

export type PracticeState = 'exhausted' | 'healthy';

/** Minutes before the start of the practice environment at which things happened. */
export const STORY = { deployedMinutesAgo: 75, exhaustedMinutesAgo: 25 } as const;

const MINUTE_MS = 60_000;
const CALM_CONNECTIONS = 62;

export interface MetricDefinition {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly unit: 'Count' | 'Percent' | 'Seconds';
  /** A number per minute, of which a shorter time gets its share. */
  readonly perMinute?: boolean;
  readonly value: (model: IncidentModel, at: number) => number;
}

/** What the numbers of the incident are at any time, epoch ms; every metric and every log line follows from it. */
export interface IncidentModel {
  readonly state: PracticeState;
  /** When the current state began. */
  readonly since: number;
  /** 0 for a calm system, 1 for one in which nothing works. */
  load(at: number): number;
  connections(at: number): number;
  /** A value that moves from `calm` to `bad` with the load, with a little noise. */
  between(calm: number, bad: number, at: number): number;
  change(state: PracticeState, at: number): void;
}

export function createIncidentModel(startedAt: number, initial: PracticeState, random: Random): IncidentModel {
  const deployedAt = startedAt - STORY.deployedMinutesAgo * MINUTE_MS;
  const exhaustedAt = startedAt - STORY.exhaustedMinutesAgo * MINUTE_MS;
  const history: { readonly at: number; readonly state: PracticeState }[] = [{ at: Number.NEGATIVE_INFINITY, state: 'healthy' }];
  if (initial === 'exhausted') {
    history.push({ at: exhaustedAt, state: 'exhausted' });
  }
  const stateAt = (at: number): PracticeState => history.findLast((entry) => entry.at <= at)?.state ?? 'healthy';
  const load = (at: number): number => {
    if (stateAt(at) === 'exhausted') {
      return 1;
    }
    // Before the first exhaustion the leak fills the pool, slowly at first.
    return initial === 'exhausted' && at < exhaustedAt
      ? Math.max(0, (at - deployedAt) / (exhaustedAt - deployedAt)) ** 1.5
      : 0;
  };
  return {
    get state() { return history.at(-1)?.state ?? initial; },
    get since() { return history.at(-1)?.at ?? startedAt; },
    load,
    connections(at) {
      const noise = random.whole(-3, 3);
      return stateAt(at) === 'exhausted'
        ? MAX_CONNECTIONS - (random.next() < 0.2 ? 1 : 0)
        : Math.round(CALM_CONNECTIONS + noise + (MAX_CONNECTIONS - CALM_CONNECTIONS - 4) * load(at));
    },
    between: (calm, bad, at) => Math.max(0, (calm + (bad - calm) * load(at)) * (0.96 + 0.08 * random.next())),
    change(state, at) {
      if (state !== history.at(-1)?.state) {
        history.push({ at, state });
      }
    },
  };
}

export const METRICS: readonly MetricDefinition[] = [
  { namespace: 'AWS/RDS', metric: 'DatabaseConnections', dimensions: DATABASE_DIMENSIONS, unit: 'Count',
    value: (model, at) => model.connections(at) },
  { namespace: 'AWS/RDS', metric: 'CPUUtilization', dimensions: DATABASE_DIMENSIONS, unit: 'Percent',
    value: (model, at) => model.between(22, 41, at) },
  { namespace: 'AWS/ECS', metric: 'CPUUtilization', dimensions: SERVICE_DIMENSIONS, unit: 'Percent',
    value: (model, at) => model.between(34, 71, at) },
  { namespace: 'AWS/ECS', metric: 'MemoryUtilization', dimensions: SERVICE_DIMENSIONS, unit: 'Percent',
    value: (model, at) => model.between(58, 79, at) },
  { namespace: 'AWS/ApplicationELB', metric: 'HTTPCode_Target_5XX_Count', dimensions: BALANCER_DIMENSIONS, unit: 'Count', perMinute: true,
    value: (model, at) => (model.load(at) < 1 ? (model.load(at) > 0.8 ? 4 : 0) : Math.round(model.between(0, 640, at))) },
  { namespace: 'AWS/ApplicationELB', metric: 'TargetResponseTime', dimensions: BALANCER_DIMENSIONS, unit: 'Seconds',
    value: (model, at) => model.between(0.06, 4.8, at) },
];
