import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isReachable, nextReachable } from '../../../src/runbook/hours.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';

type Hours = Parameters<typeof isReachable>[1];
type Day = Hours['businessHours']['days'][number];

const OFFICE = { availability: 'businessHours' } as const;
const WEEK: Day[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const WORKING: Day[] = ['mon', 'tue', 'wed', 'thu', 'fri'];

function hours(timeZone: string, days: Day[] = WORKING, from = '09:00', to = '17:00'): Hours {
  return { timeZone, businessHours: { days, from, to } };
}

function reachable(at: string, place: Hours): boolean {
  return isReachable(OFFICE, place, Date.parse(at));
}

function next(at: string, place: Hours): string | undefined {
  const found = nextReachable(OFFICE, place, Date.parse(at));
  return found === undefined ? undefined : new Date(found).toISOString().replace(':00.000Z', 'Z');
}

describe('Business hours', () => {
  it('do not concern who can always be reached', () => {
    const night = Date.parse('2026-11-23T00:00Z');
    assert.equal(isReachable({ availability: 'always' }, hours('Africa/Cairo'), night), true);
    assert.equal(nextReachable({ availability: 'always' }, hours('Africa/Cairo'), night), night);
  });

  it('are those of the runbook: Sunday to Thursday in Cairo', () => {
    const cairo = bundledRunbook();
    assert.deepEqual(['06:59', '07:00', '14:59', '15:00'].map((time) => reachable(`2026-11-22T${time}Z`, cairo)), [false, true, true, false], 'a Sunday in winter, UTC+2');
    assert.deepEqual([reachable('2026-11-20T10:00Z', cairo), reachable('2026-11-21T10:00Z', cairo)], [false, false], 'Friday, Saturday');
    assert.equal(next('2026-11-19T15:00Z', cairo), '2026-11-22T07:00Z', 'after Thursday comes Sunday');
    assert.equal(next('2026-11-22T03:00Z', cairo), '2026-11-22T07:00Z', 'the same morning');
  });

  it('move with summer time: Cairo is at UTC+3 from the end of April to the end of October', () => {
    const cairo = bundledRunbook();
    assert.deepEqual(['05:59', '06:00', '13:59', '14:00'].map((time) => reachable(`2026-07-05T${time}Z`, cairo)), [false, true, true, false]);
    assert.equal(next('2026-04-23T16:00Z', cairo), '2026-04-26T06:00Z', 'over the change in April');
    assert.equal(next('2026-10-29T16:00Z', cairo), '2026-11-01T07:00Z', 'over the change in October');
  });

  it('open at the change when the clocks are put forward over the opening', () => {
    // On Friday, 24 April 2026, Cairo goes from 00:00 to 01:00: half past midnight does not exist.
    const early = hours('Africa/Cairo', WEEK, '00:30', '08:00');
    assert.equal(next('2026-04-23T21:00Z', early), '2026-04-23T22:00Z');
    assert.equal(reachable('2026-04-23T21:59Z', early), false);
    assert.equal(next('2026-04-23T21:00Z', hours('Africa/Cairo', ['fri'], '00:00', '01:00')), '2026-04-30T21:00Z', 'hours that the change swallows whole');
  });

  it('stay what the clock on the wall says when an hour comes twice', () => {
    // New York puts the clocks back at 02:00 on 1 November 2026: 01:00 to 02:00 comes twice.
    const night = hours('America/New_York', WEEK, '01:30', '03:00');
    assert.deepEqual(['05:29', '05:30', '05:59', '06:00', '06:30', '07:59', '08:00'].map((time) => reachable(`2026-11-01T${time}Z`, night)), [false, true, true, false, true, true, false]);
  });

  it('hold in zones of half and quarter hours, and on the other side of the date line', () => {
    assert.deepEqual([reachable('2026-11-23T03:14Z', hours('Asia/Kathmandu')), reachable('2026-11-23T03:15Z', hours('Asia/Kathmandu'))], [false, true]);
    assert.deepEqual([reachable('2026-11-23T03:29Z', hours('Asia/Kolkata')), reachable('2026-11-23T03:30Z', hours('Asia/Kolkata'))], [false, true]);
    assert.equal(reachable('2026-11-22T19:00Z', hours('Pacific/Kiritimati')), true, 'Monday morning there, Sunday in UTC');
    assert.equal(next('2026-11-21T03:00Z', hours('Pacific/Pago_Pago')), '2026-11-21T03:00Z', 'still Friday afternoon there');
    assert.equal(next('2026-11-21T04:00Z', hours('Pacific/Pago_Pago')), '2026-11-23T20:00Z');
  });

  it('come again: whoever asks is told a time at which they can be reached, and none that is later than need be', () => {
    for (const zone of ['Africa/Cairo', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Chatham', 'UTC']) {
      const place = hours(zone);
      for (let at = Date.UTC(2026, 0, 1, 0, 17); at < Date.UTC(2027, 0, 1); at += 89 * 3_600_000) {
        const found = nextReachable(OFFICE, place, at);
        assert.ok(found !== undefined && found >= at && isReachable(OFFICE, place, found), `${zone} ${new Date(at).toISOString()}`);
        assert.ok(found === at || !isReachable(OFFICE, place, found - 60_000), `${zone} ${new Date(at).toISOString()}: a minute earlier would do`);
      }
    }
  });

  it('that never come are said to', () => {
    assert.equal(next('2026-11-23T00:00Z', hours('UTC', [])), undefined);
  });
});
