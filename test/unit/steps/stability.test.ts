import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { type Incident, fold } from '../../../src/incident/fold.ts';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import type { Watch, WatchSample } from '../../../src/incident/watches.ts';
import { stepById } from '../../../src/runbook/query.ts';
import type { Runbook } from '../../../src/runbook/schema.ts';
import { Endpoints } from '../../../src/services/endpoints.ts';
import { monitorStability } from '../../../src/steps/chapter-6-stability.ts';
import type { ChangeContext } from '../../../src/steps/step.ts';
import { data, refusal, useAwsStub } from '../../support/aws-stub.ts';
import { createEvents, stepResult } from '../../support/build-events.ts';
import { API, runbookWith } from '../../support/build-runner.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START, createClock } from '../../support/clock.ts';
import { useHttpServers } from '../../support/http-stub.ts';

const HEALTH = { name: 'API health', url: `${API}/health`, kind: 'health' } as const;
const at = (minute: number): number => START + minute * 60_000;

type Points = readonly (readonly [minute: number, value: number])[];

interface World {
  /** HTTP status of the health check. */
  readonly health?: number;
  /** Minutes at which an error was logged, after the beginning of the watch. */
  readonly errors?: readonly number[];
  readonly cpu?: Points;
  readonly memory?: Points;
  readonly connections?: Points;
}

const CALM: World = { cpu: [[9, 30]], memory: [[9, 50]], connections: [[9, 40]] };

describe('the look of a stability watch', () => {
  const aws = useAwsStub();
  const serve = useHttpServers();
  const signal = new AbortController().signal;
  let runbook: Runbook;

  beforeEach(() => { runbook = runbookWith({ endpoints: [HEALTH] }); });

  const watch = (samples: readonly WatchSample[] = []): Watch => ({
    id: 'w', step: 'monitorStability', minutes: 30, origin: 'here', actor: { name: 'Amira', kind: 'person' }, startedAt: START, quietSince: START, samples, restarts: [],
  });
  /** Earlier looks, with so many errors a minute each. */
  const counted = (...rates: readonly number[]): Watch => watch(rates.map((rate, index) => ({ at: at(index + 1), level: 'ok', reason: '', values: { errorsPerMinute: rate } })));

  async function context(minute: number, { health = 200, errors = [], cpu = [], memory = [], connections = [] }: World, ...events: readonly TimelineEvent[]): Promise<ChangeContext> {
    const origin = await serve((_request, response) => { response.writeHead(health).end(); });
    aws.on('FilterLogEvents', ({ startTime, endTime }) => data({
      events: errors.map((when) => at(when)).filter((when) => when >= Number(startTime) && when < Number(endTime)).map((timestamp, index) => ({ timestamp, message: 'ERROR', eventId: String(index), logStreamName: 's' })),
    }));
    aws.on('GetMetricStatistics', (input) => {
      const points = { CPUUtilization: cpu, MemoryUtilization: memory, DatabaseConnections: connections }[String(input['MetricName'])] ?? [];
      return data({ Datapoints: points.map(([when, value]) => ({ Timestamp: at(when) / 1000, Average: value, Maximum: value })) });
    });
    aws.on('DescribeDBInstances', () => data({ DBInstances: { DBInstance: {
      DBInstanceIdentifier: 'healthflow-production-db', Engine: 'postgres', EngineVersion: '16.4', DBInstanceClass: 'db.r6g.large', DBInstanceStatus: 'available',
      DBParameterGroups: { DBParameterGroup: { DBParameterGroupName: 'healthflow-16' } },
    } } }));
    aws.on('DescribeDBParameters', () => data({ Parameters: { Parameter: [{ ParameterName: 'max_connections', ParameterValue: '100' }] } }));
    const step = stepById(runbook, 'monitorStability') ?? assert.fail();
    const nowhere = (): never => { throw new Error('This look asks nobody else'); };
    const { production } = runbook.environments;
    const incident: Incident = fold([createEvents().declared(), ...events]) ?? assert.fail();
    return {
      incident, step, runbook, environment: { key: 'production', data: production ?? assert.fail() }, clock: createClock(at(minute)),
      services: {
        endpoints: new Endpoints({ [API]: origin }), aws: () => aws.session,
        databaseUrl: nowhere, redisUrl: nowhere, logStreams: { start: nowhere }, tasks: { folder: nowhere, start: nowhere, find: nowhere }, connections: { get: nowhere },
      },
    };
  }
  const look = async (minute: number, world: World, seen = watch(), ...events: readonly TimelineEvent[]) => monitorStability.sample(await context(minute, world, ...events), seen, signal);

  it('is well when everything is, with a value of each', async () => {
    const { level, reason, values } = await look(10, { ...CALM, errors: [9, 9.5] });
    assert.deepEqual([level, reason], ['ok', '']);
    assert.equal(typeof values['healthMs'], 'number');
    assert.deepEqual({ ...values, healthMs: 0 }, { healthMs: 0, errorsPerMinute: 1, cpuPercent: 30, memoryPercent: 50, connections: 40 });
  });

  it('is bad with the health check, and says why', async () => {
    const { level, reason } = await look(10, { ...CALM, health: 503 });
    assert.deepEqual([level, reason], ['bad', 'API health: HTTP 503']);
  });

  for (const [what, world, level, reason] of [
    ['CPU that is used up', { ...CALM, cpu: [[9, 97]] }, 'bad', 'CPU 97 % (peak 97 %), memory 50 % (peak 50 %)'],
    ['memory that is nearly used up', { ...CALM, memory: [[9, 85]] }, 'warn', 'CPU 30 % (peak 30 %), memory 85 % (peak 85 %)'],
    ['a pool that is exhausted', { ...CALM, connections: [[9, 99]] }, 'bad', '99 of 100 connections (99 %)'],
  ] as const satisfies readonly (readonly [string, World, string, string])[]) {
    it(`is ${level} with ${what}`, async () => {
      const seen = await look(10, world);
      assert.deepEqual([seen.level, seen.reason], [level, reason]);
    });
  }

  it('does not count what the metrics were before the watch', async () => {
    const before: World = { cpu: [[-1, 99]], memory: [[-1, 99]], connections: [[-1, 100]] };
    const { level, values } = await look(1, before);
    assert.equal(level, 'ok');
    assert.deepEqual(Object.keys(values), ['healthMs', 'errorsPerMinute'], 'nothing is known of them yet');
    const later = await look(4, { ...before, cpu: [[-1, 20], [0, 97]] });
    assert.deepEqual([later.level, later.values['cpuPercent'], later.values['memoryPercent']], ['bad', 97, null], 'the first point of its time counts');
  });

  it('misses metrics that do not come, once they have had their time', async () => {
    const { level, reason, values } = await look(6, { ...CALM, cpu: [[4, 20]], memory: [], connections: [[-1, 100]] });
    assert.equal(level, 'unknown');
    assert.match(reason, /memory has no datapoints/);
    assert.deepEqual([values['cpuPercent'], values['memoryPercent'], values['connections']], [20, null, null]);
  });

  it('counts the errors of the watch only', async () => {
    const before = Array.from({ length: 100 }, (_, index) => -index / 100 - 0.01);
    assert.equal((await look(1, { errors: before })).values['errorsPerMinute'], 0);
    assert.equal((await look(0, { errors: before })).values['errorsPerMinute'], undefined, 'no time has passed yet');
  });

  const burst = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => 9 + index / count / 2);
  for (const [what, count, rates, level, reason] of [
    ['more than three times as many errors as usual', 40, [2, 3, 2], 'bad', '20 errors a minute, 2 are usual'],
    ['errors where there were none', 10, [0, 0, 0], 'bad', '5 errors a minute, 0 are usual'],
    ['few errors, whatever is usual', 9, [0, 0, 0], 'ok', ''],
    ['as many errors as always', 40, [18, 22, 20], 'warn', '20 errors a minute'],
    ['many errors in the first look that counts them', 40, [], 'warn', '20 errors a minute'],
  ] as const) {
    it(`is ${level} with ${what}`, async () => {
      const seen = await look(10, { ...CALM, errors: burst(count) }, counted(...rates));
      assert.deepEqual([seen.level, seen.reason], [level, reason]);
    });
  }

  it('is bad with errors as before the mitigation, though they have become usual', async () => {
    const verified = (before: number) => createEvents().event('step.finished', { result: stepResult('verifyMitigation', { evidence: { level: 'ok', summary: '', markdown: '', data: { errorRate: { now: 1, before } } } }) });
    const world = { ...CALM, errors: burst(40) };
    const same = await look(10, world, counted(20, 20), verified(30));
    assert.deepEqual([same.level, same.reason], ['bad', '20 errors a minute, 30 were there before the mitigation']);
    assert.equal((await look(10, world, counted(20, 20), verified(400))).level, 'warn');
  });

  it('sees what it can when AWS refuses the rest', async () => {
    const world = await context(10, CALM);
    aws.on('FilterLogEvents', () => refusal('AccessDeniedException', 'no'));
    aws.on('GetMetricStatistics', () => refusal('AccessDenied', 'no'));
    const { level, reason, values } = await monitorStability.sample(world, watch(), signal);
    assert.equal(level, 'unknown');
    assert.match(reason, /may not|not allowed|denied/i);
    assert.deepEqual(Object.keys(values), ['healthMs']);
  });

  it('looks at the health only where the runbook names no AWS resources', async () => {
    const { aws: _aws, ...production } = bundledRunbook().environments['production'] ?? assert.fail();
    runbook = { ...runbook, environments: { production: { ...production, endpoints: [HEALTH] } } };
    const { level, values } = await look(10, {});
    assert.deepEqual([level, Object.keys(values)], ['ok', ['healthMs']]);
    assert.deepEqual(aws.calls, []);
  });

  it('ends with the signal', async () => {
    const world = await context(10, CALM);
    const abort = new AbortController();
    aws.on('FilterLogEvents', () => {
      abort.abort();
      return { kind: 'none' };
    });
    await assert.rejects(monitorStability.sample(world, watch(), abort.signal), { name: 'CancelledError' });
  });

  it('concludes with the levels, what began the quiet time anew, and a chart of each value', () => {
    const samples: readonly WatchSample[] = [
      { at: at(1), level: 'ok', reason: '', values: { healthMs: 12, connections: null } },
      { at: at(2), level: 'bad', reason: '40 errors a minute', values: { healthMs: 900, errorsPerMinute: 40 } },
      { at: at(3), level: 'unknown', reason: 'x', values: {} },
    ];
    const { markdown, data: facts, charts } = monitorStability.conclude({ ...watch(samples), quietSince: at(2), restarts: [{ at: at(2), reason: 'spike of <b>*40*</b>' }] }, at(4));
    assert.match(markdown, /^▁█▂\n/);
    assert.match(markdown, /2026-11-23 03:02:00 UTC \| spike of \\<b\\>\\\*40\\\*/);
    assert.deepEqual(facts, { minutes: 30, since: '2026-11-23T03:02:00.000Z', samples: 3, restarts: [{ at: '2026-11-23T03:02:00.000Z', reason: 'spike of <b>*40*</b>' }] });
    assert.deepEqual(charts?.map(({ title, unit, series }) => [title, unit, series[0]?.points]), [
      ['Health check', 'ms', [[at(1), 12], [at(2), 900]]], ['Errors', 'per minute', [[at(2), 40]]],
    ]);
  });
});
