/** Datadog's own client as a witness: what the fake answers, it must read whole. */
import assert from 'node:assert/strict';
import { client, v1, v2 } from '@datadog/datadog-api-client';
import { describe, it } from 'mocha';
import { START, createClock } from '../support/clock.ts';
import { DATADOG_KEYS, type DatadogOperation, startDatadog } from '../support/fakes/datadog.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { useHttpServers } from '../support/http-stub.ts';

const PAGE = '15e74b8b-f865-48d0-bcc5-453323ed2c8f';
const SYNTHETIC = 'abc-def-ghi';

/** Where the client met something that it does not know: an unknown word in place of an enum, an undescribed field. */
function unread(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const own = ('_unparsed' in value && value._unparsed !== undefined) || value.constructor.name === 'UnparsedObject' ? [`${path}: unparsed`] : [];
  const surplus = 'additionalProperties' in value && typeof value.additionalProperties === 'object' ? Object.keys(value.additionalProperties ?? {}).map((key) => `${path}: ${key} is not described`) : [];
  return [...own, ...surplus, ...Object.entries(value).flatMap(([key, child]) => unread(child, `${path}/${key}`))];
}

/** Fields that the client knows and the fake leaves out, in the objects of an answer. */
function missing(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const described = 'getAttributeTypeMap' in value.constructor && typeof value.constructor.getAttributeTypeMap === 'function' ? Object.keys(value.constructor.getAttributeTypeMap() as object) : [];
  const left = described.filter((name) => name !== 'additionalProperties' && (value as Readonly<Record<string, unknown>>)[name] === undefined).map((name) => `${path}/${name}`);
  return [...left, ...Object.entries(value).flatMap(([key, child]) => missing(child, `${path}/${Array.isArray(value) ? '*' : key}`))];
}

/** Of the answers that the extension reads: what they leave out. An error is told only where there is one. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = { validate: [], searchMonitors: [], query: ['/error'], syntheticsResults: [] };

describe('The fake of Datadog, as Datadog\'s own client reads it', () => {
  const datadog = useFake(() => startDatadog({ clock: createClock() }));

  const serve = useHttpServers();

  function configuration(keys: { readonly api: string; readonly application: string } = DATADOG_KEYS, origin = datadog().origin) {
    return client.createConfiguration({ baseServer: new client.BaseServerConfiguration(origin, {}), authMethods: { apiKeyAuth: keys.api, appKeyAuth: keys.application } });
  }

  function seed(): void {
    const { monitors, series, synthetics, pages } = datadog().state;
    monitors.push(
      { id: 1, name: 'Checkout errors', query: 'avg(last_5m):avg:shop.errors{*} > 5', tags: ['env:prod'], status: 'Alert', triggeredAt: START },
      { id: 2, name: 'Checkout latency', query: 'avg(last_5m):avg:shop.latency{*} > 2', tags: [], status: 'No Data', triggeredAt: undefined },
      { id: 3, name: 'Queue', query: 'avg(last_5m):avg:shop.queue{*} > 2', tags: [], status: 'Warn', triggeredAt: START },
      { id: 4, name: 'Disk', query: 'avg(last_5m):avg:shop.disk{*} > 2', tags: [], status: 'OK', triggeredAt: START },
    );
    series.push({ metric: 'shop.errors', scope: 'host:a', points: [[START - 60_000, 7], [START - 30_000, null], [START, 9.5]] });
    synthetics[SYNTHETIC] = [{ id: 'r2', at: START, passed: false, location: 'aws:eu-central-1' }, { id: 'r1', at: START - 60_000, passed: true, location: 'aws:eu-central-1' }];
    pages.push({ id: PAGE, status: 'triggered' });
  }

  /** Every operation of the fake, by the client, and what it is to have read. */
  const CALLS: Readonly<Record<DatadogOperation, () => Promise<readonly [answer: unknown, expected: object | undefined]>>> = {
    validate: async () => [await new v1.AuthenticationApi(configuration()).validate(), { valid: true }],
    listMonitors: async () => {
      const answer = await new v1.MonitorsApi(configuration()).listMonitors();
      return [answer, [{ id: 1, overallState: 'Alert' }, { overallState: 'No Data' }, { overallState: 'Warn' }, { overallState: 'OK' }]];
    },
    searchMonitors: async () => [
      await new v1.MonitorsApi(configuration()).searchMonitors({ query: 'checkout', page: 0, perPage: 10 }),
      { monitors: [{ id: 1, status: 'Alert', lastTriggeredTs: START / 1000, creator: { name: 'ada' } }, { status: 'No Data', lastTriggeredTs: null }], metadata: { totalCount: 2 }, counts: { status: [{ name: 'Alert', count: 1 }, { name: 'No Data', count: 1 }] } },
    ],
    getMonitor: async () => [await new v1.MonitorsApi(configuration()).getMonitor({ monitorId: 3 }), { id: 3, name: 'Queue', type: 'metric alert' }],
    createEvent: async () => [
      await new v1.EventsApi(configuration()).createEvent({ body: { title: 'Incident', text: 'Declared', tags: ['env:prod'] } }),
      { status: 'ok', event: { id: 5001, title: 'Incident', text: 'Declared', tags: ['env:prod'], dateHappened: START / 1000 } },
    ],
    query: async () => [
      await new v1.MetricsApi(configuration()).queryMetrics({ from: START / 1000 - 60, to: START / 1000, query: 'avg:shop.errors{*}' }),
      { status: 'ok', series: [{ scope: 'host:a', pointlist: [[START - 60_000, 7], [START - 30_000, null], [START, 9.5]] }] },
    ],
    syntheticsResults: async () => [
      await new v1.SyntheticsApi(configuration()).getAPITestLatestResults({ publicId: SYNTHETIC }),
      { lastTimestampFetched: START, results: [{ checkTime: START, probeDc: 'aws:eu-central-1', status: 1, result: { passed: false } }, { status: 0, result: { passed: true } }] },
    ],
    acknowledgePage: async () => [await new v2.OnCallPagingApi(configuration()).acknowledgeOnCallPage({ pageId: PAGE }), undefined],
  };

  for (const [operation, call] of Object.entries(CALLS)) {
    it(`reads ${operation} whole`, async () => {
      seed();
      const [answer, expected] = await call();
      assert.equal(datadog().of(operation as DatadogOperation).length, 1);
      assert.deepEqual(unread(answer), []);
      const whole = LEFT_OUT[operation];
      if (whole !== undefined) {
        assert.deepEqual([...new Set(missing(answer))], whole);
      }
      if (expected === undefined) {
        assert.deepEqual([answer, datadog().state.pages[0]?.status], [undefined, 'acknowledged']);
      } else {
        assert.partialDeepStrictEqual(JSON.parse(JSON.stringify(answer)), expected);
      }
    });
  }
  it('sees a word that it does not know, however deep', async () => {
    const origin = await serve((_request, response) => { response.end('{"monitors":[{"id":1,"status":"Broken","colour":"red"}]}'); });
    const answer = await new v1.MonitorsApi(configuration(DATADOG_KEYS, origin)).searchMonitors({});
    assert.deepEqual(unread(answer), [': unparsed', '/monitors/0: unparsed', '/monitors/0: colour is not described', '/monitors/0/status: unparsed']);
    assert.ok(missing(answer).includes('/monitors/*/name'));
  });

  it('refuses wrong keys in words that the client reads', async () => {
    const keys = { ...DATADOG_KEYS, application: 'wrong' };
    await assert.rejects(new v1.MonitorsApi(configuration(keys)).listMonitors(), (error) => {
      assert.ok(error instanceof client.ApiException);
      assert.deepEqual([error.code, unread(error.body)], [403, []]);
      assert.partialDeepStrictEqual(error.body, { errors: ['Forbidden'] });
      return true;
    });
    await assert.rejects(new v2.OnCallPagingApi(configuration(keys)).acknowledgeOnCallPage({ pageId: PAGE }), (error) => error instanceof client.ApiException && error.code === 403);
  });
});
