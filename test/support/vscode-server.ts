import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { serverMain } from './paths.ts';
import { startProcessGroup } from './process-group.ts';

export type Settings = Readonly<Record<string, unknown>>;

export interface VsCodeServerOptions {
  /** A folder of this server's own; settings, global storage and logs live below it. Created when missing. */
  readonly dataDir: string;
  /** Where installed extensions live; an empty folder gives a VS Code with the built-in ones only. */
  readonly extensionsDir: string;
  /**
   * true switches workspace trust off, so that every folder is trusted. false leaves it on, and every folder opens
   * untrusted (restricted mode), without a question or a banner in the way.
   */
  readonly trust: boolean;
  /** Added to this process's environment; the extension host inherits it. `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Machine settings: `<dataDir>/data/Machine/settings.json`. The only place where the server reads settings of scope
   * `machine` from (endpoints, account ids, paths of programs).
   */
  readonly settings?: Settings;
  /**
   * User settings: `<dataDir>/data/User/settings.json`, colour theme included. This server reads them from disk, not
   * from the browser, once for each page that is opened; settings of scope `application` (workspace trust, updates) are
   * read only here.
   */
  readonly userSettings?: Settings;
  /**
   * Absolute path of an extension to install by a link to its folder: what a user has. Without it the server is one for
   * developing extensions, in which `openWorkbench` may name an extension and a suite to run. A server cannot be both:
   * the switch for developing also suppresses notifications and dialogs.
   */
  readonly installedExtension?: string;
  /** Absolute path of a packaged extension to install as a user does, by the server's own command line; instead of `installedExtension`. */
  readonly vsix?: string;
  /** What a page must know to be let in. Without one everybody on this machine is: fit for a test of minutes only. */
  readonly connectionToken?: string;
  /** Gets every line that the server prints. */
  readonly log?: (line: string) => void;
}

export interface VsCodeServer {
  readonly origin: string;
  readonly port: number;
  /** Settles when the server has ended, wanted or not. */
  readonly ended: Promise<number | null>;
  stop(): Promise<void>;
}

/** Names of the built-in themes, for screenshots. */
export const colorThemes = {
  dark: 'Dark Modern',
  light: 'Light Modern',
  highContrast: 'Default High Contrast',
  highContrastLight: 'Default High Contrast Light',
} as const;

/** Switches off what a person would click away or never look at, and what would reach for the network. */
export const quietSettings: Settings = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  // In its older spelling, false, VS Code would rewrite the user settings as soon as a window is open.
  'extensions.autoUpdate': 'off',
  'extensions.ignoreRecommendations': true,
  // Its check-ignore of a folder that a test has deleted ends the test that happens to run then.
  'git.decorations.enabled': false,
  'git.openRepositoryInParentFolders': 'never',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'window.restoreWindows': 'none',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.settings.enableNaturalLanguageSearch': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/** Leaves a folder untrusted without asking; of scope `application`, so they count as user settings only. */
export const restrictedSettings: Settings = {
  'security.workspace.trust.enabled': true,
  'security.workspace.trust.banner': 'never',
  'security.workspace.trust.startupPrompt': 'never',
};

// Without an address there is nothing to ask, and the workbench stays quiet about it.
const noGallery = '{}';

const startDeadlineMs = 60_000;

/**
 * Starts a complete VS Code without a window, which a browser can open, on a port that the operating system chooses and
 * on the loopback address only. Returns when it answers.
 *
 * @throws Error when it is not installed (`node test/support/setup.mjs` installs it), ends early or stays silent.
 */
export async function startVsCodeServer(options: VsCodeServerOptions): Promise<VsCodeServer> {
  if (!existsSync(serverMain)) {
    throw new Error('The headless VS Code is not installed. Run: node test/support/setup.mjs');
  }
  await mkdir(options.extensionsDir, { recursive: true });
  if (options.installedExtension !== undefined) {
    await symlink(options.installedExtension, path.join(options.extensionsDir, path.basename(options.installedExtension)));
  }
  const isUsers = options.installedExtension !== undefined || options.vsix !== undefined;
  await writeSettings(options.dataDir, 'Machine', options.settings ?? {});
  await writeSettings(options.dataDir, 'User', {
    ...quietSettings,
    'workbench.colorTheme': colorThemes.dark,
    ...(options.trust ? {} : restrictedSettings),
    ...options.userSettings,
  });

  const env = testEnvironment({ EXTENSIONS_GALLERY: noGallery, ...options.env });
  if (options.vsix !== undefined) {
    await promisify(execFile)(process.execPath, [
      serverMain, '--install-extension', options.vsix, '--accept-server-license-terms', '--server-data-dir', options.dataDir, '--extensions-dir', options.extensionsDir,
    ], { env, cwd: options.dataDir, timeout: startDeadlineMs });
  }

  const group = startProcessGroup(process.execPath, [
    serverMain,
    // Without this switch the workbench ignores an extension to develop and a suite to run in the page's address.
    ...(isUsers ? [] : ['--enable-smoke-test-driver']),
    ...(options.connectionToken === undefined ? ['--without-connection-token'] : ['--connection-token', options.connectionToken]),
    '--accept-server-license-terms',
    '--host', '127.0.0.1',
    '--port', '0',
    '--disable-telemetry',
    // A login shell's AWS_* variables must not leak into the extension host.
    '--force-disable-user-env',
    ...(options.trust ? ['--disable-workspace-trust'] : []),
    '--server-data-dir', options.dataDir,
    '--extensions-dir', options.extensionsDir,
  ], { env, cwd: options.dataDir });

  const lines: string[] = [];
  const port = new Promise<number>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`The VS Code server did not answer within ${startDeadlineMs} ms.\n${lines.join('\n')}`)),
      startDeadlineMs,
    );
    const read = (line: string): void => {
      if (lines.length < 200) lines.push(line);
      options.log?.(line);
      const found = /^Extension host agent listening on (\d+)/.exec(line)?.[1];
      if (found !== undefined) {
        clearTimeout(timer);
        resolve(Number(found));
      }
    };
    for (const stream of [group.child.stdout, group.child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', read);
    }
    group.ended.then(
      (code) => {
        clearTimeout(timer);
        reject(new Error(`The VS Code server ended with code ${code} before it answered.\n${lines.join('\n')}`));
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });

  try {
    const number = await port;
    const origin = `http://127.0.0.1:${number}`;
    const response = await fetch(`${origin}/version`, { signal: AbortSignal.timeout(startDeadlineMs) });
    await response.body?.cancel();
    return { origin, port: number, ended: group.ended, stop: () => group.stop() };
  } catch (error) {
    await group.stop();
    throw error;
  }
}

async function writeSettings(dataDir: string, layer: 'Machine' | 'User', settings: Settings): Promise<void> {
  const folder = path.join(dataDir, 'data', layer);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'settings.json'), `${JSON.stringify(settings, null, 2)}\n`);
}

/**
 * This process's environment for a VS Code under test, without what would steer it from outside: the variables of a
 * surrounding VS Code or npm, and every credential, so that no test can reach a real account.
 */
export function testEnvironment(added: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { AWS_CONFIG_FILE: os.devNull, AWS_SHARED_CREDENTIALS_FILE: os.devNull };
  for (const [name, value] of Object.entries(process.env)) {
    if (/^(VSCODE_|ELECTRON_|npm_|NODE_OPTIONS$)/i.test(name)) continue;
    if (/^(AWS|GITHUB|GH|SLACK|PAGERDUTY|DATADOG|DD|STATUSPAGE)_/.test(name)) continue;
    env[name] = value;
  }
  for (const [name, value] of Object.entries(added)) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  return env;
}
