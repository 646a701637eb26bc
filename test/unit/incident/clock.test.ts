import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { shortTime, timeOfDay } from '../../../src/incident/clock.ts';

describe('a time as a row says it', () => {
  const now = Date.parse('2026-11-23T03:30:00Z');

  it('is the hour and the minute, with the date only when it is another day', () => {
    assert.equal(timeOfDay('2026-11-23T03:12:45.000Z'), '03:12 UTC');
    assert.deepEqual([shortTime('2026-11-23T00:00:00Z', now), shortTime('2026-11-22T23:59:59Z', now)], ['00:00 UTC', '2026-11-22 23:59 UTC']);
  });
});
