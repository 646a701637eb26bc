import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CancelledError, UserError } from '../../../src/errors.ts';
import type { LogEntry, Marker, StreamState } from '../../../src/logs/log-entry.ts';
import { SeenEvents } from '../../../src/logs/seen-events.ts';
import { LogStreamer } from '../../../src/logs/stream.ts';
import { type AwsStub, data, refusal, useAwsStub } from '../../support/aws-stub.ts';
import { START, type TestClock, createClock } from '../../support/clock.ts';
import { until } from '../../support/until.ts';

interface StubEvent { readonly eventId: string; readonly timestamp: number; readonly ingestionTime: number; readonly message: string; readonly logStreamName: string }

/** A streamer that polls, whose every poll waits for `poll()`, and what it showed. */
function build(clock: TestClock) {
  const entries: LogEntry[] = [];
  const states: StreamState[] = [];
  const waits: { readonly ms: number; readonly go: () => void }[] = [];
  const streamer = new LogStreamer({
    clock,
    live: () => false,
    sink: { show: (more) => { entries.push(...more); }, reveal: () => undefined, streaming: (state) => { states.push(state); } },
    wait: (ms, signal) => new Promise((resolve) => {
      waits.push({ ms, go: resolve });
      signal.addEventListener('abort', () => { resolve(); });
    }),
  });
  const go = async (): Promise<number> => {
    const due = await until('the wait before a poll', () => waits.shift());
    due.go();
    return due.ms;
  };
  return {
    streamer, entries, states,
    /** Lets the next poll happen; the ms it would have waited. */
    go,
    /** The same, and returns once the one after it is waited for. */
    async poll(): Promise<number> {
      const ms = await go();
      await until('the wait after the poll', () => waits.length > 0);
      return ms;
    },
    /** What the waits of a stream that was paused would have been. */
    forgetWaits: () => { waits.length = 0; },
    shown: () => entries.flatMap((entry) => (entry.kind === 'event' ? [`${entry.late === true ? 'late: ' : ''}${entry.message}`] : entry.kind === 'marker' ? [`▸ ${entry.late === true ? 'late: ' : ''}${entry.text}`] : [])),
    notes: () => entries.flatMap((entry) => (entry.kind === 'note' ? [entry.text] : [])),
  };
}

describe('LogStreamer', () => {
  const aws = useAwsStub();
  const never = new AbortController().signal;
  /** @param arrives seconds after it happened */
  const event = (eventId: string, seconds: number, message: string, arrives = 0): StubEvent =>
    ({ eventId, timestamp: START + seconds * 1000, ingestionTime: START + (seconds + arrives) * 1000, message, logStreamName: 'ecs/backend/4f7d2a90c1b2' });

  /** Answers FilterLogEvents from a list that the test adds to, as CloudWatch does: by the event's own time. */
  function serve(stub: AwsStub, events: readonly StubEvent[]): void {
    stub.on('FilterLogEvents', ({ startTime }) => data({ events: events.filter(({ timestamp }) => timestamp >= Number(startTime)) }));
  }
  const request = (changes: Partial<Parameters<LogStreamer['start']>[0]> = {}): Parameters<LogStreamer['start']>[0] =>
    ({ aws: aws.session, environment: 'production', groups: ['/aws/ecs/healthflow-production'], pattern: '', from: START - 3_600_000, ...changes });

  it('shows the history of every group in the order of its events, and counts it', async () => {
    const groups: Readonly<Record<string, readonly StubEvent[]>> = { a: [event('1', -30, 'first'), event('3', -10, 'ERROR third')], b: [event('2', -20, 'second')] };
    aws.on('FilterLogEvents', ({ logGroupName }) => data({ events: groups[String(logGroupName)] ?? [] }));
    const { streamer, notes, shown, states } = build(createClock());
    assert.deepEqual(await streamer.start(request({ groups: ['a', 'b'], pattern: '?ERROR ?WARN' }), never), { shown: 3, errors: 1 });
    assert.deepEqual(shown(), ['first', 'second', 'ERROR third']);
    assert.equal(notes()[0], 'a, b since 2026-11-23T02:00:00.000Z matching ?ERROR ?WARN');
    await until('what it follows by', () => notes()[1] === 'polling: Live Tail is switched off');
    assert.deepEqual(aws.calls.slice(0, 2).map(({ input }) => [input['logGroupName'], input['startTime'], input['filterPattern']]).sort(), [['a', START - 3_600_000, '?ERROR ?WARN'], ['b', START - 3_600_000, '?ERROR ?WARN']]);
    assert.deepEqual(states, ['running']);
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

  it('shows the first lines before the history is complete', async () => {
    let release: (() => void) | undefined;
    aws.on('FilterLogEvents', async ({ nextToken, limit }) => {
      if (nextToken === undefined) {
        return data({ events: [event('1', -9, `first of ${String(limit)}`)], nextToken: 'a' });
      }
      await new Promise<void>((resolve) => { release = resolve; });
      return data({ events: [event('2', -8, `then without a limit: ${String(limit)}`)] });
    });
    const { streamer, shown } = build(createClock());
    const started = streamer.start(request(), never);
    const go = await until('the second page being asked for', () => release);
    await until('the first line', () => shown().length > 0);
    assert.deepEqual(shown(), ['first of 100']);
    go();
    await started;
    assert.deepEqual(shown(), ['first of 100', 'then without a limit: undefined']);
    streamer.stop();
  });

  it('goes on with what is new, each event once, and with what comes up to a quarter of an hour late', async () => {
    const events = [event('1', -5, 'history')];
    serve(aws, events);
    const clock = createClock();
    const { streamer, poll, shown } = build(clock);
    await streamer.start(request(), never);
    clock.advance(2_000);
    events.push(event('2', 1, 'new'));
    await poll();
    clock.advance(30_000);
    events.push(event('3', -20, 'a little late', 50), event('4', 31, 'newer'));
    await poll();
    clock.advance(60_000);
    events.push(event('5', -800, 'very late', 890));
    await poll();
    await poll();
    await poll();
    assert.deepEqual(shown(), ['history', 'new', 'late: a little late', 'newer', 'late: very late']);
    streamer.stop();
  });

  it('asks often while something comes, and seldom while nothing does', async () => {
    const events: StubEvent[] = [];
    serve(aws, events);
    const clock = createClock();
    const { streamer, poll } = build(clock);
    await streamer.start(request(), never);
    const quiet = [];
    for (let round = 0; round < 8; round += 1) {
      clock.advance(1_000);
      quiet.push(await poll());
    }
    assert.deepEqual(quiet.map(Math.round), [1_000, 1_500, 2_250, 3_375, 5_063, 7_594, 8_000, 8_000]);
    events.push(event('1', 8, 'something'));
    await poll();
    assert.equal(await poll(), 1_000);
    streamer.stop();
  });

  it('is not stopped from showing others by an event from the future', async () => {
    const events = [event('1', 500, 'from the future', -500)];
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

  it('says that it is throttled or refused, tries less often, and shows what it has missed', async () => {
    const events: StubEvent[] = [];
    serve(aws, events);
    const clock = createClock();
    const { streamer, poll, notes, shown } = build(clock);
    await streamer.start(request(), never);
    aws.on('FilterLogEvents', () => refusal('AccessDeniedException', 'not authorized to perform logs:FilterLogEvents'));
    const waited = [];
    for (let round = 0; round < 6; round += 1) {
      waited.push(await poll());
    }
    assert.deepEqual(waited, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
    assert.match(notes().at(-1) ?? '', /^Profile "default" may not do this .*logs:FilterLogEvents.*, next try in 30 s$/);
    aws.on('FilterLogEvents', () => refusal('ThrottlingException', 'Rate exceeded'));
    await poll();
    assert.equal(notes().at(-1), 'throttled, next try in 30 s');
    serve(aws, events);
    clock.advance(91_000);
    events.push(event('1', 1, 'missed meanwhile'));
    assert.equal(await poll(), 30_000);
    assert.deepEqual([shown(), notes().at(-1)], [['missed meanwhile'], 'gap of 91 s, backfilled']);
    assert.equal(await poll(), 1_000);
    streamer.stop();
  });

  it('survives throttling in the middle of the history without a line lost or shown twice', async () => {
    const pages: Readonly<Record<string, object>> = { undefined: { events: [event('1', -9, 'one'), event('2', -8, 'two')], nextToken: 'a' }, a: { events: [event('3', -8, 'three'), event('4', -7, 'four')] } };
    let refusals = 4;
    aws.on('FilterLogEvents', ({ nextToken, startTime }) => {
      if (nextToken === 'a' && refusals > 0) {
        refusals -= 1;
        return refusal('ThrottlingException', 'Rate exceeded');
      }
      return Number(startTime) > START - 3_600_000 ? data({ events: [event('2', -8, 'two'), event('3', -8, 'three'), event('4', -7, 'four')] }) : data(pages[String(nextToken)] ?? {});
    });
    const { streamer, poll, shown, notes } = build(createClock());
    const started = streamer.start(request(), never);
    assert.equal(await poll(), 2_000);
    assert.deepEqual(await started, { shown: 4, errors: 0 });
    assert.deepEqual([shown(), notes()[1]], [['one', 'two', 'three', 'four'], 'throttled, next try in 2 s']);
    streamer.stop();
  });

  it('tries five times in a row to go on with the history, each page counting anew, then gives it up', async () => {
    const [one, two] = [event('1', -9, 'one'), event('2', -8, 'two')];
    let refusals = 0;
    aws.on('FilterLogEvents', ({ nextToken, startTime }) => {
      if (nextToken === undefined && Number(startTime) === START - 3_600_000) {
        return data({ events: [one], nextToken: 'a' });
      }
      refusals += 1;
      return refusals === 5 + 1 ? data({ events: [one, two], nextToken: 'b' }) : refusal('AccessDeniedException', 'not authorized to perform logs:FilterLogEvents');
    });
    const { streamer, poll, go, shown, states } = build(createClock());
    const started = streamer.start(request(), never).catch((error: unknown) => error);
    const waited: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      waited.push(await poll());
    }
    assert.deepEqual([waited, shown()], [[2_000, 4_000, 8_000, 16_000, 30_000, 2_000, 4_000, 8_000, 16_000], ['one', 'two']]);
    await go();
    assert.match(String(await started), /logs:FilterLogEvents/);
    assert.deepEqual(states, ['running', 'stopped']);
  });

  it('rests, and goes on with what came meanwhile', async () => {
    const events = [event('1', -5, 'before')];
    serve(aws, events);
    const clock = createClock();
    const { streamer, poll, shown, states, forgetWaits } = build(clock);
    await streamer.start(request(), never);
    streamer.pause();
    streamer.pause();
    forgetWaits();
    const { length } = aws.calls;
    clock.advance(3 * 3_600_000);
    events.push(event('2', 1, 'soon after'), event('3', 3 * 3_600 - 1, 'just now'));
    assert.equal(aws.calls.length, length);
    streamer.resume();
    streamer.resume();
    assert.equal(await poll(), 0);
    await poll();
    assert.deepEqual([shown(), states], [['before', 'soon after', 'just now'], ['running', 'paused', 'running']]);
    streamer.stop();
  });

  it('goes on with the history where it was paused in the middle of it', async () => {
    aws.on('FilterLogEvents', ({ nextToken, startTime }) => (nextToken === 'a' ? new Promise(() => undefined)
      : Number(startTime) === START - 3_600_000 ? data({ events: [event('1', -3_000, 'one'), event('2', -2_900, 'two')], nextToken: 'a' })
        : data({ events: [event('2', -2_900, 'two'), event('3', -2_800, 'three')].filter(({ timestamp }) => timestamp >= Number(startTime)) })));
    const { streamer, poll, shown, forgetWaits } = build(createClock());
    const started = streamer.start(request(), never);
    await until('the first page', () => shown().length === 2);
    streamer.pause();
    assert.deepEqual(await started, { shown: 2, errors: 0 });
    forgetWaits();
    streamer.resume();
    await poll();
    assert.deepEqual(shown(), ['one', 'two', 'three']);
    streamer.stop();
  });

  it('is gone on with by another window', async () => {
    const events = [event('1', -5, 'before')];
    serve(aws, events);
    const clock = createClock();
    const first = build(clock);
    await first.streamer.start(request({ incident: 'INC-1' }), never);
    const { position } = first.streamer;
    assert.ok(position);
    first.streamer.stop();
    events.push(event('2', 1, 'while the window was loaded'));
    clock.advance(20_000);
    const second = build(clock);
    second.streamer.restore(request({ incident: 'INC-1' }), { ...position, seen: SeenEvents.restore(position.seen.save()) });
    await second.poll();
    assert.deepEqual([second.shown(), second.streamer.incident], [['while the window was loaded'], 'INC-1']);
    assert.equal(second.notes()[0], '/aws/ecs/healthflow-production goes on where it stood at 2026-11-23T03:00:00.000Z');
    second.streamer.stop();
  });

  it('shows deployments where they belong, each once, says which come late, and does without them', async () => {
    const events = [event('1', -50, 'before'), event('2', -10, 'after')];
    aws.on('FilterLogEvents', ({ nextToken, startTime }) => (Number(startTime) > START - 3_600_000 ? data({ events: [] })
      : nextToken === undefined ? data({ events: events.slice(0, 1), nextToken: 'a' }) : data({ events: events.slice(1) })));
    const rollout: Marker = { key: 'a', at: START - 30_000, text: 'rollout began' };
    const { streamer, shown } = build(createClock());
    await streamer.start(request({ markers: () => Promise.resolve([rollout, { key: 'b', at: START - 5_000, text: 'rollout completed' }]) }), never);
    assert.deepEqual(shown(), ['before', '▸ rollout began', 'after', '▸ rollout completed']);
    const short = build(createClock());
    const many = Array.from({ length: 30 }, (_, index) => event(String(index), -60 + index, String(index)));
    aws.on('FilterLogEvents', ({ startTime }) => data({ events: Number(startTime) > START - 3_600_000 ? [] : many }));
    const found = [{ key: 'a', at: many[4]?.timestamp ?? 0, text: 'over' }, { key: 'b', at: many[25]?.timestamp ?? 0, text: 'rollout' }];
    await short.streamer.start(request({ markers: async () => { await until('the first lines', () => short.shown().length > 0); return found; } }), never);
    const numbers = many.map(({ message }) => message);
    assert.deepEqual(short.shown(), [...numbers.slice(0, 20), '▸ late: over', ...numbers.slice(20, 25), '▸ rollout', ...numbers.slice(25)]);
    short.streamer.stop();
    const failing = build(createClock());
    await failing.streamer.start(request({ markers: () => Promise.reject(new UserError('No right to read services.')) }), never);
    assert.deepEqual(failing.shown(), numbers);
    assert.ok(failing.notes().includes('deployments cannot be shown: No right to read services.'));
    streamer.stop();
    failing.streamer.stop();
  });

  it('ends with its incident, not with another one', async () => {
    serve(aws, []);
    const { streamer, notes, states, poll } = build(createClock());
    await streamer.start(request({ incident: 'INC-1' }), never);
    streamer.stop('INC-2');
    assert.deepEqual(states, ['running']);
    await poll();
    const { length } = aws.calls;
    streamer.stop('INC-1');
    streamer.stop('INC-1');
    assert.deepEqual(states, ['running', 'stopped']);
    assert.equal(notes().filter((text) => text === 'stream ended').length, 1);
    assert.equal(aws.calls.length, length);
  });

  it('takes the place of the stream before it', async () => {
    serve(aws, []);
    const { streamer, states } = build(createClock());
    await streamer.start(request({ incident: 'INC-1' }), never);
    await streamer.start(request({ incident: 'INC-2' }), never);
    assert.deepEqual(states, ['running', 'stopped', 'running']);
    streamer.stop('INC-1');
    assert.equal(streamer.state, 'running');
    streamer.stop();
  });

  it('fails with the reason when the history cannot be read, and streams nothing', async () => {
    aws.on('FilterLogEvents', () => refusal('ResourceNotFoundException', 'The specified log group does not exist.'));
    const { streamer, states } = build(createClock());
    await assert.rejects(streamer.start(request(), never), (error: UserError) => error instanceof UserError && /no log group "\/aws\/ecs\/healthflow-production" in eu-central-1/.test(error.message));
    assert.deepEqual(states, ['running', 'stopped']);
  });

  it('is cancelled while it reads the history, and before it begins', async () => {
    const abort = new AbortController();
    aws.on('FilterLogEvents', () => { abort.abort(); return new Promise(() => undefined); });
    const { streamer, states } = build(createClock());
    await assert.rejects(streamer.start(request(), abort.signal), CancelledError);
    assert.deepEqual(states, ['running', 'stopped']);
    const { length } = aws.calls;
    await assert.rejects(streamer.start(request(), abort.signal), CancelledError);
    assert.equal(aws.calls.length, length);
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
