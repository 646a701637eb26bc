/** What we ask of Datadog, against its fake: every request and answer is held against the vendor's description. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CancelledError, UserError } from '../../src/errors.ts';
import { fold } from '../../src/incident/fold.ts';
import { type Connection } from '../../src/services/connections.ts';
import { DeliveryError, type FailureKind, type Parcel } from '../../src/services/courier.ts';
import { datadogCalls, monitorsIn, queryMetric, syntheticRuns, testDatadog } from '../../src/services/datadog.ts';
import { requested } from '../support/build-deliveries.ts';
import { createEvents } from '../support/build-events.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';
import { START, createClock } from '../support/clock.ts';
import { DATADOG_KEYS, type DatadogMonitor, startDatadog } from '../support/fakes/datadog.ts';
import { FAULT_KINDS, type FaultKind } from '../support/fakes/fake-faults.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { useHttpServers } from '../support/http-stub.ts';
import { until } from '../support/until.ts';

const NOWHERE = 'http://127.0.0.1:1';
const KEYS = { apiKey: DATADOG_KEYS.api, applicationKey: DATADOG_KEYS.application };
const PAGE = '15e74b8b-f865-48d0-bcc5-453323ed2c8f';
const signal = new AbortController().signal;

const monitor = (id: number, change: Partial<DatadogMonitor> = {}): DatadogMonitor =>
  ({ id, name: `Monitor ${id}`, query: 'avg(last_5m):avg:shop.errors{*} > 5', tags: ['env:prod'], status: 'Alert', triggeredAt: START, ...change });

function parcel(page: string): Parcel {
  const { declared, event } = createEvents();
  const incident = fold([declared(), requested(event, { service: 'datadog', call: 'acknowledgePage', target: 'Datadog On-Call', data: { page } })]);
  const [delivery] = incident?.deliveries ?? [];
  assert.ok(incident !== undefined && delivery !== undefined);
  return { incident, delivery, runbook: bundledRunbook() };
}

const isUserError = (message: RegExp) => (error: unknown): boolean => error instanceof UserError && message.test(error.message);

describe('Datadog, read', () => {
  const datadog = useFake(() => startDatadog({ clock: createClock() }));
  const serve = useHttpServers();
  const connection = (): Connection => ({ url: datadog().url, ...KEYS });

  it('lists the monitors of one state from all pages, each once, with since when', async () => {
    datadog().state.monitors.push(...Array.from({ length: 230 }, (_, index) => monitor(index + 1)), monitor(900, { status: 'Warn', triggeredAt: undefined }), monitor(901, { status: 'OK' }));
    const alert = await monitorsIn(connection(), 'Alert', '', signal);
    assert.deepEqual([alert.length, new Set(alert.map(({ id }) => id)).size, alert[0]], [230, 230, { id: 1, name: 'Monitor 1', state: 'Alert', query: 'avg(last_5m):avg:shop.errors{*} > 5', since: START }]);
    assert.deepEqual(datadog().of('searchMonitors').map(({ target }) => new URLSearchParams(target.split('?')[1]).get('page')), ['0', '1', '2']);
    assert.deepEqual(await monitorsIn(connection(), 'Warn', '', signal), [{ id: 900, name: 'Monitor 900', state: 'Warn', query: 'avg(last_5m):avg:shop.errors{*} > 5' }]);
  });

  it('ends where the pages end, whatever the total says', async () => {
    datadog().state.monitors.push(monitor(1));
    datadog().alter('searchMonitors', (reply) => ({ ...reply, body: { ...reply.body as object, metadata: { page: 0, per_page: 100, page_count: 1, total_count: 5_000 } } }));
    assert.equal((await monitorsIn(connection(), 'Alert', '', signal)).length, 1);
    assert.equal(datadog().of('searchMonitors').length, 2);
  });

  it('narrows the monitors by the query of the runbook, and finds those without data', async () => {
    datadog().state.monitors.push(monitor(1, { tags: ['service:healthflow'] }), monitor(2), monitor(3, { status: 'No Data', tags: ['service:healthflow'] }));
    const ids = async (state: 'Alert' | 'No Data'): Promise<number[]> => (await monitorsIn(connection(), state, 'tag:"service:healthflow"', signal)).map(({ id }) => id);
    assert.deepEqual([await ids('Alert'), await ids('No Data')], [[1], [3]]);
  });

  it('leaves out monitors in another state that the query let through', async () => {
    datadog().state.monitors.push(monitor(1), monitor(2, { status: 'OK' }));
    datadog().alter('searchMonitors', (reply) => ({ ...reply, body: { ...reply.body as object, monitors: [{ id: 1, status: 'Alert' }, { id: 2, status: 'OK' }, {}] } }));
    assert.deepEqual((await monitorsIn(connection(), 'Alert', 'a OR b', signal)).map(({ id }) => id), [1]);
  });

  it('reads the runs of a synthetic test, the newest first', async () => {
    datadog().state.synthetics['abc-def-ghi'] = [
      { id: 'r1', at: START - 60_000, passed: true, location: 'aws:eu-central-1' }, { id: 'r2', at: START, passed: false, alerting: false, location: 'aws:us-east-1' },
    ];
    assert.deepEqual(await syntheticRuns(connection(), 'abc-def-ghi', signal), [
      { at: START, location: 'aws:us-east-1', passed: false, alerting: false }, { at: START - 60_000, location: 'aws:eu-central-1', passed: true, alerting: false },
    ]);
    await assert.rejects(syntheticRuns(connection(), 'no-such-one', signal), isUserError(/^Datadog refused it \(404\): Synthetics test not found\.$/));
  });

  it('queries a metric in seconds, reads milliseconds, and leaves gaps out', async () => {
    datadog().state.series.push({ metric: 'shop.errors', scope: 'host:a', points: [[START - 7_200_000, 1], [START - 120_000, 3], [START - 60_000, null], [START - 1_000, 7]] });
    const series = await queryMetric(connection(), 'avg:shop.errors{*}', { from: START - 3_600_000, to: START }, signal);
    assert.deepEqual(series, [{ scope: 'host:a', points: [[START - 120_000, 3], [START - 1_000, 7]] }]);
    const { searchParams } = new URL(datadog().of('query')[0]?.target ?? '', NOWHERE);
    assert.deepEqual([searchParams.get('from'), searchParams.get('to')], [String(START / 1000 - 3_600), String(START / 1000)]);
  });

  it('tells a query that failed from one without points', async () => {
    assert.deepEqual(await queryMetric(connection(), 'avg:shop.none{*}', { from: START - 60_000, to: START }, signal), []);
    await assert.rejects(queryMetric(connection(), 'nonsense', { from: START - 60_000, to: START }, signal), isUserError(/refused it \(400\): Error parsing query/));
    datadog().alter('query', () => ({ status: 200, body: { status: 'error', error: 'Query timed out', series: [] } }));
    await assert.rejects(queryMetric(connection(), 'avg:shop.errors{*}', { from: START - 60_000, to: START }, signal), isUserError(/^Datadog could not run the query avg:shop\.errors\{\*\}: Query timed out\.$/));
  });

  it('does not take an answer without its list for an empty one', async () => {
    const origin = await serve((_request, response) => { response.end('{"status":"ok"}'); });
    const elsewhere = { ...connection(), url: origin };
    await assert.rejects(monitorsIn(elsewhere, 'Alert', '', signal), isUserError(/^Datadog answered without monitors\. Check its API address/));
    await assert.rejects(syntheticRuns(elsewhere, 'abc-def-ghi', signal), isUserError(/without results of a test/));
    await assert.rejects(queryMetric(elsewhere, 'x', { from: 0, to: 1 }, signal), isUserError(/without series/));
  });

  it('says in how many seconds to come back, as Datadog counts them', async () => {
    const origin = await serve((_request, response) => { response.writeHead(429, { 'x-ratelimit-reset': '41' }).end('{"errors":["Rate limit reached"]}'); });
    await assert.rejects(monitorsIn({ ...connection(), url: origin }, 'Alert', '', signal), isUserError(/^Datadog asks to slow down: Rate limit reached\. Try again in 41 s\.$/));
  });

  it('takes its keys nowhere else when it is redirected', async () => {
    const asked: (string | undefined)[] = [];
    const elsewhere = await serve((request, response) => { asked.push(request.url); response.end('{"monitors":[]}'); });
    const origin = await serve((_request, response) => { response.writeHead(307, { location: `${elsewhere}/api/v1/monitor/search` }).end(); });
    await assert.rejects(monitorsIn({ ...connection(), url: origin }, 'Alert', '', signal), isUserError(/307/));
    assert.deepEqual(asked, []);
  });

  it('is cancelled without a word', async () => {
    const abort = new AbortController();
    datadog().fault({ kind: 'time-out', acted: false });
    const asked = monitorsIn(connection(), 'Alert', '', abort.signal);
    const refused = assert.rejects(asked, CancelledError);
    await until('Datadog to be asked', () => datadog().of('searchMonitors').length === 1);
    abort.abort();
    await refused;
  });

  it('tries both keys, and says which one is refused', async () => {
    datadog().state.monitors.push(monitor(1), monitor(2, { status: 'Warn' }));
    assert.equal(await testDatadog(connection(), signal), 'Both keys are accepted; 1 of the monitors is in Alert. There is no On-Call address, so pages are acknowledged by hand.');
    assert.equal(await testDatadog({ ...connection(), onCallUrl: NOWHERE }, signal), 'Both keys are accepted; 1 of the monitors is in Alert.');
    await assert.rejects(testDatadog({ ...connection(), apiKey: 'wrong' }, signal), isUserError(/^Datadog refused the credentials \(403\): Forbidden\./));
    await assert.rejects(testDatadog({ ...connection(), applicationKey: 'wrong' }, signal), isUserError(/^The API key is right, the application key is not/));
  });
});

/** What a person and the outbox learn of each fault: whether it can have had its effect, and when to try again. */
const OUTCOMES: Readonly<Record<FaultKind['kind'], readonly [kind: FailureKind, message: RegExp, retryAfterMs: number | undefined]>> = {
  'time-out': ['in doubt', /^Datadog did not answer within 0\.3 s\.$/, undefined],
  'reset': ['in doubt', /^The connection broke before Datadog answered\.$/, undefined],
  'rate-limit': ['not sent', /^Datadog asks to slow down: Rate limit of 100 requests/, 7_000],
  'server-error': ['in doubt', /^Datadog failed \(500\)/, undefined],
  'malformed': ['in doubt', /no JSON/, undefined],
};

describe('Datadog On-Call', () => {
  const datadog = useFake(() => startDatadog({ clock: createClock() }));
  const serve = useHttpServers();
  /** The API itself is somewhere else: a page is acknowledged at its own address. */
  const connection = (): Connection => ({ url: NOWHERE, onCallUrl: datadog().onCallUrl, ...KEYS });
  const acknowledge = (page: string, of: Connection = connection(), timeoutMs?: number): Promise<unknown> => {
    const call = datadogCalls(of, timeoutMs)['acknowledgePage'];
    assert.ok(call !== undefined);
    assert.equal(call.again, 'harmless');
    return call.send(parcel(page), signal);
  };
  const page = (): string | undefined => datadog().state.pages[0]?.status;

  it('acknowledges a page at its own address, and again without harm', async () => {
    datadog().state.pages.push({ id: PAGE, status: 'triggered' });
    assert.deepEqual(await acknowledge(PAGE), { result: {} });
    assert.equal(page(), 'acknowledged');
    assert.deepEqual(await acknowledge(PAGE), { result: {} });
    assert.deepEqual(datadog().of('acknowledgePage').map(({ method, target, status, headers }) => [method, target, status, headers['dd-application-key']]), Array(2).fill(['POST', `/api/v2/on-call/pages/${PAGE}/acknowledge`, 202, KEYS.applicationKey]));
  });

  for (const fault of FAULT_KINDS) {
    it(`${Object.values(fault).join(' ')}: says so, and the next attempt acknowledges`, async () => {
      datadog().state.pages.push({ id: PAGE, status: 'triggered' });
      datadog().fault({ ...fault, operation: 'acknowledgePage', times: 1 });
      const [kind, message, retryAfterMs] = OUTCOMES[fault.kind];
      await assert.rejects(acknowledge(PAGE, connection(), 300), (error) => {
        assert.ok(error instanceof DeliveryError);
        assert.deepEqual([error.kind, error.retryAfterMs], [kind, retryAfterMs]);
        assert.match(error.message, message);
        return true;
      });
      assert.equal(page(), 'acted' in fault && fault.acted ? 'acknowledged' : 'triggered');
      assert.deepEqual(await acknowledge(PAGE), { result: {} });
      assert.equal(page(), 'acknowledged');
    });
  }

  const refused = (message: RegExp) => (error: unknown): boolean => error instanceof DeliveryError && error.kind === 'refused' && message.test(error.message);

  it('is refused for a page that there is not, for wrong keys and without an address', async () => {
    await assert.rejects(acknowledge(PAGE), refused(/\(404\): Page not found/));
    await assert.rejects(acknowledge(PAGE, { ...connection(), applicationKey: 'wrong' }), refused(/\(403\): Forbidden/));
    await assert.rejects(acknowledge(PAGE, { url: 'https://api.datadoghq.eu', ...KEYS }), refused(/Connect it again with https:\/\/beige\.oncall\.datadoghq\.eu, or acknowledge the page in Datadog\.$/));
    await assert.rejects(acknowledge(PAGE, { url: 'https://api.us3.datadoghq.com', ...KEYS }), refused(/https:\/\/teal\.oncall\.datadoghq\.com,/));
    await assert.rejects(acknowledge(PAGE, { url: NOWHERE, ...KEYS }), refused(/with the one of your site,/));
  });

  for (const id of ['../../v1/validate', '15e7 4b8b', '..', 'https://app.datadoghq.com/on-call/pages/x?y']) {
    it(`asks nothing for "${id}", which is no page`, async () => {
      await assert.rejects(acknowledge(id), refused(/is no id of a Datadog On-Call page/));
      assert.equal(datadog().exchanges.length, 0);
    });
  }

  it('waits as long as Datadog asks for', async () => {
    const onCallUrl = await serve((_request, response) => { response.writeHead(429, { 'x-ratelimit-limit': '10', 'x-ratelimit-reset': '23' }).end('{"errors":[]}'); });
    await assert.rejects(acknowledge(PAGE, { ...connection(), onCallUrl }), (error) => error instanceof DeliveryError && error.kind === 'not sent' && error.retryAfterMs === 23_000);
  });
});
