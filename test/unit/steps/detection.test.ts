import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { describe, it } from 'mocha';
import type { Evidence } from '../../../src/incident/evidence.ts';
import type { Runbook } from '../../../src/runbook/schema.ts';
import type { SyntheticRun } from '../../../src/services/datadog.ts';
import { judgeRuns } from '../../../src/steps/alarm-sources.ts';
import { data, refusal, useAwsStub } from '../../support/aws-stub.ts';
import { API, type TestRunner, buildRunner, runbookWith } from '../../support/build-runner.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START, createClock } from '../../support/clock.ts';
import { DATADOG_KEYS, type DatadogMonitor, startDatadog } from '../../support/fakes/datadog.ts';
import { useFake } from '../../support/fakes/use-fake.ts';
import { useHttpServers } from '../../support/http-stub.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const HEALTH = { name: 'API health', url: `${API}/health`, kind: 'health' } as const;
const seconds = (ms: number): number => ms / 1000;

/** What the health endpoint answers, and what the check makes of it. */
const ANSWERS: readonly (readonly [title: string, answer: RequestListener, level: string, summary: RegExp])[] = [
  ['200 and a good word', (_request, response) => { response.end('{"status":"UP","version":"1.4.2"}'); }, 'ok', /^API health: ok, \d+ ms$/],
  ['200 without a word', (_request, response) => { response.end(); }, 'ok', /^API health: ok/],
  ['200 with JSON that is none', (_request, response) => { response.end('{"status":'); }, 'ok', /^API health: ok/],
  ['200 that says it is down', (_request, response) => { response.end('{"status":"DOWN"}'); }, 'bad', /^API health: HTTP 200, but says DOWN$/],
  ['200 that says it is degraded', (_request, response) => { response.end('{"status":"degraded"}'); }, 'bad', /says degraded$/],
  ['503', (_request, response) => { response.writeHead(503).end(); }, 'bad', /^API health: HTTP 503$/],
  ['503 with a reason', (_request, response) => { response.writeHead(503).end('{"status":"db unreachable"}'); }, 'bad', /^API health: HTTP 503, says db unreachable$/],
  ['500 with a page', (_request, response) => { response.writeHead(500).end('<html>oops'); }, 'bad', /^API health: HTTP 500$/],
  ['404', (_request, response) => { response.writeHead(404).end(); }, 'bad', /^API health: HTTP 404$/],
  ['a redirect', (_request, response) => { response.writeHead(302, { location: '/login' }).end(); }, 'warn', /^API health: HTTP 302 \(redirect\)$/],
  ['nothing', () => undefined, 'bad', /^API health: no answer within 150 ms$/],
  ['a hang-up', (request) => { request.socket.destroy(); }, 'bad', /^API health: .* closed the connection without an answer$/],
];

describe('checkServiceHealth', () => {
  const folder = useTemporaryFolder();
  const serve = useHttpServers();

  for (const [title, answer, level, summary] of ANSWERS) {
    it(`${title}: ${level}`, async () => {
      const origin = await serve(answer);
      const { run } = await buildRunner(folder(), { origins: { [API]: origin }, runbook: runbookWith({ endpoints: [{ ...HEALTH, timeoutMs: 150 }] }) });
      const result = await run('checkServiceHealth');
      assert.deepEqual([result.status, result.level], ['done', level]);
      assert.match(result.summary, summary);
    });
  }

  it('nothing listens: bad', async () => {
    const { run } = await buildRunner(folder(), { origins: { [API]: 'http://127.0.0.1:1' } });
    const { level, summary } = await run('checkServiceHealth');
    assert.deepEqual([level, summary], ['bad', 'API health: 127.0.0.1:1 refused the connection']);
  });

  it('a slow answer: warn', async () => {
    const origin = await serve((_request, response) => { setTimeout(() => { response.end(); }, 30); });
    const { run } = await buildRunner(folder(), { origins: { [API]: origin }, runbook: runbookWith({ endpoints: [{ ...HEALTH, slowMs: 5 }] }) });
    const { level, summary } = await run('checkServiceHealth');
    assert.equal(level, 'warn');
    assert.match(summary, /slow, \d+ ms \(over 5 ms\)$/);
  });

  it('no health endpoint in the runbook: unknown, with what to add', async () => {
    const { run } = await buildRunner(folder(), { runbook: runbookWith({ endpoints: [] }) });
    const { level, evidence } = await run('checkServiceHealth');
    assert.equal(level, 'unknown');
    assert.match(evidence?.markdown ?? '', /`kind: health`/);
  });

  it('shows what was answered, in the runbook\'s words and as data', async () => {
    const origin = await serve((_request, response) => { response.writeHead(503).end('{"status":"down","pool":{"used":10}}'); });
    const { run } = await buildRunner(folder(), { origins: { [API]: origin } });
    const { evidence } = await run('checkServiceHealth');
    assert.match(evidence?.markdown ?? '', /"used": 10/);
    const [endpoint] = (evidence as Evidence & { data: { endpoints: Record<string, unknown>[] } }).data.endpoints;
    assert.deepEqual([endpoint?.['name'], endpoint?.['url'], endpoint?.['level'], endpoint?.['status']], ['API health', `${origin}/health`, 'bad', 503]);
  });
});

describe('checkEndpoints', () => {
  const folder = useTemporaryFolder();
  const serve = useHttpServers();

  it('names those in trouble; a portal may redirect', async () => {
    const up = await serve((request, response) => { response.writeHead(request.url === '/portal' ? 302 : 200, { location: '/login' }).end('{"status":"down"}'); });
    const down = await serve((_request, response) => { response.writeHead(502).end(); });
    const runbook = runbookWith({ endpoints: [{ name: 'API', url: 'https://a/api', kind: 'api' }, { name: 'Portal', url: 'https://a/portal', kind: 'portal' }, { name: 'Doctor portal', url: 'https://b/', kind: 'portal' }] });
    const { run } = await buildRunner(folder(), { runbook, origins: { 'https://a': up, 'https://b': down } });
    const { level, summary, evidence } = await run('checkEndpoints');
    assert.deepEqual([level, summary], ['bad', '1 of 3 endpoints in trouble: Doctor portal (HTTP 502)']);
    assert.match(evidence?.markdown ?? '', /HTTP 302 \\\(redirect\\\)/);
  });

  it('says when all answer', async () => {
    const up = await serve((_request, response) => { response.end(); });
    const { run } = await buildRunner(folder(), { runbook: runbookWith({ endpoints: [HEALTH, { name: 'API', url: `${API}/x`, kind: 'api' }] }), origins: { [API]: up } });
    assert.deepEqual([(await run('checkEndpoints')).summary], ['All 2 endpoints answer']);
    const { run: runOne } = await buildRunner(folder(), { runbook: runbookWith({ endpoints: [HEALTH] }), origins: { [API]: up } });
    assert.equal((await runOne('checkEndpoints')).summary, `${HEALTH.name} answers`);
  });
});

describe('listAlarms', () => {
  const folder = useTemporaryFolder();
  const aws = useAwsStub();

  it('lists what is in ALARM, the newest first, with since when and on what', async () => {
    const pages: Readonly<Record<string, object>> = {
      undefined: {
        MetricAlarms: [{
          AlarmName: 'healthflow-production-5xx', AlarmDescription: 'Portals answer 5xx', StateValue: 'ALARM', StateReason: 'Threshold | crossed', Namespace: 'AWS/ApplicationELB',
          MetricName: 'HTTPCode_Target_5XX_Count', Threshold: 50, ComparisonOperator: 'GreaterThanThreshold', StateTransitionedTimestamp: seconds(START - 14 * 60_000), StateUpdatedTimestamp: seconds(START),
        }],
        NextToken: 'next',
      },
      next: { CompositeAlarms: [{ AlarmName: 'healthflow-production-all', AlarmRule: 'ALARM(a) OR ALARM(b)', StateValue: 'ALARM', StateUpdatedTimestamp: seconds(START - 60_000) }] },
    };
    aws.on('DescribeAlarms', ({ NextToken }) => data(pages[String(NextToken)] ?? {}));
    const { run } = await buildRunner(folder(), { aws: aws.session });
    const { level, summary, evidence } = await run('listAlarms');
    assert.deepEqual([level, summary], ['bad', '2 alarms in ALARM: healthflow-production-all, healthflow-production-5xx']);
    assert.match(evidence?.markdown ?? '', /2026-11-23 02:46:00 UTC \(14 min\)/);
    assert.match(evidence?.markdown ?? '', /\\> 50/);
    assert.match(evidence?.markdown ?? '', /Threshold \\\| crossed/);
    assert.deepEqual((evidence?.data['alarms'] as readonly { since: string; description: string }[])[1]?.since, '2026-11-23T02:46:00.000Z');
    assert.deepEqual(aws.calls[0]?.input, { StateValue: 'ALARM', AlarmTypes: ['MetricAlarm', 'CompositeAlarm'], AlarmNamePrefix: 'healthflow-production' });
  });

  it('says when there is none', async () => {
    aws.on('DescribeAlarms', () => data({ MetricAlarms: [], CompositeAlarms: [] }));
    const { run } = await buildRunner(folder(), { aws: aws.session });
    const { level, summary, evidence } = await run('listAlarms');
    assert.deepEqual([level, summary], ['ok', 'No alarm is in ALARM']);
    assert.match(evidence?.markdown ?? '', /among those that begin with ` healthflow-production `/);
  });
});

const MINUTE = 60_000;
const SYNTHETIC = 'abc-def-ghi';

describe('listAlarms with Datadog', () => {
  const folder = useTemporaryFolder();
  const aws = useAwsStub();
  const datadog = useFake(() => startDatadog({ clock: createClock() }));

  const monitor = (id: number, name: string, status: DatadogMonitor['status']): DatadogMonitor =>
    ({ id, name, query: `avg(last_5m):avg:shop.m${id}{*} > 5`, tags: ['env:prod'], status, triggeredAt: START - id * MINUTE });
  const world = (section: Runbook['datadog'] = { synthetics: [SYNTHETIC] }, environment: Runbook['environments'] = bundledRunbook().environments): Promise<TestRunner> => buildRunner(folder(), {
    aws: aws.session, runbook: { ...bundledRunbook(), datadog: section, environments: environment },
    connections: { datadog: { url: datadog().url, apiKey: DATADOG_KEYS.api, applicationKey: DATADOG_KEYS.application } },
  });
  const calm = (): void => {
    aws.on('DescribeAlarms', () => data({ MetricAlarms: [], CompositeAlarms: [] }));
    datadog().state.synthetics[SYNTHETIC] = [{ id: '1', at: START - MINUTE, passed: true, location: 'aws:eu-central-1' }];
  };
  const inAlarm = (): void => {
    aws.on('DescribeAlarms', () => data({ MetricAlarms: [{ AlarmName: 'db-connections', StateValue: 'ALARM', StateReason: 'Crossed', StateTransitionedTimestamp: seconds(START - 2 * MINUTE) }] }));
  };
  const alarmsOf = (evidence: Evidence | undefined): readonly Readonly<Record<string, unknown>>[] => (evidence?.data['alarms'] ?? []) as readonly Readonly<Record<string, unknown>>[];

  it('lists alarms, monitors and failing tests in one, the newest first, each with its source and since when', async () => {
    inAlarm();
    datadog().state.monitors.push(monitor(1, 'Checkout *errors*', 'Alert'), monitor(3, 'Checkout latency', 'Warn'), monitor(4, 'Fine', 'OK'));
    datadog().state.synthetics[SYNTHETIC] = [{ id: '1', at: START - 4 * MINUTE, passed: false, location: 'aws:eu-central-1' }];
    const { run } = await world();
    const { level, summary, evidence } = await run('listAlarms');
    assert.deepEqual([level, summary], ['bad', '1 alarm in ALARM: db-connections; 1 monitor in Alert: Checkout *errors*; 1 monitor in Warn: Checkout latency; 1 synthetic test failing: abc-def-ghi']);
    assert.deepEqual(alarmsOf(evidence).map(({ source, name, since, level: one }) => [source, name, since, one]), [
      ['datadog', 'Checkout *errors*', '2026-11-23T02:59:00.000Z', 'bad'], ['cloudwatch', 'db-connections', '2026-11-23T02:58:00.000Z', 'bad'],
      ['datadog', 'Checkout latency', '2026-11-23T02:57:00.000Z', 'warn'], ['synthetic', SYNTHETIC, '2026-11-23T02:56:00.000Z', 'bad'],
    ]);
    assert.deepEqual(alarmsOf(evidence).map(({ description, reason }) => [description, reason]).slice(2), [
      ['', 'The monitor is in Warn'], ['Synthetic test abc-def-ghi fails from 1 of 1 location', 'Fails from aws:eu-central-1'],
    ]);
    assert.match(evidence?.markdown ?? '', /\| ` Checkout \*errors\* ` \| 🔴\u00a0bad Datadog \| 2026-11-23 02:59:00 UTC \(1 min\) \| avg\\\(last/);
    assert.deepEqual(evidence?.links?.map(({ title }) => title), ['CloudWatch alarms', 'Datadog monitors', 'Synthetic test abc-def-ghi']);
  });

  it('is ok only when every source was asked and is', async () => {
    calm();
    datadog().state.monitors.push(monitor(1, 'Fine', 'OK'));
    const { run } = await world({ synthetics: [SYNTHETIC], monitorQuery: 'tag:"env:prod"' });
    const { level, summary, evidence } = await run('listAlarms');
    assert.deepEqual([level, summary], ['ok', 'No alarm is in ALARM; no monitor is in Alert or Warn; 1 of 1 synthetic test passes']);
    assert.match(evidence?.markdown ?? '', /No Datadog monitor is in Alert or Warn among those that ` tag:"env:prod" ` finds\./);
    assert.deepEqual(datadog().of('searchMonitors').map(({ target }) => new URL(target, 'http://x').searchParams.get('query')).sort(), ['tag:"env:prod" status:"no data"', 'tag:"env:prod" status:alert', 'tag:"env:prod" status:warn']);
  });

  it('warns of monitors in Warn, and does not take one without data for a good one', async () => {
    calm();
    datadog().state.monitors.push(monitor(1, 'Silent', 'No Data'));
    const { run } = await world();
    const silent = await run('listAlarms');
    assert.deepEqual([silent.level, alarmsOf(silent.evidence)], ['unknown', []]);
    assert.match(silent.summary, /; 1 monitor in No Data: Silent$/);
    datadog().state.monitors.push(monitor(2, 'Slow', 'Warn'));
    const { level, summary } = await run('listAlarms');
    assert.deepEqual([level, summary], ['warn', '1 monitor in Warn: Slow; no alarm is in ALARM; 1 of 1 synthetic test passes; 1 monitor in No Data: Silent']);
  });

  it('lists an alarm whose beginning nobody knows, last', async () => {
    inAlarm();
    datadog().state.monitors.push({ ...monitor(1, 'Ageless', 'Alert'), triggeredAt: undefined });
    datadog().state.synthetics[SYNTHETIC] = [];
    const { evidence } = await (await world()).run('listAlarms');
    assert.deepEqual(alarmsOf(evidence).map(({ name, since }) => [name, since]), [['db-connections', '2026-11-23T02:58:00.000Z'], ['Ageless', null]]);
    assert.match(evidence?.markdown ?? '', /` Ageless ` \| [^|]+ \| not known \|/);
  });

  it('shows the alarms of AWS when Datadog refuses, and says so', async () => {
    inAlarm();
    datadog().alter('searchMonitors', () => ({ status: 403, body: { errors: ['Forbidden'] } }));
    datadog().state.synthetics[SYNTHETIC] = [{ id: '1', at: START, passed: true, location: 'x' }];
    const { level, summary, evidence } = await (await world()).run('listAlarms');
    assert.deepEqual([level, alarmsOf(evidence).length], ['bad', 1]);
    assert.match(summary, /^1 alarm in ALARM: db-connections; 1 of 1 synthetic test passes; Datadog could not be asked: Datadog refused the credentials \(403\): Forbidden/);
    assert.match(evidence?.markdown ?? '', /⚪\u00a0unknown Datadog could not be asked/);
  });

  it('is at least unknown when Datadog is down and AWS is calm', async () => {
    calm();
    const { run } = await buildRunner(folder(), { aws: aws.session, connections: { datadog: { url: 'http://127.0.0.1:1', apiKey: 'a', applicationKey: 'b' } } });
    const { status, level, summary } = await run('listAlarms');
    assert.deepEqual([status, level], ['done', 'unknown']);
    assert.match(summary, /^No alarm is in ALARM; synthetic test hfp-pat-001 could not be asked: .*; Datadog could not be asked: Datadog could not be reached/);
  });

  it('shows the monitors when AWS refuses, and says so', async () => {
    calm();
    aws.on('DescribeAlarms', () => refusal('AccessDeniedException', 'no cloudwatch:DescribeAlarms'));
    datadog().state.monitors.push(monitor(1, 'Slow', 'Warn'));
    const { status, level, summary } = await (await world()).run('listAlarms');
    assert.deepEqual([status, level], ['done', 'warn']);
    assert.match(summary, /^1 monitor in Warn: Slow; 1 of 1 synthetic test passes; CloudWatch could not be asked: Profile "default" may not do this/);
  });

  it('fails as before when nothing answers at all', async () => {
    aws.on('DescribeAlarms', () => refusal('AccessDeniedException', 'no'));
    const { status, summary } = await (await buildRunner(folder(), { aws: aws.session })).run('listAlarms');
    assert.equal(status, 'failed');
    assert.match(summary, /^Profile "default" may not do this/);
    const { run } = await buildRunner(folder(), { aws: aws.session, connections: { datadog: { url: 'http://127.0.0.1:1', apiKey: 'a', applicationKey: 'b' } } });
    const both = await run('listAlarms');
    assert.equal(both.status, 'failed');
    assert.match(both.summary, /^CloudWatch could not be asked: Profile .*\. Datadog could not be asked: Datadog could not be reached/);
  });

  it('says in a line that Datadog is not connected, and that the runbook names no tests', async () => {
    calm();
    const without = await (await buildRunner(folder(), { aws: aws.session })).run('listAlarms');
    assert.deepEqual([without.level, without.summary], ['ok', 'No alarm is in ALARM']);
    assert.match(without.evidence?.markdown ?? '', /^Datadog is not connected, so its monitors and synthetic tests were not asked\.$/m);
    const connected = await (await world({})).run('listAlarms');
    assert.equal(connected.level, 'ok');
    assert.match(connected.evidence?.markdown ?? '', /names no synthetic tests of Datadog/);
  });

  it('asks Datadog alone where the environment has nothing in AWS', async () => {
    calm();
    const { production } = bundledRunbook().environments;
    assert.ok(production);
    const { aws: _none, ...rest } = production;
    const { run } = await world(undefined, { production: rest });
    const { level, summary, evidence } = await run('listAlarms');
    assert.deepEqual([level, summary, aws.calls.length], ['ok', 'No monitor is in Alert or Warn; 1 of 1 synthetic test passes', 0]);
    assert.match(evidence?.markdown ?? '', /names no AWS resources, so CloudWatch was not asked\./);
    const { summary: nothing } = await (await buildRunner(folder(), { runbook: { ...bundledRunbook(), environments: { production: rest } } })).run('listAlarms');
    assert.match(nothing, /^There is nothing to ask for alarms\./);
  });

  for (const operation of ['searchMonitors', 'syntheticsResults'] as const) {
    it(`is cancelled while ${operation} is silent and all others have answered`, async () => {
      calm();
      datadog().fault({ kind: 'time-out', acted: false, operation });
      const abort = new AbortController();
      const running = (await world()).run('listAlarms', {}, abort.signal);
      await until('all to be asked', () => aws.calls.length === 1 && datadog().exchanges.length === 4);
      abort.abort();
      assert.equal((await running).status, 'cancelled');
    });
  }
});

const run = (minutesAgo: number, passed: boolean | undefined, alerting = passed === false, location = 'a'): SyntheticRun =>
  ({ at: START - minutesAgo * MINUTE, location, alerting, ...(passed === undefined ? {} : { passed }) });

/** Runs, the newest first, and what they say: level and beginning of the alarm, nothing, or why nobody can tell. */
const RUNS: readonly (readonly [title: string, runs: readonly SyntheticRun[], expected: readonly [level: string, minutes: number, reason: string] | string | undefined])[] = [
  ['passes', [run(1, true), run(2, false), run(3, true)], undefined],
  ['fails since the first of the failures without a break', [run(1, false), run(2, false), run(3, true), run(4, false)], ['bad', 2, 'Fails from a']],
  ['fails from one of two locations, its alert off', [run(1, true, false, 'b'), run(2, false, false), run(3, false, false), run(4, true, false, 'b')], ['warn', 3, 'Fails from a; its alert is off']],
  ['fails from one of two locations, its alert on', [run(1, true, true, 'b'), run(2, false, true)], ['bad', 2, 'Fails from a']],
  ['passes again, its alert still on', [run(1, true, true), run(2, true, true), run(3, true, false)], ['warn', 2, 'Its alert is on, although no location fails any more']],
  ['has always failed, as far as is known', [run(1, false), run(5, false)], ['bad', 5, 'Fails from a']],
  ['does not say whether it passed', [run(1, undefined)], 'synthetic test abc-def-ghi does not say whether it passed'],
  ['has no runs', [], 'synthetic test abc-def-ghi has not run within a day'],
  ['failed long ago and was paused', [run(26 * 60, false)], 'synthetic test abc-def-ghi has not run within a day'],
  ['failed long ago at a location that is not used any more', [run(1, true), run(26 * 60, false, true, 'b')], undefined],
];

describe('a synthetic test that', () => {
  for (const [title, runs, expected] of RUNS) {
    it(title, () => {
      const judged = judgeRuns(SYNTHETIC, runs, START);
      assert.deepEqual(typeof judged === 'object' ? [judged.level, (START - (judged.since ?? 0)) / MINUTE, judged.reason] : judged, expected);
    });
  }
});
