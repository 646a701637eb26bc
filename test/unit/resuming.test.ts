import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { iso } from '../../src/incident/clock.ts';
import type { LocalLedger } from '../../src/ledger/local-ledger.ts';
import { Resuming } from '../../src/resuming.ts';
import type { RunResult } from '../../src/steps/run.ts';
import { stepResult } from '../support/build-events.ts';
import { buildLedger, declaration } from '../support/build-ledger.ts';
import { scalePlan } from '../support/build-plan.ts';
import { type TestClock, createClock } from '../support/clock.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const DONE: RunResult = { status: 'done', level: 'ok', summary: 'All tasks run' };

describe('what a window that is gone left under way', () => {
  const folder = useTemporaryFolder();
  let clock: TestClock;
  let ledger: LocalLedger;
  let incident: string;
  let change: string;
  let resuming: Resuming | undefined;
  let asked: string[];
  let told: string[];
  let waits: number[];
  let wake: () => void;

  beforeEach(async () => {
    clock = createClock();
    ledger = buildLedger(folder(), { clock });
    ({ id: incident } = await ledger.declare(declaration()));
    ({ id: change } = await ledger.append(incident, { type: 'change.planned', plan: scalePlan(), origin: 'here' }));
    [asked, told, waits] = [[], [], []];
  });
  afterEach(() => {
    resuming?.dispose();
    ledger.dispose();
  });

  const request = (origin = 'here') => ledger.append(incident, { type: 'change.requested', plan: change, hash: 'h', origin });
  async function start({ trusted = true, follow = (): Promise<RunResult | undefined> => Promise.resolve(DONE) } = {}): Promise<void> {
    resuming = new Resuming({
      ledger, clock, outgoing: { origin: () => Promise.resolve('here') }, isTrusted: () => trusted,
      followUp: (_incident, event) => {
        asked.push(event);
        return follow();
      },
      wait: (ms) => {
        waits.push(ms);
        return new Promise((resolve) => { wake = resolve; });
      },
      onResumed: (_incident, event, { summary }) => { told.push(`${event === change ? 'change' : event}: ${summary}`); },
      onError: (error) => { told.push(String(error)); },
    });
    await resuming.start();
  }

  it('is looked at, and somebody is told', async () => {
    await request();
    await start();
    await until('somebody is told', () => told.length > 0);
    assert.deepEqual(told, ['change: All tasks run']);
    assert.deepEqual(asked, [change]);
  });

  it('is looked at as well when it was made already', async () => {
    await request();
    await ledger.append(incident, { type: 'change.made', plan: change, result: {} });
    await start();
    await until('it is looked at', () => asked.length > 0);
    assert.deepEqual(asked, [change]);
  });

  it('is left alone while somebody says to be at it, and taken up after that', async () => {
    await request();
    await ledger.claimDelivery(incident, change, iso(clock.now() + 30_000));
    await start();
    await until('it waits', () => waits.length > 0);
    assert.deepEqual(waits, [35_000]);
    assert.deepEqual(asked, []);
    clock.advance(35_000);
    wake();
    await until('somebody is told', () => told.length > 0);
    assert.deepEqual(asked, [change]);
  });

  for (const [what, prepare] of [
    ['was only planned', () => Promise.resolve()],
    ['somebody else began on another machine', () => request('elsewhere')],
    ['has ended', async () => {
      await request();
      await ledger.append(incident, { type: 'step.finished', result: stepResult('scaleService'), change });
    }],
    ['is of a closed incident', async () => {
      await request();
      await ledger.append(incident, { type: 'incident.closed', reason: 'over' });
    }],
  ] as const) {
    it(`is not looked at when it ${what}`, async () => {
      await prepare();
      await start();
      // A second incident's change is looked at: by then the first one would have been.
      const { id: other } = await ledger.declare(declaration('Another'));
      const { id } = await ledger.append(other, { type: 'change.planned', plan: scalePlan(), origin: 'here' });
      await ledger.append(other, { type: 'change.requested', plan: id, hash: 'h', origin: 'here' });
      await until('the other one is looked at', () => asked.includes(id));
      assert.deepEqual(asked, [id]);
    });
  }

  it('is not looked at in Restricted Mode', async () => {
    await request();
    await start({ trusted: false });
    await until('it waits', () => waits.length > 0);
    assert.deepEqual(asked, []);
  });

  it('is left to another window that was first', async () => {
    await request();
    await start({ follow: () => Promise.resolve(undefined) });
    await until('it waits for the other one', () => waits.length > 0);
    assert.deepEqual([asked.length, told], [1, []]);
    wake();
    await until('it asks again', () => asked.length > 1);
  });

  it('is asked for again when it could not be followed for now', async () => {
    await request();
    let failures = 1;
    await start({ follow: () => (failures-- > 0 ? Promise.reject(new Error('The runbook has problems')) : Promise.resolve(DONE)) });
    await until('it waits', () => waits.length > 0);
    assert.deepEqual([waits, told], [[30_000], ['Error: The runbook has problems']]);
    wake();
    await until('somebody is told', () => told.length > 1);
    assert.equal(told[1], 'change: All tasks run');
  });

  describe('as a watch', () => {
    const watch = async (origin = 'here'): Promise<string> => (await ledger.append(incident, { type: 'watch.started', step: 'monitorStability', minutes: 30, origin })).id;

    it('is followed, after a reload and as soon as it is begun', async () => {
      const before = await watch();
      await start();
      await until('it is followed', () => asked.includes(before));
      const begun = await watch();
      await until('the new one is followed', () => asked.includes(begun));
    });

    it('is left alone when it is of another machine, has ended, or its incident is closed', async () => {
      await watch('elsewhere');
      await ledger.append(incident, { type: 'watch.ended', watch: await watch(), outcome: 'stopped' });
      const { id: closed } = await ledger.declare(declaration('Closed'));
      await ledger.append(closed, { type: 'watch.started', step: 'monitorStability', minutes: 30, origin: 'here' });
      await ledger.append(closed, { type: 'incident.closed', reason: 'over' });
      await start();
      const mine = await watch();
      await until('the one that goes on is followed', () => asked.length > 0);
      assert.deepEqual(asked, [mine]);
    });

    it('goes on when its incident is open again', async () => {
      const id = await watch();
      await ledger.append(incident, { type: 'incident.closed', reason: 'over' });
      await start();
      assert.deepEqual(asked, []);
      await ledger.append(incident, { type: 'incident.reopened', reason: 'not over' });
      await until('it is followed', () => asked.includes(id));
    });
  });
});
