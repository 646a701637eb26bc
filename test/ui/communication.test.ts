/** Telling people, as a person does it in the real workbench: nothing is sent unseen, nothing is lost, nothing is sent twice. */
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { fold, type Incident } from '../../src/incident/fold.ts';
import { rawEvents, timelineFile } from '../support/build-ledger.ts';
import { atRest, recordIncident } from '../support/ui-incident.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { until } from '../support/until.ts';
import {
  afterFailure, choose, clickNotification, clickRowButton, enterText, findDialog, findNotification, notification, openView, rowNames, screenshotInThemes, sidebarRow,
  themesToFollow, widenSideBar,
} from '../support/workbench.ts';

const TITLE = 'Portals answer 503';
/** A P1 is to be told of every 15 minutes, and the product owner at once (runbook 2.1, 7.3). */
const AGE_MS = 16 * 60_000;
/** What has failed is tried again after 2, 4, 8, … s. */
const RETRY_DEADLINE_MS = 60_000;

describe('telling people in the real workbench', () => {
  let session: UiSession;
  let page: Page;
  let id: string;

  const fakes = () => session.practice.control.services.fakes;
  const row = (text: string | RegExp): Locator => sidebarRow(page, text);
  const statusBar = (text: RegExp): Locator => page.locator('.part.statusbar').getByText(text);
  const slackMessages = (): readonly string[] => fakes().slack.state.channels.find(({ name }) => name === 'incidents')?.messages.map(({ text }) => text) ?? [];
  const recorded = (): Incident => {
    const incident = fold(rawEvents(timelineFile(session.timelines, id)));
    assert.ok(incident);
    return incident;
  };
  const clickRow = async (text: string): Promise<void> => {
    await atRest(session.timelines, id);
    await row(text).click();
  };
  const pane = (title: string): Locator => page.locator('.part.sidebar').getByRole('button', { name: `${title} Section` });
  const send = async (question: string, ...said: readonly RegExp[]): Promise<void> => {
    const dialog = await findDialog(page, question);
    const text = await dialog.innerText();
    said.forEach((words) => { assert.match(text, words); });
    await dialog.getByRole('button', { name: 'Send', exact: true }).click();
  };
  const draft = async (fields: Readonly<Record<number, string>>): Promise<void> => {
    await page.locator('.quick-input-widget').filter({ hasText: 'Post Update (1/5)' }).waitFor();
    await choose(page, 'Investigating');
    for (const field of [2, 3, 4, 5]) await enterText(page, `Post Update (${field}/5)`, fields[field]);
  };

  before(async function () {
    this.timeout(120_000);
    session = await startUiSession({
      userSettings: themesToFollow,
      before: async (timelines) => { ({ id } = await recordIncident(timelines, TITLE, AGE_MS)); },
    });
    page = session.page;
    await openView(page, 'Incidents');
    await row(TITLE).waitFor();
    await widenSideBar(page, 620);
  });

  after(() => session.stop());

  afterEach(async function () {
    await afterFailure(page, this.currentTest);
  });

  it('reminds of what is due, and where the clocks stand', async () => {
    await (await findNotification(page, /P1 Portals answer 503: post an update, due \d min ago/)).getByRole('button', { name: 'Snooze 5 min' }).waitFor();
    await findNotification(page, /notify Product Owner, due 1\d min ago/);
    await statusBar(/P1 1\d min, notify Product Owner: 1\d min overdue/).waitFor();
    await row('Post an update').filter({ hasText: /\d min overdue/ }).waitFor();
    await screenshotInThemes(page, 'clock');
  });

  it('snoozes one reminder, and says so on the timeline', async () => {
    await clickNotification(page, /notify Product Owner/, 'Snooze 5 min');
    await notification(page, /notify Product Owner/).waitFor({ state: 'detached' });
    await until('the snooze to be recorded', () => recorded().snoozed.has('notifyStakeholders/productOwner'));
  });

  it('drafts the update, shows what is sent to whom, and winds the clock up', async () => {
    await clickNotification(page, /post an update, due/, 'Draft update');
    await choose(page, 'Investigating');
    await page.getByText('Post Update (2/5)').waitFor();
    const box = page.locator('.quick-input-widget input').first();
    assert.equal(await box.inputValue(), TITLE, 'the impact is prefilled with what is known');
    await screenshotInThemes(page, 'update-draft');
    await enterText(page, 'Post Update (2/5)');
    await enterText(page, 'Post Update (3/5)', 'Looked at the pool');
    await enterText(page, 'Post Update (4/5)', 'Restart the service');
    await enterText(page, 'Post Update (5/5)');
    await findDialog(page, 'Post an update?');
    await screenshotInThemes(page, 'update-preview');
    assert.deepEqual(slackMessages(), [], 'nothing is sent before the person agrees');
    await send('Post an update?', /#incidents, through Slack/, /Impact: Portals answer 503/, /Actions Taken: Looked at the pool/);
    await until('the message in Slack', () => slackMessages().length === 1, 20_000);
    assert.match(slackMessages()[0] ?? '', /^Incident Update - [\s\S]*Next Steps: Restart the service\nETA: Not known yet\nNext update: /);
    await row('Post an update').filter({ hasText: /in 1[45] min/ }).waitFor();
  });

  it('opens the ticket from the tree, after showing it', async () => {
    await clickRow('Initial response');
    await clickRowButton(page.getByRole('treeitem', { name: /^Create the incident ticket, todo$/ }), 'Run Step…');
    await findDialog(page, 'Create the incident ticket?');
    await screenshotInThemes(page, 'ticket-preview');
    assert.deepEqual(fakes().github.state.issues, []);
    await send('Create the incident ticket?', /healthflow\/healthflow-backend, through GitHub/, new RegExp(id));
    await row(/P1 Portals answer 503.*#1/).waitFor();
    const [issue] = fakes().github.state.issues;
    assert.equal(issue?.title, `INCIDENT: ${TITLE}`);
    assert.deepEqual(issue.labels, ['incident', 'P1']);
  });

  it('acknowledges, and notifies the team by the ways that the runbook names', async () => {
    await clickRow('Acknowledge the incident');
    await row(/#1 · .* · acknowledged/).waitFor();
    await until('the word in Slack', () => slackMessages().some((text) => text.startsWith('Incident acknowledged - investigating')), 20_000);
    await clickRow('Notify the team');
    await send('Notify the team?', /#incidents, through Slack/, /PagerDuty, through PagerDuty/);
    await page.getByRole('treeitem', { name: /^Notify the team, \d\d:\d\d UTC · P1: #incidents, a page, On-Call Engineer/ }).waitFor();
    await until('the page', () => fakes().pagerduty.state.incidents.length === 1, 20_000);
    assert.equal(fakes().pagerduty.state.incidents[0]?.key, id);
    assert.match(slackMessages().at(-1) ?? '', /^<@U\d+> <@U\d+> <@U\d+> P1 Portals answer 503/);
    await screenshotInThemes(page, 'tree');
    await page.getByRole('treeitem', { name: /^P1 Portals answer 503, #1 · \d+ min · acknowledged, P1$/ }).waitFor();
    await page.getByRole('treeitem', { name: /^Notify Product Owner, snoozed until \d\d:\d\d UTC · \d+ min overdue, urgent$/ }).waitFor();
    const names = await rowNames(page);
    assert.ok(names.length > 20, `${names.length} rows`);
    assert.deepEqual(names.filter((name) => name.trim() === ''), [], 'rows without a name');
  });

  it('says what cannot be reached and whom to reach instead, and delivers by itself once it can', async () => {
    const before = slackMessages().length;
    fakes().slack.fault({ kind: 'reset', acted: false });
    await clickRow('Post an update');
    await draft({ 3: 'Restarted the service', 4: 'Watch the error rate' });
    await send('Post an update?');
    await (await findNotification(page, /1 message waits/)).getByRole('button', { name: 'Show deliveries' }).waitFor();
    await row(/Slack unreachable: 1 message waits/).waitFor();
    for (const contact of ['On-Call Engineer', 'DevOps Lead', 'Tech Lead']) {
      await page.getByRole('treeitem', { name: new RegExp(`^${contact}, (reachable now|outside business hours).*@healthflow.gov.eg`) }).waitFor();
    }
    await screenshotInThemes(page, 'degraded');
    await clickNotification(page, /1 message waits/, 'Show deliveries');
    const deliveries = page.getByRole('tree', { name: 'Deliveries' });
    await deliveries.getByRole('treeitem', { name: /^Waiting, 1/ }).waitFor();
    await deliveries.getByRole('treeitem', { name: /^#incidents: Incident Update.*(Slack could not be reached: |The connection broke before Slack answered).* · next try in \d+ s/ }).waitFor();
    await screenshotInThemes(page, 'deliveries');
    assert.equal(slackMessages().length, before);
    fakes().slack.clearFaults();
    await row(/Slack unreachable/).waitFor({ state: 'detached', timeout: RETRY_DEADLINE_MS });
    await deliveries.getByRole('treeitem', { name: /^Waiting/ }).waitFor({ state: 'detached' });
    assert.deepEqual(slackMessages().slice(before).map((text) => /Actions Taken: (.*)/.exec(text)?.[1]), ['Restarted the service'], 'once');
  });

  it('asks a person whether a mail arrived of which the server said nothing', async () => {
    fakes().mail.fault({ kind: 'reset', acted: true, times: 1 });
    await clickRow('Notify Product Owner');
    await send('Notify stakeholders?', /Product Owner, through Mail/);
    const question = await findNotification(page, /It is not known whether .* reached Product Owner/);
    for (const button of ['It arrived', 'Send again', 'Discard…']) await question.getByRole('button', { name: button, exact: true }).waitFor();
    await page.getByRole('tree', { name: 'Deliveries' }).getByRole('treeitem', { name: /^Needs you, 1/ }).waitFor();
    await row(/Mail: 1 mail needs you/).waitFor();
    await screenshotInThemes(page, 'unknown');
    await question.getByRole('button', { name: 'It arrived', exact: true }).click();
    await row(/Mail: 1 mail needs you/).waitFor({ state: 'detached' });
    const incident = recorded();
    const mail = incident.deliveries.find(({ service }) => service === 'mail');
    assert.equal(mail?.state, 'done');
    assert.deepEqual(incident.events.flatMap((event) => (event.type === 'delivery.done' && event.request === mail.id ? [event.how] : [])), ['by hand']);
    assert.equal(fakes().mail.state.length, 1, 'it is not sent again');
    await statusBar(/notify Product Owner/).waitFor({ state: 'detached' });
  });

  it('marks the connections of the practice, and tests them', async () => {
    await pane('Deliveries').click();
    await pane('Connections').click();
    const connections = page.getByRole('tree', { name: 'Connections' });
    for (const service of ['GitHub', 'Slack', 'PagerDuty', 'Datadog', 'Statuspage', 'Mail \\(SMTP\\)']) {
      await connections.getByRole('treeitem', { name: new RegExp(`^${service}, practice environment · .*, practice$`) }).waitFor();
    }
    await connections.getByRole('treeitem', { name: /^Slack/ }).click();
    await findNotification(page, 'Slack works. Connected to the workspace Acme as incident-runbook.');
    await screenshotInThemes(page, 'connections-practice');
  });

  it('leaves no error in the console of the page, and contradicts no vendor', () => {
    assert.deepEqual(session.pageErrors, []);
    assert.deepEqual(session.practice.control.services.violations(), []);
  });
});
