/** What all panels have in common, in the real workbench: their page comes back as it was, and nothing foreign runs in it. */
import assert from 'node:assert/strict';
import type { Frame, Locator, Page } from 'playwright-core';
import { assertAccessible, findPanel, reloadWindow } from '../support/panel-page.ts';
import { recordIncident } from '../support/ui-incident.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { afterFailure, openView, runCommand, screenshot, sidebarRow, themesToFollow } from '../support/workbench.ts';

const TITLE = 'Portals answer 503';

describe('panels in the real workbench', () => {
  let session: UiSession;
  let page: Page;

  before(async function () {
    this.timeout(120_000);
    session = await startUiSession({ userSettings: themesToFollow, before: async (timelines) => { await recordIncident(timelines, TITLE, 60_000); } });
    page = session.page;
    await openView(page, 'Incidents');
    await sidebarRow(page, TITLE).waitFor();
  });

  after(() => session.stop());

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  it('open by command, under a policy that lets only their own script and styles in', async () => {
    await runCommand(page, 'Incident: Open Overview');
    const frame = await findPanel(page, TITLE);
    const policy = await frame.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
    assert.match(policy ?? '', /^default-src 'none'; script-src 'nonce-[\w-]{24}'; style-src [^;]+; font-src [^;]+; img-src [^;]+ data:; base-uri 'none'; form-action 'none'$/);
    assert.doesNotMatch(policy ?? '', /unsafe|\*[ ;]/);
    assert.equal(await frame.locator('[style]:not(html), body style, body script:not([nonce]):not([type="application/json"])').count(), 0, 'nothing is inline');
    await assertAccessible(page, frame, 'panel-shell');
  });

  it('come back after the window is loaded anew', async () => {
    await reloadWindow(page, await findPanel(page, TITLE));
    await findPanel(page, TITLE);
  });

  it('are as they were when they are moved to a window of their own', async () => {
    const nextSteps = (frame: Frame): Locator => frame.locator('textarea').and(frame.getByLabel(/^Next steps/));
    await runCommand(page, 'Incident: Post Update…');
    await nextSteps(await findPanel(page, TITLE)).fill('Restart the service');
    const opened = page.context().waitForEvent('page');
    await runCommand(page, 'View: Move Editor into New Window');
    const window = await opened;
    const moved = await findPanel(window, TITLE);
    assert.equal(await nextSteps(moved).inputValue(), 'Restart the service');
    await screenshot(window, 'panel-moved');
    await window.close();
  });

  it('leave no error in the console of the page', () => {
    assert.deepEqual(session.pageErrors, []);
  });
});
