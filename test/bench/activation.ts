import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { launchBrowser, openWorkbench } from '../support/browser.ts';
import { repositoryRoot } from '../support/paths.ts';
import { startVsCodeServer } from '../support/vscode-server.ts';
import { runCommand, waitForWorkbench } from '../support/workbench.ts';

const WINDOWS = 9;
/** A small built-in extension that starts with the window as ours does. */
const YARDSTICK = 'Merge Conflict';

export interface ActivationTimes {
  /** Loading the code and calling activate, ms, one figure per window. */
  readonly own: readonly number[];
  readonly yardstickName: string;
  /** The same of a small built-in extension in the same windows. */
  readonly yardstick: readonly number[];
}

/** What VS Code itself says of its extensions in "Show Running Extensions", in windows opened one after another. */
export async function measureActivation(): Promise<ActivationTimes> {
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'activation-'));
  const server = await startVsCodeServer({
    dataDir: path.join(scratch, 'data'), extensionsDir: path.join(scratch, 'extensions'), trust: true, installedExtension: repositoryRoot,
  });
  const browser = await launchBrowser();
  try {
    const own: number[] = [];
    const yardstick: number[] = [];
    // The first window compiles VS Code's own code; it is not counted.
    for (let window = 0; window <= WINDOWS; window += 1) {
      const page = await openWorkbench(browser, { server, folder: path.join(repositoryRoot, 'test', 'practice', 'workspace') });
      await waitForWorkbench(page);
      const times = await runningExtensions(page);
      if (window > 0) {
        own.push(times.get('Incident Runbook') ?? Number.NaN);
        yardstick.push(times.get(YARDSTICK) ?? Number.NaN);
      }
      await page.context().close();
    }
    return { own, yardstick, yardstickName: `"${YARDSTICK}"` };
  } finally {
    await browser.close();
    await server.stop();
    await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** Name → ms, once ours and the yardstick are listed. */
async function runningExtensions(page: Page): Promise<ReadonlyMap<string, number>> {
  await runCommand(page, 'Developer: Show Running Extensions');
  const editor = page.locator('.runtime-extensions-editor');
  for (const name of ['Incident Runbook', YARDSTICK]) {
    await editor.locator('.extension').filter({ hasText: name }).filter({ hasText: /Activation: \d+ms/ }).waitFor();
  }
  const rows = await editor.locator('.extension').allInnerTexts();
  return new Map(rows.map((row) => [row.split('\n')[0]?.trim() ?? '', Number(/Activation: (\d+)ms/.exec(row)?.[1])]));
}
