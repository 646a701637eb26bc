import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { format } from 'node:util';
import { launchBrowser, openWorkbench } from './browser.ts';
import { reportMark, resultVariable, type TestCounts } from './mocha-run.ts';
import { startProcessGroup } from './process-group.ts';
import { restrictedSettings, quietSettings, startVsCodeServer, testEnvironment, type Settings } from './vscode-server.ts';

export interface HostSuiteOptions {
  /** Absolute path of the extension under test. */
  readonly extensionPath: string;
  /** Absolute path of the compiled suite's entry. */
  readonly testsPath: string;
  /** Absolute path of the folder to open. */
  readonly folder: string;
  /** false opens the folder in restricted mode. */
  readonly trust: boolean;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Machine settings. */
  readonly settings?: Settings;
  /** For everything together, start included. Default 10 minutes. */
  readonly deadlineMs?: number;
  /** Gets the lines of mocha's report while they are written. */
  readonly report: (line: string) => void;
}

export interface HostSuiteResult {
  /** 0 when every test passed. */
  readonly code: number;
  /** Missing when the suite did not get as far as running its tests. */
  readonly counts?: TestCounts;
  /** The last of what VS Code, its extension host's console included, had to say besides the report. */
  readonly log: string;
}

interface Attempt extends HostSuiteOptions {
  /** A folder of this run's own; gone afterwards. */
  readonly scratch: string;
  /** Aborted when the deadline has passed. */
  readonly signal: AbortSignal;
  readonly log: (text: string) => void;
}

const defaultDeadlineMs = 600_000;
const logLines = 100;

// What a healthy VS Code says of itself, and the frames of its own stacks.
const noise = [
  /^(\[server\] *(\[[\d:]+\] *)?)?$/,
  /^\[server\] (File not found|Server bound|Web UI available|\[reconnection-grace-time\]|\[[\d:]+\])/,
  /^\[(reconnection-grace-time|AgentHost:remote|AccountPolicyGate|Service Worker)\]/,
  /^(Creating a socket|Resolv(ing|ed) connection token|Updating additional builtin extensions cache)/,
  /^Ignoring fetching additional builtin extensions|^No search provider registered/,
  /\/static\/out\/vs\/.*workbench\.js|^ +at (new Promise|Array\.map|Object\.factory) /,
];

/**
 * Which VS Code runs the suite: the headless server on Linux, the downloaded desktop one elsewhere. `VSCODE_HOST`
 * (`server` or `desktop`) overrules.
 */
export function hostKind(): 'server' | 'desktop' {
  const asked = process.env['VSCODE_HOST'];
  if (asked === 'server' || asked === 'desktop') return asked;
  if (asked !== undefined) throw new Error(`VSCODE_HOST is "${asked}"; it can be server or desktop.`);
  return process.platform === 'linux' ? 'server' : 'desktop';
}

/** Fetches what several runs at once would fetch into the same place. */
export async function prepareHost(): Promise<void> {
  if (hostKind() === 'desktop') await (await import('@vscode/test-electron')).downloadAndUnzipVSCode();
}

/**
 * Runs a compiled suite inside the extension host of a real VS Code with a fresh profile.
 *
 * @throws Error when VS Code cannot be started, ends early, or the deadline passes; its message ends with the log.
 */
export async function runInExtensionHost(options: HostSuiteOptions): Promise<HostSuiteResult> {
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'vscode-host-'));
  const resultFile = path.join(scratch, 'result.json');
  const deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
  const lines: string[] = [];
  const attempt: Attempt = {
    ...options,
    scratch,
    signal: AbortSignal.timeout(deadlineMs),
    env: { ...options.env, [resultVariable]: resultFile },
    log: (text) => {
      for (const line of text.split('\n')) {
        if (line.startsWith(reportMark)) options.report(line.slice(reportMark.length));
        else if (!noise.some((pattern) => pattern.test(line))) lines.push(line);
      }
      if (lines.length > logLines) lines.splice(0, lines.length - logLines);
    },
  };
  try {
    const code = hostKind() === 'server' ? await runInServer(attempt) : await runInDesktop(attempt);
    const counts = await readCounts(resultFile);
    return { code, log: lines.join('\n'), ...(counts === undefined ? {} : { counts }) };
  } catch (error) {
    const reason = attempt.signal.aborted ? `It did not end within ${deadlineMs} ms.` : messageOf(error);
    throw new Error(`The suite could not be run: ${reason}\n${lines.join('\n')}`, { cause: error });
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function runInServer(options: Attempt): Promise<number> {
  const server = await startVsCodeServer({
    dataDir: path.join(options.scratch, 'data'),
    extensionsDir: path.join(options.scratch, 'extensions'),
    trust: options.trust,
    ...(options.env ? { env: options.env } : {}),
    ...(options.settings ? { settings: options.settings } : {}),
    log: (line) => options.log(`[server] ${line}`),
  });
  let finish: (code: number) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const ending = new Promise<number>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  let exited = false;
  // It may fail while nobody waits for it yet.
  ending.catch(() => undefined);
  options.signal.addEventListener('abort', () => fail(options.signal.reason));
  server.ended.then((code) => fail(new Error(`The VS Code server ended with code ${code}.`)), fail);
  try {
    const browser = await launchBrowser();
    try {
      browser.once('disconnected', () => fail(new Error('The browser closed.')));
      const page = await openWorkbench(browser, {
        server,
        folder: options.folder,
        extensionPath: options.extensionPath,
        testsPath: options.testsPath,
        expose: {
          codeAutomationLog: (_type, args) => {
            // After its end the workbench only complains about the extension host that has gone.
            if (!exited) options.log(format(...(Array.isArray(args) ? args : [args])));
          },
          codeAutomationExit: (code) => {
            exited = true;
            finish(typeof code === 'number' ? code : 1);
          },
        },
      });
      page.once('crash', () => fail(new Error('The page crashed.')));
      return await ending;
    } finally {
      await browser.close();
    }
  } finally {
    await server.stop();
  }
}

/**
 * The usual way where there is a display and VS Code's download is reachable. `runTests` of the same package would
 * always switch workspace trust off, so only its download is used.
 */
async function runInDesktop(options: Attempt): Promise<number> {
  const { downloadAndUnzipVSCode } = await import('@vscode/test-electron');
  const program = await downloadAndUnzipVSCode();
  const userDataDir = path.join(options.scratch, 'data');
  // On the desktop machine settings are user settings.
  const settings = { ...quietSettings, ...(options.trust ? {} : restrictedSettings), ...options.settings };
  await mkdir(path.join(userDataDir, 'User'), { recursive: true });
  await writeFile(path.join(userDataDir, 'User', 'settings.json'), JSON.stringify(settings));
  const group = startProcessGroup(program, [
    options.folder,
    `--extensionDevelopmentPath=${options.extensionPath}`,
    `--extensionTestsPath=${options.testsPath}`,
    '--user-data-dir', userDataDir,
    '--extensions-dir', path.join(options.scratch, 'extensions'),
    '--no-sandbox', '--disable-gpu-sandbox', '--disable-updates', '--skip-welcome', '--skip-release-notes',
    ...(options.trust ? ['--disable-workspace-trust'] : []),
  ], { env: testEnvironment(options.env ?? {}) });
  for (const stream of [group.child.stdout, group.child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', options.log);
  }
  const aborted = new Promise<never>((_, reject) => {
    options.signal.addEventListener('abort', () => reject(options.signal.reason));
  });
  try {
    return (await Promise.race([group.ended, aborted])) ?? 1;
  } finally {
    await group.stop();
  }
}

async function readCounts(file: string): Promise<TestCounts | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as TestCounts;
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
