/** The main job as a person does it, in the real workbench; every picture lands in out/screenshots. */
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { afterFailure, enterText, findCommand, findPreview, openFile, openView, runCommand, screenshotInThemes, sidebarRow, themesToFollow, widenSideBar } from '../support/workbench.ts';

const TITLE = 'Doctors cannot open prescriptions';

describe('an incident in the real workbench', () => {
  let session: UiSession;
  let page: Page;

  const row = (text: string | RegExp): Locator => sidebarRow(page, text);

  before(async function () {
    this.timeout(120_000);
    session = await startUiSession({ userSettings: themesToFollow });
    page = session.page;
  });

  after(() => session.stop());

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  it('says what to do while nothing is declared', async () => {
    await openView(page, 'Incidents');
    await page.getByText('No incident is open.').waitFor();
    await page.locator('.part.sidebar').getByText('List Alarms').waitFor();
    await screenshotInThemes(page, 'investigation-1-empty');
    await findCommand(page, 'Incident: Declare Incident…');
    await page.keyboard.press('Escape');
  });

  it('is declared with the keyboard alone', async () => {
    await runCommand(page, 'Incident: Declare Incident…');
    await enterText(page, 'What is happening, as users notice it?', TITLE);
    await page.getByPlaceholder('Severity, in doubt the higher one').waitFor();
    await page.keyboard.type('P1');
    await page.locator('.quick-input-list .monaco-list-row.focused').filter({ hasText: 'P1' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByPlaceholder('How was it detected?').waitFor();
    await page.keyboard.type('support');
    await page.locator('.quick-input-list .monaco-list-row.focused').filter({ hasText: 'support ticket' }).waitFor();
    await page.keyboard.press('Enter');
    await row(`P1 ${TITLE}`).waitFor();
    await page.getByText('is declared and recorded.').first().waitFor();
    await row('Acknowledge the incident').waitFor();
    await page.locator('.part.statusbar').getByText(/P1 \d+ s/).waitFor();
    await page.locator('.part.activitybar .badge-content').filter({ hasText: /^1$/ }).waitFor();
    await screenshotInThemes(page, 'investigation-2-declared');
  });

  it('is acknowledged from its row', async () => {
    await row('Acknowledge the incident').click();
    await row('Acknowledge the incident').waitFor({ state: 'detached' });
    await row(/· acknowledged/).waitFor();
  });

  it('is investigated, and the evidence opens with its charts', async () => {
    await runCommand(page, 'Incident: Investigate');
    const document = await findPreview(page, 'Investigate', /200 of 200 connections/);
    assert.match(await document.locator('body').innerText(), /53300/);
    assert.ok(await document.locator('img[alt*="DatabaseConnections"]').count() > 0, 'no chart of the pool');
    await row('Check database connectivity').waitFor();
    await row('Document what you found').waitFor();
    await widenSideBar(page, 520);
    await page.locator('.notifications-toasts .codicon-notifications-clear').first().click({ timeout: 2_000 }).catch(() => undefined);
    await screenshotInThemes(page, 'investigation-3-investigation');
  });

  it('shows the evidence of one check from its row', async () => {
    await row('Check the connection pool').click();
    const document = await findPreview(page, 'Check the connection pool', /max_connections/);
    const image = document.locator('img[alt*="DatabaseConnections"]');
    assert.ok(await image.evaluate((element: { naturalWidth: number }) => element.naturalWidth) > 0, 'the chart is not drawn');
    await screenshotInThemes(page, 'investigation-4-pool');
  });

  it('streams the logs next to the code', async () => {
    await runCommand(page, 'Incident: Tail logs');
    await page.locator('.quick-input-widget').getByText(/Since the impact began|The last 1 h/).first().waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.part.panel').getByText(/too.many.clients.already/).first().waitFor({ timeout: 30_000 });
    await openFile(page, 'pool.js', /pool/i);
    await screenshotInThemes(page, 'investigation-5-logs');
  });

  it('documents a finding with the code that is selected', async () => {
    await page.locator('.part.editor .monaco-editor .view-line').nth(3).click();
    await page.keyboard.press('Shift+ArrowDown');
    await runCommand(page, 'Incident: Document a finding');
    await enterText(page, /It is recorded with src\/db\/pool\.js:/, 'The connection is never given back');
    await row('1 documented').waitFor();
    await runCommand(page, 'Incident: Open Timeline');
    const document = await findPreview(page, TITLE, /The connection is never given back/);
    assert.match(await document.locator('body').innerText(), /src\/db\/pool\.js:/);
    await screenshotInThemes(page, 'investigation-6-timeline');
  });

  it('leaves no error in the console of the page', () => {
    assert.deepEqual(session.pageErrors, []);
  });
});
