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
});
