/** The composer in the real workbench: what is sent is what was seen, once; what was written is kept; nothing is lost. */
import assert from 'node:assert/strict';
import type { Frame, Locator, Page } from 'playwright-core';
import { type Incident, fold } from '../../src/incident/fold.ts';
import { rawEvents, timelineFile } from '../support/build-ledger.ts';
import { accessibilityFaults, assertAccessible, findPanel, reloadWindow } from '../support/panel-page.ts';
import { recordIncident } from '../support/ui-incident.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { until } from '../support/until.ts';
import { afterFailure, openView, runCommand, screenshot, sidebarRow, themesToFollow } from '../support/workbench.ts';

const TITLE = 'Portals answer 503';
/** The product owner of a P1 is to be told at once, and an update is due after 15 minutes (runbook 7.1, 7.3). */
const AGE_MS = 16 * 60_000;

describe('the composer in the real workbench', () => {
  let session: UiSession;
  let page: Page;
  let frame: Frame;
  let id: string;

  const fakes = () => session.practice.control.services.fakes;
  const slackMessages = (): readonly string[] => fakes().slack.state.channels.find(({ name }) => name === 'incidents')?.messages.map(({ text }) => text) ?? [];
  const recorded = (): Incident => {
    const incident = fold(rawEvents(timelineFile(session.timelines, id)));
    assert.ok(incident);
    return incident;
  };
  const field = (name: string | RegExp): Locator => frame.locator('input, textarea, select').and(frame.getByLabel(name));
  const tab = (name: string): Locator => frame.getByRole('tab', { name: new RegExp(`^${name}`) });
  const button = (name: string): Locator => frame.getByRole('button', { name, exact: true });
  const letter = (target: string): Locator => frame.locator('article.letter').filter({ has: frame.getByRole('heading', { name: target }) });
  const key = (name: string): Promise<void> => page.keyboard.press(name);

  before(async function () {
    this.timeout(120_000);
    session = await startUiSession({ userSettings: themesToFollow, before: async (timelines) => { ({ id } = await recordIncident(timelines, TITLE, AGE_MS)); } });
    page = session.page;
    await page.setViewportSize({ width: 1500, height: 1150 });
    await openView(page, 'Incidents');
    await sidebarRow(page, TITLE).waitFor();
  });

  after(() => session.stop());

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  it('opens on the update, prefilled from the timeline, and says where that comes from', async () => {
    await runCommand(page, 'Incident: Post Update…');
    frame = await findPanel(page, TITLE);
    await frame.getByRole('tab', { name: /^Internal update/, selected: true }).waitFor();
    assert.equal(await field('Impact').inputValue(), TITLE);
    await frame.getByText('Prefilled: the title of the incident').waitFor();
    await frame.getByText(/Post an update\s+\d min overdue/).waitFor();
    await frame.getByText('2 fields are to be written first.').waitFor();
    assert.equal(await button('Send…').getAttribute('aria-disabled'), 'true');
  });

  it('shows while one writes what Slack will show, and sends that by keyboard alone', async () => {
    await field(/^Actions taken/).focus();
    await page.keyboard.type('Looked at the *pool*, see https://example.com/pool');
    await key('Tab');
    while (!await frame.evaluate<boolean>("document.activeElement?.id === 'field-update-next'")) await key('Tab');
    await page.keyboard.type('Restart the service');
    await letter('#incidents').getByText('Restart the service').waitFor();
    assert.equal(await letter('#incidents').locator('.slack strong').nth(1).innerText(), 'pool');
    assert.equal(await letter('#incidents').locator('.slack a').getAttribute('href'), 'https://example.com/pool');
    await letter('#incidents').getByText('through Slack').waitFor();
    await assertAccessible(page, frame, 'composer-update');
    await key('Control+Enter');
    await frame.getByText('Send 1 message now?').waitFor();
    await frame.getByRole('group').getByText('To #incidents.').waitFor();
    assert.deepEqual(slackMessages(), [], 'nothing is sent before the person agrees');
    assert.deepEqual(await accessibilityFaults(frame), []);
    await screenshot(page, 'composer-confirm');
    await key('Escape');
    await frame.getByText('Send 1 message now?').waitFor({ state: 'detached' });
    await until('the preview', async () => await button('Send…').getAttribute('aria-disabled') === 'false');
    await key('Control+Enter');
    await frame.getByText('Send 1 message now?').waitFor();
    const shown = await letter('#incidents').locator('.words').innerText();
    await key('Enter');
    await frame.getByRole('heading', { name: 'Update recorded: Investigating' }).first().waitFor({ timeout: 20_000 });
    assert.equal(slackMessages().length, 1);
    assert.equal(slackMessages()[0]?.replace('*pool*', 'pool').replace(/\s+/g, ' '), shown.replace(/\s+/g, ' '), 'what was seen, its marks drawn, is what was sent');
    assert.equal(recorded().updates.at(-1)?.next, 'Restart the service');
    await frame.locator('.outcome').getByText('delivered', { exact: true }).waitFor();
    await frame.locator('.outcome').getByText(/^due at \d\d:\d\d UTC$/).waitFor();
    await assertAccessible(page, frame, 'composer-sent');
  });

  it('keeps what is written when it is hidden, closed, or the window is loaded anew, and takes a discarded draft back', async () => {
    await button('Write another').click();
    await until('the refreshed draft', async () => await field(/^Next steps/).inputValue() === 'Restart the service');
    await field(/^ETA/).fill('In half an hour');
    await runCommand(page, 'View: Close Editor');
    await sidebarRow(page, 'Post an update').click();
    frame = await findPanel(page, TITLE);
    await until('the draft of the closed panel', async () => await field(/^ETA/).inputValue() === 'In half an hour');
    await frame.getByText('Written by you').waitFor();
    await button('Discard draft').click();
    await until('the suggestion', async () => await field(/^ETA/).inputValue() === 'Not known yet');
    await button('Undo').click();
    await until('the draft', async () => await field(/^ETA/).inputValue() === 'In half an hour');
    await reloadWindow(page, frame);
    frame = await findPanel(page, TITLE);
    await until('the draft after the reload', async () => await field(/^ETA/).inputValue() === 'In half an hour');
  });

  it('follows the timeline where nobody has written', async () => {
    await sidebarRow(page, 'Acknowledge the incident').click();
    await until('the acknowledgement', () => recorded().status === 'acknowledged', 20_000);
    await until('the action', async () => /Acknowledge the incident/.test(await field(/^Actions taken/).inputValue()), 10_000);
    assert.equal(await field(/^ETA/).inputValue(), 'In half an hour');
    await frame.getByText(/^Prefilled: from 1 step or finding since \d\d:\d\d UTC$/).waitFor();
  });

  it('moves the status page from stage to stage, by mouse', async () => {
    await tab('Status page').click();
    await letter('Statuspage').getByText('We have detected a problem and are looking into it.').waitFor();
    await frame.getByRole('radio', { name: /^Investigating/ }).check();
    await letter('Statuspage').getByText('We are investigating the cause of the problem.').waitFor();
    await frame.getByText('Mail to the subscribers of the page').click();
    await frame.locator('.notes').getByText('The subscribers of the page get mail.').waitFor();
    await assertAccessible(page, frame, 'composer-status-page');
    await button('Send…').click();
    await button('Send now').click();
    await frame.locator('.outcome').getByText('delivered', { exact: true }).waitFor({ timeout: 20_000 });
    const [entry] = fakes().statuspage.state.incidents;
    assert.equal(entry?.status, 'investigating');
    await button('Write another').click();
    await frame.getByRole('radio', { name: /^Identified root cause next/, checked: true }).waitFor();
    await frame.getByRole('radio', { name: /^Investigating now/ }).check();
    await frame.getByText('1 field is to be written first.').waitFor();
  });

  it('tells the stakeholder it was opened for, also when it was hidden then, and says calmly when nobody is due', async () => {
    await runCommand(page, 'File: New Untitled Text File');
    await until('the page to be gone', () => frame.isDetached());
    await sidebarRow(page, 'Notify Product Owner').click();
    frame = await findPanel(page, TITLE);
    await frame.getByRole('tab', { name: /^Stakeholder update/, selected: true }).waitFor();
    await until('the contact', async () => await field('To').inputValue() === 'productOwner');
    await letter('Product Owner').getByText('What is being done').waitFor();
    await field('Impact').fill('No prescriptions are sent');
    await letter('Product Owner').getByText('Impact: No prescriptions are sent').waitFor();
    await assertAccessible(page, frame, 'composer-stakeholders');
    await button('Send…').click();
    await button('Send now').click();
    await frame.locator('.outcome').getByText('delivered', { exact: true }).waitFor({ timeout: 20_000 });
    assert.match(fakes().mail.state.at(-1)?.text ?? '', /Impact: No prescriptions are sent/);
    await button('Write another').click();
    await field('To').selectOption('');
    await frame.locator('.calm').getByText(/Nobody is due now/).waitFor();
    assert.equal(await button('Send…').getAttribute('aria-disabled'), 'true');
    assert.deepEqual(await accessibilityFaults(frame), []);
    await screenshot(page, 'composer-calm');
  });

  it('notifies users by the ways there are, and leaves social media to a person', async () => {
    await tab('User notification').press('Enter');
    await field(/^What users notice/).fill('Prescriptions open slowly');
    await until('the text to follow', async () => /What you may notice: Prescriptions open slowly/.test(await field(/^Text/).inputValue()));
    await letter('Social media').getByText('by hand', { exact: true }).waitFor();
    await assertAccessible(page, frame, 'composer-users');
    await key('Control+Enter');
    await frame.locator('#confirm-send').click();
    await button('Copy text for Social media').waitFor({ timeout: 20_000 });
    await button('It is done: Social media').click();
    await until('the word of a person', () => recorded().deliveries.find(({ target }) => target === 'Social media')?.state === 'done');
    await button('It is done: Social media').first().waitFor({ state: 'detached' });
    await button('Write another').click();
    await frame.locator('.calm').getByText(/The users were notified at/).waitFor();
  });

  it('says what the resolution notice lacks, and walks the tabs by arrows', async () => {
    await tab('User notification').focus();
    await key('End');
    await frame.getByRole('tab', { name: 'Resolution notice', selected: true }).waitFor();
    await frame.locator('.calm').getByText(/missing: incident end, duration, root cause, resolution/).waitFor();
    await key('ArrowRight');
    await frame.getByRole('tab', { name: /^Internal update/, selected: true }).waitFor();
    assert.equal(await field(/^ETA/).inputValue(), 'In half an hour', 'each tab keeps its draft');
  });

  it('leaves no error in the console of the page, and contradicts no vendor', () => {
    assert.deepEqual(session.pageErrors, []);
    assert.deepEqual(session.practice.control.services.violations(), []);
  });
});
