import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { GoneError, UserError } from '../../../src/errors.ts';
import { iso } from '../../../src/incident/clock.ts';
import type { NewEvent } from '../../../src/incident/events.ts';
import type { LocalLedger } from '../../../src/ledger/local-ledger.ts';
import type { RunResult } from '../../../src/steps/run.ts';
import type { ChangeAction } from '../../../src/steps/step.ts';
import { type ChangeBench, type NumberWorld, buildChanging, numberWorld, setNumber } from '../../support/build-change.ts';
import { buildLedger, declaration } from '../../support/build-ledger.ts';
import { type TestClock, createClock } from '../../support/clock.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

describe('a change, whatever comes between', () => {
  const folder = useTemporaryFolder();
  let clock: TestClock;
  let ledger: LocalLedger;
  let incident: string;
  let world: NumberWorld;
  let bench: ChangeBench;
  let never: AbortSignal;

  beforeEach(async () => {
    clock = createClock(); ledger = buildLedger(folder(), { clock });
    ({ id: incident } = await ledger.declare(declaration()));
    world = numberWorld(); bench = buildChanging(ledger, incident, clock); never = new AbortController().signal;
  });
  const states = async () => (await ledger.read(incident)).changes.map(({ state }) => state);
  const plan = async (action: ChangeAction = setNumber(world), to = 6): Promise<RunResult> => bench.changing.plan({ action, context: await bench.context(), inputs: { to } }, never);
  const apply = async (hash = '', action: ChangeAction = setNumber(world), b = bench): Promise<RunResult> => b.changing.apply({ action, context: await b.context() }, hash, never);
  const failing = (type: NewEvent['type'], times = 1): void => {
    const append = ledger.append.bind(ledger);
    let left = times;
    ledger.append = (id, event, actor) => (event.type === type && left-- > 0 ? Promise.reject(new UserError('The timeline could not be written: disk full.')) : append(id, event, actor));
  };
  const other = (origin = 'here') => buildChanging(buildLedger(folder(), { clock }), incident, clock, origin);
  const look = async (b: ChangeBench, id: string, action = setNumber(world)) => {
    const context = await b.context();
    const change = context.incident.changes.find((one) => one.id === id); assert.ok(change);
    const abort = new AbortController(); return b.changing.followUp({ action: { ...action, look: async (...a) => { const o = await action.look(...a); abort.abort(); return o; } }, context }, change, abort.signal);
  };

  it('is not called interrupted while it takes long to be made', async () => {
    const { plan: p, change: id = '' } = await plan();
    const action = setNumber(world);
    let seen: unknown;
    await apply(p?.hash, { ...action, apply: async (c, a) => { clock.advance(40_000); seen = (await look(other(), id))?.summary; return action.apply(c, a); } });
    assert.doesNotMatch(String(seen), /nothing has changed/);
  });
  it('that was made is not called refused because its end cannot be written down', async () => {
    const { plan: p } = await plan(); failing('step.finished');
    const r = await apply(p?.hash);
    assert.notEqual(r.status, 'refused');
  });
  it('keeps what was answered when that cannot be written down at first', async () => {
    const { plan: p } = await plan(); failing('change.made');
    await apply(p?.hash);
    assert.deepEqual((await ledger.read(incident)).changes[0]?.made?.result, { written: 6 });
  });
  it('is followed although its turn cannot be given back', async () => {
    const { plan: p } = await plan(); failing('step.released');
    const r = await apply(p?.hash);
    assert.equal(r.status, 'done');
  });
  it('is not undone to what redaction left of it', async () => {
    const action = setNumber(world, { planUndo: (_c, change) => Promise.resolve({ system: 's', resource: 'r', summary: 'Set owner', differences: [], before: { owner: 'x' }, after: { owner: change.plan.before['owner'] ?? null }, command: '', hazards: [], undo: { possible: false, how: '' }, follow: '' }) });
    const base = action.plan;
    const secret = { ...action, plan: async (...args: Parameters<typeof base>) => ({ ...await base(...args), before: { owner: 'ada@example.com' } }) };
    const { plan: p } = await plan(secret);
    await bench.changing.apply({ action: secret, context: await bench.context(), inputs: { to: 6 } }, p?.hash ?? '', never);
    const context = await bench.context();
    const r = await bench.changing.plan({ action: secret, context, inputs: {}, undoes: context.incident.changes[0] }, never);
   
    assert.equal(r.status, 'refused');
  });
  it('is not made by a second plan of the same while the first one is under way', async () => {
    const action = setNumber(world, { plan: () => Promise.resolve({ system: 's', resource: 'script', summary: 'Run it', differences: [], before: { sha: 'a' }, after: { to: 6 }, command: '', hazards: [], undo: { possible: false, how: '' }, follow: '' }), apply: () => { world.writes.push(1); return Promise.resolve({}); }, look: () => Promise.resolve({ state: 'done', summary: 'ran' }) });
    const { plan: p } = await plan(action);
    const ben = other('there');
    let second: string | undefined;
    await apply(p?.hash, { ...action, look: async () => {
      if (second === undefined) { second = ''; await ben.changing.plan({ action, context: await ben.context(), inputs: { to: 6 } }, never); second = (await apply(p?.hash, action, ben)).status; }
      return { state: 'done', summary: 'ran' };
    } });
   
    assert.equal(second, 'refused');
  });
  it('is not called interrupted on another machine while it is made', async () => {
    const { plan: p, change: id = '' } = await plan();
    const action = setNumber(world);
    let seen: string | undefined;
    // the other machine has its own ledger: no leases of this one, but the events
    const theirs = buildLedger(`${folder()}/theirs`, { clock });
    await apply(p?.hash, { ...action, apply: async (c, a) => {
      await theirs.adopt(incident, (await ledger.timeline(incident)).filter(({ type }) => type !== 'delivery.attempted'));
      seen = (await look(buildChanging(theirs, incident, clock, 'there'), id))?.summary;
      return action.apply(c, a);
    } });
   
    assert.doesNotMatch(seen ?? '', /nothing has changed/);
  });
  it('is refused when a danger was found, or the way back lost, since it was shown', async () => {
    const { plan: p } = await plan();
    const base = setNumber(world);
    const r = await apply(p?.hash, { ...base, plan: async (...a) => ({ ...await base.plan(...a), hazards: [{ level: 'danger', text: 'Everything will burn' }], undo: { possible: false, how: 'No undo.' } }) });
    assert.equal(r.status, 'refused');
  });
  it('shown as one for two people stays one, whatever the runbook says by then', async () => {
    const r0 = await bench.changing.plan({ action: setNumber(world), context: await bench.context({ approval: 'twoPeople' }), inputs: { to: 6 } }, never);
    const r = await apply(r0.plan?.hash);
    assert.equal(r.status, 'refused');
  });
  it('is not free again because somebody took back that it was asked for', async () => {
    const { plan: p, change: id = '' } = await plan();
    const { id: event } = await ledger.append(incident, { type: 'change.requested', plan: id, hash: 'h', origin: 'here' });
    await ledger.append(incident, { type: 'event.amended', amends: event, changes: { retracted: true } });
    const r = await apply(p?.hash);
    assert.equal(r.status, 'refused');
  });
  it('is not fresh again because somebody corrected when it was planned', async () => {
    const { plan: p, change: id = '' } = await plan();
    clock.advance(60 * 60_000);
    await ledger.append(incident, { type: 'event.amended', amends: id, changes: { at: iso(clock.now()) } });
    const r = await apply(p?.hash);
    assert.equal(r.status, 'refused');
  });
  it('ends once, although two windows looked', async () => {
    const { plan: p, change: id = '' } = await plan();
    const action = setNumber(world);
    let n = 0;
    world.looks = 0;
    const slow: ChangeAction = { ...action, look: async (c, q, m, s) => {
      n += 1;
      if (n === 1) { clock.advance(40_000); console.log('   other:', (await look(other(), id))?.summary); return { state: 'underway', summary: 'slow' }; }
      return action.look(c, q, m, s);
    } };
    await apply(p?.hash, slow);
    const ends = (await ledger.read(incident)).events.filter(({ type }) => type === 'step.finished');
   
    assert.equal(ends.length, 1);
  });
  it('is left to the next window by one that goes away', async () => {
    const { change: id = '' } = await plan();
    await ledger.append(incident, { type: 'change.requested', plan: id, hash: 'h', origin: 'here' });
    await ledger.append(incident, { type: 'change.made', plan: id, result: {} });
    world.outlook = { state: 'underway', summary: '1 of 2' };
    const context = await bench.context(); const change = context.incident.changes[0];
    assert.ok(change);
    const abort = new AbortController(); world.onLook = () => { abort.abort(new GoneError()); };
    await bench.changing.followUp({ action: setNumber(world), context }, change, abort.signal);
   
    assert.deepEqual(await states(), ['following']);
  });

  it('says that the others could not be asked', async () => {
    const { plan: p } = await plan();
    const { Changing } = await import('../../../src/steps/changing.ts');
    const { createRedactor } = await import('../../../src/incident/redact.ts');
    const changing = new Changing({ ledger, clock, log: () => undefined, tell: () => undefined, redact: () => createRedactor(), wait: () => Promise.resolve(),
      outgoing: { origin: () => Promise.resolve('here'), settle: () => Promise.resolve(), claim: () => Promise.resolve({ won: true, note: 'The other responders could not be asked.', release: () => Promise.resolve() }) } });
    const r = await changing.apply({ action: setNumber(world), context: await bench.context() }, p?.hash ?? '', never);
    assert.match(r.summary, /The other responders could not be asked/);
  });
});
