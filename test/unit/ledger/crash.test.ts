/** What real processes do to a ledger: append at once, run out of space in the middle of a record, are killed. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createRandom } from '../../practice/random.ts';
import { buildLedger, declaration, finding, rawEvents, timelineFile } from '../../support/build-ledger.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

const CHILD = fileURLToPath(new URL('../../support/append-child.ts', import.meta.url));
/** The name of the child as one JavaScript file, which starts four times as fast. */
const BUILT = 'append-child.mjs';
const KILLS = 200;
const INCIDENTS = 6;
const AT_ONCE = 2;

const running = new Set<ChildProcess>();

/** Starts a process that appends to an incident; resolves, once it has ended, with the lines that it wrote. */
function append(folder: string, args: readonly (string | number)[], { command = [process.execPath], onLine = () => undefined }: {
  readonly command?: readonly string[];
  readonly onLine?: (lines: number, child: ChildProcess) => void;
} = {}): Promise<string[]> {
  const [program = '', ...before] = command;
  const child = spawn(program, [...before, path.join(folder, BUILT), folder, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    onLine(output.split('\n').length - 1, child);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    // Everything it wrote has been read by then, also what it wrote just before it was killed.
    child.on('close', () => {
      running.delete(child);
      resolve(output.split('\n').slice(0, -1));
    });
  });
}

/** Keeps the processor busy for a moment: a timer is too coarse to hit a process between two system calls. */
function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    // Nothing else to do.
  }
}

function duplicates(ids: readonly string[]): string[] {
  const seen = new Set<string>();
  return ids.filter((id) => seen.size === seen.add(id).size);
}

describe('the ledger and processes', () => {
  const folder = useTemporaryFolder();
  beforeEach(async () => {
    await build({ entryPoints: [CHILD], outfile: path.join(folder(), BUILT), bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });
  });
  afterEach(() => { running.forEach((child) => { child.kill('SIGKILL'); }); });

  it('two that append at once lose nothing of each other', async () => {
    const { id } = await buildLedger(folder()).declare(declaration());
    const written = (await Promise.all([1, 2].map((seed) => append(folder(), [id, seed, 60])))).flat();
    assert.equal(written.length, 120);
    const { findings } = await buildLedger(folder()).read(id);
    assert.deepEqual(findings.map(({ event }) => event).sort(), written.toSorted());
  }).timeout(10_000);

  (process.platform === 'linux' ? it : it.skip)('one that runs out of space in the middle of a record says so, and the next one goes on', async () => {
    const ledger = buildLedger(folder());
    const { id } = await ledger.declare(declaration());
    // Files may grow to 64 blocks of 512 bytes: the record that goes beyond is written in part.
    const limited = ['sh', '-c', "trap '' XFSZ; ulimit -f 64; exec \"$@\"", 'sh', process.execPath];
    const lines = await append(folder(), [id, 3], { command: limited });
    const message = lines.at(-1) ?? '';
    assert.match(message, /^! The timeline could not be written to .*: the disk is full\. Free some space and run it again\. Everything recorded before is still there\.$/);
    const acknowledged = lines.slice(0, -1);
    assert.ok(acknowledged.length > 0);
    assert.doesNotMatch(readFileSync(timelineFile(folder(), id), 'utf8'), /\n$/);

    const { id: next } = await ledger.append(id, finding('after some space was freed'));
    for (const reader of [ledger, buildLedger(folder())]) {
      assert.deepEqual((await reader.read(id)).findings.map(({ event }) => event).sort(), [...acknowledged, next].sort());
    }
  });

  it(`${KILLS} times SIGKILL: what was acknowledged is there, once`, async function () {
    this.timeout(120_000);
    const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
    const random = createRandom(seed);
    const setUp = buildLedger(folder());
    const incidents = await Promise.all(Array.from({ length: INCIDENTS }, () => setUp.declare(declaration())));
    const acknowledged = new Map<string, string[]>(incidents.map(({ id }) => [id, []]));
    let kills = 0;
    const killer = async (): Promise<void> => {
      while (kills < KILLS) {
        kills += 1;
        const { id } = random.pick([incidents[0] ?? assert.fail(), ...incidents.slice(1)]);
        const [after, pause] = [random.whole(1, 5), random.next()];
        const ids = await append(folder(), [id, random.whole(1, 1e9)], {
          onLine: (lines, child) => {
            if (lines >= after && !child.killed) {
              spin(pause);
              child.kill('SIGKILL');
            }
          },
        });
        acknowledged.get(id)?.push(...ids);
      }
    };
    const context = `seed ${seed}: run again with TEST_SEED=${seed}`;
    await Promise.all(Array.from({ length: AT_ONCE }, killer));

    for (const [incident, ids] of acknowledged) {
      const onDisk = rawEvents(timelineFile(folder(), incident)).map(({ id }) => id);
      assert.deepEqual(ids.filter((id) => id.startsWith('!')), [], context);
      assert.deepEqual(duplicates(onDisk), [], context);
      assert.deepEqual(ids.filter((id) => !onDisk.includes(id)), [], context);
      const { events } = await buildLedger(folder()).read(incident);
      assert.deepEqual(events.map(({ id }) => id).sort(), onDisk.toSorted(), context);
    }
    const total = [...acknowledged.values()].flat().length;
    assert.ok(total >= KILLS, `${context}: only ${total} acknowledged`);
    assert.deepEqual(new Set((await buildLedger(folder()).list()).map(({ id }) => id)), new Set(acknowledged.keys()), context);
  });
});
