/** How the figures of the benchmarks are written down. */

/** @param part 0.5 for the median, 0.99 for the 99th percentile */
export function quantile(values: readonly number[], part = 0.5): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** Median, smallest and largest. */
export function spread(values: readonly number[], unit: string, digits = 1): string {
  return `${quantile(values).toFixed(digits)} ${unit} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;
}
