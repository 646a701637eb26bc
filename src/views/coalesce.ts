/** Long enough for the changes of one action, short enough not to be noticed, ms. */
const PAUSE_MS = 100;

/** Many calls in a row do the work once, shortly after the first. */
export function coalesce(work: () => void): { call(): void; dispose(): void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    call() {
      timer ??= setTimeout(() => {
        timer = undefined;
        work();
      }, PAUSE_MS);
    },
    dispose() {
      clearTimeout(timer);
    },
  };
}
