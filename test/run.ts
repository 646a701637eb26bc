// node test/run.ts [unit|integration|host|host-pair|ui|panels]… [--grep PATTERN]: runs the suites and counts their tests together.
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { buildSuite } from './support/build-suite.ts';
import { hostKind, prepareHost, runInExtensionHost } from './support/host-suite.ts';
import { grepVariable, responderVariable, resultVariable, type TestCounts } from './support/mocha-run.ts';
import { outDirectory, repositoryRoot } from './support/paths.ts';
import { startProcessGroup } from './support/process-group.ts';
import { type Practice, startPractice } from './practice/environment.ts';

type Suite =
  | {
    readonly group: string; readonly folder: string; readonly runs: 'node'; readonly timeoutMs: number; readonly needsVsCode: boolean;
    /** It mostly waits: it runs beside the others, and what it says is shown once they are done. */
    readonly besides?: boolean;
  }
  | { readonly group: string; readonly folder: string; readonly runs: 'extension host'; readonly trust: boolean; readonly responders?: readonly Responder[] };

/** One of several people, each in a VS Code of their own, at the same time and on one practice environment. */
interface Responder {
  /** On GitHub. */
  readonly login: string;
  /** On the timeline. */
  readonly name: string;
}

const suites: readonly Suite[] = [
  { group: 'unit', folder: 'test/unit', runs: 'node', timeoutMs: 10_000, needsVsCode: false },
  { group: 'integration', folder: 'test/integration', runs: 'node', timeoutMs: 60_000, needsVsCode: false },
  { group: 'host', folder: 'test/host', runs: 'extension host', trust: true },
  { group: 'host', folder: 'test/host-restricted', runs: 'extension host', trust: false },
  { group: 'host-pair', folder: 'test/host-pair', runs: 'extension host', trust: true, responders: [{ login: 'ada', name: 'Ada' }, { login: 'grace', name: 'Grace' }] },
  { group: 'ui', folder: 'test/ui', runs: 'node', timeoutMs: 120_000, needsVsCode: true },
  { group: 'ui', folder: 'test/ui-waiting', runs: 'node', timeoutMs: 120_000, needsVsCode: true, besides: true },
  { group: 'panels', folder: 'test/panels', runs: 'node', timeoutMs: 120_000, needsVsCode: true },
];

const suiteDeadlineMs = 600_000;

// mocha draws its ticks in colour wherever it thinks it is in CI; a log is better off without.
const colors: Readonly<Record<string, string>> = process.stdout.isTTY ? {} : { NO_COLOR: '1' };

const nothing: TestCounts = { passed: 0, failed: 0, skipped: 0, failedTitles: [] };

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});

async function main(): Promise<number> {
  // By way of `exit`, so that everything that was started ends as well.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

  const { values, positionals } = parseArgs({ allowPositionals: true, options: { grep: { type: 'string', short: 'g' } } });
  const groups = new Set(suites.map((suite) => suite.group));
  const unknown = positionals.filter((name) => !groups.has(name));
  if (unknown.length > 0) {
    console.error(`There is no suite called ${unknown.join(', ')}. Choose from: ${[...groups].join(', ')}.`);
    return 2;
  }
  if (values.grep !== undefined) process.env[grepVariable] = values.grep;

  const chosen = suites.filter((suite) => positionals.length === 0 || positionals.includes(suite.group));
  if (chosen.some((suite) => suite.runs === 'extension host' || suite.needsVsCode)) await buildExtension();

  const isBesides = (suite: Suite): boolean => suite.runs === 'node' && suite.besides === true;
  const besides = chosen.filter(isBesides).map((suite) => {
    const said: string[] = [];
    return { said, result: timed(suite, (text) => { said.push(text); }) };
  });
  const results: Timed[] = [];
  for (const suite of chosen.filter((each) => !isBesides(each))) {
    console.log(`\n── ${suite.folder}`);
    results.push(await timed(suite));
  }
  for (const { said, result } of besides) {
    const ended = await result;
    console.log(`\n── ${ended.suite.folder}\n${said.join('')}`);
    results.push(ended);
  }
  return summarise(results);
}

interface Timed {
  readonly suite: Suite;
  readonly counts: TestCounts;
  readonly seconds: number;
}

/** @param hear gets what the suite says, which is shown here otherwise */
async function timed(suite: Suite, hear?: (text: string) => void): Promise<Timed> {
  const startedAt = performance.now();
  const counts = await runSuite(suite, hear);
  return { suite, counts, seconds: (performance.now() - startedAt) / 1000 };
}

async function buildExtension(): Promise<void> {
  const script = path.join(repositoryRoot, 'esbuild.mjs');
  const code = await startProcessGroup(process.execPath, [script], { cwd: repositoryRoot, inherit: true }).ended;
  if (code !== 0) throw new Error(`Building the extension failed: ${script} ended with code ${code}.`);
}

/** A suite that cannot be run counts as one failed test. */
async function runSuite(suite: Suite, hear?: (text: string) => void): Promise<TestCounts> {
  if (suite.runs === 'node' && suite.needsVsCode && process.platform !== 'linux') {
    console.log('Skipped: a browser drives the headless VS Code, which is only installed on Linux.');
    return { ...nothing, skipped: 1 };
  }
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'test-run-'));
  try {
    return suite.runs === 'node' ? await runInNode(suite, scratch, hear) : await runInHost(suite, scratch);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return { ...nothing, failed: 1, failedTitles: [`${suite.folder} could not be run`] };
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function runInNode(suite: Suite & { readonly runs: 'node' }, scratch: string, hear: ((text: string) => void) | undefined): Promise<TestCounts> {
  const resultFile = path.join(scratch, 'result.json');
  const group = startProcessGroup(
    process.execPath,
    [path.join(repositoryRoot, 'test', 'support', 'mocha-process.ts'), suite.folder, String(suite.timeoutMs)],
    { cwd: repositoryRoot, inherit: hear === undefined, env: { ...process.env, ...colors, [resultVariable]: resultFile } },
  );
  if (hear !== undefined) [group.child.stdout, group.child.stderr].forEach((stream) => stream?.setEncoding('utf8').on('data', hear));
  const timer = setTimeout(() => {
    console.error(`${suite.folder} did not end within ${suiteDeadlineMs} ms.`);
    void group.stop();
  }, suiteDeadlineMs);
  try {
    const code = await group.ended;
    if (!existsSync(resultFile)) throw new Error(`${suite.folder} ended with code ${code} before its tests were counted.`);
    return JSON.parse(await readFile(resultFile, 'utf8')) as TestCounts;
  } finally {
    clearTimeout(timer);
  }
}

async function runInHost(suite: Suite & { readonly runs: 'extension host' }, scratch: string): Promise<TestCounts> {
  const compiled = path.join(outDirectory, path.basename(suite.folder));
  const testsPath = await buildSuite(path.join(repositoryRoot, suite.folder), compiled);
  if (testsPath === undefined) return nothing;
  await prepareHost();
  const practice = await startPractice({ dir: path.join(scratch, 'practice') });
  try {
    console.log(`VS Code: ${hostKind()}, ${suite.trust ? 'trusted' : 'restricted'}`);
    const { responders = [undefined] } = suite;
    return add(await Promise.all(responders.map((responder) => runHostOf(responder, { suite, testsPath, practice, scratch }))));
  } finally {
    await practice.stop();
  }
}

interface HostRun {
  readonly suite: Suite & { readonly runs: 'extension host' };
  readonly testsPath: string;
  readonly practice: Practice;
  readonly scratch: string;
}

/** @param responder whose VS Code it is; undefined when there is only one */
async function runHostOf(responder: Responder | undefined, { suite, testsPath, practice, scratch }: HostRun): Promise<TestCounts> {
  const mark = responder === undefined ? '' : `${responder.login}: `;
  const say = (text: string): void => { console.log(text.split('\n').map((line) => mark + line).join('\n')); };
  // A copy, so that tests may write into the workspace.
  const folder = path.join(scratch, `workspace${responder === undefined ? '' : `-${responder.login}`}`);
  try {
    await cp(path.join(repositoryRoot, 'test', 'practice', 'workspace'), folder, { recursive: true });
    const result = await runInExtensionHost({
      extensionPath: repositoryRoot,
      testsPath,
      folder,
      trust: suite.trust,
      env: { ...practice.env, ...colors, ...(responder === undefined ? {} : { [responderVariable]: responder.login }) },
      settings: responder === undefined ? practice.settings : practice.settingsOf(responder.login, responder.name),
      deadlineMs: suiteDeadlineMs,
      report: say,
    });
    if (result.code !== 0 && result.log !== '') say(`The last that VS Code said:\n${result.log}`);
    if (result.counts === undefined) throw new Error(`VS Code ended with code ${result.code} before the tests were counted.`);
    const failedTitles = result.code !== 0 && result.counts.failed === 0 ? [`VS Code ended with code ${result.code}`] : result.counts.failedTitles;
    return { ...result.counts, failed: Math.max(result.counts.failed, failedTitles.length), failedTitles: failedTitles.map((title) => mark + title) };
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return { ...nothing, failed: 1, failedTitles: [`${mark}${suite.folder} could not be run`] };
  } finally {
    // The others would wait for somebody who has left.
    practice.control.barriers.break(`${responder?.login ?? 'somebody'} has left`);
  }
}

function add(all: readonly TestCounts[]): TestCounts {
  return all.reduce((sum, counts) => ({
    passed: sum.passed + counts.passed, failed: sum.failed + counts.failed, skipped: sum.skipped + counts.skipped,
    failedTitles: [...sum.failedTitles, ...counts.failedTitles],
  }), nothing);
}

function summarise(results: readonly Timed[]): number {
  const sum = (pick: (counts: TestCounts) => number): number => results.reduce((total, { counts }) => total + pick(counts), 0);
  const failed = sum((counts) => counts.failed);
  const passed = sum((counts) => counts.passed);
  console.log('');
  for (const { suite, counts, seconds } of results) {
    console.log(`${suite.folder}: ${counts.passed} of ${counts.passed + counts.failed} in ${seconds.toFixed(1)} s`);
    for (const title of counts.failedTitles) console.log(`  failed: ${title}`);
  }
  if (passed + failed === 0) console.log('No test ran.');
  // Continuous integration reads this line; it stays the last one and alone.
  console.log(`${passed} passed, ${failed} failed, ${sum((counts) => counts.skipped)} skipped`);
  return failed > 0 || passed === 0 ? 1 : 0;
}
