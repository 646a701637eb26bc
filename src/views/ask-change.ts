/** What a mitigation has to know before it can be planned (runbook 6, 12). Undefined means: cancelled. */
import * as vscode from 'vscode';
import { t } from '../l10n.ts';
import type { NamedEnvironment } from '../runbook/references.ts';
import type { RunbookStep } from '../runbook/schema.ts';
import { parseAddresses } from '../steps/addresses.ts';

type Inputs = Readonly<Record<string, unknown>>;

/** Steps that ask; all others are planned with what the runbook gives. */
const QUESTIONS: Readonly<Record<string, (step: RunbookStep, environment: NamedEnvironment) => Promise<Inputs | undefined>>> = {
  scaleService: async (step) => {
    const count = await askNumber(step, t('How many tasks are to run? It never scales down.'), { prefill: step.inputs?.['desiredCount'] });
    return count === undefined ? undefined : { desiredCount: count };
  },
  scaleDatabase: async (step) => {
    const instanceClass = await ask(step, t('Which instance class? Such as db.r5.2xlarge. A smaller one than now is refused.'), {
      prefill: step.inputs?.['instanceClass'], problem: (text) => (/^db\.[a-z0-9-]+\.[a-z0-9]+$/.test(text) ? undefined : t('A class looks like db.r5.2xlarge.')),
    });
    return instanceClass === undefined ? undefined : { instanceClass };
  },
  raiseDatabaseConnections: async (step) => {
    const what = await choose(step, t('PostgreSQL takes a new limit only after a reboot, which is a change of its own'), [
      { label: t('Raise max_connections'), description: t('in the parameter group'), value: 'raise' }, { label: t('Reboot the instance'), description: t('an outage of about a minute; what is pending takes effect'), value: 'reboot' },
    ]);
    if (what === undefined || what === 'reboot') {
      return what === undefined ? undefined : { reboot: true };
    }
    const limit = await askNumber(step, t('How many connections at most? Empty: half as many more as now.'), { prefill: step.inputs?.['maxConnections'], mayBeEmpty: true });
    return limit === undefined ? undefined : limit === '' ? {} : { maxConnections: limit };
  },
  raiseMemoryLimit: async (step) => {
    const memory = await askNumber(step, t('How many MiB of memory for each task? Empty: the next size.'), { prefill: step.inputs?.['memory'], mayBeEmpty: true });
    return memory === undefined ? undefined : memory === '' ? {} : { memory };
  },
  clearCache: async (step, { data }) => {
    const prefixes = data.redis?.prefixes ?? [];
    const what = await choose(step, t('Which keys?'), [
      ...prefixes.map((prefix) => ({ label: prefix, description: t('keys that begin with it'), value: prefix })),
      { label: t('Another prefix…'), value: ANOTHER }, { label: t('Everything…'), description: t('empties the whole database: all sessions and queues in it too'), value: EVERYTHING },
    ]);
    if (what === EVERYTHING) {
      return askEndpoint(step, data.redis?.host);
    }
    const prefix = what !== ANOTHER ? what : await ask(step, t('Keys that begin with what? Such as session:.'), {});
    return prefix === undefined ? undefined : { prefix };
  },
  blockAddresses: async (step) => {
    const text = await ask(step, t('Which addresses or ranges? Separated by commas or blanks, such as 198.51.100.7, 203.0.113.0/24.'), { problem: (typed) => parseAddresses(typed).problems[0] });
    return text === undefined ? undefined : { addresses: parseAddresses(text).ranges.map((range) => range.text) };
  },
  verifyMitigation: async (step) => {
    const userReports = await choose(step, t('Do users still report it? Ask support.'), [
      { label: t('No report is open'), value: 'none' }, { label: t('Some still report it'), value: 'some' }, { label: t('Nobody knows'), value: 'unknown' },
    ]);
    return userReports === undefined ? undefined : { userReports };
  },
};

const ANOTHER = '\u0000another';
const EVERYTHING = '\u0000everything';

/** The inputs that only a person can give; none for most steps. */
export function askChange(step: RunbookStep, environment: NamedEnvironment): Promise<Inputs | undefined> {
  const question = Object.hasOwn(QUESTIONS, step.action) ? QUESTIONS[step.action] : undefined;
  return question === undefined ? Promise.resolve({}) : question(step, environment);
}

/** Nobody empties the wrong cache by pressing Enter. */
async function askEndpoint(step: RunbookStep, host: string | undefined): Promise<Inputs | undefined> {
  const typed = await ask(step, host === undefined ? t('Type the name of the endpoint to empty all of it.') : t('Type the name of the endpoint ({0}) to empty all of it.', host), {
    problem: (text) => (host === undefined || text === host ? undefined : t('That is not {0}.', host)),
  });
  return typed === undefined ? undefined : { everything: typed };
}

interface Asking {
  readonly prefill?: unknown;
  readonly problem?: (text: string) => string | undefined;
  readonly mayBeEmpty?: boolean;
}

async function ask({ title }: RunbookStep, prompt: string, { prefill, problem, mayBeEmpty = false }: Asking): Promise<string | undefined> {
  const typed = await vscode.window.showInputBox({
    title, prompt, value: typeof prefill === 'string' || typeof prefill === 'number' ? String(prefill) : '', ignoreFocusOut: true,
    validateInput: (value) => {
      const text = value.trim();
      return text === '' ? (mayBeEmpty ? undefined : t('Write something, or press Escape to cancel.')) : problem?.(text);
    },
  });
  return typed?.trim();
}

async function askNumber(step: RunbookStep, prompt: string, asking: Asking): Promise<number | '' | undefined> {
  const text = await ask(step, prompt, { ...asking, problem: (value) => (/^[1-9]\d{0,8}$/.test(value) ? undefined : t('Write a whole number.')) });
  return text === undefined || text === '' ? text : Number(text);
}

async function choose<T extends string>({ title }: RunbookStep, placeHolder: string, choices: readonly (vscode.QuickPickItem & { readonly value: T })[]): Promise<T | undefined> {
  return (await vscode.window.showQuickPick(choices, { title, placeHolder, ignoreFocusOut: true }))?.value;
}
