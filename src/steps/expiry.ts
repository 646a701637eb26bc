/** When certificates expire, in words. */
import { formatDuration } from '../incident/clock.ts';
import { plural } from '../text.ts';

const DAY_MS = 24 * 3_600_000;

/** Whole days, rounded down; negative once it has expired. @param expiresAt epoch ms @param now epoch ms */
export function daysLeft(expiresAt: number, now: number): number {
  return Math.floor((expiresAt - now) / DAY_MS);
}

/** `3 days`, `7 h 05 min`. @param expiresAt epoch ms @param now epoch ms */
export function timeLeft(expiresAt: number, now: number): string {
  const days = daysLeft(expiresAt, now);
  return days < 1 ? formatDuration(expiresAt - now) : plural(days, 'day');
}

/** `2 h 10 min ago`. @param expiresAt epoch ms @param now epoch ms */
export function ago(expiresAt: number, now: number): string {
  return `${formatDuration(now - expiresAt)} ago`;
}

/** The first few of the names, and how many more there are. */
export function listNames(names: readonly string[], shown: number): string {
  return names.length <= shown ? names.join(', ') : `${names.slice(0, shown).join(', ')} and ${names.length - shown} more`;
}
