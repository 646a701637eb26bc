/** A thousand incidents as timelines, wrong times and corrections among them, against a calculation from what really happened. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { SEVERITIES, type Severity, type TimelineEvent } from '../../../src/incident/events.ts';
import { type IncidentSummary, fold, summarize } from '../../../src/incident/fold.ts';
import { type DurationFigures, computeMetrics } from '../../../src/incident/metrics.ts';
import { EXTENSION, createEvents, minute } from '../../support/build-events.ts';

const INCIDENTS = 1_000;
const DAYS = 24 * 60;
const TARGETS = { mttd: { overall: 300_000 }, mtta: { overall: 120_000 }, mttr: { bySeverity: { P1: 3_600_000, P2: 14_400_000 } }, recurrence: 10 };

/** What really happened; minutes after the start, halves being 30 s. */
interface Fact {
  readonly id: string;
  readonly severity: Severity | undefined;
  readonly drill: boolean;
  readonly detected: number;
  readonly impact: number | undefined;
  readonly acknowledged: number | undefined;
  readonly resolved: number | undefined;
  readonly scenario: string | undefined;
  readonly cause: string | undefined;
  /** Which times were written down wrongly at first, and how it ended. */
  readonly slips: readonly ('impact' | 'detected' | 'acknowledged' | 'resolved')[];
  readonly ending: 'resolved' | 'closed' | 'resolved and closed' | 'reopened before';
}

const later = (max: number) => fc.integer({ min: -2, max: max * 2 }).map((halves) => halves / 2);
const fact = fc.record({
  severity: fc.option(fc.constantFrom(...SEVERITIES), { nil: undefined, freq: 8 }),
  drill: fc.integer({ min: 0, max: 9 }).map((tenth) => tenth === 0),
  detected: fc.integer({ min: 0, max: 400 * DAYS }),
  impact: fc.option(later(12), { nil: undefined, freq: 4 }),
  acknowledged: fc.option(later(6), { nil: undefined, freq: 6 }),
  resolved: fc.option(later(500), { nil: undefined, freq: 6 }),
  scenario: fc.option(fc.integer({ min: 0, max: 400 }).map((number) => `scenario${number}`), { nil: undefined, freq: 2 }),
  cause: fc.option(fc.integer({ min: 0, max: 300 }).map((number) => `cause ${number}`), { nil: undefined, freq: 2 }),
  slips: fc.uniqueArray(fc.constantFrom('impact' as const, 'detected' as const, 'acknowledged' as const, 'resolved' as const)),
  ending: fc.constantFrom('resolved' as const, 'closed' as const, 'resolved and closed' as const, 'reopened before' as const),
});

const facts = fc.sample(fact, { seed: 20_261_123, numRuns: INCIDENTS }).map((drawn, index): Fact => {
  const { detected } = drawn;
  const whenClosed = drawn.ending === 'closed';
  return {
    ...drawn, id: `INC-20261123-${String(index).padStart(4, '0')}`,
    impact: drawn.impact === undefined ? undefined : detected - drawn.impact,
    acknowledged: drawn.acknowledged === undefined ? undefined : detected + drawn.acknowledged,
    resolved: drawn.resolved === undefined ? undefined : detected + drawn.resolved,
    // Who closes an incident without resolving it says neither.
    scenario: drawn.resolved === undefined || whenClosed ? undefined : drawn.scenario,
    cause: drawn.resolved === undefined || whenClosed ? undefined : drawn.cause,
  };
});

/** The timeline that the extension would have of it. */
function timelineOf({ id, severity, drill, detected, impact, acknowledged, resolved, scenario, cause, slips, ending }: Fact): TimelineEvent[] {
  const { declared, event } = createEvents();
  const slipped = (name: Fact['slips'][number], at: number): number => (slips.includes(name) ? at + 777 : at);
  const events: TimelineEvent[] = [declared({ drill, ...(impact === undefined ? {} : { impactStartedAt: minute(slipped('impact', impact)) }) }, { minute: slipped('detected', detected) })];
  const [declaration] = events;
  const correct = (name: Fact['slips'][number], amends: string, changes: object): void => {
    if (slips.includes(name)) {
      events.push(event('event.amended', { amends, changes: { ...changes } }, { minute: detected + 5_000 }));
    }
  };
  correct('detected', declaration?.id ?? '', { at: minute(detected) });
  if (impact !== undefined) {
    correct('impact', declaration?.id ?? '', { impactStartedAt: minute(impact) });
  }
  events.push(event('incident.acknowledged', {}, { minute: detected, actor: EXTENSION }));
  if (acknowledged !== undefined) {
    const first = event('incident.acknowledged', {}, { minute: slipped('acknowledged', acknowledged) });
    events.push(first, event('incident.acknowledged', {}, { minute: acknowledged + 800 }));
    correct('acknowledged', first.id, { at: minute(acknowledged) });
  }
  if (severity !== undefined) {
    events.push(event('severity.set', { severity: severity === 'P4' ? 'P3' : 'P4', reasons: [] }, { minute: detected + 1 }), event('severity.set', { severity, reasons: [] }, { minute: detected + 2 }));
  }
  if (resolved !== undefined) {
    if (ending === 'reopened before') {
      events.push(event('incident.closed', { reason: 'Too early' }, { minute: resolved - 2 }), event('incident.reopened', { reason: 'Back' }, { minute: resolved - 1 }));
    }
    const body = { rootCause: 'r', resolution: 'r', ...(scenario === undefined ? {} : { scenario }), ...(cause === undefined ? {} : { cause }) };
    const at = slipped('resolved', resolved);
    const end = ending === 'closed' ? event('incident.closed', { reason: 'Over' }, { minute: at }) : event('incident.resolved', body, { minute: at });
    events.push(end);
    correct('resolved', end.id, { at: minute(resolved) });
    if (ending === 'resolved and closed') {
      events.push(event('incident.closed', { reason: 'Over' }, { minute: resolved + 900 }));
    }
  }
  return events.map((item) => ({ ...item, incident: id })).reverse();
}

const summaries = facts.map((item): IncidentSummary => summarize(fold(timelineOf(item)) ?? assert.fail()));

/** By counting: how many are at most as long, instead of sorting. */
function figures(durations: readonly (number | undefined)[], target: number | undefined): Omit<DurationFigures, 'trend'> {
  const known = durations.filter((value) => value !== undefined);
  const plausible = known.filter((value) => value >= 0);
  const reached = (value: number, share: number): boolean => plausible.filter((other) => other <= value).length >= share * plausible.length;
  const least = (share: number): number => Math.min(...plausible.filter((value) => reached(value, share)));
  const greatest = Math.max(...plausible.filter((value) => plausible.filter((other) => other >= value).length >= plausible.length / 2));
  const mean = plausible.length === 0 ? undefined : Number(plausible.reduce((sum, value) => sum + BigInt(value * 60_000), 0n) * 1_000n / BigInt(plausible.length)) / 1_000;
  return {
    n: plausible.length, missing: durations.length - known.length, implausible: known.length - plausible.length,
    ...(mean === undefined ? {} : { mean, median: (least(0.5) + greatest) * 30_000, p90: least(0.9) * 60_000 }),
    ...(target === undefined ? {} : { target, ...(mean === undefined ? {} : { met: mean < target }) }),
  };
}

function assertFigures({ n, missing, implausible, trend: _trend, ...rest }: DurationFigures, expected: Omit<DurationFigures, 'trend'>, what: string): void {
  const { mean, median, p90, target, met } = rest;
  const known = Object.fromEntries(Object.entries({ mean: mean === undefined ? undefined : Math.floor(mean * 1_000) / 1_000, median, p90, target, met }).filter(([, value]) => value !== undefined));
  assert.deepEqual({ n, missing, implausible, ...known }, expected, what);
}

const DURATIONS: Readonly<Record<'mttd' | 'mtta' | 'mttr', (item: Fact) => number | undefined>> = {
  mttd: ({ impact, detected }) => (impact === undefined ? undefined : detected - impact),
  mtta: ({ acknowledged, detected }) => (acknowledged === undefined ? undefined : acknowledged - detected),
  mttr: ({ resolved, detected }) => (resolved === undefined ? undefined : resolved - detected),
};

describe(`the metrics of ${INCIDENTS} generated incidents`, () => {
  for (const [name, from, to] of [['all of them', undefined, undefined], ['half a year of them', 100 * DAYS, 280 * DAYS]] as const) {
    const inside = facts.filter(({ drill, detected }) => !drill && detected >= (from ?? 0) && detected < (to ?? Infinity));
    const metrics = computeMetrics(summaries, { targets: TARGETS, ...(from === undefined ? {} : { since: minute(from) }), ...(to === undefined ? {} : { until: minute(to) }) });

    it(`are those of a plain count over ${name}`, () => {
      assert.ok(inside.length > 300);
      assert.equal(metrics.incidents, inside.length);
      for (const id of ['mttd', 'mtta', 'mttr'] as const) {
        assertFigures(metrics[id], figures(inside.map(DURATIONS[id]), id === 'mttr' ? undefined : TARGETS[id].overall), id);
        for (const severity of SEVERITIES) {
          const target = id === 'mttr' ? { P1: 3_600_000, P2: 14_400_000, P3: undefined, P4: undefined }[severity] : TARGETS[id].overall;
          assertFigures(metrics[id].bySeverity[severity], figures(inside.filter((item) => item.severity === severity).map(DURATIONS[id]), target), `${id} ${severity}`);
        }
      }
    });

    it(`follow the months over ${name}`, () => {
      const expected: Record<string, { n: number; sum: number }> = {};
      for (const item of inside) {
        const taken = DURATIONS.mttr(item);
        if (taken !== undefined && taken >= 0) {
          const date = new Date(Date.UTC(2026, 10, 23, 3) + item.detected * 60_000);
          const entry = expected[`${date.getUTCFullYear()}-${String(date.getUTCMonth() + 1).padStart(2, '0')}`] ??= { n: 0, sum: 0 };
          entry.n += 1;
          entry.sum += taken * 60_000;
        }
      }
      assert.deepEqual(metrics.mttr.trend, Object.keys(expected).sort().map((month) => ({ month, n: expected[month]?.n, mean: (expected[month]?.sum ?? 0) / (expected[month]?.n ?? 0) })));
    });

    it(`name the recurrences that a comparison of each with each finds over ${name}`, () => {
      const told = inside.filter(({ resolved, scenario, cause }) => resolved !== undefined && (scenario !== undefined || cause !== undefined));
      const repeats = told.filter((item) => facts.some((other) => !other.drill && (other.detected < item.detected || (other.detected === item.detected && other.id < item.id))
        && ((item.scenario !== undefined && other.scenario === item.scenario) || (item.cause !== undefined && other.cause === item.cause))));
      assert.ok(repeats.length > 50 && repeats.length < told.length, `${repeats.length} of ${told.length}`);
      const { recurrence } = metrics;
      assert.deepEqual(recurrence.repeats.map(({ incident }) => incident).sort(), repeats.map(({ id }) => id).sort());
      assert.deepEqual([recurrence.n, recurrence.missing, recurrence.percent], [told.length, inside.length - told.length, (repeats.length * 100) / told.length]);
      for (const { incident, earlier } of recurrence.repeats) {
        const [now, before] = [incident, earlier].map((id) => facts.find((item) => item.id === id));
        assert.ok(now !== undefined && before !== undefined && before.detected <= now.detected && !before.drill);
        assert.ok(before.scenario === now.scenario || before.cause === now.cause);
      }
    });
  }

  it('cover what can go wrong', () => {
    const { mttd, mttr, drills, unassessed } = computeMetrics(summaries, { targets: TARGETS });
    assert.ok(Math.min(mttd.implausible, mttd.missing, mttr.implausible, mttr.missing, drills, unassessed) > 20);
    assert.ok(facts.filter(({ slips }) => slips.length > 1).length > 300);
  });
});
