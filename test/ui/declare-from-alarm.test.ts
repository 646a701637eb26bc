/** What a person does before anything is declared, and the five questions on their panel, by keyboard. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { awaitFocus, findPanel, sendFromComposer } from '../support/panel-page.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { afterFailure, findPreview, openView, runCommand, screenshot, sidebarRow } from '../support/workbench.ts';

describe('from an alarm to an assessed incident', () => {
  let session: UiSession;
  let page: Page;

  before(async function () {
    this.timeout(120_000);
    session = await startUiSession({ connected: false });
    page = session.page;
    await openView(page, 'Incidents');
  });

  after(() => session.stop());

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  it('lists the alarms and declares one with the time it began', async () => {
    await page.locator('.part.sidebar').getByText('List Alarms').click();
    await findPreview(page, 'List alarms', /Not recorded: no incident is open/);
    await page.getByPlaceholder('Its start becomes the start of the impact; Escape declares nothing').waitFor();
    await screenshot(page, 'alarms');
    await page.keyboard.type('db-connections-high');
    await page.locator('.quick-input-list .monaco-list-row.focused').filter({ hasText: 'db-connections-high' }).waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.part.statusbar').getByText(/Not assessed \d+ s/).waitFor();
    await page.getByText('is declared and recorded.').first().waitFor();
    await runCommand(page, 'Incident: Open Timeline');
    const timeline = await findPreview(page, '', /detected by cloudwatch/);
    const [impactStarted] = await timeline.locator('table').first().locator('td').allInnerTexts();
    assert.ok(Date.parse(impactStarted ?? '') < Date.now() - 60_000, `impact started: ${impactStarted}`);
  });

  it('assesses the severity by five questions, and takes an override only with a reason', async () => {
    await runCommand(page, 'Incident: Assess Severity…');
    const panel = await findPanel(page, 'Database connections near max_connections');
    await awaitFocus(panel, /^1\./);
    for (let question = 1; question <= 5; question += 1) {
      await page.keyboard.press('1');
    }
    await awaitFocus(panel, /^Record/);
    await panel.locator('.verdict .big').filter({ hasText: 'P1' }).waitFor();
    await screenshot(page, 'assessment');
    await page.keyboard.press('Backspace');
    await page.keyboard.press('2');
    await page.keyboard.press('Control+Enter');
    await panel.getByText(/needs a reason/).waitFor();
    await page.keyboard.type('Only the test pharmacy is affected');
    await page.keyboard.press('Control+Enter');
    await panel.getByText('P2 is recorded').waitFor();
    await page.locator('.part.statusbar').getByText(/P2 \d+ /).waitFor();
    await runCommand(page, 'Incident: Open Timeline');
    await findPreview(page, '', /instead of P1: Only the test pharmacy is affected/);
  });

  it('leaves an update to a person while Slack is not connected, and winds its clock up', async () => {
    const row = sidebarRow(page, 'Post an update');
    await row.filter({ hasText: /in (2\d|30) min/ }).waitFor();
    await row.click();
    const frame = await findPanel(page, /./);
    await frame.getByLabel(/^Actions taken/).fill('Looked at the pool');
    await frame.getByLabel(/^Next steps/).fill('Restart the service');
    const letter = frame.locator('article.letter').filter({ hasText: '#incidents' });
    await letter.getByText('Slack is not connected').waitFor();
    await letter.getByRole('button', { name: 'Connect Slack…' }).waitFor();
    await sendFromComposer(frame, 'Record');
    await frame.locator('.outcome').getByText('for you to do').waitFor();
    await row.filter({ hasText: /in (29|30) min/ }).waitFor();
    await sidebarRow(page, /Slack: 1 message needs you/).waitFor();
    await screenshot(page, 'update');
    await frame.getByRole('button', { name: 'Copy text for #incidents' }).first().click();
    await page.locator('.part.statusbar').getByText('Copied the text for #incidents').waitFor();
    await runCommand(page, 'Incident: Open Timeline');
    await findPreview(page, '', /Incident Update - [\s\S]*Actions Taken: Looked at the pool\nNext Steps: Restart the service[\s\S]*Next update:/);
    assert.match(await page.evaluate('navigator.clipboard.readText()'), /^Incident Update - [\s\S]*Next Steps: Restart the service/);
    assert.deepEqual(session.practice.control.services.fakes.slack.exchanges, []);
  });
});
