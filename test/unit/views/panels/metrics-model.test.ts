import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { IncidentSummary } from '../../../../src/incident/fold.ts';
import type { MetricsModel, MetricsQuery } from '../../../../src/protocol/metrics.ts';
import { metricsModel } from '../../../../src/views/panels/metrics-model.ts';
import { minute } from '../../../support/build-events.ts';
import { bundledRunbook } from '../../../support/bundled-runbook.ts';
import { START } from '../../../support/clock.ts';

const MINUTE = 60_000;
const DAY = 24 * 60;
const RUNBOOK = bundledRunbook();

/** Detected so many days before now, closed; times in minutes after the detection. */
function incident(id: string, daysAgo: number, { impact, acknowledged, resolved, ...more }: Partial<IncidentSummary> & { impact?: number; acknowledged?: number; resolved?: number } = {}): IncidentSummary {
  const detected = -daysAgo * DAY;
  return {
    id, title: `Title of ${id}`, status: 'closed', environment: 'production', drill: false, detectedAt: minute(detected),
    ...(impact === undefined ? {} : { impactStartedAt: minute(detected + impact) }),
    ...(acknowledged === undefined ? {} : { acknowledgedAt: minute(detected + acknowledged) }),
    ...(resolved === undefined ? {} : { resolvedAt: minute(detected + resolved) }),
    ...more,
  };
}

function model(incidents: readonly IncidentSummary[], query: MetricsQuery = { period: '90d' }, runbook: typeof RUNBOOK | undefined = RUNBOOK): MetricsModel {
  return metricsModel({ incidents, query, runbook, now: START });
}

function duration(shown: MetricsModel, metric: string) {
  return shown.durations.find((one) => one.metric === metric) ?? assert.fail(metric);
}

describe('the model of the metrics panel', () => {
  it('has each number with its targets, and that of the time before', () => {
    const shown = model([
      incident('A', 10, { severity: 'P1', impact: -4, acknowledged: 1, resolved: 50 }), incident('B', 20, { severity: 'P2', impact: -8, acknowledged: 5, resolved: 300 }),
      incident('C', 100, { severity: 'P1', impact: -1, acknowledged: 2, resolved: 70 }), incident('D', 200, { severity: 'P1', impact: -99 }),
    ]);
    assert.deepEqual([shown.incidents, shown.daysBefore, shown.empty], [2, 90, undefined]);
    const mttd = duration(shown, 'mttd');
    assert.deepEqual([mttd.figures.mean, mttd.figures.met, mttd.before], [6 * MINUTE, false, { n: 1, mean: MINUTE }]);
    assert.deepEqual(mttd.targets.map(({ severity, figures: { target } }) => [severity, target]), [[undefined, 5 * MINUTE]]);
    const mttr = duration(shown, 'mttr');
    assert.deepEqual(mttr.targets.map(({ severity, figures: { target, met, n } }) => [severity, target, met, n]), [['P1', 60 * MINUTE, true, 1], ['P2', 240 * MINUTE, false, 1]]);
    assert.deepEqual(mttr.bySeverity.map(({ severity }) => severity), ['P1', 'P2']);
  });

  it('draws one trend for each target, over months that all exist', () => {
    const shown = model([incident('A', 10, { severity: 'P1', impact: -4, acknowledged: 1, resolved: 50, cause: 'x' }), incident('B', 75, { severity: 'P3', impact: -6 })]);
    assert.deepEqual(shown.charts.map((chart) => [chart.of, 'severity' in chart ? chart.severity : undefined, chart.target, chart.points.map(({ month, n }) => [month, n])]), [
      ['mttd', undefined, 5 * MINUTE, [['2026-09', 1], ['2026-11', 1]]], ['mtta', undefined, 2 * MINUTE, [['2026-11', 1]]],
      ['mttr', 'P1', 60 * MINUTE, [['2026-11', 1]]], ['mttr', 'P2', 240 * MINUTE, []], ['recurrence', undefined, 10, [['2026-11', 1]]],
    ]);
    assert.deepEqual(shown.months.map(({ month, counts }) => [month, counts.P1, counts.P3]), [['2026-08', 0, 0], ['2026-09', 0, 1], ['2026-10', 0, 0], ['2026-11', 1, 0]]);
    assert.deepEqual(shown.shares, [{ severity: 'P1', count: 1 }, { severity: 'P3', count: 1 }]);
  });

  it('shows the newest 24 months and tells how many there are besides', () => {
    const { months, earlierMonths, charts } = model([incident('A', 1, { impact: -1 }), incident('B', 3 * 365, { impact: -1 })], { period: 'all' });
    assert.deepEqual([months.length, months[0]?.month, months.at(-1)?.month, earlierMonths], [24, '2024-12', '2026-11', 13]);
    assert.deepEqual(charts[0]?.points.map(({ month }) => month), ['2026-11']);
  });

  it('filters by environment and severity, and still knows what was there before', () => {
    const incidents = [
      incident('OLD', 30, { severity: 'P3', resolved: 5, scenario: 'memoryLeak' }), incident('NEW', 5, { severity: 'P1', resolved: 5, scenario: 'memoryLeak' }),
      incident('ELSE', 4, { severity: 'P1', environment: 'lab', resolved: 5, cause: 'y' }), incident('DRILL', 3, { severity: 'P1', environment: 'lab', drill: true }),
    ];
    const shown = model(incidents, { period: '90d', severity: 'P1', environment: 'production' });
    assert.deepEqual([shown.incidents, shown.drills, shown.recurrence.percent, shown.recurrence.count], [1, 0, 100, 1]);
    assert.deepEqual(shown.recurrence.repeats.map(({ incident: { id }, earlier, scenario }) => [id, earlier.id, scenario]), [['NEW', 'OLD', RUNBOOK.scenarios.find(({ id }) => id === 'memoryLeak')?.title]]);
    assert.deepEqual(shown.environments.map(({ key }) => key), [...Object.keys(RUNBOOK.environments), 'lab']);
    assert.equal(model(incidents, { period: '90d', environment: 'lab' }).drills, 1);
    assert.deepEqual(duration(model(incidents, { period: '90d', severity: 'P2' }), 'mttr').targets.map(({ severity }) => severity), ['P2']);
  });

  it('names the slowest, each against the target of its severity', () => {
    const shown = model(['P1', 'P2', 'P4', 'P1', 'P1', 'P1'].map((severity, index) => incident(`I${index}`, index + 1, { severity: severity as 'P1', resolved: (index + 1) * 10 })));
    assert.deepEqual(shown.slowest.map(({ incident: { id }, took, target }) => [id, took / MINUTE, target === undefined ? undefined : target / MINUTE]), [['I5', 60, 60], ['I4', 50, 60], ['I3', 40, 60], ['I2', 30, undefined], ['I1', 20, 240]]);
  });

  it('says what can be mended, the implausible first, and takes nothing for a gap that has not come yet', () => {
    const shown = model([
      incident('WHOLE', 1, { severity: 'P1', impact: -1, acknowledged: 1, resolved: 2, cause: 'x' }), incident('OPEN', 2, { status: 'acknowledged', impact: -1 }),
      incident('BARE', 3, { resolved: 5 }), incident('WRONG', 9, { severity: 'P1', impact: 5, acknowledged: -1, resolved: 9, cause: 'x' }),
    ]);
    assert.deepEqual(shown.gaps.map(({ incident: { id }, implausible, missing }) => [id, implausible, missing]), [
      ['WRONG', ['mttd', 'mtta'], []], ['BARE', [], ['impact', 'acknowledgement', 'severity', 'cause']],
    ]);
    assert.equal(shown.unassessed, 2);
  });

  it('sends as much as can be read of many', () => {
    const shown = model(Array.from({ length: 300 }, (_, index) => incident(`I${index}`, index / 10, { resolved: 1, cause: 'the same' })));
    assert.deepEqual([shown.gaps.length, shown.gapCount, shown.recurrence.repeats.length, shown.recurrence.count], [20, 300, 20, 299]);
    assert.equal(shown.recurrence.repeats[0]?.incident.id, 'I0', 'the newest first');
  });

  it('knows why there is nothing to show', () => {
    assert.equal(model([]).empty, 'nothing');
    assert.equal(model([incident('A', 1, { drill: true })]).empty, 'drills');
    assert.equal(model([incident('A', 100)]).empty, 'query');
    assert.equal(model([incident('A', 1)], { period: '90d', severity: 'P1' }).empty, 'query');
  });

  it('has no targets without a runbook, and says so', () => {
    const shown = metricsModel({ incidents: [incident('A', 1, { severity: 'P1', impact: -1, resolved: 5 })], query: { period: 'all' }, runbook: undefined, now: START });
    assert.equal(shown.untargeted, true);
    assert.deepEqual([...shown.durations.flatMap(({ targets }) => targets), shown.recurrence.target, shown.daysBefore], [undefined, undefined]);
    assert.equal(duration(shown, 'mttd').figures.mean, MINUTE);
    assert.equal(model([]).untargeted, false);
  });
});
