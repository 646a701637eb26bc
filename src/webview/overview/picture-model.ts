/** What the picture consists of at a zoom: bars and marks with their times, in the order in which one goes through them. Pure. */
import type { Lane, Level, Mark, Span } from '../../protocol/overview.ts';
import { clustersOf, concurrency, placedBars } from './clusters.ts';

/** px from the beginning of a mark to that of the next. */
export const GAP_PX = 22;
/** A shorter bar is drawn as a mark. */
export const SHORTEST_BAR_PX = 12;
const MOST_BAR_ROWS = 3;

export interface Point {
  readonly kind: 'mark' | 'span';
  readonly at: number;
  readonly mark?: Mark;
  readonly span?: Span;
}

/** Something one can point at: a bar, a mark, or marks drawn as one. */
export interface Item {
  /** Stays the same while the time goes on. */
  readonly key: string;
  readonly lane: Lane;
  readonly from: number;
  /** As `from` of a mark; of a bar that goes on the end of the incident so far. */
  readonly to: number;
  readonly points: readonly [Point, ...Point[]];
  /** Of a bar. */
  readonly row?: number;
  readonly level: Level | undefined;
}

const WORST: readonly Level[] = ['bad', 'warn', 'unknown', 'ok'];

/** The gravest level of a mark, a state of a delivery counting as one. */
export function levelOf({ mark, span }: Point): Level | undefined {
  if (mark?.state !== undefined) {
    return ({ done: 'ok', pending: undefined, discarded: undefined, 'by hand': 'warn', failed: 'bad', unknown: 'unknown' } as const)[mark.state];
  }
  return mark?.level ?? span?.level;
}

function gravest(points: readonly Point[]): Level | undefined {
  const levels = points.map(levelOf);
  return WORST.find((level) => levels.includes(level));
}

interface Bar {
  readonly span: Span;
  readonly from: number;
  readonly to: number;
}

function barsOf(spans: readonly Span[], end: number): Bar[] {
  return spans.map((span) => ({ span, from: span.from, to: Math.max(span.to ?? end, span.from) })).sort((a, b) => a.from - b.from);
}

/** Rows for the bars of the changes; the same at every zoom, so that the lanes stay where they are. */
export function barRowsOf(spans: readonly Span[], end: number): number {
  return Math.min(MOST_BAR_ROWS, concurrency(barsOf(spans.filter(({ kind, from, to }) => kind !== 'phase' && to !== from), end)));
}

/**
 * All items of an incident, by lane and time.
 *
 * @param end where what goes on is drawn to, epoch ms
 */
export function itemsOf(marks: readonly Mark[], spans: readonly Span[], end: number, msPerPx: number): ReadonlyMap<Lane, readonly Item[]> {
  const bars = barsOf(spans, end);
  const drawn = marks.filter(({ isListed }) => isListed !== true);
  const points = (lane: Lane): Point[] => drawn.flatMap((mark): Point[] => (mark.lane === lane ? [{ kind: 'mark', at: mark.at, mark }] : []));
  const phases = bars.filter(({ span }) => span.kind === 'phase').map(({ span, from, to }): Item => ({ key: span.id, lane: 'phases', from, to, row: 0, points: [{ kind: 'span', at: from, span }], level: undefined }));
  const { placed, left } = placedBars(bars.filter(({ span }) => span.kind !== 'phase'), { rows: barRowsOf(spans, end), gapMs: 4 * msPerPx, shortestMs: SHORTEST_BAR_PX * msPerPx });
  const changes = placed.map(({ bar: { span, from, to }, row }): Item => ({ key: span.id, lane: 'changes', from, to, row, points: [{ kind: 'span', at: from, span }], level: span.level }));
  const short = left.map(({ span, from }): Point => ({ kind: 'span', at: from, span }));
  return new Map<Lane, readonly Item[]>([
    ['phases', sorted([...phases, ...clustered('phases', points('phases'), msPerPx)])],
    ['steps', clustered('steps', points('steps'), msPerPx)],
    ['changes', sorted([...changes, ...clustered('changes', [...short, ...points('changes')].sort((a, b) => a.at - b.at), msPerPx)])],
    ['messages', clustered('messages', points('messages'), msPerPx)],
    ['notes', clustered('notes', points('notes'), msPerPx)],
  ]);
}

function clustered(lane: Lane, points: readonly Point[], msPerPx: number): Item[] {
  return clustersOf(points, GAP_PX * msPerPx).map(({ items, from, to }): Item => ({ key: keyOf(items[0]), lane, from, to: items.length === 1 ? from : to, points: items, level: gravest(items) }));
}

function keyOf({ mark, span }: Point): string {
  return mark?.id ?? span?.id ?? '';
}

function sorted(items: readonly Item[]): Item[] {
  return [...items].sort((a, b) => a.from - b.from);
}

/** Those of which something can be seen. */
export function visibleOf(items: readonly Item[], [from, to]: readonly [number, number]): readonly Item[] {
  return items.filter((item) => item.from <= to && (item.row === undefined ? item.from : item.to) >= from);
}

/** Where a key leads to from an item: through all lanes by time, or to the nearest in the lane above or below. */
export function neighbour(lanes: ReadonlyMap<Lane, readonly Item[]>, key: string | undefined, way: 'before' | 'after' | 'above' | 'below' | 'first' | 'last'): Item | undefined {
  const all = sorted([...lanes.values()].flat());
  const place = all.findIndex((item) => item.key === key);
  const current = all[place];
  if (way === 'first' || way === 'last' || current === undefined) {
    return way === 'last' ? all.at(-1) : all[0];
  }
  if (way === 'before' || way === 'after') {
    return all[place + (way === 'after' ? 1 : -1)] ?? current;
  }
  const filled = [...lanes].filter(([, items]) => items.length > 0);
  const next = filled[filled.findIndex(([lane]) => lane === current.lane) + (way === 'below' ? 1 : -1)]?.[1];
  return next === undefined ? current : next.reduce((nearest, item) => (Math.abs(item.from - current.from) < Math.abs(nearest.from - current.from) ? item : nearest));
}

/** The item that holds an event now, whatever it is drawn as. */
export function itemWith(lanes: ReadonlyMap<Lane, readonly Item[]>, key: string): Item | undefined {
  return [...lanes.values()].flat().find((item) => item.key === key) ?? [...lanes.values()].flat().find(({ points }) => points.some((point) => keyOf(point) === key));
}
