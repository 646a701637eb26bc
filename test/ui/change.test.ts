/** A change to production, as a person makes it in the real workbench: planned, seen, applied, followed to its end. */
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { type Incident, fold } from '../../src/incident/fold.ts';
import { rawEvents, timelineFile } from '../support/build-ledger.ts';
import { atRest, recordIncident } from '../support/ui-incident.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { until } from '../support/until.ts';
import { afterFailure, clickNotification, clickRowButton, enterText, findDialog, findNotification, findPreview, openFile, openView, runCommand, screenshot, screenshotInThemes, sidebarRow, themesToFollow, widenSideBar } from '../support/workbench.ts';

const TITLE = 'Portals answer 503';
/** Long enough to be looked at while it goes on, ms. */
const ROLLOUT_MS = 20_000;

describe('a change in the real workbench', () => {
  let session: UiSession;
  let page: Page;
  let id: string;

  const row = (text: string | RegExp): Locator => sidebarRow(page, text);
  const lens = (text: string): Locator => page.locator('.part.editor .codelens-decoration a').filter({ hasText: text }).first();
  const line = (text: string | RegExp): Locator => page.locator('.part.editor .view-line').filter({ hasText: text }).first();
  const recorded = (): Incident => fold(rawEvents(timelineFile(session.timelines, id))) ?? assert.fail('nothing is recorded');
  const writes = (): readonly string[] => session.practice.control.calls().filter(({ write }) => write).map(({ operation }) => operation);

  before(async function () {
    this.timeout(120_000);
    session = await startUiSession({
      userSettings: themesToFollow,
      // It tells of every port that is opened on the machine, in the middle of the pictures.
      settings: { 'remote.autoForwardPorts': false },
      before: async (timelines) => { ({ id } = await recordIncident(timelines, TITLE, 60_000)); },
    });
    page = session.page;
    session.practice.control.rollout({ durationMs: ROLLOUT_MS });
    session.practice.control.clearCalls();
    await openView(page, 'Incidents');
    await row(TITLE).waitFor();
    await widenSideBar(page, 480);
    await openFile(page, 'pool.js', /pool/i);
  });

  after(() => session.stop());

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  it('is shown as a plan beside the code, and nothing is changed', async () => {
    await runCommand(page, 'Incident: Restart the service');
    await line('# Plan: Restart the service').waitFor({ timeout: 30_000 });
    await line('NO UNDO').waitFor();
    await line(/Account\s+123456789012/).waitFor();
    await lens('Apply to production…').waitFor();
    await lens('Plan anew').waitFor();
    assert.equal(await page.locator('.part.editor .editor-group-container').count(), 2);
    await row(/Changes/).waitFor();
    await row(/planned, apply until/).waitFor();
    assert.deepEqual(writes(), []);
    await screenshotInThemes(page, 'change-1-plan');
  });

  it('is not made when the person thinks better of it', async () => {
    await lens('Apply to production…').click();
    const dialog = await findDialog(page, 'Apply to production?');
    assert.match(await dialog.innerText(), /No undo:/);
    await screenshot(page, 'change-2-question');
    await dialog.getByRole('button', { name: 'Cancel', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(writes(), []);
    assert.deepEqual(recorded().changes.map(({ state }) => state), ['planned']);
  });

  it('is made as it was shown, and followed in the document, the tree and a notification', async () => {
    await atRest(session.timelines, id);
    await lens('Apply to production…').click();
    await (await findDialog(page, 'Apply to production?')).getByRole('button', { name: 'Apply', exact: true }).click();
    await line('## Under way').waitFor();
    await line(/[█░]{20}/).waitFor();
    await lens('Stop watching').waitFor();
    await findNotification(page, 'Restart the service (Cancel only stops watching)');
    await row(/Changes.*1 under way/).waitFor();
    await screenshotInThemes(page, 'change-3-following');
    assert.deepEqual(writes(), ['UpdateService']);
  });

  it('ends by itself, with its evidence, and the incident heals', async () => {
    await line('It is done.').waitFor({ timeout: ROLLOUT_MS + 30_000 });
    await lens('Open evidence').waitFor();
    assert.equal(await lens('Undo…').count(), 0);
    const [change] = recorded().changes;
    assert.deepEqual([change?.state, change?.end?.level], ['done', 'ok']);
    assert.deepEqual(writes(), ['UpdateService']);
    await screenshotInThemes(page, 'change-4-done');
    await lens('Open evidence').click();
    await findPreview(page, 'Restart the service', /force-new-deployment/);
    await until('the service to be healthy', async () => (await fetch(`${session.practice.apiOrigin}/health`)).ok, 30_000);
  });

  it('is scaled from the tree, and taken back', async () => {
    session.practice.control.rollout({ durationMs: 4_000 });
    session.practice.control.clearCalls();
    await runCommand(page, 'Incident: Scale the service');
    await enterText(page, 'Scale the service', '6');
    await lens('Apply to production…').waitFor({ timeout: 30_000 });
    await line('It can be undone.').waitFor();
    await atRest(session.timelines, id);
    await clickRowButton(row(/Scale the service.*planned, apply until/), 'Apply Plan…');
    await (await findDialog(page, 'Apply to production?')).getByRole('button', { name: 'Apply', exact: true }).click();
    await clickNotification(page, /Scale the service: /, 'Undo…');
    await line('# Plan: Undo: Scale the service').waitFor({ timeout: 30_000 });
    await screenshot(page, 'change-5-undo');
    await atRest(session.timelines, id);
    await lens('Undo in production…').click();
    await (await findDialog(page, 'Undo in production?')).getByRole('button', { name: 'Undo', exact: true }).click();
    await row(/Scale the service.*undone/).waitFor({ timeout: 60_000 });
    assert.deepEqual(writes(), ['UpdateService', 'UpdateService']);
    assert.deepEqual(recorded().changes.map(({ state }) => state), ['done', 'undone', 'done']);
    await screenshot(page, 'change-6-undone');
  });

  it('leaves no error in the console of the page', () => {
    assert.deepEqual(session.pageErrors, []);
  });
});
