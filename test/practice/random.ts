/** Repeatable chance: the same seed gives the same practice incident. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** Whole number in [low, high]. */
  whole(low: number, high: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
  /** `length` lower-case hexadecimal digits. */
  hex(length: number): string;
  uuid(): string;
}

/** A mulberry32 generator; good enough for sample data, not for secrets. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const whole = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  const hex = (length: number): string => Array.from({ length }, () => whole(0, 15).toString(16)).join('');
  return {
    next,
    whole,
    hex,
    pick: (items) => items[whole(0, items.length - 1)] ?? items[0],
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
  };
}
