/** A panel in the real workbench: its page inside VS Code's two frames, and what axe says of it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Frame, Page } from 'playwright-core';
import { until } from './until.ts';
import { type ColorTheme, everyTheme, inThemes, runCommand, screenshotInThemes } from './workbench.ts';

const DEADLINE_MS = 20_000;
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The page of the panel with this heading, once it is drawn. */
export async function findPanel(page: Page, heading: string | RegExp): Promise<Frame> {
  const deadline = performance.now() + DEADLINE_MS;
  while (performance.now() < deadline) {
    for (const frame of page.frames()) {
      const title = await frame.locator('main#page:not([aria-busy]) h1').first().innerText({ timeout: 200 }).catch(() => undefined);
      if (title !== undefined && (typeof heading === 'string' ? title.includes(heading) : heading.test(title))) return frame;
    }
  }
  throw new Error(`No panel is headed ${heading}.`);
}

/** Loads the window anew. @param frame of a panel in it: only once that is gone another one is of the new window */
export async function reloadWindow(page: Page, frame: Frame): Promise<void> {
  await runCommand(page, 'Developer: Reload Window');
  await until('the window to be loaded anew', () => frame.isDetached(), DEADLINE_MS);
}

/** What axe finds in the page, a line each; empty when there is nothing. */
export async function accessibilityFaults(frame: Frame): Promise<string[]> {
  await frame.evaluate(axeSource);
  const { violations } = await frame.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })");
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${help} at ${target.join(' ')}: ${failureSummary?.replace(/\s+/g, ' ') ?? ''}`));
}

/** axe finds nothing in any of the four themes; a picture of each stays behind. */
export async function assertAccessible(page: Page, frame: Frame, name: string): Promise<void> {
  const faults: [ColorTheme, string[]][] = [];
  await inThemes(page, everyTheme, async (theme) => { faults.push([theme, await accessibilityFaults(frame)]); });
  assert.deepEqual(faults.filter(([, found]) => found.length > 0), []);
  await screenshotInThemes(page, name, everyTheme);
}

/** Sends what the composer shows once that is what stands in its fields, and says yes to its question. */
export async function sendFromComposer(frame: Frame, button: 'Send' | 'Record' = 'Send'): Promise<void> {
  await frame.locator('vscode-button#send[aria-disabled="false"]').filter({ hasText: button }).click();
  await frame.getByRole('button', { name: `${button} now`, exact: true }).click();
}

/** Waits until what has the focus, or the group that it is in, begins with or holds the text. */
export async function awaitFocus(frame: Frame, text: RegExp): Promise<void> {
  await until(`the focus to be on ${text}`, async () => text.test(await frame.evaluate<string>("(document.activeElement?.closest('fieldset') ?? document.activeElement)?.innerText ?? ''")), 10_000);
}

/** Answers the five questions of the severity panel with what they offer first, and records what is recommended; by keyboard. */
export async function assessSeverity(page: Page, incidentTitle: string): Promise<void> {
  const panel = await findPanel(page, incidentTitle);
  for (let question = 1; question <= 5; question += 1) {
    await awaitFocus(panel, new RegExp(`^${question}\\.`));
    await page.keyboard.press('1');
  }
  await awaitFocus(panel, /^Record/);
  await page.keyboard.press('Enter');
  await panel.getByText('is recorded').first().waitFor();
}
