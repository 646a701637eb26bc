import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, it } from 'mocha';
import { reviewFileOf, reviewPath } from '../../../src/incident/review/path.ts';
import { reviewFileCalls } from '../../../src/services/review-file.ts';
import { minute } from '../../support/build-events.ts';
import { type TestRunner, buildRunner } from '../../support/build-runner.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

describe('the steps of the review', () => {
  const temporary = useTemporaryFolder();
  const folder = (): string => path.join(temporary(), 'shop');
  let unsaved: boolean;
  let runner: TestRunner;

  beforeEach(async () => {
    mkdirSync(folder());
    unsaved = false;
    runner = await buildRunner(path.join(temporary(), 'timelines'), {
      calls: { workspace: reviewFileCalls({ folder: folder(), isUnsaved: () => unsaved }) },
      tasks: { folder, start: () => Promise.reject(new Error('This test runs no program')), find: () => undefined },
    });
  });

  const fileOf = async (): Promise<string> => (await runner.onDisk()).reviewFile ?? assert.fail('no review is on the timeline');
  const text = async (): Promise<string> => readFileSync(path.join(folder(), await fileOf()), 'utf8');

  it('write the document and record that it is there', async () => {
    const { status, summary, deliveries } = await runner.run('createReview');
    assert.equal(status, 'done', summary);
    assert.match(summary, /^Review document: docs\/incidents\/2026-11-23-[a-z0-9-]+\.md \(the incident is still open\)$/);
    assert.deepEqual(deliveries?.map(({ state, service }) => [service, state]), [['workspace', 'done']]);
    assert.match(await text(), /Draft: the incident is still open/);
    const incident = await runner.onDisk();
    assert.equal(reviewFileOf(incident), incident.reviewFile);
    assert.ok(JSON.stringify(incident.events).length < 20_000, 'the document itself is not on the timeline');
  });

  it('write it anew after closing, into the same file whatever the incident is called by then', async () => {
    await runner.run('createReview');
    const file = await fileOf();
    writeFileSync(path.join(folder(), file), (await text()).replace('## Root Cause\n', '## Root Cause\n\nA sentence of ours.\n'));
    const [declared] = (await runner.onDisk()).events;
    await runner.ledger.append(runner.incident, { type: 'event.amended', amends: declared?.id ?? '', changes: { title: 'Another title' } });
    await runner.ledger.append(runner.incident, { type: 'incident.closed', reason: 'Over' });
    assert.equal((await runner.run('createReview')).status, 'done');
    assert.equal(await fileOf(), file);
    assert.match(await text(), /Another title/);
    assert.match(await text(), /A sentence of ours\./);
    assert.doesNotMatch(await text(), /still open/);
  });

  it('record no document that was not written, and say what to do', async () => {
    await runner.run('createReview');
    const before = await runner.onDisk();
    unsaved = true;
    const { deliveries } = await runner.run('createReview');
    assert.deepEqual(deliveries?.map(({ state }) => state), ['failed']);
    assert.match(deliveries?.[0]?.reason ?? '', /Save it first/);
    const written = (events: Awaited<ReturnType<TestRunner['onDisk']>>['events']): number => events.filter(({ type }) => type === 'review.written').length;
    assert.equal(written((await runner.onDisk()).events), written(before.events));
    unsaved = false;
    assert.deepEqual((await runner.run('createReview')).deliveries?.map(({ state }) => state), ['done']);
    assert.deepEqual((await runner.onDisk()).deliveries.map(({ state }) => state), ['done', 'discarded', 'done'], 'the refused one waits for nobody');
  });

  it('refuse a path outside of the folder, and a window without one', async () => {
    await assert.rejects(runner.run('createReview', { file: '../out.md' }), /no Markdown file inside the workspace folder/);
    const nowhere = await buildRunner(path.join(temporary(), 'others'));
    await assert.rejects(nowhere.run('createReview'), /No folder is open/);
  });

  it('show the agenda and put nothing on the timeline', async () => {
    const before = (await runner.onDisk()).events.length;
    const { status, evidence, event } = await runner.run('conductReview');
    assert.deepEqual([status, event], ['done', undefined]);
    assert.match(evidence?.markdown ?? '', /There is no review document yet/);
    assert.deepEqual((evidence?.data['topics'] as { title: string }[]).map(({ title }) => title), ['Timeline', 'Root Cause', 'Detection', 'Response', 'Impact', 'Prevention']);
    const after = await runner.onDisk();
    assert.equal(after.events.length, before);
    assert.equal(after.steps.has('conductReview'), false);
    await runner.runner.recordByHand(runner.incident, 'conductReview', 'Held with everybody');
    assert.equal((await runner.onDisk()).steps.get('conductReview')?.summary, 'By hand: Held with everybody');
  });
});

describe('the path of a review', () => {
  const incident = (title: string) => ({ id: 'INC-20261123-7KQ4', title, times: { detected: { at: minute(0), event: 'x', corrected: false } } });

  for (const [title, setting, file] of [
    ['Portals answer 503', 'docs/incidents/${date}-${slug}.md', 'docs/incidents/2026-11-23-portals-answer-503.md'],
    ['../../etc/passwd: "x"', '${slug}.md', 'etc-passwd-x.md'],
    ['Größe & Café', 'r/${slug}.md', 'r/große-cafe.md'],
    ['!!!', 'r/${slug}.md', 'r/inc-20261123-7kq4.md'],
    ['x', ' ./r/${incident}.md ', 'r/INC-20261123-7KQ4.md'],
    ['x', '${other}.md', '${other}.md'],
    ['x', '../r/${slug}.md', undefined],
    ['x', '/r/${slug}.md', undefined],
    ['x', 'r/${slug}', undefined],
  ] as const) {
    it(`of "${title}" by ${setting} is ${file ?? 'refused'}`, () => { assert.equal(reviewPath(incident(title), setting), file); });
  }
});
