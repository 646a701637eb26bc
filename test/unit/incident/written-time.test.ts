import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { readDuration, readTime } from '../../../src/incident/written-time.ts';

const TIME = '2026-01-02T03:04:00.000Z';

describe('Times that people wrote', () => {
  const READ: readonly (readonly [string, string])[] = [
    ['2026-01-02 03:04 UTC', TIME], ['2026-01-02T03:04:00Z', TIME], ['2026-01-02 03:04Z', TIME], ['2026/01/02 03:04 (UTC)', TIME], ['2026-01-02, 03:04 GMT', TIME],
    ['2026-01-02 at 03:04 utc', TIME], ['about 2026-01-02 03:04 UTC, says Datadog', TIME], ['2026-01-02 05:04 +02:00', TIME], ['2026-01-02T05:04:00+0200', TIME],
    ['2026-01-01 22:04 UTC-5', TIME], ['2026-01-02 05:04 GMT+02:00', TIME], ['2 January 2026 03:04 UTC', TIME], ['Jan 2nd, 2026 at 3:04 am UTC', TIME],
    ['2-Jan-2026 03:04 UTC', TIME], ['January 2, 2026, 3:04 PM UTC', '2026-01-02T15:04:00.000Z'], ['1 Jan 2026 12:00 am UTC', '2026-01-01T00:00:00.000Z'],
    ['2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.000Z'], ['2026-01-02 03:04 UTC - 2026-01-02 04:00 UTC', TIME], ['2026-01-02 03:04 UTC-04:00 UTC', TIME], ['`2026-01-02 03:04 UTC`', TIME],
  ];
  for (const [text, at] of READ) {
    it(`reads ${text}`, () => { assert.deepEqual(readTime(text), { at }); });
  }

  const REFUSED: readonly (readonly [string, RegExp])[] = [
    ['2026-01-02 03:04', /zone/], ['2026-01-02 03:04 EST', /zone/], ['2 January 2026 03:04', /zone/], ['01/02/2026 03:04 UTC', /day and month/], ['12.01.2026 03:04 UTC', /day and month/],
    ['1-2-26 03:04 UTC', /day and month/], ['03:04 UTC', /lacks the date/], ['2026-01-02', /lacks/], ['3 pm', /lacks/], ['2026-02-30 03:04 UTC', /no such/], ['2026-13-02 03:04 UTC', /no such/],
    ['2026-01-02 25:04 UTC', /no such/], ['2026-01-02 03:61 UTC', /no such/], ['2026-01-02 03:04 UTC+99', /no such/], ['2026-01-02 15:04 pm UTC', /no such/],
  ];
  for (const [text, problem] of REFUSED) {
    it(`does not guess ${text}`, () => {
      const read = readTime(text);
      assert.match(read !== undefined && 'problem' in read ? read.problem : JSON.stringify(read), problem);
    });
  }

  it('are nothing where there is no time', () => {
    assert.deepEqual(['yesterday', '', 'P2', 'after 3 deploys'].map(readTime), [undefined, undefined, undefined, undefined]);
  });

  it('come back as they were written, in every way that is plain', () => {
    const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
    fc.assert(fc.property(fc.integer({ min: Date.UTC(2000, 0, 1) / 60_000, max: Date.UTC(2099, 11, 31) / 60_000 }), fc.integer({ min: -14 * 60, max: 14 * 60 }), (minute, offset) => {
      const at = new Date(minute * 60_000).toISOString();
      const local = new Date((minute + offset) * 60_000).toISOString();
      const size = `${String(Math.floor(Math.abs(offset) / 60)).padStart(2, '0')}:${String(Math.abs(offset) % 60).padStart(2, '0')}`;
      const [year, month, day] = at.slice(0, 10).split('-');
      for (const text of [at, `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`, `${Number(day)} ${months[Number(month) - 1]} ${year} ${at.slice(11, 16)} UTC`, `${local.slice(0, 16)}${offset < 0 ? '-' : '+'}${size}`]) {
        assert.deepEqual(local.startsWith('19') || local.startsWith('2100') ? { at } : readTime(text), { at }, text);
      }
    }));
  });
});

describe('Durations that people wrote', () => {
  it('are read when they are exact', () => {
    assert.deepEqual(['42 min', '1 h 05 min', '1h30m', '2 days, 3 hours and 4 minutes', '45 minutes.', '30 s'].map(readDuration), [2_520_000, 3_900_000, 5_400_000, 183_840_000, 2_700_000, 30_000]);
    assert.deepEqual(['about an hour', '1:30', '90', '', 'an hour', '~45 min'].map(readDuration), [undefined, undefined, undefined, undefined, undefined, undefined]);
  });
});
