import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { SHORTEST_MS, type Range, panned, rangeOf, revealing, ticksOf, wholeRange, zoomed } from '../../../src/webview/overview/time-range.ts';
import { stopwatch } from '../../../src/webview/overview/words.ts';
import { START } from '../../support/clock.ts';

const MINUTE = 60_000;
const LIMITS: Range = [START, START + 100 * MINUTE];
const MIDDLE: Range = [START + 40 * MINUTE, START + 60 * MINUTE];

function length([from, to]: Range): number {
  return to - from;
}

describe('what part of an incident the picture shows', () => {
  it('is all of it with a little room, also of one that has just begun', () => {
    const [from, to] = wholeRange(START, START + 100 * MINUTE);
    assert.ok(from < START && to > START + 100 * MINUTE && to - from < 110 * MINUTE);
    assert.ok(length(wholeRange(START, START)) >= MINUTE);
  });

  it('goes on with the time by a preset, and stays by a range', () => {
    const whole = wholeRange(START, START + 300 * MINUTE);
    const end = START + 300 * MINUTE;
    const [from, to] = rangeOf({ preset: 'hour' }, whole, end);
    assert.ok(from < end && to > end && Math.round((to - from) / MINUTE) === 60);
    assert.equal(Math.round(length(rangeOf({ preset: 'quarter' }, whole, end)) / MINUTE), 15);
    assert.deepEqual(rangeOf({ preset: 'whole' }, whole, end), whole);
    assert.deepEqual(rangeOf({ range: MIDDLE }, whole, end), MIDDLE);
  });

  it('is zoomed around a time that keeps its place', () => {
    const around = START + 45 * MINUTE;
    const near = zoomed(MIDDLE, 0.5, around, LIMITS);
    assert.equal(length(near), 10 * MINUTE);
    assert.equal((around - near[0]) / length(near), 0.25);
  });

  it('is never shorter than ten seconds, longer than all there is, or beyond it', () => {
    assert.equal(Math.round(length(zoomed(MIDDLE, 1e-9, MIDDLE[0], LIMITS))), SHORTEST_MS);
    assert.deepEqual(zoomed(MIDDLE, 1_000, MIDDLE[0], LIMITS), LIMITS);
    assert.deepEqual(panned(MIDDLE, 10, LIMITS), [START + 80 * MINUTE, START + 100 * MINUTE]);
    assert.deepEqual(panned(MIDDLE, -10, LIMITS), [START, START + 20 * MINUTE]);
  });

  it('moves only when what is to be seen is not in it', () => {
    for (const at of [40, 41, 50, 60]) {
      assert.deepEqual(revealing(MIDDLE, START + at * MINUTE, LIMITS), MIDDLE);
    }
    for (const at of [START + 5 * MINUTE, START + 61 * MINUTE, START + 99 * MINUTE]) {
      const range = revealing(MIDDLE, at, LIMITS);
      assert.ok(range[0] <= at && at <= range[1] && length(range) === length(MIDDLE), String(at));
    }
  });

  it('is written at round times, no more than fit', () => {
    const { step, at } = ticksOf(MIDDLE, 6);
    assert.equal(step, 5 * MINUTE);
    assert.deepEqual(at, [40, 45, 50, 55, 60].map((minute) => START + minute * MINUTE));
    for (const days of [0.001, 1, 30, 4_000]) {
      const { at: ticks } = ticksOf([START, START + days * 86_400_000], 10);
      assert.ok(ticks.length >= 1 && ticks.length <= 12, `${days}: ${ticks.length}`);
    }
  });
});

describe('a stopwatch', () => {
  it('shows minutes and seconds always, hours and days where there are any', () => {
    assert.deepEqual([-5, 0, 7_000, 67_000, 3_600_000, 3_912_000, 176_712_000].map(stopwatch), ['0:00', '0:00', '0:07', '1:07', '1:00:00', '1:05:12', '2:01:05:12']);
  });
});
