import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type Delivery, foldDeliveries, openDeliveries, reportOf, resultOfCall } from '../../../src/incident/deliveries.ts';
import type { DeliveryRequest, TimelineEvent } from '../../../src/incident/events.ts';
import { fold } from '../../../src/incident/fold.ts';
import { createEvents, minute } from '../../support/build-events.ts';

const REQUEST: DeliveryRequest = { service: 'slack', call: 'postMessage', target: '#incidents', text: 'Down', data: {}, step: 'notifyTeam' };

/** A delivery that was asked for, and what happened to it, a minute apart. */
function after(...happened: readonly ((id: string) => Parameters<ReturnType<typeof createEvents>['event']>)[]): Delivery {
  const { event } = createEvents();
  const requested = event('delivery.requested', { delivery: REQUEST, origin: 'here' });
  const events = happened.map((make, index) => {
    const [type, body] = make(requested.id);
    return event(type, body, { minute: index + 1 });
  });
  const [delivery] = foldDeliveries([requested, ...events]);
  assert.ok(delivery);
  return delivery;
}

const attempted = (id: string) => ['delivery.attempted', { requests: [id], until: minute(9) }] as const;
const failed = (id: string) => ['delivery.failed', { request: id, reason: 'down', retryAt: minute(5), inDoubt: true }] as const;
const refused = (id: string) => ['delivery.failed', { request: id, reason: 'no channel' }] as const;
const unknown = (id: string) => ['delivery.unknown', { request: id, reason: 'timed out' }] as const;
const held = (id: string) => ['delivery.held', { request: id, reason: 'not connected' }] as const;
const retried = (id: string) => ['delivery.retried', { request: id }] as const;
const discarded = (id: string) => ['delivery.discarded', { request: id, reason: 'too late' }] as const;
const done = (id: string) => ['delivery.done', { request: id, how: 'sent', result: { ts: '1' }, url: 'https://a', note: 'n' }] as const;

type Step = (id: string) => Parameters<ReturnType<typeof createEvents>['event']>;
const STEPS = { attempted, failed, refused, unknown, held, retried, discarded, done } as unknown as Readonly<Record<string, Step>>;
const through = (...names: readonly string[]): Delivery => after(...names.map((name) => STEPS[name] as Step));

describe('a delivery', () => {
  for (const [names, expected] of [
    [[], { state: 'pending', attempted: false, inDoubt: false, failures: 0 }],
    [['attempted'], { state: 'pending', attempted: true, inDoubt: false, failures: 0 }],
    [['attempted', 'failed'], { state: 'pending', attempted: false, inDoubt: true, failures: 1, reason: 'down', retryAt: Date.parse(minute(5)) }],
    [['attempted', 'refused'], { state: 'failed', attempted: false, inDoubt: false, failures: 1, reason: 'no channel' }],
    [['attempted', 'unknown'], { state: 'unknown', attempted: false, inDoubt: true, reason: 'timed out' }],
    [['held'], { state: 'by hand', reason: 'not connected' }],
    [['held', 'retried'], { state: 'pending', inDoubt: false, failures: 0 }],
    [['attempted', 'unknown', 'retried'], { state: 'pending', inDoubt: true, failures: 0 }],
    [['attempted', 'refused', 'retried'], { state: 'pending', inDoubt: false, failures: 0 }],
    [['discarded'], { state: 'discarded', reason: 'too late' }],
    [['discarded', 'failed'], { state: 'discarded', reason: 'too late' }],
    [['discarded', 'retried'], { state: 'pending' }],
    [['discarded', 'done'], { state: 'done' }],
    [['attempted', 'done'], { state: 'done', attempted: false, result: { ts: '1' }, url: 'https://a', note: 'n' }],
    [['done', 'failed'], { state: 'done' }],
    [['done', 'discarded'], { state: 'done' }],
    [['done', 'retried'], { state: 'done' }],
  ] as const) {
    it(`is ${expected.state} after ${names.length === 0 ? 'it was asked for' : names.join(', ')}`, () => {
      const delivery = through(...names);
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, delivery[key as keyof Delivery]])), expected);
    });
  }

  it('that is done stays done, whatever is written down before and after', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(...Object.keys(STEPS))), (names) => {
      const { state } = through(...names);
      assert.equal(state === 'done', names.includes('done'));
    }));
  });

  it('keeps no reason of an earlier state', () => {
    assert.equal('reason' in through('held', 'retried'), false);
    assert.equal('retryAt' in through('failed', 'unknown'), false);
  });

  it('is open until it is done or discarded, and reported with what a caller needs', () => {
    assert.deepEqual(['attempted', 'refused', 'unknown', 'held', 'done', 'discarded'].map((name) => openDeliveries([through(name)]).length), [1, 1, 1, 1, 0, 0]);
    const { id } = through('held');
    assert.deepEqual(reportOf(through('held')), { id, target: '#incidents', service: 'slack', state: 'by hand', text: 'Down', reason: 'not connected' });
    assert.deepEqual(reportOf(through('done')), { id, target: '#incidents', service: 'slack', state: 'done', text: 'Down', url: 'https://a' });
  });

  it('gives what came of the last one of a call that is done', () => {
    assert.deepEqual(resultOfCall([through('done'), through('refused')], 'slack', 'postMessage'), { ts: '1' });
    assert.equal(resultOfCall([through('done')], 'slack', 'createChannel'), undefined);
    assert.equal(resultOfCall([through('refused')], 'slack', 'postMessage'), undefined);
  });
});

describe('what the fold says of working together', () => {
  const claims = (...events: readonly TimelineEvent[]) => fold(events)?.claims.get('notifyTeam');

  it('names the ticket that was linked first', () => {
    const { declared, event } = createEvents();
    const first = { repository: 'acme/shop', number: 7, url: 'https://github.com/acme/shop/issues/7' };
    const incident = fold([declared(), event('ticket.linked', first, { minute: 1 }), event('ticket.linked', { ...first, number: 8 }, { minute: 2 })]);
    assert.deepEqual(incident?.ticket, first);
  });

  it('names the holder of a step: the first that is live and not released', () => {
    const { declared, event } = createEvents();
    const ada = event('step.claimed', { step: 'notifyTeam', origin: 'a', until: minute(5) }, { minute: 1 });
    const grace = event('step.claimed', { step: 'notifyTeam', origin: 'b', until: minute(6) }, { minute: 2 });
    const later = event('step.claimed', { step: 'notifyTeam', origin: 'c', until: minute(9) }, { minute: 7 });
    const incident = declared();
    assert.equal(claims(incident, ada, grace)?.event, ada.id);
    assert.equal(claims(incident, ada, grace, event('step.released', { claim: ada.id }, { minute: 3 }))?.event, grace.id);
    assert.equal(claims(incident, ada, grace, later)?.event, later.id);
    assert.equal(claims(incident, ada, event('step.released', { claim: ada.id }, { minute: 3 })), undefined);
  });

  it('counts in a summary what is still to leave the machine', () => {
    const { declared, event } = createEvents();
    const requested = event('delivery.requested', { delivery: REQUEST, origin: 'here' }, { minute: 1 });
    const waiting = (...events: readonly TimelineEvent[]) => fold(events)?.deliveries.filter(({ state }) => state === 'pending').length;
    assert.equal(waiting(declared(), requested), 1);
    assert.equal(waiting(declared(), requested, event('delivery.done', { request: requested.id, how: 'sent', result: {} }, { minute: 2 })), 0);
  });

  it('keeps the last snooze of each clock', () => {
    const { declared, event } = createEvents();
    const incident = fold([declared(), event('reminder.snoozed', { step: 'postUpdate', until: minute(5) }), event('reminder.snoozed', { step: 'postUpdate', until: minute(9) }, { minute: 4 })]);
    assert.deepEqual([...incident?.snoozed ?? []], [['postUpdate', Date.parse(minute(9))]]);
  });
});
