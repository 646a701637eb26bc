import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { describe, it } from 'mocha';
import type { Evidence } from '../../../src/incident/evidence.ts';
import { data, useAwsStub } from '../../support/aws-stub.ts';
import { API, buildRunner, runbookWith } from '../../support/build-runner.ts';
import { START } from '../../support/clock.ts';
import { useHttpServers } from '../../support/http-stub.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

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
