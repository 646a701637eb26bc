import assert from 'node:assert/strict';
import { appendFileSync, linkSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import { ClosedIndex } from '../../../src/ledger/closed-index.ts';
import type { IncidentSummary } from '../../../src/incident/fold.ts';
import { appendRecord } from '../../../src/ledger/journal.ts';
import { createEvents, minute } from '../../support/build-events.ts';
import { buildLedger, declaration, finding, timelineFile } from '../../support/build-ledger.ts';
import { START } from '../../support/clock.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

const CLOSED = { type: 'incident.closed', reason: 'Restarted' } as const;
const REOPENED = { type: 'incident.reopened', reason: 'Back' } as const;
const onLinux = process.platform === 'linux' ? it : it.skip;

function summary(id: string, changes: Partial<IncidentSummary> = {}): IncidentSummary {
  return { id, title: 'Portals answer 503', status: 'closed', environment: 'production', drill: false, detectedAt: minute(0), closedAt: minute(9), ...changes };
}

describe('ClosedIndex', () => {
  const folder = useTemporaryFolder();
  const file = (): string => path.join(folder(), 'closed.index');

  it('knows what was put and not touched since, in every window', async () => {
    const [a, b] = [new ClosedIndex(file()), new ClosedIndex(file())];
    await a.put(summary('INC-1'));
    await b.put(summary('INC-2'));
    assert.deepEqual([...(await a.read()).keys()], ['INC-1', 'INC-2']);
    await b.touch('INC-1');
    await a.put(summary('INC-2', { title: 'Corrected' }));
    assert.deepEqual([...(await a.read()).values()], [summary('INC-2', { title: 'Corrected' })]);
    assert.deepEqual(await b.read(), await a.read());
  });

  it('does not believe what an older version put, whose summaries lack fields, and believes a newer one', async () => {
    const index = new ClosedIndex(file());
    await index.put(summary('INC-1'));
    await index.put(summary('INC-2'));
    await appendRecord(file(), { closed: summary('INC-1') });
    await appendRecord(file(), { v: 1, closed: summary('INC-2') });
    await appendRecord(file(), { v: 99, closed: { ...summary('INC-3'), later: 'field' } });
    assert.deepEqual([...(await index.read()).keys()], ['INC-3']);
    await index.put(summary('INC-1'));
    assert.deepEqual([...(await index.read()).keys()].sort(), ['INC-1', 'INC-3']);
  });

  it('forgets everything when the file is deleted', async () => {
    const index = new ClosedIndex(file());
    await index.put(summary('INC-1'));
    await index.read();
    rmSync(file());
    assert.equal((await index.read()).size, 0);
  });

  it('passes over what is no record', async () => {
    const index = new ClosedIndex(file());
    await index.put(summary('INC-1'));
    appendFileSync(file(), ['', '42', 'null', 'rubbish', '{"closed":null}', '{"closed":{"id":"INC-9"}}', '{"touched":7}', JSON.stringify({ closed: { ...summary('INC-8'), status: 'declared' } }), '{"clos'].join('\n'));
    await index.put(summary('INC-2'));
    assert.deepEqual([...(await index.read()).keys()], ['INC-1', 'INC-2']);
  });
});

describe('LocalLedger with closed incidents', () => {
  const folder = useTemporaryFolder();
  const file = (): string => path.join(folder(), 'closed.index');
  const statuses = async (): Promise<Record<string, string>> =>
    Object.fromEntries((await buildLedger(folder()).list()).map(({ id, status }) => [id, status]));

  it('follows closing, reopening and what is added to a closed incident', async () => {
    const ledger = buildLedger(folder());
    const { id } = await ledger.declare(declaration());
    assert.deepEqual(await statuses(), { [id]: 'declared' });
    await ledger.append(id, CLOSED);
    assert.deepEqual(await statuses(), { [id]: 'closed' });
    await ledger.append(id, { type: 'severity.set', severity: 'P2', reasons: [] });
    assert.deepEqual((await buildLedger(folder()).list()).map(({ status, severity }) => [status, severity]), [['closed', 'P2']]);
    await ledger.append(id, REOPENED);
    assert.deepEqual(await statuses(), { [id]: 'declared' });
    await ledger.append(id, CLOSED);
    assert.deepEqual(await statuses(), { [id]: 'closed' });
  });

  it('reads the timeline when it crashed before an addition to a closed incident was in the index', async () => {
    const ledger = buildLedger(folder());
    const { id } = await ledger.declare(declaration());
    await ledger.append(id, CLOSED);
    await new ClosedIndex(file()).touch(id);
    assert.deepEqual(await statuses(), { [id]: 'closed' });

    await new ClosedIndex(file()).touch(id);
    const { event } = createEvents();
    await appendRecord(timelineFile(folder(), id), { ...event('incident.reopened', { reason: 'x' }, { minute: 60 }), incident: id });
    assert.deepEqual(await statuses(), { [id]: 'declared' });
  });

  it('reads the timeline when it crashed between closing and the index', async () => {
    const ledger = buildLedger(folder());
    const { id } = await ledger.declare(declaration());
    const { event } = createEvents();
    await appendRecord(timelineFile(folder(), id), { ...event('incident.closed', { reason: 'x' }, { minute: 60 }), incident: id });
    assert.deepEqual(await statuses(), { [id]: 'closed' });
    assert.deepEqual([...(await new ClosedIndex(file()).read()).keys()], [id]);
  });

  it('does without the index, and makes it anew', async () => {
    const ledger = buildLedger(folder());
    const closed = (await ledger.declare(declaration('closed'))).id;
    const other = (await ledger.declare(declaration('open'))).id;
    await ledger.append(closed, CLOSED);
    for (const rubbish of [undefined, '', 'rubbish\n\0\n{"closed":1}\n42\nnull\n[]']) {
      rmSync(file());
      if (rubbish !== undefined) {
        writeFileSync(file(), rubbish);
      }
      for (const reader of [ledger, buildLedger(folder())]) {
        assert.deepEqual((await reader.list()).map(({ id, status }) => [id, status]), [[other, 'declared'], [closed, 'closed']]);
      }
      assert.deepEqual([...(await new ClosedIndex(file()).read()).keys()], [closed]);
    }
  });

  it('reads the timelines of what an older version put once, so that no time of theirs is taken for missing', async () => {
    const ledger = buildLedger(folder());
    const { id } = await ledger.declare({ ...declaration(), impactStartedAt: minute(-5) });
    await ledger.append(id, { type: 'incident.acknowledged' });
    await ledger.append(id, { type: 'incident.resolved', rootCause: 'x', resolution: 'y', cause: 'pool size' });
    await ledger.append(id, CLOSED);
    const old = { id, title: 'Portals answer 503', status: 'closed', environment: 'production', drill: false, detectedAt: minute(0), closedAt: minute(9) };
    writeFileSync(file(), `\n${JSON.stringify({ closed: old })}\n`);
    const [upgraded] = await buildLedger(folder()).list();
    assert.deepEqual([upgraded?.impactStartedAt, upgraded?.acknowledgedAt, upgraded?.resolvedAt, upgraded?.cause], [minute(-5), minute(0), minute(0), 'pool size']);
    // From now on the index holds it: the timeline is not looked at any more.
    writeFileSync(timelineFile(folder(), id), 'rubbish\n');
    assert.deepEqual(await buildLedger(folder()).list(), [upgraded]);
  });

  it('lists 10,000 closed incidents without reading a timeline', async () => {
    const ledger = buildLedger(folder());
    const { id } = await ledger.declare(declaration());
    await ledger.append(id, CLOSED);
    const line = readFileSync(file(), 'utf8').trim();
    const ids = Array.from({ length: 10_000 }, (_, index) => `INC-20261122-${String(index).padStart(5, '0')}`);
    writeFileSync(file(), ids.map((name) => `\n${line.replaceAll(id, name)}\n`).join(''));
    rmSync(timelineFile(folder(), id));
    // Every timeline is the same unreadable bytes: an incident that was looked up in them would be missing in the list.
    const garbage = path.join(folder(), 'garbage');
    writeFileSync(garbage, 'rubbish\n');
    ids.forEach((name) => { linkSync(garbage, timelineFile(folder(), name)); });
    const listed = await buildLedger(folder()).list();
    assert.deepEqual(listed.map((incident) => incident.id), ids.toReversed());
    assert.deepEqual(new Set(listed.map(({ status, title }) => `${status} ${title}`)), new Set(['closed Portals answer 503']));
    await assert.rejects(ledger.read(ids[0] ?? ''), /no declaration/);
  }).timeout(10_000);

  it('shows an incident as open that another window reopened while this one put it into the index', async () => {
    let now = START;
    const clock = { now: () => (now += 1) };
    const [a, b] = [buildLedger(folder(), { clock }), buildLedger(folder(), { clock })];
    const { id } = await a.declare(declaration());
    await a.append(id, CLOSED);
    for (let round = 0; round < 40; round += 1) {
      await Promise.all([a.append(id, finding('late note')), b.append(id, REOPENED), b.list()]);
      assert.deepEqual(await statuses(), { [id]: 'declared' }, `round ${round}`);
      await a.append(id, CLOSED);
    }
  }).timeout(10_000);

  describe('on a full disk', () => {
    onLinux('closes an incident and lists it all the same: the index only saves work', async () => {
      const ledger = buildLedger(folder());
      const { id } = await ledger.declare(declaration());
      symlinkSync('/dev/full', file());
      await ledger.append(id, CLOSED);
      assert.deepEqual(await statuses(), { [id]: 'closed' });
    });

    onLinux('adds nothing to a closed incident, and what was recorded is still there', async () => {
      const ledger = buildLedger(folder());
      const { id } = await ledger.declare(declaration());
      symlinkSync('/dev/full', file());
      await ledger.append(id, CLOSED);
      await assert.rejects(ledger.append(id, REOPENED), (error: UserError) => error instanceof UserError && /the disk is full.*Everything recorded before is still there/.test(error.message));
      const { events, status } = await buildLedger(folder()).read(id);
      assert.deepEqual([status, events.length], ['closed', 2]);
    });
  });
});
