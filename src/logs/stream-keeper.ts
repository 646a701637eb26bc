/** Keeps where a stream stands on disk, so that the next window goes on with it. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../incident/clock.ts';
import type { LogStreamRequest } from './log-streams.ts';
import { type SavedEvents, SeenEvents } from './seen-events.ts';
import type { Position } from './stream-run.ts';
import type { LogStreamer } from './stream.ts';

/** What a later window needs to know of a stream. */
export interface SavedStream extends Pick<LogStreamRequest, 'environment' | 'groups' | 'pattern' | 'from' | 'incident'> {
  readonly paused: boolean;
  readonly position: Position;
}

interface StoredStream extends Omit<SavedStream, 'position'> {
  readonly version: 1;
  /** Epoch ms. */
  readonly savedAt: number;
  readonly position: Omit<Position, 'seen'> & { readonly seen: SavedEvents };
}

/** After so long a window was not loaded anew but closed, ms: its stream is not gone on with. */
const FRESH_MS = 10 * 60_000;
/** Between two savings, ms: a window that is killed shows at most so much again. */
const EVERY_MS = 5_000;

export class StreamKeeper {
  readonly #file: string;
  readonly #streams: LogStreamer;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #savedThrough: number | undefined;

  constructor(options: { readonly directory: string; readonly streams: LogStreamer; readonly clock: Clock; readonly onError: (error: unknown) => void }) {
    this.#file = path.join(options.directory, 'log-stream.json');
    this.#streams = options.streams;
    this.#clock = options.clock;
    this.#onError = options.onError;
    this.#timer = setInterval(() => { this.save(); }, EVERY_MS);
    this.#timer.unref();
  }

  /** The stream that the window before had until just now; undefined when there was none. */
  last(): SavedStream | undefined {
    let text;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch {
      return undefined;
    }
    try {
      const { version, savedAt, position, ...stream } = JSON.parse(text) as StoredStream;
      return version === 1 && this.#clock.now() - savedAt < FRESH_MS ? { ...stream, position: { ...position, seen: SeenEvents.restore(position.seen) } } : undefined;
    } catch (error) {
      // Half a file, or another version's: the stream is begun anew by hand.
      this.#onError(error);
      return undefined;
    }
  }

  /** At once, because a window that goes waits for nobody. */
  save(): void {
    const { request, position, state } = this.#streams;
    try {
      if (request === undefined || position === undefined) {
        if (this.#savedThrough !== undefined) {
          rmSync(this.#file, { force: true });
          this.#savedThrough = undefined;
        }
        return;
      }
      if (position.through === this.#savedThrough) {
        return;
      }
      const { environment, groups, pattern, from, incident } = request;
      const stored: StoredStream = {
        version: 1, savedAt: this.#clock.now(), environment, groups, pattern, from, ...(incident === undefined ? {} : { incident }),
        paused: state === 'paused', position: { ...position, seen: position.seen.save() },
      };
      mkdirSync(path.dirname(this.#file), { recursive: true });
      writeFileSync(`${this.#file}.tmp`, JSON.stringify(stored));
      renameSync(`${this.#file}.tmp`, this.#file);
      this.#savedThrough = position.through;
    } catch (error) {
      this.#onError(error);
    }
  }

  dispose(): void {
    clearInterval(this.#timer);
    if (this.#streams.request !== undefined) {
      // Also what has changed without a sweep: that it was paused.
      this.#savedThrough = undefined;
    }
    this.save();
  }
}
