/** From PutLogEvents to the drawn line, against the practice environment: by Live Tail and by polling. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { systemClock } from '../../src/incident/clock.ts';
import { LogStreamer } from '../../src/logs/stream.ts';
import { AwsSession } from '../../src/services/aws/session.ts';
import { wait } from '../../src/wait.ts';
import { startPractice } from '../practice/environment.ts';
import { REGION } from '../practice/resources.ts';
import { until } from '../support/until.ts';
import { drawnSink } from './drawn-sink.ts';

const EVENTS = 100;
/** No divisor of a second: the events meet every phase of updates and polls. */
const BETWEEN_MS = 137;

/** ms from the call of PutLogEvents to the drawn line, one for each event. */
export interface Lags {
  readonly live: readonly number[];
  readonly polling: readonly number[];
}

export async function measureLags(): Promise<Lags> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'bench-lag-'));
  const practice = await startPractice({ dir, tickMs: 3_600_000 });
  const before = { ...process.env };
  // The session of the extension takes its credentials from the environment.
  Object.assign(process.env, practice.env);
  const aws = new AwsSession({ region: REGION, endpoint: practice.awsEndpoint });
  const client = new CloudWatchLogsClient({ region: REGION, endpoint: practice.awsEndpoint });
  try {
    return { live: await lagsOf(aws, client, '/bench/live', true), polling: await lagsOf(aws, client, '/bench/polling', false) };
  } finally {
    client.destroy();
    aws.dispose();
    process.env = before;
    await practice.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function lagsOf(aws: AwsSession, client: CloudWatchLogsClient, group: string, live: boolean): Promise<readonly number[]> {
  const put = new Map<string, number>();
  const lags = new Map<string, number>();
  await client.send(new CreateLogGroupCommand({ logGroupName: group }));
  await client.send(new CreateLogStreamCommand({ logGroupName: group, logStreamName: 'one' }));
  const streams = new LogStreamer({
    clock: systemClock, wait, live: () => live,
    sink: drawnSink([group], {
      onDraw: ({ messages }) => {
        for (const { text } of messages) {
          const message = /event \d+$/.exec(text)?.[0] ?? '';
          lags.set(message, performance.now() - (put.get(message) ?? Number.NaN));
        }
      },
    }),
  });
  try {
    await streams.start({ aws, environment: 'production', groups: [group], pattern: '', from: systemClock.now() }, AbortSignal.timeout(120_000));
    for (let index = 0; index < EVENTS; index += 1) {
      const message = `event ${index}`;
      put.set(message, performance.now());
      await client.send(new PutLogEventsCommand({ logGroupName: group, logStreamName: 'one', logEvents: [{ timestamp: systemClock.now(), message }] }));
      await delay(BETWEEN_MS);
    }
    await until(`all events of ${group}`, () => lags.size === EVENTS, 30_000);
  } finally {
    streams.stop();
  }
  return [...lags.values()];
}
