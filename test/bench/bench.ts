// npm run bench: the figures of the README, measured side by side in one run. Prints a Markdown table.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { startPractice } from '../practice/environment.ts';
import { buildSuite } from '../support/build-suite.ts';
import { runInExtensionHost } from '../support/host-suite.ts';
import { outDirectory, repositoryRoot } from '../support/paths.ts';
import { measureActivation } from './activation.ts';

const execute = promisify(execFile);

interface Investigation {
  readonly first: number;
  readonly commands: number;
  readonly rounds: readonly { readonly investigate: number; readonly everything: number; readonly shell: number }[];
}

interface Output {
  readonly bytes: number;
  readonly imports: readonly { readonly path: string; readonly kind: string; readonly external?: boolean }[];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function spread(values: readonly number[], unit: string): string {
  return `${median(values).toFixed(1)} ${unit} (${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)})`;
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

/** Bytes of the entry and of everything it imports before it runs. */
async function activationBytes(): Promise<number> {
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
  load('dist/extension.js');
  return [...loaded].reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0);
}

async function packageBytes(scratch: string): Promise<number> {
  const file = path.join(scratch, 'incident-runbook.vsix');
  await execute(path.join(repositoryRoot, 'node_modules', '.bin', 'vsce'), ['package', '--no-dependencies', '--skip-license', '--out', file], { cwd: repositoryRoot });
  return (await stat(file)).size;
}

const scratch = await mkdtemp(path.join(os.tmpdir(), 'bench-'));
try {
  await execute(process.execPath, ['esbuild.mjs', '--production'], { cwd: repositoryRoot });
  const [loaded, vsix] = [await activationBytes(), await packageBytes(scratch)];
  await execute(process.execPath, ['esbuild.mjs', '--production'], { cwd: repositoryRoot });
  const investigation = await benchInvestigation(scratch);
  const activation = await measureActivation();
  const { rounds } = investigation;
  const ratios = rounds.map(({ shell, investigate }) => shell / investigate);
  console.log([
    '| what | figure (median, smallest–largest) | aim |',
    '| --- | --- | --- |',
    `| the ${investigation.commands} checks of chapter 5 through \`investigate\` | ${spread(rounds.map(({ investigate }) => investigate), 'ms')} | |`,
    `| the same as the runbook's own commands, one after another | ${spread(rounds.map(({ shell }) => shell), 'ms')} | |`,
    `| ratio, round by round | ${spread(ratios, '×')} faster | ≥ 10 × |`,
    `| the first \`investigate\` of a session, SDKs not loaded yet | ${investigation.first.toFixed(0)} ms, ${(median(rounds.map(({ shell }) => shell)) / investigation.first).toFixed(1)} × faster | |`,
    `| everything that \`investigate\` runs, slow portals included | ${spread(rounds.map(({ everything }) => everything), 'ms')} | as long as the slowest check |`,
    `| activation in the real VS Code, code and call | ${spread(activation.own, 'ms')} | ≤ 20 ms |`,
    ...(activation.yardstick.length === 0 ? [] : [`| ratio to the built-in ${activation.yardstickName} in the same windows | ${spread(activation.own.map((own, index) => own / (activation.yardstick[index] ?? Number.NaN)), '×')} | |`]),
    `| loaded at activation | ${(loaded / 1024).toFixed(1)} KB | ≤ 120 KB |`,
    `| the .vsix | ${(vsix / 1024).toFixed(0)} KB | ≤ 2 MB |`,
  ].join('\n'));
} finally {
  await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
