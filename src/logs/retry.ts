const SLOWEST_MS = 30_000;

/** How long to wait before it is tried again, ms. @param failures in a row */
export function retryIn(failures: number, firstMs: number): number {
  return Math.min(firstMs * 2 ** failures, SLOWEST_MS);
}
