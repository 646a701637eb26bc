/** Log events as CloudWatch receives them (StartLiveTail). */
import { CloudWatchLogsClient, paginateDescribeLogGroups, StartLiveTailCommand, type LiveTailSessionLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import { CancelledError, UserError } from '../../errors.ts';
import type { LogEvent } from './logs.ts';
import type { AwsSession } from './session.ts';

/** Groups that one session takes. */
export const MOST_GROUPS = 10;

export type LiveUpdate =
  | { readonly kind: 'started' }
  /** `sampled`: more than 500 events a second match, and these are only some of them. */
  | { readonly kind: 'events'; readonly sampled: boolean; readonly events: readonly LogEvent[] };

/** The session lasts at most three hours; then CloudWatch ends it. */
export class SessionEndedError extends Error {}

/** It is not to be had here: no permission, another region's service, an emulator. Trying again is no use. */
export class LiveTailRefusedError extends Error {}

/**
 * One session. What it gives is not complete: above 500 events a second it samples, and a slow reader loses the oldest.
 *
 * @param pattern CloudWatch filter pattern; empty for everything
 * @throws SessionEndedError, LiveTailRefusedError, CancelledError; UserError when the connection is lost
 */
export async function* liveTail(aws: AwsSession, groups: readonly string[], pattern: string, signal: AbortSignal): AsyncGenerator<LiveUpdate> {
  const client = aws.client('logs', (config) => new CloudWatchLogsClient(config));
  try {
    const arns = await arnsOf(client, groups, signal);
    const { responseStream } = await client.send(new StartLiveTailCommand({
      logGroupIdentifiers: [...arns.keys()],
      ...(pattern === '' ? {} : { logEventFilterPattern: pattern }),
    }), { abortSignal: signal });
    for await (const { sessionStart, sessionUpdate, SessionTimeoutException: timeout, SessionStreamingException: failure } of responseStream ?? []) {
      if (timeout !== undefined || failure !== undefined) {
        throw timeout ?? failure;
      }
      if (sessionStart !== undefined) {
        yield { kind: 'started' };
      } else if (sessionUpdate !== undefined) {
        const { sessionResults = [], sessionMetadata } = sessionUpdate;
        yield { kind: 'events', sampled: sessionMetadata?.sampled === true, events: sessionResults.map((event) => eventOf(arns, event)) };
      }
    }
    throw new SessionEndedError('CloudWatch has ended the session');
  } catch (error) {
    throw explain(error, aws, signal);
  }
}

function explain(error: unknown, aws: AwsSession, signal: AbortSignal): Error {
  if (signal.aborted) {
    return new CancelledError();
  }
  const name = error instanceof Error ? error.name : '';
  if (name === 'SessionTimeoutException') {
    return new SessionEndedError('CloudWatch has ended the session', { cause: error });
  }
  if (error instanceof SessionEndedError) {
    return error;
  }
  const explained = aws.explain(error, 'following the logs by Live Tail', signal);
  return /AccessDenied|NotAuthorized|UnknownOperation|NotImplemented|InvalidOperation|InvalidParameter|ValidationException/.test(name) || !isTemporary(error)
    ? new LiveTailRefusedError(explained.message, { cause: error }) : explained;
}

/** A broken connection or a service that is busy; an answer that is no event stream is neither. */
function isTemporary(error: unknown): boolean {
  return !(error instanceof SyntaxError) && !(error instanceof UserError && error.cause === undefined);
}

/** ARN of each group, without the `:*` that CloudWatch ends some with, → its name. */
async function arnsOf(client: CloudWatchLogsClient, groups: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const arns = await Promise.all(groups.map(async (name) => {
    for await (const { logGroups = [] } of paginateDescribeLogGroups({ client }, { logGroupNamePrefix: name }, { abortSignal: signal })) {
      const found = logGroups.find(({ logGroupName }) => logGroupName === name);
      const arn = found?.logGroupArn ?? found?.arn;
      if (arn !== undefined) {
        return [arn.replace(/:\*$/, ''), name] as const;
      }
    }
    throw new UserError(`There is no log group "${name}".`);
  }));
  return new Map(arns);
}

/** Results name the group by its ARN or by `account:name`. */
function eventOf(arns: ReadonlyMap<string, string>, { logGroupIdentifier = '', logStreamName = '', timestamp = 0, ingestionTime = 0, message = '' }: LiveTailSessionLogEvent): LogEvent {
  const group = arns.get(logGroupIdentifier.replace(/:\*$/, '')) ?? logGroupIdentifier.replace(/^\d{12}:/, '');
  return { kind: 'event', id: '', group, stream: logStreamName, at: timestamp, ingestedAt: ingestionTime, message };
}
