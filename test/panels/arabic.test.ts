/** The four panels in Arabic: from right to left, in Arabic words, with digits that can be compared with logs. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { STORY_MINUTES, movedBy, wholeStory, writeTimeline } from '../support/overview-incident.ts';
import { START } from '../support/clock.ts';
import { assertAccessible, findPanel } from '../support/panel-page.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { afterFailure, openView, runCommand, sidebarRow, themesToFollow } from '../support/workbench.ts';

const INCIDENT = 'INC-20261123-ARAB';
const TITLE = 'Portals answer 503 for everybody';

/** Our own words of a page, without what the runbook and people say, which stands in elements of its own. */
const OWN_TEXTS = `[...document.querySelectorAll('h2, h3, th, summary, label, legend, vscode-button, button')]
  .filter((element) => element.querySelector('bdi, [dir="auto"], kbd') === null && element.closest('bdi, [dir="auto"]') === null)
  .map((element) => element.textContent.trim().replace(/\\s+/g, ' ')).filter((text) => text !== '')`;

describe('the panels in Arabic', () => {
  let session: UiSession;
  let page: Page;

  before(async function () {
    this.timeout(120_000);
    session = await startUiSession({
      userSettings: { ...themesToFollow, 'incidentRunbook.language': 'ar', 'incidentRunbook.reminders': false },
      before: (timelines) => writeTimeline(timelines, INCIDENT, movedBy(wholeStory(), Date.now() - START - (STORY_MINUTES + 1) * 60_000, INCIDENT)),
    });
    page = session.page;
    await page.setViewportSize({ width: 1_500, height: 1_150 });
    await openView(page, 'Incidents');
    await sidebarRow(page, TITLE).waitFor();
  });

  after(() => session.stop());

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  for (const [name, command, heading] of [
    ['overview', 'Incident: Open Overview', TITLE], ['severity', 'Incident: Assess Severity…', TITLE], ['composer', 'Incident: Post Update…', TITLE], ['metrics', 'Incident: Open Metrics', /مقاييس/],
  ] as const) {
    it(`are right to left and without a fault in any theme: ${name}`, async () => {
      await runCommand(page, 'View: Close All Editors');
      await runCommand(page, command);
      const frame = await findPanel(page, heading);
      assert.deepEqual(await frame.evaluate('[document.documentElement.lang, document.documentElement.dir, getComputedStyle(document.body).direction]'), ['ar', 'rtl', 'rtl']);
      const texts = await frame.evaluate<string[]>(OWN_TEXTS);
      assert.ok(texts.length > 3, texts.join(' | '));
      assert.deepEqual(texts.filter((text) => /[a-z]{3}/i.test(text) && !/\p{Script=Arabic}/u.test(text)), [], 'English left over');
      assert.doesNotMatch(await frame.locator('main').innerText(), /[٠-٩۰-۹]/, 'digits are Latin ones');
      await assertAccessible(page, frame, `${name}-arabic`);
    });
  }

  it('leave no error in the console of the page', () => {
    assert.deepEqual(session.pageErrors, []);
  });
});
