/** The extension host dies in the middle of a change: what was asked for is on the timeline, and nothing is made again. */
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { type Incident, fold } from '../../src/incident/fold.ts';
import { rawEvents, timelineFile } from '../support/build-ledger.ts';
import { descendants } from '../support/processes.ts';
import { atRest, recordIncident } from '../support/ui-incident.ts';
import { type UiSession, startUiSession } from '../support/ui-session.ts';
import { until } from '../support/until.ts';
import { afterFailure, enterText, findDialog, findNotification, openView, runCommand, screenshot, sidebarRow } from '../support/workbench.ts';

const TITLE = 'Portals answer 503';
/** A window that is gone is given up after 35 s, and what it may be making after 120 s; a new extension host takes some seconds to come. */
const RESUMED_MS = 160_000;

describe('an extension host that dies in the middle of a change', () => {
  let session: UiSession;
  let page: Page;
  let id: string;
  let killedAt = 0;

  const lens = (text: string): Locator => page.locator('.part.editor .codelens-decoration a').filter({ hasText: text }).first();
  const recorded = (): Incident => fold(rawEvents(timelineFile(session.timelines, id))) ?? assert.fail('nothing is recorded');
  const writes = (): readonly string[] => session.practice.control.calls().filter(({ write }) => write).map(({ operation }) => operation);

  before(async function () {
    this.timeout(120_000);
    session = await startUiSession({ before: async (timelines) => { ({ id } = await recordIncident(timelines, TITLE, 60_000)); } });
    page = session.page;
    session.practice.control.clearCalls();
    await openView(page, 'Incidents');
    await sidebarRow(page, TITLE).waitFor();
  });

  after(() => session.stop());

  afterEach(async function () {
    session.practice.control.clearFaults();
    await afterFailure(page, this.currentTest);
  });

  async function apply(verb: string): Promise<void> {
    await lens('Apply to production…').waitFor({ timeout: 30_000 });
    await atRest(session.timelines, id);
    await lens('Apply to production…').click();
    await (await findDialog(page, 'Apply to production?')).getByRole('button', { name: verb, exact: true }).click();
  }

  async function kill(): Promise<void> {
    const hosts = (await descendants(process.pid)).filter(({ command }) => command.includes('--type=extensionHost'));
    assert.ok(hosts.length > 0, 'an extension host runs');
    hosts.forEach(({ pid }) => { process.kill(pid, 'SIGKILL'); });
    await until('the extension host to be gone', async () => !(await descendants(process.pid)).some(({ pid }) => hosts.some((host) => host.pid === pid)));
  }

  it('leaves a change that was made to be followed to its end by the next one', async function () {
    this.timeout(RESUMED_MS + 60_000);
    session.practice.control.rollout({ durationMs: 20_000 });
    await runCommand(page, 'Incident: Monitor stability');
    await until('the first look of the stability watch', () => (recorded().watches[0]?.samples.length ?? 0) > 0, 30_000);
    await runCommand(page, 'Incident: Restart the service');
    await apply('Apply');
    await until('the change to be made', () => recorded().changes[0]?.state === 'following', 30_000);
    await kill();
    await until('the change to be seen to its end', () => recorded().changes[0]?.end !== undefined, RESUMED_MS);
    await findNotification(page, /Looked at again after an interruption/);
    await screenshot(page, 'killed-1-resumed');
    const [change] = recorded().changes;
    assert.deepEqual([change?.state, change?.end?.level], ['done', 'ok']);
    assert.deepEqual(writes(), ['UpdateService'], 'nothing is made again');
  });

  it('leaves a change that had not arrived as not made, and says so', async function () {
    this.timeout(RESUMED_MS + 60_000);
    session.practice.control.clearCalls();
    session.practice.control.fault({ service: 'ecs', operation: 'UpdateService', delayMs: 60_000, times: 1 });
    await runCommand(page, 'Incident: Scale the service');
    await enterText(page, 'Scale the service', '6');
    await apply('Apply');
    await until('the change to be asked for', () => recorded().changes[1]?.state === 'applying', 30_000);
    await until('the call to be on its way', () => session.practice.control.calls().some(({ operation }) => operation === 'DescribeScalableTargets'), 30_000);
    await kill();
    killedAt = Date.now();
    await until('the change to be looked at', () => recorded().changes[1]?.end !== undefined, RESUMED_MS);
    await findNotification(page, /It was interrupted before it was made, and nothing has changed/);
    await screenshot(page, 'killed-2-not-made');
    const change = recorded().changes[1];
    assert.deepEqual([change?.state, change?.end?.level], ['failed', 'bad']);
    assert.deepEqual(session.practice.control.calls().filter(({ write, status }) => write && status === 200), [], 'nothing was changed');
  });

  it('leaves a stability watch to the next one, which goes on with it', async function () {
    this.timeout(RESUMED_MS + 60_000);
    await until('a look after the second death', () => recorded().watches[0]?.samples.some(({ at }) => at > killedAt) === true, RESUMED_MS);
    const [watch] = recorded().watches;
    assert.equal(watch?.outcome, undefined);
    assert.deepEqual(watch?.samples.filter(({ at }, place, all) => place > 0 && at - (all[place - 1]?.at ?? 0) < 50_000), [], 'one look a minute, whoever takes it');
    await sidebarRow(page, /^Stability: \d+ of 30 min quiet/).waitFor();
    await screenshot(page, 'killed-3-watch');
  });
});
