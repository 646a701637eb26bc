import path from 'node:path';
import type { Frame, Locator, Page } from 'playwright-core';
import { outDirectory } from './paths.ts';
import { until } from './until.ts';
import { type Settings, colorThemes } from './vscode-server.ts';

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
  // A document that is being opened takes the focus, and with it the palette: it is asked for once more.
  await row.click({ timeout: 5_000 }).catch(async () => {
    await (await findCommand(page, title)).click();
  });
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
  // The label goes on with the key binding, `Explorer (Ctrl+Shift+E)`, or with the badge, `Incidents - 1 open incident`.
  const tab = page.locator('.part.activitybar').getByRole('tab', { name: new RegExp(`^${viewContainerTitle}($| [(-])`) });
  await tab.waitFor();
  if (await tab.getAttribute('aria-selected') !== 'true') await tab.click();
  await page.locator('.part.sidebar .composite.title').filter({ hasText: viewContainerTitle }).waitFor();
}

export type ColorTheme = keyof typeof colorThemes;

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
  await page.screenshot({ path: file, animations: 'disabled' });
  return file;
}

/** User settings with which a window follows what `screenshotInThemes` asks of the page. */
export const themesToFollow: Settings = {
  'window.autoDetectColorScheme': true,
  'window.autoDetectHighContrast': true,
  'workbench.preferredDarkColorTheme': colorThemes.dark,
  'workbench.preferredLightColorTheme': colorThemes.light,
  'workbench.preferredHighContrastColorTheme': colorThemes.highContrast,
  'workbench.preferredHighContrastLightColorTheme': colorThemes.highContrastLight,
};

const looks = {
  light: ['vscode-light', { colorScheme: 'light', forcedColors: 'none' }],
  highContrast: ['vscode-high-contrast', { colorScheme: 'dark', forcedColors: 'active' }],
  highContrastLight: ['vscode-high-contrast-light', { colorScheme: 'light', forcedColors: 'active' }],
  dark: ['vscode-dark', { colorScheme: 'dark', forcedColors: 'none' }],
} as const satisfies Readonly<Record<ColorTheme, readonly [string, Parameters<Page['emulateMedia']>[0]]>>;

/** Ends with the dark theme, in which a window begins. */
export const everyTheme: readonly ColorTheme[] = ['light', 'highContrastLight', 'highContrast', 'dark'];

/** Does something in each of the themes. Nothing is clicked, so what is open stays open. The window needs `themesToFollow`. */
export async function inThemes(page: Page, themes: readonly ColorTheme[], work: (theme: ColorTheme) => Promise<unknown>): Promise<void> {
  for (const theme of themes) {
    const [kind, media] = looks[theme];
    await page.emulateMedia(media);
    await page.locator(`.monaco-workbench[class*="-themes-${themeFiles[theme]}-"]`).waitFor();
    await until(`the documents to be ${kind}`, async () => {
      const kinds = await Promise.all(page.frames().map((frame) => frame.evaluate<string | undefined>('document.body?.dataset.vscodeThemeKind').catch(() => undefined)));
      return kinds.every((found) => found === undefined || found === kind);
    }, 10_000);
    await work(theme);
  }
}

const suffixes: Readonly<Record<ColorTheme, string>> = { light: '-light', highContrast: '-high-contrast', highContrastLight: '-high-contrast-light', dark: '' };

/** Saves what the page shows now, with the theme in its name; the dark one has none. */
export async function screenshotInThemes(page: Page, name: string, themes: readonly ColorTheme[] = ['light', 'highContrast', 'dark']): Promise<void> {
  await inThemes(page, themes, (theme) => screenshot(page, name + suffixes[theme]));
}

/** Widens the side bar to so many pixels from the left edge of the window. */
export async function widenSideBar(page: Page, x: number): Promise<void> {
  const box = await page.locator('.part.sidebar').boundingBox();
  if (box === null) throw new Error('There is no side bar');
  const middle = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width, middle);
  await page.mouse.down();
  await page.mouse.move(x, middle, { steps: 4 });
  await page.mouse.up();
  await page.mouse.move(x + 200, middle);
}

/** The first row of the side bar's trees with this text. */
export function sidebarRow(page: Page, text: string | RegExp): Locator {
  return page.locator('.part.sidebar .monaco-list-row').filter({ hasText: text }).first();
}

/** Clicks a button that a row shows while the pointer is over it. @param label as its tooltip says it */
export async function clickRowButton(row: Locator, label: string): Promise<void> {
  await row.hover();
  await row.getByRole('button', { name: label, exact: true }).click();
}

/** A notification with this text, on the screen or in the list of all of them. */
export function notification(page: Page, text: string | RegExp): Locator {
  return page.locator('.notification-list-item').filter({ hasText: text }).first();
}

/** The notification with this text, once it is there. */
export async function findNotification(page: Page, text: string | RegExp): Promise<Locator> {
  const found = notification(page, text);
  try {
    await found.waitFor({ timeout: 4_000 });
  } catch {
    // Of what comes within 800 ms VS Code puts three on the screen and the others only in the list.
    await runCommand(page, 'Notifications: Show Notifications');
    await found.waitFor();
  }
  return found;
}

/** Clicks a button of a notification. */
export async function clickNotification(page: Page, text: string | RegExp, button: string): Promise<void> {
  await (await findNotification(page, text)).getByRole('button', { name: button, exact: true }).click();
}

/** The modal dialog, once it is there. */
export async function findDialog(page: Page, message: string | RegExp): Promise<Locator> {
  const dialog = page.locator('.monaco-dialog-box').filter({ hasText: message });
  await dialog.waitFor();
  return dialog;
}

/** Enters a text into the input box with this title; without a text what stands in it. */
export async function enterText(page: Page, title: string | RegExp, text?: string): Promise<void> {
  const input = page.locator('.quick-input-widget').filter({ hasText: title }).locator('input').first();
  await input.waitFor();
  if (text !== undefined) await input.fill(text);
  // Its title may be there before it has the focus.
  await input.press('Enter');
}

/** Chooses the row with this text in the open list. @param timeoutMs for so long it may take; default: as any click */
export async function choose(page: Page, text: string | RegExp, timeoutMs?: number): Promise<void> {
  await page.locator('.quick-input-widget .monaco-list-row').filter({ hasText: text }).first().click(timeoutMs === undefined ? {} : { timeout: timeoutMs });
}

/** What a screen reader says of the rows of the side bar's trees, from the top; empty for a row without a name. */
export async function rowNames(page: Page): Promise<string[]> {
  const snapshot = await page.locator('.part.sidebar').ariaSnapshot();
  return snapshot.split('\n').flatMap((line) => {
    const [, name] = /^\s*- (?:'|")?treeitem(?: "((?:[^"\\]|\\.)*)")?/.exec(line) ?? [undefined, undefined];
    return /^\s*- (?:'|")?treeitem\b/.test(line) ? [name ?? ''] : [];
  });
}

/** For an `afterEach` hook: a picture of what a failed test has left open, which is then closed for the next one. */
export async function afterFailure(page: Page, test: { readonly state?: string | undefined; readonly title: string } | undefined): Promise<void> {
  if (test?.state !== 'failed') return;
  await screenshot(page, `failed-${test.title.replace(/\W+/g, '-')}`);
  await page.keyboard.press('Escape');
}
