/** Ids that everybody who reads the same thing derives alike: to take it in twice adds nothing. */
import { createHash } from 'node:crypto';
import { encodeTime } from 'ulid';

/** Crockford's, as in a ULID. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID of what a name says. @param ms epoch ms */
export function derivedId(name: string, ms: number): string {
  return encodeTime(ms, 10) + lettersOf(name, 16);
}

/** @param length at most 32 */
export function lettersOf(name: string, length: number): string {
  const digest = createHash('sha256').update(name).digest();
  return [...digest.subarray(0, length)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}
