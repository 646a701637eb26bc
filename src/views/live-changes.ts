/** The changes that this window makes or follows this moment, with what it saw of each last. No vscode here. */
import type { RunListener } from '../steps/run.ts';
import type { Outlook } from '../steps/step.ts';
import type { Seen } from './change-offers.ts';

interface Live {
  outlook?: Outlook;
  /** Ends the watching; unset when no person follows it. */
  abort?: AbortController;
}

export class LiveChanges {
  readonly #live = new Map<string, Live>();
  readonly #listeners = new Set<() => void>();

  /** Told whenever a change begins, goes on or ends. */
  onDidChange(listener: () => void): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => { this.#listeners.delete(listener); } };
  }

  readonly onProgress: RunListener = ({ change, outlook, result }) => {
    if (change === undefined) {
      return;
    }
    if (result !== undefined) {
      this.#live.delete(change);
    } else if (outlook !== undefined) {
      this.#live.set(change, { ...this.#live.get(change), outlook });
    }
    this.#tell();
  };

  seen(change: string): Seen {
    const live = this.#live.get(change);
    return { followed: live !== undefined, stoppable: live?.abort !== undefined, outlook: live?.outlook };
  }

  /** A person makes or follows it from here, until what is returned is called. */
  begin(change: string, abort: AbortController): () => void {
    this.#live.set(change, { abort });
    this.#tell();
    return () => {
      this.#live.delete(change);
      this.#tell();
    };
  }

  /** Ends the watching; what was begun goes on. */
  stop(change: string): void {
    this.#live.get(change)?.abort?.abort();
  }

  #tell(): void {
    this.#listeners.forEach((listener) => { listener(); });
  }
}
