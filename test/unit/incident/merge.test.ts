import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type TimelineEvent, compareEvents, mergeTimelines } from '../../../src/incident/events.ts';
import { compareLevels, worstLevel } from '../../../src/incident/evidence.ts';
import { createEvents } from '../../support/build-events.ts';

/** What there is to know; each responder knows a part of it. Several events share a minute. */
const POOL: readonly TimelineEvent[] = (() => {
  const { declared, event } = createEvents();
  return [declared(), ...Array.from({ length: 12 }, (_, index) => event('finding.documented', { text: String(index) }, { minute: index % 3 }))];
})();

const timeline = fc.shuffledSubarray([...POOL]);

describe('mergeTimelines', () => {
  it('is commutative, associative and idempotent', () => {
    fc.assert(fc.property(timeline, timeline, timeline, (a, b, c) => {
      assert.deepEqual(mergeTimelines(a, b), mergeTimelines(b, a));
      assert.deepEqual(mergeTimelines(mergeTimelines(a, b), c), mergeTimelines(a, mergeTimelines(b, c)));
      assert.deepEqual(mergeTimelines(a, a), mergeTimelines(a));
    }));
  });

  it('is the union, each event once, by time and then by id', () => {
    fc.assert(fc.property(timeline, timeline, (a, b) => {
      const known = new Set([...a, ...b].map(({ id }) => id));
      const merged = mergeTimelines(a, b);
      assert.deepEqual(new Set(merged.map(({ id }) => id)), known);
      assert.equal(merged.length, known.size);
      assert.deepEqual(merged.map(({ at, id }) => at + id), merged.map(({ at, id }) => at + id).sort());
    }));
  });

  it('has two responders converge, whatever order they sync in', () => {
    fc.assert(fc.property(fc.array(timeline), (timelines) => {
      const [first, second] = [timelines, timelines.toReversed()].map((order) => order.reduce<TimelineEvent[]>((known, next) => mergeTimelines(known, next), []));
      assert.deepEqual(first, second);
    }));
  });

  it('orders events of one minute by id', () => {
    const [first, second] = [{ ...POOL[1], at: 'x', id: 'a' }, { ...POOL[1], at: 'x', id: 'b' }] as [TimelineEvent, TimelineEvent];
    assert.deepEqual([compareEvents(first, second), compareEvents(second, first), compareEvents(first, first)], [-1, 1, 0]);
  });
});

describe('levels', () => {
  it('go from bad over warn and unknown to ok', () => {
    assert.deepEqual((['ok', 'unknown', 'warn', 'bad'] as const).toSorted(compareLevels), ['bad', 'warn', 'unknown', 'ok']);
  });

  it('the worst of several is the gravest, of none unknown', () => {
    assert.equal(worstLevel(['ok', 'warn', 'unknown']), 'warn');
    assert.equal(worstLevel(['ok', 'unknown']), 'unknown');
    assert.equal(worstLevel([]), 'unknown');
  });
});
