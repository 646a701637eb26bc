/** Finds the line of the source that threw each error of the stream, and counts it there. */
import type { Frame, FrameLocator, Place } from './frame.ts';
import type { ErrorCounts } from './error-counts.ts';
import { isContinuation, isErrorMessage, messageBody } from './error-message.ts';
import type { ShownMessage } from './log-entry.ts';

export interface ErrorPlacesOptions {
  readonly counts: ErrorCounts;
  readonly locator: FrameLocator;
  /** The frames of a message in the order of its text. */
  readonly framesIn: (text: string) => readonly Frame[];
  /** Lets the event loop go on between two batches. */
  readonly pause: () => Promise<void>;
  /** Called after each batch in which something was counted. */
  readonly onCount: () => void;
  readonly onError: (error: unknown) => void;
}

/** Messages looked at before the event loop goes on. */
const BATCH = 200;
/** Distinct frames whose places are remembered; the one that was asked for longest ago is forgotten. */
const MAX_FRAMES = 2_000;
/** Errors that wait to be located; of a burst beyond it the oldest are not counted. */
export const MAX_WAITING = 20_000;
/** Streams whose last message is remembered. */
const MAX_HEADS = 1_000;

export class ErrorPlaces {
  readonly #options: ErrorPlacesOptions;
  readonly #places = new Map<string, Promise<Place | undefined>>();
  /** The last message of each stream while it has a single line. */
  readonly #heads = new Map<string, ShownMessage>();
  #waiting: ShownMessage[] = [];
  /** Another one: what is being located belongs to a stream before. */
  #stream = 0;
  #working: Promise<void> | undefined;

  constructor(options: ErrorPlacesOptions) {
    this.#options = options;
  }

  /** Takes messages; they are counted later, in batches. */
  add(messages: readonly ShownMessage[]): void {
    const { counts, onError } = this.#options;
    for (const shown of messages) {
      const message = this.#withHead(shown);
      if (counts.isInWindow(message.at) && hasSeveralLines(message.text) && isErrorMessage(message.text)) {
        this.#waiting.push(message);
      }
    }
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting = this.#waiting.slice(-MAX_WAITING);
    }
    if (this.#waiting.length > 0) {
      this.#working ??= this.#work().catch(onError).finally(() => { this.#working = undefined; });
    }
  }

  /** A trace whose first line came in an earlier batch, with that line; its frames alone tell of no error. */
  #withHead(message: ShownMessage): ShownMessage {
    const stream = `${message.group}\n${message.stream}`;
    const head = isContinuation(message.text) ? this.#heads.get(stream) : undefined;
    if (this.#heads.size > MAX_HEADS) {
      this.#heads.clear();
    }
    // One that has frames itself is counted already.
    if (head === undefined && !hasSeveralLines(message.text)) {
      this.#heads.set(stream, message);
    } else {
      this.#heads.delete(stream);
    }
    return head === undefined ? message : { ...head, text: `${head.text}\n${messageBody(message.text)}` };
  }

  /** Places may be others now: another commit runs, or the paths are mapped in another way. */
  forgetPlaces(): void {
    this.#places.clear();
  }

  /** Drops what waits. */
  clear(): void {
    this.#waiting = [];
    this.#heads.clear();
    this.#stream += 1;
    this.forgetPlaces();
  }

  async #work(): Promise<void> {
    const { counts, pause, onCount } = this.#options;
    while (this.#waiting.length > 0) {
      const stream = this.#stream;
      const batch = this.#waiting.splice(0, BATCH);
      let counted = false;
      for (const message of batch) {
        const place = await this.#placeOf(message.text);
        if (stream !== this.#stream) {
          break;
        }
        if (place !== undefined) {
          counts.add(place, message);
          counted = true;
        }
      }
      if (counted) {
        onCount();
      }
      await pause();
    }
  }

  /** Of the topmost frame that lies in the workspace. */
  async #placeOf(text: string): Promise<Place | undefined> {
    for (const frame of topmostFirst(this.#options.framesIn(text))) {
      const place = await this.#locate(frame, text.slice(frame.start, frame.end));
      if (place !== undefined) {
        return place;
      }
    }
    return undefined;
  }

  #locate(frame: Frame, words: string): Promise<Place | undefined> {
    const key = `${frame.language} ${words} ${frame.path}:${frame.line}`;
    const known = this.#places.get(key) ?? this.#options.locator.locate(frame).catch((error: unknown) => {
      this.#places.delete(key);
      this.#options.onError(error);
      return undefined;
    });
    this.#places.delete(key);
    this.#places.set(key, known);
    const [oldest] = this.#places.keys();
    if (this.#places.size > MAX_FRAMES && oldest !== undefined) {
      this.#places.delete(oldest);
    }
    return known;
  }
}

/** Python prints the frame that threw last, the others first. */
function topmostFirst(frames: readonly Frame[]): readonly Frame[] {
  return frames[0]?.language === 'python' ? frames.toReversed() : frames;
}

/** Only then there can be a trace in it; JSON holds it in a string. */
function hasSeveralLines(text: string): boolean {
  return text.includes('\n') || text.includes('\\n');
}
