import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, FilterLogEventsCommand, type FilteredLogEvent, PutLogEventsCommand,
  type LiveTailSessionUpdate, StartLiveTailCommand, type StartLiveTailCommandInput, type StartLiveTailResponseStream,
} from '@aws-sdk/client-cloudwatch-logs';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { type Practice, startPractice } from '../practice/environment.ts';
import { ACCOUNT, LOG_GROUP, REGION } from '../practice/resources.ts';
import { until } from '../support/until.ts';

const arnOf = (group: string): string => `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${group}`;
const STREAM = 'api/one';

describe('CloudWatch Logs of the practice environment', function () {
  this.timeout(30_000);
  let dir: string;
  let practice: Practice;
  let client: CloudWatchLogsClient;
  let ahead = 0;
  let group = '';
  let groups = 0;
  const aborts: AbortController[] = [];
  const now = (): number => Date.now() + ahead;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'live-tail-'));
    practice = await startPractice({ dir, clock: { now }, tickMs: 3_600_000 });
    client = new CloudWatchLogsClient({
      endpoint: practice.awsEndpoint, region: REGION, maxAttempts: 1, disableHostPrefix: true,
      credentials: { accessKeyId: 'practice', secretAccessKey: 'practice' },
    });
  });
  after(async () => {
    client?.destroy();
    await practice?.stop();
    await rm(dir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    groups += 1;
    group = `/practice/group-${groups}`;
    await client.send(new CreateLogGroupCommand({ logGroupName: group }));
    await Promise.all([STREAM, 'api/two'].map((logStreamName) => client.send(new CreateLogStreamCommand({ logGroupName: group, logStreamName }))));
  });
  afterEach(() => {
    aborts.splice(0).forEach((abort) => { abort.abort(); });
    practice.control.logs.liveTail.faults({});
    practice.control.logs.late(undefined);
  });

  const put = async (messages: readonly string[], at = now(), logStreamName = STREAM): Promise<void> => {
    await client.send(new PutLogEventsCommand({ logGroupName: group, logStreamName, logEvents: messages.map((message, index) => ({ timestamp: at + index, message })) }));
  };
  const filter = async (more: object = {}): Promise<{ events: FilteredLogEvent[]; next: string | undefined }> => {
    const { events = [], nextToken } = await client.send(new FilterLogEventsCommand({ logGroupName: group, ...more }));
    return { events, next: nextToken };
  };
  const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index}`);
  const messages = (events: readonly { message?: string | undefined }[]): (string | undefined)[] => events.map(({ message }) => message);

  interface Tail {
    readonly seen: StartLiveTailResponseStream[];
    readonly updates: () => LiveTailSessionUpdate[];
    readonly lines: () => (string | undefined)[];
    /** How the stream ended; undefined by itself. */
    readonly ended: Promise<unknown>;
  }
  const tail = async (more: Partial<StartLiveTailCommandInput> = {}): Promise<Tail> => {
    const abort = new AbortController();
    aborts.push(abort);
    const { responseStream } = await client.send(new StartLiveTailCommand({ logGroupIdentifiers: [arnOf(group)], ...more }), { abortSignal: abort.signal });
    assert.ok(responseStream);
    const seen: StartLiveTailResponseStream[] = [];
    const ended = (async () => {
      for await (const event of responseStream) {
        seen.push(event);
      }
    })().then(() => undefined, (error: unknown) => error);
    await until('the session to start', () => seen.length > 0);
    const updates = (): LiveTailSessionUpdate[] => seen.flatMap(({ sessionUpdate }) => sessionUpdate ?? []);
    return { seen, updates, lines: () => messages(updates().flatMap(({ sessionResults = [] }) => sessionResults)), ended };
  };
  const refused = (name: string, more: Partial<StartLiveTailCommandInput>): Promise<void> =>
    assert.rejects(client.send(new StartLiveTailCommand({ logGroupIdentifiers: [arnOf(group)], ...more })), { name });

  describe('StartLiveTail', () => {
    it('begins with the session and goes on with what is written', async () => {
      const live = await tail();
      assert.deepEqual(live.seen[0]?.sessionStart?.logGroupIdentifiers, [arnOf(group)]);
      const at = now();
      await put(['first', 'second'], at);
      await until('the lines', () => live.lines().length === 2);
      const [first] = live.updates().flatMap(({ sessionResults = [] }) => sessionResults);
      assert.deepEqual({ ...first, ingestionTime: 0 }, { logStreamName: STREAM, logGroupIdentifier: `${ACCOUNT}:${group}`, message: 'first', timestamp: at, ingestionTime: 0 });
      assert.ok(live.updates().every(({ sessionMetadata }) => sessionMetadata?.sampled === false));
    });

    it('shows what the practice incident writes itself', async () => {
      const live = await tail({ logGroupIdentifiers: [arnOf(LOG_GROUP)] });
      await practice.control.tick();
      await until('the lines', () => live.lines().length > 0);
    });

    it('shows only what matches the pattern and comes from the named streams', async () => {
      const live = await tail({ logEventFilterPattern: '?ERROR ?"timed out"', logStreamNames: [STREAM] });
      await put(['ERROR elsewhere'], now(), 'api/two');
      await put(['INFO fine', 'ERROR one', 'it timed out']);
      await until('the lines', () => live.lines().length >= 2);
      assert.deepEqual(live.lines(), ['ERROR one', 'it timed out']);
    });

    it('refuses what CloudWatch refuses', async () => {
      await refused('InvalidParameterException', { logGroupIdentifiers: [group] });
      await refused('InvalidParameterException', { logGroupIdentifiers: [`${arnOf(group)}:*`] });
      await refused('InvalidParameterException', { logGroupIdentifiers: many(11).map((_, index) => arnOf(`g${index}`)) });
      await refused('InvalidParameterException', { logStreamNames: [STREAM], logStreamNamePrefixes: ['api'] });
      await refused('ResourceNotFoundException', { logGroupIdentifiers: [arnOf('/no/such/group')] });
      practice.control.logs.liveTail.faults({ refuse: 'AccessDeniedException' });
      await refused('AccessDeniedException', {});
    });

    it('drops a part of the events, the same part in every session', async () => {
      practice.control.logs.liveTail.faults({ drop: 0.3 });
      const [one, other] = [await tail(), await tail()];
      await put(many(300));
      await put(['the end']);
      await until('the lines of both sessions', () => one.lines().length > 150 && one.lines().length === other.lines().length);
      assert.ok(one.lines().length < 250, `${one.lines().length} of 301 lines came`);
      assert.deepEqual(one.lines(), other.lines());
    });

    it('samples when there is more than it sends', async () => {
      practice.control.logs.liveTail.faults({ sampleAbove: 20 });
      const live = await tail();
      await put(many(100));
      await until('the lines', () => live.lines().length > 0);
      assert.equal(live.lines().length, 20);
      assert.ok(live.updates().some(({ sessionMetadata }) => sessionMetadata?.sampled === true));
    });

    it('shows a part of the events later', async () => {
      practice.control.logs.liveTail.faults({ delayedShare: 0.5, delayMs: 60_000 });
      const live = await tail();
      await put(many(100));
      await until('the lines', () => live.lines().length > 0);
      assert.ok(live.lines().length > 20 && live.lines().length < 80, `${live.lines().length} of 100 lines came at once`);
      ahead += 60_000;
      await until('the lines', () => live.lines().length === 100);
    });

    it('cuts the connection', async () => {
      practice.control.logs.liveTail.faults({ cutAfterMs: 100 });
      assert.match(String(await (await tail()).ended), /aborted/);
      practice.control.logs.liveTail.faults({});
      const running = await tail();
      assert.equal(practice.control.logs.liveTail.end('cut'), 1);
      assert.match(String(await running.ended), /aborted/);
    });

    it('ends a session with the exceptions that CloudWatch sends', async () => {
      practice.control.logs.liveTail.faults({ sessionMs: 100 });
      assert.equal((await (await tail()).ended as Error).name, 'SessionTimeoutException');
      practice.control.logs.liveTail.faults({});
      const running = await tail();
      practice.control.logs.liveTail.end('SessionStreamingException');
      assert.equal((await running.ended as Error).name, 'SessionStreamingException');
    });

    it('ends when the caller goes away', async () => {
      await tail();
      assert.equal(practice.control.logs.liveTail.sessions, 1);
      aborts.forEach((abort) => { abort.abort(); });
      await until('the session to end', () => practice.control.logs.liveTail.sessions === 0);
    });

    it('is steered over HTTP', async () => {
      const ask = (method: string, path: string, body?: object): Promise<Response> =>
        fetch(new URL(`/_practice/${path}`, practice.awsEndpoint), { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      assert.equal((await ask('POST', 'live-tail', { dorp: 1 })).status, 400);
      assert.equal((await ask('POST', 'live-tail', { refuse: 'AccessDeniedException' })).status, 204);
      await refused('AccessDeniedException', {});
      assert.equal((await ask('DELETE', 'live-tail')).status, 204);
      const running = await tail();
      assert.deepEqual(await (await ask('GET', 'live-tail')).json(), { sessions: 1 });
      assert.deepEqual(await (await ask('POST', 'live-tail/end', { how: 'cut' })).json(), { ended: 1 });
      assert.match(String(await running.ended), /aborted/);
    });
  });

  describe('FilterLogEvents', () => {
    it('sorts by time over all streams, and pages', async () => {
      const at = now();
      await put(['1', '2', '3'], at);
      await put(['0', '1b', '4'], at - 1, 'api/two');
      const first = await filter({ limit: 4 });
      assert.deepEqual(messages(first.events), ['0', '1', '1b', '2']);
      assert.ok(first.next);
      const second = await filter({ limit: 4, nextToken: first.next });
      assert.deepEqual([messages(second.events), second.next], [['4', '3'], undefined]);
      assert.deepEqual(messages((await filter({ startTime: at, endTime: at + 1 })).events), ['1', '1b', '2', '4']);
      assert.equal(new Set([...first.events, ...second.events].map(({ eventId }) => eventId)).size, 6);
    });

    it('ends a page before it holds more than 1 MB', async () => {
      await Promise.all(many(6).map((line) => put([line + 'x'.repeat(250_000)])));
      const first = await filter();
      assert.equal(first.events.length, 4);
      assert.equal((await filter({ nextToken: first.next })).events.length, 2);
    });

    it('shows late events only when they have been ingested', async () => {
      practice.control.logs.late({ share: 0.2, delayMs: 10_000 });
      await put(many(100));
      const early = (await filter()).events;
      assert.ok(early.length > 60 && early.length < 95, `${early.length} of 100 came at once`);
      ahead += 10_000;
      const { events } = await filter();
      assert.equal(events.length, 100);
      assert.equal(events.filter(({ timestamp = 0, ingestionTime = 0 }) => ingestionTime >= timestamp + 9_000).length, 100 - early.length);
    });

    for (const [pattern, wanted] of [
      ['ERROR', ['ERROR a', 'ERROR b']],
      ['ERROR -b', ['ERROR a']],
      ['?WARN ?"ERROR b"', ['ERROR b', 'WARN c']],
      ['%^W.*c$%', ['WARN c']],
      ['{ $.level = "error" && $.status >= 500 }', ['{"level":"error","status":503}']],
    ] as const) {
      it(`finds what matches ${pattern}`, async () => {
        await put(['ERROR a', 'ERROR b', 'WARN c', '{"level":"error","status":503}', '{"level":"error","status":404}']);
        assert.deepEqual(messages((await filter({ filterPattern: pattern })).events), wanted);
      });
    }

    it('refuses a pattern that it cannot read, and an unknown group', async () => {
      await put(['ERROR a']);
      await assert.rejects(filter({ filterPattern: '"open' }), { name: 'InvalidParameterException' });
      await assert.rejects(filter({ logGroupName: '/no/such/group' }), { name: 'ResourceNotFoundException' });
    });
  });
});
