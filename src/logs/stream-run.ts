/** One stream from its start to its end: the history, then what arrives, whichever way it comes (runbook 5.1). */
import { setImmediate } from 'node:timers/promises';
import { CancelledError, messageOf } from '../errors.ts';
import type { Clock } from '../incident/clock.ts';
import type { LogEvent } from '../services/aws/logs.ts';
import { plural, withoutPeriod } from '../text.ts';
import { readHistory } from './history.ts';
import { followLive } from './live-source.ts';
import { type LogEntry, type LogSink, type Marker, byTime } from './log-entry.ts';
import type { LogStreamRequest } from './log-streams.ts';
import { SeenEvents } from './seen-events.ts';
import { retryIn } from './retry.ts';
import { DEEPEST_MS, SweepPlan } from './sweep-plan.ts';

export interface StreamOptions {
  readonly sink: LogSink;
  readonly clock: Clock;
  /** Ends early when the signal fires. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Whether Live Tail is wanted; it is paid. Default: yes. */
  readonly live?: () => boolean;
}

/** How far a stream has come; a later one goes on from there without showing anything twice. */
export interface Position {
  /** Everything that was in CloudWatch at this time has been shown, epoch ms. */
  readonly through: number;
  /** Nothing before this is asked for again, epoch ms. */
  readonly floor: number;
  /** The history has been shown up to the events of this time, epoch ms; undefined once it was shown to its end. */
  readonly unread?: number;
  readonly seen: SeenEvents;
  /** Keys of the markers that were shown. */
  readonly marked?: readonly string[];
}

/** An event that Live Tail ought to bring is left to it for so long, ms. */
const GRACE_MS = 3_000;
/** An event is late when it arrives so long after it happened, ms. */
const LATE_MS = 5_000;
/** A gap shorter than this is not worth a line, ms. */
const GAP_MS = 5_000;
const RETRY_MS = 1_000;
/** The history is given up after so many failures without a page in between. */
const MOST_HISTORY_FAILURES = 5;
const MARKERS_EVERY_MS = 30_000;
/** The second batch waits so long for the markers of the past, ms: then they stand where they belong. */
const MARKERS_WAIT_MS = 1_000;
/** Backfilled events that are held to be counted before they are shown. */
const MOST_HELD = 5_000;

export class StreamRun {
  readonly #request: LogStreamRequest;
  readonly #options: StreamOptions;
  readonly #seen: SeenEvents;
  readonly #position: Position | undefined;
  /** Lines of the history shown so far. */
  readonly counts = { shown: 0, errors: 0 };
  readonly #markerKeys: Set<string>;
  #plan: SweepPlan;
  /** Markers that are to stand before the next younger event. */
  #markers: Marker[] = [];
  #unread: number | undefined;
  #newest = 0;
  /** When Live Tail began, epoch ms; undefined while it does not run. */
  #liveSince: number | undefined;
  /** Ends the wait before the next sweep. */
  #wake = new AbortController();

  constructor(request: LogStreamRequest, options: StreamOptions, position?: Position) {
    this.#request = request;
    this.#options = options;
    this.#position = position;
    this.#seen = position?.seen ?? new SeenEvents();
    this.#markerKeys = new Set(position?.marked);
    this.#unread = position === undefined ? request.from : position.unread;
    const now = options.clock.now();
    this.#plan = new SweepPlan(position?.through ?? now, position?.floor ?? now - DEEPEST_MS);
  }

  get position(): Position {
    return { through: this.#plan.through, floor: this.#plan.floor, seen: this.#seen, marked: [...this.#markerKeys], ...(this.#unread === undefined ? {} : { unread: this.#unread }) };
  }

  /**
   * Shows what there is since the time that was asked for, or since where it was left. It survives throttling and short
   * interruptions.
   *
   * @throws UserError, CancelledError
   */
  async history(signal: AbortSignal): Promise<{ shown: number; errors: number }> {
    const { counts } = this;
    let failures = 0;
    while (this.#unread !== undefined) {
      const before = this.#unread;
      try {
        await this.#readHistory(before, signal);
        this.#unread = undefined;
      } catch (error) {
        failures = this.#unread === before ? failures + 1 : 1;
        if (signal.aborted || error instanceof CancelledError || failures > MOST_HISTORY_FAILURES || (counts.shown === 0 && this.#position === undefined && !isThrottling(error))) {
          throw error;
        }
        await this.#options.wait(this.#retryIn(failures, error), signal);
      }
    }
    return counts;
  }

  /** Shows what arrives until the signal fires; never rejects for what the service says. */
  async follow(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#sweepAgain(signal), this.#live(signal), this.#markAgain(signal)]);
  }

  async #readHistory(from: number, signal: AbortSignal): Promise<void> {
    const { groups, pattern, aws } = this.#request;
    const markers = this.#readMarkers(this.#request.from, signal);
    let batches = 0;
    for await (const batch of readHistory(aws, { groups, pattern, from }, signal)) {
      if (batches === 1) {
        await Promise.race([markers, this.#options.wait(MARKERS_WAIT_MS, signal)]);
      }
      batches += 1;
      const { floor } = this.#plan;
      // A page may be empty without being the last: what was shown stays shown.
      const last = batch.at(-1)?.at ?? this.#unread ?? from;
      // Only what a sweep may meet again is remembered, and the last moment, with which the history would be gone on.
      const fresh = whichHold(batch, (event) => (event.at < floor && event.at !== last && event.at !== from) || this.#seen.add(event));
      for (const { message } of fresh) {
        this.counts.errors += message.includes('ERROR') ? 1 : 0;
      }
      this.counts.shown += fresh.length;
      this.#show(fresh);
      this.#unread = last;
      await setImmediate();
    }
    // A service that is slow to say what was deployed holds nothing up: its markers come with the next events.
    if (this.#request.markers !== undefined) {
      await Promise.race([markers, this.#options.wait(MARKERS_WAIT_MS, signal)]);
    }
    this.#flushMarkers();
  }

  /** Says that something failed, and when it is tried again, ms. @param failures in a row, this one included */
  #retryIn(failures: number, error: unknown): number {
    const delay = retryIn(failures, RETRY_MS);
    this.#note(`${isThrottling(error) ? 'throttled' : withoutPeriod(messageOf(error))}, next try in ${delay / 1_000} s`);
    return delay;
  }

  /** What the stream says of itself. */
  #note(text: string): void {
    this.#options.sink.show([{ kind: 'note', at: this.#options.clock.now(), text }]);
  }

  async #live(signal: AbortSignal): Promise<void> {
    const { wait, live } = this.#options;
    await followLive({
      request: this.#request, wait, signal, now: () => this.#options.clock.now(), isWanted: live?.() ?? true,
      note: (text) => { this.#note(text); },
      onLive: (isLive) => {
        this.#liveSince = isLive ? this.#options.clock.now() : undefined;
        this.#wake.abort();
      },
      onOpening: () => { this.#seen.expectsLive = true; },
      onEvents: (events) => { this.#show(events.filter((event) => this.#seen.addLive(event)).sort(byTime)); },
    });
  }

  async #sweepAgain(signal: AbortSignal): Promise<void> {
    const { wait } = this.#options;
    let failures = 0;
    // What a stream that rested has missed is caught up with at once.
    let delay = this.#position === undefined ? this.#plan.delay : 0;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      await wait(delay, AbortSignal.any([signal, ...(failures > 0 ? [] : [this.#wake.signal])]));
      if (signal.aborted) {
        return;
      }
      try {
        await this.#sweep(failures > 0, signal);
        failures = 0;
        ({ delay } = this.#plan);
      } catch (error) {
        if (signal.aborted || error instanceof CancelledError) {
          return;
        }
        failures += 1;
        delay = this.#retryIn(failures, error);
      }
    }
  }

  /** Reads again what may have come since, and shows what was not shown. @param mended after sweeps that failed */
  async #sweep(mended: boolean, signal: AbortSignal): Promise<void> {
    const { aws, groups, pattern } = this.#request;
    const now = this.#options.clock.now();
    const liveSince = this.#liveSince;
    const from = this.#plan.from(now);
    let [read, fresh, missed] = [0, 0, mended ? now - this.#plan.through : 0];
    let held: LogEvent[] = [];
    const release = (): void => {
      // Noted as shown only now: a sweep that fails, or is paused, before it shows them must find them again.
      const unseen = held.filter((event) => this.#seen.add(event));
      held = [];
      if (unseen.length > 0) {
        this.#backfill(unseen, liveSince, missed);
        [fresh, missed] = [fresh + unseen.length, 0];
      }
    };
    // Live Tail is given time to bring the newest itself.
    const isLeft = ({ ingestedAt }: LogEvent): boolean => liveSince !== undefined && ingestedAt >= liveSince && now - ingestedAt < GRACE_MS;
    for await (const batch of readHistory(aws, { groups, pattern, from }, signal)) {
      read += batch.length;
      held.push(...batch.filter((event) => !isLeft(event) && !this.#seen.has(event)));
      if (held.length > (liveSince === undefined ? 0 : MOST_HELD)) {
        release();
      }
      await setImmediate();
    }
    release();
    this.#plan.swept(now, from, read, fresh, liveSince !== undefined);
    this.#seen.forget(this.#plan.floor);
  }

  /** Shows what a sweep has found. @param missed for so long nothing could be read, ms */
  #backfill(events: readonly LogEvent[], liveSince: number | undefined, missed: number): void {
    const left = liveSince === undefined ? [] : events.filter(({ at, ingestedAt }) => ingestedAt >= liveSince && ingestedAt - at <= LATE_MS);
    const [first, last] = [left[0], left.at(-1)];
    if (first !== undefined && last !== undefined) {
      this.#note(`gap of ${Math.max(1, Math.ceil((last.at - first.at) / 1_000))} s, backfilled: ${plural(left.length, 'line')} that Live Tail left out`);
    } else if (missed > GAP_MS) {
      this.#note(`gap of ${Math.round(missed / 1_000)} s, backfilled`);
    }
    this.#show(events);
  }

  #show(events: readonly LogEvent[]): void {
    if (events.length === 0) {
      return;
    }
    // Most batches are shown as they are; the first event that is not makes another one of it.
    let entries: LogEntry[] | undefined;
    const changed = (index: number): LogEntry[] => entries ??= events.slice(0, index);
    let [next] = this.#markers;
    for (const [index, event] of events.entries()) {
      while (next !== undefined && next.at <= event.at) {
        changed(index).push(this.#shownMarker(next));
        this.#markers.shift();
        [next] = this.#markers;
      }
      if (this.#isPassed(event.at) && event.ingestedAt - event.at > LATE_MS) {
        changed(index).push({ ...event, late: true });
      } else {
        entries?.push(event);
      }
      this.#newest = Math.max(this.#newest, Math.min(event.at, event.ingestedAt));
    }
    this.#options.sink.show(entries ?? events);
  }

  /** Markers younger than every event so far. */
  #flushMarkers(): void {
    this.#options.sink.show(this.#markers.splice(0).map((marker) => this.#shownMarker(marker)));
  }

  #shownMarker(marker: Marker): LogEntry {
    return { kind: 'marker', ...(this.#isPassed(marker.at) ? { late: true } : {}), ...marker };
  }

  /** Whether something clearly younger was shown already. @param at epoch ms */
  #isPassed(at: number): boolean {
    return at < this.#newest - 1_000;
  }

  async #markAgain(signal: AbortSignal): Promise<void> {
    const { wait, clock } = this.#options;
    // What was deployed while the stream rested is shown, too.
    let from = (this.#position?.through ?? clock.now()) - DEEPEST_MS;
    while (!signal.aborted && this.#request.markers !== undefined) {
      await wait(MARKERS_EVERY_MS, signal);
      if (!signal.aborted) {
        const now = clock.now();
        await this.#readMarkers(Math.min(from, now - DEEPEST_MS), signal);
        from = now - DEEPEST_MS;
        this.#flushMarkers();
      }
    }
  }

  /** What cannot be read now is tried again; it never disturbs the stream. */
  async #readMarkers(from: number, signal: AbortSignal): Promise<void> {
    try {
      const found = await this.#request.markers?.(from, this.#options.clock.now(), signal) ?? [];
      const fresh = found.filter(({ key }) => !this.#markerKeys.has(key));
      fresh.forEach(({ key }) => this.#markerKeys.add(key));
      this.#markers = [...this.#markers, ...fresh].sort(byTime);
    } catch (error) {
      const key = 'unreadable';
      if (!signal.aborted && !this.#markerKeys.has(key)) {
        this.#markerKeys.add(key);
        this.#note(`deployments cannot be shown: ${messageOf(error)}`);
      }
    }
  }
}

/** Those of a batch for which it holds; the batch itself when that is all of it. */
function whichHold<T>(batch: readonly T[], holds: (item: T) => boolean): readonly T[] {
  const first = batch.findIndex((item) => !holds(item));
  return first === -1 ? batch : [...batch.slice(0, first), ...batch.slice(first + 1).filter(holds)];
}

function isThrottling(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && /Throttl|TooManyRequests|LimitExceeded/.test(cause.name);
}
