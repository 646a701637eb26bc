import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { iso } from '../../../src/incident/clock.ts';
import type { Severity } from '../../../src/incident/events.ts';
import { randomIds } from '../../../src/ledger/ids.ts';
import type { LocalLedger } from '../../../src/ledger/local-ledger.ts';
import { clockRules } from '../../../src/runbook/targets.ts';
import { Reminders } from '../../../src/views/reminders.ts';
import { PERSON } from '../../support/build-events.ts';
import { buildLedger, declaration } from '../../support/build-ledger.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { type TestClock, createClock } from '../../support/clock.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const MINUTE = 60_000;

/** A reminder on the screen. */
interface Shown {
  readonly message: string;
  readonly buttons: readonly string[];
  /** Presses a button, or passes the reminder over. */
  answer(button?: string): void;
}

describe('reminders', () => {
  const folder = useTemporaryFolder();
  let clock: TestClock;
  let ledger: LocalLedger;
  let shown: Shown[];
  let runs: unknown[];
  let errors: unknown[];
  let open: Reminders[];

  beforeEach(() => {
    clock = createClock();
    ledger = buildLedger(folder(), { clock, ids: randomIds() });
    [shown, runs, errors, open] = [[], [], [], []];
  });
  afterEach(() => {
    open.forEach((reminders) => { reminders.dispose(); });
    ledger.dispose();
  });

  function build(): Reminders {
    const rules = clockRules(bundledRunbook());
    const reminders = new Reminders({
      ledger, clock, rules: () => rules,
      show: (message, buttons) => new Promise((resolve) => { shown.push({ message, buttons, answer: resolve }); }),
      run: (step, incident, inputs) => { runs.push({ step, incident, ...(inputs === undefined ? {} : { inputs }) }); return Promise.resolve(); },
      snooze: (incident, id, at) => ledger.append(incident, { type: 'reminder.snoozed', step: id, until: iso(at) }),
      onError: (error) => { errors.push(error); },
    });
    open.push(reminders);
    return reminders;
  }

  async function declare(severity: Severity, title = 'Prescriptions fail'): Promise<string> {
    const { id } = await ledger.declare(declaration(title));
    await ledger.append(id, { type: 'severity.set', severity, reasons: [] });
    return id;
  }

  const messages = (): string[] => shown.map(({ message }) => message);

  /** Waits until what follows an answer has been written and looked at again. */
  async function answered(reminder: Shown | undefined, button?: string): Promise<void> {
    assert.ok(reminder);
    reminder.answer(button);
    await new Promise((resolve) => { setImmediate(resolve); });
  }

  it('says what is due, of which incident and since when, with the draft one press away', async () => {
    const incident = await declare('P3');
    const reminders = build();
    await reminders.tick();
    assert.deepEqual(messages(), []);
    clock.advance(60 * MINUTE);
    await reminders.tick();
    assert.deepEqual(shown.map(({ message, buttons }) => [message, buttons]), [['P3 Prescriptions fail: post an update, due now', ['Draft update', 'Snooze 5 min']]]);
    await answered(shown[0], 'Draft update');
    assert.deepEqual(runs, [{ step: 'postUpdate', incident }]);
  });

  it('has a draft of its own for each kind of clock, with what it is to be run with', async () => {
    const incident = await declare('P1');
    clock.advance(33 * MINUTE);
    await build().tick();
    assert.deepEqual(shown.map(({ message, buttons }) => [message, buttons[0]]), [
      ['P1 Prescriptions fail: notify Product Owner, due 33 min ago', 'Notify…'],
      ['P1 Prescriptions fail: post an update, due 18 min ago', 'Draft update'],
      ['P1 Prescriptions fail: notify Executive Team, due 3 min ago', 'Notify…'],
      ['P1 Prescriptions fail: open a war room, due 3 min ago', 'Open war room'],
    ]);
    await answered(shown[2], 'Notify…');
    assert.deepEqual(runs, [{ step: 'notifyStakeholders', incident, inputs: { contact: 'executiveTeam' } }]);
  });

  it('shows one at a time for a clock, and again every five minutes that nobody answers: VS Code hides it by itself', async () => {
    await declare('P3');
    const reminders = build();
    clock.advance(60 * MINUTE);
    await Promise.all([reminders.tick(), reminders.tick()]);
    assert.equal(shown.length, 1);
    clock.advance(4 * MINUTE);
    await reminders.tick();
    assert.equal(shown.length, 1);
    clock.advance(MINUTE);
    await Promise.all([reminders.tick(), reminders.tick()]);
    assert.equal(shown.length, 2);
  });

  it('keeps quiet for five minutes when it was passed over, then says it again', async () => {
    await declare('P3');
    const reminders = build();
    clock.advance(60 * MINUTE);
    await reminders.tick();
    await answered(shown[0]);
    clock.advance(5 * MINUTE - 1);
    await reminders.tick();
    assert.equal(shown.length, 1);
    clock.advance(1);
    await reminders.tick();
    assert.equal(messages()[1], 'P3 Prescriptions fail: post an update, due 5 min ago');
  });

  it('is snoozed on the timeline, so that it stays quiet after a reload and in other windows', async () => {
    const incident = await declare('P3');
    clock.advance(60 * MINUTE);
    await build().tick();
    shown[0]?.answer('Snooze 5 min');
    await until('the snooze', async () => (await ledger.read(incident)).snoozed.has('postUpdate'));
    const reloaded = build();
    await reloaded.tick();
    clock.advance(5 * MINUTE - 1);
    await reloaded.tick();
    assert.equal(shown.length, 1);
    clock.advance(1);
    await reloaded.tick();
    assert.equal(shown.length, 2);
  });

  it('speaks again at once after a reload: a reminder that was on the screen is gone', async () => {
    await declare('P3');
    clock.advance(60 * MINUTE);
    await build().tick();
    await build().tick();
    assert.deepEqual(messages(), Array.from({ length: 2 }, () => 'P3 Prescriptions fail: post an update, due now'));
  });

  it('is wound up by the update, and due again when the next one is', async () => {
    const incident = await declare('P3');
    const reminders = build();
    clock.advance(60 * MINUTE);
    await reminders.tick();
    await ledger.append(incident, { type: 'update.posted', status: 'Investigating', impact: 'i', actions: 'a', next: 'n', eta: 'e', text: 't' });
    await answered(shown[0]);
    clock.advance(59 * MINUTE);
    await reminders.tick();
    assert.equal(shown.length, 1);
    clock.advance(MINUTE);
    await reminders.tick();
    assert.equal(messages()[1], 'P3 Prescriptions fail: post an update, due now');
  });

  it('looks when a timeline changes, without waiting for the next tick', async () => {
    const reminders = build();
    await reminders.tick();
    const incident = await declare('P1');
    await until('a reminder of the Product Owner', () => messages().includes('P1 Prescriptions fail: notify Product Owner, due now'));
    await ledger.append(incident, { type: 'incident.closed', reason: 'A drill' });
    await answered(shown[0]);
    clock.advance(60 * MINUTE);
    await reminders.tick();
    assert.equal(shown.length, 1, 'a closed incident has no clocks');
  });

  it('reminds of every open incident on its own', async () => {
    await declare('P3', 'Logins fail');
    await declare('P4', 'Icons are missing');
    clock.advance(61 * MINUTE);
    await build().tick();
    assert.deepEqual(messages().sort(), ['P3 Logins fail: post an update, due 1 min ago', 'P4 Icons are missing: post an update, due 1 min ago']);
  });

  it('tells of a step that failed, and goes on', async () => {
    await declare('P3');
    const reminders = new Reminders({
      ledger, clock, rules: () => clockRules(bundledRunbook()),
      show: (_message, [button]) => Promise.resolve(button),
      run: () => { runs.push('tried'); return Promise.reject(new Error('The disk is full')); },
      snooze: () => Promise.resolve(),
      onError: (error) => { errors.push(error); },
    });
    open.push(reminders);
    clock.advance(60 * MINUTE);
    await reminders.tick();
    await until('the error', () => errors.length === 1);
    clock.advance(5 * MINUTE);
    await reminders.tick();
    await until('the second attempt', () => runs.length === 2);
  });

  it('leaves an incident out that cannot be read, and reminds of the others', async () => {
    await declare('P3', 'Logins fail');
    await declare('P3', 'Icons are missing');
    const broken = (await ledger.list('open'))[0]?.id;
    const read = ledger.read.bind(ledger);
    ledger.read = (id) => (id === broken ? Promise.reject(new Error('Damaged')) : read(id));
    clock.advance(60 * MINUTE);
    await build().tick();
    assert.equal(shown.length, 1);
    assert.deepEqual(errors.map(String), ['Error: Damaged']);
  });

  it('says nothing before the runbook is read', async () => {
    await declare('P3');
    clock.advance(60 * MINUTE);
    const reminders = new Reminders({
      ledger, clock, rules: () => undefined, show: () => assert.fail('Nothing is known of clocks'),
      run: () => Promise.resolve(), snooze: () => Promise.resolve(), onError: (error) => { errors.push(error); },
    });
    open.push(reminders);
    await reminders.tick();
    assert.deepEqual(errors, []);
  });

  it('takes events by a person other than this one', async () => {
    const incident = await declare('P3');
    clock.advance(30 * MINUTE);
    await ledger.append(incident, { type: 'update.posted', status: 'Investigating', impact: 'i', actions: 'a', next: 'n', eta: 'e', text: 't' }, { ...PERSON, name: 'Basem' });
    clock.advance(30 * MINUTE);
    await build().tick();
    assert.deepEqual(shown, []);
  });
});
