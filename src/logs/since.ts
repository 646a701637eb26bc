/** A time as somebody writes it to say since when. */

const DAY_MS = 24 * 60 * 60_000;

/**
 * `2026-11-23T03:00:00Z`, a time with another zone, one without (of this machine), or `HH:MM` of this machine's time,
 * today or else yesterday; with `Z` behind it of UTC.
 *
 * @param now epoch ms
 * @returns epoch ms; undefined for what is no time, and for the future
 */
export function parseSince(text: string, now: number): number | undefined {
  const written = text.trim();
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?\s?(z|utc)?$/i.exec(written);
  if (clock !== null) {
    const [, hours, minutes, seconds = '0', zone] = clock;
    const day = new Date(now);
    const at = zone === undefined ? day.setHours(Number(hours), Number(minutes), Number(seconds), 0) : day.setUTCHours(Number(hours), Number(minutes), Number(seconds), 0);
    return at > now ? at - DAY_MS : at;
  }
  if (!/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?\s?(Z|[+-]\d{2}:?\d{2})?$/i.test(written)) {
    return undefined;
  }
  const at = Date.parse(written.replace(/^(\S{10}) /, '$1T').replace(/\s/, ''));
  return Number.isNaN(at) || at > now ? undefined : at;
}
