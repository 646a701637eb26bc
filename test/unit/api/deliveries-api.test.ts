import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type DeliveriesApi, createDeliveriesApi } from '../../../src/api/deliveries-api.ts';
import type { DeliveryRequest } from '../../../src/incident/events.ts';
import type { LocalLedger } from '../../../src/ledger/local-ledger.ts';
import { EXTENSION } from '../../support/build-events.ts';
import { buildLedger, declaration } from '../../support/build-ledger.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

describe('what a person decides about a delivery', () => {
  const folder = useTemporaryFolder();
  let ledger: LocalLedger;
  let api: DeliveriesApi;
  let incident: string;

  beforeEach(async () => {
    ledger = buildLedger(folder());
    api = createDeliveriesApi(ledger);
    ({ id: incident } = await ledger.declare(declaration()));
  });
  afterEach(() => { ledger.dispose(); });

  async function ask(request: Partial<DeliveryRequest> = {}): Promise<string> {
    const { id } = await ledger.append(incident, {
      type: 'delivery.requested', origin: 'me', delivery: { service: 'slack', call: 'postMessage', target: '#incidents', text: 'Hello', data: {}, step: 'postUpdate', ...request },
    });
    return id;
  }

  async function found(delivery: string) {
    const read = await ledger.read(incident);
    return read.deliveries.find(({ id }) => id === delivery) ?? assert.fail();
  }

  it('sends it again from every state it can be stuck in', async () => {
    for (const event of [
      { type: 'delivery.failed', reason: 'No such channel.' }, { type: 'delivery.unknown', reason: 'No answer.' },
      { type: 'delivery.held', reason: 'Not connected.' }, { type: 'delivery.failed', reason: 'Down.', retryAt: '2026-11-23T05:00:00.000Z' },
    ] as const) {
      const delivery = await ask();
      await ledger.append(incident, { ...event, request: delivery }, EXTENSION);
      assert.deepEqual(await api.retry({ incident, delivery }), { state: 'pending' });
      assert.deepEqual([(await found(delivery)).retryAt, (await found(delivery)).actor.kind], [undefined, 'person'], event.type);
    }
  });

  it('records that it arrived, by hand', async () => {
    const delivery = await ask();
    assert.deepEqual(await api.confirm({ incident, delivery }), { state: 'done' });
    const { events } = await ledger.read(incident);
    const event = events.at(-1);
    assert.deepEqual(event?.type === 'delivery.done' && [event.how, event.result, event.actor.kind], ['by hand', {}, 'person']);
  });

  it('takes what later deliveries need from the link, and links the ticket', async () => {
    const delivery = await ask({ service: 'github', call: 'createIssue', target: 'acme/shop' });
    const url = 'https://github.com/acme/shop/issues/12';
    await api.confirm({ incident, delivery, url });
    assert.deepEqual((await found(delivery)).result, { repository: 'acme/shop', number: 12, url, labels: [], assignees: [] });
    assert.deepEqual((await ledger.read(incident)).ticket, { repository: 'acme/shop', number: 12, url });
  });

  it('refuses a link that is none, and writes nothing then', async () => {
    const ticket = await ask({ service: 'github', call: 'createIssue', target: 'acme/shop' });
    const message = await ask();
    const before = (await ledger.read(incident)).events.length;
    await assert.rejects(api.confirm({ incident, delivery: ticket, url: 'https://github.com/acme/shop/pull/12' }), /no link of the issue\. It looks like https:\/\/github\.com\/owner\/name\/issues\/12/);
    await assert.rejects(api.confirm({ incident, delivery: message, url: 'javascript:alert(1)' }), /It looks like https:/);
    assert.equal((await ledger.read(incident)).events.length, before);
    assert.deepEqual(await api.confirm({ incident, delivery: message, url: 'https://acme.slack.com/archives/C1/p1' }), { state: 'done' });
  });

  it('lets it go only with a reason', async () => {
    const delivery = await ask();
    await assert.rejects(api.discard({ incident, delivery }), /"reason" must be/);
    assert.deepEqual(await api.discard({ incident, delivery, reason: 'Said on the phone' }), { state: 'discarded' });
    assert.equal((await found(delivery)).reason, 'Said on the phone');
  });

  it('takes nothing back that is done', async () => {
    const delivery = await ask();
    await ledger.append(incident, { type: 'delivery.done', request: delivery, how: 'sent', result: {} }, EXTENSION);
    for (const decision of [api.retry, api.confirm, api.discard]) {
      await assert.rejects(decision({ incident, delivery, reason: 'r' }), /The delivery to #incidents is done already/);
    }
  });

  it('names the deliveries there are when asked for another', async () => {
    await assert.rejects(api.retry({ incident, delivery: 'D1' }), /has no delivery "D1"\. None is open/);
    const delivery = await ask();
    await assert.rejects(api.retry({ incident, delivery: 'D1' }), new RegExp(`Open: ${delivery} \\(#incidents\\)`));
    await assert.rejects(api.retry({ incident }), /input "delivery" must be/);
  });

  it('lists what is open in any incident, and all of one', async () => {
    const [done, waits] = [await ask(), await ask({ target: '#ops' })];
    await ledger.append(incident, { type: 'delivery.done', request: done, how: 'sent', result: {} }, EXTENSION);
    const { id: other } = await ledger.declare(declaration('Another'));
    assert.deepEqual((await api.list({})).deliveries, [{ incident, id: waits, target: '#ops', service: 'slack', state: 'pending', text: 'Hello' }]);
    assert.deepEqual((await api.list({ incident })).deliveries.map(({ id }) => id), [done, waits]);
    assert.deepEqual(await api.list({ incident: other }), { deliveries: [] });
  });
});
