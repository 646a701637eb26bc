/** Looking back, as people do it in the real workbench: the document drafted, written in, updated, and gone through topic by topic. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { recordIncident } from '../support/ui-incident.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { until } from '../support/until.ts';
import { afterFailure, findPreview, openView, runCommand, screenshot, sidebarRow, themesToFollow } from '../support/workbench.ts';

const TITLE = 'Portals answer 503';

describe('a review in the real workbench', () => {
  let session: UiSession;
  let page: Page;

  const lens = (text: string): Locator => page.locator('.part.editor .codelens-decoration a').filter({ hasText: text }).first();
  const line = (text: string | RegExp): Locator => page.locator('.part.editor .view-line').filter({ hasText: text }).first();
  const document = (): string => {
    const folder = path.join(session.folder, 'docs', 'incidents');
    return readdirSync(folder).map((name) => readFileSync(path.join(folder, name), 'utf8')).join('');
  };

  before(async function () {
    this.timeout(120_000);
    session = await startUiSession({
      userSettings: themesToFollow, settings: { 'remote.autoForwardPorts': false },
      before: async (timelines) => { await recordIncident(timelines, TITLE, 60_000); },
    });
    page = session.page;
    await openView(page, 'Incidents');
    await sidebarRow(page, TITLE).waitFor();
  });

  after(() => session.stop());

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  it('is drafted and opened, with what can be done with it at its top', async () => {
    await runCommand(page, 'Incident: Create the review document');
    await line('# Post-Incident Review').waitFor({ timeout: 30_000 });
    await line('Draft: the incident is still open.').waitFor();
    await lens('Update from the timeline').waitFor();
    await screenshot(page, 'review-1-draft');
  });

  it('keeps what a person wrote, saved or not, when it is updated', async () => {
    await line('Draft: the incident is still open.').click();
    await page.keyboard.press('Control+End');
    await page.keyboard.insertText('\nWe were three at it.\n');
    await page.keyboard.press('Control+Home');
    await runCommand(page, 'Incident: Acknowledge');
    await lens('Update from the timeline').click();
    await until('the acknowledgement in the document', () => document().includes('**Incident acknowledged**'), 20_000);
    assert.match(document(), /^We were three at it\.$/m);
  });

  it('has an agenda beside it, whose links lead into the document', async () => {
    await lens('Agenda').click();
    const agenda = await findPreview(page, `Agenda of the review: ${TITLE}`, /What caused the incident\?/);
    assert.equal(await page.locator('.part.editor .editor-group-container').count(), 2);
    await screenshot(page, 'review-2-agenda');
    // The preview stays what it is while somebody writes in the document.
    await page.locator('.part.editor .editor-group-container').first().locator('.view-line').first().click();
    await agenda.getByText('Write it down below "Prevention Measures"').click();
    const review = await findPreview(page, 'Post-Incident Review', /We were three at it\./);
    const box = (): Promise<{ readonly y: number } | null> => review.getByRole('heading', { name: 'Prevention Measures' }).boundingBox();
    await until('the section to be in sight', async () => {
      const { y } = await box() ?? { y: Number.POSITIVE_INFINITY };
      return y >= 0 && y < (page.viewportSize()?.height ?? 0);
    }, 20_000);
  });
});
