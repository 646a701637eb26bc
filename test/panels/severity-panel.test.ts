/** The severity panel in the real workbench: by keyboard and by mouse, what follows before it happens, and the way back. */
import assert from 'node:assert/strict';
import type { Frame, Page } from 'playwright-core';
import { systemClock } from '../../src/incident/clock.ts';
import type { Incident } from '../../src/incident/fold.ts';
import type { LocalLedger } from '../../src/ledger/local-ledger.ts';
import { buildLedger, declaration } from '../support/build-ledger.ts';
import { assertAccessible, findPanel, reloadWindow } from '../support/panel-page.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { until } from '../support/until.ts';
import { afterFailure, findDialog, openView, runCommand, screenshot, sidebarRow, themesToFollow } from '../support/workbench.ts';

const TITLE = 'Portals answer 503';

describe('the severity panel in the real workbench', () => {
  let session: UiSession;
  let page: Page;
  let frame: Frame;
  let incident = '';

  before(async function () {
    this.timeout(120_000);
    session = await startUiSession({
      userSettings: themesToFollow,
      before: async (timelines) => {
        const ledger = buildLedger(timelines, { clock: { now: () => systemClock.now() - 120_000 } });
        incident = (await ledger.declare({ ...declaration(TITLE), drill: true })).id;
      },
    });
    page = session.page;
    await page.setViewportSize({ width: 1440, height: 1000 });
    await openView(page, 'Incidents');
    await sidebarRow(page, TITLE).waitFor();
  });

  after(() => session.stop());

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  /** Another responder on the same timeline. */
  const grace = (): LocalLedger => buildLedger(session.timelines, { clock: systemClock, actor: () => ({ name: 'Grace', kind: 'person' }) });
  const read = (): Promise<Incident> => grace().read(incident);
  const sees = (text: string | RegExp): Promise<void> => frame.getByText(text).first().waitFor();
  const focused = (): Promise<string> => frame.evaluate<string>("(document.activeElement?.closest('fieldset')?.querySelector('legend') ?? document.activeElement)?.innerText.trim() ?? ''");
  const isFocused = async (text: RegExp): Promise<void> => {
    await until(`the focus to be on ${text}`, async () => text.test(await focused()), 10_000);
  };
  const open = async (): Promise<void> => {
    await runCommand(page, 'Incident: Assess Severity…');
    frame = await findPanel(page, TITLE);
    await sees('Recommended');
  };

  it('opens by command with the first question in focus, and says what holds while nothing is answered', async () => {
    await open();
    await isFocused(/^1\. Is the service completely unavailable\?/);
    await sees('Not assessed yet. Until then the clocks stand still.');
    await sees('5 questions are open: in doubt the higher level. Still possible:');
    await sees('Drill');
    await assertAccessible(page, frame, 'severity-open');
  });

  it('is answered by five digits; the recommendation, its reasons and what follows change with every answer', async () => {
    await isFocused(/^1\./);
    await page.keyboard.press('2');
    await isFocused(/^2\. How many users/);
    await page.keyboard.press('1');
    await page.keyboard.press('3');
    await isFocused(/^4\. Is there a workaround/);
    await page.keyboard.press('Backspace');
    await isFocused(/^3\. Is there a security/);
    await page.keyboard.press('3');
    await page.keyboard.press('1');
    await sees('1 question is open: in doubt the higher level.');
    assert.equal(await frame.locator('.verdict .big').innerText(), 'P1');
    await page.keyboard.press('2');
    await isFocused(/^Record P2$/);
    await frame.locator('.verdict .big').filter({ hasText: 'P2' }).waitFor();
    await sees('The service is significantly degraded for many users.');
    assert.equal(await frame.getByText(/question.* open/).filter({ visible: true }).count(), 0);
    const follows = await frame.locator('.follows').innerText();
    assert.match(follows, /Post an update\s+in 30 min[^]*then every 30 min[^]*Notify Product Owner\s+in 30 min[^]*then every 2 h[^]*Escalate\s+in 3 h 5\d min/);
    assert.match(follows, /#incidents\s+a post in Slack[^]*On-Call Engineer[^]*DevOps Lead/);
    assert.match(follows, /Recording messages nobody/);
    assert.match(await frame.locator('.levels tr.set').innerText(), /P2[^]*recommended[^]*Significant degradation[^]*15 min[^]*every 30 min[^]*#incidents/);
    await assertAccessible(page, frame, 'severity-answered');
  });

  it('takes another level only with a reason, by keyboard as well', async () => {
    await page.keyboard.press('Backspace');
    await isFocused(/^Level to record/);
    await page.keyboard.press('3');
    await frame.locator('#reason:focus').waitFor();
    await page.keyboard.press('Control+Enter');
    await sees('Write why, then record again: another level than the recommended one needs a reason.');
    assert.equal((await read()).severity, undefined, 'nothing is recorded without a reason');
    await frame.locator('.follows').filter({ hasText: '#digital-prescription-portals' }).waitFor();
    await assertAccessible(page, frame, 'severity-override');
    await page.keyboard.type('Only the test pharmacy, 1 of 900');
    await page.keyboard.press('Control+Enter');
    await isFocused(/^P3 is recorded$/);
    const { severity, severityReasons, events, deliveries } = await read();
    assert.deepEqual([severity, severityReasons], ['P3', ['Only the test pharmacy, 1 of 900']]);
    const set = events.findLast((event) => event.type === 'severity.set');
    assert.deepEqual(set?.answers, { unavailable: 'partly', affected: 'many', security: 'no', workaround: 'no', businessImpact: 'moderate' });
    assert.deepEqual(set.override, { recommended: 'P2', reason: 'Only the test pharmacy, 1 of 900' });
    assert.deepEqual([deliveries, session.practice.control.services.fakes.slack.exchanges], [[], []], 'recording sends nothing');
    await sees('Clocks that run now');
    await assertAccessible(page, frame, 'severity-recorded');
  });

  it('offers the next steps as their commands ask them', async () => {
    await frame.getByRole('button', { name: 'Notify the team…' }).click();
    const dialog = await findDialog(page, 'Notify the team?');
    assert.match(await dialog.innerText(), /#digital-prescription-portals, through Slack/);
    await dialog.getByRole('button', { name: 'Send', exact: true }).click();
    await sees(/Team notified, /);
    await until('the post to arrive', () => session.practice.control.services.fakes.slack.exchanges.some(({ operation }) => operation === 'chat.postMessage'), 10_000);
  });

  it('takes it back: the incident is as it was before', async () => {
    await frame.getByRole('button', { name: 'Take it back' }).click();
    await isFocused(/^1\./);
    await sees('Not assessed yet. Until then the clocks stand still.');
    const { severity, events } = await read();
    assert.equal(severity, undefined);
    assert.deepEqual(events.filter((event) => event.type === 'event.amended').map(({ changes }) => changes), [{ retracted: true }]);
  });

  it('is answered by mouse, and keeps what was answered while it is hidden and when the window is loaded anew', async () => {
    await frame.getByText('Yes: data or systems are or may have been exposed').click();
    await frame.getByText('Yes, and the users know it').click();
    await sees('Data or systems are or may have been exposed.');
    await runCommand(page, 'File: New Untitled Text File');
    await until('the page to be hidden', () => frame.isDetached(), 10_000);
    await runCommand(page, 'View: Open Previous Editor');
    frame = await findPanel(page, TITLE);
    const chosen = (): Promise<string[]> => frame.locator('.question .option.chosen .words').allInnerTexts();
    await until('the answers to be back', async () => (await chosen()).length === 2, 10_000);
    await reloadWindow(page, frame);
    frame = await findPanel(page, TITLE);
    await until('the answers to be back', async () => (await chosen()).join('|') === 'Yes: data or systems are or may have been exposed|Yes, and the users know it', 10_000);
    await isFocused(/^1\./);
  });

  it('says at once what somebody else has set, and compares with it', async () => {
    await grace().append(incident, { type: 'severity.set', severity: 'P3', reasons: ['A single portal.'] });
    await sees(/Grace set the severity to P3 at/);
    await sees('Raised from P3 to P1: its clocks start anew.');
    const follows = await frame.locator('.follows').innerText();
    assert.match(follows, /Notify Product Owner\s+now[^]*starts/);
    assert.match(follows, /Post an update\s+in 15 min\s[^]*moves from/);
    assert.match(follows, /Severity increases \(from P3 to P1\)/);
    assert.equal(await frame.locator('.question .option.chosen').count(), 2, 'the answers are kept');
    await assertAccessible(page, frame, 'severity-news');
    await frame.getByRole('button', { name: 'Understood' }).click();
    await frame.locator('#news').waitFor({ state: 'detached' });
  });

  it('starts again, and goes on from the answers that were recorded last', async () => {
    await frame.getByRole('button', { name: 'Start again' }).click();
    await until('nothing to be answered', async () => await frame.locator('.question .option.chosen').count() === 0, 10_000);
    await isFocused(/^1\./);
    for (const key of ['3', '3', '3', '2', '3']) await page.keyboard.press(key);
    await isFocused(/^Record/);
    await sees('A minor issue, or one with a workaround.');
    await page.keyboard.press('Enter');
    await isFocused(/^P4 is recorded$/);
    assert.equal((await read()).severity, 'P4');
    await frame.getByRole('button', { name: 'Assess again' }).click();
    await frame.getByRole('button', { name: 'Begin with the last answers' }).click();
    assert.equal(await frame.locator('.question .option.chosen').count(), 5);
  });

  it('lies in one column where there is little room', async () => {
    await page.setViewportSize({ width: 900, height: 1000 });
    await until('one column', async () => {
      const [questions, verdict] = await Promise.all([frame.locator('#questions').boundingBox(), frame.locator('#verdict').boundingBox()]);
      return questions !== null && verdict !== null && verdict.y > questions.y + 400;
    }, 10_000);
    assert.equal(await frame.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, 'nothing is wider than the page');
    await screenshot(page, 'severity-narrow');
    await page.setViewportSize({ width: 1440, height: 1000 });
  });

  it('lets nothing be recorded once the incident is closed, and says why', async () => {
    await grace().append(incident, { type: 'incident.closed', reason: 'over' });
    await sees(/The incident is closed since .*Reopen it first\./);
    assert.equal(await frame.locator('fieldset.question:disabled').count(), 5);
    await page.keyboard.press('Control+Enter');
    await assertAccessible(page, frame, 'severity-closed');
    assert.equal((await read()).events.filter(({ type }) => type === 'severity.set').length, 2);
  });

  it('leaves no error in the console of the page', () => {
    assert.deepEqual(session.pageErrors, []);
  });
});
