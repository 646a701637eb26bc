/** Texts that go on with the time, without anything else being drawn again. */
import { AsyncDirective, directive } from 'lit/async-directive.js';

const SECOND_MS = 1_000;

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Every second. @returns ends it */
export function everySecond(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => { listeners.forEach((one) => { one(); }); }, SECOND_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

class TickingDirective extends AsyncDirective {
  #text: () => string = () => '';
  #end: (() => void) | undefined;
  #shown = '';

  render(text: () => string): string {
    this.#text = text;
    this.#end ??= everySecond(() => { this.#tick(); });
    return this.#shown = text();
  }

  protected override disconnected(): void {
    this.#end?.();
    this.#end = undefined;
  }

  protected override reconnected(): void {
    this.#end ??= everySecond(() => { this.#tick(); });
  }

  #tick(): void {
    const text = this.#text();
    if (text !== this.#shown) {
      this.#shown = text;
      this.setValue(text);
    }
  }
}

/** A text that is worded anew every second. */
export const ticking = directive(TickingDirective);
