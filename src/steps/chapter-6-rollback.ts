/** Runbook 6.1, deployment issues: the way back to the previous version by the workspace's own script. */
import { UserError, messageOf } from '../errors.ts';
import { formatDuration, iso } from '../incident/clock.ts';
import type { Json } from '../incident/evidence.ts';
import type { Incident } from '../incident/fold.ts';
import { commandLine } from '../incident/command-line.ts';
import { codeBlock, inlineCode } from '../incident/markdown.ts';
import type { Draft, Hazard } from '../incident/plan.ts';
import { createRedactor } from '../incident/redact.ts';
import type { Runbook } from '../runbook/schema.ts';
import type { Program } from '../services/find-program.ts';
import type { Checkout } from '../services/git.ts';
import type { RunningTask, TaskEnd } from '../services/tasks.ts';
import { plural } from '../text.ts';
import { shortSha } from './github-evidence.ts';
import { describeOutput } from './program-output.ts';
import type { ChangeAction, Outlook } from './step.ts';

/** Lines of the program that a person is shown before it runs. */
const LINES_SHOWN = 60;

/**
 * Runs the rollback program of the workspace, without a shell, in a terminal where a person can watch and end it.
 * Inputs: command (program and arguments; default ./scripts/emergency-rollback.sh and the key of the environment).
 */
export const rollback: ChangeAction = {
  kind: 'change',
  effect: 'destructive',
  system: 'workspace',
  lookEveryMs: 500,

  async plan({ environment, incident, services, clock, runbook }, inputs, signal) {
    const command = inputs.list('command', ['./scripts/emergency-rollback.sh', environment.key]);
    const folder = services.tasks.folder();
    if (folder === undefined) {
      throw new UserError('No folder is open, so there is no rollback script to run. Open the folder of the service and plan the rollback again.');
    }
    const [{ findProgram, readProgram }, { checkoutOf }] = await Promise.all([import('../services/find-program.ts'), import('../services/git.ts')]);
    const program = await readProgram(await findProgram(command[0] ?? '', folder, process.env['PATH'] ?? ''));
    const checkout = await checkoutOf(folder, program.path, signal);
    const versions = versionsKnown(incident);
    return draft({ environment: environment.key, folder, command, program, checkout, versions, runbook, now: clock.now() });
  },

  async apply({ services, clock }, plan) {
    const startedAt = iso(clock.now());
    try {
      const task = await services.tasks.start({ title: plan.title, command: textsOf(plan.after['command']), cwd: String(plan.after['folder']), key: plan.hash });
      return { pid: task.pid ?? null, startedAt };
    } catch (error) {
      // Nothing runs then, and that is known: `look` would have to say that it is not.
      return { pid: null, startedAt, refused: error instanceof UserError ? error.message : messageOf(error) };
    }
  },

  look({ services, clock, runbook }, plan, made, _signal) {
    if (typeof made?.['refused'] === 'string') {
      return Promise.resolve<Outlook>({ state: 'failed', summary: `Nothing was run. ${made['refused']}`, data: { exitCode: null } });
    }
    const startedAt = typeof made?.['startedAt'] === 'string' ? made['startedAt'] : undefined;
    const task = services.tasks.find(plan.hash);
    // Without a result of `apply` only one that still runs is surely this one: an earlier one may have had the same plan.
    const isIt = task !== undefined && (made?.['pid'] === undefined ? task.end === undefined : made['pid'] === (task.pid ?? null));
    return Promise.resolve(isIt ? outlookOf(task, startedAt === undefined ? undefined : clock.now() - Date.parse(startedAt), runbook) : lost(startedAt));
  },
};

interface Versions {
  /** What runs, as the comparison of versions saw it. */
  readonly running: string | undefined;
  /** What was deployed before it, as the list of deployments says. */
  readonly previous: { readonly sha: string; readonly at: string } | undefined;
}

interface Found {
  readonly environment: string;
  readonly folder: string;
  readonly command: readonly string[];
  readonly program: Program;
  readonly checkout: Checkout | undefined;
  readonly versions: Versions;
  readonly runbook: Runbook;
  readonly now: number;
}

function draft({ environment, folder, command, program, checkout, versions: { running, previous }, runbook, now }: Found): Draft {
  const line = commandLine(...command);
  return {
    system: 'this workspace',
    resource: line,
    summary: `Roll ${environment} back by running ${line}`,
    differences: [
      {
        name: 'Version',
        before: running ?? 'not known',
        after: previous === undefined ? 'what the script chooses' : `what the script chooses; deployed before: ${shortSha(previous.sha)}, ${formatDuration(now - Date.parse(previous.at))} ago`,
      },
      { name: 'Script', before: 'not run', after: `run in ${folder}, SHA-256 ${program.sha256.slice(0, 12)}${checkout === undefined ? '' : `, at commit ${shortSha(checkout.head)}`}` },
    ],
    before: { program: program.path, sha256: program.sha256, head: checkout?.head ?? null, dirty: checkout?.isChanged ?? false },
    after: { command: [program.path, ...command.slice(1)], folder },
    command: line,
    hazards: hazardsOf(command[0] ?? '', checkout, running, previous),
    undo: { possible: false, how: 'No undo by itself: roll forward by deploying again.' },
    follow: 'Its output and how it ends, for up to 30 minutes. Verify the mitigation afterwards.',
    details: describeProgram(program, runbook),
  };
}

function hazardsOf(name: string, checkout: Checkout | undefined, running: string | undefined, previous: Versions['previous']): readonly Hazard[] {
  const hazards: Hazard[] = [
    { level: 'warn', text: 'Database migrations do not go back with the code. Check that the older version works with the schema of today.' },
  ];
  if (checkout === undefined) {
    hazards.push({ level: 'note', text: `Git knows no commit here, so it cannot be told which version of ${name} this is. Read it before you run it.` });
  } else {
    if (checkout.isChanged) {
      hazards.push({ level: 'warn', text: `${name} is not as it was committed: it has local changes, or git does not know it. Read it before you run it.` });
    }
    if (checkout.upstream === undefined || checkout.behind === undefined) {
      hazards.push({ level: 'note', text: `The checkout at ${shortSha(checkout.head)} follows no branch of a remote, so it cannot be told whether it is up to date.` });
    } else if (checkout.behind > 0) {
      hazards.push({ level: 'warn', text: `The checkout is ${plural(checkout.behind, 'commit')} behind ${checkout.upstream} as last fetched. The script may be an old one: pull first.` });
    } else {
      hazards.push({ level: 'note', text: `The checkout is as new as ${checkout.upstream} was when it was last fetched; what has been pushed since is not known.` });
    }
  }
  if (running === undefined) {
    hazards.push({ level: 'note', text: 'Which version runs now is not on the timeline. "Compare versions" shows it.' });
  }
  if (previous === undefined) {
    hazards.push({ level: 'note', text: 'Which version was deployed before is not on the timeline, so it cannot be told where this goes back to. "List deployments" shows it, with GitHub connected.' });
  }
  return hazards;
}

/** What the evidence says of the versions; only what an earlier step has seen. */
function versionsKnown({ steps }: Pick<Incident, 'steps'>): Versions {
  const answers = itemsOf(steps.get('compareVersions')?.evidence?.data['answers']);
  const running = answers.map(({ running: text }) => text).find((text) => typeof text === 'string');
  const commit = answers.map(({ commit: text }) => text).find((text) => typeof text === 'string');
  const deployments = itemsOf(steps.get('listDeployments')?.evidence?.data['deployments'])
    .flatMap(({ sha, at, result }) => (typeof sha === 'string' && typeof at === 'string' ? [{ sha, at, result }] : []));
  const known = commit === undefined ? -1 : deployments.findIndex(({ sha }) => sha.startsWith(commit) || commit.startsWith(sha));
  // Where it is not known which of them runs, it is taken to be the newest that went well.
  const current = known === -1 ? deployments.findIndex(({ result }) => result === 'success') : known;
  const previous = current === -1 ? undefined : deployments.slice(current + 1).find(({ sha, result }) => result === 'success' && sha !== deployments[current]?.sha);
  return { running, previous: previous === undefined ? undefined : { sha: previous.sha, at: previous.at } };
}

function itemsOf(value: Json | undefined): readonly Readonly<Record<string, Json>>[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null && !Array.isArray(item)) : [];
}

function textsOf(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function describeProgram({ path, text, sha256 }: Program, { redaction }: Runbook): string {
  const head = `What would run: ${inlineCode(path)}, SHA-256 ${inlineCode(sha256)}`;
  if (text === undefined) {
    return `${head}. It is no text, so it cannot be shown.`;
  }
  // Hidden before a line is cut: half a secret looks like none.
  const lines = createRedactor(redaction)(text).trimEnd().split('\n');
  const shown = lines.length > LINES_SHOWN ? `. The first ${LINES_SHOWN} of ${lines.length} lines; read the rest before you run it` : '';
  return `${head}${shown}:\n\n${codeBlock(lines.slice(0, LINES_SHOWN).map((line) => line.slice(0, 500)).join('\n'), 'sh')}`;
}

function outlookOf(task: RunningTask, ranMs: number | undefined, runbook: Runbook): Outlook {
  const { lastLine, markdown } = describeOutput(task.output(), runbook);
  const after = ranMs === undefined ? '' : ` after ${formatDuration(ranMs)}`;
  const said = lastLine === '' ? '' : `: ${lastLine}`;
  if (task.end === undefined) {
    return { state: 'underway', summary: `The script runs${ranMs === undefined ? '' : ` since ${formatDuration(ranMs)}`}${said === '' ? ', nothing printed yet' : said}` };
  }
  const data = { exitCode: task.end.exitCode ?? null };
  return task.end.exitCode === 0
    ? { state: 'done', summary: `The script ended well (exit code 0)${after}${said}`, markdown, data }
    : { state: 'failed', summary: `${failureOf(task.end, task.pid, after)}${said}`, markdown, data };
}

function failureOf({ exitCode, reason }: TaskEnd, pid: number | undefined, after: string): string {
  if (exitCode !== undefined) {
    return `The script failed with exit code ${exitCode}${after}. What it had done by then stays`;
  }
  return pid === undefined ? `The script could not be started: ${reason ?? 'no reason given'}` : `The script was ${reason ?? 'ended'}${after}. What it had done by then stays`;
}

function lost(startedAt: string | undefined): Outlook {
  return {
    state: 'unclear',
    summary: `${startedAt === undefined ? 'It is not known whether the script was started' : `The script was started at ${startedAt.slice(11, 19)} UTC`}, and nobody saw it end. Look at the terminal and at your deployment tool, and compare the versions`,
    data: { exitCode: null },
  };
}
