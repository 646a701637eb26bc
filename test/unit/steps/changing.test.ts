import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { PLAN_FRESH_MS, type Plan } from '../../../src/incident/plan.ts';
import type { LocalLedger } from '../../../src/ledger/local-ledger.ts';
import type { RunResult } from '../../../src/steps/run.ts';
import type { ChangeAction } from '../../../src/steps/step.ts';
import { type ChangeBench, type NumberWorld, buildChanging, numberWorld, setNumber } from '../../support/build-change.ts';
import { buildLedger, declaration } from '../../support/build-ledger.ts';
import { type TestClock, createClock } from '../../support/clock.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

describe('a change', () => {
  const folder = useTemporaryFolder();
  let clock: TestClock;
  let ledger: LocalLedger;
  let incident: string;
  let world: NumberWorld;
  let bench: ChangeBench;
  let never: AbortSignal;

  beforeEach(async () => {
    clock = createClock();
    ledger = buildLedger(folder(), { clock });
    ({ id: incident } = await ledger.declare(declaration()));
    world = numberWorld();
    bench = buildChanging(ledger, incident, clock);
    never = new AbortController().signal;
  });

  const plan = async (to = 6, action: ChangeAction = setNumber(world), step = {}): Promise<RunResult> => bench.changing.plan({ action, context: await bench.context(step), inputs: { to } }, never);
  const apply = async (hash = '', action: ChangeAction = setNumber(world), signal = never, step = {}, inputs?: Plan['inputs']): Promise<RunResult> =>
    bench.changing.apply({ action, context: await bench.context(step), inputs }, hash, signal);
  const types = async (): Promise<readonly string[]> => (await ledger.read(incident)).events.map(({ type }) => type).filter((type) => type !== 'delivery.attempted' && !type.startsWith('step.claimed') && type !== 'step.released');
  const states = async (): Promise<readonly string[]> => (await ledger.read(incident)).changes.map(({ state }) => state);

  it('is only planned without a hash, and the plan is on the timeline', async () => {
    const result = await plan();
    assert.equal(result.status, 'planned');
    assert.equal(result.summary, 'Set 6 instead of 4');
    assert.deepEqual(world.writes, []);
    assert.deepEqual(await types(), ['incident.declared', 'change.planned']);
    assert.deepEqual(await states(), ['planned']);
    assert.match(result.plan?.hash ?? '', /^[0-9a-f]{64}$/);
  });

  it('is made once its hash is approved, followed to its end, and recorded with before and after', async () => {
    const { plan: planned } = await plan();
    world.looks = 2;
    const result = await apply(planned?.hash);
    assert.deepEqual([result.status, result.level, result.summary], ['done', 'ok', 'It is 6']);
    assert.deepEqual(world.writes, [6]);
    assert.deepEqual(await types(), ['incident.declared', 'change.planned', 'change.requested', 'change.made', 'step.finished']);
    assert.deepEqual(await states(), ['done']);
    assert.deepEqual(result.evidence?.data, { before: { value: 4 }, after: { value: 6 }, state: 'done', hash: planned?.hash, value: 6 });
    assert.deepEqual(bench.progress.flatMap(({ outlook }) => outlook?.summary ?? []), ['1 looks left', '0 looks left', 'It is 6']);
  });

  it('has asked for it on disk before it is made', async () => {
    const { plan: planned } = await plan();
    let seen: readonly string[] = [];
    const action = setNumber(world);
    await apply(planned?.hash, { ...action, apply: async (context, asked) => {
      seen = (await buildLedger(folder(), { clock }).read(incident)).changes.map(({ state }) => state);
      return action.apply(context, asked);
    } });
    assert.deepEqual(seen, ['applying']);
  });

  it('is refused for a hash that is on no timeline', async () => {
    await plan();
    const result = await apply('f'.repeat(64));
    assert.equal(result.status, 'refused');
    assert.match(result.summary, /No plan of "scaleService" with the hash/);
    assert.deepEqual(world.writes, []);
  });

  it('is refused with other inputs than those of the plan, and planned with them', async () => {
    const { plan: planned } = await plan();
    const result = await apply(planned?.hash, undefined, never, {}, { to: 50 });
    assert.equal(result.status, 'refused');
    assert.equal(result.summary, 'Not applied: the inputs are not those of the plan. This is a new plan: Set 50 instead of 4');
    assert.deepEqual(world.writes, []);
  });

  it('is refused once the plan is older than five minutes, and planned anew', async () => {
    const { plan: planned } = await plan();
    clock.advance(PLAN_FRESH_MS + 1_000);
    const result = await apply(planned?.hash);
    assert.equal(result.status, 'refused');
    assert.match(result.summary, /^The plan is 5 min old, so it was not applied\. This is a new plan: /);
    assert.equal(result.plan?.hash, planned?.hash, 'the world is the same, so the new plan is');
    assert.deepEqual(world.writes, []);
    assert.equal((await apply(result.plan?.hash)).status, 'done');
  });

  it('is refused when the world is not the one that was shown, and planned anew', async () => {
    const { plan: planned } = await plan();
    world.value = 5;
    const result = await apply(planned?.hash);
    assert.equal(result.summary, 'Not applied: since the plan was shown, something has changed (value). This is a new plan: Set 6 instead of 5');
    assert.deepEqual(world.writes, []);
    assert.equal((await apply(result.plan?.hash)).status, 'done');
  });

  it('is not made twice by one plan', async () => {
    const { plan: planned } = await plan();
    await apply(planned?.hash);
    const again = await apply(planned?.hash);
    assert.match(again.summary, /^Amira has applied this plan at 03:00:\d\d UTC already/);
    assert.deepEqual(world.writes, [6]);
  });

  it('is not made by two windows at once', async () => {
    const { plan: planned } = await plan();
    const other = buildChanging(buildLedger(folder(), { clock }), incident, clock);
    const [context, hers] = [await bench.context(), await other.context()];
    const results = await Promise.all([
      bench.changing.apply({ action: setNumber(world), context }, planned?.hash ?? '', never),
      other.changing.apply({ action: setNumber(world), context: hers }, planned?.hash ?? '', never),
    ]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ['done', 'refused']);
    assert.deepEqual(world.writes, [6]);
  });

  it('that cannot be undone asks once more, whatever the runbook says', async () => {
    const result = await plan(6, setNumber(world, { effect: 'destructive' }), { approval: 'none' });
    assert.equal(result.plan?.approval, 'confirm');
    assert.equal((await plan(6, undefined, { approval: 'none' })).plan?.approval, 'none');
  });

  it('hides what is secret in what it says', async () => {
    const { plan: planned } = await plan();
    world.outlook = { state: 'done', summary: 'It is 6, said ghp_0123456789abcdefghijklmnop' };
    const result = await apply(planned?.hash);
    assert.equal(result.summary, 'It is 6, said [redacted: GitHub token]');
    assert.doesNotMatch(JSON.stringify([result, bench.progress, await ledger.timeline(incident)]), /ghp_/);
  });

  it('says what the action refuses, and records nothing', async () => {
    const result = await plan(2);
    assert.deepEqual([result.status, result.summary], ['refused', '2 is less than 4.']);
    assert.deepEqual(await types(), ['incident.declared']);
  });

  it('that could not be sent has changed nothing, and says so', async () => {
    const { plan: planned } = await plan();
    world.fault = 'lost';
    const result = await apply(planned?.hash);
    assert.deepEqual([result.status, result.level], ['failed', 'bad']);
    assert.equal(result.summary, 'Nothing was changed. The server could not be reached.');
    assert.deepEqual(await states(), ['failed']);
  });

  it('whose answer was lost is looked for, followed, and not sent again', async () => {
    const { plan: planned } = await plan();
    world.fault = 'answer lost';
    world.looks = 1;
    const result = await apply(planned?.hash);
    assert.deepEqual([result.status, result.summary], ['done', 'It is 6. While it was made: It failed unexpectedly: The answer was lost.']);
    assert.deepEqual(world.writes, [6]);
  });

  it('of which nobody can tell what became is unclear', async () => {
    const { plan: planned } = await plan();
    world.fault = 'answer lost';
    world.outlook = { state: 'unclear', summary: 'Look at the console.' };
    const result = await apply(planned?.hash);
    assert.deepEqual([result.status, result.level], ['failed', 'unknown']);
    assert.equal(result.summary, 'It failed unexpectedly: The answer was lost. Look at the console.');
    assert.deepEqual(await states(), ['unclear']);
  });

  it('that fails is bad, and its plan may be undone', async () => {
    const { plan: planned } = await plan();
    world.outlook = { state: 'failed', summary: 'The tasks did not start' };
    const result = await apply(planned?.hash);
    assert.deepEqual([result.status, result.level], ['failed', 'bad']);
    assert.deepEqual(await states(), ['failed']);
  });

  it('goes on when nobody watches it any more, and says so', async () => {
    const { plan: planned } = await plan();
    const abort = new AbortController();
    world.looks = 100;
    world.onLook = () => { abort.abort(); };
    const result = await apply(planned?.hash, undefined, abort.signal);
    assert.equal(result.status, 'cancelled');
    assert.equal(result.summary, 'No longer watched: 99 looks left. What was begun goes on by itself; look at it again from the tree');
    assert.deepEqual(await states(), ['left']);
    assert.deepEqual(world.writes, [6]);
  });

  it('that was cancelled before it was made is not made', async () => {
    const { plan: planned } = await plan();
    const result = await apply(planned?.hash, undefined, AbortSignal.abort());
    assert.equal(result.status, 'cancelled');
    assert.deepEqual(world.writes, []);
    assert.deepEqual(await states(), ['planned']);
  });

  it('is left once it has not settled for long, and seen to its end when it is looked at again', async () => {
    const { plan: planned } = await plan();
    world.looks = 1_000;
    const left = await apply(planned?.hash);
    assert.match(left.summary, /^Not settled after 30 min: \d+ looks left\. What was begun goes on by itself/);
    world.looks = 0;
    const [change] = (await ledger.read(incident)).changes;
    assert.ok(change);
    const result = await bench.changing.followUp({ action: setNumber(world), context: await bench.context() }, change, never);
    assert.deepEqual([result?.status, result?.summary], ['done', 'It is 6']);
    assert.deepEqual(await states(), ['done']);
  });

  it('is looked at a few times more when a look fails', async () => {
    const { plan: planned } = await plan();
    let looks = 0;
    world.onLook = () => {
      looks += 1;
      if (looks < 5) {
        throw new Error('no network');
      }
    };
    assert.equal((await apply(planned?.hash)).status, 'done');
    assert.equal(looks, 5);
  });

  it('is unclear when no look succeeds', async () => {
    const { plan: planned } = await plan();
    world.onLook = () => { throw new Error('no network'); };
    const result = await apply(planned?.hash);
    assert.deepEqual([result.level, result.summary], ['unknown', 'What became of it cannot be seen: no network']);
  });

  it('is not followed by a second window while the first one is at it, and is after that one is gone', async () => {
    const { plan: planned } = await plan();
    const [id] = [(await ledger.read(incident)).changes[0]?.id ?? ''];
    const other = buildChanging(buildLedger(folder(), { clock }), incident, clock);
    const follow = async (): Promise<RunResult | undefined> => {
      const context = await other.context();
      const change = context.incident.changes.find((one) => one.id === id);
      assert.ok(change);
      return other.changing.followUp({ action: setNumber(world), context }, change, never);
    };
    const meanwhile: (RunResult | undefined)[] = [];
    const action = setNumber(world);
    // It dies in the middle: the request is on disk, the call went out, and nothing more is written down.
    const dying = bench.changing.apply({ action: { ...action, apply: async (context, asked) => {
      meanwhile.push(await follow());
      await action.apply(context, asked);
      return new Promise(() => undefined);
    } }, context: await bench.context() }, planned?.hash ?? '', never);
    void dying;
    while (world.writes.length === 0) {
      await new Promise((resolve) => { setImmediate(resolve); });
    }
    clock.advance(61_000);
    const result = await follow();
    assert.deepEqual(meanwhile, [undefined]);
    assert.deepEqual([result?.status, result?.summary], ['done', 'Looked at again after an interruption: It is 6']);
    assert.deepEqual(world.writes, [6], 'nothing is made again');
  });

  it('that was interrupted before it was made has changed nothing', async () => {
    const { change: id = '' } = await plan();
    await ledger.append(incident, { type: 'change.requested', plan: id, hash: 'h', origin: 'here' });
    const [change] = (await ledger.read(incident)).changes;
    assert.ok(change);
    const result = await bench.changing.followUp({ action: setNumber(world), context: await bench.context() }, change, never);
    assert.deepEqual([result?.status, result?.summary], ['failed', 'It was interrupted before it was made, and nothing has changed. It is as it was.']);
    assert.deepEqual(world.writes, []);
  });

  describe('undone', () => {
    const undo = async (hash?: string): Promise<RunResult> => {
      const context = await bench.context();
      const wish = { action: setNumber(world), context, inputs: {}, undoes: context.incident.changes[0] };
      return hash === undefined ? bench.changing.plan(wish, never) : bench.changing.apply(wish, hash, never);
    };

    it('is a plan of its own, and leads back to what was saved', async () => {
      const { plan: planned } = await plan();
      await apply(planned?.hash);
      const back = await undo();
      assert.deepEqual([back.status, back.plan?.title, back.plan?.undoes], ['planned', 'Undo: Scale the service', (await ledger.read(incident)).changes[0]?.id]);
      assert.deepEqual(world.writes, [6]);
      const done = await undo(back.plan?.hash);
      assert.equal(done.status, 'done', done.summary);
      assert.deepEqual(world.writes, [6, 4]);
      assert.deepEqual(await states(), ['undone', 'done']);
    });

    it('is refused with the reason where there is no way back', async () => {
      const action = setNumber(world);
      const { planUndo: _none, ...without } = action;
      const { plan: planned } = await plan();
      await apply(planned?.hash);
      const context = await bench.context();
      const result = await bench.changing.plan({ action: without, context, inputs: {}, undoes: context.incident.changes[0] }, never);
      assert.deepEqual([result.status, result.summary], ['refused', '"Scale the service" cannot be undone: Sets 4 again.']);
    });
  });

  describe('that a second person must approve', () => {
    const TWO = { approval: 'twoPeople' } as const;

    /** As if a comment of that account held the event. */
    async function onTicket(event: string, author: string): Promise<void> {
      await ledger.append(incident, { type: 'delivery.done', request: `ticket/${event}`, how: 'sent', result: { comment: 1, index: 0, author } });
    }
    async function approve(hash: string, author?: string): Promise<void> {
      const { id } = await ledger.append(incident, { type: 'change.approved', plan: 'p', hash, until: new Date(clock.now() + 30 * 60_000).toISOString() }, { name: 'Grace', kind: 'person' });
      if (author !== undefined) {
        await onTicket(id, author);
      }
    }
    const shared = async (): Promise<Plan> => {
      const { plan: planned, event = '' } = await plan(6, undefined, TWO);
      await onTicket(event, 'ada');
      assert.ok(planned);
      return planned;
    };
    const attempt = (hash: string): Promise<RunResult> => apply(hash, undefined, never, TWO);

    it('is refused while the plan is on no ticket', async () => {
      const { plan: planned } = await plan(6, undefined, TWO);
      assert.match((await attempt(planned?.hash ?? '')).summary, /it is on no ticket yet/);
      assert.deepEqual(world.writes, []);
    });

    it('is refused until somebody has', async () => {
      const { hash } = await shared();
      assert.match((await attempt(hash)).summary, /^A second person must approve this plan first/);
      assert.deepEqual(world.writes, []);
    });

    it('is made once somebody else has', async () => {
      const { hash } = await shared();
      await approve(hash, 'grace');
      const result = await attempt(hash);
      assert.equal(result.status, 'done', result.summary);
    });

    for (const [what, author] of [['of the same account', 'ada'], ['that is on no ticket', undefined]] as const) {
      it(`is refused with an approval ${what}`, async () => {
        const { hash } = await shared();
        await approve(hash, author);
        const result = await attempt(hash);
        assert.equal(result.status, 'refused');
        assert.match(result.summary, author === undefined ? /^A second person must approve/ : /^You cannot approve your own plan/);
        assert.deepEqual(world.writes, []);
      });
    }

    it('is refused with an approval of another plan', async () => {
      const { hash } = await shared();
      await approve('f'.repeat(64), 'grace');
      assert.equal((await attempt(hash)).status, 'refused');
      assert.deepEqual(world.writes, []);
    });

    it('is refused once the approval has expired, although the plan is fresh', async () => {
      const { hash } = await shared();
      await approve(hash, 'grace');
      clock.advance(30 * 60_000);
      const anew = await shared();
      assert.equal(anew.hash, hash);
      const result = await attempt(hash);
      assert.deepEqual([result.status, result.summary], ['refused', 'The approval has expired. Ask for it again.']);
      assert.deepEqual(world.writes, []);
    });

    it('holds for the same plan made anew', async () => {
      const { hash } = await shared();
      await approve(hash, 'grace');
      clock.advance(10 * 60_000);
      await shared();
      assert.equal((await attempt(hash)).status, 'done');
    });
  });
});
