/** Keeps where a stream stands on disk, so that the next window goes on with it. */
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
  /** Its window has gone and left it to the next. */
  readonly released: boolean;
  readonly position: Omit<Position, 'seen'> & { readonly seen: SavedEvents };
}

/** After so long a window was not loaded anew but closed, ms: its stream is not gone on with. */
const FRESH_MS = 10 * 60_000;
/** Between two savings, ms: a window that is killed shows at most so much again. */
const EVERY_MS = 5_000;

/** Each window has a file of its own, called after its process: windows without a folder share the directory. */
const FILE = /^log-stream\.(\d+)\.json(\.tmp)?$/;

export class StreamKeeper {
  readonly #directory: string;
  readonly #file: string;
  readonly #streams: LogStreamer;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #savedThrough: number | undefined;

  constructor(options: { readonly directory: string; readonly streams: LogStreamer; readonly clock: Clock; readonly onError: (error: unknown) => void }) {
    this.#directory = options.directory;
    this.#file = path.join(options.directory, `log-stream.${process.pid}.json`);
    this.#streams = options.streams;
    this.#clock = options.clock;
    this.#onError = options.onError;
    this.#timer = setInterval(() => { this.save(); }, EVERY_MS);
    this.#timer.unref();
  }

  /** The stream that a window had until just now and nobody goes on with, now this window's; undefined when there is none. */
  last(): SavedStream | undefined {
    const left = this.#files().flatMap(({ file, isTaken }) => {
      const stored = this.#read(file);
      const isFresh = stored !== undefined && this.#clock.now() - stored.savedAt < FRESH_MS;
      if (!isFresh && !isTaken) {
        rmSync(file, { force: true });
      }
      return isFresh && (stored.released || !isTaken) ? [{ file, stored }] : [];
    });
    const [newest] = left.sort((one, other) => other.stored.savedAt - one.stored.savedAt);
    if (newest === undefined) {
      return undefined;
    }
    try {
      // Of several windows that begin at once, one has it.
      renameSync(newest.file, this.#file);
      const { position, ...stream } = newest.stored;
      this.#savedThrough = position.through;
      return { ...stream, position: { ...position, seen: SeenEvents.restore(position.seen) } };
    } catch (error) {
      this.#onError(error);
      return undefined;
    }
  }

  /** What windows have saved; taken is what belongs to another one that is there. */
  #files(): { readonly file: string; readonly isTaken: boolean }[] {
    try {
      return readdirSync(this.#directory).flatMap((name) => {
        const [, pid, isHalf] = FILE.exec(name) ?? [];
        return pid === undefined || (isHalf !== undefined && isTaken(Number(pid))) ? [] : [{ file: path.join(this.#directory, name), isTaken: isTaken(Number(pid)) }];
      });
    } catch {
      // No window has saved anything yet.
      return [];
    }
  }

  /** Undefined for half a file and for another version's: the stream is begun anew by hand. */
  #read(file: string): StoredStream | undefined {
    try {
      const stored = JSON.parse(readFileSync(file, 'utf8')) as StoredStream;
      return stored.version === 1 ? stored : undefined;
    } catch {
      return undefined;
    }
  }

  /** At once, because a window that goes waits for nobody. @param released it goes now */
  save(released = false): void {
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
        version: 1, savedAt: this.#clock.now(), released, environment, groups, pattern, from, ...(incident === undefined ? {} : { incident }),
        paused: state === 'paused', position: { ...position, seen: position.seen.save() },
      };
      mkdirSync(this.#directory, { recursive: true });
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
    this.save(true);
  }
}

/** Whether another process has this number now. */
function isTaken(pid: number): boolean {
  if (pid === process.pid) {
    return false;
  }
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
