/** Times and figures as the panels write them: UTC as everywhere in this extension, digits that can be compared with logs. */
import { currentLanguage, t, tn } from '../l10n.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Latin digits in every language: what stands here is compared with logs, ids and the consoles of AWS. In English the day comes first. */
function locale(): string {
  const chosen = currentLanguage().locale;
  return `${chosen === 'en' ? 'en-GB' : chosen}-u-nu-latn`;
}

/** @param at epoch ms @returns `14:05` */
export function timeOfDay(at: number): string {
  return new Date(at).toISOString().slice(11, 16);
}

/** @param at epoch ms @returns `14:05 UTC`, with the day in front where it is another than that of `now` */
export function moment(at: number, now: number): string {
  const time = t('{0} UTC', timeOfDay(at));
  return new Date(at).toISOString().slice(0, 10) === new Date(now).toISOString().slice(0, 10) ? time : `${day(at)} ${time}`;
}

/** @param at epoch ms @returns `3 Nov 2026` */
export function day(at: number): string {
  return new Intl.DateTimeFormat(locale(), { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }).format(at);
}

/** @param month `2026-11` @returns `Nov 2026` */
export function monthName(month: string): string {
  return new Intl.DateTimeFormat(locale(), { month: 'short', year: 'numeric', timeZone: 'UTC' }).format(Date.parse(`${month}-01T00:00:00Z`));
}

/** The two largest units, as the tree has them: `2 h 5 min`, `45 s`. @param ms at least 0 */
export function duration(ms: number): string {
  const [days, hours, minutes, seconds] = [Math.floor(ms / DAY_MS), Math.floor(ms / HOUR_MS) % 24, Math.floor(ms / MINUTE_MS) % 60, Math.floor(ms / SECOND_MS) % 60];
  const parts = [[days, tn('{0} d', '{0} d', days)], [hours, t('{0} h', hours)], [minutes, t('{0} min', minutes)], [seconds, t('{0} s', seconds)]] as const;
  const first = parts.findIndex(([value]) => value > 0);
  return first < 0 ? t('{0} s', 0) : parts.slice(first, first + 2).filter(([value]) => value > 0).map(([, text]) => text).join(' ');
}

export function number(value: number, digits = 1): string {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value);
}
