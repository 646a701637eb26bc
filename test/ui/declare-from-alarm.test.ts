/** What a person does before anything is declared, and the five questions, by keyboard. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { findPreview, openView, runCommand, screenshot } from '../support/workbench.ts';

describe('from an alarm to an assessed incident', () => {
  let session: UiSession;
  let page: Page;

  before(async function () {
    this.timeout(120_000);
    session = await startUiSession();
    page = session.page;
    await openView(page, 'Incidents');
  });

  after(() => session.stop());

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
    for (let question = 1; question <= 5; question += 1) {
      await page.getByText(new RegExp(`Assess Severity \\(${question}/5\\)`)).waitFor();
      // The question is shown before its answers have arrived.
      await page.locator('.quick-input-list .monaco-list-row.focused').waitFor();
      await page.keyboard.press('Enter');
    }
    await page.getByText('Recommended: P1').waitFor();
    await page.locator('.quick-input-list .monaco-list-row.focused').filter({ hasText: 'recommended' }).waitFor();
    await screenshot(page, 'assessment');
    await page.keyboard.type('P2');
    await page.locator('.quick-input-list .monaco-list-row.focused').filter({ hasText: 'P2' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('P2 instead of P1').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText(/Write at least one word/).waitFor();
    await page.keyboard.type('Only the test pharmacy is affected');
    await page.keyboard.press('Enter');
    await page.locator('.part.statusbar').getByText(/P2 \d+ /).waitFor();
    await findPreview(page, '', /instead of P1: Only the test pharmacy is affected/);
  });
});
