/** What a user gets: the .vsix, installed into a VS Code that knows nothing of this checkout, and used by keyboard. */
import assert from 'node:assert/strict';
import { existsSync, globSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { packageExtension } from '../support/package-extension.ts';
import { assessSeverity, findPanel } from '../support/panel-page.ts';
import { repositoryRoot } from '../support/paths.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { afterFailure, findCommand, findPreview, openView, screenshot, sidebarRow } from '../support/workbench.ts';

const TITLE = 'Doctors cannot open prescriptions';
const ID = 'incident-runbook.incident-runbook';
const MOST_BYTES = 2 * 1024 * 1024;

/** Files of the package; what the build splits off is named by its content. */
const FILES = [
  'CHANGELOG.md', 'LICENSE.txt', 'package.json', 'package.nls.ar.json', 'package.nls.json', 'README.md',
  'dist/extension.cjs', 'dist/house.js',
  'media/healthflow.runbook.yaml', 'media/icon.png', 'media/incident-log.language-configuration.json', 'media/incident-log.tmLanguage.json', 'media/incidents.svg', 'media/runbook.schema.json', 'media/l10n/bundle.l10n.ar.json',
  'snippets/review.code-snippets',
];
const BUILT = /^dist\/(chunks\/[\w.-]+\.(js|LEGAL\.txt)|webview\/(chunks\/)?[\w.-]+\.(js|css|ttf|LEGAL\.txt))$/;

interface Installed {
  readonly identifier: { readonly id: string };
  readonly version: string;
  readonly location: { readonly path: string };
}

describe('the package, installed', () => {
  let session: UiSession;
  let page: Page;
  let checkout: string;
  let vsix: string;
  let folder: string;

  const files = (): string[] => globSync('**/*', { cwd: folder }).filter((file) => statSync(path.join(folder, file)).isFile()).map((file) => file.split(path.sep).join('/'));
  /** Runs a command through the palette without the mouse. */
  const runByKeyboard = async (title: string): Promise<void> => {
    await findCommand(page, title);
    await page.locator('.quick-input-list .monaco-list-row.focused').filter({ hasText: title }).waitFor();
    await page.keyboard.press('Enter');
  };
  const answer = async (question: string | RegExp, typed: string): Promise<void> => {
    await page.locator('.quick-input-widget').filter({ hasText: question }).or(page.getByPlaceholder(question)).first().waitFor();
    await page.keyboard.type(typed);
    await page.locator('.quick-input-list .monaco-list-row.focused').filter({ hasText: typed }).waitFor();
    await page.keyboard.press('Enter');
  };

  before(async function () {
    this.timeout(180_000);
    checkout = await mkdtemp(path.join(os.tmpdir(), 'package-'));
    vsix = await packageExtension(checkout);
    session = await startUiSession({ vsix });
    page = session.page;
    const [installed] = globSync(`${ID}-*`, { cwd: session.extensionsDir });
    folder = path.join(session.extensionsDir, installed ?? assert.fail('nothing is installed'));
  });

  after(async () => {
    await session.stop();
    await rm(checkout, { recursive: true, force: true });
  });

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  it('holds what is needed and nothing else, in at most 2 MB', () => {
    const walkthrough = globSync('media/walkthrough/*', { cwd: repositoryRoot });
    const all = files();
    const lower = (names: readonly string[]): string[] => names.map((name) => name.toLowerCase()).sort();
    // The installer adds a manifest of its own.
    assert.deepEqual(lower(all.filter((file) => !BUILT.test(file) && file !== '.vsixmanifest')), lower([...FILES, ...walkthrough]));
    assert.ok(all.some((file) => /^dist\/chunks\/.*\.js$/.test(file)) && all.some((file) => /^dist\/webview\/.*\.css$/.test(file)));
    assert.ok(statSync(vsix).size <= MOST_BYTES, `${statSync(vsix).size} bytes`);
  });

  it('holds every file that its package.json speaks of', () => {
    const manifest = readFileSync(path.join(folder, 'package.json'), 'utf8');
    const named = [...manifest.matchAll(/"(?:\.\/)?((?:dist|media|snippets)\/[^"]+)"/g)].map(([, file]) => file ?? '');
    assert.ok(named.length >= 12, named.join());
    assert.deepEqual(named.filter((file) => !existsSync(path.join(folder, file))), []);
  });

  it('runs from where it was installed', async () => {
    const { version } = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8')) as { readonly version: string };
    const list = JSON.parse(readFileSync(path.join(session.extensionsDir, 'extensions.json'), 'utf8')) as readonly Installed[];
    assert.deepEqual(list.map(({ identifier, version: installed, location }) => [identifier.id, installed, location.path]), [[ID, version, folder]]);
    assert.ok(lstatSync(folder).isDirectory(), 'a link to the checkout');
    await openView(page, 'Incidents');
    await page.getByText('No incident is open.').waitFor();
  });

  it('declares an incident from the palette', async () => {
    await runByKeyboard('Incident: Declare Incident…');
    await page.getByText('What is happening, as users notice it?').waitFor();
    await page.keyboard.type(TITLE);
    await page.keyboard.press('Enter');
    await answer('Severity, in doubt the higher one', 'Assess afterwards');
    await answer('How was it detected?', 'support');
    await sidebarRow(page, TITLE).waitFor();
  });

  it('assesses its severity', async () => {
    await runByKeyboard('Incident: Assess Severity…');
    await assessSeverity(page, TITLE);
    await sidebarRow(page, `P1 ${TITLE}`).waitFor();
  });

  it('investigates in the practice environment, and shows the evidence', async () => {
    await runByKeyboard('Incident: Investigate');
    await findPreview(page, 'Investigate', /200 of 200 connections/);
    await sidebarRow(page, 'Check database connectivity').waitFor();
    await screenshot(page, 'installed');
  });

  it('opens the panels', async () => {
    await runByKeyboard('Incident: Open Overview');
    await (await findPanel(page, TITLE)).getByRole('heading', { name: 'Open clocks' }).waitFor();
    await runByKeyboard('Incident: Post Update…');
    await findPanel(page, new RegExp(`P1\\s+${TITLE}`));
    await runByKeyboard('Incident: Open Metrics');
    await findPanel(page, /metrics/i);
  });

  it('leaves no error in the console of the page, and none in the log of the extension host', () => {
    assert.deepEqual(session.pageErrors, []);
    const logs = globSync('data/logs/**/*.log', { cwd: session.dataDir });
    assert.ok(logs.some((file) => file.includes('exthost')), logs.join());
    const errors = logs.filter((file) => /exthost/.test(file)).flatMap((file) => readFileSync(path.join(session.dataDir, file), 'utf8').split('\n')
      .filter((line) => /\[error\]/.test(line)).map((line) => `${path.basename(file)}: ${line}`));
    assert.deepEqual(errors, []);
  });
});
