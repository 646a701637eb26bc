import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type MetricRecord, type MetricTargets, type Metrics, computeMetrics, durationOf } from '../../../src/incident/metrics.ts';
import { metricTargets } from '../../../src/runbook/targets.ts';
import { minute } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';

const MINUTE = 60_000;
const TARGETS = metricTargets(bundledRunbook());

/** Times in minutes after the start. */
function record(id: string, { detected = 0, impact, acknowledged, resolved, ...more }: Partial<Omit<MetricRecord, 'id'>> & { detected?: number; impact?: number; acknowledged?: number; resolved?: number } = {}): MetricRecord {
  return {
    id, drill: false, detectedAt: minute(detected), ...more,
    ...(impact === undefined ? {} : { impactStartedAt: minute(impact) }),
    ...(acknowledged === undefined ? {} : { acknowledgedAt: minute(acknowledged) }),
    ...(resolved === undefined ? {} : { resolvedAt: minute(resolved) }),
  };
}

function metricsOf(records: readonly MetricRecord[], options: { since?: string; until?: string; targets?: MetricTargets } = {}): Metrics {
  return computeMetrics(records, { targets: TARGETS, ...options });
}

describe('the metrics', () => {
  it('have the targets of the runbook', () => {
    assert.deepEqual(TARGETS, {
      mttd: { overall: 5 * MINUTE, bySeverity: {} }, mtta: { overall: 2 * MINUTE, bySeverity: {} },
      mttr: { bySeverity: { P1: 60 * MINUTE, P2: 240 * MINUTE } }, recurrence: 10,
    });
  });

  it('have no figure and meet nothing as long as there is no incident', () => {
    const empty = { n: 0, missing: 0, implausible: 0, trend: [] };
    const { incidents, drills, mttd, mttr, recurrence } = metricsOf([]);
    assert.deepEqual([incidents, drills], [0, 0]);
    assert.deepEqual({ ...mttd, bySeverity: mttd.bySeverity.P1 }, { ...empty, target: 5 * MINUTE, bySeverity: { ...empty, target: 5 * MINUTE } });
    assert.deepEqual(mttr.bySeverity, { P1: { ...empty, target: 60 * MINUTE }, P2: { ...empty, target: 240 * MINUTE }, P3: empty, P4: empty });
    assert.deepEqual(recurrence, { n: 0, missing: 0, repeats: [], target: 10, trend: [] });
  });

  it('measure from the impact to the detection, and from there to acknowledgement and resolution', () => {
    const { mttd, mtta, mttr } = metricsOf([record('A', { severity: 'P1', detected: 10, impact: 4, acknowledged: 11, resolved: 40 })]);
    assert.deepEqual([mttd.mean, mtta.mean, mttr.mean], [6 * MINUTE, MINUTE, 30 * MINUTE]);
    assert.deepEqual([mttd.met, mtta.met, mttr.met, mttr.bySeverity.P1.met, mttr.bySeverity.P2.met], [false, true, undefined, true, undefined]);
  });

  it('count what is missing, and never take it for zero', () => {
    const { mttd, mtta, mttr } = metricsOf([record('A', { impact: -4 }), record('B', { acknowledged: 0 }), record('C', { resolved: 9 })]);
    assert.deepEqual([mttd, mtta, mttr].map(({ n, missing, mean }) => [n, missing, mean]), [[1, 2, 4 * MINUTE], [1, 2, 0], [1, 2, 9 * MINUTE]]);
  });

  it('leave out what ends before it begins, and say how often', () => {
    const wrong = record('A', { impact: 1, acknowledged: -1, resolved: -1 });
    const { mttd, mtta, mttr } = metricsOf([wrong, record('B', { impact: -2, acknowledged: 2, resolved: 2 })]);
    assert.deepEqual([mttd, mtta, mttr].map(({ n, missing, implausible, mean }) => [n, missing, implausible, mean]), Array(3).fill([1, 0, 1, 2 * MINUTE]));
    assert.deepEqual([durationOf(wrong, 'mttd'), durationOf(record('C'), 'mttd'), durationOf(record('D', { impact: 0 }), 'mttd')], ['implausible', 'missing', 0]);
  });

  it('leave drills out, and say how many', () => {
    const { incidents, drills, mttr, recurrence } = metricsOf([
      record('A', { resolved: 10, cause: 'x' }), record('B', { detected: 20, resolved: 99, cause: 'x', drill: true }), record('C', { detected: 30, resolved: 40, cause: 'y' }),
    ]);
    assert.deepEqual([incidents, drills, mttr.n, mttr.mean, recurrence.n, recurrence.percent], [2, 1, 2, 10 * MINUTE, 2, 0]);
  });

  it('are of the incidents detected from the beginning of the window up to, but not at, its end', () => {
    const records = [record('A', { detected: -1 }), record('B', { detected: 0 }), record('C', { detected: 9 }), record('D', { detected: 10 })];
    const count = (window: object): number => metricsOf(records, window).incidents;
    assert.deepEqual([count({ since: minute(0), until: minute(10) }), count({ since: minute(0) }), count({ until: minute(10) }), count({})], [2, 3, 3, 4]);
    const { since, until } = metricsOf(records, { since: minute(0) });
    assert.deepEqual([since, until], [minute(0), undefined]);
  });

  it('are met below the target only', () => {
    const met = (minutes: number): boolean | undefined => metricsOf([record('A', { severity: 'P2', resolved: minutes })]).mttr.bySeverity.P2.met;
    assert.deepEqual([met(239), met(240), met(241)], [true, false, false]);
  });

  it('say median and ninth decile', () => {
    const figures = (...minutes: readonly number[]) => {
      const { median = NaN, p90 = NaN } = metricsOf(minutes.map((resolved, index) => record(`I${index}`, { resolved }))).mttr;
      return [median / MINUTE, p90 / MINUTE];
    };
    assert.deepEqual(figures(7), [7, 7]);
    assert.deepEqual(figures(9, 1), [5, 9]);
    assert.deepEqual(figures(100, 1, 2), [2, 100]);
    assert.deepEqual(figures(10, 9, 8, 7, 6, 5, 4, 3, 2, 1), [5.5, 9]);
    assert.deepEqual(figures(11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1), [6, 10]);
  });

  it('follow the months in which something was detected, however long it took', () => {
    const { mttr, recurrence } = metricsOf([
      record('A', { detectedAt: '2026-12-31T23:59:59.000Z', resolvedAt: '2027-01-01T00:00:59.000Z', cause: 'x' }),
      record('B', { detectedAt: '2026-10-01T00:00:00.000Z', resolvedAt: '2026-10-01T00:04:00.000Z', cause: 'x' }),
      record('C', { detectedAt: '2026-10-31T00:00:00.000Z', resolvedAt: '2026-10-31T00:02:00.000Z', cause: 'y' }),
      record('D', { detectedAt: '2026-11-01T00:00:00.000Z' }),
    ]);
    assert.deepEqual(mttr.trend, [{ month: '2026-10', n: 2, mean: 3 * MINUTE }, { month: '2026-12', n: 1, mean: MINUTE }]);
    assert.deepEqual(recurrence.trend, [{ month: '2026-10', n: 2, percent: 0 }, { month: '2026-12', n: 1, percent: 100 }]);
  });

  it('go by severity, and count in the whole those that nobody assessed', () => {
    const { unassessed, mttr } = metricsOf([record('A', { severity: 'P1', resolved: 10 }), record('B', { severity: 'P3', resolved: 20 }), record('C', { resolved: 90 })]);
    assert.equal(unassessed, 1);
    assert.deepEqual([mttr.n, ...Object.values(mttr.bySeverity).map(({ n }) => n)], [3, 1, 0, 1, 0]);
    assert.equal(mttr.mean, 40 * MINUTE);
  });
});

describe('a recurrence', () => {
  it('is the same scenario or the same cause again, however it is written', () => {
    const { recurrence } = metricsOf([
      record('A', { resolved: 1, scenario: 'memoryLeak', cause: 'Pool  size' }),
      record('B', { detected: 10, resolved: 11, cause: ' pool size' }),
      record('C', { detected: 20, resolved: 21, scenario: 'memoryLeak', cause: 'heap' }),
      record('D', { detected: 30, resolved: 31, scenario: 'heap' }),
      record('E', { detected: 40, resolved: 41, cause: 'memoryLeak' }),
    ]);
    assert.deepEqual(recurrence.repeats, [
      { incident: 'B', detectedAt: minute(10), earlier: 'A', cause: ' pool size' },
      { incident: 'C', detectedAt: minute(20), earlier: 'A', scenario: 'memoryLeak' },
    ]);
    assert.deepEqual([recurrence.n, recurrence.percent, recurrence.met], [5, 40, false]);
  });

  it('names the scenario first, and the cause as well only where one incident had both', () => {
    const { repeats } = metricsOf([
      record('A', { resolved: 1, scenario: 'memoryLeak' }), record('B', { detected: 10, resolved: 11, cause: 'heap' }),
      record('C', { detected: 20, resolved: 21, scenario: 'memoryLeak', cause: 'heap' }), record('D', { detected: 30, resolved: 31, scenario: 'memoryLeak', cause: 'heap' }),
    ]).recurrence;
    assert.deepEqual(repeats, [
      { incident: 'C', detectedAt: minute(20), earlier: 'A', scenario: 'memoryLeak' },
      { incident: 'D', detectedAt: minute(30), earlier: 'C', scenario: 'memoryLeak', cause: 'heap' },
    ]);
  });

  it('is the one with the later id when two were detected at once, whatever order they come in', () => {
    const [a, b] = [record('A', { resolved: 1, cause: 'x' }), record('B', { resolved: 1, cause: 'x' })];
    for (const records of [[a, b], [b, a]]) {
      assert.deepEqual(metricsOf(records).recurrence.repeats.map(({ incident, earlier }) => [incident, earlier]), [['B', 'A']]);
    }
  });

  it('may be of an incident before the window, and never of one that came later', () => {
    const records = [record('A', { detected: -100, resolved: -90, cause: 'x' }), record('B', { resolved: 5, cause: 'x' }), record('C', { detected: 50, resolved: 60, cause: 'y' }), record('D', { detected: 100, resolved: 110, cause: 'y' })];
    const { n, repeats } = metricsOf(records, { since: minute(0), until: minute(60) }).recurrence;
    assert.deepEqual([n, repeats.map(({ incident, earlier }) => [incident, earlier])], [2, [['B', 'A']]]);
  });

  it('counts among the resolved incidents of which it is known what they were', () => {
    const { recurrence } = metricsOf([
      record('A', { resolved: 1, cause: 'x' }), record('B', { detected: 2, cause: 'x' }), record('C', { detected: 3, resolved: 4 }), record('D', { detected: 5, resolved: 6, cause: ' ' }),
    ]);
    assert.deepEqual([recurrence.n, recurrence.missing, recurrence.percent, recurrence.met], [1, 3, 0, true]);
  });

  it('meets the target below it only', () => {
    const many = Array.from({ length: 10 }, (_, index) => record(`I${index}`, { detected: index, resolved: 20, cause: index < 2 ? 'twice' : `once ${index}` }));
    assert.deepEqual([metricsOf(many).recurrence.percent, metricsOf(many).recurrence.met], [10, false]);
    assert.equal(metricsOf([...many, record('K', { detected: 11, resolved: 20, cause: 'once' })]).recurrence.met, true);
  });
});
