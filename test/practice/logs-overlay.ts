import type { Clock } from '../../src/incident/clock.ts';
import { type Answer, type AwsCall, type Forward, type Overlay, errorAnswer, jsonAnswer } from './aws-request.ts';
import { FilterPatternError, filterPattern } from './filter-pattern.ts';
import type { JournalEvent, LogJournal } from './log-journal.ts';

const MAX_PAGE_EVENTS = 10_000;
const MAX_PAGE_BYTES = 1_048_576;
/** What CloudWatch counts for an event besides its message, bytes. */
const EVENT_OVERHEAD = 26;

interface Filter {
  readonly logGroupName?: string;
  readonly logGroupIdentifier?: string;
  readonly logStreamNames?: readonly string[];
  readonly logStreamNamePrefix?: string;
  readonly startTime?: number;
  readonly endTime?: number;
  readonly filterPattern?: string;
  readonly limit?: number;
  readonly nextToken?: string;
}

/**
 * FilterLogEvents as CloudWatch answers it: sorted by time over all streams, page by page, with filter patterns, and
 * late events only when they have been ingested. moto does none of that, but it keeps the groups.
 */
export function createLogsOverlay({ clock, journal }: { readonly clock: Clock; readonly journal: LogJournal }): Overlay {
  return {
    matches: ({ service, operation }) => service === 'logs' && ['PutLogEvents', 'FilterLogEvents'].includes(operation),
    answer: (call, forward) => call.operation === 'PutLogEvents' ? put(call, forward, journal) : filter(call, forward, journal, clock.now()),
  };
}

async function put(call: AwsCall, forward: Forward, journal: LogJournal): Promise<Answer> {
  const { logGroupName, logStreamName, logEvents } = JSON.parse(call.body.toString('utf8')) as {
    logGroupName: string; logStreamName: string; logEvents: { timestamp: number; message: string }[];
  };
  // Whoever reads before the answer is here must not get the events from moto, which names them otherwise.
  const taken = journal.expect(logGroupName);
  const answer = await forward();
  taken(answer.status === 200);
  if (answer.status === 200) {
    const { rejectedLogEventsInfo: rejected = {} } = JSON.parse(answer.body.toString('utf8')) as {
      rejectedLogEventsInfo?: { tooNewLogEventStartIndex?: number; tooOldLogEventEndIndex?: number; expiredLogEventEndIndex?: number };
    };
    const from = Math.max(rejected.tooOldLogEventEndIndex ?? 0, rejected.expiredLogEventEndIndex ?? 0);
    journal.add(logGroupName, logStreamName, logEvents.slice(from, rejected.tooNewLogEventStartIndex));
  }
  return answer;
}

async function filter(call: AwsCall, forward: Forward, journal: LogJournal, now: number): Promise<Answer> {
  const asked = JSON.parse(call.body.toString('utf8')) as Filter;
  const group = asked.logGroupName ?? asked.logGroupIdentifier?.replace(/^arn:[^/]*:log-group:/, '') ?? '';
  // moto knows whether such a group exists; events that it got meanwhile are those of the journal, with other ids.
  const answer = journal.group(group) === undefined ? await forward() : undefined;
  const events = journal.group(group);
  return events === undefined ? answer ?? forward() : page(call, asked, events, now);
}

function page(call: AwsCall, asked: Filter, events: readonly JournalEvent[], now: number): Answer {
  const { startTime = 0, endTime = Number.POSITIVE_INFINITY, limit = MAX_PAGE_EVENTS, logStreamNames, logStreamNamePrefix = '' } = asked;
  const after = asked.nextToken === undefined ? undefined : positionOf(asked.nextToken);
  if (after === null) {
    return errorAnswer(call, 400, 'InvalidParameterException', 'The specified nextToken is invalid.');
  }
  if (limit < 1 || limit > MAX_PAGE_EVENTS) {
    return errorAnswer(call, 400, 'InvalidParameterException', `1 validation error detected: Value '${limit}' at 'limit' failed to satisfy constraint: Member must have value less than or equal to ${MAX_PAGE_EVENTS}`);
  }
  let matches;
  try {
    matches = filterPattern(asked.filterPattern ?? '');
  } catch (error) {
    if (error instanceof FilterPatternError) {
      return errorAnswer(call, 400, 'InvalidParameterException', error.message);
    }
    throw error;
  }
  const found: JournalEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const wanted = event.timestamp >= startTime && event.timestamp <= endTime && event.ingestionTime <= now && isAfter(event, after)
      && logStreamNames?.includes(event.stream) !== false && event.stream.startsWith(logStreamNamePrefix) && matches(event.message);
    if (wanted) {
      bytes += Buffer.byteLength(event.message) + EVENT_OVERHEAD;
      const last = found.at(-1);
      if (last !== undefined && (found.length === limit || bytes > MAX_PAGE_BYTES)) {
        return jsonAnswer({ events: found.map(shown), searchedLogStreams: [], nextToken: tokenOf(last) });
      }
      found.push(event);
    }
  }
  return jsonAnswer({ events: found.map(shown), searchedLogStreams: [] });
}

function shown({ place, stream, timestamp, ingestionTime, message }: JournalEvent): object {
  return { eventId: String(place + 1).padStart(56, '3'), logStreamName: stream, timestamp, ingestionTime, message };
}

type Position = Pick<JournalEvent, 'timestamp' | 'place'>;

const tokenOf = ({ timestamp, place }: Position): string => Buffer.from(JSON.stringify([timestamp, place])).toString('base64url');

/** Null for what is no token. */
function positionOf(token: string): Position | null {
  try {
    const [timestamp, place] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as [number, number];
    return { timestamp, place };
  } catch {
    return null;
  }
}

function isAfter(event: Position, position: Position | undefined): boolean {
  return position === undefined || event.timestamp > position.timestamp || (event.timestamp === position.timestamp && event.place > position.place);
}
