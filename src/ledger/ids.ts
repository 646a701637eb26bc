import { randomInt } from 'node:crypto';
import { monotonicFactory } from 'ulid';
import { iso } from '../incident/clock.ts';

/** Where ids come from, injected so that tests can make them predictable. */
export interface IdSource {
  /** A ULID for the time in epoch ms, greater than the ones before it in this process. */
  event(now: number): string;
  /** An id short enough to say on the phone: `INC-20261123-7KQ4` (UTC date). */
  incident(now: number): string;
}

/** Crockford's alphabet: no letter that is mistaken for a digit. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export function randomIds(): IdSource {
  const ulid = monotonicFactory();
  return {
    event: (now) => ulid(now),
    incident: (now) => `INC-${iso(now).slice(0, 10).replaceAll('-', '')}-${Array.from({ length: 4 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')}`,
  };
}
