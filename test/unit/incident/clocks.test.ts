import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type ClockRules, type DueStep, dueSteps, reminders, untilDue } from '../../../src/incident/clocks.ts';
import type { Severity, TimelineEvent } from '../../../src/incident/events.ts';
import { fold } from '../../../src/incident/fold.ts';
import { clockRules } from '../../../src/runbook/targets.ts';
import { createEvents, stepResult } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START } from '../../support/clock.ts';
import { requested } from '../../support/build-deliveries.ts';

const RULES: ClockRules = clockRules(bundledRunbook());

/** What is due, as `title @ minutes after the start`. */
function due(events: readonly TimelineEvent[]): string[] {
  const incident = fold(events);
  assert.ok(incident);
  return dueSteps(incident, RULES).map(({ title, at }) => `${title} @ ${(at - START) / 60_000}`);
}

describe('dueSteps, by the clocks of the bundled runbook', () => {
  const assessed = (severity: Severity, minute = 0): { events: TimelineEvent[]; event: ReturnType<typeof createEvents>['event'] } => {
    const { declared, event } = createEvents();
    return { events: [declared(), event('severity.set', { severity, reasons: [] }, { minute })], event };
  };

  it('has none before the severity is known, and none after the end', () => {
    const { declared, event } = createEvents();
    assert.deepEqual(due([declared()]), []);
    assert.deepEqual(due([declared(), event('severity.set', { severity: 'P1', reasons: [] }), event('incident.closed', { reason: 'over' }, { minute: 1 })]), []);
  });

  it('follows each severity', () => {
    assert.deepEqual(due(assessed('P1').events), [
      'Notify Product Owner @ 0', 'Post an update @ 15', 'Notify Executive Team @ 30', 'Open a war room @ 30', 'Escalate @ 60',
    ]);
    assert.deepEqual(due(assessed('P2').events), ['Post an update @ 30', 'Notify Product Owner @ 30', 'Escalate @ 240']);
    assert.deepEqual(due(assessed('P3').events), ['Post an update @ 60']);
    assert.deepEqual(due(assessed('P4').events), ['Post an update @ 60']);
  });

  it('is wound up again by the update, time after time', () => {
    const { events, event } = assessed('P2');
    for (const [minute, next] of [[29, 59], [70, 100]] as const) {
      events.push(event('step.finished', { result: stepResult('postUpdate') }, { minute }));
      assert.ok(due(events).includes(`Post an update @ ${next}`), due(events).join());
    }
    events.push(event('step.finished', { result: stepResult('postUpdate', { outcome: 'failed' }) }, { minute: 80 }));
    assert.ok(due(events).includes('Post an update @ 100'), 'a later attempt that failed takes nothing back');
  });

  it('is wound up by an update recorded by hand as well, whichever came last', () => {
    const { events, event } = assessed('P2');
    const written = { status: 'Mitigating', impact: 'i', actions: 'a', next: 'n', eta: 'e', text: 't' } as const;
    events.push(event('update.posted', written, { minute: 20 }));
    assert.ok(due(events).includes('Post an update @ 50'));
    events.push(event('step.finished', { result: stepResult('postUpdate') }, { minute: 10 }));
    assert.ok(due(events).includes('Post an update @ 50'));
  });

  it('is not wound up by an update that failed', () => {
    const { events, event } = assessed('P2');
    events.push(event('step.finished', { result: stepResult('postUpdate', { outcome: 'failed' }) }, { minute: 10 }));
    assert.ok(due(events).includes('Post an update @ 30'));
  });

  it('starts anew when the severity changes, and only then', () => {
    const { events, event } = assessed('P3');
    events.push(event('step.finished', { result: stepResult('postUpdate') }, { minute: 10 }), event('severity.set', { severity: 'P1', reasons: [] }, { minute: 40 }));
    assert.ok(due(events).includes('Post an update @ 55'));
    events.push(event('severity.set', { severity: 'P1', reasons: ['again'] }, { minute: 50 }));
    assert.ok(due(events).includes('Post an update @ 55'), 'the same severity once more');
  });

  it('forgets the war room once it is open and the escalation once it is done', () => {
    const { events, event } = assessed('P1');
    events.push(event('step.finished', { result: stepResult('openWarRoom') }, { minute: 31 }), event('step.finished', { result: stepResult('escalate') }, { minute: 61 }));
    assert.deepEqual(due(events).filter((line) => /war room|Escalate/.test(line)), []);
  });

  it('says how long there is', () => {
    const step: DueStep = { id: 'postUpdate', kind: 'update', step: 'postUpdate', title: 'Post an update', at: START };
    assert.equal(untilDue(step, START - 4 * 60_000), 'in 4 min');
    assert.deepEqual([untilDue(step, START - 3 * 60_000 - 1), untilDue(step, START - 1), untilDue(step, START)], ['in 4 min', 'in 1 min', 'due now']);
    assert.equal(untilDue(step, START + 30_000), 'due now');
    assert.equal(untilDue(step, START + 7 * 60_000), '7 min overdue');
  });
});

describe('The clocks of the stakeholders (7.3)', () => {
  const p1 = (): { events: TimelineEvent[]; event: ReturnType<typeof createEvents>['event'] } => {
    const { declared, event } = createEvents();
    return { events: [declared(), event('severity.set', { severity: 'P1', reasons: [] })], event };
  };
  const told = (events: readonly TimelineEvent[]): string[] => due(events).filter((line) => /Product|Executive/.test(line));
  const notify = { step: 'notifyStakeholders', service: 'mail', call: 'send' } as const;

  it('are wound one by one, by the newest delivery to the contact', () => {
    const { events, event } = p1();
    assert.deepEqual(told(events), ['Notify Product Owner @ 0', 'Notify Executive Team @ 30']);
    events.push(requested(event, { ...notify, contacts: ['productOwner'] }, 2));
    assert.deepEqual(told(events), ['Notify Executive Team @ 30', 'Update Product Owner @ 62']);
    events.push(requested(event, { ...notify, contacts: ['productOwner', 'executiveTeam'] }, 20));
    assert.deepEqual(told(events), ['Update Product Owner @ 80', 'Update Executive Team @ 80']);
    events.push(requested(event, { ...notify, step: 'postUpdate', contacts: ['productOwner'] }, 40), requested(event, notify, 41));
    assert.deepEqual(told(events), ['Update Product Owner @ 80', 'Update Executive Team @ 80'], 'another step, or nobody named');
  });

  it('follow P2: within half an hour, then every two hours', () => {
    const { declared, event } = createEvents();
    const events: TimelineEvent[] = [declared(), event('severity.set', { severity: 'P2', reasons: [] }, { minute: 1 })];
    assert.deepEqual(told(events), ['Notify Product Owner @ 31']);
    events.push(requested(event, { ...notify, contacts: ['productOwner'] }, 10));
    assert.deepEqual(told(events), ['Update Product Owner @ 130']);
  });

  it('are not wound by a delivery that reached nobody: refused, dropped, or still to be done by hand', () => {
    const { events, event } = p1();
    const delivery = requested(event, { ...notify, contacts: ['executiveTeam'] }, 3);
    const about = { request: delivery.id } as const;
    const isDue = [(told([...events, delivery])), ...[
      event('delivery.failed', { ...about, reason: 'no' }, { minute: 4 }),
      event('delivery.discarded', { ...about, reason: 'no' }, { minute: 4 }),
      event('delivery.held', { ...about, reason: 'by phone' }, { minute: 4 }),
      event('delivery.failed', { ...about, reason: 'no', retryAt: new Date(START).toISOString() }, { minute: 4 }),
      event('delivery.done', { ...about, how: 'by hand', result: {} }, { minute: 4 }),
    ].map((outcome) => told([...events, delivery, outcome]))].map((lines) => lines.includes('Notify Executive Team @ 30'));
    assert.deepEqual(isDue, [false, true, true, true, false, false]);
    assert.ok(told([...events, delivery, event('delivery.done', { ...about, how: 'by hand', result: {} }, { minute: 4 })]).includes('Update Executive Team @ 63'));
  });

  it('are wound by what a person recorded: of everybody, or of those named', () => {
    const { events, event } = p1();
    const byHand = (data: Record<string, boolean | string[]>): TimelineEvent => event('step.finished', {
      result: stepResult('notifyStakeholders', { evidence: { summary: '', level: 'ok', markdown: '', data } }),
    }, { minute: 5 });
    assert.deepEqual(told([...events, byHand({ byHand: true })]), ['Update Product Owner @ 65', 'Update Executive Team @ 65']);
    assert.deepEqual(told([...events, byHand({ byHand: true, contacts: ['executiveTeam'] })]), ['Notify Product Owner @ 0', 'Update Executive Team @ 65']);
    assert.deepEqual(told([...events, byHand({})]), told(events), 'the step itself tells nobody: its deliveries do');
  });

  it('start anew with another severity', () => {
    const { declared, event } = createEvents();
    const events = [
      declared(), event('severity.set', { severity: 'P2', reasons: [] }), requested(event, { ...notify, contacts: ['productOwner'] }, 10),
      event('severity.set', { severity: 'P1', reasons: [] }, { minute: 20 }),
    ];
    assert.deepEqual(told(events), ['Notify Product Owner @ 20', 'Notify Executive Team @ 50']);
  });

  it('have an id and the input of the step each', () => {
    const incident = fold(p1().events);
    assert.ok(incident);
    assert.deepEqual(dueSteps(incident, RULES).map(({ id, kind, inputs }) => [id, kind, inputs]), [
      ['notifyStakeholders/productOwner', 'stakeholder', { contact: 'productOwner' }], ['postUpdate', 'update', undefined],
      ['notifyStakeholders/executiveTeam', 'stakeholder', { contact: 'executiveTeam' }], ['openWarRoom', 'warRoom', undefined], ['escalate', 'escalation', undefined],
    ]);
  });
});

describe('reminders', () => {
  const { declared, event } = createEvents();
  const p1 = [declared(), event('severity.set', { severity: 'P1', reasons: [] })];
  const snoozed = (step: string, from: number, to: number): TimelineEvent => event('reminder.snoozed', { step, until: new Date(START + to * 60_000).toISOString() }, { minute: from });
  const at = (events: readonly TimelineEvent[], minutes: number): string[] => {
    const incident = fold(events);
    assert.ok(incident);
    return reminders(incident, RULES, START + minutes * 60_000).map(({ id }) => id);
  };

  it('name what is due, to the minute, and nothing of what is not', () => {
    assert.deepEqual(at(p1, 14.99), ['notifyStakeholders/productOwner']);
    assert.deepEqual(at(p1, 15), ['notifyStakeholders/productOwner', 'postUpdate']);
    assert.deepEqual(at([...p1, event('incident.closed', { reason: 'over' }, { minute: 1 })], 90), []);
  });

  it('keep quiet while one clock is snoozed, and not a moment longer', () => {
    const quiet = [...p1, snoozed('notifyStakeholders/productOwner', 1, 21)];
    assert.deepEqual(at(quiet, 20), ['postUpdate']);
    assert.deepEqual(at(quiet, 21), ['notifyStakeholders/productOwner', 'postUpdate']);
  });

  it('keep quiet about every clock of a step that is snoozed', () => {
    assert.deepEqual(at([...p1, snoozed('notifyStakeholders', 29, 40)], 31), ['postUpdate', 'openWarRoom']);
    assert.deepEqual(at([...p1, snoozed('postUpdate', 15, 20)], 16), ['notifyStakeholders/productOwner']);
  });

  it('are back for the next time the clock runs out', () => {
    const wound = [...p1, snoozed('postUpdate', 15, 25), event('step.finished', { result: stepResult('postUpdate') }, { minute: 20 })];
    assert.deepEqual(at(wound, 26), ['notifyStakeholders/productOwner']);
    assert.deepEqual(at(wound, 35), ['notifyStakeholders/productOwner', 'notifyStakeholders/executiveTeam', 'openWarRoom', 'postUpdate']);
  });
});
