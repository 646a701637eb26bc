import { CloudWatchLogsClient, FilterLogEventsCommand, type FilterLogEventsCommandInput, type FilterLogEventsCommandOutput, type FilteredLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import type { DeserializeMiddleware } from '@smithy/types';
import { UserError } from '../../errors.ts';
import type { AwsSession } from './session.ts';

export interface LogEvent {
  readonly kind: 'event';
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
  /** Epoch ms; FilterLogEvents gives events of this very ms as well. Unset for open end. */
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
  const read = (token?: string): Promise<Page> => readPage(aws, query, token, AbortSignal.any([signal, abandoned.signal]));
  try {
    let pending: Promise<Page> | undefined = read();
    while (pending !== undefined) {
      const { events = [], nextToken }: Page = await pending;
      pending = nextToken ? read(nextToken) : undefined;
      // Whoever goes on awaits it; whoever does not has no use for its failure.
      pending?.catch(() => undefined);
      yield events.map((event) => eventOf(query.group, event));
    }
  } finally {
    abandoned.abort();
  }
}

/** An answer of FilterLogEvents as it is sent: JSON with times in ms, and null for what there is not. */
interface Page extends Pick<FilterLogEventsCommandOutput, 'events'> {
  readonly nextToken?: string | null;
}

async function readPage(aws: AwsSession, query: LogQuery, token: string | undefined, signal: AbortSignal): Promise<Page> {
  const limit = token === undefined ? query.firstPageSize ?? query.pageSize : query.pageSize;
  const command = new FilterLogEventsCommand({
    logGroupName: query.group,
    startTime: query.from,
    interleaved: true,
    ...(query.to === undefined ? {} : { endTime: query.to }),
    ...(query.pattern === '' ? {} : { filterPattern: query.pattern }),
    ...(limit === undefined ? {} : { limit }),
    ...(token === undefined ? {} : { nextToken: token }),
  });
  try {
    const page = parseAhead<Page>(command);
    await aws.client('logs', (config) => new CloudWatchLogsClient(config)).send(command, { abortSignal: signal });
    return page();
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') {
      throw new UserError(`There is no log group "${query.group}" in ${aws.options.region}. Correct logGroups in the runbook, or the region.`, { cause: error });
    }
    throw aws.explain(error, `reading the log group ${query.group}`, signal);
  }
}

/**
 * Reads the JSON of a good answer in one go and leaves the SDK an empty one: its own reading takes twice as long, which
 * tells with ten thousand events a page. Signing, retries and errors stay the SDK's.
 *
 * @returns gives what was answered, once the command was sent
 */
function parseAhead<T extends object>(command: FilterLogEventsCommand): () => T {
  let parsed: T | undefined;
  const ahead: DeserializeMiddleware<FilterLogEventsCommandInput, FilterLogEventsCommandOutput> = (next) => async (args) => {
    const result = await next(args);
    const response = result.response as { statusCode?: number; body?: AsyncIterable<Uint8Array> | Uint8Array };
    if (response.statusCode === 200 && response.body !== undefined && !(response.body instanceof Uint8Array)) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of response.body) {
        chunks.push(chunk);
      }
      const body = Buffer.concat(chunks);
      parsed = JSON.parse(body.toString('utf8')) as T;
      response.body = Buffer.from('{}');
    }
    return result;
  };
  command.middlewareStack.addRelativeTo(ahead, { relation: 'after', toMiddleware: 'deserializerMiddleware', name: 'parseAhead', override: true });
  return () => parsed ?? ({} as T);
}

function eventOf(group: string, event: FilteredLogEvent): LogEvent {
  return {
    kind: 'event',
    id: event.eventId ?? '',
    group,
    stream: event.logStreamName ?? '',
    at: event.timestamp ?? 0,
    ingestedAt: event.ingestionTime ?? 0,
    message: event.message ?? '',
  };
}
