import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { startPractice } from '../practice/environment.ts';
import { type Running, descendants, processes } from '../support/processes.ts';
import { until } from '../support/until.ts';

const GONE_WITHIN_MS = 10_000;

/** @throws Error naming those that are still there */
async function gone(ended: readonly Running[]): Promise<void> {
  let left: readonly Running[] = ended;
  await until('the end of processes', async () => {
    const all = await processes();
    left = ended.filter(({ pid, command }) => all.some((one) => one.pid === pid && one.command === command));
    return left.length === 0;
  }, GONE_WITHIN_MS).catch((error: unknown) => {
    throw new Error(`Still there: ${left.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`, { cause: error });
  });
}

describe('practice environment, stopping', function () {
  this.timeout(60_000);
  let dir: string;

  before(function () {
    if (process.platform === 'win32') {
      this.skip();
    }
  });
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'practice-stops-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('ends every process and server, and can be asked twice', async () => {
    // Those of other tests in this process are none of its business.
    const before = (await descendants(process.pid)).map(({ pid }) => pid);
    const practice = await startPractice({ dir, state: 'healthy' });
    const started = (await descendants(process.pid)).filter(({ pid }) => !before.includes(pid));
    assert.ok(started.some((one) => one.command.includes('moto_server')), 'moto runs');
    assert.ok(started.some((one) => one.command.includes('postgres')), 'PostgreSQL runs');
    await Promise.all([practice.stop(), practice.stop()]);
    await gone(started);
    assert.equal(process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length, 0);
    await assert.rejects(fetch(practice.awsEndpoint));
    await assert.rejects(fetch(practice.apiOrigin));
  });

  it('ends what has started when a part does not start', async () => {
    const file = join(dir, 'file');
    await writeFile(file, '');
    const before = await descendants(process.pid);
    await assert.rejects(startPractice({ dir: join(file, 'folder') }), { code: 'ENOTDIR' });
    assert.deepEqual(await descendants(process.pid), before);
    assert.equal(process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length, 0);
  });

  for (const [how, end, code] of [
    ['SIGTERM', (pid: number) => process.kill(pid, 'SIGTERM'), 143],
    ['SIGINT', (pid: number) => process.kill(pid, 'SIGINT'), 130],
    ['process.exit', undefined, 7],
  ] as const) {
    it(`leaves nothing behind when its process ends by ${how}`, async () => {
      const script = `
        const { startPractice } = await import(${JSON.stringify(new URL('../practice/environment.ts', import.meta.url).href)});
        await startPractice({ dir: ${JSON.stringify(dir)} });
        console.log('ready');
        process.stdin.once('data', () => process.exit(7));`;
      const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['pipe', 'pipe', 'inherit'] });
      const exit = once(child, 'exit');
      const lines = createInterface({ input: child.stdout });
      await Promise.race([once(lines, 'line'), exit]);
      assert.ok(child.pid !== undefined && child.exitCode === null, 'The practice environment started');
      const started = await descendants(child.pid);
      assert.ok(started.length >= 2, 'It has processes');
      if (end === undefined) {
        child.stdin.write('exit\n');
      } else {
        end(child.pid);
      }
      assert.equal((await exit)[0], code);
      await gone(started);
    });
  }
});
