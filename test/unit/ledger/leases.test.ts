import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Leases } from '../../../src/ledger/leases.ts';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import { createEvents, minute } from '../../support/build-events.ts';

function read(...events: readonly TimelineEvent[]): Leases {
  const leases = new Leases();
  events.forEach((event) => { leases.read(event); });
  return leases;
}

describe('leases', () => {
  const { event } = createEvents();
  const attempt = (at: number, until: number, ...requests: string[]) => event('delivery.attempted', { requests, until: minute(until) }, { minute: at });

  it('are held by the first in the file, whatever the times and ids say', () => {
    const later = attempt(2, 9, 'x');
    const earlier = attempt(1, 9, 'x', 'y');
    const leases = read(later, earlier);
    assert.deepEqual([leases.holderOf('x'), leases.holderOf('y'), leases.holderOf('z')], [later.id, earlier.id, undefined]);
  });

  it('end with the outcome, and the next one does not follow an interruption', () => {
    const first = attempt(1, 9, 'x');
    const failed = event('delivery.failed', { request: 'x', reason: 'r', retryAt: minute(3) }, { minute: 2 });
    const second = attempt(3, 9, 'x');
    const leases = read(first, failed, second);
    assert.deepEqual([leases.holderOf('x'), leases.isResumed('x')], [second.id, false]);
  });

  it('lapse, and the next one follows an interruption', () => {
    const first = attempt(1, 3, 'x');
    const second = attempt(3, 9, 'x');
    assert.equal(read(first, attempt(2, 9, 'x')).holderOf('x'), first.id);
    const leases = read(first, second);
    assert.deepEqual([leases.holderOf('x'), leases.isResumed('x')], [second.id, true]);
  });

  it('of steps end when the claim is released, not when another one is', () => {
    const ada = event('step.claimed', { step: 'escalate', origin: 'a', until: minute(9) }, { minute: 1 });
    const grace = event('step.claimed', { step: 'escalate', origin: 'b', until: minute(9) }, { minute: 2 });
    assert.equal(read(ada, grace).holderOfStep('escalate'), ada.id);
    assert.equal(read(ada, grace, event('step.released', { claim: grace.id })).holderOfStep('escalate'), ada.id);
    assert.equal(read(ada, event('step.released', { claim: ada.id }), grace).holderOfStep('escalate'), grace.id);
    assert.equal(read(ada).holderOf('escalate'), undefined, 'a step and a delivery of the same name are different things');
  });
});
