/** When a review meeting can be (runbook 10.1): in business hours, in the runbook's own time zone. */
import { iso, timeOfDay } from '../incident/clock.ts';
import { type Hours, instantOf, isOpen, wallClock, weekdayOf } from './hours.ts';

/** From and to, epoch ms. */
export interface Slot {
  readonly start: number;
  readonly end: number;
}

const MINUTE = 60_000;
const HALF_HOUR = 30 * MINUTE;
const DAY = 24 * 60 * MINUTE;
/** People need that long to make room for a meeting, ms. */
export const NOTICE_MS = 2 * 60 * MINUTE;
/** Two weeks and a day, as far as business hours are looked for anywhere. */
const AHEAD_MS = 15 * DAY;

/**
 * The first slot on a full or half hour of the wall clock that lies wholly in business hours and leaves people notice.
 *
 * @param now epoch ms
 * @param minutes length of the meeting
 * @returns undefined when the hours are too short for it
 */
export function firstSlot(hours: Hours, now: number, minutes: number): Slot | undefined {
  const wall = wallClock(hours.timeZone);
  const earliest = Math.ceil((now + NOTICE_MS) / MINUTE) * MINUTE;
  for (let at = onHalfHour(wall, earliest); at <= earliest + AHEAD_MS; at = onHalfHour(wall, at + MINUTE)) {
    const slot = { start: at, end: at + minutes * MINUTE };
    if (fits(wall, hours, slot)) {
      return slot;
    }
  }
  return undefined;
}

/** Whether the whole meeting is in the business hours of one day. */
export function inBusinessHours(hours: Hours, slot: Slot): boolean {
  return fits(wallClock(hours.timeZone), hours, slot);
}

/**
 * A time as people write it: `2026-11-24 10:00` is meant in that time zone, unless it says another (`…Z`, `…+02:00`).
 *
 * @returns epoch ms; undefined when it is none, or when the clocks leave it out
 */
export function readTime(text: string, timeZone: string): number | undefined {
  const [, date, time, zone] = /^(\d{4}-\d{2}-\d{2})[T ]+(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)\s*(Z|[+-]\d{2}:\d{2})?$/i.exec(text.trim()) ?? [];
  const written = Date.parse(`${date}T${time}Z`);
  // Of 30 February, JavaScript makes 2 March.
  if (date === undefined || Number.isNaN(written) || iso(written).slice(0, 10) !== date) {
    return undefined;
  }
  if (zone !== undefined) {
    const at = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
    return Number.isNaN(at) ? undefined : at;
  }
  const wall = wallClock(timeZone);
  const target = Math.floor(written / MINUTE) * MINUTE;
  const at = instantOf(wall, target);
  return wall(at) === target ? at : undefined;
}

/** `2026-11-24 10:00`: what the clocks on the wall show in that time zone. */
export function wallTime(ms: number, timeZone: string): string {
  return iso(wallClock(timeZone)(ms)).slice(0, 16).replace('T', ' ');
}

/** `Tue 2026-11-24, 10:00 to 11:00 (Africa/Cairo), 08:00 to 09:00 UTC`; the date in UTC as well where it is another. */
export function describeSlot({ start, end }: Slot, timeZone: string): string {
  const day = weekdayOf(wallClock(timeZone)(start));
  const [date = '', from] = wallTime(start, timeZone).split(' ');
  const [, to] = wallTime(end, timeZone).split(' ');
  const other = iso(start).slice(0, 10) === date ? '' : `${iso(start).slice(0, 10)} `;
  return `${day.charAt(0).toUpperCase()}${day.slice(1)} ${date}, ${from} to ${to} (${timeZone}), ${other}${iso(start).slice(11, 16)} to ${timeOfDay(iso(end))}`;
}

/** The first full or half hour from then on. Zones may be a quarter of an hour off. */
function onHalfHour(wall: (ms: number) => number, from: number): number {
  let at = from;
  // Once, except where the clocks are changed in between.
  while (wall(at) % HALF_HOUR !== 0) {
    at += HALF_HOUR - (wall(at) % HALF_HOUR);
  }
  return at;
}

function fits(wall: (ms: number) => number, { businessHours }: Hours, { start, end }: Slot): boolean {
  const last = end - MINUTE;
  const day = (ms: number): number => Math.floor(wall(ms) / DAY);
  return day(start) === day(last) && [start, last].every((ms) => isOpen(wall(ms), businessHours));
}
