/** The main job as a person does it, in the real workbench; every picture lands in out/screenshots. */
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { colorThemes } from '../support/vscode-server.ts';
import { findCommand, findPreview, openFile, openView, runCommand, screenshot } from '../support/workbench.ts';

const TITLE = 'Doctors cannot open prescriptions';

for (const [theme, colorTheme] of Object.entries({ dark: colorThemes.dark, light: colorThemes.light, 'high-contrast': colorThemes.highContrast })) {
  describe(`an incident in the real workbench (${theme})`, () => {
    let session: UiSession;
    let page: Page;

    const row = (text: string | RegExp): Locator => page.locator('.part.sidebar .monaco-list-row').filter({ hasText: text }).first();

    before(async function () {
      this.timeout(120_000);
      session = await startUiSession({ userSettings: { 'workbench.colorTheme': colorTheme } });
      page = session.page;
    });

    after(() => session.stop());

    afterEach(async function () {
      if (this.currentTest?.state === 'failed') {
        await screenshot(page, `failed-${theme}-${this.currentTest.title.replace(/\W+/g, '-')}`);
      }
    });

    it('says what to do while nothing is declared', async () => {
      await openView(page, 'Incidents');
      await page.getByText('No incident is open.').waitFor();
      await page.locator('.part.sidebar').getByText('List Alarms').waitFor();
      await screenshot(page, `${theme}-1-empty`);
      await findCommand(page, 'Incident: Declare Incident…');
      await page.keyboard.press('Escape');
    });

    it('is declared with the keyboard alone', async () => {
      await runCommand(page, 'Incident: Declare Incident…');
      const input = page.locator('.quick-input-widget input').first();
      await page.getByText('What is happening, as users notice it?').waitFor();
      await input.fill(TITLE);
      await page.keyboard.press('Enter');
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
      await screenshot(page, `${theme}-2-declared`);
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
      await dragSash(page, 520);
      await page.locator('.notifications-toasts .codicon-notifications-clear').first().click({ timeout: 2_000 }).catch(() => undefined);
      await screenshot(page, `${theme}-3-investigation`);
    });

    it('shows the evidence of one check from its row', async () => {
      await row('Check the connection pool').click();
      const document = await findPreview(page, 'Check the connection pool', /max_connections/);
      const image = document.locator('img[alt*="DatabaseConnections"]');
      assert.ok(await image.evaluate((element: { naturalWidth: number }) => element.naturalWidth) > 0, 'the chart is not drawn');
      await screenshot(page, `${theme}-4-pool`);
    });

    it('streams the logs next to the code', async () => {
      await runCommand(page, 'Incident: Tail logs');
      await page.locator('.part.panel').getByText(/too.many.clients.already/).first().waitFor({ timeout: 30_000 });
      await openFile(page, 'pool.js', /pool/i);
      await screenshot(page, `${theme}-5-logs`);
    });

    it('documents a finding with the code that is selected', async () => {
      await page.locator('.part.editor .monaco-editor .view-line').nth(3).click();
      await page.keyboard.press('Shift+ArrowDown');
      await runCommand(page, 'Incident: Document a finding');
      await page.getByText(/It is recorded with src\/db\/pool\.js:/).waitFor();
      await page.keyboard.type('The connection is never given back');
      await page.keyboard.press('Enter');
      await row('1 documented').waitFor();
      await runCommand(page, 'Incident: Open Timeline');
      const document = await findPreview(page, TITLE, /The connection is never given back/);
      assert.match(await document.locator('body').innerText(), /src\/db\/pool\.js:/);
      await screenshot(page, `${theme}-6-timeline`);
    });

    it('leaves no error in the console of the page', () => {
      assert.deepEqual(session.pageErrors, []);
    });
  });
}

/** Widens the side bar to `x` pixels from the left. */
async function dragSash(page: Page, x: number): Promise<void> {
  const sidebar = await page.locator('.part.sidebar').boundingBox();
  assert.ok(sidebar);
  await page.mouse.move(sidebar.x + sidebar.width, 500);
  await page.mouse.down();
  await page.mouse.move(x, 500, { steps: 4 });
  await page.mouse.up();
}
