import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { LogEntry } from '../../../src/logs/log-entry.ts';
import { LogStreamer } from '../../../src/logs/stream.ts';
import { data, noReply, refusal, useAwsStub } from '../../support/aws-stub.ts';
import { buildRunner } from '../../support/build-runner.ts';
import { START, createClock } from '../../support/clock.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

const GROUP = '/aws/ecs/healthflow-production';

function events(...lines: readonly (readonly [minutesAgo: number, message: string])[]): object {
  return { events: lines.map(([minutesAgo, message], index) => ({ eventId: `${minutesAgo}/${index}`, logStreamName: `ecs/backend/${index}`, timestamp: START - minutesAgo * 60_000, message })) };
}

describe('searchErrors', () => {
  const folder = useTemporaryFolder();
  const aws = useAwsStub();

  it('groups what it finds by shape, over all pages, empty ones too', async () => {
    const pages: Readonly<Record<string, object>> = {
      undefined: { events: [], nextToken: 'a' },
      a: { ...events([50, 'ERROR timeout after 1 ms'], [2, 'ERROR timeout after 2 ms'], [20, 'ERROR other']), nextToken: 'b' },
      b: events([1, 'ERROR timeout after 3 ms\n    at pool.js:17']),
    };
    aws.on('FilterLogEvents', ({ nextToken }) => data(pages[String(nextToken)] ?? {}));
    const { run } = await buildRunner(folder(), { aws: aws.session });
    const { level, summary, evidence } = await run('searchErrors');
    assert.deepEqual([level, summary], ['bad', '4 lines with ERROR in 2 shapes, 2 in the last 5 min; most often: ERROR timeout after <n> ms (×3)']);
    assert.match(evidence?.markdown ?? '', /\| 3 \| ` ERROR timeout after <n> ms ` \| 2026-11-23 02:10:00 UTC \| 2026-11-23 02:59:00 UTC \(1 min ago\) \|/);
    assert.match(evidence?.markdown ?? '', /```\nERROR timeout after 3 ms\n {4}at pool\.js:17\n```/);
    assert.deepEqual([evidence?.data['total'], evidence?.data['recent'], evidence?.data['truncated']], [4, 2, false]);
    const [{ input } = assert.fail()] = aws.calls;
    assert.deepEqual([input['logGroupName'], input['filterPattern'], input['startTime'], input['endTime']], [GROUP, 'ERROR', START - 3_600_000, START + 1]);
  });

  it('warns of errors that have stopped, and is ok without any', async () => {
    const { run } = await buildRunner(folder(), { aws: aws.session });
    aws.on('FilterLogEvents', () => data(events([6, 'ERROR x'])));
    assert.deepEqual([(await run('searchErrors')).level, (await run('searchErrors')).summary], ['warn', '1 line with ERROR in 1 shape, 0 in the last 5 min; most often: ERROR x (×1)']);
    aws.on('FilterLogEvents', () => data({ events: [] }));
    const { level, summary } = await run('searchErrors', { pattern: 'FATAL', minutes: 10 });
    assert.deepEqual([level, summary], ['ok', 'No FATAL in 10 min']);
  });

  it('says so when a log group does not exist', async () => {
    const { run } = await buildRunner(folder(), { aws: aws.session });
    aws.on('FilterLogEvents', ({ logGroupName }) => logGroupName === GROUP ? data({ events: [] }) : refusal('ResourceNotFoundException', 'The specified log group does not exist.'));
    const alone = await run('searchErrors', { logGroups: ['/nope'] });
    assert.deepEqual([alone.status, alone.summary], ['failed', 'There is no log group "/nope" in eu-central-1. Correct logGroups in the runbook, or the region.']);
    const beside = await run('searchErrors', { logGroups: [GROUP, '/nope'] });
    assert.deepEqual([beside.status, beside.level], ['done', 'unknown']);
    assert.match(beside.evidence?.markdown ?? '', /There is no log group "\/nope"/);
  });

  it('stops at 20,000 lines and says so', async () => {
    let pages = 0;
    aws.on('FilterLogEvents', () => {
      pages += 1;
      return data({ ...events(...Array.from({ length: 5_000 }, () => [1, 'ERROR flood'] as const)), nextToken: 'more' });
    });
    const { run } = await buildRunner(folder(), { aws: aws.session });
    const { summary, evidence } = await run('searchErrors');
    assert.match(summary, /^20000\+ lines with ERROR in 1 shape, /);
    assert.match(evidence?.markdown ?? '', /Only the first 20000 lines were read/);
    assert.equal(pages, 4);
  }).timeout(10_000);

  it('shows twenty shapes and counts the rest', async () => {
    aws.on('FilterLogEvents', () => data(events(...Array.from({ length: 23 }, (_, index) => [10, `ERROR ${'abcdefghijklmnopqrstuvwxyz'[index]}`] as const))));
    const { run } = await buildRunner(folder(), { aws: aws.session });
    assert.match((await run('searchErrors')).evidence?.markdown ?? '', /3 rarer shapes not shown/);
  });

  it('keeps what a line contains from becoming Markdown, and its secrets', async () => {
    aws.on('FilterLogEvents', () => data(events([1, 'ERROR ``` [x](command:y) <script>alert(1)</script> password=hunter2hunter2 | mona@example.com'])));
    const { run } = await buildRunner(folder(), { aws: aws.session });
    const { evidence } = await run('searchErrors');
    assert.match(evidence?.markdown ?? '', /\n````\nERROR ``` \[x\]/);
    assert.doesNotMatch(JSON.stringify(evidence), /hunter2|mona/);
  });

  it('is cancelled while it waits for an answer', async () => {
    const abort = new AbortController();
    aws.on('FilterLogEvents', () => { abort.abort(); return noReply; });
    const { run } = await buildRunner(folder(), { aws: aws.session });
    assert.equal((await run('searchErrors', {}, abort.signal)).status, 'cancelled');
  });
});

describe('tailLogs', () => {
  const folder = useTemporaryFolder();
  const aws = useAwsStub();

  it('streams since an hour, for the incident, and says what it showed', async () => {
    aws.on('FilterLogEvents', () => data(events([5, 'INFO a'], [1, 'ERROR b'])));
    const entries: LogEntry[] = [];
    const logStreams = new LogStreamer({
      clock: createClock(), live: () => false, wait: () => new Promise(() => undefined),
      sink: { show: (more) => { entries.push(...more); }, reveal: () => undefined, streaming: () => undefined },
    });
    const { run, incident } = await buildRunner(folder(), { aws: aws.session, logStreams });
    const { level, summary, evidence } = await run('tailLogs');
    assert.deepEqual([level, summary], ['ok', `Streaming ${GROUP}: 2 lines since 1 h 00 min, 1 with ERROR`]);
    assert.equal(aws.calls[0]?.input['startTime'], START - 3_600_000);
    assert.deepEqual(evidence?.data, { groups: [GROUP], since: new Date(START - 3_600_000).toISOString(), sinceMinutes: 60, shown: 2, errors: 1 });
    logStreams.stop(incident);
    assert.deepEqual(entries.at(-1), { kind: 'note', at: START, text: 'stream ended' });
  });
});
