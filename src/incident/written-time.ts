/** Times and durations as people write them into tickets. Nothing is guessed: what could be read in two ways is not read. */
import { iso } from './clock.ts';

/** A time as ISO 8601 UTC, or why there is none. */
export type WrittenTime = { readonly at: string } | { readonly problem: string };

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH = '(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?';
const CLOCK = '(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,]\\d{1,9})?)?(?:\\s?([ap])\\.?m\\b\\.?)?(?![:\\d])';
/** `UTC-04:00 UTC` is the end of a range, not an offset. Names such as EST or IST mean several zones. */
const ZONE = '\\s{0,2}\\(?(z|(?:utc|gmt)(?:\\s?[+-]\\d{1,2}(?::?\\d{2})?(?![\\d:]|\\s{0,2}(?:utc|gmt|z)\\b))?(?!\\s?\\+\\d)|[+-]\\d{2}(?::?\\d{2})?)(?![\\w:])';
const BETWEEN = '(?:t|,?\\s{1,3}(?:at\\s{1,3}|[-–—]\\s{1,3})?)';
const DAY = '(\\d{1,2})(?:st|nd|rd|th)?';
/** The year comes first, or the month has a name: nobody can take the day for the month. */
const DATES = {
  yearFirst: `(?<![\\d/.-])(\\d{4})([-/])(\\d{1,2})\\2(\\d{1,2})`,
  dayFirst: `(?<![\\d/.-])${DAY}[\\s-]{1,3}(?:of\\s)?${MONTH},?[\\s-]{1,3}(\\d{4})`,
  monthFirst: `\\b${MONTH}\\s{1,3}${DAY},?\\s{1,3}(\\d{4})`,
} as const;
const PATTERNS = Object.entries(DATES).map(([order, date]) => ({ order: order as keyof typeof DATES, whole: new RegExp(`${date}${BETWEEN}${CLOCK}${ZONE}`, 'i'), dated: new RegExp(`${date}${BETWEEN}${CLOCK}`, 'i') }));

/**
 * The first whole time in a text: date, time of day and zone.
 *
 * @returns undefined when nothing in it looks like a time
 */
export function readTime(text: string): WrittenTime | undefined {
  const [found] = PATTERNS.flatMap(({ order, whole }) => {
    const match = whole.exec(text);
    return match === null ? [] : [{ order, match }];
  }).sort((a, b) => a.match.index - b.match.index);
  if (found !== undefined) {
    const ms = epochOf(found.order, found.match);
    return ms === undefined ? { problem: 'there is no such date or time' } : { at: iso(ms) };
  }
  if (PATTERNS.some(({ dated }) => dated.test(text))) {
    return { problem: 'it names no time zone that is plain' };
  }
  if (/(?<!\d)\d{1,2}([/.-])\d{1,2}\1\d{2,4}/.test(text)) {
    return { problem: 'day and month could be either' };
  }
  return /\d{1,2}:\d{2}|\b\d{1,2}\s?[ap]m\b|\b\d{4}[-/]\d{1,2}/i.test(text) ? { problem: 'it lacks the date, the time of day or the zone' } : undefined;
}

function epochOf(order: keyof typeof DATES, match: readonly (string | undefined)[]): number | undefined {
  const parts = match.slice(1);
  const [year, month, day] = order === 'yearFirst' ? [parts[0], Number(parts[2]), parts[3]]
    : order === 'dayFirst' ? [parts[2], monthOf(parts[1]), parts[0]] : [parts[2], monthOf(parts[0]), parts[1]];
  const [hour, minute, second = '0', half, zone = ''] = parts.slice(order === 'yearFirst' ? 4 : 3);
  const hours = hourOf(Number(hour), half);
  const offset = offsetOf(zone);
  const ms = Date.UTC(Number(year), month - 1, Number(day), hours ?? 0, Number(minute), Number(second));
  const isDate = Number(year) >= 2000 && new Date(Date.UTC(Number(year), month - 1, Number(day))).getUTCDate() === Number(day) && month >= 1 && month <= 12;
  return isDate && hours !== undefined && offset !== undefined && Number(minute) < 60 && Number(second) < 60 ? ms - offset * 60_000 : undefined;
}

function monthOf(name = ''): number {
  return MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1;
}

function hourOf(hour: number, half: string | undefined): number | undefined {
  if (half === undefined) {
    return hour < 24 ? hour : undefined;
  }
  return hour >= 1 && hour <= 12 ? (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0) : undefined;
}

/** Minutes east of UTC. */
function offsetOf(zone: string): number | undefined {
  const [, sign, hours, minutes = '0'] = /([+-])(\d{1,2}):?(\d{2})?$/.exec(zone) ?? [];
  if (sign === undefined) {
    return 0;
  }
  const offset = Number(hours) * 60 + Number(minutes);
  return offset <= 14 * 60 && Number(minutes) < 60 ? (sign === '-' ? -offset : offset) : undefined;
}

const UNITS = [['d(?:ays?)?', 86_400_000], ['h(?:(?:ou)?rs?)?', 3_600_000], ['m(?:in(?:ute)?s?)?', 60_000], ['s(?:ec(?:ond)?s?)?', 1000]] as const;
const DURATION = new RegExp(`^${UNITS.map(([unit]) => `(?:(\\d{1,4})\\s?${unit}\\.?(?![a-z])[\\s,]{0,2}(?:and\\s)?)?`).join('')}$`, 'i');

/** ms of `1 h 05 min`, `2 days, 3 hours and 4 minutes`; undefined for anything else, such as "about an hour". */
export function readDuration(text: string): number | undefined {
  const match = DURATION.exec(text.trim().replace(/\.$/, ''));
  const numbers = match?.slice(1) ?? [];
  return numbers.every((number) => number === undefined) ? undefined
    : numbers.reduce<number>((sum, number, index) => sum + Number(number ?? 0) * (UNITS[index]?.[1] ?? 0), 0);
}
