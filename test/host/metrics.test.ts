import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { call, declare, messageOf, runStep, timeline } from './harness.ts';

interface Figures {
  readonly n: number;
  readonly missing: number;
  readonly implausible: number;
  readonly mean?: number;
  readonly target?: number;
  readonly met?: boolean;
}
interface Metrics {
  readonly incidents: number;
  readonly drills: number;
  readonly mttd: Figures;
  readonly mtta: Figures;
  readonly mttr: Figures & { readonly bySeverity: Readonly<Record<string, Figures>>; readonly trend: readonly { readonly month: string; readonly n: number }[] };
  readonly recurrence: { readonly n: number; readonly percent?: number; readonly met?: boolean; readonly repeats: readonly { readonly incident: string; readonly earlier: string }[] };
}

const MINUTE = 60_000;
const BOXES = ['rootCauseIdentified', 'issueResolved', 'servicesStable', 'metricsNormal', 'noUserReports', 'stakeholdersNotified'];

describe('the metrics of incidents that were recorded late', function () {
  this.timeout(60_000);
  // A month that no other test has incidents in.
  const day = (date: number, minutes = 0): string => new Date(Date.UTC(2021, 2, date, 9) + minutes * MINUTE).toISOString();
  const window = { since: '2021-03-01T00:00:00Z', until: '2021-04-01T00:00:00Z' };
  let first: string;
  let second: string;

  const metrics = () => call<Metrics>('metrics', window);

  async function eventOf(incident: string, type: string): Promise<string> {
    return (await timeline(incident)).find((event) => event.type === type)?.id ?? assert.fail(`${incident} has no ${type}`);
  }

  /** Declared, acknowledged, resolved and closed now; then every time is put right. */
  async function recordLate(title: string, date: number, { acknowledged, resolved, ...more }: { acknowledged: number; resolved: number; drill?: boolean }): Promise<string> {
    const incident = await declare(title, { severity: 'P1', ...more });
    await call('acknowledge', { incident });
    const answer = await runStep(incident, 'confirmResolution', {
      rootCause: 'The pool was too small', resolution: 'It was raised', cause: 'pool size', reasons: Object.fromEntries(BOXES.map((box) => [box, 'It was years ago'])),
    });
    assert.equal(answer.status, 'done', answer.summary);
    await call('close', { incident, reason: 'Over' });
    await call('amend', { incident, event: await eventOf(incident, 'incident.declared'), at: day(date) });
    await call('amend', { incident, event: await eventOf(incident, 'incident.acknowledged'), at: day(date, acknowledged) });
    await call('amend', { incident, event: await eventOf(incident, 'incident.resolved'), at: day(date, resolved) });
    return incident;
  }

  before(async () => {
    first = await recordLate('The pool is full', 3, { acknowledged: 1, resolved: 50 });
    second = await recordLate('The pool is full again', 20, { acknowledged: 2.5, resolved: 100 });
    await recordLate('A drill', 21, { acknowledged: 0, resolved: 1, drill: true });
  });

  it('are exact to the corrected times', async () => {
    const { incidents, drills, mttd, mtta, mttr, recurrence } = await metrics();
    assert.deepEqual([incidents, drills], [2, 1]);
    assert.deepEqual([mttd.n, mttd.missing, mttd.mean, mttd.target, mttd.met], [0, 2, undefined, 5 * MINUTE, undefined]);
    assert.deepEqual([mtta.n, mtta.mean, mtta.target, mtta.met], [2, 1.75 * MINUTE, 2 * MINUTE, true]);
    const p1 = mttr.bySeverity['P1'];
    assert.deepEqual([p1?.n, p1?.mean, p1?.target, p1?.met], [2, 75 * MINUTE, 60 * MINUTE, false]);
    assert.deepEqual(mttr.trend.map(({ month, n }) => [month, n]), [['2021-03', 2]]);
    assert.deepEqual([recurrence.n, recurrence.percent, recurrence.met, recurrence.repeats.map(({ incident, earlier }) => [incident, earlier])], [2, 50, false, [[second, first]]]);
  });

  it('follow the correction of a closed incident', async () => {
    await call('amend', { incident: second, event: await eventOf(second, 'incident.declared'), impactStartedAt: day(20, -8), title: 'The pool overflows' });
    assert.deepEqual((await metrics()).mttd, { ...(await metrics()).mttd, n: 1, missing: 1, implausible: 0, mean: 8 * MINUTE, met: false });
    await call('amend', { incident: second, event: await eventOf(second, 'incident.resolved'), at: day(20, -1) });
    assert.deepEqual([(await metrics()).mttr.n, (await metrics()).mttr.implausible, (await metrics()).mttr.mean], [1, 1, 50 * MINUTE]);
  });

  it('come as CSV', async () => {
    const { csv } = await call<{ csv: string }>('metrics', { ...window, format: 'csv' });
    const lines = csv.trimEnd().split('\r\n');
    assert.equal(lines.length, 3);
    assert.ok(lines[1]?.startsWith(`${first},The pool is full,P1,production,closed,,${day(3)},${day(3, 1)},`), lines[1]);
  });

  it('take only corrections that an event has', async () => {
    const event = await eventOf(first, 'incident.acknowledged');
    assert.match(await messageOf(call('amend', { incident: first, event, impactStartedAt: day(1) })), /only the declaration/);
    assert.match(await messageOf(call('amend', { incident: first, event, title: 'x' })), /only the declaration/);
    assert.match(await messageOf(call('amend', { incident: first, event, text: 'x' })), /only a finding/);
    assert.match(await messageOf(call('amend', { incident: first, event: await eventOf(first, 'incident.declared'), impactStartedAt: '2999-01-01T00:00:00Z' })), /amend: "impactStartedAt" .* is in the future/);
    assert.match(await messageOf(call('amend', { incident: first, event })), /nothing to correct/);
    assert.match(await messageOf(call('metrics', { since: '2021-04-01T00:00:00Z', until: '2021-03-01T00:00:00Z' })), /must be later/);
  });
});
