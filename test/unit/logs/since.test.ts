import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseSince } from '../../../src/logs/since.ts';

const NOW = Date.parse('2026-11-23T03:00:00Z');

describe('since when, as somebody writes it', () => {
  it('is a time with its zone', () => {
    assert.equal(parseSince(' 2026-11-23T02:00:00Z ', NOW), NOW - 3_600_000);
    assert.equal(parseSince('2026-11-23 04:00+02:00', NOW), NOW - 3_600_000);
    assert.equal(parseSince('2026-11-23T02:00 Z', NOW), NOW - 3_600_000);
  });

  it('is a time of this machine without one', () => {
    assert.equal(parseSince('2026-11-22T01:30', NOW), new Date(2026, 10, 22, 1, 30).getTime());
  });

  it('is a time of day, today or else yesterday', () => {
    assert.equal(parseSince('02:30Z', NOW), NOW - 1_800_000);
    assert.equal(parseSince('3:30 utc', NOW), NOW - 23.5 * 3_600_000);
    const local = parseSince('12:15', NOW) ?? assert.fail();
    assert.deepEqual([new Date(local).getHours(), new Date(local).getMinutes(), local <= NOW, local > NOW - 86_400_000], [12, 15, true, true]);
  });

  it('is nothing else, and not in the future', () => {
    for (const text of ['', 'now', '25:00', '12:60', '2026-13-01T00:00Z', '11/12/2026 10:00', '2026-11-23', '2026-11-23T03:00:01Z']) {
      assert.equal(parseSince(text, NOW), undefined, text);
    }
  });
});
