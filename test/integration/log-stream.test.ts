/** The log stream on a CloudWatch that drops, delays, throttles, cuts and refuses: nothing is lost, nothing shown twice. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { systemClock } from '../../src/incident/clock.ts';
import { ecsMarkers, together } from '../../src/logs/deploy-markers.ts';
import type { LogEntry } from '../../src/logs/log-entry.ts';
import { SeenEvents } from '../../src/logs/seen-events.ts';
import { LogStreamer } from '../../src/logs/stream.ts';
import { AwsSession } from '../../src/services/aws/session.ts';
import { wait } from '../../src/wait.ts';
import { type Practice, startPractice } from '../practice/environment.ts';
import { throttling } from '../practice/faults.ts';
import { STORY } from '../practice/model.ts';
import { CLUSTER, REGION, SERVICE } from '../practice/resources.ts';
import { NO_AWS } from '../support/aws-stub.ts';
import { useEnvironment } from '../support/environment-variables.ts';
import { until } from '../support/until.ts';

/** Deployments are asked for every half minute: longer than a test waits, ms. */
const MOST_WAIT_MS = 10_000;
const STREAMS = ['api/one', 'api/two'];

describe('the log stream on CloudWatch', function () {
  this.timeout(60_000);
  useEnvironment({ ...NO_AWS, AWS_ACCESS_KEY_ID: 'practice', AWS_SECRET_ACCESS_KEY: 'practice', AWS_REGION: REGION });
  let dir: string;
  let practice: Practice;
  let client: CloudWatchLogsClient;
  let aws: AwsSession;
  let groups: string[] = [];
  let count = 0;
  let written: string[] = [];
  const streamers: LogStreamer[] = [];

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'log-stream-'));
    practice = await startPractice({ dir, tickMs: 3_600_000, rolloutMs: 2_000 });
    client = new CloudWatchLogsClient({ endpoint: practice.awsEndpoint, region: REGION, credentials: { accessKeyId: 'practice', secretAccessKey: 'practice' } });
    aws = new AwsSession({ region: REGION, endpoint: practice.awsEndpoint });
  });
  after(async () => {
    client?.destroy();
    aws?.dispose();
    await practice?.stop();
    await rm(dir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    count += 1;
    groups = [`/stream/a-${count}`, `/stream/b-${count}`];
    written = [];
    for (const logGroupName of groups) {
      await client.send(new CreateLogGroupCommand({ logGroupName }));
      await Promise.all(STREAMS.map((logStreamName) => client.send(new CreateLogStreamCommand({ logGroupName, logStreamName }))));
    }
    practice.control.clearCalls();
  });
  afterEach(() => {
    streamers.splice(0).forEach((streamer) => { streamer.stop(); });
    practice.control.logs.liveTail.faults({});
    practice.control.logs.late(undefined);
    practice.control.clearFaults();
  });

  /** Lines into every stream of every group. @param back how long ago they happened, ms */
  const write = async (name: string, lines: number, back = 0): Promise<void> => {
    await Promise.all(groups.flatMap((logGroupName) => STREAMS.map(async (logStreamName) => {
      const at = Date.now() - back;
      const messages = Array.from({ length: lines }, (_, index) => `${name} ${logGroupName} ${logStreamName} ${index}`);
      await client.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents: messages.map((message) => ({ timestamp: at, message })) }));
      written.push(...messages);
    })));
  };
  const build = (most = MOST_WAIT_MS) => {
    const entries: LogEntry[] = [];
    const streamer = new LogStreamer({ sink: { show: (more) => { entries.push(...more); }, reveal: () => undefined, streaming: () => undefined }, clock: systemClock, wait: (ms, signal) => wait(Math.min(ms, most), signal) });
    streamers.push(streamer);
    return {
      streamer,
      messages: () => entries.flatMap((entry) => (entry.kind === 'event' ? [entry.message] : [])),
      markers: () => entries.flatMap((entry) => (entry.kind === 'marker' ? [entry.text] : [])),
      shown: () => entries.map((entry) => (entry.kind === 'event' ? entry.message : entry.text)),
      notes: () => entries.flatMap((entry) => (entry.kind === 'note' ? [entry.text] : [])),
    };
  };
  const request = () => ({ aws, environment: 'production', groups, pattern: '', from: Date.now() - 3_600_000 });
  const never = new AbortController().signal;
  const noted = (notes: () => readonly string[], pattern: RegExp) => until(String(pattern), () => notes().some((note) => pattern.test(note)), 30_000);
  /** Everything that was written was shown, each line once. */
  const complete = async (messages: () => readonly string[]): Promise<void> => {
    await until('every line that was written', () => new Set(messages()).size === written.length, 40_000);
    assert.deepEqual([...messages()].sort(), [...written].sort());
  };

  it('follows several groups by Live Tail', async () => {
    const { streamer, messages, notes } = build();
    await write('before', 3, 60_000);
    assert.equal((await streamer.start(request(), never)).shown, 12);
    await noted(notes, /^following by Live Tail$/);
    await write('after', 5);
    await complete(messages);
  });

  it('shows everything once when Live Tail drops a third, brings some ten seconds late, is cut, and CloudWatch throttles', async () => {
    practice.control.logs.liveTail.faults({ drop: 0.3, delayedShare: 0.2, delayMs: 10_000, cutAfterMs: 9_000 });
    practice.control.logs.late({ share: 0.2, delayMs: 10_000 });
    const { streamer, messages, notes } = build();
    await streamer.start(request(), never);
    await noted(notes, /^following by Live Tail$/);
    for (let round = 0; round < 4; round += 1) {
      await write(`round ${round}`, 25);
      await until('Live Tail or a sweep showing something of it', () => messages().some((message) => message.startsWith(`round ${round} `)), 20_000);
      // Three answers are the SDK's own attempts; one more strikes the sweep itself.
      practice.control.fault(throttling({ service: 'logs', operation: 'FilterLogEvents', times: 4 }));
    }
    await complete(messages);
    await noted(notes, /^session renewed$/);
    await noted(notes, /^throttled, next try in \d+ s$/);
    await noted(notes, /^Live Tail is interrupted, polling meanwhile, next try in 1 s$/);
  });

  it('fills what Live Tail leaves out, and says so', async () => {
    practice.control.logs.liveTail.faults({ drop: 0.5 });
    const { streamer, messages, notes } = build();
    await streamer.start(request(), never);
    await noted(notes, /^following by Live Tail$/);
    await write('half of it', 10);
    await complete(messages);
    await noted(notes, /^gap of \d+ s, backfilled: \d+ lines? that Live Tail left out$/);
  });

  it('says that Live Tail samples, and shows the rest all the same', async () => {
    practice.control.logs.liveTail.faults({ sampleAbove: 20 });
    const { streamer, messages, notes } = build();
    await streamer.start(request(), never);
    await noted(notes, /^following by Live Tail$/);
    await write('flood', 200);
    await complete(messages);
    assert.equal(notes().filter((note) => note.startsWith('sampled: ')).length, 1);
  });

  it('renews a session that has come to its end', async () => {
    const { streamer, messages, notes } = build();
    await streamer.start(request(), never);
    await noted(notes, /^following by Live Tail$/);
    practice.control.logs.liveTail.end('SessionTimeoutException');
    await noted(notes, /^session renewed$/);
    await write('after', 3);
    await complete(messages);
  });

  it('polls where Live Tail is not allowed, and says why', async () => {
    practice.control.logs.liveTail.faults({ refuse: 'AccessDeniedException' });
    const { streamer, messages, notes } = build();
    await streamer.start(request(), never);
    await noted(notes, /^polling instead of Live Tail: Profile "default" may not do this/);
    await write('after', 3);
    await complete(messages);
    assert.equal(practice.control.calls().filter(({ operation }) => operation === 'StartLiveTail').length, 1);
  });

  it('tries an interrupted Live Tail ever less often, and leaves it at polling in the end', async () => {
    practice.control.logs.liveTail.faults({ cutAfterMs: 1 });
    const { streamer, messages, notes } = build(50);
    await streamer.start(request(), never);
    await noted(notes, /^polling instead of Live Tail: /);
    assert.deepEqual(notes().flatMap((note) => /^Live Tail is interrupted, polling meanwhile, next try in (\d+) s$/.exec(note)?.[1] ?? []), ['1', '2', '4', '8', '16', '30']);
    await write('after', 3);
    await complete(messages);
  });

  it('shows a rollout where it belongs: one of the past, and one that begins and ends while it runs', async () => {
    const ecs = new ECSClient({ endpoint: practice.awsEndpoint, region: REGION, credentials: { accessKeyId: 'practice', secretAccessKey: 'practice' } });
    const { streamer, shown, markers } = build();
    const story = STORY.deployedMinutesAgo * 60_000;
    await write('before the rollout', 10, story + 60_000);
    await write('after the rollout', 10, story - 60_000);
    try {
      await streamer.start({ ...request(), from: Date.now() - 2 * story, markers: together({ ECS: ecsMarkers(aws, CLUSTER, [SERVICE]) }) }, never);
      await until('the rollout of the past', () => markers().length > 1, 30_000);
      const [began = '', ended = ''] = markers();
      assert.match(began, /^healthflow-backend-service: rollout of healthflow-backend:\d+ \(2\.14\.1\) began$/);
      assert.match(ended, /^healthflow-backend-service: rollout of healthflow-backend:\d+ \(2\.14\.1\) completed after /);
      const places = [/^before the rollout/, /^healthflow-backend-service: .* began$/, /^after the rollout/].map((pattern) => shown().findIndex((text) => pattern.test(text)));
      assert.ok(places[0] !== -1 && (places[0] ?? 0) < (places[1] ?? 0) && (places[1] ?? 0) < (places[2] ?? 0), shown().join('\n'));
      await ecs.send(new UpdateServiceCommand({ cluster: CLUSTER, service: SERVICE, forceNewDeployment: true }));
      await until('the new rollout and its end', () => markers().length > 3, 30_000);
      assert.deepEqual(markers().slice(2).map((text) => / (began|completed after [\d ms]+)$/.exec(text)?.[1]?.split(' ')[0]), ['began', 'completed']);
    } finally {
      ecs.destroy();
    }
  });

  it('goes on in another window without a line lost or shown again', async () => {
    const first = build();
    await write('before', 3, 30_000);
    await first.streamer.start(request(), never);
    await noted(first.notes, /^following by Live Tail$/);
    await write('while it runs', 3);
    await until('what was written', () => first.messages().length === written.length, 20_000);
    const { position } = first.streamer;
    assert.ok(position);
    const saved = { ...position, seen: SeenEvents.restore(position.seen.save()) };
    first.streamer.stop();
    await write('meanwhile', 3);
    const second = build();
    second.streamer.restore(request(), saved);
    await complete(() => [...first.messages(), ...second.messages()]);
  });
});
