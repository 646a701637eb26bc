import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { StreamKeeper } from '../../../src/logs/stream-keeper.ts';
import { LogStreamer } from '../../../src/logs/stream.ts';
import { data, useAwsStub } from '../../support/aws-stub.ts';
import { START, type TestClock, createClock } from '../../support/clock.ts';

describe('StreamKeeper', () => {
  const aws = useAwsStub();
  const errors: unknown[] = [];
  let directory: string;
  let clock: TestClock;
  let ends: (() => void)[];

  beforeEach(() => {
    directory = path.join(mkdtempSync(path.join(tmpdir(), 'keeper-')), 'storage');
    clock = createClock();
    ends = [];
    aws.on('FilterLogEvents', () => data({ events: [{ eventId: '1', timestamp: START - 5_000, ingestionTime: START - 5_000, message: 'one', logStreamName: 's' }] }));
  });
  afterEach(() => {
    ends.splice(0).forEach((end) => { end(); });
    rmSync(path.dirname(directory), { recursive: true, force: true });
    assert.deepEqual(errors.splice(0), []);
  });

  function build() {
    const streamer = new LogStreamer({
      clock, live: () => false, sink: { show: () => undefined, reveal: () => undefined, streaming: () => undefined },
      wait: (_ms, signal) => new Promise((resolve) => { signal.addEventListener('abort', () => { resolve(); }); }),
    });
    const keeper = new StreamKeeper({ directory, streams: streamer, clock, onError: (error) => { errors.push(error); } });
    ends.push(() => { streamer.stop(); }, () => { keeper.dispose(); });
    return { streamer, keeper };
  }
  async function saved(): Promise<ReturnType<typeof build>> {
    const window = build();
    await window.streamer.start({ aws: aws.session, environment: 'production', groups: ['/aws/ecs/one'], pattern: '"x"', from: START - 60_000, incident: 'INC-1' }, new AbortController().signal);
    window.keeper.save();
    return window;
  }
  const file = (pid = process.pid): string => path.join(directory, `log-stream.${pid}.json`);
  /** What a window of this process has saved, as if another one had. */
  const giveTo = (pid: number): void => { renameSync(file(), file(pid)); };
  const deadPid = (): number => spawnSync(process.execPath, ['--version']).pid;

  it('has nothing where no window has saved anything', () => {
    assert.equal(build().keeper.last(), undefined);
  });

  it('gives what a window had that has gone, to one window', async () => {
    const first = await saved();
    first.keeper.dispose();
    giveTo(process.ppid);
    const second = build();
    const last = second.keeper.last();
    assert.deepEqual([last?.environment, last?.groups, last?.pattern, last?.from, last?.incident, last?.paused], ['production', ['/aws/ecs/one'], '"x"', START - 60_000, 'INC-1', false]);
    assert.ok(last?.position.seen.has({ kind: 'event', id: '1', group: '/aws/ecs/one', stream: 's', at: START - 5_000, ingestedAt: START - 5_000, message: 'one' }));
    assert.deepEqual(readdirSync(directory), [path.basename(file())]);
    // Nobody goes on with it: the next window has no use for it either.
    second.keeper.save();
    assert.deepEqual(readdirSync(directory), []);
  });

  it('gives what a window had that was killed, and the newest of several', async () => {
    const window = await saved();
    const [older, newer] = [deadPid(), deadPid()];
    const text = readFileSync(file(), 'utf8');
    giveTo(older);
    writeFileSync(file(newer), text.replace(`"savedAt":${START}`, `"savedAt":${START + 1}`).replace('INC-1', 'INC-2'));
    window.streamer.stop();
    assert.equal(build().keeper.last()?.incident, 'INC-2');
    rmSync(file());
    assert.equal(build().keeper.last()?.incident, 'INC-1');
  });

  it('leaves the stream of a window that is there to it', async () => {
    const other = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
    ends.push(() => { other.kill(); });
    await once(other, 'spawn');
    await saved();
    const { pid = 0 } = other;
    giveTo(pid);
    assert.equal(build().keeper.last(), undefined);
    assert.deepEqual(readdirSync(directory), [path.basename(file(pid))]);
  });

  it('forgets what is older than ten minutes, and what nobody can read', async () => {
    const window = await saved();
    giveTo(deadPid());
    window.streamer.stop();
    clock.advance(600_000);
    writeFileSync(file(deadPid()), '{"version":1,');
    writeFileSync(`${file(deadPid())}.tmp`, '');
    writeFileSync(file(deadPid()), '{"version":2}');
    assert.equal(build().keeper.last(), undefined);
    assert.deepEqual(readdirSync(directory), []);
  });
});
