import type { Clock } from '../../src/incident/clock.ts';

/** A clock that stands still until a test moves it. */
export interface TestClock extends Clock {
  /** ms. */
  advance(ms: number): void;
}

/** 2026-11-23, three o'clock at night, UTC: when the incidents of the tests begin. */
export const START = Date.UTC(2026, 10, 23, 3);

export function createClock(start = START): TestClock {
  let now = start;
  return {
    now: () => now,
    advance: (ms) => { now += ms; },
  };
}
