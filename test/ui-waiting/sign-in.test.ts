/** GitHub through VS Code's own sign-in, as a person uses it who has no token at hand: allowed, refused, ended, and taken up again. */
import assert from 'node:assert/strict';
import { globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { fold } from '../../src/incident/fold.ts';
import type { Delivery } from '../../src/incident/deliveries.ts';
import { rawEvents, timelineFile } from '../support/build-ledger.ts';
import { type EnterpriseServer, startEnterpriseServer } from '../support/enterprise-server.ts';
import { recordIncident } from '../support/ui-incident.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { until } from '../support/until.ts';
import {
  afterFailure, choose, clickNotification, clickRowButton, enterText, findDialog, findNotification, openView, runCommand, screenshotInThemes, sidebarRow,
  themesToFollow, widenSideBar,
} from '../support/workbench.ts';

const TITLE = 'Portals answer 503';
/** Nobody else in this test has her token: whatever comes with it comes by the sign-in. */
const LOGIN = 'grace';
const REPOSITORY = 'healthflow/healthflow-backend';

describe('signing in to GitHub through VS Code in the real workbench', () => {
  let session: UiSession;
  let page: Page;
  let id: string;
  let token: string;
  let server: EnterpriseServer;

  const pane = (title: string): Locator => page.locator('.part.sidebar').getByRole('button', { name: `${title} Section` });
  const connection = (name: RegExp): Locator => page.getByRole('tree', { name: 'Connections' }).getByRole('treeitem', { name });
  const delivery = (name: RegExp): Locator => page.getByRole('tree', { name: 'Deliveries' }).getByRole('treeitem', { name });
  const github = () => session.practice.control.services.fakes.github;
  const signInDialog = (): Promise<Locator> => findDialog(page, /'Incident Runbook' wants to sign in using 127\.0\.0\.1:\d+/);
  /** Allows it, and enters the code that VS Code shows. */
  const signIn = async (): Promise<void> => {
    await (await signInDialog()).getByRole('button', { name: 'Allow', exact: true }).click();
    const dialog = await findDialog(page, /Your Code: /);
    const code = /Your Code: (\S+)/.exec(await dialog.innerText())?.[1] ?? assert.fail('no code');
    await dialog.getByRole('button', { name: 'Copy & Continue to Browser' }).click();
    server.enterCode(code);
  };
  const ticket = (): Delivery | undefined => fold(rawEvents(timelineFile(session.timelines, id)))?.deliveries.find(({ call }) => call === 'createIssue');
  /** The tokens that GitHub has been asked with, each once; '' for a call without one. */
  const credentials = (exchanges = github().exchanges): readonly string[] => [...new Set(exchanges.map(({ headers }) => (headers['authorization'] ?? '').replace(/^(bearer|token) /i, '')))];
  const holding = (text: string): readonly string[] => globSync('**/*', { cwd: session.dataDir })
    .map((file) => path.join(session.dataDir, file))
    .filter((file) => statSync(file).isFile() && readFileSync(file).includes(text));
  const enterConnection = async (verb: 'Connect' | 'Change'): Promise<void> => {
    await enterText(page, `${verb} GitHub (1/3)`, server.api);
    await enterText(page, `${verb} GitHub (2/3)`, REPOSITORY);
    await enterText(page, `${verb} GitHub (3/3)`);
  };

  before(async function () {
    this.timeout(120_000);
    session = await startUiSession({
      connected: false,
      userSettings: async ({ control: { services } }) => {
        token = services.connections(LOGIN).github['token'] ?? assert.fail(`${LOGIN} has no token`);
        server = await startEnterpriseServer(services.fakes.github.url, token);
        return { ...themesToFollow, 'github-enterprise.uri': server.origin };
      },
      before: async (timelines) => { ({ id } = await recordIncident(timelines, TITLE, 0)); },
    });
    page = session.page;
    await openView(page, 'Incidents');
    await widenSideBar(page, 620);
    await sidebarRow(page, TITLE).waitFor();
    await pane('Connections').click();
  });

  after(async () => {
    await session.stop();
    await server.close();
  });

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  it('says that nothing was saved when the sign-in is refused', async () => {
    await connection(/^GitHub, Tickets, .*, not connected$/).waitFor();
    await runCommand(page, 'Incident: Connect GitHub…');
    await enterConnection('Connect');
    const dialog = await signInDialog();
    await screenshotInThemes(page, 'sign-in-asked');
    await dialog.getByRole('button', { name: 'Cancel', exact: true }).click();
    await findNotification(page, 'The sign-in was cancelled, so nothing was saved for GitHub. Sign in, or enter a personal access token.');
    await screenshotInThemes(page, 'sign-in-refused');
    await connection(/^GitHub, Tickets, .*, not connected$/).waitFor();
    assert.deepEqual(github().exchanges, []);
  });

  it('connects once it is allowed, with what was entered before, and asks with the token of that account', async () => {
    await clickNotification(page, /The sign-in was cancelled/, 'Try again');
    await page.getByText('Change GitHub (1/3)').waitFor();
    assert.equal(await page.locator('.quick-input-widget input').first().inputValue(), server.api, 'it need not be entered again');
    await enterConnection('Change');
    await signIn();
    await findNotification(page, `GitHub is connected. Signed in as ${LOGIN}, may push to ${REPOSITORY}`);
    await connection(new RegExp(`^GitHub, ${REPOSITORY} on 127\\.0\\.0\\.1:\\d+ · signed in as ${LOGIN}, connected$`)).waitFor();
    await screenshotInThemes(page, 'sign-in');
    assert.deepEqual(credentials(), [token]);
    assert.deepEqual(server.scopes, ['repo'], 'no more is asked for than tickets need');
  });

  it('keeps the row, and says that nobody is signed in, once the person signs out in VS Code', async () => {
    await page.locator('.part.activitybar').getByRole('button', { name: /^Accounts/ }).click();
    await page.getByRole('menuitem', { name: `${LOGIN} (${new URL(server.origin).host})` }).hover();
    await page.getByRole('menuitem', { name: 'Sign Out', exact: true }).click();
    await (await findDialog(page, /has been used by/)).getByRole('button', { name: 'Sign Out', exact: true }).click();
    await connection(new RegExp(`^GitHub, signed out · ${REPOSITORY} on 127\\.0\\.0\\.1:\\d+, signed out$`)).waitFor();
    await connection(/^GitHub/).hover();
    await page.getByText('VS Code is not signed in to GitHub. Sign in, or enter a personal access token.').waitFor();
    await screenshotInThemes(page, 'signed-out');
  });

  it('keeps a ticket for later while nobody is signed in', async () => {
    github().clearExchanges();
    await runCommand(page, 'Incident: Create the incident ticket');
    const dialog = await findDialog(page, 'Create the incident ticket?');
    await screenshotInThemes(page, 'signed-out-ticket');
    await dialog.getByRole('button', { name: 'Record', exact: true }).click();
    await until('the ticket to be kept', () => ticket()?.state === 'by hand', 20_000);
    assert.equal(ticket()?.reason, 'VS Code is not signed in to GitHub. Sign in, or enter a personal access token.');
    await pane('Deliveries').click();
    await delivery(/VS Code is not signed in to GitHub\..* · by hand/).waitFor();
    await screenshotInThemes(page, 'signed-out-delivery');
    assert.deepEqual(github().exchanges, [], 'GitHub is asked without a sign-in');
  });

  it('goes on being signed out when a person gives up half-way, and says so', async () => {
    await connection(/^GitHub/).click();
    await choose(page, 'Sign in');
    await (await signInDialog()).getByRole('button', { name: 'Allow', exact: true }).click();
    await (await findDialog(page, /Your Code: /)).getByRole('button', { name: 'Cancel', exact: true }).click();
    await clickNotification(page, /Would you like to try a different way\?/, 'No');
    await findNotification(page, /The sign-in was cancelled, so GitHub stays signed out/);
    await connection(/^GitHub, signed out · /).waitFor();
  });

  it('creates the ticket with the token of the account that signs in again', async () => {
    await clickNotification(page, /so GitHub stays signed out/, 'Try again');
    await signIn();
    await findNotification(page, `GitHub is connected. Signed in as ${LOGIN}, may push to ${REPOSITORY}`);
    await connection(new RegExp(`^GitHub, .* · signed in as ${LOGIN}, connected$`)).waitFor();
    await clickRowButton(delivery(/^GitHub: /), 'Send Again');
    await until('the ticket', () => github().state.issues.length === 1, 20_000);
    assert.equal(github().state.issues[0]?.author, LOGIN);
    await sidebarRow(page, new RegExp(`P1 ${TITLE}.*#1`)).waitFor();
    assert.deepEqual(credentials(github().of('createIssue')), [token]);
    assert.deepEqual(credentials(), [token], 'whatever is asked is asked by that account');
  });

  it('leaves the token in no setting, no stored file and no log, and not on the page', async () => {
    assert.ok(holding(TITLE).some((file) => file.startsWith(session.timelines)), 'files are searched, and timelines are among them');
    assert.ok(holding('github-enterprise.uri').some((file) => file.endsWith('settings.json')), 'and settings');
    assert.ok(holding('GitHub: VS Code is not signed in').some((file) => file.endsWith('.log')), 'and the log');
    assert.deepEqual(holding(token), []);
    assert.equal((await page.content()).includes(token), false, 'the token stands on the page');
    assert.equal((await page.evaluate<string>('JSON.stringify(localStorage)')).includes(token), false);
  });

  it('leaves no error in the console of the page, and contradicts no vendor', () => {
    assert.deepEqual(session.pageErrors, []);
    assert.deepEqual(session.practice.control.services.violations(), []);
  });
});
