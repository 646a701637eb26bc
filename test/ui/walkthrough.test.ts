/** The first five minutes of somebody who has no account: the walkthrough, by keyboard, whose steps complete by themselves. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { assessSeverity } from '../support/panel-page.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { until } from '../support/until.ts';
import { afterFailure, choose, enterText, findPreview, openView, runCommand, screenshot, screenshotInThemes, sidebarRow, themesToFollow } from '../support/workbench.ts';

const WALKTHROUGH = 'incident-runbook.incident-runbook#start';
const PRACTICE = 'Practice: portals answer 503';

describe('the walkthrough in the real workbench', () => {
  let session: UiSession;
  let page: Page;

  const step = (id: string): Locator => page.locator(`[data-step-id="${WALKTHROUGH}#${id}"]`);
  const isDone = async (id: string): Promise<boolean> => await step(id).locator('.codicon[role="checkbox"]').first().getAttribute('aria-checked') === 'true';
  const becomesDone = (id: string): Promise<boolean> => until(`the step ${id} to be done`, () => isDone(id), 15_000);
  const done = async (): Promise<string[]> => {
    const ids = ['github', 'people', 'public', 'runbook', 'declare', 'assess', 'investigate', 'close'];
    const are = await Promise.all(ids.map(isDone));
    return ids.filter((_id, index) => are[index]);
  };
  /** Opens a step and presses its button, without the mouse. */
  const press = async (id: string, button: string): Promise<void> => {
    await open(id);
    await step(id).getByRole('button', { name: button, exact: true }).focus();
    await page.keyboard.press('Enter');
  };
  const open = async (id: string): Promise<void> => {
    await step(id).focus();
    await page.keyboard.press('Enter');
    await step(id).and(page.locator('.expanded')).waitFor();
  };

  /** Once the picture or the page beside the steps is drawn. */
  const shown = (text: string): Promise<boolean> => until(`"${text}" beside the steps`, async () => {
    const texts = await Promise.all(page.frames().map((frame) => frame.locator('body').textContent({ timeout: 500 }).catch(() => '')));
    return texts.some((found) => found?.includes(text) === true);
  }, 10_000);
  /** A file or a document was opened over it. */
  const back = async (): Promise<void> => {
    await runCommand(page, 'Welcome: Open Walkthrough...');
    await choose(page, 'Get started with Incident Runbook');
    await step('github').waitFor();
  };

  before(async function () {
    this.timeout(120_000);
    session = await startUiSession({ connected: false, userSettings: themesToFollow });
    page = session.page;
  });

  after(() => session.stop());

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  it('opens from the empty view, and nothing is done yet', async () => {
    await openView(page, 'Incidents');
    await page.locator('.part.sidebar').getByText('Get Started', { exact: true }).focus();
    await page.keyboard.press('Enter');
    await step('github').waitFor();
    assert.deepEqual(await done(), []);
    await shown('one timeline,');
    await screenshotInThemes(page, 'walkthrough-1-github');
    await open('people');
    await shown('Who must hear of it');
    await screenshotInThemes(page, 'walkthrough-2-people');
  });

  it('is done with the runbook once that of the team is read without a problem, not by its button', async () => {
    await press('runbook', 'Choose Runbook');
    await page.getByPlaceholder('Which runbook do incidents follow in this workspace?').waitFor();
    assert.deepEqual(await done(), []);
    await choose(page, 'Start with a copy of the bundled runbook');
    await page.locator('.tabs-container').getByRole('tab', { name: 'incident.runbook.yaml' }).waitFor();
    await back();
    await becomesDone('runbook');
    assert.match(readFileSync(path.join(session.folder, '.vscode', 'settings.json'), 'utf8'), /"incidentRunbook\.file": "incident\.runbook\.yaml"/);
    assert.deepEqual(await done(), ['runbook']);
    await open('runbook');
    await shown('What stands in the file');
    await screenshotInThemes(page, 'walkthrough-3-runbook');
  });

  it('is done with each stage of the practice when the timeline says so', async () => {
    await press('declare', 'Start a Practice Incident');
    await sidebarRow(page, PRACTICE).waitFor();
    await becomesDone('declare');
    await screenshot(page, 'walkthrough-4-declared');

    await press('assess', 'Assess Severity');
    await assessSeverity(page, PRACTICE);
    await back();
    await becomesDone('assess');
    await screenshot(page, 'walkthrough-5-assessed');
    assert.deepEqual(await done(), ['runbook', 'declare', 'assess']);

    await press('investigate', 'Investigate');
    await findPreview(page, 'Investigate', /200 of 200 connections/);
    await back();
    await becomesDone('investigate');
    await screenshot(page, 'walkthrough-6-investigated');

    await press('close', 'Close Incident');
    await enterText(page, /^Close INC-/, 'Practised to the end');
    await becomesDone('close');
    await open('close');
    await screenshotInThemes(page, 'walkthrough-7-closed');
    assert.deepEqual(await done(), ['runbook', 'declare', 'assess', 'investigate', 'close']);
  });

  it('says what to do next where everything is closed', async () => {
    await sidebarRow(page, 'No incident is open').filter({ hasText: 'Declare one…' }).waitFor();
  });

  it('leaves no error in the console of the page', () => {
    assert.deepEqual(session.pageErrors, []);
  });
});
