/** The logs next to the code, in the real workbench: the stream below, the code above with what it has thrown. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { fold } from '../../src/incident/fold.ts';
import { RELEASE } from '../practice/resources.ts';
import { rawEvents, timelineFile } from '../support/build-ledger.ts';
import { until } from '../support/until.ts';
import { recordIncident } from '../support/ui-incident.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { afterFailure, clickNotification, enterText, inThemes, openFile, openView, runCommand, screenshot, screenshotInThemes, themesToFollow } from '../support/workbench.ts';

const CONNECT = 'const client = await pool.connect();';
const PING = "await pool.query('SELECT 1');";

interface Mark {
  /** Of its line. */
  readonly code: string;
  readonly text: string;
  /** A place in it, px. */
  readonly x: number;
  readonly y: number;
}

describe('a log stream above which the code is open', () => {
  let session: UiSession;
  let page: Page;
  let incident: string;

  /** What stands at the ends of lines is no text of the page, only its style. */
  const marks = async (): Promise<readonly Mark[]> => await page.evaluate<Mark[]>(`
    [...document.querySelectorAll('.part.editor .view-line span')].flatMap((span) => {
      const { content } = getComputedStyle(span, '::after');
      const { right, top, height } = span.getBoundingClientRect();
      return content.includes('ERROR') ? [{ code: span.closest('.view-line').innerText.replaceAll('\\u00a0', ' ').trim(), text: JSON.parse(content), x: right - 20, y: top + height / 2 }] : [];
    })`);
  const markAt = async (code: string): Promise<Mark> => await until(`a mark at ${code}`, async () => (await marks()).find((mark) => mark.code === code), 30_000);
  const pointAt = async (code: string): Promise<Locator> => {
    const { x, y } = await markAt(code);
    await page.mouse.move(x - 5, y);
    await page.mouse.move(x, y, { steps: 3 });
    const hover = page.locator('.monaco-hover:visible').filter({ hasText: /thrown here in the last 15 min/ });
    await hover.waitFor();
    return hover;
  };

  before(async function () {
    this.timeout(120_000);
    session = await startUiSession({
      userSettings: { ...themesToFollow, 'editor.minimap.enabled': false },
      before: async (timelines) => { ({ id: incident } = await recordIncident(timelines, 'Doctors cannot open prescriptions', 4 * 60_000)); },
    });
    page = session.page;
    const git = (...args: readonly string[]): void => { execFileSync('git', ['-C', session.folder, '-c', 'user.name=T', '-c', 'user.email=t@example.test', ...args], { stdio: 'pipe' }); };
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'As deployed');
    git('tag', `v${RELEASE.version}`);
    await appendFile(path.join(session.folder, 'README.md'), '\nSince then.\n');
    git('commit', '-qam', 'Since then');
  });

  after(() => session.stop());

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  it('says at the end of a line how often it has thrown', async () => {
    await openView(page, 'Incidents');
    await openFile(page, 'pool.js', /pool/i);
    await runCommand(page, 'Incident: Tail logs');
    await page.locator('.quick-input-widget').getByText(/Since the impact began|The last 1 h/).first().waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.part.panel').getByText(/too.many.clients.already/).first().waitFor({ timeout: 30_000 });
    const { text } = await markAt(CONNECT);
    assert.match(text.replaceAll('\u00a0', ' '), /^ERROR ×\d+, last \d+ (s|min) ago$/);
    await markAt(PING);
    assert.equal((await marks()).length, 2);
  });

  it('lists the shapes of the messages where one points at the mark', async () => {
    const hover = await pointAt(CONNECT);
    await hover.getByText(/too many clients already/).first().waitFor();
    assert.ok(await hover.getByText('Show in log').count() > 1);
    await inThemes(page, ['dark', 'light'], async (theme) => { await pointAt(CONNECT); await screenshot(page, `logs-hover-${theme}`); });
  });

  it('shows the newest message of a shape in the channel', async () => {
    await page.mouse.move(600, 20);
    await (await pointAt(PING)).getByText('Show in log').first().click();
    await page.locator('.part.panel .view-line').filter({ hasText: /\[health\]/ }).first().waitFor();
  });

  it('makes a frame in the channel a link into the source', async () => {
    await page.locator('.part.panel .detected-link').filter({ hasText: /\/app\/src\/db\/pool\.js:\d+/ }).first().waitFor();
    await page.mouse.move(600, 20);
    await runCommand(page, 'Notifications: Clear All Notifications');
    await screenshotInThemes(page, 'logs-next-to-code');
  });

  it('takes the selected line as evidence with one key, lets it be said what it shows, and takes it back', async () => {
    const findings = (): readonly string[] => fold(rawEvents(timelineFile(session.timelines, incident)))?.findings.map(({ text }) => text) ?? [];
    const line = page.locator('.part.editor .view-line').filter({ hasText: /await.pool\.connect/ }).first();
    const addLine = async (): Promise<void> => {
      await line.click();
      await page.keyboard.press('Home');
      await page.keyboard.press('Shift+End');
      await page.keyboard.press('Control+Alt+e');
    };
    await addLine();
    await clickNotification(page, /Evidence of .*pool\.js:\d+ at/, 'Add note…');
    await enterText(page, 'Note', 'The pool has no free connection');
    await until('the note on the timeline', () => findings().join() === 'The pool has no free connection');
    await addLine();
    await until('the evidence on the timeline', () => findings().includes(CONNECT));
    await clickNotification(page, /Evidence of/, 'Undo');
    await until('the evidence to be taken back', () => findings().join() === 'The pool has no free connection');
  });

  it('goes on with the stream when the window is loaded anew: its lines of code count again', async () => {
    await page.reload();
    // Whether VS Code brings the panel back as well depends on when it has noted that it was open.
    await until('a mark in the window that was loaded anew', async () => (await marks()).length > 0, 60_000);
  });

  it('leaves no error in the console of the page', () => {
    assert.deepEqual(session.pageErrors, []);
  });
});
