/** From when and how often the log groups are asked again. */

/** How far back a sweep looks, and how often one looks so far, ms. An event may arrive long after it happened. */
const DEPTHS = [
  { back: 10_000, every: 0 },
  { back: 60_000, every: 10_000 },
  { back: 15 * 60_000, every: 60_000 },
] as const;
/** The farthest that any sweep looks back, ms. */
export const DEEPEST_MS = DEPTHS[DEPTHS.length - 1]?.back ?? 0;
/** Events that a sweep reads at most again: above that it looks back less far. */
const MOST_EVENTS = 50_000;
/** At least so far back, however many events there are, ms. */
const SHALLOWEST_MS = 10_000;
/** Without a sweep for so long, it is caught up with as far back as late events may lie, ms. */
const RESTED_MS = 30_000;
/** Between two sweeps, ms: soon again while there is something, less often while it is quiet, and seldom beside Live Tail. */
const BUSY_MS = 1_000;
const QUIET_MS = 8_000;
const BESIDE_LIVE_MS = 5_000;
/** FilterLogEvents is limited to a few calls a second for a whole account: so many ms for each call of the last sweep. */
const MS_PER_PAGE = 200;
const EVENTS_PER_PAGE = 5_000;

/** One stream's plan. All times are epoch ms. */
export class SweepPlan {
  /** Of each depth: when it was looked so far back the last time. */
  readonly #looked: number[];
  /** Everything that was there then was read. */
  #through: number;
  /** Nothing before this is asked for again: what was shown of it has been forgotten. */
  #floor: number;
  #delay = BUSY_MS;
  /** Events a ms, smoothed. */
  #rate = 0;

  /** @param through when the history was begun to be read */
  constructor(through: number, floor: number = through - DEEPEST_MS) {
    this.#looked = DEPTHS.map(() => through);
    this.#through = through;
    this.#floor = floor;
  }

  get floor(): number {
    return this.#floor;
  }

  /** Everything that was in CloudWatch at this time was read. */
  get through(): number {
    return this.#through;
  }

  /** How far back events that come late are still found, ms. */
  get reach(): number {
    return Math.max(SHALLOWEST_MS, Math.min(DEEPEST_MS, this.#rate === 0 ? DEEPEST_MS : MOST_EVENTS / this.#rate));
  }

  /** From when the next sweep reads. */
  from(now: number): number {
    const due = DEPTHS.findLast(({ every }, index) => now - (this.#looked[index] ?? 0) >= every) ?? DEPTHS[0];
    const back = Math.min(due.back, this.reach);
    // After a pause, a sleep or a long failure: what came late meanwhile may be older than the last sweep.
    const start = now - this.#through > RESTED_MS ? this.#through - back : Math.min(now - back, this.#through - SHALLOWEST_MS);
    return Math.max(this.#floor, start);
  }

  /**
   * A sweep has read everything from `from` on.
   *
   * @param now when it began
   * @param read events it read, known ones too
   * @param fresh events among them that were new
   */
  swept(now: number, from: number, read: number, fresh: number, beside: boolean): void {
    DEPTHS.forEach(({ back }, index) => {
      if (now - from >= Math.min(back, this.reach)) {
        this.#looked[index] = now;
      }
    });
    const rate = read / Math.max(1, now - from);
    this.#rate = this.#rate === 0 ? rate : this.#rate * 0.7 + rate * 0.3;
    this.#through = now;
    this.#floor = Math.max(this.#floor, Math.min(now - this.reach, now - SHALLOWEST_MS));
    this.#delay = beside ? BESIDE_LIVE_MS : fresh > 0 ? BUSY_MS : Math.min(QUIET_MS, this.#delay * 1.5);
    this.#delay = Math.max(this.#delay, (read / EVENTS_PER_PAGE) * MS_PER_PAGE);
  }

  /** Until the next sweep, ms. */
  get delay(): number {
    return this.#delay;
  }
}
