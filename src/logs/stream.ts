/** CloudWatch log groups as one stream: started, paused, resumed and stopped (runbook 5.1). */
import { CancelledError, messageOf } from '../errors.ts';
import type { StreamState } from './log-entry.ts';
import type { LogStreamRequest, LogStreams } from './log-streams.ts';
import { type Position, type StreamOptions, StreamRun } from './stream-run.ts';

interface Current {
  readonly request: LogStreamRequest;
  run: StreamRun;
  /** Ends what runs; the stream itself goes on when it is only paused. */
  abort: AbortController;
  state: 'running' | 'paused';
}

/** One stream at a time: a new one takes the place of the old. */
export class LogStreamer implements LogStreams {
  readonly #options: StreamOptions;
  #current: Current | undefined;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  async start(request: LogStreamRequest, signal: AbortSignal): Promise<{ shown: number; errors: number }> {
    if (signal.aborted) {
      throw new CancelledError();
    }
    this.stop();
    const current = this.#begin(request);
    this.#options.sink.reveal();
    this.#note(`${request.groups.join(', ')} since ${new Date(request.from).toISOString()}${request.pattern === '' ? '' : ` matching ${request.pattern}`}`);
    const { run, abort } = current;
    const cancel = (): void => { abort.abort(); };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const counted = await run.history(abort.signal);
      // Paused, or paused and resumed, in the last moment of the history: whoever resumes goes on.
      if (current.abort === abort && current.state === 'running') {
        if (abort.signal.aborted) {
          throw new CancelledError();
        }
        void this.#goOn(current);
      }
      return counted;
    } catch (error) {
      // Paused while the history was read: its rest comes when the stream goes on, and nothing has failed.
      if (this.#current === current && (current.state === 'paused' || current.run !== run)) {
        return run.counts;
      }
      this.#ended(current);
      throw error;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /** Goes on with a stream that an earlier window had; it is not brought in front of the user. */
  restore(request: LogStreamRequest, position: Position, paused = false): void {
    this.stop();
    const current = this.#begin(request, position);
    this.#note(`${request.groups.join(', ')} goes on where it stood at ${new Date(position.through).toISOString()}`);
    if (paused) {
      this.pause();
    } else {
      void this.#goOn(current);
    }
  }

  /** Rests; what arrives meanwhile is shown when it goes on. */
  pause(): void {
    const current = this.#current;
    if (current?.state === 'running') {
      current.state = 'paused';
      current.abort.abort();
      this.#note('paused');
      this.#options.sink.streaming('paused');
    }
  }

  /** Goes on with what has arrived meanwhile. */
  resume(): void {
    const current = this.#current;
    if (current?.state === 'paused') {
      current.abort = new AbortController();
      current.run = new StreamRun(current.request, this.#options, current.run.position);
      current.state = 'running';
      this.#note('resumed');
      this.#options.sink.streaming('running');
      void this.#goOn(current);
    }
  }

  /** Ends the stream; with an incident only when the stream is that incident's. */
  stop(incident?: string): void {
    if (this.#current !== undefined && (incident === undefined || this.#current.request.incident === incident)) {
      this.#current.abort.abort();
      this.#ended(this.#current);
    }
  }

  /** The incident that the stream is for; undefined while there is none. */
  get incident(): string | undefined {
    return this.#current?.request.incident;
  }

  /** What is streamed; undefined while nothing is. */
  get request(): LogStreamRequest | undefined {
    return this.#current?.request;
  }

  get state(): StreamState {
    return this.#current?.state ?? 'stopped';
  }

  /** Where another window could go on; undefined while there is no stream. */
  get position(): Position | undefined {
    return this.#current?.run.position;
  }

  #begin(request: LogStreamRequest, position?: Position): Current {
    const current: Current = { request, run: new StreamRun(request, this.#options, position), abort: new AbortController(), state: 'running' };
    this.#current = current;
    this.#options.sink.streaming('running', request.groups);
    return current;
  }

  /** Shows the rest of the history, where it was left in the middle, then what arrives. */
  async #goOn(current: Current): Promise<void> {
    const { run, abort } = current;
    try {
      await run.history(abort.signal);
      await run.follow(abort.signal);
    } catch (error) {
      if (!(error instanceof CancelledError)) {
        this.#note(messageOf(error));
        this.#ended(current);
      }
    }
  }

  #note(text: string): void {
    this.#options.sink.show([{ kind: 'note', at: this.#options.clock.now(), text }]);
  }

  #ended(stream: Current): void {
    if (this.#current === stream) {
      this.#current = undefined;
      this.#note('stream ended');
      this.#options.sink.streaming('stopped');
    }
  }
}
