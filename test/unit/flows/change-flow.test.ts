import '../../support/use-fake-vscode.ts';
import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import type { Change } from '../../../src/incident/changes.ts';
import { PLAN_FRESH_MS } from '../../../src/incident/plan.ts';
import { createRedactor } from '../../../src/incident/redact.ts';
import type { LocalLedger } from '../../../src/ledger/local-ledger.ts';
import type { RunListener } from '../../../src/steps/run.ts';
import type { ChangeAction } from '../../../src/steps/step.ts';
import { LiveChanges } from '../../../src/views/live-changes.ts';
import { type NumberWorld, buildChanging, numberWorld, setNumber } from '../../support/build-change.ts';
import { buildLedger, declaration } from '../../support/build-ledger.ts';
import { type TestClock, createClock } from '../../support/clock.ts';
import { editor } from '../../support/fake-vscode.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

describe('a person who changes something', () => {
  const folder = useTemporaryFolder();
  let modules: { flow: typeof import('../../../src/flows/change-flow.ts') };
  let flow: ReturnType<typeof modules.flow.createChangeFlow>;
  let clock: TestClock;
  let ledger: LocalLedger;
  let incident: string;
  let world: NumberWorld;
  let action: ChangeAction;
  let shown: string[];
  let approvals: object[];

  before(async () => {
    modules = { flow: await import('../../../src/flows/change-flow.ts') };
  });

  beforeEach(async () => {
    editor.reset();
    clock = createClock();
    ledger = buildLedger(folder(), { clock });
    ({ id: incident } = await ledger.declare(declaration()));
    world = numberWorld();
    action = setNumber(world);
    [shown, approvals] = [[], []];
    const live = new LiveChanges();
    const listeners = new Set<RunListener>([live.onProgress]);
    const bench = buildChanging(ledger, incident, clock);
    const told = (): void => { bench.progress.slice(told.count).forEach((progress) => { listeners.forEach((listener) => { listener(progress); }); }); told.count = bench.progress.length; };
    told.count = 0;
    // What is seen is told with every look, as the runner does it.
    world.onLook = told;
    const changeOf = async (event: string): Promise<Change> => (await ledger.read(incident)).changes.find(({ id }) => id === event) ?? assert.fail(`no change ${event}`);
    flow = modules.flow.createChangeFlow({
      clock, ledger, live,
      redact: () => createRedactor(),
      origin: () => Promise.resolve('here'),
      show: (_incident, change, title) => {
        shown.push(`${title} ${change}`);
        return Promise.resolve();
      },
      planStep: () => assert.fail('nothing was hidden'),
      runner: {
        onProgress: (listener) => {
          listeners.add(listener);
          return { dispose: () => { listeners.delete(listener); } };
        },
        run: async ({ inputs, approve }, signal) => {
          const wish = { action, context: await bench.context(), inputs: inputs as { to: number } | undefined };
          return approve === undefined ? bench.changing.plan(wish, signal) : bench.changing.apply(wish, approve, signal);
        },
      },
      api: {
        undo: async ({ event }, signal = new AbortController().signal) => bench.changing.plan({ action, context: await bench.context(), inputs: {}, undoes: await changeOf(String(event)) }, signal),
        follow: async ({ event }, signal = new AbortController().signal) => await bench.changing.followUp({ action, context: await bench.context() }, await changeOf(String(event)), signal) ?? { status: 'refused', summary: 'Another window follows it.' },
        approve: (args) => {
          approvals.push(args);
          return Promise.resolve({ event: '', until: '2026-11-23T03:30:00Z' });
        },
      },
    });
  });

  const changes = async (): Promise<readonly Change[]> => (await ledger.read(incident)).changes;
  const states = async (): Promise<readonly string[]> => (await changes()).map(({ state }) => state);
  const row = async (index = -1): Promise<{ incident: string; change: string }> => ({ incident, change: (await changes()).at(index)?.id ?? '' });
  const planned = async (): Promise<void> => { await flow.plan(incident, 'scaleService', 'Scale the service', { to: 6 }); };
  const applied = async (): Promise<void> => {
    await planned();
    editor.buttons = ['Apply'];
    await flow.apply(await row());
  };

  it('is shown the plan, and nothing is changed', async () => {
    await planned();
    assert.deepEqual(shown, [`Scale the service ${(await row()).change}`]);
    assert.deepEqual(world.writes, []);
  });

  it('is told why there is none', async () => {
    await assert.rejects(flow.plan(incident, 'scaleService', 'Scale the service', { to: 2 }), (error) => error instanceof UserError && error.message === 'Scale the service: 2 is less than 4.');
    assert.deepEqual(shown, []);
  });

  it('is offered the fix of what stands in the way', async () => {
    action = setNumber(world, { plan: () => Promise.reject(new UserError('The profile is wrong.', { action: { title: 'Open setting', command: 'openSettings' } })) });
    await assert.rejects(planned(), (error) => error instanceof UserError && error.action?.title === 'Open setting');
  });

  it('is asked once more, and may think better of it', async () => {
    await planned();
    editor.buttons = [undefined];
    assert.equal(await flow.apply(await row()), undefined);
    assert.deepEqual(editor.seen, ['Apply to production?']);
    assert.deepEqual([world.writes, await states()], [[], ['planned']]);
  });

  it('sees how it goes on, and is offered the evidence and the way back at its end', async () => {
    world.looks = 2;
    await planned();
    editor.buttons = ['Apply', 'Undo…'];
    const result = await flow.apply(await row());
    assert.deepEqual([result?.status, world.writes, await states()], ['done', [6], ['done']]);
    await until('the end to be told', () => editor.executed.length > 0, 2_000);
    assert.equal(editor.seen.at(-1), 'Scale the service: It is 6');
    assert.deepEqual(editor.progress[0], { message: '1 looks left', increment: 50 });
    assert.deepEqual(editor.executed.map(({ command, argument }) => [command, (argument as { change: string }).change]), [['incidentRunbook.undoStep', (await row()).change]]);
  });

  it('plans the way back, and applies that', async () => {
    await applied();
    await flow.undo(await row(0));
    const [, back] = await changes();
    assert.deepEqual([back?.plan.title, back?.plan.undoes, back?.state, shown.at(-1)], ['Undo: Scale the service', (await row(0)).change, 'planned', `Undo: Scale the service ${back?.id ?? ''}`]);
  });

  it('cannot apply a plan that is too old, and is offered to plan it anew', async () => {
    await planned();
    clock.advance(PLAN_FRESH_MS + 1);
    await assert.rejects(flow.apply(await row()), (error) => error instanceof UserError && error.message === '"Scale the service" is planned, too old to be applied.' && error.action?.command === 'incidentRunbook.planAnew');
    await flow.planAnew(await row());
    assert.deepEqual([await states(), shown.length, world.writes], [['planned', 'planned'], 3, []]);
  });

  it('is shown the new plan when the world is another one than was shown', async () => {
    await planned();
    world.value = 5;
    editor.buttons = ['Apply', undefined];
    const result = await flow.apply(await row());
    assert.deepEqual([result?.status, world.writes, shown.at(-1)], ['refused', [], `Scale the service ${(await row()).change}`]);
    assert.match(editor.seen.at(-1) ?? '', /^Not applied: since the plan was shown, something has changed \(value\)/);
  });

  it('is told of a failure as of an error, and looks again at what nobody knows', async () => {
    action = setNumber(world, { look: () => Promise.resolve({ state: 'failed', summary: 'The circuit breaker went back' }) });
    await planned();
    editor.buttons = ['Apply', 'Open evidence'];
    await flow.apply(await row());
    await until('the end to be told', () => editor.executed.length > 0, 2_000);
    assert.deepEqual([editor.seen.at(-1), editor.executed[0]?.command, await states()], ['Scale the service: The circuit breaker went back', 'incidentRunbook.openStep', ['failed']]);
  });

  it('says what became of a change of which nobody knew', async () => {
    world.outlook = { state: 'unclear', summary: 'It cannot be told' };
    await planned();
    editor.buttons = ['Apply', undefined];
    await flow.apply(await row());
    assert.deepEqual(await states(), ['unclear']);
    editor.picks = ['It was made'];
    editor.inputs = ['Six tasks run, see the console'];
    await flow.record(await row());
    const [change] = await changes();
    assert.deepEqual([change?.state, change?.end?.summary], ['done', 'It was made, seen by a person: Six tasks run, see the console']);
  });

  it('looks again, and nothing is made again', async () => {
    world.outlook = { state: 'unclear', summary: 'It cannot be told' };
    await planned();
    editor.buttons = ['Apply', undefined, undefined];
    await flow.apply(await row());
    world.outlook = undefined;
    assert.equal((await flow.follow(await row()))?.status, 'done');
    assert.deepEqual([world.writes, await states()], [[6], ['done']]);
  });

  it('stops watching, and is told that it goes on', async () => {
    world.outlook = { state: 'underway', summary: '1 of 2', portion: 0.5 };
    await planned();
    const meant = await row();
    editor.buttons = ['Apply', undefined];
    let stopped: Promise<void> | undefined;
    world.onLook = () => { stopped ??= flow.stop(meant); };
    const result = await flow.apply(meant);
    await stopped;
    assert.deepEqual([result?.status, await states()], ['cancelled', ['left']]);
    assert.match(editor.seen.at(-1) ?? '', /No longer watched: 1 of 2\. What was begun goes on by itself/);
  });

  it('approves somebody else\'s plan only after a look at it', async () => {
    await planned();
    const [change] = await changes();
    editor.buttons = [undefined];
    await flow.approve(await row());
    assert.deepEqual(approvals, []);
    editor.buttons = ['Approve'];
    await flow.approve(await row());
    assert.deepEqual(approvals, [{ incident, hash: change?.plan.hash }]);
    assert.deepEqual(editor.seen, ['Approve what Amira plans for production?', 'Approve what Amira plans for production?', 'You approved "Scale the service". Amira may apply exactly this plan until 03:30 UTC.']);
  });

  it('cannot say what became of a plan that nobody applied', async () => {
    await planned();
    editor.picks = ['It was made'];
    editor.inputs = ['Six tasks run'];
    await assert.rejects(flow.record(await row()), /nothing to record/);
    assert.equal((await ledger.read(incident)).times.mitigated, undefined);
  });

  it('is told when there is nothing to be done', async () => {
    await assert.rejects(flow.apply({ incident }), /No plan waits to be applied/);
    await assert.rejects(flow.undo({ incident }), /There is no change that can be undone/);
  });
});
