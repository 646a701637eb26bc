/** Live Tail as long as there is one: sessions follow each other, and polling takes over in between. */
import { CancelledError, messageOf } from '../errors.ts';
import type { LogEvent } from '../services/aws/logs.ts';
import { withoutPeriod } from '../text.ts';
import type { LogStreamRequest } from './log-streams.ts';
import { retryIn } from './retry.ts';

export interface LiveOptions {
  readonly request: LogStreamRequest;
  readonly isWanted: boolean;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  /** Epoch ms. */
  readonly now: () => number;
  /** Says in a line of the stream what changes. */
  readonly note: (text: string) => void;
  /** A session is about to be opened. */
  readonly onOpening: () => void;
  /** A session stands, or stands no more. */
  readonly onLive: (isLive: boolean) => void;
  readonly onEvents: (events: readonly LogEvent[]) => void;
}

/** Sessions in a row that could not be opened, or were cut as soon as they stood; then it is left at polling. */
const MOST_FAILURES = 6;
/** A session that stood for so long has worked, ms. */
const STOOD_MS = 30_000;
const RETRY_MS = 500;
/** Sampling is said again when it has not been said for so many updates. */
const SAMPLED_EVERY = 30;

/** Ends when Live Tail is not to be had, or with the signal. */
export async function followLive({ request, isWanted, wait, signal, now, note, onOpening, onLive, onEvents }: LiveOptions): Promise<void> {
  const { liveTail, LiveTailRefusedError, MOST_GROUPS, SessionEndedError } = await import('../services/aws/live-tail.ts');
  if (!isWanted || request.groups.length > MOST_GROUPS) {
    note(isWanted ? `polling: Live Tail takes ${MOST_GROUPS} log groups at most` : 'polling: Live Tail is switched off');
    return;
  }
  let [failures, sessions, sinceSampled] = [0, 0, SAMPLED_EVERY];
  while (!signal.aborted) {
    let [startedAt, delay] = [Number.POSITIVE_INFINITY, 0];
    try {
      onOpening();
      for await (const update of liveTail(request.aws, request.groups, request.pattern, signal)) {
        if (update.kind === 'started') {
          note(sessions === 0 ? 'following by Live Tail' : 'session renewed');
          startedAt = now();
          sessions += 1;
          onLive(true);
          continue;
        }
        if (update.sampled && sinceSampled >= SAMPLED_EVERY) {
          note('sampled: more than 500 lines a second, so Live Tail leaves some out; they follow');
          sinceSampled = 0;
        }
        sinceSampled += 1;
        onEvents(update.events);
      }
    } catch (error) {
      if (signal.aborted || error instanceof CancelledError) {
        return;
      }
      failures = now() - startedAt >= STOOD_MS ? 0 : failures + 1;
      if (error instanceof LiveTailRefusedError || failures > MOST_FAILURES) {
        note(`polling instead of Live Tail: ${withoutPeriod(messageOf(error))}`);
        return;
      }
      delay = retryIn(failures, RETRY_MS);
      if (!(error instanceof SessionEndedError)) {
        note(`Live Tail is interrupted, polling meanwhile, next try in ${delay / 1_000} s`);
      }
    } finally {
      onLive(false);
    }
    await wait(delay, signal);
  }
}
