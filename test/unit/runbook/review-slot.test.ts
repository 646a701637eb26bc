import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type Hours, isOpen, wallClock } from '../../../src/runbook/hours.ts';
import { NOTICE_MS, describeSlot, firstSlot, inBusinessHours, readTime, wallTime } from '../../../src/runbook/review-slot.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';

const MINUTE = 60_000;
const cairo = bundledRunbook();

function hours(timeZone: string, from = '09:00', to = '17:00'): Hours {
  return { timeZone, businessHours: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from, to } };
}

/** When the first meeting begins, as the wall clock there says it. */
function first(now: string, { place = cairo, minutes = 60 }: { readonly place?: Hours; readonly minutes?: number } = {}): string | undefined {
  const slot = firstSlot(place, Date.parse(now), minutes);
  return slot === undefined ? undefined : wallTime(slot.start, place.timeZone);
}

describe('the first slot for a review', () => {
  const slots: readonly (readonly [string, string, string])[] = [
    ['leaves two hours, on the half hour', '2026-11-23T08:20Z', '2026-11-23 12:30'],
    ['takes the very moment when it is one', '2026-11-23T08:30Z', '2026-11-23 12:30'],
    ['rounds seconds up, not down', '2026-11-23T08:30:01Z', '2026-11-23 13:00'],
    ['opens with the day when it is night', '2026-11-23T00:10Z', '2026-11-23 09:00'],
    ['ends with the day at the latest', '2026-11-23T12:00Z', '2026-11-23 16:00'],
    ['is the next morning when it would not end before', '2026-11-23T12:01Z', '2026-11-24 09:00'],
    ['is on Sunday after a Thursday evening: Friday and Saturday are the weekend in Cairo', '2026-11-19T18:00Z', '2026-11-22 09:00'],
    ['is on Sunday after a Saturday', '2026-11-21T10:00Z', '2026-11-22 09:00'],
    ['is at nine by the wall clock over the change to summer time (24 April)', '2026-04-23T16:00Z', '2026-04-26 09:00'],
    ['is at nine by the wall clock over the change back (30 October)', '2026-10-29T16:00Z', '2026-11-01 09:00'],
  ];
  for (const [what, now, expected] of slots) {
    it(what, () => { assert.equal(first(now), expected); });
  }

  it('is another hour in UTC before and after the change of the clocks', () => {
    const at = (now: string): string => new Date(firstSlot(cairo, Date.parse(now), 60)?.start ?? NaN).toISOString();
    assert.deepEqual([at('2026-04-22T20:00Z'), at('2026-04-23T16:00Z'), at('2026-10-29T16:00Z')], ['2026-04-23T07:00:00.000Z', '2026-04-26T06:00:00.000Z', '2026-11-01T07:00:00.000Z']);
  });

  it('is on the half hour of the wall clock where zones are a quarter of an hour off', () => {
    assert.equal(first('2026-11-23T05:00Z', { place: hours('Asia/Kathmandu') }), '2026-11-23 13:00');
    assert.equal(firstSlot(hours('Asia/Kathmandu'), Date.parse('2026-11-23T05:00Z'), 60)?.start, Date.parse('2026-11-23T07:15Z'));
  });

  it('is as long as it is asked to be, and there is none that is longer than the day', () => {
    assert.equal(first('2026-11-23T00:10Z', { minutes: 480 }), '2026-11-23 09:00');
    assert.equal(first('2026-11-23T06:00Z', { minutes: 480 }), '2026-11-24 09:00');
    assert.equal(first('2026-11-23T06:00Z', { minutes: 481 }), undefined);
  });

  it('does not go on over midnight, even where it is always business hours', () => {
    assert.equal(first('2026-11-23T20:10Z', { place: hours('UTC', '00:00', '23:59') }), '2026-11-23 22:30');
    assert.equal(first('2026-11-23T21:10Z', { place: hours('UTC', '00:00', '23:59') }), '2026-11-24 00:00');
  });

  it('is in business hours from end to end, on time, and no half hour before would do', () => {
    fc.assert(fc.property(
      fc.constantFrom('Africa/Cairo', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Chatham', 'UTC'),
      fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 11, 31) }), fc.constantFrom(15, 30, 60, 90, 240),
      (zone, now, minutes) => {
        const place = hours(zone);
        const wall = wallClock(zone);
        const slot = firstSlot(place, now, minutes);
        assert.ok(slot !== undefined && slot.start >= now + NOTICE_MS && slot.end - slot.start === minutes * MINUTE);
        assert.equal(wall(slot.start) % (30 * MINUTE), 0);
        for (let at = slot.start; at < slot.end; at += 15 * MINUTE) {
          assert.ok(isOpen(wall(at), place.businessHours), new Date(at).toISOString());
        }
        const earlier = { start: slot.start - 30 * MINUTE, end: slot.end - 30 * MINUTE };
        assert.ok(earlier.start < now + NOTICE_MS || !inBusinessHours(place, earlier), `${new Date(earlier.start).toISOString()} would do`);
      },
    ), { numRuns: 150 });
  }).timeout(20_000);

  it('stays clear of an opening that the clocks leave out', () => {
    const night: Hours = { timeZone: 'Africa/Cairo', businessHours: { days: ['fri'], from: '00:00', to: '02:00' } };
    // On Friday, 24 April 2026, it is 01:00 at once after Thursday's 23:59.
    assert.equal(first('2026-04-23T12:00Z', { place: night }), '2026-04-24 01:00');
    assert.equal(first('2026-04-23T12:00Z', { place: night, minutes: 90 }), '2026-05-01 00:00');
  });
});

describe('a time for a review as somebody writes it', () => {
  const times: readonly (readonly [string, string | undefined])[] = [
    ['2026-11-24 10:00', '2026-11-24T08:00:00.000Z'],
    [' 2026-07-05T10:00 ', '2026-07-05T07:00:00.000Z'],
    ['2026-11-24T10:00:00Z', '2026-11-24T10:00:00.000Z'],
    ['2026-11-24T10:00:00.000Z', '2026-11-24T10:00:00.000Z'],
    ['2026-11-24 10:00+01:00', '2026-11-24T09:00:00.000Z'],
    ['2026-04-24 00:30', undefined],
    ['2026-02-30 10:00', undefined],
    ['2026-11-24 25:00', undefined],
    ['2026-11-24', undefined],
    ['tomorrow', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of times) {
    it(`is ${expected ?? 'none'}: "${text}"`, () => {
      const at = readTime(text, 'Africa/Cairo');
      assert.equal(at === undefined ? undefined : new Date(at).toISOString(), expected);
    });
  }

  it('is said in the time zone of the runbook and in UTC', () => {
    const at = (start: string, zone: string): string => describeSlot({ start: Date.parse(start), end: Date.parse(start) + 60 * MINUTE }, zone);
    assert.equal(at('2026-11-24T08:00Z', 'Africa/Cairo'), 'Tue 2026-11-24, 10:00 to 11:00 (Africa/Cairo), 08:00 to 09:00 UTC');
    assert.equal(at('2026-11-23T21:00Z', 'Asia/Tokyo'), 'Tue 2026-11-24, 06:00 to 07:00 (Asia/Tokyo), 2026-11-23 21:00 to 22:00 UTC');
  });
});
