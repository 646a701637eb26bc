import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { SeenEvents } from '../../../src/logs/seen-events.ts';
import type { LogEvent } from '../../../src/services/aws/logs.ts';

/** Few values, so that many events are equal in all that Live Tail tells of them. */
const events = fc.array(fc.record({ at: fc.integer({ min: 0, max: 3 }), message: fc.constantFrom('a', 'b') }), { maxLength: 30 })
  .map((list) => list.map(({ at, message }, index): LogEvent => ({ kind: 'event', id: `id ${index}`, group: 'g', stream: 's', at, ingestedAt: at + 1, message })));

describe('SeenEvents', () => {
  it('lets each event through once, whichever way and however often it comes', () => {
    fc.assert(fc.property(events, fc.infiniteStream(fc.integer({ min: 0, max: 99 })), (all, chance) => {
      const seen = new SeenEvents();
      seen.expectsLive = true;
      const draw = (below: number): boolean => (chance.next().value ?? 0) < below;
      const live = all.filter(() => !draw(30)).map((event) => ({ ...event, id: '' }));
      // Live Tail brings each at most once, FilterLogEvents everything again and again, in any order.
      const arrivals = [...live.map((event) => ({ event, isLive: true })), ...all.map((event) => ({ event, isLive: false })), ...all.map((event) => ({ event, isLive: false }))]
        .map((arrival) => ({ arrival, order: chance.next().value ?? 0 })).sort((one, other) => one.order - other.order).map(({ arrival }) => arrival);
      const shown = arrivals.filter(({ event, isLive }) => (isLive ? seen.addLive(event) : seen.add(event))).map(({ event }) => `${event.at}${event.message}`);
      assert.deepEqual(shown.sort(), all.map(({ at, message }) => `${at}${message}`).sort());
    }), { numRuns: 500 });
  });

  it('knows them again after it was written down', () => {
    fc.assert(fc.property(events, (all) => {
      const seen = new SeenEvents();
      seen.expectsLive = true;
      const half = Math.floor(all.length / 2);
      // Of two that are equal, what Live Tail brings is taken for the one that was shown; the other one comes later.
      const before = all.filter((event, index) => (index < half ? seen.add(event) : seen.addLive({ ...event, id: '' })));
      const later = SeenEvents.restore(seen.save());
      assert.equal(before.length + all.filter((event) => later.add(event)).length, all.length);
      assert.deepEqual(all.filter((event) => later.add(event)), []);
    }));
  });

  it('forgets what is older than asked for, and nothing else', () => {
    const seen = new SeenEvents();
    const event = (id: string, at: number): LogEvent => ({ kind: 'event', id, group: 'g', stream: 's', at, ingestedAt: at, message: id });
    assert.deepEqual([seen.add(event('old', 1)), seen.add(event('young', 5))], [true, true]);
    // Also what was written down knows its times.
    for (const one of [SeenEvents.restore(seen.save()), seen]) {
      one.forget(5);
      assert.deepEqual([one.has(event('old', 1)), one.has(event('young', 5))], [false, true]);
    }
  });
});
