/** Which events were shown already, so that each is shown once whichever way it comes. */
import type { LogEvent } from '../services/aws/logs.ts';

/** How far the two ways of an event are apart: shown by Live Tail and not found yet (+), or the other way round (−). */
interface Balance {
  readonly at: number;
  readonly open: number;
}

/**
 * FilterLogEvents names its events by id. Live Tail does not; there stream, times and message stand for one, and events
 * that are equal in all of them are counted. 53 bits are kept of each, not the texts.
 */
export class SeenEvents {
  readonly #ids = new Map<number, number>();
  readonly #balances = new Map<number, Balance>();
  /** Whether Live Tail may bring what FilterLogEvents has brought; until then it costs nothing. */
  expectsLive = false;

  /** Takes note of an event of FilterLogEvents. @returns whether it was not shown yet */
  add(event: LogEvent): boolean {
    const id = hash(event.id);
    if (this.#ids.has(id)) {
      return false;
    }
    this.#ids.set(id, event.at);
    return !this.expectsLive || this.#meets(event, -1);
  }

  /** Takes note of an event of Live Tail. @returns whether it was not shown yet */
  addLive(event: LogEvent): boolean {
    return this.#meets(event, 1);
  }

  /** Whether it was shown already; takes no note of it. */
  has({ id }: LogEvent): boolean {
    return this.#ids.has(hash(id));
  }

  /** Events before this time (epoch ms) are not asked for any more. */
  forget(before: number): void {
    this.#ids.forEach((at, id) => { if (at < before) { this.#ids.delete(id); } });
    this.#balances.forEach(({ at }, key) => { if (at < before) { this.#balances.delete(key); } });
  }

  /** For the next window: pairs of 53 bits and a time, as base64 of doubles. What Live Tail has shown alone is lost in it; `open` holds that. */
  save(): SavedEvents {
    return { ids: encode([...this.#ids].flat()), open: encode([...this.#balances].flatMap(([key, { at, open }]) => [key, at, open])) };
  }

  static restore({ ids, open }: SavedEvents): SeenEvents {
    const seen = new SeenEvents();
    const [times, balances] = [decode(ids), decode(open)];
    for (let index = 0; index + 1 < times.length; index += 2) {
      seen.#ids.set(times[index] ?? 0, times[index + 1] ?? 0);
    }
    for (let index = 0; index + 2 < balances.length; index += 3) {
      seen.#balances.set(balances[index] ?? 0, { at: balances[index + 1] ?? 0, open: balances[index + 2] ?? 0 });
    }
    seen.expectsLive = balances.length > 0;
    return seen;
  }

  /** @param step +1 for Live Tail, −1 for FilterLogEvents; the event is new unless the other way has brought it */
  #meets(event: LogEvent, step: 1 | -1): boolean {
    const key = hash(`${event.group}\n${event.stream}\n${event.at}\n${event.ingestedAt}\n${event.message}`);
    const open = this.#balances.get(key)?.open ?? 0;
    if (open + step === 0) {
      this.#balances.delete(key);
    } else {
      this.#balances.set(key, { at: event.at, open: open + step });
    }
    return open * step >= 0;
  }
}

export interface SavedEvents {
  readonly ids: string;
  readonly open: string;
}

function encode(numbers: readonly number[]): string {
  return Buffer.from(Float64Array.from(numbers).buffer).toString('base64');
}

function decode(text: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + Math.floor(bytes.byteLength / 8) * 8));
}

/** 53 bits of two multiplicative hashes: among a million events, two are alike with a chance of about 1 in 20,000. */
function hash(text: string): number {
  let [one, two] = [0xdeadbeef, 0x41c6ce57];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    one = Math.imul(one ^ code, 2_654_435_761);
    two = Math.imul(two ^ code, 1_597_334_677);
  }
  one = Math.imul(one ^ (one >>> 16), 2_246_822_507) ^ Math.imul(two ^ (two >>> 13), 3_266_489_909);
  two = Math.imul(two ^ (two >>> 16), 2_246_822_507) ^ Math.imul(one ^ (one >>> 13), 3_266_489_909);
  return 4_294_967_296 * (2_097_151 & two) + (one >>> 0);
}
