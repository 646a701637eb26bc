import assert from 'node:assert/strict';
import { type Server, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Evidence } from '../../../src/incident/evidence.ts';
import type { Runbook, RunbookDashboard } from '../../../src/runbook/schema.ts';
import type { RunResult } from '../../../src/steps/run.ts';
import { buildRunner } from '../../support/build-runner.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START, createClock } from '../../support/clock.ts';
import { DATADOG_KEYS, startDatadog } from '../../support/fakes/datadog.ts';
import { useFake } from '../../support/fakes/use-fake.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const MINUTE = 60_000;
const QUERY = { title: 'Error rate', query: 'avg:shop.error_rate{*}', unit: '%', warnAbove: 1, badAbove: 25 } as const;

describe('openErrorDashboard and openPerformanceDashboard', () => {
  const folder = useTemporaryFolder();
  const datadog = useFake(() => startDatadog({ clock: createClock() }));
  const keys = { apiKey: DATADOG_KEYS.api, applicationKey: DATADOG_KEYS.application };

  /** Steps that are told nothing open the dashboard that is theirs. */
  const plain = (): Runbook => ({ ...bundledRunbook(), steps: bundledRunbook().steps.map(({ inputs: _told, ...step }) => step) });
  const withDashboard = (change: Partial<RunbookDashboard>): Runbook => ({
    ...plain(), datadog: { dashboards: { errorRates: { title: 'Error Rates', section: '5.2', id: 'abc-def-ghi', queries: [QUERY], ...change } } },
  });
  const open = async (runbook: Runbook = withDashboard({}), inputs: Readonly<Record<string, unknown>> = {}, step = 'openErrorDashboard', url = datadog().url): Promise<RunResult & { readonly evidence?: Evidence }> =>
    (await buildRunner(folder(), { runbook, connections: { datadog: { url, ...keys } } })).run(step, inputs);
  const points = (scope: string, values: readonly (number | null)[], lastMinutesAgo = 1): void => {
    datadog().state.series.push({ metric: 'shop.error_rate', scope, points: values.map((value, index) => [START - (lastMinutesAgo + values.length - 1 - index) * MINUTE, value]) });
  };

  /** The values of the last minutes, and what the step makes of them. */
  const VALUES: readonly (readonly [values: readonly number[], level: string, summary: string])[] = [
    [[0.2, 0.1234], 'ok', 'Error rate last 0.123 %, peak 0.2 %'],
    [[41, 0.5], 'ok', 'Error rate last 0.5 %, peak 41 %'],
    [[0, 1], 'ok', 'Error rate last 1 %, peak 1 %'],
    [[0, 1.5], 'warn', 'Error rate last 1.5 %, peak 1.5 %'],
    [[12, 25.04], 'bad', 'Error rate last 25 %, peak 25 %'],
    [[1234.5, 61.04], 'bad', 'Error rate last 61 %, peak 1235 %'],
  ];
  for (const [values, level, summary] of VALUES) {
    it(`${values.join(', ')} %: ${level}`, async () => {
      points('*', values);
      const result = await open();
      assert.deepEqual([result.status, result.level, result.summary], ['done', level, summary]);
    });
  }

  it('shows the link, the points as a chart with the threshold, and the values as data', async () => {
    points('*', [3, null, 7]);
    const { evidence } = await open();
    assert.deepEqual(evidence?.links, [{ title: 'Error Rates', url: 'https://app.datadoghq.com/dashboard/abc-def-ghi' }]);
    assert.deepEqual(evidence.charts, [{
      title: 'Error rate', unit: '%', limit: { label: 'bad above 25 %', value: 25 },
      series: [{ label: 'Error rate', points: [[START - 3 * MINUTE, 3], [START - MINUTE, 7]] }],
    }]);
    assert.match(evidence.markdown, /\| Error rate \| 🟠\u00a0warn 7 % \| 7 % \| 2026-11-23 02:59:00 UTC \(1 min ago\) \| [▁-█]{2} \|/);
    assert.deepEqual(evidence.data, {
      dashboard: 'errorRates', url: 'https://app.datadoghq.com/dashboard/abc-def-ghi',
      readings: [{ title: 'Error rate', unit: '%', level: 'warn', verdict: 'last 7 %, peak 7 %', last: 7, at: '2026-11-23T02:59:00.000Z', peak: 7 }],
    });
  });

  it('asks for the last hour, or for as long as the step is told', async () => {
    await open();
    await open(undefined, { minutes: 5 });
    assert.deepEqual(datadog().of('query').map(({ target }) => {
      const { searchParams } = new URL(target, 'http://x');
      return [Number(searchParams.get('to')) - Number(searchParams.get('from')), searchParams.get('query')];
    }), [[3600, QUERY.query], [300, QUERY.query]]);
  });

  it('takes the highest of several series, and draws four of them', async () => {
    ['a', 'b', 'c', 'd', 'e', 'f'].forEach((host, index) => { points(`host:${host}`, [index, 20 + index]); });
    const { level, summary, evidence } = await open();
    assert.deepEqual([level, summary], ['warn', 'Error rate last 25 %, peak 25 %, highest of 6']);
    assert.deepEqual(evidence?.charts?.map(({ title, series }) => [title, series.map(({ label }) => label)]), [['Error rate (the highest 4 of 6)', ['host:f', 'host:e', 'host:d', 'host:c']]]);
  });

  it('takes the last values of all series, not of the one with the highest peak', async () => {
    points('host:calm', [99, 0.2]);
    points('host:busy', [5, 7]);
    const { level, summary } = await open();
    assert.deepEqual([level, summary], ['warn', 'Error rate last 7 %, peak 99 %, highest of 2']);
  });

  it('does not count a series that has ended', async () => {
    points('host:gone', [90, 99], 30);
    points('host:here', [0, 0.5]);
    const { level, summary } = await open();
    assert.deepEqual([level, summary], ['ok', 'Error rate last 0.5 %, peak 99 %, highest of 2']);
  });

  it('no points: unknown', async () => {
    points('*', [null, null]);
    const { level, summary, evidence } = await open();
    assert.deepEqual([level, summary, evidence?.charts], ['unknown', 'Error rate no points', []]);
  });

  it('no points of late: unknown', async () => {
    points('*', [0.1, 0.3], 21);
    const { level, summary } = await open();
    assert.deepEqual([level, summary], ['unknown', 'Error rate no points for 21 min, peak 0.3 % before that']);
  });

  it('no thresholds: unknown, and says to judge for oneself', async () => {
    points('*', [1]);
    const { title, query, unit } = QUERY;
    const { level, summary, evidence } = await open(withDashboard({ queries: [{ title, query, unit }] }));
    assert.deepEqual([level, summary], ['unknown', 'Error rate last 1 %, peak 1 %']);
    assert.match(evidence?.markdown ?? '', /judge the values yourself/);
    assert.equal(evidence?.charts?.[0]?.limit, undefined);
  });

  it('keeps the link, and the other metrics, when one cannot be read', async () => {
    points('*', [30]);
    const { status, level, summary, evidence } = await open(withDashboard({ queries: [{ ...QUERY, title: 'Broken', query: 'nonsense' }, QUERY] }));
    assert.deepEqual([status, level], ['done', 'bad']);
    assert.match(summary, /^Broken could not be read: Datadog refused it \(400\): .*; Error rate last 30 %/);
    assert.equal(evidence?.links?.length, 1);
  });

  it('not connected: the link, and that nothing was read', async () => {
    const { run } = await buildRunner(folder(), { runbook: withDashboard({}) });
    const { status, level, summary, evidence } = await run('openErrorDashboard');
    assert.deepEqual([status, level, summary], ['done', 'unknown', 'Error Rates: Datadog is not connected, so its metrics were not read']);
    assert.equal(evidence?.links?.[0]?.url, 'https://app.datadoghq.com/dashboard/abc-def-ghi');
  });

  it('no metrics in the runbook: the link, and what to add', async () => {
    const { queries: _none, ...bare } = withDashboard({}).datadog?.dashboards?.['errorRates'] ?? assert.fail();
    const { level, summary } = await open({ ...bundledRunbook(), datadog: { dashboards: { errorRates: bare } } });
    assert.deepEqual([level, summary], ['unknown', 'Error Rates: the runbook names no metrics for it (datadog.dashboards.errorRates.queries)']);
  });

  it('no dashboard in the runbook: fails, naming the key to add', async () => {
    const { datadog: _none, ...rest } = plain();
    for (const runbook of [rest, { ...rest, datadog: {} }]) {
      const { status, summary } = await open(runbook, {}, 'openPerformanceDashboard');
      assert.deepEqual([status, summary.startsWith('The runbook has no dashboard "performance". Add datadog.dashboards.performance to it')], ['failed', true]);
    }
    assert.equal((await open(undefined, { dashboard: 'constructor' })).status, 'failed');
  });

  it('opens each its own dashboard of the bundled runbook', async () => {
    const titles = await Promise.all(['openErrorDashboard', 'openPerformanceDashboard'].map(async (step) => {
      const { evidence } = await open(bundledRunbook(), {}, step);
      return evidence?.links?.[0]?.title;
    }));
    assert.deepEqual(titles, ['Error Rates', 'Performance']);
  });

  it('is cancelled while Datadog is silent', async () => {
    datadog().fault({ kind: 'time-out', acted: false });
    const abort = new AbortController();
    const { run } = await buildRunner(folder(), { runbook: withDashboard({}), connections: { datadog: { url: datadog().url, ...keys } } });
    const running = run('openErrorDashboard', {}, abort.signal);
    await until('Datadog to be asked', () => datadog().of('query').length === 1);
    abort.abort();
    assert.equal((await running).status, 'cancelled');
  });

  describe('the link of the runbook', () => {
    let server: Server;
    let connections: number;
    beforeEach(async () => {
      connections = 0;
      server = createServer((socket) => { connections += 1; socket.destroy(); });
      await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    });
    afterEach(async () => { await new Promise((resolve) => { server.close(resolve); }); });

    it('is only shown: nobody connects to it, and the keys go to Datadog alone', async () => {
      points('*', [1]);
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/dashboard/healthflow`;
      const { status, evidence } = await open(withDashboard({ url }));
      assert.deepEqual([status, evidence?.links?.[0]?.url, connections], ['done', url, 0]);
      assert.deepEqual(datadog().exchanges.map(({ operation }) => operation), ['query']);
      assert.doesNotMatch(JSON.stringify(evidence), new RegExp(`${keys.apiKey}|${keys.applicationKey}`));
    });
  });
});
