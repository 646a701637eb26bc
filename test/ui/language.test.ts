/** A VS Code in Arabic, and what the setting of the extension's own language changes in it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import type { Texts } from '../../src/manifest-texts.ts';
import { repositoryRoot } from '../support/paths.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { afterFailure, findCommand, openView, screenshot, sidebarRow } from '../support/workbench.ts';

const read = async (file: string): Promise<unknown> => JSON.parse(await readFile(path.join(repositoryRoot, file), 'utf8'));

describe('Arabic in the real workbench', () => {
  let session: UiSession;
  let page: Page;
  let titles: Texts;
  let mail: string;
  const title = (key: string): string => titles[key] ?? '';

  before(async function () {
    this.timeout(60_000);
    titles = await read('package.nls.ar.json') as Texts;
    mail = (await read('media/l10n/bundle.l10n.ar.json') as Texts)['Mail (SMTP)'] ?? '';
    session = await startUiSession({ connected: false, displayLanguage: 'ar' });
    page = session.page;
  });

  after(() => session.stop());

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  it('is what titles, empty views and rows are in, where VS Code is', async () => {
    await findCommand(page, `${title('category')}: ${title('command.declare')}`);
    await screenshot(page, 'arabic-palette');
    await page.keyboard.press('Escape');
    await openView(page, title('container.incidentRunbook'));
    await page.locator('.part.sidebar').getByRole('button', { name: title('command.declare').replace(/[^\p{L}]+$/u, ''), exact: true }).waitFor();
    await page.locator('.part.sidebar').getByRole('button', { name: `${title('view.connections')} Section` }).click();
    await sidebarRow(page, mail).waitFor();
    await screenshot(page, 'arabic-views');
  });

  it('gives way to the language of the setting at once, but for the titles', async () => {
    const settings = path.join(session.folder, '.vscode', 'settings.json');
    await mkdir(path.dirname(settings), { recursive: true });
    await writeFile(settings, JSON.stringify({ 'incidentRunbook.language': 'en' }));
    await sidebarRow(page, 'Mail (SMTP)').waitFor();
    await page.locator('.part.sidebar').getByRole('button', { name: `${title('view.connections')} Section` }).waitFor();
    await writeFile(settings, JSON.stringify({ 'incidentRunbook.language': 'auto' }));
    await sidebarRow(page, mail).waitFor();
  });
});
