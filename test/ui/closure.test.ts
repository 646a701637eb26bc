/** The closing checklist as a person ticks it: with the mouse and with the keyboard. */
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import type { ChecklistMarked } from '../../src/incident/closing-events.ts';
import { fold } from '../../src/incident/fold.ts';
import { rawEvents, timelineFile } from '../support/build-ledger.ts';
import { recordIncident } from '../support/ui-incident.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { until } from '../support/until.ts';
import { afterFailure, enterText, openView, screenshot, sidebarRow, widenSideBar } from '../support/workbench.ts';

const TITLE = 'Portals answer 503';
const BOX = 'No user reports of ongoing issues';

describe('the boxes of the closure', () => {
  let session: UiSession;
  let page: Page;
  let id = '';

  const box = (): Locator => sidebarRow(page, BOX).getByRole('checkbox');
  const mark = async (): Promise<ChecklistMarked | undefined> => fold(await rawEvents(timelineFile(session.timelines, id)))?.marks.get('confirmResolution/noUserReports');
  const isTicked = async (ticked: boolean): Promise<void> => {
    await until(`the box to be ${ticked ? 'ticked' : 'open'}`, async () => await box().getAttribute('aria-checked') === String(ticked), 10_000);
  };

  const question = (): Locator => page.locator('.quick-input-widget').filter({ hasText: 'Why are you sure?' });
  /** A click on a row that is being drawn anew is lost, so it is repeated until somebody asks. */
  const tick = async (): Promise<void> => {
    await until('the question', async () => {
      if (await box().getAttribute('aria-checked') === 'false') {
        await box().click();
      }
      return question().waitFor({ timeout: 3_000 }).then(() => true, () => false);
    }, 20_000);
  };

  before(async function () {
    this.timeout(120_000);
    session = await startUiSession({ before: async (timelines) => { ({ id } = await recordIncident(timelines, TITLE, 60_000)); } });
    page = session.page;
    await openView(page, 'Incidents');
    await sidebarRow(page, TITLE).waitFor();
    await widenSideBar(page, 620);
    await sidebarRow(page, /^Closure/).click();
    await sidebarRow(page, BOX).waitFor();
  });

  after(() => session.stop());

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  it('say what they are to somebody who does not see them', async () => {
    await isTicked(false);
    assert.equal(await box().getAttribute('aria-label'), `${BOX}: open`);
    await screenshot(page, 'closure');
  });

  it('are ticked with a note, and stay open without one', async () => {
    await tick();
    await page.keyboard.press('Escape');
    await isTicked(false);
    assert.equal(await mark(), undefined);
    await tick();
    await enterText(page, BOX, 'Support says so');
    await isTicked(true);
    await sidebarRow(page, BOX).filter({ hasText: /confirmed by .+: Support says so/ }).waitFor();
    assert.deepEqual([(await mark())?.checked, (await mark())?.note], [true, 'Support says so']);
  });

  it('are unticked by keyboard', async () => {
    await box().focus();
    await page.keyboard.press('Space');
    await until('it to be recorded', async () => (await mark())?.checked === false, 10_000);
    await isTicked(false);
    await sidebarRow(page, BOX).filter({ hasText: 'Ask support' }).waitFor();
  });
});
