import { cp, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { startPractice, type Practice } from '../practice/environment.ts';
import { launchBrowser, openWorkbench } from './browser.ts';
import { chooseDisplayLanguage } from './display-language.ts';
import { repositoryRoot } from './paths.ts';
import { startVsCodeServer, type Settings, type VsCodeServer } from './vscode-server.ts';
import { waitForWorkbench } from './workbench.ts';

const EXTENSION_ID = 'incident-runbook.incident-runbook';

export interface UiSession {
  readonly page: Page;
  readonly server: VsCodeServer;
  readonly practice: Practice;
  /** The opened folder: a copy of the practice workspace. */
  readonly folder: string;
  /** Where the server keeps settings, global storage and logs. */
  readonly dataDir: string;
  /** Where extensions are installed. */
  readonly extensionsDir: string;
  /** Where the extension keeps its timelines. */
  readonly timelines: string;
  /** Errors of the page's console so far, without those of services that are deliberately out of reach. */
  readonly pageErrors: readonly string[];
  stop(): Promise<void>;
}

export interface UiSessionOptions {
  /** false opens the folder in restricted mode. Default true. */
  readonly trust?: boolean;
  /** Machine settings on top of the practice environment's. */
  readonly settings?: Settings;
  /** A function where they depend on the practice environment. */
  readonly userSettings?: Settings | ((practice: Practice) => Promise<Settings>);
  /** Absolute path of a packaged extension, to install in place of the one in this checkout. */
  readonly vsix?: string;
  /** What VS Code speaks; its own texts stay English. Default English. */
  readonly displayLanguage?: string;
  /** Whether the practice's outside services are connected. Default true. */
  readonly connected?: boolean;
  /** Puts on record what happened before the window opens. @param timelines folder of the timelines */
  readonly before?: (timelines: string, practice: Practice) => Promise<void>;
}

/**
 * A practice environment, a VS Code with this extension installed from source or from a package, and a browser showing it, ready for
 * use. Call `stop` in an `after` hook.
 */
export async function startUiSession(options: UiSessionOptions = {}): Promise<UiSession> {
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (let next = undo.pop(); next; next = undo.pop()) await next();
  };
  try {
    const scratch = await mkdtemp(path.join(os.tmpdir(), 'ui-session-'));
    undo.push(() => rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
    const folder = path.join(scratch, 'workspace');
    await cp(path.join(repositoryRoot, 'test', 'practice', 'workspace'), folder, { recursive: true });
    const practice = await startPractice({ dir: path.join(scratch, 'practice'), connected: options.connected ?? true });
    undo.push(() => practice.stop());
    const dataDir = path.join(scratch, 'data');
    const timelines = path.join(dataDir, 'data', 'User', 'globalStorage', EXTENSION_ID, 'incidents');
    await options.before?.(timelines, practice);
    if (options.displayLanguage !== undefined) await chooseDisplayLanguage(dataDir, options.displayLanguage);
    const extensionsDir = path.join(scratch, 'extensions');
    const server = await startVsCodeServer({
      dataDir,
      extensionsDir,
      trust: options.trust ?? true,
      ...(options.vsix === undefined ? { installedExtension: repositoryRoot } : { vsix: options.vsix }),
      env: practice.env,
      settings: { ...practice.settings, ...options.settings },
      userSettings: typeof options.userSettings === 'function' ? await options.userSettings(practice) : options.userSettings ?? {},
    });
    undo.push(() => server.stop());
    const browser = await launchBrowser();
    undo.push(() => browser.close());
    const pageErrors: string[] = [];
    const page = await openWorkbench(browser, {
      server,
      folder,
      onPageError: (text) => pageErrors.push(text),
    });
    await waitForWorkbench(page);
    return { page, server, practice, folder, dataDir, extensionsDir, timelines, pageErrors, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
