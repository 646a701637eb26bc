/**
 * What has to be undone when the practice environment ends, in reverse order of its beginning. Also when it ends by
 * SIGINT or SIGTERM, or by a process.exit() that nobody announced.
 */
export interface Cleanup {
  /** `close` runs on stop; `kill` is its synchronous counterpart for a process that is exiting already. */
  defer(name: string, close: () => Promise<void>, kill?: () => void): void;
  /** Aborted as soon as stopping begins, so that a start under way gives up. */
  readonly signal: AbortSignal;
  /** Runs everything once; later calls wait for the first. Fails with an AggregateError when something would not close. */
  run(): Promise<void>;
}

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export function createCleanup(log: (line: string) => void): Cleanup {
  const entries: { name: string; close: () => Promise<void>; kill?: (() => void) | undefined }[] = [];
  const abort = new AbortController();
  let running: Promise<void> | undefined;

  const closeAll = async (): Promise<void> => {
    abort.abort();
    const failures: unknown[] = [];
    for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
      try {
        await entry.close();
      } catch (error) {
        entry.kill?.();
        log(`Could not stop ${entry.name}: ${String(error)}`);
        failures.push(error);
      }
    }
    process.off('exit', killAll);
    for (const [name, handler] of handlers) {
      process.off(name, handler);
    }
    if (failures.length > 0) {
      throw new AggregateError(failures, 'Parts of the practice environment did not stop');
    }
  };
  const run = (): Promise<void> => (running ??= closeAll());

  const killAll = (): void => {
    for (const entry of entries) {
      entry.kill?.();
    }
  };
  const handlers = Object.entries(SIGNALS).map(([name, code]) => {
    const handler = (): void => {
      // Others that listen (mocha, npm start) decide themselves when the process ends.
      const alone = process.listenerCount(name) === 1;
      void run().catch(() => undefined).then(() => {
        if (alone) {
          process.exit(code);
        }
      });
    };
    return [name, handler] as const;
  });
  process.on('exit', killAll);
  for (const [name, handler] of handlers) {
    process.on(name, handler);
  }

  return {
    signal: abort.signal,
    run,
    defer(name, close, kill) {
      if (abort.signal.aborted) {
        // Stopping has begun while this part was still starting: it must not outlive the rest.
        void close().catch(() => kill?.());
        return;
      }
      entries.push({ name, close, kill });
    },
  };
}

/** Waits for all, also when one fails, so that nothing is still starting while the others are stopped. */
export async function allStarted<Parts extends readonly unknown[]>(...parts: { readonly [Index in keyof Parts]: Promise<Parts[Index]> }): Promise<Parts> {
  await Promise.allSettled(parts);
  return await Promise.all(parts) as unknown as Parts;
}
