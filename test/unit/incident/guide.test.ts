import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import { type Incident, fold } from '../../../src/incident/fold.ts';
import { type NextAction, nextActions } from '../../../src/incident/guide.ts';
import { clockRules } from '../../../src/runbook/targets.ts';
import { createEvents, minute, stepResult } from '../../support/build-events.ts';
import { changeTimeline, scalePlan } from '../../support/build-plan.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START } from '../../support/clock.ts';

const TARGETS = { acknowledgeMinutes: 2, responseMinutes: { P1: 0, P2: 15, P3: 60, P4: 240 } } as const;

/** What is to be done so many minutes after the start, ticket and team apart. */
function next(events: readonly TimelineEvent[], minutes: number, targets: Parameters<typeof nextActions>[1] = TARGETS): NextAction[] {
  const incident = fold(events);
  assert.ok(incident);
  return nextActions(incident, targets, START + minutes * 60_000).filter(({ step }) => !TELLING.includes(step));
}

const TELLING = ['createTicket', 'notifyTeam'];

/** Of those, ticket and team only. */
function telling(events: readonly TimelineEvent[], minutes: number): NextAction[] {
  const incident = fold(events);
  assert.ok(incident);
  return nextActions(incident, TARGETS, START + minutes * 60_000).filter(({ step }) => TELLING.includes(step));
}

/** Urgent ones end with an exclamation mark. */
function steps(actions: readonly NextAction[]): string[] {
  return actions.map(({ step, urgent }) => (urgent ? `${step}!` : step));
}

describe('nextActions', () => {
  it('begins with acknowledging, assessing and investigating', () => {
    const { declared } = createEvents();
    assert.deepEqual(steps(next([declared()], 1)), ['acknowledge', 'assessSeverity', 'investigate']);
  });

  it('asks for ticket and team as soon as the severity is known, until there is one and they know', () => {
    const { declared, event } = createEvents();
    const p2 = [declared(), event('severity.set', { severity: 'P2', reasons: [] })];
    const ticket = event('ticket.linked', { repository: 'acme/shop', number: 7, url: 'https://github.com/acme/shop/issues/7' });
    assert.deepEqual(steps(telling([declared()], 1)), []);
    assert.deepEqual(steps(telling(p2, 15)), ['createTicket', 'notifyTeam']);
    assert.deepEqual(steps(telling(p2, 16)), ['createTicket!', 'notifyTeam!']);
    assert.deepEqual(steps(telling([...p2, ticket], 1)), ['notifyTeam']);
    assert.deepEqual(steps(telling([...p2, event('step.finished', { result: stepResult('createTicket') })], 1)), ['notifyTeam'], 'opened by hand, or on its way');
    assert.deepEqual(steps(telling([...p2, ticket, event('step.finished', { result: stepResult('notifyTeam') })], 1)), []);
    assert.deepEqual(steps(telling([...p2, ticket, event('step.finished', { result: stepResult('notifyTeam', { outcome: 'failed' }) })], 1)), ['notifyTeam']);
  });

  it('says by how much the acknowledgement is late', () => {
    const { declared } = createEvents();
    const [acknowledge] = next([declared()], 4);
    assert.deepEqual([acknowledge?.urgent, acknowledge?.reason], [true, 'Target was 2 min, 4 min have passed']);
    assert.equal(next([declared()], 2)[0]?.urgent, false);
    assert.equal(next([declared()], 400, { responseMinutes: TARGETS.responseMinutes }).find(({ step }) => step === 'acknowledge')?.urgent, false);
  });

  it('presses for a severity after five minutes', () => {
    const { declared } = createEvents();
    assert.deepEqual(steps(next([declared()], 6)), ['acknowledge!', 'assessSeverity!', 'investigate']);
  });

  it("presses for an investigation by the severity's response time", () => {
    const { declared, event } = createEvents();
    const p2 = [declared(), event('incident.acknowledged', {}), event('severity.set', { severity: 'P2', reasons: [] })];
    assert.deepEqual(steps(next(p2, 15)), ['investigate']);
    assert.deepEqual(steps(next(p2, 16)), ['investigate!']);
    assert.deepEqual(steps(next([...p2, event('severity.set', { severity: 'P1', reasons: [] })], 1)), ['investigate!']);
  });

  it('names what is due by the clock: the next update always, the rest when it is near, the overdue first', () => {
    const { declared, event } = createEvents();
    const p1 = [declared(), event('incident.acknowledged', {}), event('severity.set', { severity: 'P1', reasons: [] })];
    const targets = { ...TARGETS, clocks: clockRules(bundledRunbook()) };
    assert.deepEqual(steps(next(p1, 0, targets)), ['notifyStakeholders!', 'investigate', 'postUpdate']);
    assert.deepEqual(next(p1, 17, targets).map(({ title, reason }) => `${title}: ${reason}`), [
      'Investigate: All checks at once', 'Notify Product Owner: 17 min overdue', 'Post an update: 2 min overdue',
    ]);
    assert.deepEqual(steps(next(p1, 21, targets)), ['investigate!', 'notifyStakeholders!', 'postUpdate!', 'notifyStakeholders', 'openWarRoom']);
  });

  it('says until when a clock is snoozed, for as long as it is', () => {
    const { declared, event } = createEvents();
    const p1 = [
      declared(), event('incident.acknowledged', {}), event('severity.set', { severity: 'P1', reasons: [] }),
      event('reminder.snoozed', { step: 'postUpdate', until: minute(25) }, { minute: 16 }),
    ];
    const reasonAt = (at: number) => next(p1, at, { ...TARGETS, clocks: clockRules(bundledRunbook()) }).find(({ id }) => id === 'postUpdate')?.reason;
    assert.deepEqual([reasonAt(17), reasonAt(25)], ['snoozed until 03:25 UTC · 2 min overdue', '10 min overdue']);
  });

  it('tells apart whom a step is for', () => {
    const { declared, event } = createEvents();
    const p1 = [declared(), event('incident.acknowledged', {}), event('severity.set', { severity: 'P1', reasons: [] })];
    const actions = next(p1, 21, { ...TARGETS, clocks: clockRules(bundledRunbook()) });
    assert.deepEqual(actions.map(({ id, inputs }) => (inputs === undefined ? id : `${id} ${JSON.stringify(inputs)}`)), [
      'investigate', 'notifyStakeholders/productOwner {"contact":"productOwner"}', 'postUpdate', 'notifyStakeholders/executiveTeam {"contact":"executiveTeam"}', 'openWarRoom',
    ]);
  });

  it('asks for what was found, until something is documented', () => {
    const { declared, event } = createEvents();
    const looked = [
      declared(), event('incident.acknowledged', {}), event('severity.set', { severity: 'P1', reasons: [] }),
      event('finding.documented', { text: 'before' }, { minute: 1 }),
      event('step.finished', { result: stepResult('investigate', { level: 'bad', summary: '2 bad' }) }, { minute: 2 }),
    ];
    const actions = next(looked, 3);
    assert.deepEqual(steps(actions), ['documentFinding', 'tailLogs']);
    assert.equal(actions[0]?.reason, '2 bad');
    assert.deepEqual(steps(next([...looked, event('finding.documented', { text: 'after' }, { minute: 3 })], 4)), ['tailLogs']);
  });

  it('asks for nothing to be documented when all is well', () => {
    const { declared, event } = createEvents();
    const looked = [declared(), event('incident.acknowledged', {}), event('severity.set', { severity: 'P4', reasons: [] }), event('step.finished', { result: stepResult('investigate') })];
    assert.deepEqual(steps(next(looked, 1)), ['tailLogs']);
    assert.deepEqual(steps(next([...looked, event('step.finished', { result: stepResult('tailLogs') })], 1)), []);
  });

  it('offers another look once the last one is old', () => {
    const { declared, event } = createEvents();
    const looked = [declared(), event('incident.acknowledged', {}), event('severity.set', { severity: 'P4', reasons: [] }), event('step.finished', { result: stepResult('investigate') })];
    assert.deepEqual(steps(next(looked, 15)), ['tailLogs']);
    assert.deepEqual(steps(next(looked, 16)), ['investigate', 'tailLogs']);
    const actions = next(looked, 75);
    assert.deepEqual(steps(actions), ['investigate', 'tailLogs']);
    assert.deepEqual([actions[0]?.title, actions[0]?.reason], ['Investigate again', 'The last look is 1 h 15 min old']);
  });

  describe('after a mitigation', () => {
    const targets = { ...TARGETS, clocks: clockRules(bundledRunbook()) };
    const PROOFS = ['verifyMitigation', 'monitorStability'];
    const { declared, event } = createEvents();
    const begun = [declared(), event('incident.acknowledged', {}), event('severity.set', { severity: 'P4', reasons: [] })];
    const done = (step: string, at: number, changes: Parameters<typeof stepResult>[1] = {}) => event('step.finished', { result: stepResult(step, { title: step, ...changes }) }, { minute: at });
    /** What is asked for in proof of it, with the reason. */
    const proofs = (...events: readonly TimelineEvent[]): string[] => next([...begun, ...events], 60, targets).filter(({ step }) => PROOFS.includes(step)).map(({ step, reason }) => `${step}: ${reason}`);
    const restarted = done('restartService', 10);
    const verified = done('verifyMitigation', 11);
    const watching = event('watch.started', { step: 'monitorStability', minutes: 30, origin: 'here' }, { minute: 12 });

    it('asks for nothing before there is one', () => {
      assert.deepEqual(proofs(), []);
      assert.deepEqual(proofs(done('restartService', 10, { outcome: 'failed' }), done('verifyMitigation', 11)), []);
    });

    it('asks to verify it, then to watch it, until that has passed', () => {
      assert.deepEqual(proofs(restarted), ['verifyMitigation: "restartService" was done at 03:10 UTC']);
      assert.deepEqual(proofs(restarted, verified), ['monitorStability: Whether what was mended stays so']);
      assert.deepEqual(proofs(restarted, done('verifyMitigation', 11, { level: 'warn' })), ['monitorStability: Whether what was mended stays so']);
      assert.deepEqual(proofs(restarted, verified, watching), [], 'somebody watches');
      assert.deepEqual(proofs(restarted, verified, watching, done('monitorStability', 42), event('watch.ended', { watch: watching.id, outcome: 'stable' }, { minute: 42 })), []);
    });

    it('asks to watch again when the watch was stopped', () => {
      assert.deepEqual(proofs(restarted, verified, watching, done('monitorStability', 20, { outcome: 'cancelled' }), event('watch.ended', { watch: watching.id, outcome: 'stopped' }, { minute: 20 })), ['monitorStability: Whether what was mended stays so']);
    });

    it('asks to verify again what could not be told, and not to watch what is no better', () => {
      assert.deepEqual(proofs(restarted, done('verifyMitigation', 11, { level: 'unknown', summary: 'Unknown: user reports' })), ['verifyMitigation: Unknown: user reports']);
      assert.deepEqual(proofs(restarted, done('verifyMitigation', 11, { level: 'bad' })), []);
    });

    it('counts no proof from before the last mitigation', () => {
      assert.deepEqual(proofs(restarted, verified, done('monitorStability', 42), done('clearCache', 50)), ['verifyMitigation: "clearCache" was done at 03:50 UTC']);
    });

    it('asks for nothing of a change that was undone', () => {
      const [change, undo] = [changeTimeline(), scalePlan()];
      const id = change.planned(undo, { minute: 2 });
      change.requested(id, { minute: 3 });
      change.made(id, { minute: 3 });
      change.ended(id, 'done', 'All tasks run', { minute: 4 });
      const asks = (incident: Incident): boolean => nextActions(incident, targets, START + 3_600_000).some(({ step }) => step === 'verifyMitigation');
      assert.equal(asks(change.incident()), true);
      const back = change.planned({ ...undo, undoes: id }, { minute: 5 });
      change.requested(back, { minute: 6 });
      change.made(back, { minute: 6 });
      change.ended(back, 'done', 'As before', { minute: 7 });
      assert.equal(asks(change.incident()), false);
    });
  });

  it('has nothing for a closed incident', () => {
    const { declared, event } = createEvents();
    assert.deepEqual(next([declared(), event('incident.closed', { reason: 'x' })], 100), []);
  });
});
