import path from 'node:path';
import type { Frame, Locator, Page } from 'playwright-core';
import { outDirectory } from './paths.ts';
import { colorThemes } from './vscode-server.ts';

const startDeadlineMs = 60_000;
const previewDeadlineMs = 30_000;

/** Waits until the workbench is drawn in its own theme and has reached its extension host. */
export async function waitForWorkbench(page: Page): Promise<void> {
  // The class of the theme appears when the theme's file has been read, through the server, in colour.
  await page.locator('.monaco-workbench[class*="vscode-theme-"]').waitFor({ timeout: startDeadlineMs });
  await page.locator('.part.statusbar [id="status.problems"]').waitFor({ timeout: startDeadlineMs });
}

/**
 * Runs a command through the palette, as a person would.
 *
 * @param title the whole title that the palette shows, category included: `Incident: Declare incident`
 * @throws Error naming what the palette offers instead, when there is no such command
 */
export async function runCommand(page: Page, title: string): Promise<void> {
  const row = await findCommand(page, title);
  await row.click();
}

/** Opens the palette and types; returns the row with exactly this title. Close the palette with Escape. */
export async function findCommand(page: Page, title: string): Promise<Locator> {
  const input = page.locator('.quick-input-widget input').first();
  await page.keyboard.press('F1');
  await input.waitFor();
  await input.fill(`>${title}`);
  const rows = page.locator('.quick-input-list .monaco-list-row');
  const row = rows.filter({ has: page.getByText(title, { exact: true }) }).first();
  try {
    await row.waitFor({ timeout: 10_000 });
  } catch (error) {
    const offered = await rows.allInnerTexts();
    await page.keyboard.press('Escape');
    throw new Error(`The palette has no "${title}". It offers: ${offered.slice(0, 5).join(' | ') || 'nothing'}`, { cause: error });
  }
  return row;
}

/** Shows a view container of the activity bar by its title; leaves it alone when it is shown already. */
export async function openView(page: Page, viewContainerTitle: string): Promise<void> {
  const title = JSON.stringify(viewContainerTitle);
  const tab = page.locator('.part.activitybar .action-item').filter({
    // The label goes on with the key binding: `Explorer (Ctrl+Shift+E)`.
    has: page.locator(`a.action-label[aria-label=${title}], a.action-label[aria-label^=${JSON.stringify(`${viewContainerTitle} (`)}]`),
  });
  await tab.waitFor();
  if (await tab.getAttribute('aria-selected') !== 'true') await tab.click();
  await page.locator('.part.sidebar .composite.title').filter({ hasText: viewContainerTitle }).waitFor();
}

type ColorTheme = keyof typeof colorThemes;

// Part of the class that the workbench carries: the name of the theme's file.
const themeFiles: Readonly<Record<ColorTheme, string>> = {
  dark: 'dark_modern',
  light: 'light_modern',
  highContrast: 'hc_black',
  highContrastLight: 'hc_light',
};

/** Changes the colour theme of an open workbench, for pictures of one state in several themes. */
export async function setColorTheme(page: Page, theme: ColorTheme): Promise<void> {
  await runCommand(page, 'Preferences: Color Theme');
  const widget = page.locator('.quick-input-widget');
  const rows = widget.locator('.monaco-list-row');
  // The list replaces the palette's, which a moment ago showed the command itself.
  await rows.filter({ hasText: colorThemes.dark }).first().waitFor();
  await widget.locator('input').first().fill(colorThemes[theme]);
  await rows.filter({ has: page.getByText(colorThemes[theme], { exact: true }) }).first().click();
  await widget.waitFor({ state: 'hidden' });
  await page.locator(`.monaco-workbench[class*="-themes-${themeFiles[theme]}-"]`).waitFor();
}

/**
 * The document of the Markdown preview with this heading, once it is drawn and holds the text: VS Code loads a new
 * document in a second frame and swaps the two, and previews of other tabs stay in the page.
 */
export async function findPreview(page: Page, heading: string, text: RegExp): Promise<Frame> {
  const deadline = performance.now() + previewDeadlineMs;
  while (performance.now() < deadline) {
    for (const frame of page.frames()) {
      const body = await frame.locator('body:has(> .markdown-body, h1)').innerText({ timeout: 200 }).catch(() => '');
      if (body.startsWith(heading) && text.test(body)) return frame;
    }
  }
  throw new Error(`No preview begins with "${heading}" and holds ${text}.`);
}

/** Opens a file of the workspace by its name and waits until its text is shown. */
export async function openFile(page: Page, name: string, text: RegExp): Promise<void> {
  await runCommand(page, 'Go to File...');
  await page.locator('.quick-input-widget input').first().fill(name);
  await page.locator('.quick-input-list .monaco-list-row').filter({ hasText: name }).first().click();
  await page.locator('.part.editor .monaco-editor .view-line').filter({ hasText: text }).first().waitFor();
}

/** Saves what the page shows now as `out/screenshots/<name>.png` and returns the file's path. */
export async function screenshot(page: Page, name: string): Promise<string> {
  const file = path.join(outDirectory, 'screenshots', `${name}.png`);
  await page.screenshot({ path: file });
  return file;
}
