/** Times of events as the channel shows them. Made for millions: no Date and no Intl for each. */

export type TimeZoneChoice = 'utc' | 'local';

/** Minutes east of UTC at a time (epoch ms). */
export type OffsetAt = (at: number) => number;

export interface EventTimes {
  /** `2026-11-23`, in the chosen zone. */
  date(at: number): string;
  /** `03:07:12.345Z`, `05:07:12.345+02:00`. */
  time(at: number): string;
}

const SECOND = 1_000;
const MINUTE = 60_000;
/** Every offset in use begins and ends at a multiple of it. */
const QUARTER = 15 * MINUTE;
const DAY = 86_400_000;
/** How far a time inside a message may be from that of its event. */
const SAME_MS = 1_000;

export function localOffset(at: number): number {
  return -new Date(at).getTimezoneOffset();
}

export function createEventTimes(choice: TimeZoneChoice, offsetAt: OffsetAt = localOffset): EventTimes {
  let [quarter, offset, suffix] = [Number.NaN, 0, 'Z'];
  const shift = (at: number): number => {
    if (choice === 'local' && Math.floor(at / QUARTER) !== quarter) {
      quarter = Math.floor(at / QUARTER);
      const minutes = offsetAt(at);
      offset = minutes * MINUTE;
      suffix = `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
    }
    return at + offset;
  };
  let [day, date] = [Number.NaN, ''];
  let [second, clock] = [Number.NaN, ''];
  return {
    date(at) {
      const today = Math.floor(shift(at) / DAY);
      if (today !== day) {
        day = today;
        date = new Date(today * DAY).toISOString().slice(0, -14);
      }
      return date;
    },
    time(at) {
      const shifted = shift(at);
      const now = Math.floor(shifted / SECOND);
      if (now !== second) {
        second = now;
        const ofDay = now - Math.floor(shifted / DAY) * (DAY / SECOND);
        clock = `${two(Math.floor(ofDay / 3_600))}:${two(Math.floor(ofDay / 60) % 60)}:${two(ofDay % 60)}.`;
      }
      const ms = shifted - now * SECOND;
      return `${clock}${ms < 100 ? (ms < 10 ? '00' : '0') : ''}${ms}${suffix}`;
    },
  };
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

const OWN_TIME = /^\[?(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?\]?(?:[ \t]*\|?[ \t]+|$)/;

/** How many characters at the beginning of a message only repeat the time of its event. */
export function ownTimeLength(message: string, at: number): number {
  const first = message.charCodeAt(0);
  // A digit or `[`: most messages are done with here.
  if ((first < 0x30 || first > 0x39) && first !== 0x5b) {
    return 0;
  }
  // `2026-11-23T03:07:12.345Z INFO`, what most loggers write.
  if (message.charCodeAt(ISO_LENGTH) === SPACE && message.charCodeAt(ISO_LENGTH + 1) > SPACE && message.charCodeAt(ISO_LENGTH + 1) !== BAR) {
    const own = isoTime(message);
    if (own !== undefined) {
      return Math.abs(own - at) <= SAME_MS ? ISO_LENGTH + 1 : 0;
    }
  }
  const match = OWN_TIME.exec(message);
  if (match === null) {
    return 0;
  }
  const [whole, date = '', time = '', fraction = '', zone = 'Z'] = match;
  return isSameTime(`${date}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}${zone}`, at) ? whole.length : 0;
}

/** Whether a value of a JSON line is the time of its event: ISO 8601, or epoch s or ms. */
export function isSameTime(value: unknown, at: number): boolean {
  if (typeof value === 'string') {
    const time = (value.length === ISO_LENGTH ? isoTime(value) : undefined) ?? Date.parse(value);
    return Math.abs(time - at) <= SAME_MS;
  }
  return typeof value === 'number' && (Math.abs(value - at) <= SAME_MS || Math.abs(value * SECOND - at) <= SAME_MS);
}

/** Of `2026-11-23T03:07:12.345Z`. */
const ISO_LENGTH = 24;
const [SPACE, BAR] = [0x20, 0x7c];

/**
 * Epoch ms of a text that begins with an ISO 8601 time in UTC with ms, as `toISOString` writes it; undefined for any
 * other. A third of the time of Date.parse, which would tell with millions.
 */
function isoTime(text: string): number | undefined {
  if (text[4] !== '-' || text[7] !== '-' || text[10] !== 'T' || text[13] !== ':' || text[16] !== ':' || text[19] !== '.' || text[23] !== 'Z') {
    return undefined;
  }
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)];
  const [hour, minute, second, ms] = [digits(text, 11, 13), digits(text, 14, 16), digits(text, 17, 19), digits(text, 20, 23)];
  // Also when one of them is NaN.
  if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 23 && minute <= 59 && second <= 59 && ms >= 0)) {
    return undefined;
  }
  return Date.UTC(year, month - 1, day, hour, minute, second, ms);
}

/** NaN when there is something else. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let index = from; index < to; index += 1) {
    const digit = text.charCodeAt(index) - 0x30;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
  }
  return value;
}
