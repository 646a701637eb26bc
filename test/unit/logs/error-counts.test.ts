import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { ErrorCounts, MAX_LINES, MAX_SHAPES } from '../../../src/logs/error-counts.ts';
import type { Place } from '../../../src/logs/frame.ts';
import type { ShownMessage } from '../../../src/logs/log-entry.ts';

const NOW = Date.parse('2026-11-23T03:07:12Z');
const MINUTE = 60_000;
const POOL: Place = { folder: '/project', path: 'src/db/pool.js', line: 12, commit: 'abc' };

function message(text: string, at: number, line = 0): ShownMessage {
  return { at, text, line, lines: 1, group: '/ecs/app', stream: 'app/1' };
}

describe('errors counted at lines of the source', () => {
  let now: number;
  let windowMs: number;
  let counts: ErrorCounts;

  beforeEach(() => {
    now = NOW;
    windowMs = 15 * MINUTE;
    counts = new ErrorCounts({ clock: { now: () => now }, windowMs: () => windowMs });
  });

  it('knows how often, when last, and the newest channel line of each shape', () => {
    counts.add(POOL, message('ERROR timeout after 5000 ms', NOW - 2_000, 10));
    counts.add(POOL, message('03:07:11.000Z 1f2e3d4c ERROR timeout after 4 ms', NOW - 1_000, 20));
    counts.add(POOL, message('ERROR timeout after 7 ms', NOW - 3_000, 30));
    counts.add(POOL, message('FATAL no connection', NOW - 4_000, 40));
    assert.deepEqual(counts.lines(), [{
      place: POOL, count: 4, lastAt: NOW - 1_000, others: 0,
      shapes: [
        { shape: 'ERROR timeout after <n> ms', count: 3, lastAt: NOW - 1_000, line: 20 },
        { shape: 'FATAL no connection', count: 1, lastAt: NOW - 4_000, line: 40 },
      ],
    }]);
  });

  it('keeps commits and lines apart', () => {
    counts.add(POOL, message('ERROR x', NOW));
    counts.add({ ...POOL, commit: 'def' }, message('ERROR x', NOW));
    counts.add({ ...POOL, line: 13 }, message('ERROR x', NOW));
    assert.deepEqual(counts.lines().map(({ count }) => count), [1, 1, 1]);
  });

  it('lets errors leave the window as time passes, until nothing is left', () => {
    counts.add(POOL, message('ERROR x', NOW - 10 * MINUTE));
    counts.add(POOL, message('ERROR x', NOW));
    now = NOW + 4 * MINUTE;
    assert.equal(counts.lines()[0]?.count, 2);
    now = NOW + 6 * MINUTE;
    assert.equal(counts.lines()[0]?.count, 1);
    now = NOW + 14 * MINUTE;
    assert.equal(counts.lines()[0]?.count, 1);
    now = NOW + 16 * MINUTE;
    assert.deepEqual(counts.lines(), []);
  });

  it('leaves out what was too old when it came, and takes what is dated in the future as of now', () => {
    counts.add(POOL, message('ERROR x', NOW - 16 * MINUTE));
    assert.deepEqual(counts.lines(), []);
    counts.add(POOL, message('ERROR x', NOW + 600 * MINUTE));
    assert.equal(counts.lines()[0]?.lastAt, NOW);
    now = NOW + 16 * MINUTE;
    assert.deepEqual(counts.lines(), []);
  });

  it('follows a window that is set to be shorter', () => {
    counts.add(POOL, message('ERROR x', NOW - 10 * MINUTE));
    counts.add(POOL, message('ERROR x', NOW));
    windowMs = 5 * MINUTE;
    assert.equal(counts.lines()[0]?.count, 1);
  });

  it('counts further shapes together, and takes up new ones once old ones have gone', () => {
    const word = (index: number): string => `ERROR ${String.fromCharCode(97 + index).repeat(5)}`;
    for (let index = 0; index < MAX_SHAPES + 3; index += 1) {
      counts.add(POOL, message(word(index), NOW));
    }
    const [line] = counts.lines();
    assert.deepEqual([line?.count, line?.shapes.length, line?.others], [MAX_SHAPES + 3, MAX_SHAPES, 3]);
    now = NOW + 16 * MINUTE;
    counts.add(POOL, message(word(MAX_SHAPES), now));
    const [later] = counts.lines();
    assert.deepEqual([later?.count, later?.shapes.map(({ shape }) => shape), later?.others], [1, [word(MAX_SHAPES)], 0]);
  });

  it('forgets the line that was quiet for longest when there are too many', () => {
    for (let line = 1; line <= MAX_LINES; line += 1) {
      counts.add({ ...POOL, line }, message('ERROR x', NOW));
    }
    counts.add({ ...POOL, line: 1 }, message('ERROR x', NOW));
    counts.add({ ...POOL, line: MAX_LINES + 1 }, message('ERROR x', NOW));
    const lines = new Set(counts.lines().map(({ place }) => place.line));
    assert.deepEqual([lines.size, lines.has(1), lines.has(2), lines.has(MAX_LINES + 1)], [MAX_LINES, true, false, true]);
  });
});
