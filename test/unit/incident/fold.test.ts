import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type TimelineEvent, SEVERITIES } from '../../../src/incident/events.ts';
import { type Incident, fold, resultOf, summarize } from '../../../src/incident/fold.ts';
import { EXTENSION, createEvents, minute, stepResult } from '../../support/build-events.ts';

function folded(...events: readonly TimelineEvent[]): Incident {
  const incident = fold(events);
  assert.ok(incident);
  return incident;
}

describe('fold', () => {
  it('has no incident without a declaration', () => {
    const { event } = createEvents();
    assert.equal(fold([]), undefined);
    assert.equal(fold([event('incident.acknowledged', {})]), undefined);
  });

  it('takes what the declaration says', () => {
    const { declared } = createEvents();
    const incident = folded(declared({ title: 'Slow', drill: true, detectedBy: 'phone', impactStartedAt: minute(-4) }, { minute: 1 }));
    assert.deepEqual(
      [incident.title, incident.drill, incident.detectedBy, incident.environment, incident.status, incident.severity],
      ['Slow', true, 'phone', 'production', 'declared', undefined],
    );
    assert.equal(incident.times.impactStarted?.at, minute(-4));
    assert.equal(incident.times.detected.at, minute(1));
  });

  it('leaves an unset start of the impact missing', () => {
    assert.equal('impactStarted' in folded(createEvents().declared()).times, false);
  });

  it('counts the first acknowledgement by a person, not one by the extension', () => {
    const { declared, event } = createEvents();
    const events = [declared(), event('incident.acknowledged', {}, { minute: 1, actor: EXTENSION })];
    assert.equal(folded(...events).status, 'declared');
    const both = folded(...events, event('incident.acknowledged', {}, { minute: 3 }), event('incident.acknowledged', {}, { minute: 2 }));
    assert.deepEqual([both.status, both.times.acknowledged?.at], ['acknowledged', minute(2)]);
  });

  it('keeps the last severity and the time of the first assessment', () => {
    const { declared, event } = createEvents();
    const incident = folded(
      declared(),
      event('severity.set', { severity: 'P3', reasons: ['a'] }, { minute: 1 }),
      event('severity.set', { severity: 'P1', reasons: ['b'] }, { minute: 2 }),
    );
    assert.deepEqual([incident.severity, incident.severityReasons, incident.times.assessed?.at], ['P1', ['b'], minute(1)]);
  });

  it('frees a role that was given up', () => {
    const { declared, event } = createEvents();
    const incident = folded(
      declared(),
      event('role.assigned', { role: 'scribe', person: 'Karim' }, { minute: 1 }),
      event('role.assigned', { role: 'incidentCommander', person: 'Amira' }, { minute: 1 }),
      event('role.assigned', { role: 'scribe', person: '' }, { minute: 2 }),
    );
    assert.deepEqual(incident.roles, { incidentCommander: 'Amira' });
  });

  it('feeds the parts of an investigation into the last results of their steps', () => {
    const { declared, event } = createEvents();
    const alone = event('step.finished', { result: stepResult('checkServiceHealth', { level: 'ok' }) }, { minute: 1 });
    const investigation = event('step.finished', {
      result: stepResult('investigate', { level: 'bad' }),
      parts: [stepResult('checkServiceHealth', { level: 'bad', summary: 'HTTP 503' }), stepResult('searchErrors', { level: 'warn' })],
    }, { minute: 2 });
    const incident = folded(declared(), investigation, alone);
    assert.deepEqual([...incident.steps.keys()].sort(), ['checkServiceHealth', 'investigate', 'searchErrors']);
    const { level, summary, event: source, at } = incident.steps.get('checkServiceHealth') ?? {};
    assert.deepEqual([level, summary, source, at], ['bad', 'HTTP 503', investigation.id, minute(2)]);
    assert.equal(resultOf(investigation, 'searchErrors')?.level, 'warn');
    assert.equal(resultOf(investigation, 'tailLogs'), undefined);
    assert.equal(resultOf(declared(), 'investigate'), undefined);
  });

  it('is open again after a reopening, with the status it had before', () => {
    const { declared, event } = createEvents();
    const events = [declared(), event('incident.acknowledged', {}, { minute: 1 }), event('incident.closed', { reason: 'Restarted' }, { minute: 5 })];
    const closed = folded(...events);
    assert.deepEqual([closed.status, closed.closeReason, closed.times.closed?.at], ['closed', 'Restarted', minute(5)]);
    const reopened = folded(...events, event('incident.reopened', { reason: 'Back again' }, { minute: 6 }));
    assert.deepEqual([reopened.status, reopened.closeReason, reopened.times.closed], ['acknowledged', undefined, undefined]);
    const again = folded(...events, event('incident.reopened', { reason: 'Back' }, { minute: 6 }), event('incident.closed', { reason: 'Gone' }, { minute: 7 }));
    assert.deepEqual([again.status, again.closeReason, again.times.closed?.at], ['closed', 'Gone', minute(7)]);
  });

  it('keeps types that it does not know, and is not changed by them', () => {
    const { declared, event } = createEvents();
    const known = [declared(), event('incident.acknowledged', {}, { minute: 1 })];
    const future = { ...event('incident.acknowledged', {}, { minute: 2 }), type: 'mitigation.planned' } as unknown as TimelineEvent;
    const { events, ...state } = folded(...known, future);
    const { events: _events, ...without } = folded(...known);
    assert.deepEqual(state, without);
    assert.equal(events.at(-1), future);
  });

  it('sums an incident up', () => {
    const { declared, event } = createEvents();
    const incident = folded(declared(), event('severity.set', { severity: 'P2', reasons: [] }), event('incident.closed', { reason: 'x' }, { minute: 9 }));
    assert.deepEqual(summarize(incident), {
      id: incident.id, title: 'Portals answer 503', status: 'closed', severity: 'P2', environment: 'production', drill: false, detectedAt: minute(0), closedAt: minute(9), resolvedAt: minute(9),
    });
  });

  it('sums up the times of the metrics, as they were corrected, and what it was', () => {
    const { declared, event } = createEvents();
    const declaration = declared({ impactStartedAt: minute(-2) });
    const resolved = event('incident.resolved', { rootCause: 'Pool too small', resolution: 'Raised', scenario: 'connectionPoolExhaustion', cause: 'pool size' }, { minute: 40 });
    const { impactStartedAt, acknowledgedAt, mitigatedAt, resolvedAt, closedAt, scenario, cause, title, detectedAt } = summarize(folded(
      declaration, event('incident.acknowledged', {}, { minute: 1, actor: EXTENSION }), event('incident.acknowledged', {}, { minute: 3 }),
      event('step.finished', { result: stepResult('verifyMitigation') }, { minute: 30 }), resolved, event('incident.closed', { reason: 'x' }, { minute: 50 }),
      event('event.amended', { amends: declaration.id, changes: { title: 'Corrected', impactStartedAt: minute(-7), at: minute(-1) } }, { minute: 60 }),
      event('event.amended', { amends: resolved.id, changes: { at: minute(45) } }, { minute: 61 }),
    ));
    assert.deepEqual({ impactStartedAt, acknowledgedAt, mitigatedAt, resolvedAt, closedAt, scenario, cause, title, detectedAt }, {
      impactStartedAt: minute(-7), acknowledgedAt: minute(3), mitigatedAt: minute(30), resolvedAt: minute(45), closedAt: minute(50),
      scenario: 'connectionPoolExhaustion', cause: 'pool size', title: 'Corrected', detectedAt: minute(-1),
    });
  });
});

describe('the review', () => {
  const of = (...versions: readonly (readonly [sequence: number, cancelled?: true])[]) => {
    const { declared, event } = createEvents();
    const events = versions.map(([sequence, cancelled]) => event('review.scheduled', {
      uid: 'u', sequence, start: minute(60 + sequence), end: minute(120), invitees: [], ...(cancelled === undefined ? {} : { cancelled }),
    }, { minute: 10 - sequence }));
    return folded(declared(), ...events).review?.start;
  };

  it('is the highest version, whenever that was written down', () => {
    assert.deepEqual([of(), of([0]), of([0], [1]), of([2], [1])], [undefined, minute(60), minute(61), minute(62)]);
  });

  it('is none once it is cancelled, until it is scheduled again', () => {
    assert.deepEqual([of([0], [1, true]), of([0], [1, true], [2])], [undefined, minute(62)]);
  });
});

describe('corrections', () => {
  it('move an event in time and say so', () => {
    const { declared, event } = createEvents();
    const acknowledged = event('incident.acknowledged', {}, { minute: 5 });
    const incident = folded(declared(), acknowledged, event('event.amended', { amends: acknowledged.id, changes: { at: minute(2) } }, { minute: 9 }));
    assert.deepEqual(incident.times.acknowledged, { at: minute(2), event: acknowledged.id, corrected: true });
    assert.equal(incident.times.detected.corrected, false);
    assert.deepEqual(incident.events.map(({ at }) => at), [minute(0), minute(2), minute(9)]);
  });

  it('replace the text of a finding and leave the event as it was written', () => {
    const { declared, event } = createEvents();
    const wrong = event('finding.documented', { text: 'The pool has 100 slots' }, { minute: 1 });
    const incident = folded(declared(), wrong, event('event.amended', { amends: wrong.id, changes: { text: 'The pool has 10 slots' } }, { minute: 2 }));
    assert.deepEqual(incident.findings.map(({ text, event: id }) => [text, id]), [['The pool has 10 slots', wrong.id]]);
    assert.equal(wrong.text, 'The pool has 100 slots');
  });

  it('retract an event: it counts no more', () => {
    const { declared, event } = createEvents();
    const closed = event('incident.closed', { reason: 'By mistake' }, { minute: 3 });
    const incident = folded(declared(), closed, event('event.amended', { amends: closed.id, changes: { retracted: true } }, { minute: 4 }));
    assert.equal(incident.status, 'declared');
    assert.deepEqual(incident.events.map(({ type }) => type), ['incident.declared', 'event.amended']);
  });

  it('the one written down last wins, whatever time it gives', () => {
    const { declared, event } = createEvents();
    const acknowledged = event('incident.acknowledged', {}, { minute: 5 });
    const incident = folded(
      declared(), acknowledged,
      event('event.amended', { amends: acknowledged.id, changes: { at: minute(2) } }, { minute: 9, recorded: 20 }),
      event('event.amended', { amends: acknowledged.id, changes: { at: minute(4) } }, { minute: 12, recorded: 19 }),
    );
    assert.equal(incident.times.acknowledged?.at, minute(2));
  });

  it('of a correction change what that one named', () => {
    const { declared, event } = createEvents();
    const acknowledged = event('incident.acknowledged', {}, { minute: 5 });
    const first = event('event.amended', { amends: acknowledged.id, changes: { at: minute(2) } }, { minute: 9 });
    const second = event('event.amended', { amends: first.id, changes: { at: minute(3) } }, { minute: 10 });
    const third = event('event.amended', { amends: second.id, changes: { at: minute(4) } }, { minute: 11 });
    assert.equal(folded(declared(), acknowledged, first, second).times.acknowledged?.at, minute(3));
    const incident = folded(declared(), acknowledged, first, second, third);
    assert.equal(incident.times.acknowledged?.at, minute(4));
    assert.deepEqual(incident.events.slice(-3).map(({ at }) => at), [minute(9), minute(10), minute(11)]);
  });

  it('that are retracted count no more, and may be put in force again', () => {
    const { declared, event } = createEvents();
    const acknowledged = event('incident.acknowledged', {}, { minute: 5 });
    const retraction = event('event.amended', { amends: acknowledged.id, changes: { retracted: true } }, { minute: 6 });
    const undone = event('event.amended', { amends: retraction.id, changes: { retracted: true } }, { minute: 7 });
    const redone = event('event.amended', { amends: undone.id, changes: { retracted: true } }, { minute: 8 });
    assert.equal(folded(declared(), acknowledged, retraction).status, 'declared');
    assert.equal(folded(declared(), acknowledged, retraction, undone).status, 'acknowledged');
    assert.equal(folded(declared(), acknowledged, retraction, undone, redone).status, 'declared');
    const moved = event('event.amended', { amends: acknowledged.id, changes: { at: minute(1) } }, { minute: 6 });
    const forgotten = event('event.amended', { amends: moved.id, changes: { retracted: true } }, { minute: 7 });
    assert.deepEqual(folded(declared(), acknowledged, moved, forgotten).times.acknowledged, { at: minute(5), event: acknowledged.id, corrected: false });
  });

  it('that name each other or nothing change nothing', () => {
    const { declared, event } = createEvents();
    const acknowledged = event('incident.acknowledged', {}, { minute: 1 });
    const first = event('event.amended', { amends: 'nothing', changes: { at: minute(7) } }, { minute: 2 });
    const second = event('event.amended', { amends: first.id, changes: { at: minute(8) } }, { minute: 3 });
    const incident = folded(declared(), acknowledged, { ...first, amends: second.id }, second, event('event.amended', { amends: 'nothing', changes: { retracted: true } }, { minute: 4 }));
    assert.equal(incident.times.acknowledged?.at, minute(1));
  });
});

/** Any timeline: what happened, when, when it was written down, and for a correction which of the events before it is meant. */
const timelines = fc.array(fc.record({
  kind: fc.constantFrom('acknowledged', 'extension', 'severity', 'role', 'step', 'investigate', 'finding', 'closed', 'reopened', 'time', 'text', 'retract'),
  happened: fc.integer({ min: -3, max: 3 }),
  recorded: fc.integer({ min: 0, max: 3 }),
  choice: fc.nat(20),
}), { maxLength: 14 }).map((parts) => {
  const { declared, event } = createEvents();
  const events: TimelineEvent[] = [declared()];
  for (const { kind, happened, recorded, choice } of parts) {
    const head = { minute: happened, recorded };
    const amends = events[choice % events.length]?.id ?? '';
    const severity = SEVERITIES[choice % 4] ?? 'P1';
    events.push({
      acknowledged: () => event('incident.acknowledged', {}, head),
      extension: () => event('incident.acknowledged', {}, { ...head, actor: EXTENSION }),
      severity: () => event('severity.set', { severity, reasons: [severity] }, head),
      role: () => event('role.assigned', { role: `role${choice % 2}`, person: choice % 3 === 0 ? '' : `person${choice}` }, head),
      step: () => event('step.finished', { result: stepResult('a', { summary: String(choice) }) }, head),
      investigate: () => event('step.finished', { result: stepResult('investigate'), parts: [stepResult('a', { summary: `part ${choice}` }), stepResult('b')] }, head),
      finding: () => event('finding.documented', { text: String(choice) }, head),
      closed: () => event('incident.closed', { reason: String(choice) }, head),
      reopened: () => event('incident.reopened', { reason: String(choice) }, head),
      time: () => event('event.amended', { amends, changes: { at: minute(choice % 5) } }, head),
      text: () => event('event.amended', { amends, changes: { text: `text ${choice}` } }, head),
      retract: () => event('event.amended', { amends, changes: { retracted: choice % 4 !== 0 } }, head),
    }[kind]());
  }
  return events;
});

describe('any timeline', () => {
  it('folds to the same incident in whatever order its events are given', () => {
    fc.assert(fc.property(
      timelines.chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length, maxLength: events.length }))),
      ([events, shuffled]) => { assert.deepEqual(fold(shuffled), fold(events)); },
    ), { numRuns: 300 });
  });

  it('is not changed by folding', () => {
    fc.assert(fc.property(timelines, (events) => {
      const before = structuredClone(events);
      fold(events);
      assert.deepEqual(events, before);
    }), { numRuns: 50 });
  });
});
