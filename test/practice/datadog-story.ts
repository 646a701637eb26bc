import type { Clock } from '../../src/incident/clock.ts';
import type { DatadogMonitor, DatadogState, MonitorStatus } from '../support/fakes/datadog.ts';
import type { IncidentModel } from './model.ts';
import { createRandom } from './random.ts';

interface Monitor extends Pick<DatadogMonitor, 'id' | 'name' | 'query'> {
  /** While the database is exhausted; absent: it stays OK. */
  readonly firing?: { readonly status: MonitorStatus; readonly afterMinutes: number };
}

const MONITORS: readonly Monitor[] = [
  { id: 71_001, name: 'HealthFlow API: error rate', query: 'avg(last_5m):avg:healthflow.api.error_rate{env:production} > 5', firing: { status: 'Alert', afterMinutes: 2 } },
  { id: 71_002, name: 'HealthFlow API: latency (p95)', query: 'avg(last_5m):avg:healthflow.api.latency{env:production} > 3', firing: { status: 'Warn', afterMinutes: 4 } },
  { id: 71_003, name: 'HealthFlow backend: memory', query: 'avg(last_15m):avg:ecs.fargate.mem.usage{service:healthflow-backend} > 1900000000' },
  { id: 71_004, name: 'HealthFlow: text messages waiting', query: 'max(last_10m):max:healthflow.sms.waiting{env:production} > 500' },
];

const TAGS = ['env:production', 'service:healthflow-backend'];

/** From a calm system to one in which nothing works. */
const SERIES = [
  /** Percent of the requests. */
  { metric: 'healthflow.api.error_rate', calm: 0.2, bad: 63, abrupt: true },
  /** Seconds, 95th percentile. */
  { metric: 'healthflow.api.latency', calm: 0.18, bad: 5.1, abrupt: false },
] as const;

/** Synthetic tests by their public ids, as the bundled runbook has them; the patient portal's fails while the database is exhausted. */
export const SYNTHETIC_TESTS = { patientPortal: 'hfp-pat-001', doctorPortal: 'hfp-doc-002' } as const;

/** The On-Call page that Datadog sent for the practice incident. */
export const ON_CALL_PAGE = '0f2e7c54-6a1d-4b8e-9c37-5d1e80b3a942';

const MINUTE_MS = 60_000;
const HISTORY_MINUTES = 180;
const SYNTHETIC_EVERY_MS = 5 * MINUTE_MS;
const SEED = 7_100;

export interface DatadogStory {
  /** The datapoints and test results that are due by now. */
  tick(): void;
  /** Puts the monitors into the state that fits the incident. */
  change(): void;
}

/** Lets Datadog see the incident of the model: its history at once, the rest as time passes. */
export function createDatadogStory(state: DatadogState, clock: Clock, model: IncidentModel): DatadogStory {
  const random = createRandom(SEED);
  const points = SERIES.map(({ metric }) => {
    const list: (readonly [number, number])[] = [];
    state.series.push({ metric, scope: 'env:production', points: list });
    return list;
  });
  let pointAt = minuteOf(clock.now()) - HISTORY_MINUTES * MINUTE_MS;
  let testedAt = clock.now() - HISTORY_MINUTES * MINUTE_MS;
  Object.values(SYNTHETIC_TESTS).forEach((test) => { state.synthetics[test] = []; });

  const tick = (): void => {
    for (; pointAt + MINUTE_MS <= clock.now(); pointAt += MINUTE_MS) {
      const load = model.load(pointAt + MINUTE_MS);
      SERIES.forEach(({ calm, bad, abrupt }, index) => {
        const share = abrupt && load < 1 ? 0 : load;
        points[index]?.push([pointAt + MINUTE_MS, Number(((calm + (bad - calm) * share) * (0.96 + 0.08 * random.next())).toFixed(3))]);
      });
    }
    for (; testedAt + SYNTHETIC_EVERY_MS <= clock.now(); testedAt += SYNTHETIC_EVERY_MS) {
      const at = testedAt + SYNTHETIC_EVERY_MS;
      for (const [name, test] of Object.entries(SYNTHETIC_TESTS)) {
        // Datadog tells the newest first.
        state.synthetics[test]?.unshift({ id: String(random.whole(10 ** 15, 9 * 10 ** 15)), at, passed: name !== 'patientPortal' || model.load(at) < 1, location: 'aws:eu-central-1' });
      }
    }
  };
  const change = (): void => {
    const monitors = MONITORS.map(({ firing, ...monitor }): DatadogMonitor => {
      const before = state.monitors.find(({ id }) => id === monitor.id);
      const isFiring = model.state === 'exhausted' && firing !== undefined;
      const triggeredAt = isFiring && before?.status !== firing.status ? Math.min(clock.now(), model.since + firing.afterMinutes * MINUTE_MS) : before?.triggeredAt;
      return { ...monitor, tags: TAGS, status: isFiring ? firing.status : 'OK', triggeredAt };
    });
    state.monitors.splice(0, state.monitors.length, ...monitors);
  };

  if (model.state === 'exhausted') {
    state.pages.push({ id: ON_CALL_PAGE, status: 'triggered' });
  }
  tick();
  change();
  return { tick, change };
}

const minuteOf = (ms: number): number => Math.floor(ms / MINUTE_MS) * MINUTE_MS;
