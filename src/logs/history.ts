/** What the log groups hold of a time, merged by event time (runbook 5.1). */
import type { AwsSession } from '../services/aws/session.ts';
import type { LogEvent } from '../services/aws/logs.ts';
import { byTime } from './log-entry.ts';

export interface HistoryQuery {
  readonly groups: readonly string[];
  /** CloudWatch filter pattern; empty for everything. */
  readonly pattern: string;
  /** Epoch ms, inclusive. */
  readonly from: number;
  /** Epoch ms, inclusive; unset for open end. */
  readonly to?: number;
}

/** Events of the first page of each group: few, so that the first lines are there at once. */
const FIRST_PAGE = 100;
/** Events that are a batch of their own, less than a screen: what belongs between the others has a moment to arrive. */
const FIRST_BATCH = 20;

/**
 * Batches in the order of the event time, over all groups. A batch comes as soon as nothing older can follow.
 *
 * @throws UserError when a group cannot be read
 */
export async function* readHistory(aws: AwsSession, query: HistoryQuery, signal: AbortSignal): AsyncGenerator<readonly LogEvent[]> {
  let isFirst = true;
  for await (const batch of readMerged(aws, query, signal)) {
    if (isFirst && batch.length > FIRST_BATCH) {
      yield batch.slice(0, FIRST_BATCH);
      yield batch.slice(FIRST_BATCH);
    } else {
      yield batch;
    }
    isFirst &&= batch.length === 0;
  }
}

async function* readMerged(aws: AwsSession, { groups, ...query }: HistoryQuery, signal: AbortSignal): AsyncGenerator<readonly LogEvent[]> {
  const { filterLogEvents } = await import('../services/aws/logs.ts');
  const sources = groups.map((group) => ({ pages: filterLogEvents(aws, { ...query, group, firstPageSize: FIRST_PAGE }, signal), held: [] as LogEvent[], ended: false }));
  const [only] = sources;
  if (only !== undefined && sources.length === 1) {
    yield* only.pages;
    return;
  }
  while (sources.some(({ ended, held }) => !ended || held.length > 0)) {
    await Promise.all(sources.map(async (source) => {
      while (source.held.length === 0 && !source.ended) {
        const next = await source.pages.next();
        if (next.done === true) {
          source.ended = true;
        } else {
          source.held.push(...next.value);
        }
      }
    }));
    // Nothing older than the end of the page that ends first can still come.
    const complete = Math.min(...sources.filter(({ ended }) => !ended).map(({ held }) => held.at(-1)?.at ?? 0));
    const ready = sources.flatMap((source) => {
      const upTo = source.held.findLastIndex(({ at }) => at <= complete) + 1;
      return source.held.splice(0, upTo);
    });
    if (ready.length > 0) {
      yield ready.sort(byTime);
    }
  }
}
