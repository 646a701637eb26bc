/** The extension's clock, as far as the page knows it: it may differ from this machine's, which may be another. */
export class HouseClock {
  #offset = 0;

  /** @param now of the extension, epoch ms */
  set(now: number): void {
    this.#offset = now - Date.now();
  }

  now(): number {
    return Date.now() + this.#offset;
  }
}
