import type { StepRunner } from '../../src/steps/runner.ts';

/** Ends with the first look at what became of a change: it is not waited for any longer. */
export function untilSeen(runner: StepRunner): AbortSignal {
  const stop = new AbortController();
  runner.onProgress(({ outlook }) => {
    if (outlook !== undefined) {
      stop.abort();
    }
  });
  return stop.signal;
}
