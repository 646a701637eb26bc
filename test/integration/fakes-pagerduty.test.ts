import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createClock, type TestClock } from '../support/clock.ts';
import { type Answered, ask, fieldsOf } from '../support/fakes/ask.ts';
import { startPagerDuty } from '../support/fakes/pagerduty.ts';
import { PAGERDUTY_ROUTING_KEY, PAGERDUTY_TOKEN } from '../support/fakes/pagerduty-model.ts';
import { useFake } from '../support/fakes/use-fake.ts';

describe('The fake of PagerDuty', () => {
  let clock: TestClock = createClock();
  const pagerduty = useFake(() => {
    clock = createClock();
    return startPagerDuty({ clock });
  });
  const payload = { summary: 'Checkout fails', source: 'incident-runbook', severity: 'critical' };
  const enqueue = (event_action: string, more: object = {}): Promise<Answered> =>
    ask('POST', `${pagerduty().eventsUrl}/enqueue`, { json: { routing_key: PAGERDUTY_ROUTING_KEY, event_action, dedup_key: 'incident-1', ...(event_action === 'trigger' ? { payload } : {}), ...more } });
  const rest = (method: string, path: string, json?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answered> =>
    ask(method, `${pagerduty().restUrl}${path}`, {
      headers: { authorization: `Token token=${PAGERDUTY_TOKEN}`, accept: 'application/vnd.pagerduty+json;version=2', 'content-type': 'application/json', ...headers },
      ...(json === undefined ? {} : { json }),
    });
  const from = { from: 'ada@example.com' };
  const statuses = (): string[] => pagerduty().state.incidents.map(({ status }) => status);

  it('makes one incident of two triggers with one key, and a new one after it is resolved', async () => {
    const first = await enqueue('trigger');
    assert.deepEqual([first.status, first.body], [202, { status: 'success', message: 'Event processed', dedup_key: 'incident-1' }]);
    await enqueue('trigger');
    assert.deepEqual([statuses(), pagerduty().state.incidents[0]?.triggers], [['triggered'], 2]);
    await enqueue('acknowledge');
    assert.deepEqual(statuses(), ['acknowledged']);
    clock.advance(60_000);
    await enqueue('resolve');
    assert.deepEqual(statuses(), ['resolved']);
    assert.equal((await enqueue('acknowledge')).status, 202);
    assert.deepEqual(statuses(), ['resolved']);
    await enqueue('trigger');
    assert.deepEqual(statuses(), ['resolved', 'triggered']);
  });

  it('refuses for good what is no valid event', async () => {
    const wrongKey = await enqueue('trigger', { routing_key: 'wrong' });
    assert.equal(wrongKey.status, 400);
    assert.deepEqual(wrongKey.body, { status: 'invalid event', message: 'Event object is invalid', errors: ['Invalid routing key'] });
    assert.equal((await enqueue('trigger', { payload: undefined })).status, 400);
    assert.equal((await enqueue('trigger', { dedup_key: 'x'.repeat(256) })).status, 400);
    assert.equal((await enqueue('resolve', { dedup_key: undefined })).status, 400);
    assert.deepEqual(statuses(), []);
  });

  it('takes change events', async () => {
    const { status } = await ask('POST', `${pagerduty().eventsUrl}/change/enqueue`, { json: { routing_key: PAGERDUTY_ROUTING_KEY, payload: { summary: 'Rolled back' } } });
    assert.deepEqual([status, pagerduty().state.changes], [202, ['Rolled back']]);
  });

  it('tells who is on call', async () => {
    const { body } = await rest('GET', '/oncalls?escalation_policy_ids[]=PPOLI01&earliest=true');
    assert.deepEqual(fieldsOf(body, 'escalation_level', 'oncalls'), [1, 2]);
    assert.partialDeepStrictEqual(body, { oncalls: [{ user: { summary: 'ada' }, escalation_policy: { summary: 'Shop on-call' } }, { user: { summary: 'grace' } }], more: false });
    assert.deepEqual(fieldsOf((await rest('GET', '/oncalls?escalation_policy_ids[]=PNONE')).body, 'user', 'oncalls'), []);
    assert.deepEqual(fieldsOf((await rest('GET', '/escalation_policies?query=shop')).body, 'id', 'escalation_policies'), ['PPOLI01']);
  });

  it('acknowledges, resolves and notes as the user in From', async () => {
    await enqueue('trigger');
    const acknowledged = await rest('PUT', '/incidents', { incidents: [{ id: 'PINC001', type: 'incident_reference', status: 'acknowledged' }] }, from);
    assert.partialDeepStrictEqual(acknowledged.body, { incidents: [{ status: 'acknowledged', acknowledgements: [{ acknowledger: { summary: 'ada' } }] }] });
    assert.partialDeepStrictEqual((await rest('POST', '/incidents/PINC001/notes', { note: { content: 'Rolled back' } }, from)).body, { note: { content: 'Rolled back', user: { summary: 'ada' } } });
    assert.partialDeepStrictEqual((await rest('POST', '/incidents/PINC001/status_updates', { message: 'Looking' }, from)).body, { status_update: { message: 'Looking' } });
    assert.partialDeepStrictEqual((await rest('PUT', '/incidents/PINC001', { incident: { type: 'incident_reference', status: 'resolved' } }, from)).body, { incident: { status: 'resolved' } });
    assert.deepEqual(fieldsOf((await rest('GET', '/incidents?statuses[]=triggered&statuses[]=acknowledged')).body, 'id', 'incidents'), []);
    assert.deepEqual(fieldsOf((await rest('GET', '/incidents?statuses[]=resolved&incident_key=incident-1')).body, 'id', 'incidents'), ['PINC001']);
    assert.partialDeepStrictEqual((await rest('GET', '/incidents/PINC001')).body, { incident: { incident_key: 'incident-1' } });
    assert.equal((await rest('GET', '/incidents/PNONE')).status, 404);
  });

  it('refuses an unknown From, an unknown incident and a wrong token', async () => {
    const update = { incidents: [{ id: 'PNONE', type: 'incident_reference', status: 'resolved' }] };
    assert.partialDeepStrictEqual((await rest('PUT', '/incidents', update, { from: 'nobody@example.com' })).body, { error: { errors: ['Requester User Not Found'] } });
    assert.equal((await rest('PUT', '/incidents', update, from)).status, 400);
    assert.equal((await rest('GET', '/oncalls', undefined, { authorization: 'Token token=wrong' })).status, 401);
  });

  it('opens an incident by REST, once per key', async () => {
    const incident = { type: 'incident', title: 'By hand', service: { id: 'PSERV01', type: 'service_reference' }, incident_key: 'incident-2' };
    const created = await rest('POST', '/incidents', { incident }, from);
    assert.equal(created.status, 201);
    assert.partialDeepStrictEqual(created.body, { incident: { assignments: [{ assignee: { summary: 'ada' } }] } });
    assert.equal((await rest('POST', '/incidents', { incident }, from)).status, 400);
  });
});
