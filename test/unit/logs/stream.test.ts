import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CancelledError, UserError } from '../../../src/errors.ts';
import { createRedactor } from '../../../src/incident/redact.ts';
import { LogStreamer } from '../../../src/logs/stream.ts';
import { type AwsStub, data, refusal, useAwsStub } from '../../support/aws-stub.ts';
import { START, type TestClock, createClock } from '../../support/clock.ts';
import { until } from '../../support/until.ts';

interface StubEvent { readonly eventId: string; readonly timestamp: number; readonly message: string; readonly logStreamName: string }

/** A streamer whose every poll waits for `poll()`, and what it showed. */
function build(clock: TestClock) {
  const lines: string[] = [];
  const active: boolean[] = [];
  const waits: { readonly ms: number; readonly go: () => void }[] = [];
  const redact = createRedactor();
  const streamer = new LogStreamer({
    clock,
    redact: () => redact,
    sink: { append: (more) => { lines.push(...more); }, reveal: () => undefined, streaming: (on) => { active.push(on); } },
    wait: (ms, signal) => new Promise((resolve) => {
      waits.push({ ms, go: resolve });
      signal.addEventListener('abort', () => { resolve(); });
    }),
  });
  return {
    streamer, lines, active,
    /** Lets the next poll happen and returns once the one after it is waited for; the ms it would have waited. */
    async poll(): Promise<number> {
      const due = await until('the wait before a poll', () => waits.shift());
      due.go();
      await until('the wait after the poll', () => waits.length > 0);
      return due.ms;
    },
    /** The messages shown, without their times. */
    shown: () => lines.filter((line) => !line.startsWith('──')).map((line) => line.replace(/^\S+ \[\w*\] /, '')),
  };
}

describe('LogStreamer', () => {
  const aws = useAwsStub();
  const never = new AbortController().signal;
  const event = (eventId: string, seconds: number, message: string): StubEvent => ({ eventId, timestamp: START + seconds * 1000, message, logStreamName: 'ecs/backend/4f7d2a90c1b2' });

  /** Answers FilterLogEvents from a list that the test adds to, as CloudWatch does: by the event's own time. */
  function serve(stub: AwsStub, events: readonly StubEvent[]): void {
    stub.on('FilterLogEvents', ({ startTime }) => data({ events: events.filter(({ timestamp }) => timestamp >= Number(startTime)) }));
  }
  const request = (changes: Partial<Parameters<LogStreamer['start']>[0]> = {}): Parameters<LogStreamer['start']>[0] =>
    ({ aws: aws.session, groups: ['/aws/ecs/healthflow-production'], pattern: '', from: START - 3_600_000, ...changes });

  it('shows the history of every group in the order of its events, and counts it', async () => {
    const groups: Readonly<Record<string, readonly StubEvent[]>> = { a: [event('1', -30, 'first'), event('3', -10, 'ERROR third')], b: [event('2', -20, 'second')] };
    aws.on('FilterLogEvents', ({ logGroupName }) => data({ events: groups[String(logGroupName)] ?? [] }));
    const { streamer, lines, shown, active } = build(createClock());
    assert.deepEqual(await streamer.start(request({ groups: ['a', 'b'], pattern: '?ERROR ?WARN' }), never), { shown: 3, errors: 1 });
    assert.deepEqual(shown(), ['first', 'second', 'ERROR third']);
    assert.equal(lines[0], '── a, b since 2026-11-23T02:00:00.000Z matching ?ERROR ?WARN ──');
    assert.equal(lines[1], '2026-11-23T02:59:30.000Z [4f7d2a90] first');
    assert.deepEqual(aws.calls.map(({ input }) => [input['logGroupName'], input['startTime'], input['filterPattern']]).sort(), [['a', START - 3_600_000, '?ERROR ?WARN'], ['b', START - 3_600_000, '?ERROR ?WARN']]);
    assert.deepEqual(active, [true]);
    streamer.stop();
  });

  it('reads pages to the end, empty ones too', async () => {
    const pages: Readonly<Record<string, object>> = { undefined: { events: [], nextToken: 'a' }, a: { events: [event('1', -9, 'one')], nextToken: 'b' }, b: { nextToken: 'c' }, c: { events: [event('2', -8, 'two')] } };
    aws.on('FilterLogEvents', ({ nextToken }) => data(pages[String(nextToken)] ?? {}));
    const { streamer, shown } = build(createClock());
    await streamer.start(request(), never);
    assert.deepEqual([shown(), aws.calls.length], [['one', 'two'], 4]);
    streamer.stop();
  });

  it('goes on with what is new, each event once, late ones of the last minute too', async () => {
    const events = [event('1', -5, 'history')];
    serve(aws, events);
    const clock = createClock();
    const { streamer, poll, shown } = build(clock);
    await streamer.start(request(), never);
    assert.equal(await poll(), 2_000);
    clock.advance(2_000);
    events.push(event('2', 1, 'new'));
    await poll();
    clock.advance(30_000);
    events.push(event('3', -20, 'happened before, arrived late'), event('4', 31, 'newer'));
    await poll();
    clock.advance(120_000);
    await poll();
    await poll();
    assert.deepEqual(shown(), ['history', 'new', 'happened before, arrived late', 'newer']);
    assert.deepEqual(aws.calls.at(-1)?.input['startTime'], clock.now() - 60_000);
    streamer.stop();
  });

  it('is not stopped from showing others by an event from the future', async () => {
    const events = [event('1', 500, 'from the future')];
    serve(aws, events);
    const clock = createClock();
    const { streamer, poll, shown } = build(clock);
    await streamer.start(request(), never);
    clock.advance(2_000);
    events.push(event('2', 1, 'now'));
    await poll();
    assert.deepEqual(shown(), ['from the future', 'now']);
    streamer.stop();
  });

  it('says what went wrong, tries less often, and recovers', async () => {
    const events: StubEvent[] = [];
    serve(aws, events);
    const clock = createClock();
    const { streamer, poll, lines, shown } = build(clock);
    await streamer.start(request(), never);
    aws.on('FilterLogEvents', () => refusal('AccessDeniedException', 'not authorized to perform logs:FilterLogEvents'));
    const waited = [];
    for (let round = 0; round < 6; round += 1) {
      waited.push(await poll());
    }
    assert.deepEqual(waited, [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    const errors = lines.filter((line) => /logs:FilterLogEvents/.test(line));
    assert.equal(errors.length, 6);
    assert.match(errors[0] ?? '', /^── Profile "default" may not do this .* Next try in 4 s ──$/);
    serve(aws, events);
    events.push(event('1', -1, 'missed meanwhile'));
    assert.equal(await poll(), 30_000);
    assert.deepEqual(shown(), ['missed meanwhile']);
    assert.equal(await poll(), 2_000);
    streamer.stop();
  });

  it('hides secrets and personal data', async () => {
    serve(aws, [event('1', -5, 'login of mona@example.com with password=hunter2hunter2')]);
    const { streamer, shown } = build(createClock());
    await streamer.start(request(), never);
    assert.deepEqual(shown(), ['login of [redacted: e-mail address] with password=[redacted: secret]']);
    streamer.stop();
  });

  it('ends with its incident, not with another one', async () => {
    serve(aws, []);
    const { streamer, lines, active, poll } = build(createClock());
    await streamer.start(request({ incident: 'INC-1' }), never);
    streamer.stop('INC-2');
    assert.deepEqual(active, [true]);
    await poll();
    const { length } = aws.calls;
    streamer.stop('INC-1');
    streamer.stop('INC-1');
    assert.deepEqual(active, [true, false]);
    assert.equal(lines.filter((line) => line === '── stream ended ──').length, 1);
    assert.equal(aws.calls.length, length);
  });

  it('takes the place of the stream before it', async () => {
    serve(aws, []);
    const { streamer, active, lines } = build(createClock());
    await streamer.start(request({ incident: 'INC-1' }), never);
    await streamer.start(request({ incident: 'INC-2' }), never);
    assert.deepEqual(active, [true, false, true]);
    streamer.stop('INC-1');
    assert.deepEqual(active, [true, false, true]);
    assert.deepEqual(lines.map((line) => line.replace(/\/aws.*/, '')), ['── ', '── stream ended ──', '── ']);
    streamer.stop();
  });

  it('fails with the reason when the history cannot be read, and streams nothing', async () => {
    aws.on('FilterLogEvents', () => refusal('ResourceNotFoundException', 'The specified log group does not exist.'));
    const { streamer, active } = build(createClock());
    await assert.rejects(streamer.start(request(), never), (error: UserError) => error instanceof UserError && /no log group "\/aws\/ecs\/healthflow-production" in eu-central-1/.test(error.message));
    assert.deepEqual(active, [true, false]);
  });

  it('is cancelled while it reads the history, and before it begins', async () => {
    const abort = new AbortController();
    aws.on('FilterLogEvents', () => { abort.abort(); return new Promise(() => undefined); });
    const { streamer, active } = build(createClock());
    await assert.rejects(streamer.start(request(), abort.signal), CancelledError);
    assert.deepEqual(active, [true, false]);
    const { length } = aws.calls;
    await assert.rejects(streamer.start(request(), abort.signal), CancelledError);
    assert.equal(aws.calls.length, length);
    assert.equal(active.at(-1), false);
  });

  it('outlives the signal of the step that began it', async () => {
    const events: StubEvent[] = [];
    serve(aws, events);
    const abort = new AbortController();
    const { streamer, poll, shown } = build(createClock());
    await streamer.start(request(), abort.signal);
    abort.abort();
    events.push(event('1', 0, 'still here'));
    await poll();
    assert.deepEqual(shown(), ['still here']);
    streamer.stop();
  });
});
