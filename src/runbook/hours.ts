/** When a contact can be reached (runbook 13): business hours are those of the runbook's own time zone. */
import type { Runbook, RunbookContact } from './schema.ts';

export type Hours = Pick<Runbook, 'timeZone' | 'businessHours'>;
type Availability = Pick<RunbookContact, 'availability'>;

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
/** Two weeks and a day: every weekday comes twice, should a change of the clocks swallow the first one's hours. */
const DAYS_AHEAD = 15;

/**
 * Whether the contact can be reached at that time; `to` itself is outside the hours.
 *
 * @param now epoch ms
 */
export function isReachable({ availability }: Availability, { timeZone, businessHours }: Hours, now: number): boolean {
  return availability === 'always' || isOpen(wallClock(timeZone)(now), businessHours);
}

/** Whether it is business hours when the clocks on the wall show this, as `wallClock` gives it. */
export function isOpen(wall: number, { days, from, to }: Runbook['businessHours']): boolean {
  const minutes = (wall % DAY) / MINUTE;
  return days.includes(weekdayOf(wall)) && minutes >= minutesOf(from) && minutes < minutesOf(to);
}

/**
 * The first time from `now` on at which the contact can be reached: `now` itself, or the next opening, to the minute.
 *
 * @param now epoch ms
 * @returns epoch ms; undefined when the runbook's hours never come
 */
export function nextReachable(contact: Availability, hours: Hours, now: number): number | undefined {
  if (isReachable(contact, hours, now)) {
    return now;
  }
  const { timeZone, businessHours: { days, from, to } } = hours;
  const wall = wallClock(timeZone);
  const today = Math.floor(wall(now) / DAY) * DAY;
  for (let day = 0; day <= DAYS_AHEAD; day += 1) {
    const date = today + day * DAY;
    if (days.includes(weekdayOf(date))) {
      const opens = instantOf(wall, date + minutesOf(from) * MINUTE);
      if (opens >= now && opens < instantOf(wall, date + minutesOf(to) * MINUTE)) {
        return opens;
      }
    }
  }
  return undefined;
}

/** Epoch ms → what the clocks on the wall show then, to the minute, written as if it were UTC. */
export function wallClock(timeZone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone, hourCycle: 'h23', calendar: 'gregory', numberingSystem: 'latn',
    year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric',
  });
  return (ms) => {
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(year, month - 1, day, hour, minute);
  };
}

/**
 * The first minute at which the wall clock has come to `target`. Where the clocks were put forward over it, that is
 * the moment of the change: nobody ever sees a time that is left out.
 */
export function instantOf(wall: (ms: number) => number, target: number): number {
  // No zone is further from UTC than 14 hours.
  let [before, reached] = [target - 15 * 60 * MINUTE, target + 15 * 60 * MINUTE];
  while (reached - before > MINUTE) {
    const middle = before + Math.floor((reached - before) / 2 / MINUTE) * MINUTE;
    if (wall(middle) >= target) {
      reached = middle;
    } else {
      before = middle;
    }
  }
  return reached;
}

export function weekdayOf(wall: number): (typeof WEEKDAYS)[number] {
  return WEEKDAYS[new Date(wall).getUTCDay()] ?? 'sun';
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}
