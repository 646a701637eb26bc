// npm run bench: the figures of the README, measured side by side in one run. Prints a Markdown table.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { systemClock } from '../../src/incident/clock.ts';
import { randomIds } from '../../src/ledger/ids.ts';
import { LocalLedger } from '../../src/ledger/local-ledger.ts';
import { startPractice } from '../practice/environment.ts';
import { buildSuite } from '../support/build-suite.ts';
import { runInExtensionHost } from '../support/host-suite.ts';
import { outDirectory, repositoryRoot } from '../support/paths.ts';
import { measureActivation } from './activation.ts';
import { quantile, spread } from './figures.ts';
import { benchLogs } from './logs.ts';
import { type Growth, measureGrowth } from './metrics.ts';

const execute = promisify(execFile);

const CLOSED = 10_000;
const LIST_ROUNDS = 3;

interface Investigation {
  readonly first: number;
  readonly commands: number;
  readonly rounds: readonly { readonly investigate: number; readonly everything: number; readonly shell: number }[];
}

interface Output {
  readonly bytes: number;
  readonly entryPoint?: string;
  readonly imports: readonly { readonly path: string; readonly kind: string; readonly external?: boolean }[];
}

async function benchInvestigation(scratch: string): Promise<Investigation> {
  const testsPath = await buildSuite(path.join(repositoryRoot, 'test', 'bench', 'host'), path.join(outDirectory, 'bench'));
  if (testsPath === undefined) {
    throw new Error('test/bench/host holds no bench.');
  }
  const resultFile = path.join(scratch, 'investigate.json');
  const practice = await startPractice({ dir: path.join(scratch, 'practice') });
  try {
    const result = await runInExtensionHost({
      extensionPath: repositoryRoot, testsPath, trust: true, settings: practice.settings,
      folder: path.join(repositoryRoot, 'test', 'practice', 'workspace'),
      env: { ...practice.env, BENCH_RESULT_FILE: resultFile },
      report: () => undefined,
    });
    if (result.code !== 0) {
      throw new Error(`The bench in the extension host failed.\n${result.log}`);
    }
    return JSON.parse(await readFile(resultFile, 'utf8')) as Investigation;
  } finally {
    await practice.stop();
  }
}

/** Bytes of the entry with everything it imports before it runs, and the same with what draws the tree. */
async function loadedBytes(): Promise<{ readonly activation: number; readonly tree: number }> {
  const { outputs } = JSON.parse(await readFile(path.join(repositoryRoot, 'dist', 'meta.json'), 'utf8')) as { outputs: Record<string, Output> };
  const loaded = new Set<string>();
  const load = (file: string): void => {
    const output = outputs[file];
    if (output === undefined || loaded.has(file)) {
      return;
    }
    loaded.add(file);
    output.imports.filter(({ kind, external }) => kind === 'import-statement' && external !== true).forEach((item) => { load(item.path); });
  };
  const bytes = (): number => [...loaded].reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0);
  load('dist/extension.cjs');
  const activation = bytes();
  Object.entries(outputs).filter(([, { entryPoint }]) => entryPoint === 'src/house.ts').forEach(([file]) => { load(file); });
  return { activation, tree: bytes() };
}

async function packageBytes(scratch: string): Promise<number> {
  const file = path.join(scratch, 'incident-runbook.vsix');
  await execute(path.join(repositoryRoot, 'node_modules', '.bin', 'vsce'), ['package', '--no-dependencies', '--no-rewrite-relative-links', '--out', file], { cwd: repositoryRoot });
  return (await stat(file)).size;
}

/** Listing 10,000 closed incidents through the index, and without it: reading every timeline. */
async function benchListing(directory: string): Promise<{ readonly indexed: readonly number[]; readonly unindexed: readonly number[] }> {
  const clock = systemClock;
  const ids = randomIds();
  const open = (): LocalLedger => new LocalLedger({ directory, clock, ids, redact: (event) => event, actor: () => ({ name: 'bench', kind: 'person' }) });
  await mkdir(directory, { recursive: true });
  const known = new Set<string>();
  while (known.size < CLOSED) {
    const incident = ids.incident(clock.now() - known.size * 3_600_000);
    if (!known.has(incident)) {
      known.add(incident);
      await writeFile(path.join(directory, `${incident}.jsonl`), timelineOf(incident, ids.event(clock.now())));
    }
  }
  await open().list();
  const indexed: number[] = [];
  const unindexed: number[] = [];
  for (let round = 0; round < LIST_ROUNDS; round += 1) {
    indexed.push(await timed(() => open().list()));
    await rm(path.join(directory, 'closed.index'));
    unindexed.push(await timed(() => open().list()));
  }
  return { indexed, unindexed };
}

function timelineOf(incident: string, id: string): string {
  const common = { incident, at: '2026-01-01T00:00:00.000Z', recordedAt: '2026-01-01T00:00:00.000Z', actor: { name: 'bench', kind: 'person' } };
  const declared = { ...common, id, type: 'incident.declared', title: `Incident ${incident}`, environment: 'production', detectedBy: 'phone', drill: false, runbook: { name: 'r', version: '1' } };
  return `\n${JSON.stringify(declared)}\n\n${JSON.stringify({ ...common, id: `${id}C`, type: 'incident.closed', reason: 'Over' })}\n`;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** What each size takes, and how much longer than the size before it in the same round. */
function growthRows(growth: readonly Growth[], what: string, figure: (size: Growth) => readonly number[]): string[] {
  return growth.flatMap((size, index) => {
    const before = growth[index - 1];
    const name = size.incidents.toLocaleString('en');
    return [
      `| ${name} closed incidents ${what} | ${spread(figure(size), 'ms')} | |`,
      ...(before === undefined ? [] : [`| growth from ${before.incidents.toLocaleString('en')} to ${name}, round by round | ${spread(figure(size).map((ms, round) => ms / (figure(before)[round] ?? Number.NaN)), '×')} | near ${size.incidents / before.incidents} × |`]),
    ];
  });
}

const scratch = await mkdtemp(path.join(os.tmpdir(), 'bench-'));
try {
  await execute(process.execPath, ['esbuild.mjs', '--production'], { cwd: repositoryRoot });
  const [loaded, vsix] = [await loadedBytes(), await packageBytes(scratch)];
  await execute(process.execPath, ['esbuild.mjs', '--production'], { cwd: repositoryRoot });
  const investigation = await benchInvestigation(scratch);
  const activation = await measureActivation();
  const listing = await benchListing(path.join(scratch, 'incidents'));
  const growth = await measureGrowth(path.join(scratch, 'growth'));
  const logs = await benchLogs();
  const { rounds } = investigation;
  const ratios = rounds.map(({ shell, investigate }) => shell / investigate);
  console.log([
    '| what | figure (median, smallest–largest) | aim |',
    '| --- | --- | --- |',
    `| the ${investigation.commands} checks of chapter 5 through \`investigate\` | ${spread(rounds.map(({ investigate }) => investigate), 'ms')} | |`,
    `| the same as the runbook's own commands, one after another | ${spread(rounds.map(({ shell }) => shell), 'ms')} | |`,
    `| ratio, round by round | ${spread(ratios, '×')} faster | ≥ 10 × |`,
    `| the first \`investigate\` of a session, SDKs not loaded yet | ${investigation.first.toFixed(0)} ms, ${(quantile(rounds.map(({ shell }) => shell)) / investigation.first).toFixed(1)} × faster | |`,
    `| everything that \`investigate\` runs, slow portals included | ${spread(rounds.map(({ everything }) => everything), 'ms')} | as long as the slowest check |`,
    `| activation in the real VS Code, code and call | ${spread(activation.own, 'ms')} | ≤ 20 ms |`,
    ...(activation.yardstick.length === 0 ? [] : [`| ratio to the built-in ${activation.yardstickName} in the same windows | ${spread(activation.own.map((own, index) => own / (activation.yardstick[index] ?? Number.NaN)), '×')} | |`]),
    `| ${CLOSED} closed incidents listed | ${spread(listing.indexed, 'ms')} | |`,
    `| ratio to listing without the index | ${spread(listing.unindexed.map((without, index) => without / (listing.indexed[index] ?? Number.NaN)), '×')} faster | |`,
    ...growthRows(growth, 'listed', ({ list }) => list),
    ...growthRows(growth, 'in `metrics`', ({ metrics }) => metrics),
    ...logs,
    `| loaded at activation | ${(loaded.activation / 1024).toFixed(1)} KB | ≤ 120 KB |`,
    `| loaded once the tree is drawn | ${(loaded.tree / 1024).toFixed(1)} KB | ≤ 120 KB |`,
    `| the .vsix | ${(vsix / 1024).toFixed(0)} KB | ≤ 2 MB |`,
  ].join('\n'));
} finally {
  await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
