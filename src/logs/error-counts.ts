/** How often lines of the source have thrown of late, in bounded memory however many errors come. */
import type { Clock } from '../incident/clock.ts';
import { messageBody } from './error-message.ts';
import type { Place } from './frame.ts';
import type { ShownMessage } from './log-entry.ts';
import { messageShape } from './shape.ts';

/** Messages that differ only in their values. */
export interface ShapeCount {
  readonly shape: string;
  readonly count: number;
  /** Epoch ms. */
  readonly lastAt: number;
  /** Line of the channel where the newest of them begins. */
  readonly line: number;
}

/** A line of the source and what it has thrown within the window. */
export interface ErrorLine {
  readonly place: Place;
  readonly count: number;
  /** Epoch ms. */
  readonly lastAt: number;
  /** The most frequent first. */
  readonly shapes: readonly ShapeCount[];
  /** Of `count`, those of further shapes, which are not kept one by one. */
  readonly others: number;
}

export interface ErrorCountsOptions {
  readonly clock: Clock;
  /** Errors are counted for so long, ms. */
  readonly windowMs: () => number;
}

/** With one more, the line that has been quiet for longest is forgotten. */
export const MAX_LINES = 500;
/** Errors of further shapes at one line are counted together. */
export const MAX_SHAPES = 12;
/** A count leaves the window at most a ninetieth of it late. */
const BUCKETS = 90;
const FEWEST_MS = 10_000;

interface Shape {
  lastAt: number;
  line: number;
  /** End of the bucket, epoch ms → errors in it. */
  readonly buckets: Map<number, number>;
}

interface Counted {
  readonly place: Place;
  readonly shapes: Map<string, Shape>;
  readonly others: Shape;
}

export class ErrorCounts {
  readonly #options: ErrorCountsOptions;
  readonly #lines = new Map<string, Counted>();

  constructor(options: ErrorCountsOptions) {
    this.#options = options;
  }

  /** False for what is too old to count. */
  isInWindow(at: number): boolean {
    const { clock, windowMs } = this.#options;
    return at > clock.now() - windowMs();
  }

  add(place: Place, message: ShownMessage): void {
    const { clock, windowMs } = this.#options;
    if (!this.isInWindow(message.at)) {
      return;
    }
    // A future-dated event would stay in the window for longer than the others.
    const at = Math.min(message.at, clock.now());
    const counted = this.#lineOf(place);
    const shape = this.#shapeOf(counted, messageShape(messageBody(message.text)));
    const width = Math.max(FEWEST_MS, windowMs() / BUCKETS);
    const bucket = Math.ceil(at / width) * width;
    shape.buckets.set(bucket, (shape.buckets.get(bucket) ?? 0) + 1);
    if (at >= shape.lastAt) {
      shape.lastAt = at;
      shape.line = message.line;
    }
  }

  /** What has thrown within the window; the rest is forgotten. */
  lines(): readonly ErrorLine[] {
    const since = this.#options.clock.now() - this.#options.windowMs();
    return [...this.#lines].flatMap(([key, counted]) => {
      dropEmpty(counted.shapes, since);
      const shapes = [...counted.shapes].map(([name, shape]) => ({ shape: name, count: countSince(shape, since), lastAt: shape.lastAt, line: shape.line }));
      const others = countSince(counted.others, since);
      const count = shapes.reduce((sum, shape) => sum + shape.count, others);
      if (count === 0) {
        this.#lines.delete(key);
        return [];
      }
      const lastAt = Math.max(others === 0 ? 0 : counted.others.lastAt, ...shapes.map((shape) => shape.lastAt));
      return [{ place: counted.place, count, lastAt, others, shapes: shapes.sort((one, other) => other.count - one.count || other.lastAt - one.lastAt) }];
    });
  }

  clear(): void {
    this.#lines.clear();
  }

  /** The line, which becomes the one that threw last. */
  #lineOf(place: Place): Counted {
    const key = placeKey(place);
    const counted = this.#lines.get(key) ?? { place, shapes: new Map<string, Shape>(), others: emptyShape() };
    this.#lines.delete(key);
    this.#lines.set(key, counted);
    const [quietest] = this.#lines.keys();
    if (this.#lines.size > MAX_LINES && quietest !== undefined) {
      this.#lines.delete(quietest);
    }
    return counted;
  }

  #shapeOf({ shapes, others }: Counted, name: string): Shape {
    const since = this.#options.clock.now() - this.#options.windowMs();
    const known = shapes.get(name);
    if (known !== undefined) {
      prune(known, since);
      return known;
    }
    if (shapes.size >= MAX_SHAPES) {
      dropEmpty(shapes, since);
    }
    if (shapes.size >= MAX_SHAPES) {
      prune(others, since);
      return others;
    }
    const shape = emptyShape();
    shapes.set(name, shape);
    return shape;
  }
}

/** Names a line of a file of a commit. */
export function placeKey({ folder, path, commit, line }: Place): string {
  return JSON.stringify([folder, path, commit, line]);
}

function emptyShape(): Shape {
  return { lastAt: 0, line: 0, buckets: new Map() };
}

function countSince(shape: Shape, since: number): number {
  prune(shape, since);
  return [...shape.buckets.values()].reduce((sum, count) => sum + count, 0);
}

function dropEmpty(shapes: Map<string, Shape>, since: number): void {
  shapes.forEach((shape, name) => {
    if (countSince(shape, since) === 0) {
      shapes.delete(name);
    }
  });
}

function prune({ buckets }: Shape, since: number): void {
  buckets.forEach((_count, end) => {
    if (end <= since) {
      buckets.delete(end);
    }
  });
}
