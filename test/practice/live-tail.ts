import { setTimeout as delay } from 'node:timers/promises';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { EventStreamCodec } from '@smithy/core/event-streams';
import type { Clock } from '../../src/incident/clock.ts';
import { type Answer, type AwsCall, type Overlay, errorAnswer } from './aws-request.ts';
import type { AwsClients } from './aws-writer.ts';
import { FilterPatternError, filterPattern } from './filter-pattern.ts';
import { chance, type JournalEvent, type LogJournal } from './log-journal.ts';
import { ACCOUNT } from './resources.ts';

/** What goes wrong with Live Tail, for the sessions that run as well as for new ones. */
export interface LiveTailFaults {
  /** Share of the events that never come, 0 to 1. */
  readonly drop?: number;
  /** Share of the events that come `delayMs` later than they could, 0 to 1. */
  readonly delayedShare?: number;
  readonly delayMs?: number;
  /** A session's connection is cut so long after its start. */
  readonly cutAfterMs?: number;
  /** A session times out so long after its start; after 3 h at AWS. */
  readonly sessionMs?: number;
  /** Most events of an update; 500 at AWS. */
  readonly sampleAbove?: number;
  /** Error code with which new sessions are refused, e.g. `AccessDeniedException`. */
  readonly refuse?: string;
}

/** How running sessions can end before their time. */
export type SessionEnd = 'cut' | 'SessionTimeoutException' | 'SessionStreamingException';

/** Steers Live Tail. */
export interface PracticeLiveTail {
  /** Replaces all faults; `{}` for none. */
  faults(faults: LiveTailFaults): void;
  /** Ends every running session now. Gives their number. */
  end(how: SessionEnd): number;
  /** Sessions that run. */
  readonly sessions: number;
}

interface Asked {
  readonly logGroupIdentifiers?: readonly string[];
  readonly logStreamNames?: readonly string[];
  readonly logStreamNamePrefixes?: readonly string[];
  readonly logEventFilterPattern?: string;
}

interface Session {
  readonly id: string;
  readonly asked: Asked;
  readonly matches: (event: JournalEvent) => boolean;
  readonly ended: AbortController;
}

export interface LiveTailOptions {
  readonly clock: Clock;
  readonly journal: LogJournal;
  readonly clients: Pick<AwsClients, 'logs'>;
}

const MAX_GROUPS = 10;
const UPDATE_MS = 1_000;
const SESSION_MS = 3 * 3_600_000;
const SAMPLE_ABOVE = 500;
const GROUP_ARN = /^arn:aws[\w-]*:logs:[\w-]+:\d{12}:log-group:([\w#./-]+)$/;

const MESSAGES: Readonly<Record<Exclude<SessionEnd, 'cut'>, string>> = {
  SessionTimeoutException: 'The session has timed out.',
  SessionStreamingException: 'An unknown error occurred during the streaming of the session.',
};

const codec = new EventStreamCodec((bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'), (text) => Buffer.from(text, 'utf8'));

/** StartLiveTail, which moto lacks: an event stream over plain HTTP with an update each second. */
export function createLiveTail({ clock, journal, clients }: LiveTailOptions): Overlay & { readonly control: PracticeLiveTail } {
  const sessions = new Set<Session>();
  let faults: LiveTailFaults = {};

  const start = async (call: AwsCall): Promise<Answer> => {
    if (faults.refuse !== undefined) {
      return errorAnswer(call, 400, faults.refuse, `User: arn:aws:iam::${ACCOUNT}:user/practice is not authorized to perform: logs:StartLiveTail`);
    }
    const asked = JSON.parse(call.body.toString('utf8')) as Asked;
    const wrong = invalid(asked);
    if (wrong !== undefined) {
      return errorAnswer(call, 400, 'InvalidParameterException', wrong);
    }
    const groups = (asked.logGroupIdentifiers ?? []).map((arn) => GROUP_ARN.exec(arn)?.[1] ?? '');
    for (const logGroupNamePrefix of groups) {
      const { logGroups = [] } = await clients.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix }));
      if (!logGroups.some(({ logGroupName }) => logGroupName === logGroupNamePrefix)) {
        return errorAnswer(call, 400, 'ResourceNotFoundException', `The specified log group does not exist: ${logGroupNamePrefix}`);
      }
    }
    const session: Session = { id: crypto.randomUUID(), asked, matches: matcher(asked, groups), ended: new AbortController() };
    return {
      status: 200, headers: { 'content-type': 'application/vnd.amazon.eventstream' },
      body: eventFrame('sessionStart', { requestId: crypto.randomUUID(), sessionId: session.id, ...asked }),
      rest: (gone) => registered(session, gone),
    };
  };

  async function* registered(session: Session, gone: AbortSignal): AsyncGenerator<Buffer> {
    sessions.add(session);
    try {
      yield* updates(session, AbortSignal.any([gone, session.ended.signal]));
    } finally {
      sessions.delete(session);
    }
  }

  async function* updates({ matches, ended }: Session, over: AbortSignal): AsyncGenerator<Buffer> {
    const began = performance.now();
    let next = journal.end;
    let waiting: readonly JournalEvent[] = [];
    for (;;) {
      const { cutAfterMs = Number.POSITIVE_INFINITY, sessionMs = SESSION_MS } = faults;
      const left = (): number => Math.min(cutAfterMs, sessionMs) - (performance.now() - began);
      await delay(Math.max(0, Math.min(UPDATE_MS, left())), undefined, { signal: over }).catch(() => undefined);
      if (over.aborted) {
        // Without a reason of ours it is the caller who has gone.
        yield* ended.signal.aborted ? last(ended.signal.reason as SessionEnd) : [];
        return;
      }
      if (left() <= 0) {
        yield* last(cutAfterMs <= sessionMs ? 'cut' : 'SessionTimeoutException');
        return;
      }
      const now = clock.now();
      const fresh = journal.since(next);
      next += fresh.length;
      const held = [...waiting, ...fresh.filter((event) => matches(event) && chance(event.place, 'dropped') >= (faults.drop ?? 0))];
      waiting = held.filter((event) => dueAt(event, faults) > now);
      yield update(held.filter((event) => dueAt(event, faults) <= now), faults.sampleAbove ?? SAMPLE_ABOVE);
    }
  }

  return {
    matches: ({ service, operation }) => service === 'logs' && operation === 'StartLiveTail',
    answer: start,
    control: {
      faults(changed) {
        faults = changed;
      },
      end(how) {
        const running = [...sessions];
        running.forEach(({ ended }) => { ended.abort(how); });
        return running.length;
      },
      get sessions() { return sessions.size; },
    },
  };
}

/** What CloudWatch says of a request that it refuses. */
function invalid({ logGroupIdentifiers: groups = [], logStreamNames, logStreamNamePrefixes, logEventFilterPattern = '' }: Asked): string | undefined {
  if (groups.length === 0 || groups.length > MAX_GROUPS) {
    return `1 validation error detected: Value at 'logGroupIdentifiers' failed to satisfy constraint: Member must have length between 1 and ${MAX_GROUPS}`;
  }
  const wrong = groups.find((arn) => !GROUP_ARN.test(arn));
  if (wrong !== undefined) {
    return `The specified log group identifier is not a valid ARN: ${wrong}`;
  }
  if (logStreamNames !== undefined && logStreamNamePrefixes !== undefined) {
    return 'LogStreamNames and LogStreamNamePrefixes cannot be specified together.';
  }
  if (groups.length > 1 && (logStreamNames ?? logStreamNamePrefixes) !== undefined) {
    return 'Log streams can only be specified with one log group.';
  }
  try {
    filterPattern(logEventFilterPattern);
    return undefined;
  } catch (error) {
    return error instanceof FilterPatternError ? error.message : String(error);
  }
}

function matcher({ logStreamNames, logStreamNamePrefixes, logEventFilterPattern = '' }: Asked, groups: readonly string[]): Session['matches'] {
  const matches = filterPattern(logEventFilterPattern);
  return ({ group, stream, message }) => groups.includes(group) && logStreamNames?.includes(stream) !== false
    && logStreamNamePrefixes?.some((prefix) => stream.startsWith(prefix)) !== false && matches(message);
}

/** When Live Tail can show an event, epoch ms. */
function dueAt({ place, ingestionTime }: JournalEvent, { delayedShare = 0, delayMs = 0 }: LiveTailFaults): number {
  return ingestionTime + (chance(place, 'delayed') < delayedShare ? delayMs : 0);
}

function update(events: readonly JournalEvent[], most: number): Buffer {
  const sampled = events.length > most;
  const chosen = sampled
    ? new Set(events.toSorted((one, other) => chance(one.place, 'sampled') - chance(other.place, 'sampled')).slice(0, most))
    : undefined;
  return eventFrame('sessionUpdate', {
    sessionMetadata: { sampled },
    sessionResults: events.filter((event) => chosen?.has(event) !== false).map(({ group, stream, timestamp, ingestionTime, message }) =>
      ({ logStreamName: stream, logGroupIdentifier: `${ACCOUNT}:${group}`, message, timestamp, ingestionTime })),
  });
}

/** @throws Error for what ends by cutting the connection */
function* last(end: SessionEnd): Generator<Buffer> {
  if (end === 'cut') {
    throw new Error('The connection is cut');
  }
  yield frame({ ':message-type': 'exception', ':exception-type': end }, { message: MESSAGES[end] });
}

const eventFrame = (type: string, value: object): Buffer => frame({ ':message-type': 'event', ':event-type': type }, value);

function frame(headers: Readonly<Record<string, string>>, value: object): Buffer {
  const typed = Object.entries({ ...headers, ':content-type': 'application/json' }).map(([name, text]) => [name, { type: 'string' as const, value: text }]);
  return Buffer.from(codec.encode({ headers: Object.fromEntries(typed), body: Buffer.from(JSON.stringify(value)) }));
}
