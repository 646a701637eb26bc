/** The only source of "now", injected everywhere so that tests decide what time it is. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** ISO 8601 UTC of epoch ms. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** `42 s`, `7 min`, `1 h 05 min`, `3 d 4 h`: a duration in ms as a person says it; negative counts as zero. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) {
    return `${seconds} s`;
  }
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    return `${minutes} min`;
  }
  const hours = Math.floor(minutes / 60);
  if (hours < 24) {
    return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  }
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `1 hour 5 minutes`, `2 days 3 hours`, `less than a minute`: ms in words, exact to the minute that has passed. */
export function durationInWords(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  const parts = [[Math.floor(minutes / 1_440), 'day'], [Math.floor(minutes / 60) % 24, 'hour'], [minutes % 60, 'minute']] as const;
  return parts.flatMap(([count, unit]) => (count === 0 ? [] : [`${count} ${unit}${count === 1 ? '' : 's'}`])).join(' ') || 'less than a minute';
}

/** `03:12 UTC` of an ISO 8601 UTC time. */
export function timeOfDay(at: string): string {
  return `${at.slice(11, 16)} UTC`;
}

/** `03:12 UTC` of an ISO 8601 UTC time, with the date before it unless it is that of `now`, epoch ms. */
export function shortTime(at: string, now: number): string {
  return at.slice(0, 10) === iso(now).slice(0, 10) ? timeOfDay(at) : `${at.slice(0, 10)} ${timeOfDay(at)}`;
}
