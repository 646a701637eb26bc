/** CloudWatch log groups as one stream: the history since a time, then what arrives (runbook 5.1). */
import { CancelledError, messageOf } from '../errors.ts';
import type { Clock } from '../incident/clock.ts';
import type { LogEvent } from '../services/aws/logs.ts';
import type { LogEntry, LogSink } from './log-entry.ts';
import type { LogStreamRequest, LogStreams } from './log-streams.ts';

export interface LogStreamerOptions {
  readonly sink: LogSink;
  readonly clock: Clock;
  /** Waits between two polls; rejects or resolves early when the signal fires. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

const POLL_MS = 2_000;
const SLOWEST_POLL_MS = 30_000;
/** CloudWatch shows events late; looking back this far catches them, ms. */
const LOOK_BACK_MS = 60_000;

/** One stream at a time: a new one takes the place of the old. */
export class LogStreamer implements LogStreams {
  readonly #options: LogStreamerOptions;
  #current: { readonly abort: AbortController; readonly incident: string | undefined } | undefined;

  constructor(options: LogStreamerOptions) {
    this.#options = options;
  }

  async start(request: LogStreamRequest, signal: AbortSignal): Promise<{ shown: number; errors: number }> {
    if (signal.aborted) {
      throw new CancelledError();
    }
    this.stop();
    const { sink, clock } = this.#options;
    const abort = new AbortController();
    const cancel = (): void => { abort.abort(); };
    signal.addEventListener('abort', cancel, { once: true });
    const current = { abort, incident: request.incident };
    this.#current = current;
    sink.streaming('running');
    sink.reveal();
    sink.show([this.#note(`${request.groups.join(', ')} since ${new Date(request.from).toISOString()}${request.pattern === '' ? '' : ` matching ${request.pattern}`}`)]);
    const seen = new Map<string, number>();
    try {
      const history = await this.#sweep(request, request.from, seen, abort.signal);
      signal.removeEventListener('abort', cancel);
      void this.#follow(request, Math.max(request.from, clock.now() - LOOK_BACK_MS), seen, abort.signal).finally(() => { this.#ended(current); });
      return { shown: history.length, errors: history.filter(({ message }) => message.includes('ERROR')).length };
    } catch (error) {
      this.#ended(current);
      throw error;
    }
  }

  /** The incident that the stream is for; undefined while there is none. */
  get incident(): string | undefined {
    return this.#current?.incident;
  }

  /** Ends the stream; with an incident only when the stream is that incident's. */
  stop(incident?: string): void {
    if (this.#current !== undefined && (incident === undefined || this.#current.incident === incident)) {
      this.#current.abort.abort();
      this.#ended(this.#current);
    }
  }

  #note(text: string): LogEntry {
    return { kind: 'note', at: this.#options.clock.now(), text };
  }

  #ended(stream: { readonly abort: AbortController }): void {
    if (this.#current === stream) {
      this.#current = undefined;
      this.#options.sink.show([this.#note('stream ended')]);
      this.#options.sink.streaming('stopped');
    }
  }

  async #follow(request: LogStreamRequest, from: number, seen: Map<string, number>, signal: AbortSignal): Promise<void> {
    const { clock, sink, wait } = this.#options;
    let since = from;
    let delay = POLL_MS;
    while (!signal.aborted) {
      await wait(delay, signal);
      if (signal.aborted) {
        return;
      }
      try {
        await this.#sweep(request, since, seen, signal);
        since = Math.max(since, clock.now() - LOOK_BACK_MS);
        seen.forEach((at, id) => {
          if (at < since) {
            seen.delete(id);
          }
        });
        delay = POLL_MS;
      } catch (error) {
        if (signal.aborted || error instanceof CancelledError) {
          return;
        }
        delay = Math.min(delay * 2, SLOWEST_POLL_MS);
        sink.show([this.#note(`${messageOf(error)} Next try in ${delay / 1000} s`)]);
      }
    }
  }

  /** Shows what is new since a time, in the order of the events. */
  async #sweep(request: LogStreamRequest, from: number, seen: Map<string, number>, signal: AbortSignal): Promise<LogEvent[]> {
    const { filterLogEvents } = await import('../services/aws/logs.ts');
    const fresh = (await Promise.all(request.groups.map(async (group) => {
      const events: LogEvent[] = [];
      for await (const page of filterLogEvents(request.aws, { group, pattern: request.pattern, from }, signal)) {
        events.push(...page.filter(({ id }) => !seen.has(id)));
      }
      return events;
    }))).flat().sort((a, b) => a.at - b.at);
    if (fresh.length > 0) {
      fresh.forEach(({ id, at }) => { seen.set(id, at); });
      this.#options.sink.show(fresh.map((event) => ({ kind: 'event', event })));
    }
    return fresh;
  }
}
