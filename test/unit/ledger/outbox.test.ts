import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Delivery } from '../../../src/incident/deliveries.ts';
import type { DeliveryRequest } from '../../../src/incident/events.ts';
import type { LocalLedger } from '../../../src/ledger/local-ledger.ts';
import { Outbox } from '../../../src/ledger/outbox.ts';
import { type Call, type Calls, DeliveryError, type FailureKind } from '../../../src/services/courier.ts';
import { buildLedger, declaration } from '../../support/build-ledger.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { type TestClock, createClock } from '../../support/clock.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const ORIGIN = 'this-machine';
/** A service whose answers a test decides, and which remembers what it did. */
class Service {
  readonly effects: string[] = [];
  readonly sent: string[] = [];
  /** What happens to the next sends, one each: an error, before or after the effect. */
  readonly faults: { readonly kind: FailureKind; readonly acted: boolean; readonly retryAfterMs?: number }[] = [];
  lookFails = false;
  hold: Promise<void> | undefined;

  calls(again: Call['again']): Calls {
    const send: Call['send'] = async ({ delivery }) => {
      this.sent.push(delivery.text);
      await this.hold;
      const fault = this.faults.shift();
      if (fault === undefined || fault.acted) {
        if (again !== 'harmless' || !this.effects.includes(delivery.id)) {
          this.effects.push(delivery.id);
        }
      }
      if (fault !== undefined) {
        throw new DeliveryError(fault.kind, `It went wrong: ${fault.kind}.`, fault.retryAfterMs === undefined ? {} : { retryAfterMs: fault.retryAfterMs });
      }
      return { result: { delivery: delivery.id }, url: 'https://example.com/1' };
    };
    const find = ({ delivery }: { readonly delivery: Delivery }) => {
      if (this.lookFails) {
        return Promise.reject(new DeliveryError('in doubt', 'It could not be looked up.'));
      }
      return Promise.resolve(this.effects.includes(delivery.id) ? { result: { delivery: delivery.id } } : undefined);
    };
    return { post: again === 'look' ? { again, send, find } : { again, send } };
  }
}

describe('the outbox', () => {
  const folder = useTemporaryFolder();
  let clock: TestClock;
  let ledger: LocalLedger;
  let incident: string;
  let service: Service;
  const outboxes: Outbox[] = [];

  beforeEach(async () => {
    clock = createClock();
    ledger = buildLedger(folder(), { clock });
    incident = (await ledger.declare(declaration())).id;
    service = new Service();
  });
  afterEach(async () => {
    await Promise.all(outboxes.splice(0).map((outbox) => outbox.dispose()));
    ledger.dispose();
  });

  /** Timers fire only when the clock is moved and the outbox woken. */
  function build(calls: Calls | undefined, more: Partial<ConstructorParameters<typeof Outbox>[0]> = {}): Outbox {
    const outbox = new Outbox({
      ledger, clock,
      wait: (_ms, signal) => new Promise((resolve) => { signal.addEventListener('abort', () => { resolve(); }, { once: true }); }),
      runbook: () => Promise.resolve(bundledRunbook()),
      calls: () => Promise.resolve(calls),
      origin: () => Promise.resolve(ORIGIN),
      isTrusted: () => true,
      log: () => undefined,
      ...more,
    });
    outboxes.push(outbox);
    return outbox;
  }

  async function ask(text: string, more: Partial<DeliveryRequest> = {}, origin = ORIGIN): Promise<string> {
    const delivery: DeliveryRequest = { service: 'slack', call: 'post', target: '#incidents', text, data: {}, step: 'notifyTeam', ...more };
    return (await ledger.append(incident, { type: 'delivery.requested', origin, delivery })).id;
  }

  async function stateOf(id: string): Promise<Delivery> {
    const found = (await ledger.read(incident)).deliveries.find((delivery) => delivery.id === id);
    assert.ok(found);
    return found;
  }

  const settled = (outbox: Outbox, ...ids: string[]): Promise<void> => outbox.settle(incident, ids, new AbortController().signal);

  it('sends what is asked for, and writes down what came of it', async () => {
    const id = await ask('Down');
    await settled(build(service.calls('look')), id);
    const { state, result, url } = await stateOf(id);
    assert.deepEqual({ state, result, url }, { state: 'done', result: { delivery: id }, url: 'https://example.com/1' });
    assert.deepEqual(service.effects, [id]);
    assert.deepEqual((await ledger.read(incident)).events.map(({ type }) => type), ['incident.declared', 'delivery.requested', 'delivery.attempted', 'delivery.done']);
  });

  it('takes up what an earlier window left, of open incidents and of closed ones', async () => {
    const id = await ask('Down');
    await ledger.append(incident, { type: 'incident.closed', reason: 'Over' });
    assert.equal((await ledger.list('closed'))[0]?.waiting, 1);
    await build(service.calls('look')).start();
    await until('it is delivered', async () => (await stateOf(id)).state === 'done');
    assert.deepEqual(service.effects, [id]);
    assert.equal((await ledger.list('closed'))[0]?.waiting, undefined);
  });

  it('holds what goes to a service that is not connected, and sends it when a person says so later', async () => {
    const id = await ask('Down');
    await settled(build(undefined), id);
    assert.deepEqual([(await stateOf(id)).state, (await stateOf(id)).reason], ['by hand', 'Slack is not connected.']);
    const connected = build(service.calls('look'));
    await connected.start();
    await settled(connected, id);
    assert.deepEqual(service.effects, [], 'old news is not sent by itself');
    await ledger.append(incident, { type: 'delivery.retried', request: id });
    await settled(connected, id);
    assert.equal((await stateOf(id)).state, 'done');
  });

  it('leaves the deliveries of another installation to it', async () => {
    const theirs = await ask('Down', {}, 'another-machine');
    const ours = await ask('Down too', { target: '#other' });
    await settled(build(service.calls('look')), ours);
    assert.deepEqual([(await stateOf(theirs)).state, (await stateOf(ours)).state], ['pending', 'done']);
  });

  it('sends nothing in Restricted Mode', async () => {
    let trusted = false;
    const outbox = build(service.calls('look'), { isTrusted: () => trusted });
    await outbox.start();
    const id = await ask('Down');
    await outbox.settle(incident, [id], AbortSignal.timeout(50));
    assert.deepEqual([(await stateOf(id)).attempted, service.sent], [false, []]);
    trusted = true;
    await settled(outbox, id);
    assert.equal((await stateOf(id)).state, 'done');
  });

  describe('when an attempt fails', () => {
    const TABLE: readonly (readonly [again: Call['again'], kind: FailureKind, acted: boolean, afterwards: Delivery['state'], finally_: Delivery['state'], effects: number])[] = [
      ['look', 'refused', false, 'failed', 'failed', 0],
      ['look', 'not sent', false, 'pending', 'done', 1],
      ['look', 'in doubt', false, 'pending', 'done', 1],
      ['look', 'in doubt', true, 'pending', 'done', 1],
      ['harmless', 'refused', false, 'failed', 'failed', 0],
      ['harmless', 'not sent', false, 'pending', 'done', 1],
      ['harmless', 'in doubt', true, 'pending', 'done', 1],
      ['ask', 'refused', false, 'failed', 'failed', 0],
      ['ask', 'not sent', false, 'pending', 'done', 1],
      ['ask', 'in doubt', false, 'unknown', 'unknown', 0],
      ['ask', 'in doubt', true, 'unknown', 'unknown', 1],
    ];
    for (const [again, kind, acted, afterwards, finally_, effects] of TABLE) {
      it(`${again}, ${kind}${acted ? ', and it had arrived' : ''}: ${afterwards}, then ${finally_} with ${effects} effect(s)`, async () => {
        service.faults.push({ kind, acted });
        const id = await ask('Down');
        const outbox = build(service.calls(again));
        await settled(outbox, id);
        assert.equal((await stateOf(id)).state, afterwards);
        clock.advance(600_000);
        await settled(outbox, id);
        outbox.wake();
        if (finally_ === 'done') {
          await until('it is delivered', async () => (await stateOf(id)).state === 'done');
        }
        assert.equal((await stateOf(id)).state, finally_);
        assert.equal(service.effects.length, effects);
      });
    }

    it('waits longer each time, and as long as the service asks', async () => {
      service.faults.push(...Array.from({ length: 4 }, () => ({ kind: 'not sent', acted: false } as const)), { kind: 'not sent', acted: false, retryAfterMs: 90_000 });
      const id = await ask('Down');
      const outbox = build(service.calls('look'));
      const delays: number[] = [];
      for (let attempt = 0; attempt < 5; attempt += 1) {
        await settled(outbox, id);
        await until('the attempt is recorded', async () => (await stateOf(id)).failures === attempt + 1);
        delays.push(((await stateOf(id)).retryAt ?? 0) - clock.now());
        clock.advance(delays.at(-1) ?? 0);
        outbox.wake();
      }
      assert.deepEqual(delays, [2_000, 4_000, 8_000, 16_000, 90_000]);
      await until('it is delivered', async () => (await stateOf(id)).state === 'done');
    });

    it('does not send while it cannot find out whether it has arrived', async () => {
      service.faults.push({ kind: 'in doubt', acted: true });
      const id = await ask('Down');
      const outbox = build(service.calls('look'));
      await settled(outbox, id);
      service.lookFails = true;
      clock.advance(3_000);
      outbox.wake();
      await until('the second attempt has failed', async () => (await stateOf(id)).failures === 2);
      assert.equal(service.sent.length, 1);
      service.lookFails = false;
      clock.advance(600_000);
      outbox.wake();
      await until('it is found', async () => (await stateOf(id)).state === 'done');
      assert.equal((await ledger.read(incident)).events.findLast(({ type }) => type === 'delivery.done')?.['how' as never], 'found');
      assert.equal(service.sent.length, 1);
    });

    it('keeps the order of one target, and lets the others pass', async () => {
      service.faults.push({ kind: 'not sent', acted: false });
      const first = await ask('first');
      const second = await ask('second');
      const elsewhere = await ask('elsewhere', { target: '#other' });
      const outbox = build(service.calls('look'));
      await settled(outbox, first, second, elsewhere);
      await until('the other target has it', async () => (await stateOf(elsewhere)).state === 'done');
      assert.deepEqual([(await stateOf(first)).state, (await stateOf(second)).state], ['pending', 'pending']);
      clock.advance(2_000);
      await settled(outbox, first, second);
      outbox.wake();
      await until('both have it', async () => (await stateOf(second)).state === 'done');
      assert.deepEqual(service.sent, ['first', 'elsewhere', 'first', 'second']);
    });
  });

  it('keeps nobody waiting for what waits for a later time, through however many others', async () => {
    service.faults.push({ kind: 'not sent', acted: false });
    const first = await ask('first');
    const second = await ask('second');
    const third = await ask('third', { target: 'elsewhere', after: [second] });
    // Would not return before the limit of the command, which is longer than that of the test.
    await settled(build(service.calls('look')), third);
    assert.deepEqual([(await stateOf(first)).failures, (await stateOf(second)).state, (await stateOf(third)).state], [1, 'pending', 'pending']);
  });

  it('sends what follows another delivery only after it, and not at all when that one was given up', async () => {
    const first = await ask('the channel', { target: 'war room' });
    const after = await ask('its topic', { target: 'topic', after: [first] });
    service.faults.push({ kind: 'refused', acted: false });
    const outbox = build(service.calls('look'));
    await settled(outbox, first, after);
    await until('the second is held', async () => (await stateOf(after)).state === 'by hand');
    assert.match((await stateOf(after)).reason ?? '', /follows the delivery to war room/);
    await ledger.append(incident, { type: 'delivery.retried', request: first });
    await settled(outbox, first);
    await ledger.append(incident, { type: 'delivery.retried', request: after });
    await settled(outbox, after);
    assert.deepEqual([(await stateOf(first)).state, (await stateOf(after)).state], ['done', 'done']);
  });

  it('asks a person about what was interrupted and cannot be looked up, and looks for the rest', async () => {
    const mail = await ask('mail', { target: 'mail' });
    await ledger.claim(incident, [mail], new Date(clock.now() + 60_000).toISOString());
    const outbox = build(service.calls('ask'));
    clock.advance(61_000);
    await settled(outbox, mail);
    assert.equal((await stateOf(mail)).state, 'unknown');
    assert.deepEqual(service.sent, []);
    await ledger.append(incident, { type: 'delivery.done', request: mail, how: 'by hand', result: {} });
    assert.equal((await stateOf(mail)).state, 'done');
  });

  it('is sent once by two windows of one machine', async () => {
    const other = buildLedger(folder(), { clock });
    const outboxes = [build(service.calls('ask')), build(service.calls('ask'), { ledger: other })];
    await Promise.all(outboxes.map((outbox) => outbox.start()));
    const ids = await Promise.all(Array.from({ length: 6 }, (_, index) => ask(`message ${index}`, { target: `#channel-${index}` })));
    await Promise.all(outboxes.map((outbox) => settled(outbox, ...ids)));
    await until('all are delivered', async () => (await ledger.read(incident)).deliveries.every(({ state }) => state === 'done'));
    assert.deepEqual([...service.effects].sort(), [...ids].sort());
    other.dispose();
  });

  it('records nothing of an attempt that the end of the window interrupts, so that the next one looks first', async () => {
    let release: () => void = () => undefined;
    service.hold = new Promise((resolve) => { release = resolve; });
    service.faults.push({ kind: 'in doubt', acted: true });
    const id = await ask('Down');
    const outbox = build(service.calls('look'));
    void settled(outbox, id);
    await until('it is being sent', () => service.sent.length === 1);
    const end = outbox.dispose();
    release();
    await end;
    assert.deepEqual([(await stateOf(id)).state, (await stateOf(id)).attempted], ['pending', true]);
    clock.advance(61_000);
    service.hold = undefined;
    await settled(build(service.calls('look')), id);
    assert.deepEqual([(await stateOf(id)).state, service.effects.length], ['done', 1]);
  });
});
