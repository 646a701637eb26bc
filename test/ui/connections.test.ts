/** Connecting services by hand, as somebody does it who has no practice environment, and joining an incident of somebody else. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { atRest, shareIncident } from '../support/ui-incident.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { until } from '../support/until.ts';
import {
  afterFailure, choose, clickNotification, enterText, findNotification, openView, runCommand, screenshotInThemes, sidebarRow, themesToFollow, widenSideBar,
} from '../support/workbench.ts';

const TITLE = 'Doctors cannot open prescriptions';

describe('connecting services in the real workbench', () => {
  let session: UiSession;
  let page: Page;
  let elsewhere: string;

  const connection = (name: RegExp): Locator => page.getByRole('tree', { name: 'Connections' }).getByRole('treeitem', { name });
  const pane = (title: string): Locator => page.locator('.part.sidebar').getByRole('button', { name: `${title} Section` });
  const box = (): Locator => page.locator('.quick-input-widget input').first();
  const connections = () => session.practice.connections;

  before(async function () {
    this.timeout(120_000);
    elsewhere = await mkdtemp(path.join(os.tmpdir(), 'elsewhere-'));
    session = await startUiSession({ connected: false, userSettings: themesToFollow });
    page = session.page;
    await openView(page, 'Incidents');
    await widenSideBar(page, 620);
    await pane('Connections').click();
  });

  after(async () => {
    await session.stop();
    await rm(elsewhere, { recursive: true, force: true });
  });

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  it('says of every service what it is good for while it is not connected', async () => {
    await connection(/^Slack, Updates, notifications and the war room, not connected$/).waitFor();
    await connection(/^GitHub, Tickets, .*, not connected$/).waitFor();
    await connection(/^Mail \(SMTP\), .*, not connected$/).waitFor();
  });

  it('asks for what Slack needs, and shows no token', async () => {
    await connection(/^Slack/).click();
    await page.getByText('Connect Slack (1/2): API address').waitFor();
    assert.equal(await box().inputValue(), 'https://slack.com/api/');
    await enterText(page, 'Connect Slack (1/2)', 'http://slack.example');
    await page.getByText(/"API address" is missing or wrong/).waitFor();
    await enterText(page, 'Connect Slack (1/2)', connections().slack['url']);
    await page.getByText('Connect Slack (2/2): Bot token').waitFor();
    assert.equal(await box().getAttribute('type'), 'password');
    await enterText(page, 'Connect Slack (2/2)', 'xoxb-wrong');
    await (await findNotification(page, /Slack does not work with these values: /)).getByRole('button', { name: 'Save anyway' }).waitFor();
    await screenshotInThemes(page, 'connection-refused');
    await connection(/^Slack, .*, not connected$/).waitFor();
  });

  it('connects once the token is right', async () => {
    await clickNotification(page, /Slack does not work/, 'Change');
    await page.getByText('Change Slack (1/2): API address').waitFor();
    assert.equal(await box().inputValue(), connections().slack['url'], 'what was right need not be entered again');
    await enterText(page, 'Change Slack (1/2)');
    await page.getByText('Change Slack (2/2): Bot token').waitFor();
    assert.equal(await box().inputValue(), '');
    await enterText(page, 'Change Slack (2/2)', connections().slack['token']);
    await findNotification(page, 'Slack is connected. Connected to the workspace Acme as incident-runbook.');
    await connection(/^Slack, 127\.0\.0\.1:\d+, connected$/).waitFor();
    assert.doesNotMatch(await page.content(), new RegExp(connections().slack['token'] ?? ''), 'the token stands on the page');
  });

  it('tests, disconnects and takes that back from the row', async () => {
    await connection(/^Slack/).click();
    await choose(page, 'Test');
    await findNotification(page, /Slack works\./);
    await connection(/^Slack/).click();
    await page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'Disconnect' }).waitFor();
    await screenshotInThemes(page, 'connections');
    await choose(page, 'Disconnect');
    await connection(/^Slack, .*, not connected$/).waitFor();
    await clickNotification(page, /Slack is disconnected/, 'Undo');
    await connection(/^Slack, 127\.0\.0\.1:\d+, connected$/).waitFor();
  });

  it('connects GitHub by its command', async () => {
    await runCommand(page, 'Incident: Connect GitHub…');
    await enterText(page, 'Connect GitHub (1/3)', connections().github['url']);
    await enterText(page, 'Connect GitHub (2/3)', connections().github['repository']);
    await page.getByText('Connect GitHub (3/3): Personal access token').waitFor();
    await enterText(page, 'Connect GitHub (3/3)', connections().github['token']);
    await findNotification(page, 'GitHub is connected. Signed in as ada, may push to healthflow/healthflow-backend');
    await connection(/^GitHub, healthflow\/healthflow-backend on 127\.0\.0\.1:\d+, connected$/).waitFor();
  });

  it('opens an incident that somebody else declared, with its roles', async () => {
    await pane('Connections').click();
    const { id } = await shareIncident(session.practice, elsewhere, { login: 'grace', name: 'Grace', title: TITLE });
    await runCommand(page, 'Incident: Open Shared Incident…');
    const offered = page.locator('.quick-input-list .monaco-list-row').filter({ hasText: `#1 INCIDENT: ${TITLE}` });
    await offered.filter({ hasText: 'opened by grace' }).waitFor();
    await screenshotInThemes(page, 'open-shared');
    await offered.click();
    await findNotification(page, new RegExp(`${id} is open here too`));
    await sidebarRow(page, new RegExp(`P1 ${TITLE}.*#1`)).waitFor();
    await atRest(session.timelines, id);
    await sidebarRow(page, /^Roles.*1 of 4/).click();
    await page.getByRole('treeitem', { name: /^Incident Commander, Grace/ }).waitFor();
    await screenshotInThemes(page, 'shared');
  });

  it('shares what is done here with the other responder', async () => {
    await sidebarRow(page, /^Scribe/).click();
    await enterText(page, 'Scribe', 'Ada');
    await page.getByRole('treeitem', { name: /^Scribe, Ada/ }).waitFor();
    const { github } = session.practice.control.services.fakes;
    await until('the comment on the ticket', () => github.state.comments.some(({ author, body }) => author === 'ada' && /scribe: Ada/i.test(body)), 20_000);
  });

  it('leaves no error in the console of the page, and contradicts no vendor', () => {
    assert.deepEqual(session.pageErrors, []);
    assert.deepEqual(session.practice.control.services.violations(), []);
  });
});
