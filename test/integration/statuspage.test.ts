import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DeliveryRequest } from '../../src/incident/events.ts';
import type { Call } from '../../src/services/courier.ts';
import { createPace, type Pace, statuspageCalls, testStatuspage } from '../../src/services/statuspage.ts';
import { eventId, INCIDENT } from '../support/build-events.ts';
import { buildParcels, type ParcelBuilder } from '../support/build-parcel.ts';
import { createClock, type TestClock } from '../support/clock.ts';
import { FAULT_KINDS } from '../support/fakes/fake-faults.ts';
import { startStatuspage, STATUSPAGE_KEY, STATUSPAGE_PAGE, type StatuspageFake } from '../support/fakes/statuspage.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { failureOfFault, followPolicy, givenUpOn, nameOfFault } from '../support/follow-policy.ts';

let clock: TestClock = createClock();
let pace: Pace = createPace();
describe('Statuspage through its service', () => {
  const statuspage = useFake<StatuspageFake>(() => {
    clock = createClock();
    pace = createPace((ms) => {
      clock.advance(ms);
      return Promise.resolve();
    });
    return startStatuspage({ clock });
  });
  const idle = (): AbortSignal => new AbortController().signal;
  const connection = (change: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> =>
    ({ url: statuspage().url, page: STATUSPAGE_PAGE, token: STATUSPAGE_KEY, ...change });

  function callOf(name: 'createIncident' | 'updateIncident', change: Readonly<Record<string, string>> = {}): Extract<Call, { again: 'look' }> {
    const call = statuspageCalls(connection(change), pace)[name];
    assert.ok(call?.again === 'look');
    return call;
  }

  type Request = Pick<DeliveryRequest, 'service' | 'call'> & Partial<DeliveryRequest>;

  const OPEN: Request = {
    service: 'statuspage', call: 'createIncident', text: 'We are looking into it.',
    data: { stage: 'detected', name: 'Problems with the portals', impact: 'critical', status: 'investigating', notify: false, components: ['comp00000002'], componentStatus: 'major_outage' },
  };
  const UPDATE: Request = {
    service: 'statuspage', call: 'updateIncident', text: 'We have found the cause.',
    data: { stage: 'identified', status: 'identified', notify: false, components: [] },
  };

  /** An incident that is on the page. */
  async function opened(change: Partial<DeliveryRequest> = {}): Promise<ParcelBuilder> {
    const builder = buildParcels();
    const id = builder.ask({ ...OPEN, ...change });
    builder.done(id, (await callOf('createIncident').send(builder.parcel(id), idle())).result);
    return builder;
  }

  const shown = (): unknown[] => statuspage().state.incidents.map(({ name, status, impact, updates }) => [name, status, impact, updates.map(({ status: state, body, delivered }) => [state, body, delivered])]);
  const componentStates = (): unknown[] => statuspage().state.components.map(({ status }) => status);

  describe('the incident on Statuspage', () => {
    it('is opened with its components and our mark, and mails nobody unasked', async () => {
      const builder = buildParcels();
      const id = builder.ask(OPEN);
      const receipt = await callOf('createIncident').send(builder.parcel(id), idle());
      assert.deepEqual(receipt, { result: { id: 'inc000000001', url: 'https://stspg.io/inc000000001', update: 'inc000000001-1' }, url: 'https://stspg.io/inc000000001' });
      assert.deepEqual(shown(), [['Problems with the portals', 'investigating', 'critical', [['investigating', 'We are looking into it.', false]]]]);
      assert.deepEqual(statuspage().state.incidents[0]?.metadata, { incident_runbook: { incident: INCIDENT, delivery: id } });
      assert.deepEqual([componentStates(), statuspage().state.incidents[0]?.componentIds, statuspage().state.delivered], [['operational', 'major_outage'], ['comp00000002'], 0]);
    });

    it('mails the subscribers when that was asked for', async () => {
      const builder = await opened({ data: { ...OPEN.data, notify: true } });
      await callOf('updateIncident').send(builder.parcel(builder.ask({ ...UPDATE, data: { ...UPDATE.data, notify: true } })), idle());
      assert.equal(statuspage().state.delivered, 2);
    });

    it('is updated to the end, keeps its components, and gets them working again', async () => {
      const builder = await opened();
      await callOf('updateIncident').send(builder.parcel(builder.ask(UPDATE)), idle());
      assert.deepEqual([componentStates(), statuspage().state.incidents[0]?.componentIds], [['operational', 'major_outage'], ['comp00000002']]);
      const last = builder.ask({ ...UPDATE, text: 'It is solved.', data: { status: 'resolved', notify: false, components: ['comp00000002'], componentStatus: 'operational' } });
      assert.deepEqual((await callOf('updateIncident').send(builder.parcel(last), idle())).result, { id: 'inc000000001', url: 'https://stspg.io/inc000000001', update: 'inc000000001-3' });
      assert.deepEqual(shown(), [['Problems with the portals', 'resolved', 'critical', [
        ['resolved', 'It is solved.', false], ['identified', 'We have found the cause.', false], ['investigating', 'We are looking into it.', false],
      ]]]);
      assert.deepEqual(componentStates(), ['operational', 'operational']);
    });

    it('is cut where Statuspage cuts: name and body', async () => {
      await opened({ text: 'b'.repeat(25_001), data: { ...OPEN.data, name: 'n'.repeat(256) } });
      const [incident] = statuspage().state.incidents;
      assert.deepEqual([incident?.name, incident?.updates[0]?.body], [`${'n'.repeat(254)}…`, `${'b'.repeat(24_999)}…`]);
    });

    it('is not updated before it is there, nor when it was opened by hand and nobody said which one it is', async () => {
      const builder = buildParcels();
      await assert.rejects(callOf('updateIncident').send(builder.parcel(builder.ask(UPDATE)), idle()), { kind: 'refused', message: /no incident on Statuspage to update yet.*run the step again/ });
      builder.done(builder.ask(OPEN), {}, 'by hand');
      await assert.rejects(callOf('updateIncident').send(builder.parcel(builder.ask(UPDATE)), idle()), { kind: 'refused', message: /opened on Statuspage by hand/ });
      assert.deepEqual(statuspage().exchanges, []);
    });

    for (const [field, value] of [['status', 'scheduled'], ['impact', 'maintenance'], ['componentStatus', 'broken']] as const) {
      it(`is not sent with the ${field} "${value}"`, async () => {
        const builder = buildParcels();
        const parcel = builder.parcel(builder.ask({ ...OPEN, data: { ...OPEN.data, [field]: value } }));
        await assert.rejects(callOf('createIncident').send(parcel, idle()), { kind: 'refused', message: new RegExp(`no "${field}" out of`) });
        assert.deepEqual(statuspage().exchanges, []);
      });
    }

    for (const [what, change, data, message] of [
      ['a wrong key', { token: 'wrong' }, {}, /refused the credentials \(401\): Could not authenticate\. Connect Statuspage again/],
      ['a wrong page', { page: 'other' }, {}, /\(404\).*check the page id/],
      ['a component of another page', {}, { components: ['comp9'] }, /\(422\): Component ids not found: comp9.*\. Check the ids of the components/],
    ] as const) {
      it(`names the fix for ${what}`, async () => {
        const builder = buildParcels();
        const parcel = builder.parcel(builder.ask({ ...OPEN, data: { ...OPEN.data, ...data } }));
        await assert.rejects(callOf('createIncident', change).send(parcel, idle()), { kind: 'refused', message });
      });
    }
  });

  describe('looking for what may be on Statuspage already', () => {
    it('finds the incident by its mark among those of others, also when it was renamed', async () => {
      const builder = await opened();
      const ours = statuspage().state.incidents[0];
      assert.ok(ours !== undefined);
      ours.name = 'Renamed by hand';
      const other = builder.ask(OPEN);
      await callOf('createIncident').send(builder.parcel(other), idle());
      assert.equal((await callOf('createIncident').find(builder.parcel(eventId(3)), idle()))?.result['id'], 'inc000000001');
      assert.equal((await callOf('createIncident').find(builder.parcel(other), idle()))?.result['id'], 'inc000000002');
      assert.equal(await callOf('createIncident').find(builder.parcel(builder.ask(OPEN)), idle()), undefined);
    });

    it('finds the incident after somebody resolved it on the page', async () => {
      const builder = await opened();
      Object.assign(statuspage().state.incidents[0] ?? {}, { status: 'resolved', resolvedAt: clock.now() });
      assert.equal((await callOf('createIncident').find(builder.parcel(eventId(3)), idle()))?.url, 'https://stspg.io/inc000000001');
      assert.deepEqual(statuspage().exchanges.map(({ operation }) => operation), ['createIncident', 'unresolvedIncidents', 'listIncidents']);
    });

    it('takes no other update for its own: not another text or state, an older one, or that of another delivery', async () => {
      const builder = await opened();
      const first = builder.ask(UPDATE);
      const sent = await callOf('updateIncident').send(builder.parcel(first), idle());
      assert.deepEqual(await callOf('updateIncident').find(builder.parcel(first), idle()), sent);
      for (const change of [{ text: 'Something else.' }, { data: { ...UPDATE.data, status: 'monitoring' } }]) {
        assert.equal(await callOf('updateIncident').find(builder.parcel(builder.ask({ ...UPDATE, ...change })), idle()), undefined);
      }
      assert.equal(await callOf('updateIncident').find(builder.parcel(builder.ask(UPDATE, 25 * 60)), idle()), undefined);
      const again = builder.ask(UPDATE);
      assert.notEqual(await callOf('updateIncident').find(builder.parcel(again), idle()), undefined);
      builder.done(first, sent.result);
      assert.equal(await callOf('updateIncident').find(builder.parcel(again), idle()), undefined);
    });

    it('finds an update though the page keeps white space otherwise, and this clock is ahead', async () => {
      const builder = await opened();
      const id = builder.ask({ ...UPDATE, text: 'We have found\nthe cause. ' }, 4);
      const ours = statuspage().state.incidents[0];
      ours?.updates.unshift({ status: 'identified', body: 'We have found the cause.', at: clock.now(), delivered: false });
      assert.equal((await callOf('updateIncident').find(builder.parcel(id), idle()))?.result['update'], 'inc000000001-2');
    });

    for (const [name, operation] of [['createIncident', 'unresolvedIncidents'], ['createIncident', 'listIncidents'], ['updateIncident', 'getIncident']] as const) {
      for (const fault of FAULT_KINDS) {
        it(`says that it does not know when ${operation} fails (${nameOfFault(fault)})`, async () => {
          const builder = await opened();
          const id = builder.ask(name === 'createIncident' ? OPEN : UPDATE);
          statuspage().fault({ ...fault, operation, times: 1 });
          const signal = givenUpOn(fault, () => statuspage().of(operation).length > 0)(1);
          await assert.rejects(callOf(name).find(builder.parcel(id), signal), { name: 'DeliveryError', kind: failureOfFault(fault) });
        });
      }
    }
  });

  describe('a fault of Statuspage', () => {
    for (const fault of FAULT_KINDS) {
      const acted = 'acted' in fault && fault.acted;
      for (const name of ['createIncident', 'updateIncident'] as const) {
        it(`${nameOfFault(fault)}: ${name} has one effect in the end`, async () => {
          const builder = name === 'createIncident' ? buildParcels() : await opened();
          const id = builder.ask(name === 'createIncident' ? { ...OPEN, data: { ...OPEN.data, notify: true } } : { ...UPDATE, data: { ...UPDATE.data, notify: true } });
          statuspage().fault({ ...fault, operation: name, times: 1 });
          const { outcome, receipt, failures } = await followPolicy(callOf(name), builder.parcel(id), {
            signal: givenUpOn(fault, () => statuspage().of(name).length > 0),
            pause: (ms = 0) => { clock.advance(ms); },
          });
          assert.deepEqual([outcome, failures.map(({ kind }) => kind)], [acted ? 'found' : 'sent', [failureOfFault(fault)]]);
          const updates = statuspage().state.incidents.map((incident) => incident.updates.map(({ status }) => status));
          assert.deepEqual(updates, [name === 'createIncident' ? ['investigating'] : ['identified', 'investigating']]);
          assert.deepEqual([statuspage().state.delivered, receipt?.result['id']], [1, 'inc000000001']);
        });
      }
    }
  });

  describe('the pace of requests to Statuspage', () => {
    it('lets one go at a time, however many ask and however long ago their calls were made', async () => {
      const waits: { readonly ms: number; readonly end: () => void }[] = [];
      const slow = createPace((ms) => new Promise((resolve) => { waits.push({ ms, end: resolve }); }));
      const went: number[] = [];
      const turns = [1, 2, 3].map((number) => slow.turn(idle()).then(() => { went.push(number); }));
      await turns[0];
      assert.deepEqual([went, waits.length], [[1], 1]);
      waits[0]?.end();
      await turns[1];
      assert.deepEqual([went, waits.map(({ ms }) => ms)], [[1, 2], [1_100, 1_100]]);
      waits[1]?.end();
      await turns[2];
      assert.deepEqual(went, [1, 2, 3]);
    });

    it('sends nothing for a call that was cancelled while it waited', async () => {
      const builder = buildParcels();
      await assert.rejects(callOf('createIncident').send(builder.parcel(builder.ask(OPEN)), AbortSignal.abort()), { kind: 'not sent' });
      assert.deepEqual(statuspage().exchanges, []);
    });

    it('is never faster than Statuspage allows, over several tables of calls', async () => {
      const builder = await opened();
      for (let count = 0; count < 3; count++) {
        await callOf('updateIncident').send(builder.parcel(builder.ask(UPDATE)), idle());
      }
      assert.deepEqual(statuspage().exchanges.map(({ status }) => status), [201, 200, 200, 200]);
    });
  });

  describe('the test of the connection to Statuspage', () => {
    it('names the components with the ids that the steps want', async () => {
      assert.equal(await testStatuspage(connection(), pace, idle()), `Connected to page ${STATUSPAGE_PAGE}. Its components: Shop (comp00000001), Checkout (comp00000002).`);
    });

    it('says what is wrong', async () => {
      await assert.rejects(testStatuspage(connection({ token: 'wrong' }), pace, idle()), { kind: 'refused', message: /Connect Statuspage again/ });
      await assert.rejects(testStatuspage(connection({ page: 'other' }), pace, idle()), { kind: 'refused', message: /check the page id/ });
    });
  });
});
