/** The metrics panel in the real workbench: empty, with a year of incidents, filtered, mended, taken elsewhere. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame, Page } from 'playwright-core';
import { iso, systemClock } from '../../src/incident/clock.ts';
import type { Severity } from '../../src/incident/events.ts';
import { buildLedger, declaration } from '../support/build-ledger.ts';
import { assertAccessible, findPanel, reloadWindow } from '../support/panel-page.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { until } from '../support/until.ts';
import { afterFailure, choose, enterText, findPreview, openView, runCommand, screenshot, themesToFollow } from '../support/workbench.ts';

const HEADING = 'Incident metrics';
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const DEADLINE_MS = 20_000;

interface Past {
  readonly title: string;
  readonly daysAgo: number;
  readonly severity?: Severity;
  readonly drill?: boolean;
  /** Minutes after the detection. */
  readonly impact?: number;
  readonly acknowledged?: number;
  readonly resolved: number;
  readonly scenario?: string;
  readonly cause?: string;
}

const YEAR: readonly Past[] = [
  { title: 'Portals answer 503', daysAgo: 4, severity: 'P1', impact: -3, acknowledged: 1, resolved: 52, scenario: 'connectionPoolExhaustion' },
  { title: 'Prescriptions are not found', daysAgo: 16, severity: 'P2', impact: -9, acknowledged: 2, resolved: 310, cause: 'search index' },
  { title: 'Login is slow', daysAgo: 33, severity: 'P3', impact: -6, acknowledged: 3, resolved: 190, scenario: 'memoryLeak' },
  { title: 'The pool is full', daysAgo: 47, severity: 'P1', impact: -4, acknowledged: 1.5, resolved: 71, scenario: 'connectionPoolExhaustion' },
  { title: 'Reports come late', daysAgo: 60, severity: 'P4', resolved: 2_300 },
  { title: 'Clocks are wrong', daysAgo: 64, severity: 'P2', impact: 12, acknowledged: 1, resolved: 95, cause: 'ntp' },
  { title: 'Backend restarts', daysAgo: 110, severity: 'P2', impact: -12, acknowledged: 4, resolved: 150, scenario: 'memoryLeak' },
  { title: 'Certificate has expired', daysAgo: 140, severity: 'P1', impact: -22, acknowledged: 3, resolved: 83, scenario: 'certificateExpiration' },
  { title: 'Search is down', daysAgo: 190, severity: 'P2', impact: -7, acknowledged: 2, resolved: 260, cause: 'Search index' },
  { title: 'Too many connections', daysAgo: 250, severity: 'P1', impact: -11, acknowledged: 6, resolved: 140, scenario: 'connectionPoolExhaustion' },
  { title: 'Images do not load', daysAgo: 300, severity: 'P3', impact: -14, acknowledged: 5, resolved: 420, cause: 'bucket policy' },
  { title: 'A drill', daysAgo: 20, severity: 'P1', drill: true, acknowledged: 1, resolved: 10 },
  { title: 'Nobody assessed it', daysAgo: 70, impact: -2, resolved: 33, cause: 'dns' },
];

/** Takes them up as another window of the machine would. */
async function record(timelines: string, incidents: readonly Past[]): Promise<void> {
  const ledger = buildLedger(timelines, { clock: systemClock });
  const now = systemClock.now();
  try {
    for (const { title, daysAgo, severity, drill = false, impact, acknowledged, resolved, scenario, cause } of incidents) {
      const detected = now - daysAgo * DAY;
      const at = (minutes: number): string => iso(detected + minutes * MINUTE);
      const { id } = await ledger.declare({ ...declaration(title), drill, at: at(0), ...(impact === undefined ? {} : { impactStartedAt: at(impact) }) });
      if (severity !== undefined) await ledger.append(id, { type: 'severity.set', severity, reasons: [], at: at(1) });
      if (acknowledged !== undefined) await ledger.append(id, { type: 'incident.acknowledged', at: at(acknowledged) });
      await ledger.append(id, { type: 'incident.resolved', rootCause: 'Known', resolution: 'Mended', at: at(resolved), ...(scenario === undefined ? {} : { scenario }), ...(cause === undefined ? {} : { cause }) });
      await ledger.append(id, { type: 'incident.closed', reason: 'Over', at: at(resolved + 5) });
    }
  } finally {
    ledger.dispose();
  }
}

describe('the metrics panel in the real workbench', () => {
  let session: UiSession;
  let page: Page;
  let frame: Frame;

  const card = (metric: string) => frame.locator(`[data-metric="${metric}"]`);
  const head = () => frame.locator('.head p').innerText();
  const shows = (text: RegExp) => until(`the head to say ${text}`, async () => text.test(await head()), DEADLINE_MS);
  const reopened = async (): Promise<void> => { frame = await findPanel(page, HEADING); };

  before(async function () {
    this.timeout(120_000);
    session = await startUiSession({ userSettings: { ...themesToFollow, 'workbench.startupEditor': 'none', 'incidentRunbook.reminders': false } });
    page = session.page;
    await openView(page, 'Incidents');
  });

  after(() => session.stop());

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  it('says what to do while there is nothing to measure', async () => {
    await runCommand(page, 'Incident: Open Metrics');
    await reopened();
    await frame.getByRole('heading', { name: 'No incident is recorded yet' }).waitFor();
    await assertAccessible(page, frame, 'metrics-empty');
    await frame.getByRole('button', { name: 'Declare incident…' }).click();
    await page.locator('.quick-input-widget').waitFor();
    await page.keyboard.press('Escape');
  });

  it('follows what is recorded in another window, drills left out', async () => {
    await record(session.timelines, YEAR.filter(({ drill }) => drill === true));
    await frame.getByRole('heading', { name: 'Only drills are recorded yet' }).waitFor();
    await record(session.timelines, YEAR.filter(({ drill }) => drill !== true));
    await shows(/· 7 incidents · 1 drill left out$/);
  });

  it('holds the numbers against their targets, in words and against the time before', async () => {
    const mttd = await card('mttd').innerText();
    assert.match(mttd, /Target: under 5 min\s+met/);
    assert.match(mttd, /n = 5 · 1 missing · 1 implausible/);
    assert.match(mttd, /faster than in the 90 days before/);
    const mttr = await card('mttr').innerText();
    assert.match(mttr, /P1 1 h 1 min\s+Target: under 1 h\s+not met/);
    assert.match(mttr, /P2 3 h 22 min\s+Target: under 4 h\s+met/);
    assert.match(await card('recurrence').innerText(), /66\.7 %[\s\S]*4 of 6 were there before/);
    await frame.getByText('Figures by severity', { exact: true }).click();
    const row = frame.locator('details.fold tbody').nth(2).locator('tr', { hasText: 'P2' });
    assert.match(await row.innerText(), /^P2\s+3 h 22 min\s+3 h 22 min\s+5 h 10 min\s+2\s+0\s+0\s+under 4 h\s+met$/);
    await assertAccessible(page, frame, 'metrics');
  });

  it('shows another time and a part of the incidents by keyboard alone', async () => {
    await frame.getByRole('radio', { name: 'Last 90 days' }).focus();
    await page.keyboard.press('ArrowRight');
    await shows(/· 12 incidents · 1 drill left out$/);
    await frame.getByText('12 incidents', { exact: true }).waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await frame.evaluate<string>('document.activeElement.labels[0].innerText'), 'Environment');
    await page.keyboard.press('Tab');
    await page.keyboard.press('P');
    await shows(/· 4 incidents/);
    await frame.getByLabel('Severity', { exact: true }).selectOption('P3');
    await shows(/· 2 incidents/);
    await frame.getByLabel('Severity', { exact: true }).selectOption('');
    await shows(/· 12 incidents/);
  });

  it('takes own dates, and says when they are the wrong way round', async () => {
    await frame.getByRole('radio', { name: 'Own dates' }).check();
    const day = (daysAgo: number): string => iso(systemClock.now() - daysAgo * DAY).slice(0, 10);
    await frame.getByLabel('First day').fill(day(150));
    await frame.getByLabel('Last day').fill(day(200));
    await frame.getByRole('alert').filter({ hasText: 'The first day is after the last one' }).waitFor();
    await frame.getByLabel('First day').fill(day(255));
    await shows(/· 1 incident$/);
    await frame.getByLabel('First day').fill(day(180));
    await frame.getByLabel('Last day').fill(day(170));
    await frame.getByRole('heading', { name: 'No incident was detected in this time' }).waitFor();
    await frame.getByRole('button', { name: 'Show all incidents' }).click();
    await shows(/^Detected at any time · 12 incidents/);
  });

  it('leads from a recurrence to the timeline of both, and comes back as it was', async () => {
    await frame.getByRole('radio', { name: 'Last 12 months' }).check();
    await shows(/^Detected .* – .* · 12 incidents/);
    const row = frame.locator('section[aria-labelledby=recurrences] tbody tr').first();
    assert.match(await row.innerText(), /Portals answer 503[\s\S]*connection pool[\s\S]*The pool is full/);
    await row.getByRole('button', { name: 'The pool is full' }).click();
    await findPreview(page, 'The pool is full', /Timeline/);
    await runCommand(page, 'View: Close Editor');
    await reopened();
    await shows(/· 12 incidents/);
    assert.equal(await frame.locator('details.fold').getAttribute('open'), '', 'what was unfolded still is');
    assert.ok(await frame.evaluate<number>('window.scrollY') > 200, 'it is where it was left');
  });

  it('lists what is missing or implausible, and leads to its correction', async () => {
    const rows = frame.locator('section[aria-labelledby=gaps] tbody tr');
    assert.match(await rows.first().innerText(), /Clocks are wrong[\s\S]*Implausible: detected before the impact began/);
    const reports = rows.filter({ hasText: 'Reports come late' });
    assert.match(await reports.innerText(), /Missing: start of the impact, acknowledgement, scenario or cause/);
    await reports.getByRole('button', { name: /^Correct / }).click();
    await choose(page, 'Correct the start of the impact');
    await enterText(page, 'Correct', iso(systemClock.now() - 60 * DAY - 3 * MINUTE));
    await until('the gap to be closed', async () => !(await reports.innerText()).includes('start of the impact'), DEADLINE_MS);
    assert.match(await card('mttd').innerText(), /n = 11 · 1 implausible/);
    await rows.first().scrollIntoViewIfNeeded();
    await screenshot(page, 'metrics-gaps');
  });

  it('goes elsewhere as Markdown and as CSV, as it is filtered', async () => {
    await frame.getByLabel('Severity', { exact: true }).selectOption('P1');
    await shows(/· 4 incidents/);
    await frame.getByRole('button', { name: 'Copy as Markdown' }).click();
    await frame.getByRole('status').filter({ hasText: 'Copied' }).waitFor();
    assert.match(await page.evaluate('navigator.clipboard.readText()'), /^# Incident metrics\n\nDetected from .* · only P1 · 4 incidents/);
    await frame.getByRole('button', { name: 'Export CSV…' }).click();
    // The dialog takes a moment to suggest a name, and hears no Enter before.
    const name = page.locator('.quick-input-widget').filter({ hasText: 'Export Metrics as CSV' }).locator('input').first();
    await until('the name that is suggested', async () => /incident-metrics-/.test(await name.inputValue()), DEADLINE_MS);
    await name.press('Enter');
    await page.locator('.part.statusbar').getByText(/The metrics are in/).waitFor();
    const csv = await until('the file', () => {
      const [file] = globSync('incident-metrics-*.csv', { cwd: session.folder });
      return file === undefined ? undefined : readFileSync(path.join(session.folder, file), 'utf8');
    }, DEADLINE_MS);
    assert.deepEqual(csv.trimEnd().split('\r\n').slice(1).map((line) => line.split(',')[2]), ['P1', 'P1', 'P1', 'P1']);
  });

  it('is as it was after the window is loaded anew, and in a new panel too', async () => {
    await reloadWindow(page, frame);
    await reopened();
    await shows(/· 4 incidents/);
    assert.equal(await frame.getByLabel('Severity', { exact: true }).inputValue(), 'P1');
    await frame.locator('body').click({ position: { x: 2, y: 2 } });
    await runCommand(page, 'View: Close Editor');
    await runCommand(page, 'Incident: Open Metrics');
    await reopened();
    await shows(/· 4 incidents/);
    assert.equal(await frame.getByRole('radio', { name: 'Last 12 months' }).isChecked(), true);
  });

  it('leaves no error in the console of the page', () => {
    assert.deepEqual(session.pageErrors, []);
  });
});
