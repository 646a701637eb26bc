import { writeFile } from 'node:fs/promises';
import { findSourceMap } from 'node:module';
import process from 'node:process';
import { format } from 'node:util';
import Mocha from 'mocha';

/** How a run of a suite ended. */
export interface TestCounts {
  readonly passed: number;
  /** Failed tests and failed hooks. */
  readonly failed: number;
  readonly skipped: number;
  /** Full titles of what failed. */
  readonly failedTitles: readonly string[];
}

/**
 * The environment variable naming the file that a suite leaves its counts in. A file, because a suite's console reaches
 * the outer runner by very different ways: a pipe, a desktop's log, a browser.
 */
export const resultVariable = 'TEST_RESULT_FILE';

/** The environment variable with a regular expression that chooses tests by their full title. */
export const grepVariable = 'TEST_GREP';

/** The environment variable that tells one of several hosts on one practice environment whose it is: a login on GitHub. */
export const responderVariable = 'TEST_RESPONDER';

/** Begins each line of mocha's report in a console that others write to as well. */
export const reportMark = '[mocha]';

export interface MochaRunOptions {
  /** For each test and hook that sets none itself. */
  readonly timeoutMs: number;
  /** Begins each line of the report with `reportMark`. */
  readonly markReport?: boolean;
}

/**
 * Runs mocha's spec reporter over test files, here in this process, and writes the counts to the file that
 * `TEST_RESULT_FILE` names, when it is set.
 */
export async function runMocha(files: readonly string[], options: MochaRunOptions): Promise<TestCounts> {
  if (options.markReport) {
    Mocha.reporters.Base.consoleLog = (...data: unknown[]) => {
      for (const line of format(...data).split('\n')) console.log(`${reportMark}${line}`);
    };
  }
  const grep = process.env[grepVariable];
  const mocha = new Mocha({
    ui: 'bdd',
    reporter: 'spec',
    color: process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
    timeout: options.timeoutMs,
    // A forgotten `.only` would silently switch the others off in CI.
    forbidOnly: process.env['CI'] !== undefined,
    ...(grep === undefined ? {} : { grep: new RegExp(grep) }),
  });
  for (const file of files) mocha.addFile(file);
  await mocha.loadFilesAsync();
  const failedTitles: string[] = [];
  let stats: Mocha.Stats | undefined;
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => resolve());
    runner.on('fail', (test, error: unknown) => {
      failedTitles.push(test.fullTitle());
      // The reporter prints it only at the end.
      if (error instanceof Error) error.stack = withSourcePositions(error.stack);
    });
    stats = runner.stats;
  });
  const counts: TestCounts = {
    passed: stats?.passes ?? 0,
    failed: Math.max(stats?.failures ?? 0, failedTitles.length),
    skipped: stats?.pending ?? 0,
    failedTitles,
  };
  const resultFile = process.env[resultVariable];
  if (resultFile !== undefined) await writeFile(resultFile, JSON.stringify(counts));
  return counts;
}

/**
 * Replaces positions in compiled files by those in their TypeScript source. Node's own way is out of order in an
 * extension host, which formats stacks itself.
 */
function withSourcePositions(stack: string | undefined): string {
  return (stack ?? '').replace(/(file:\/\/[^\s()]+):(\d+):(\d+)/g, (whole, file: string, line: string, column: string) => {
    const entry = findSourceMap(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    return entry !== undefined && 'originalSource' in entry
      ? `${new URL(entry.originalSource, file).href}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
      : whole;
  });
}
