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
    const answer = async (question: number): Promise<void> => {
      await page.getByText(new RegExp(`Assess Severity: .*\\(${question}/5\\)`)).waitFor();
      await page.locator('.quick-input-list .monaco-list-row.focused').waitFor();
      await page.keyboard.press('Enter');
    };
    await answer(1);
    await page.getByText(/Assess Severity: .*\(2\/5\)/).waitFor();
    await page.locator('.quick-input-widget .codicon-quick-input-back').click();
    for (let question = 1; question <= 5; question += 1) {
      await answer(question);
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

  it('writes an update from what the timeline suggests, and winds its clock up', async () => {
    const row = page.locator('.part.sidebar .monaco-list-row').filter({ hasText: 'Post an update' }).first();
    await row.filter({ hasText: /in 2\d min/ }).waitFor();
    await row.click();
    await page.getByText('Post Update (1/5)').waitFor();
    await page.locator('.quick-input-list .monaco-list-row.focused').waitFor();
    await page.keyboard.press('Enter');
    for (const [field, text] of [[2, ''], [3, 'Looked at the pool'], [4, 'Restart the service'], [5, '']] as const) {
      await page.getByText(`Post Update (${field}/5)`).waitFor();
      if (text !== '') {
        await page.locator('.quick-input-widget input').first().fill(text);
      }
      await page.keyboard.press('Enter');
    }
    await page.locator('.notifications-toasts').getByText(/The update is recorded\. Slack is not connected/).waitFor();
    await screenshot(page, 'update');
    await page.getByText('Copy text', { exact: true }).click();
    await findPreview(page, '', /Incident Update - [\s\S]*Actions Taken: Looked at the pool\nNext Steps: Restart the service[\s\S]*Next update:/);
    assert.match(await page.evaluate('navigator.clipboard.readText()'), /^Incident Update - /);
  });
});
