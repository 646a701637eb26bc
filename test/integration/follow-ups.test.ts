import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, it } from 'mocha';
import { type FollowUpsApi, createFollowUpsApi } from '../../src/api/follow-ups-api.ts';
import type { TimelineEvent } from '../../src/incident/events.ts';
import { githubCalls } from '../../src/services/github/calls.ts';
import { GitHubClient } from '../../src/services/github/client.ts';
import { reviewLinkCalls } from '../../src/services/review-links.ts';
import { readEventMarkers } from '../../src/incident/markers.ts';
import { type TestRunner, buildRunner } from '../support/build-runner.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';
import { type TestClock, createClock } from '../support/clock.ts';
import { FAULT_KINDS } from '../support/fakes/fake-faults.ts';
import { startGitHub } from '../support/fakes/github.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const FILE = 'reviews/review.md';
const LINES = ['- [ ] Alert on pool usage - Owner: @ada - Due: 2026-12-01', '- [ ] Fix the leak – Due: 2026-11-20 – Owner: @grace'] as const;

describe('Follow-ups on GitHub', () => {
  const folder = useTemporaryFolder();
  let clock: TestClock = createClock();
  const github = useFake(() => {
    clock = createClock();
    return startGitHub({ clock });
  });
  const workspace = (): string => path.join(folder(), 'workspace');
  const text = (): string => readFileSync(path.join(workspace(), FILE), 'utf8');
  const write = (...lines: readonly string[]): void => { writeFileSync(path.join(workspace(), FILE), ['# Review', '', '## Action Items', ...lines, ''].join('\n')); };
  const client = (): GitHubClient => new GitHubClient({ url: github().url, repository: 'acme/shop', token: 'gho_invented-push' }, { clock, timeoutMs: 2_000 });
  let unsaved = false;

  beforeEach(() => {
    unsaved = false;
    mkdirSync(path.join(workspace(), 'reviews'), { recursive: true });
    mkdirSync(path.join(folder(), 'incidents'));
    write(...LINES);
  });

  async function start(): Promise<TestRunner> {
    const connection = { url: github().url, repository: 'acme/shop', token: 'gho_invented-push' };
    const world = await buildRunner(path.join(folder(), 'incidents'), {
      clock, connections: { github: connection },
      calls: { github: githubCalls(client()), workspace: reviewLinkCalls({ folder: workspace(), isUnsaved: () => unsaved }) },
      tasks: { folder: workspace, start: () => Promise.reject(new Error('No program is run')), find: () => undefined },
    });
    await world.ledger.append(world.incident, { type: 'review.written', file: FILE });
    await world.ledger.append(world.incident, { type: 'incident.closed', reason: 'Restarted' });
    return world;
  }

  /** The clock is moved until everything has arrived. */
  async function settled({ onDisk }: TestRunner): Promise<void> {
    await until('every delivery to be made', async () => {
      clock.advance(60_000);
      return (await onDisk()).deliveries.every(({ state }) => state === 'done') ? true : undefined;
    }, 20_000);
  }

  const LINKED = LINES.map((line, index) => `${line} ([#${index + 1}](https://github.com/acme/shop/issues/${index + 1}))`);

  it('are opened once, labelled and assigned, and linked in the document of a closed incident', async () => {
    const world = await start();
    const { status } = await world.run('createActionItems');
    assert.equal(status, 'done');
    assert.deepEqual(text().split('\n').slice(3, 5), LINKED);
    assert.deepEqual(github().state.issues.map(({ title, labels, assignees }) => [title, labels, assignees]), [
      ['Action Item: Alert on pool usage', ['incident-followup'], ['ada']], ['Action Item: Fix the leak', ['incident-followup'], ['grace']],
    ]);
    assert.ok(github().state.labels.some(({ name, description }) => name === 'incident-followup' && (description ?? '') !== ''));
    const again = await world.run('createActionItems');
    assert.deepEqual([again.status, again.summary, github().state.issues.length], ['done', `Every open action item of ${FILE} has its issue`, 2]);
  });

  it('get their link although the table of follow-ups above them names the issue already', async () => {
    const world = await start();
    unsaved = true;
    await world.run('createActionItems');
    await until('the issues to be there', () => Promise.resolve(github().state.issues.length === 2 ? true : undefined), 20_000);
    const table = ['| Follow-up | Issue |', '| --- | --- |', ...[1, 2].map((issue) => `| x | [#${issue}](https://github.com/acme/shop/issues/${issue}) |`), ''];
    write(...table, ...LINES);
    unsaved = false;
    await settled(world);
    assert.deepEqual(text().split('\n').slice(8, 10), LINKED);
  });

  it('are no ticket: the incident is neither linked to them nor opened from them', async () => {
    const world = await start();
    await world.run('createActionItems');
    assert.equal((await world.onDisk()).ticket, undefined);
    assert.deepEqual(github().state.issues.flatMap(({ body }) => readEventMarkers(body ?? '')), []);
  });

  for (const fault of FAULT_KINDS) {
    it(`are opened once when GitHub fails: ${JSON.stringify(fault)}`, async () => {
      const world = await start();
      github().fault({ ...fault, operation: 'createIssue', times: 1 });
      await world.run('createActionItems');
      await settled(world);
      await world.run('createActionItems');
      assert.deepEqual([github().state.issues.length, text().split('\n').slice(3, 5)], [2, LINKED]);
    });
  }

  it('are linked although lines moved, were ticked off or reworded meanwhile, and what was reworded is left alone', async () => {
    const world = await start();
    github().fault({ kind: 'reset', acted: true, operation: 'createIssue', times: 1 });
    await world.run('createActionItems');
    write('- [ ] Another one', LINES[0].replace('[ ]', '[x]'), '- [ ] Fix the leak in the pool – Owner: @grace');
    await settled(world);
    assert.deepEqual(text().split('\n').slice(3, 6), ['- [ ] Another one', LINKED[0]?.replace('[ ]', '[x]'), '- [ ] Fix the leak in the pool – Owner: @grace']);
    const notes = (await world.onDisk()).deliveries.flatMap(({ call, note }) => (call === 'writeActionLinks' && note !== undefined ? [note] : []));
    assert.deepEqual(notes, [`The action item is worded otherwise in ${FILE} by now, so it was left alone. Its issue is #2.`]);
  });

  it('wait with the link while the document is being edited', async () => {
    const world = await start();
    unsaved = true;
    await world.run('createActionItems');
    const links = (await world.onDisk()).deliveries.filter(({ call }) => call === 'writeActionLinks');
    assert.deepEqual(links.map(({ state }) => state), ['pending', 'pending']);
    assert.match(links[0]?.reason ?? '', /not saved\. Save it/);
    assert.equal(text().includes(']('), false);
    unsaved = false;
    await settled(world);
    assert.deepEqual(text().split('\n').slice(3, 5), LINKED);
  });

  it('get their link with the next run where it was taken out', async () => {
    const world = await start();
    await world.run('createActionItems');
    write(...LINES);
    await world.run('createActionItems');
    assert.deepEqual([text().split('\n').slice(3, 5), github().state.issues.length], [LINKED, 2]);
  });

  describe('looked at again', () => {
    let world: TestRunner;
    let api: FollowUpsApi;
    const errors: unknown[] = [];

    beforeEach(async () => {
      world = await start();
      await world.run('createActionItems');
      api = createFollowUpsApi({ ledger: world.ledger, clock, runbook: () => Promise.resolve(bundledRunbook()), github: () => Promise.resolve(client()), onError: (error) => { errors.push(error); } });
    });

    const seen = async (): Promise<TimelineEvent[]> => (await world.ledger.timeline(world.incident)).filter(({ type }) => type === 'followup.seen');

    it('are listed with the overdue ones first, of closed incidents as well', async () => {
      assert.deepEqual((await api.list({})).followUps.map(({ incident, number, owner, due, overdue, state }) => [incident, number, owner, due, overdue, state]), [
        [world.incident, 2, 'grace', '2026-11-20', true, 'open'], [world.incident, 1, 'ada', '2026-12-01', false, 'open'],
      ]);
    });

    it('record what changed on GitHub, and nothing else', async () => {
      assert.equal((await api.refresh()).changed, 0);
      assert.deepEqual(await seen(), []);
      Object.assign(github().state.issues[1] ?? assert.fail(), { state: 'closed', updatedAt: clock.now() + 1 });
      Object.assign(github().state.issues[0] ?? assert.fail(), { assignees: ['grace'], updatedAt: clock.now() + 1 });
      const { changed, followUps } = await api.refresh();
      assert.deepEqual([changed, followUps.map(({ number, owner }) => [number, owner])], [2, [[1, 'grace']]]);
      assert.equal((await api.refresh()).changed, 0);
      assert.equal((await seen()).length, 2);
      assert.equal((await world.ledger.list())[0]?.followUps, 1);
      assert.deepEqual((await api.list({ incident: world.incident })).followUps.map(({ number, state }) => [number, state]), [[2, 'closed'], [1, 'open']]);
    });

    it('cost nothing of the limit while nothing changed', async () => {
      await api.refresh();
      const before = github().exchanges.length;
      await api.refresh();
      assert.deepEqual(github().exchanges.slice(before).map(({ operation, status }) => [operation, status]), [['listIssues', 304]]);
    });

    it('are found without their label, and are closed when they were deleted', async () => {
      Object.assign(github().state.issues[0] ?? assert.fail(), { labels: [], state: 'closed', updatedAt: clock.now() + 1 });
      github().state.issues.pop();
      assert.deepEqual((await api.refresh()).followUps, []);
      assert.equal((await seen()).length, 2);
      assert.deepEqual(errors, []);
    });

    it('say when GitHub is not connected, or fails', async () => {
      const unconnected = createFollowUpsApi({ ledger: world.ledger, clock, runbook: () => Promise.resolve(bundledRunbook()), github: () => Promise.resolve(undefined), onError: () => undefined });
      await assert.rejects(unconnected.refresh(), /GitHub is not connected/);
      github().fault({ kind: 'server-error', acted: false, operation: 'listIssues', times: 1 });
      await assert.rejects(api.refresh());
      assert.equal((await api.refresh()).followUps.length, 2);
    });
  });
});
