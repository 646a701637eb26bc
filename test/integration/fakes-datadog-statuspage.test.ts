import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createClock, START, type TestClock } from '../support/clock.ts';
import { type Answered, ask, fieldsOf } from '../support/fakes/ask.ts';
import { DATADOG_KEYS, startDatadog } from '../support/fakes/datadog.ts';
import { startStatuspage, STATUSPAGE_KEY, STATUSPAGE_PAGE } from '../support/fakes/statuspage.ts';
import { useFake } from '../support/fakes/use-fake.ts';

describe('The fake of Datadog', () => {
  const datadog = useFake(() => startDatadog({ clock: createClock() }));
  const keys = { 'dd-api-key': DATADOG_KEYS.api, 'dd-application-key': DATADOG_KEYS.application };
  const get = (path: string, headers: Readonly<Record<string, string>> = keys): Promise<Answered> => ask('GET', `${datadog().url}/api/v1${path}`, { headers });
  const seed = (): void => {
    const { monitors, series, synthetics } = datadog().state;
    monitors.push(
      { id: 1, name: 'Checkout errors', query: 'avg(last_5m):avg:shop.errors{*} > 5', tags: ['env:prod'], status: 'Alert', triggeredAt: START },
      { id: 2, name: 'Checkout latency', query: 'avg(last_5m):avg:shop.latency{*} > 2', tags: ['env:prod'], status: 'OK', triggeredAt: undefined },
    );
    series.push({ metric: 'shop.errors', scope: '*', points: [[START - 120_000, 1], [START - 60_000, 7], [START, 9]] });
    synthetics['abc-def-ghi'] = [{ id: 'r1', at: START, passed: false, location: 'aws:eu-central-1' }];
  };

  it('searches monitors and reads one', async () => {
    seed();
    assert.partialDeepStrictEqual((await get('/monitor/search?query=status:alert')).body, { monitors: [{ id: 1, status: 'Alert' }], metadata: { total_count: 1 } });
    assert.partialDeepStrictEqual((await get(`/monitor/search?query=${encodeURIComponent('tag:"env:prod" latency')}`)).body, { monitors: [{ id: 2, last_triggered_ts: null }] });
    assert.partialDeepStrictEqual((await get('/monitor')).body, [{ id: 1 }, { id: 2 }]);
    assert.partialDeepStrictEqual((await get('/monitor/1')).body, { overall_state: 'Alert' });
    assert.equal((await get('/monitor/9')).status, 404);
  });

  it('answers a metric query in seconds with points in milliseconds', async () => {
    seed();
    const query = encodeURIComponent('avg:shop.errors{*}');
    const range = `from=${START / 1000 - 60}&to=${START / 1000}`;
    assert.partialDeepStrictEqual((await get(`/query?${range}&query=${query}`)).body, { series: [{ length: 2, pointlist: [[START - 60_000, 7], [START, 9]] }] });
    assert.equal((await get(`/query?${range}&query=nonsense`)).status, 400);
  });

  it('keeps events, tells synthetic results and refuses wrong keys', async () => {
    seed();
    const event = await ask('POST', `${datadog().url}/api/v1/events`, { headers: { 'dd-api-key': DATADOG_KEYS.api }, json: { title: 'Incident', text: 'Declared', tags: ['env:prod'] } });
    assert.deepEqual([event.status, datadog().state.events.map(({ title }) => title)], [202, ['Incident']]);
    assert.partialDeepStrictEqual((await get('/synthetics/tests/abc-def-ghi/results')).body, { results: [{ result: { passed: false }, status: 1 }] });
    assert.equal((await get('/synthetics/tests/none/results')).status, 404);
    assert.partialDeepStrictEqual((await get('/validate', { 'dd-api-key': DATADOG_KEYS.api })).body, { valid: true });
    const refused = await get('/monitor', { ...keys, 'dd-application-key': 'wrong' });
    assert.deepEqual([refused.status, refused.body], [403, { errors: ['Forbidden'] }]);
  });
});

describe('The fake of Statuspage', () => {
  let clock: TestClock = createClock();
  const statuspage = useFake(() => {
    clock = createClock();
    return startStatuspage({ clock });
  });
  const atOnce = (method: string, path: string, json?: unknown, key = STATUSPAGE_KEY): Promise<Answered> =>
    ask(method, `${statuspage().url}/pages/${STATUSPAGE_PAGE}${path}`, { headers: { authorization: `OAuth ${key}` }, ...(json === undefined ? {} : { json }) });
  const call: typeof atOnce = (...question) => {
    clock.advance(1_000);
    return atOnce(...question);
  };

  it('opens, updates, finds again and resolves an incident', async () => {
    const incident = {
      name: 'Checkout fails', status: 'investigating', impact_override: 'major', body: 'We are looking into it.', component_ids: ['comp00000002'],
      components: { comp00000002: 'partial_outage' }, deliver_notifications: false,
    };
    const created = await call('POST', '/incidents', { incident });
    assert.equal(created.status, 201);
    assert.partialDeepStrictEqual(created.body, { id: 'inc000000001', components: [{ id: 'comp00000002', status: 'partial_outage' }], incident_updates: [{ status: 'investigating' }] });
    assert.partialDeepStrictEqual((await call('PATCH', '/incidents/inc000000001', { incident: { status: 'identified', body: 'Found.', deliver_notifications: true } })).body, { incident_updates: [{ body: 'Found.' }, { body: 'We are looking into it.' }] });
    assert.equal(statuspage().state.delivered, 1);
    assert.deepEqual(fieldsOf((await call('GET', '/incidents/unresolved')).body, 'status'), ['identified']);
    await call('PATCH', '/incidents/inc000000001', { incident: { status: 'resolved', components: { comp00000002: 'operational' }, deliver_notifications: false } });
    assert.deepEqual((await call('GET', '/incidents/unresolved')).body, []);
    assert.deepEqual(fieldsOf((await call('GET', '/components')).body, 'status'), ['operational', 'operational']);
    assert.partialDeepStrictEqual((await call('PATCH', '/components/comp00000001', { component: { status: 'degraded_performance' } })).body, { status: 'degraded_performance' });
    assert.partialDeepStrictEqual((await call('GET', '/incidents')).body, [{ status: 'resolved' }]);
    assert.partialDeepStrictEqual((await call('GET', '/incidents/inc000000001')).body, { status: 'resolved' });
  });

  it('refuses the second request within a second, a wrong key and components of others', async () => {
    assert.equal((await call('GET', '/components')).status, 200);
    clock.advance(999);
    assert.equal((await atOnce('GET', '/components')).status, 420);
    clock.advance(1);
    assert.equal((await atOnce('GET', '/components')).status, 200);
    assert.equal((await call('GET', '/components', undefined, 'wrong')).status, 401);
    assert.equal((await call('POST', '/incidents', { incident: { name: 'x', component_ids: ['other'] } })).status, 422);
    assert.equal((await call('GET', '/incidents/none')).status, 404);
  });
});
