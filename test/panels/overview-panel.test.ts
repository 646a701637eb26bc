/** The overview in the real workbench: by keyboard and by mouse, live, and with ten thousand events. */
import assert from 'node:assert/strict';
import type { Frame, Locator, Page } from 'playwright-core';
import { dueSteps } from '../../src/incident/clocks.ts';
import { type Incident, fold } from '../../src/incident/fold.ts';
import { clockRules } from '../../src/runbook/targets.ts';
import { buildLedger, rawEvents, timelineFile } from '../support/build-ledger.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';
import { START } from '../support/clock.ts';
import { STORY_MINUTES, closedStory, manyEvents, movedBy, wholeStory, writeTimeline } from '../support/overview-incident.ts';
import { assertAccessible, findPanel, reloadWindow } from '../support/panel-page.ts';
import { recordIncident } from '../support/ui-incident.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { until } from '../support/until.ts';
import { afterFailure, choose, enterText, findPreview, openView, runCommand, screenshot, sidebarRow, themesToFollow } from '../support/workbench.ts';

const MINUTE_MS = 60_000;
const STORY = { id: 'INC-20261123-ST0R', title: 'Portals answer 503 for everybody' };
const LARGE = { id: 'INC-20261123-BJGG', title: 'Ten thousand things happen', events: 10_000 };
const CLOSED = 'INC-20261123-C10S';
const FRESH = 'Checkout is slow';

describe('the overview in the real workbench', () => {
  let session: UiSession;
  let page: Page;
  let frame: Frame;
  let fresh: string;

  before(async function () {
    this.timeout(120_000);
    session = await startUiSession({
      userSettings: themesToFollow,
      before: async (timelines) => {
        const now = Date.now();
        await writeTimeline(timelines, STORY.id, movedBy(wholeStory(), now - START - (STORY_MINUTES + 1) * MINUTE_MS, STORY.id));
        await writeTimeline(timelines, LARGE.id, movedBy(manyEvents(LARGE.events), now - START - (LARGE.events / 20 + 5) * MINUTE_MS, LARGE.id));
        await writeTimeline(timelines, CLOSED, movedBy(closedStory(), now - START - 300 * MINUTE_MS, CLOSED).map((event) => (event.type === 'incident.declared' ? { ...event, title: 'Portals were down' } : event)));
        ({ id: fresh } = await recordIncident(timelines, FRESH, 5 * MINUTE_MS));
      },
    });
    page = session.page;
    await openView(page, 'Incidents');
    await sidebarRow(page, FRESH).waitFor();
  });

  after(() => session.stop());

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  const recorded = (incident: string): Incident => fold(rawEvents(timelineFile(session.timelines, incident))) ?? assert.fail('nothing is recorded');
  const open = async (title: string): Promise<Frame> => {
    // A document that is still being opened may take the focus from the list, and then that is gone: it is asked for again.
    await until('the incident to be chosen', async () => {
      await runCommand(page, 'Incident: Open Overview');
      return choose(page, title, 5_000).then(() => true, () => false);
    }, 40_000);
    return findPanel(page, title);
  };
  const items = (): Locator => frame.locator('.canvas .item');
  const shown = (): Promise<string> => frame.locator('.canvas > svg').getAttribute('aria-label').then((label) => label ?? '');

  const keyInFocus = (): Promise<string> => frame.evaluate<string>("document.activeElement?.dataset?.key ?? ''");
  const told = (): Promise<string> => frame.locator('.told').innerText();
  const isWhole = (): Promise<boolean> => frame.getByRole('button', { name: 'Whole incident' }).getAttribute('aria-pressed').then((pressed) => pressed === 'true');

  it('says how an incident stands, in a page without a fault in any theme', async () => {
    await page.setViewportSize({ width: 1500, height: 1900 });
    frame = await open(STORY.title);
    await items().first().waitFor();
    assert.deepEqual(await frame.locator('.severity, .stands, .interval .quiet').allInnerTexts(), ['P1', 'Mitigated', 'Detected after', 'Acknowledged after', 'Mitigated after', 'no target', 'Resolved after']);
    assert.deepEqual((await frame.locator('.interval .figure').allInnerTexts()).slice(0, 3), ['8 min', '2 min 30 s', '37 min']);
    assert.match(await frame.locator('.running .time').innerText(), /^1:0[34]:\d\d$/);
    assert.deepEqual(await frame.locator('.clocks .row-title').allInnerTexts(), recordedClocks());
    assert.deepEqual(await frame.locator('.metric figcaption strong').allInnerTexts(), ['db DatabaseConnections', 'healthflow-backend-service CPU', 'healthflow-backend-service memory', 'Errors per minute']);
    assert.equal(await frame.locator('.metric .key-limit').count(), 2, 'the limits are shown');
    assert.equal(await frame.locator('.grid line.now').count(), 1);
    await assertAccessible(page, frame, 'overview');
  });

  it('is gone through by keyboard alone, from mark to mark in the order of time', async () => {
    const whole = await shown();
    await frame.locator('.canvas').focus();
    for (const key of ['+', '+', 'ArrowRight', 'ArrowLeft', '-', 'Home']) await page.keyboard.press(key);
    await until('the picture to be moved', async () => await shown() !== whole && !await isWhole());
    await frame.getByRole('button', { name: 'Whole incident' }).press('Enter');
    await until('the whole incident', isWhole);
    const count = await items().count();
    await frame.locator('.canvas').focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Home');
    const seen = [await keyInFocus()];
    const lines = [await told()];
    for (let pressed = 1; pressed < count; pressed += 1) {
      await page.keyboard.press('ArrowRight');
      seen.push(await keyInFocus());
      lines.push(await told());
    }
    assert.equal(new Set(seen).size, count, 'every mark is come by once');
    assert.ok(lines.every((line) => line !== '') && new Set(lines).size === count, 'each is told of');
    const order = await frame.evaluate<string[]>("[...document.querySelectorAll('.canvas .item')].map((element) => element.dataset.key)");
    assert.deepEqual([...seen].sort(), [...order].sort());
    await page.keyboard.press('ArrowUp');
    assert.ok((await keyInFocus()) !== seen.at(-1), 'up leads to another lane');
    const finding = recorded(STORY.id).findings[0]?.event ?? '';
    await frame.locator(`.item[data-key="${finding}"]`).focus();
    assert.match(await told(), /The new release opens a connection for each request/);
    await page.keyboard.press('+');
    assert.equal(await keyInFocus(), finding, 'the focus stays where it was');
    await frame.locator('.item[data-lane="steps"][aria-label*="The connection pool is exhausted"]').focus();
    await page.keyboard.press('Enter');
    // Until it is drawn it takes the focus, and the palette would close.
    await findPreview(page, 'Investigate', /100 of 100 connections/);
  });

  it('is as it was when it is shown again, and when the window was loaded anew', async () => {
    frame = await open(STORY.title);
    await until('the zoom to be kept', async () => !await isWhole());
    const zoomed = await shown();
    await frame.getByLabel('Kind').selectOption('messages');
    await frame.getByLabel('Text').fill('engineering manager');
    await frame.locator('#metrics > summary').click();
    await until('two events to be left', async () => await frame.locator('table.events tbody tr').count() === 2);
    await reloadWindow(page, frame);
    frame = await findPanel(page, STORY.title);
    await until('the list to be filtered as before', async () => await frame.locator('table.events tbody tr').count() === 2);
    assert.equal(await shown(), zoomed);
    assert.equal(await frame.locator('#metrics[open]').count(), 0, 'what was folded stays so');
    await frame.locator('#metrics > summary').click();
  });

  it('is zoomed, moved and pointed at by mouse', async () => {
    await frame.getByRole('button', { name: 'Whole incident' }).click();
    await until('the whole incident', isWhole);
    const before = await shown();
    const box = await frame.locator('.canvas').boundingBox() ?? assert.fail('there is no picture');
    await page.mouse.move(box.x + box.width / 2, box.y + box.height - 40);
    await until('the wheel to zoom', async () => {
      await page.mouse.wheel(0, -200);
      return await shown() !== before;
    });
    const near = await shown();
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 200, box.y + box.height - 40, { steps: 4 });
    await page.mouse.up();
    await until('the drag to move', async () => await shown() !== near);
    await frame.getByRole('button', { name: 'Last 15 min' }).click();
    await until('the last quarter of an hour', async () => await frame.getByRole('button', { name: 'Last 15 min' }).getAttribute('aria-pressed') === 'true');
    await frame.getByRole('button', { name: 'Whole incident' }).click();
    await frame.locator('.item[data-lane="messages"][aria-label*="Update: Mitigating"]').hover();
    await until('the update to be told', async () => /Update: Mitigating/.test(await told()));
  });

  it('does what is next and what is due, and shows at once what came of it', async () => {
    frame = await open(FRESH);
    assert.match(await frame.locator('.empty').innerText(), /No evidence yet\. Investigate/);
    await frame.locator('vscode-button[data-action="acknowledge"]').press('Enter');
    await until('the acknowledgement', () => recorded(fresh).times.acknowledged !== undefined);
    await until('it to be shown', async () => await frame.locator('.stands').innerText() === 'Acknowledged' && await frame.locator('vscode-button[data-action="acknowledge"]').count() === 0);
    await frame.getByRole('button', { name: 'Snooze Post an update for 5 min' }).click();
    await until('the clock to keep quiet', async () => /quiet until/.test(await frame.locator('.clocks li').filter({ hasText: 'Post an update' }).innerText()));
    assert.ok((recorded(fresh).snoozed.get('postUpdate') ?? 0) > Date.now());
    await frame.getByRole('button', { name: 'Assign Scribe' }).click();
    await enterText(page, /Scribe/, 'Grace');
    await until('the role to be shown', async () => /Scribe\s+Grace/.test(await frame.locator('.roles').innerText()));
    assert.equal(recorded(fresh).roles['scribe'], 'Grace');
    await frame.locator('.empty vscode-button').click();
    await until('the investigation', () => recorded(fresh).steps.has('investigate'), 60_000);
    await findPreview(page, 'Investigate', /Checkout is slow/);
    frame = await open(FRESH);
    await until('its metrics', async () => await frame.locator('.metric').count() > 0);
    await screenshot(page, 'overview-investigated');
  });

  it('refuses what nobody asks for any more, and says so', async () => {
    const button = frame.locator('vscode-button[data-action="createTicket"]');
    await button.waitFor();
    await buildLedger(session.timelines, { clock: { now: () => Date.now() } }).append(fresh, { type: 'incident.closed', reason: 'It was a test' });
    await button.click().catch(() => undefined);
    await until('the end to be shown', async () => await frame.locator('.stands').innerText() === 'Closed');
    assert.match(await frame.locator('.next').innerText(), /closed|review/i);
    assert.equal(recorded(fresh).deliveries.filter(({ step }) => step === 'createTicket').length, 0);
  });

  it('stays usable with ten thousand events, and shows a new one at once', async () => {
    frame = await open(LARGE.title);
    await items().first().waitFor();
    const bounded = async (what: string): Promise<number> => {
      const [marks, nodes] = [await items().count(), await frame.locator('.canvas svg *').count()];
      assert.ok(marks > 10 && marks <= 260 && nodes <= 900, `${what}: ${marks} marks, ${nodes} nodes`);
      return marks;
    };
    await bounded('all of it');
    const counted = await frame.evaluate<number>("[...document.querySelectorAll('.canvas .item')].reduce((sum, element) => sum + (element.dataset.lane === 'steps' ? Number(element.dataset.count) : 0), 0)");
    assert.equal(counted, recorded(LARGE.id).events.filter(({ type }) => type === 'step.finished').length, 'none is left out');
    assert.equal(await frame.locator('.found').innerText(), '10,000 events');
    assert.equal(await frame.locator('table.events tbody tr').count(), 50);
    await frame.getByRole('button', { name: 'Last hour' }).click();
    await until('the last hour', async () => await frame.getByRole('button', { name: 'Last hour' }).getAttribute('aria-pressed') === 'true');
    await bounded('the last hour');
    for (let zoom = 0; zoom < 6; zoom += 1) {
      await frame.getByRole('button', { name: 'Zoom out' }).click();
      await bounded('zoomed out');
    }
    await frame.getByLabel('Text').fill('Finding 5000');
    await until('one event to be found', async () => await frame.locator('.found').innerText() === '1 of 10,000 events');
    await frame.getByLabel('Text').fill('');
    await buildLedger(session.timelines, { clock: { now: () => Date.now() } }).append(LARGE.id, { type: 'finding.documented', text: 'The disk is full' });
    await until('the new event', async () => await frame.locator('.found').innerText() === '10,001 events' && /The disk is full/.test(await frame.locator('table.events tbody tr').first().innerText()));
    await frame.getByRole('button', { name: 'Whole incident' }).click();
    await until('the whole incident', isWhole);
    await bounded('with the new one');
    await screenshot(page, 'overview-10000');
  });

  it('shows a closed incident the same, on an axis that stands still', async () => {
    frame = await open('Portals were down');
    await items().first().waitFor();
    assert.equal(await frame.locator('.stands').innerText(), 'Closed');
    assert.equal(await frame.locator('.running .time').innerText(), '1:19:00');
    assert.equal(await frame.locator('.grid line.now').count(), 0);
    assert.equal(await frame.locator('.roles vscode-button').count(), 0, 'nothing is assigned any more');
    assert.equal(await frame.locator('.item .bar.phase').count(), 5);
    await assertAccessible(page, frame, 'overview-closed');
  });

  it('leaves no error in the console of the page', () => {
    assert.deepEqual(session.pageErrors, []);
  });

  function recordedClocks(): string[] {
    return dueSteps(recorded(STORY.id), clockRules(bundledRunbook())).map(({ title }) => title);
  }
});
