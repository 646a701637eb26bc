/** Which marks are drawn as one because they would lie upon each other, and which row a bar has. Pure. */

/** Marks that are drawn at the place of the first. */
export interface Cluster<T> {
  /** By time; at least one. */
  readonly items: readonly [T, ...T[]];
  /** Epoch ms of the first and the last. */
  readonly from: number;
  readonly to: number;
}

/**
 * The first of each stands at least `gapMs` after the first of the one before, so that none touches another. It does not
 * hang on what part is shown: marks stay together while the picture is moved, and new ones only change the last cluster.
 *
 * @param items by time
 */
export function clustersOf<T extends { readonly at: number }>(items: readonly T[], gapMs: number): Cluster<T>[] {
  const clusters: { items: [T, ...T[]]; from: number; to: number }[] = [];
  for (const item of items) {
    const last = clusters.at(-1);
    if (last === undefined || item.at - last.from >= gapMs) {
      clusters.push({ items: [item], from: item.at, to: item.at });
    } else {
      last.items.push(item);
      last.to = item.at;
    }
  }
  return clusters;
}

/** So many of them last at the same time, at most: that does not hang on the zoom. @param bars by their beginning */
export function concurrency(bars: readonly { readonly from: number; readonly to: number }[]): number {
  return bars.reduce((most, bar, index) => Math.max(most, 1 + bars.slice(0, index).filter(({ to }) => to > bar.from).length), 0);
}

/** A bar in its row, counted from the top. */
export interface Placed<T> {
  readonly bar: T;
  readonly row: number;
}

/**
 * Bars in rows in which none touches another, each as high up as it can be; those for which no row is left, and those
 * too short to be seen as bars, are left over.
 *
 * @param bars by their beginning, epoch ms
 */
export function placedBars<T extends { readonly from: number; readonly to: number }>(bars: readonly T[], { rows, gapMs, shortestMs }: { readonly rows: number; readonly gapMs: number; readonly shortestMs: number }): { readonly placed: readonly Placed<T>[]; readonly left: readonly T[] } {
  const ends = new Array<number>(rows).fill(Number.NEGATIVE_INFINITY);
  const placed: Placed<T>[] = [];
  const left: T[] = [];
  for (const bar of bars) {
    const row = bar.to - bar.from < shortestMs ? -1 : ends.findIndex((end) => end + gapMs <= bar.from);
    if (row < 0) {
      left.push(bar);
    } else {
      ends[row] = bar.to;
      placed.push({ bar, row });
    }
  }
  return { placed, left };
}
