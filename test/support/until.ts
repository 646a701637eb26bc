/**
 * Resolves with the first value that is neither undefined nor false, looked for again and again.
 *
 * @param what completes "waited for …" of the error
 * @throws Error once `deadlineMs` have passed, ms
 */
export async function until<T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>, deadlineMs = 5_000): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) {
      return found;
    }
    if (performance.now() > deadline) {
      throw new Error(`Waited ${deadlineMs} ms for ${what}`);
    }
    await new Promise((resolve) => { setTimeout(resolve, 2); });
  }
}
