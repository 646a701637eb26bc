import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type ClockRules, dueSteps, untilDue } from '../../../src/incident/clocks.ts';
import type { Severity, TimelineEvent } from '../../../src/incident/events.ts';
import { fold } from '../../../src/incident/fold.ts';
import { clockRules } from '../../../src/runbook/targets.ts';
import { createEvents, stepResult } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START } from '../../support/clock.ts';

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

  it('tells stakeholders first, then keeps them up to date', () => {
    const { events, event } = assessed('P1');
    events.push(event('step.finished', { result: stepResult('notifyStakeholders') }, { minute: 5 }));
    assert.deepEqual(due(events).filter((line) => /Product|Executive/.test(line)), ['Update Product Owner @ 65', 'Update Executive Team @ 65']);
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
    const step = { step: 'postUpdate', title: 'Post an update', at: START };
    assert.equal(untilDue(step, START - 4 * 60_000), 'in 4 min');
    assert.equal(untilDue(step, START + 30_000), 'due now');
    assert.equal(untilDue(step, START + 7 * 60_000), '7 min overdue');
  });
});
