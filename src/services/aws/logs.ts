import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { UserError } from '../../errors.ts';
import type { AwsSession } from './session.ts';

export interface LogEvent {
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
}

/**
 * Events of a log group page by page (FilterLogEvents). Pages may be empty without being the last; only a
 * missing token ends it.
 *
 * @throws UserError, also when there is no such log group
 */
export async function* filterLogEvents(aws: AwsSession, query: LogQuery, signal: AbortSignal): AsyncGenerator<readonly LogEvent[]> {
  const client = aws.client('logs', (config) => new CloudWatchLogsClient(config));
  let next: string | undefined;
  do {
    let page;
    try {
      page = await client.send(new FilterLogEventsCommand({
        logGroupName: query.group,
        startTime: query.from,
        interleaved: true,
        ...(query.to === undefined ? {} : { endTime: query.to }),
        ...(query.pattern === '' ? {} : { filterPattern: query.pattern }),
        ...(query.pageSize === undefined ? {} : { limit: query.pageSize }),
        ...(next === undefined ? {} : { nextToken: next }),
      }), { abortSignal: signal });
    } catch (error) {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') {
        throw new UserError(`There is no log group "${query.group}" in ${aws.options.region}. Correct logGroups in the runbook, or the region.`, { cause: error });
      }
      throw aws.explain(error, `reading the log group ${query.group}`, signal);
    }
    yield (page.events ?? []).map((event) => ({
      id: event.eventId ?? '',
      group: query.group,
      stream: event.logStreamName ?? '',
      at: event.timestamp ?? 0,
      ingestedAt: event.ingestionTime ?? 0,
      message: event.message ?? '',
    }));
    next = page.nextToken;
  } while (next !== undefined);
}
