import { CloudWatchLogsClient, FilterLogEventsCommand, type FilterLogEventsCommandOutput, type FilteredLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import { UserError } from '../../errors.ts';
import type { AwsSession } from './session.ts';

export interface LogEvent {
  /** Empty for an event of Live Tail, which names none. */
  readonly id: string;
  readonly group: string;
  readonly stream: string;
  /** Epoch ms: when the event happened. */
  readonly at: number;
  /** Epoch ms: when CloudWatch received it. */
  readonly ingestedAt: number;
  readonly message: string;
}

export interface LogQuery {
  readonly group: string;
  /** CloudWatch filter pattern; empty for everything. */
  readonly pattern: string;
  /** Epoch ms, inclusive. */
  readonly from: number;
  /** Epoch ms, exclusive; unset for open end. */
  readonly to?: number;
  /** Events asked for at a time, at most 10,000. */
  readonly pageSize?: number;
  /** Events asked for first, at most 10,000: with few of them the first lines are there at once. */
  readonly firstPageSize?: number;
}

/**
 * Events of a log group page by page (FilterLogEvents), the next page being read while the one before is used. Pages
 * may be empty without being the last; only a missing token ends it.
 *
 * @throws UserError, also when there is no such log group
 */
export async function* filterLogEvents(aws: AwsSession, query: LogQuery, signal: AbortSignal): AsyncGenerator<readonly LogEvent[]> {
  // Ends the page that was asked for ahead once nobody wants it any more.
  const abandoned = new AbortController();
  const read = (token?: string): Promise<FilterLogEventsCommandOutput> => readPage(aws, query, token, AbortSignal.any([signal, abandoned.signal]));
  try {
    let pending: Promise<FilterLogEventsCommandOutput> | undefined = read();
    while (pending !== undefined) {
      const { events = [], nextToken }: FilterLogEventsCommandOutput = await pending;
      pending = nextToken === undefined ? undefined : read(nextToken);
      // Whoever goes on awaits it; whoever does not has no use for its failure.
      pending?.catch(() => undefined);
      yield events.map((event) => eventOf(query.group, event));
    }
  } finally {
    abandoned.abort();
  }
}

async function readPage(aws: AwsSession, query: LogQuery, token: string | undefined, signal: AbortSignal): Promise<FilterLogEventsCommandOutput> {
  const limit = token === undefined ? query.firstPageSize ?? query.pageSize : query.pageSize;
  try {
    return await aws.client('logs', (config) => new CloudWatchLogsClient(config)).send(new FilterLogEventsCommand({
      logGroupName: query.group,
      startTime: query.from,
      interleaved: true,
      ...(query.to === undefined ? {} : { endTime: query.to }),
      ...(query.pattern === '' ? {} : { filterPattern: query.pattern }),
      ...(limit === undefined ? {} : { limit }),
      ...(token === undefined ? {} : { nextToken: token }),
    }), { abortSignal: signal });
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') {
      throw new UserError(`There is no log group "${query.group}" in ${aws.options.region}. Correct logGroups in the runbook, or the region.`, { cause: error });
    }
    throw aws.explain(error, `reading the log group ${query.group}`, signal);
  }
}

function eventOf(group: string, event: FilteredLogEvent): LogEvent {
  return {
    id: event.eventId ?? '',
    group,
    stream: event.logStreamName ?? '',
    at: event.timestamp ?? 0,
    ingestedAt: event.ingestionTime ?? 0,
    message: event.message ?? '',
  };
}
