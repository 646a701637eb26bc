/** Runbook 6.2: whether the mitigation has helped. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CancelledError, UserError, messageOf } from '../errors.ts';
import { commandLine } from '../incident/command-line.ts';
import { type Evidence, type Level, worstLevel } from '../incident/evidence.ts';
import { escapeMarkdown, inlineCode, levelMark, table } from '../incident/markdown.ts';
import type { JsonObject } from '../incident/plan.ts';
import { lowerFirst } from '../text.ts';
import { wait } from '../wait.ts';
import { checkServiceHealth } from './chapter-3-detection.ts';
import { compareErrorRates } from './error-rate.ts';
import { Inputs } from './inputs.ts';
import { describeOutput } from './program-output.ts';
import type { ReadAction, StepContext } from './step.ts';

/** For so long smoke tests may run, ms. */
const SMOKE_TEST_MS = 15 * 60_000;

/** One of the four things that runbook 6.2 has checked. */
interface Part {
  readonly name: string;
  readonly level: Level;
  /** In a line. */
  readonly summary: string;
  /** More to read. */
  readonly markdown?: string;
  readonly data: JsonObject;
  /** Not asked for, so it does not count. */
  readonly isLeftOut?: true;
}

/**
 * Health, errors per minute now against before, the smoke tests, and what users report. A part that cannot be seen is
 * unknown and keeps nothing else from being seen.
 * Inputs: smokeTest (program and arguments; default npm run test:smoke: and the key of the environment), skipSmokeTest,
 * userReports (none, some, unknown), logGroups, pattern.
 */
export const verifyMitigation: ReadAction = {
  kind: 'read',
  async run(context, inputs, signal) {
    const reports = inputs.choice('userReports', ['none', 'some', 'unknown']) ?? 'unknown';
    const smokeTest = inputs.flag('skipSmokeTest') ? undefined : inputs.list('smokeTest', ['npm', 'run', `test:smoke:${context.environment.key}`]);
    const [health, errorRate, smoke] = await Promise.all([
      seen('Service health', signal, () => healthOf(context, signal)),
      seen('Error rate', signal, () => compareErrorRates(context, inputs, signal)),
      smokeTest === undefined ? LEFT_OUT : seen('Smoke tests', signal, () => runSmokeTest(context, smokeTest, signal)),
    ]);
    const parts = [health, errorRate, smoke, USER_REPORTS[reports]];
    return {
      level: worstLevel(parts.filter(({ isLeftOut }) => isLeftOut !== true).map(({ level }) => level)),
      summary: summaryOf(parts),
      markdown: [
        table(['Check', 'Result', ''], parts.map(({ name, level, summary, isLeftOut }) => [name, isLeftOut === true ? '–' : levelMark(level), escapeMarkdown(summary)])),
        ...parts.flatMap(({ name, markdown }) => (markdown === undefined ? [] : [`### ${name}`, markdown])),
      ].join('\n\n'),
      data: {
        health: { level: health.level, ...health.data },
        errorRate: { now: null, before: null, level: errorRate.level, ...errorRate.data },
        smokeTest: { exitCode: null, level: smoke.level, ...smoke.data },
        userReports: reports,
      },
    };
  },
};

const LEFT_OUT: Part = { name: 'Smoke tests', level: 'unknown', summary: 'left out, as asked', data: { leftOut: true }, isLeftOut: true };

const USER_REPORTS: Readonly<Record<'none' | 'some' | 'unknown', Part>> = {
  none: { name: 'User reports', level: 'ok', summary: 'no open reports', data: {} },
  some: { name: 'User reports', level: 'bad', summary: 'users still report it', data: {} },
  unknown: { name: 'User reports', level: 'unknown', summary: 'nobody has said; look at support tickets and Slack, and run this again with the answer', data: {} },
};

/** What is wrong first; what cannot be told is named, so that nobody takes it for well. */
function summaryOf(parts: readonly Part[]): string {
  const of = (...levels: readonly Level[]): readonly Part[] => levels.flatMap((level) => parts.filter((part) => part.level === level && part.isLeftOut !== true));
  const told = of('bad', 'warn', 'ok').map(({ name, summary }) => `${name}: ${summary}`);
  const unknown = of('unknown').map(({ name }) => lowerFirst(name));
  const leftOut = parts.filter(({ isLeftOut }) => isLeftOut === true).map(({ name }) => lowerFirst(name));
  return [
    ...told,
    ...(unknown.length === 0 ? [] : [`Unknown: ${unknown.join(', ')}`]),
    ...(leftOut.length === 0 ? [] : [`Left out: ${leftOut.join(', ')}`]),
  ].join('; ');
}

/** @throws CancelledError, and nothing else */
async function seen(name: string, signal: AbortSignal, look: () => Promise<Omit<Part, 'name'>>): Promise<Part> {
  try {
    return { name, ...await look() };
  } catch (error) {
    if (signal.aborted || error instanceof CancelledError) {
      throw new CancelledError();
    }
    return { name, level: 'unknown', summary: error instanceof UserError ? error.message : `it could not be checked: ${messageOf(error)}`, data: {} };
  }
}

async function healthOf(context: StepContext, signal: AbortSignal): Promise<Omit<Part, 'name'>> {
  const { level, summary, markdown, data }: Evidence = await checkServiceHealth.run(context, new Inputs('Service health', {}), signal);
  return { level, summary, markdown, data };
}

/** @throws UserError when they cannot be run here, with how to set them */
async function runSmokeTest({ services, runbook }: StepContext, command: readonly string[], signal: AbortSignal): Promise<Omit<Part, 'name'>> {
  const folder = services.tasks.folder();
  if (folder === undefined) {
    throw new UserError('no folder is open, so they were not run. Open the folder of the service and run this again.');
  }
  await checkScript(command, folder);
  const { findProgram } = await import('../services/find-program.ts');
  const [name = '', ...args] = command;
  const program = await findProgram(name, folder, process.env['PATH'] ?? '');
  if (signal.aborted) {
    throw new CancelledError();
  }
  const task = await services.tasks.start({ title: 'Smoke tests', command: [program, ...args], cwd: folder });
  const over = new AbortController();
  try {
    const end = await Promise.race([task.ended, wait(SMOKE_TEST_MS, AbortSignal.any([signal, over.signal])).then(() => undefined)]);
    if (signal.aborted) {
      throw new CancelledError();
    }
    const { lastLine, markdown } = describeOutput(task.output(), runbook);
    const shown = `${inlineCode(commandLine(...command))}\n\n${markdown}`;
    const said = lastLine === '' ? '' : `: ${lastLine}`;
    if (end?.exitCode === undefined) {
      const reason = end === undefined ? `they did not end within ${SMOKE_TEST_MS / 60_000} min and were stopped` : `they did not run to their end: ${end.reason ?? 'no reason given'}`;
      return { level: 'unknown', summary: `${reason}${said}`, markdown: shown, data: { exitCode: null, command } };
    }
    return end.exitCode === 0
      ? { level: 'ok', summary: 'passed', markdown: shown, data: { exitCode: 0, command } }
      : { level: 'bad', summary: `failed with exit code ${end.exitCode}${said}`, markdown: shown, data: { exitCode: end.exitCode, command } };
  } finally {
    over.abort();
    // Has no effect on one that has ended.
    task.stop();
  }
}

/** @throws UserError when the command runs a script of package.json that is not there */
async function checkScript([program = '', verb, script]: readonly string[], folder: string): Promise<void> {
  if (!/^(?:npm|pnpm|yarn)$/.test(program) || !/^run(?:-script)?$/.test(verb ?? '') || script === undefined) {
    return;
  }
  const how = `Add a script "${script}" there, or name your smoke tests in the step's input smokeTest in the runbook.`;
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  } catch (error) {
    throw new UserError(`there is no package.json that can be read in ${folder}, so they were not run. ${how}`, { cause: error });
  }
  const scripts = typeof content === 'object' && content !== null && 'scripts' in content ? content.scripts : undefined;
  if (typeof scripts !== 'object' || scripts === null || !Object.hasOwn(scripts, script)) {
    throw new UserError(`package.json in ${folder} has no script "${script}", so they were not run. ${how}`);
  }
}
