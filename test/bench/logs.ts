// The log stream beside the AWS CLI and beside plain HTTP, in one run: `node test/bench/logs.ts`, also part of `npm run bench`.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { LOG_GROUP, REGION } from '../practice/resources.ts';
import { outDirectory, repositoryRoot } from '../support/paths.ts';
import { quantile, spread } from './figures.ts';
import { measureLags } from './logs-lag.ts';
import type { Reading } from './logs-reader.ts';

const hostBuiltins = path.join(import.meta.dirname, 'host-builtins.ts');
const execute = promisify(execFile);
const EVENTS = 200_000;
const MANY = 1_000_000;
const ROUNDS = 5;
const READER_WITHIN_MS = 300_000;

interface Cli {
  readonly file: string;
  readonly version: string;
  readonly command: readonly string[];
}

interface Round {
  readonly plain: Reading;
  readonly ours: Reading;
  readonly cli: { readonly firstLine: number; readonly all: number } | undefined;
}

const environment = { ...process.env, AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench', AWS_DEFAULT_REGION: REGION, AWS_EC2_METADATA_DISABLED: 'true' };

/** The newest CLI of those on the PATH: version 1 has no `logs tail`. */
async function findCli(): Promise<Cli | undefined> {
  const files = (process.env['PATH'] ?? '').split(path.delimiter).map((folder) => path.join(folder, 'aws')).filter((file) => existsSync(file));
  const found = await Promise.all(files.map(async (file) => ({ file, version: /aws-cli\/([\d.]+)/.exec((await execute(file, ['--version']).catch(() => ({ stdout: '' }))).stdout)?.[1] ?? '' })));
  const [best] = found.filter(({ version }) => version !== '').sort((one, other) => other.version.localeCompare(one.version, 'en', { numeric: true }));
  return best === undefined ? undefined : {
    ...best,
    command: best.version.startsWith('1.')
      ? ['logs', 'filter-log-events', '--log-group-name', LOG_GROUP, '--start-time', String(Date.now() - 7_200_000), '--output', 'text']
      : ['logs', 'tail', LOG_GROUP, '--since', '2h', '--format', 'short'],
  };
}

/** Bundled as the extension is, so that its code is loaded as fast. */
async function buildReader(): Promise<string> {
  const outdir = path.join(outDirectory, 'bench-logs');
  await rm(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: repositoryRoot, entryPoints: ['test/bench/logs-reader.ts'], outdir, outExtension: { '.js': '.mjs' },
    bundle: true, format: 'esm', splitting: true, minify: true, platform: 'node', target: 'node22', mainFields: ['module', 'main'], logLevel: 'warning',
    banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  });
  return path.join(outdir, 'logs-reader.mjs');
}

async function withServer<T>(events: number, work: (origin: string) => Promise<T>): Promise<T> {
  const server = spawn(process.execPath, [path.join(import.meta.dirname, 'replay-server.ts'), String(events)], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await once(createInterface(server.stdout), 'line') as [string];
    return await work((JSON.parse(line) as { origin: string }).origin);
  } finally {
    await ended(server);
  }
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill();
  await exit;
}

async function read(reader: string, kind: 'plain' | 'ours', origin: string, events: number): Promise<Reading> {
  const { stdout } = await execute(process.execPath, ['--import', hostBuiltins, reader, kind, origin, String(events)], { env: environment, timeout: READER_WITHIN_MS });
  const reading = JSON.parse(stdout) as Reading;
  if (reading.events !== events || reading.ids !== events) {
    throw new Error(`Of ${events} events ${kind} saw ${reading.ids}, and ${reading.events - reading.ids} twice.`);
  }
  return reading;
}

/** Its start included: that is what somebody who types the command waits for. */
async function runCli({ file, command }: Cli, origin: string): Promise<{ firstLine: number; all: number }> {
  const began = performance.now();
  // Its output goes into a pipe here; unbuffered, so that it is no slower than on a terminal.
  const child = spawn(file, ['--endpoint-url', origin, ...command], { env: { ...environment, PYTHONUNBUFFERED: '1', AWS_PAGER: '' }, stdio: ['ignore', 'pipe', 'inherit'] });
  let firstLine = Number.NaN;
  child.stdout.once('data', () => { firstLine = performance.now() - began; });
  child.stdout.resume();
  const [code] = await once(child, 'close') as [number | null];
  if (code !== 0) {
    throw new Error(`${file} ended with ${code}.`);
  }
  return { firstLine, all: performance.now() - began };
}

function rows(rounds: readonly Round[], cli: Cli | undefined): string[] {
  const name = EVENTS.toLocaleString('en');
  const perSecond = (all: (round: Round) => number): string => spread(rounds.map((round) => EVENTS / all(round)), 'thousand/s', 0);
  const ratio = (of: (round: Round) => number): string => spread(rounds.map(of), '×', 2);
  const beside = rounds.flatMap(({ ours, cli: theirs }) => theirs === undefined ? [] : [{ ours, theirs }]);
  return [
    `| ${name} log events read and drawn, the channel keeping the youngest lines | ${perSecond(({ ours }) => ours.all)} | |`,
    `| the same with fetch and JSON.parse, nothing formatted | ${perSecond(({ plain }) => plain.all)} | |`,
    `| throughput, part of plain HTTP, round by round | ${ratio(({ ours, plain }) => plain.all / ours.all)} | ≥ 0.6 × |`,
    `| first line, SDK not loaded yet | ${spread(rounds.map(({ ours }) => ours.firstLine), 'ms', 0)} | |`,
    `| first line, SDK loaded | ${spread(rounds.map(({ ours }) => ours.firstLineAgain), 'ms', 0)} | |`,
    ...(cli === undefined ? ['| AWS CLI | not on the PATH, so nothing to compare with | |'] : [
      `| \`aws ${cli.command.slice(0, 2).join(' ')}\` ${cli.version}, all | ${spread(beside.map(({ theirs }) => EVENTS / theirs.all), 'thousand/s', 0)} | |`,
      `| its first line | ${spread(beside.map(({ theirs }) => theirs.firstLine), 'ms', 0)} | |`,
      `| throughput, times the CLI's, round by round | ${spread(beside.map(({ ours, theirs }) => theirs.all / ours.all), '×', 2)} | ≥ 4 × |`,
      `| first line sooner than the CLI's, SDK not loaded yet | ${spread(beside.map(({ ours, theirs }) => theirs.firstLine / ours.firstLine), '×')} | ≥ 10 × |`,
      `| first line sooner than the CLI's, SDK loaded | ${spread(beside.map(({ ours, theirs }) => theirs.firstLine / ours.firstLineAgain), '×')} | ≥ 10 × |`,
    ]),
  ];
}

/** The Markdown rows of the README's table. */
export async function benchLogs(): Promise<readonly string[]> {
  const [cli, reader] = [await findCli(), await buildReader()];
  const rounds = await withServer(EVENTS, async (origin) => {
    const done: Round[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      done.push({
        plain: await read(reader, 'plain', origin, EVENTS), ours: await read(reader, 'ours', origin, EVENTS),
        cli: cli === undefined ? undefined : await runCli(cli, origin),
      });
    }
    return done;
  });
  const { memory } = await withServer(MANY, (origin) => read(reader, 'ours', origin, MANY));
  const lags = await measureLags();
  return [
    ...rows(rounds, cli),
    `| ${MANY.toLocaleString('en')} events, none lost, none twice: resident memory at each tenth | ${memory.map(({ rss }) => rss.toFixed(0)).join(', ')} MB | flat |`,
    `| the same, heap | ${memory.map(({ heap }) => heap.toFixed(0)).join(', ')} MB | flat |`,
    ...Object.entries({ 'Live Tail': lags.live, polling: lags.polling }).map(([name, own]) =>
      `| PutLogEvents to the line, ${name} | median ${quantile(own).toFixed(0)} ms, 99th percentile ${quantile(own, 0.99).toFixed(0)} ms | |`),
  ];
}

if (import.meta.main) {
  console.log(['| what | figure (median, smallest–largest) | aim |', '| --- | --- | --- |', ...await benchLogs()].join('\n'));
}
