/** Lets work that is asked for again and again take a part of the time only. */

/** After it was done there is a pause of so many times as long as it took. */
const PAUSE_FACTOR = 9;
/** Nobody reads faster than that, ms. */
const SHORTEST_PAUSE_MS = 500;
/** Whoever looks should not think that nothing comes, ms. */
const LONGEST_PAUSE_MS = 1_000;

/** The work is done at once when it is asked for first; what asks while it pauses is served once, when the pause ends. */
export class Pace {
  readonly #work: () => void;
  readonly #now: () => number;
  #endedAt = Number.NEGATIVE_INFINITY;
  #pause = SHORTEST_PAUSE_MS;
  #isBurst = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param now ms, from whenever */
  constructor(work: () => void, now = () => performance.now()) {
    this.#work = work;
    this.#now = now;
  }

  /** @param isBurst most of the work would be undone by the next: it is left for as long as it may be */
  ask(isBurst = false): void {
    this.#isBurst = isBurst;
    if (this.#timer !== undefined) {
      return;
    }
    const left = this.#endedAt + (isBurst ? LONGEST_PAUSE_MS : this.#pause) - this.#now();
    if (left <= 0) {
      this.run();
    } else {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.ask(this.#isBurst);
      }, left);
    }
  }

  /** Does the work now. */
  run(): void {
    this.dispose();
    const began = this.#now();
    this.#work();
    this.#endedAt = this.#now();
    this.#pause = Math.min(Math.max((this.#endedAt - began) * PAUSE_FACTOR, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
  }

  /** What waits is not done. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
