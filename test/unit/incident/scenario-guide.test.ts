import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import { type Incident, fold } from '../../../src/incident/fold.ts';
import { type Scenario, guideScenario, matchScenarios, scenarioAction } from '../../../src/incident/scenarios.ts';
import { eventId, minute } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { EXHAUSTED, EXPIRED, HEALTHY, LEAKING, check, timeline } from '../../support/scenario-evidence.ts';

const { scenarios, steps: OUTLINES } = bundledRunbook();

describe('guideScenario', () => {
  const guided = (incident: Incident, id: string): string[] => {
    const { steps, next } = guideScenario(incident, scenarios.find((scenario) => scenario.id === id) ?? assert.fail(), OUTLINES);
    return steps.map((step) => `${step.step} ${step.state}${step === next ? '!' : ''}`);
  };

  it('goes from step to step as they are done', () => {
    const { investigated: add, did, found, incident } = timeline();
    const states = (): string => guided(incident(), 'connectionPoolExhaustion').map((line) => line.split(' ')[1]).join(' ');
    add(EXHAUSTED, 3);
    assert.deepEqual(guided(incident(), 'connectionPoolExhaustion'), ['restartService next!', 'raiseDatabaseConnections later', 'checkDatabaseConnectivity later', 'documentFinding later']);
    did('restartService', 4, 'failed');
    assert.equal(states(), 'failed! later later later');
    did('restartService', 5);
    assert.equal(states(), 'done next! later later');
    did('restartService', 6, 'cancelled');
    assert.equal(states(), 'done next! later later', 'what was cancelled did nothing');
    did('raiseDatabaseConnections', 7);
    assert.equal(states(), 'done done next! later');
    add(EXHAUSTED, 8);
    assert.equal(states(), 'done done done next!');
    found('The pool is never released', 9);
    assert.equal(states(), 'done done done done');
    assert.equal(guideScenario(incident(), scenarios[0] ?? assert.fail(), OUTLINES).next, undefined);
    did('raiseDatabaseConnections', 10);
    assert.equal(states(), 'done done next! done', 'after another change it is checked again');
  });

  it('takes the evidence that matched for what is to be captured first, and a later check for the second time', () => {
    const { investigated: add, did, incident } = timeline();
    const states = (): string => guided(incident(), 'memoryLeak').map((line) => line.split(' ')[1]).join(' ');
    assert.equal(states(), 'next! later later later later later');
    add(LEAKING, 3);
    add(LEAKING, 4);
    assert.equal(states(), 'done done next! later later later');
    did('restartService', 5);
    assert.equal(states(), 'done done done next! later later');
    did('checkCpuMemory', 6);
    assert.equal(states(), 'done done done next! done later');
    did('raiseMemoryLimit', 7);
    assert.equal(states(), 'done done done done next! later');
    did('checkCpuMemory', 8, 'failed');
    assert.equal(states(), 'done done done done failed! later');
    did('checkCpuMemory', 9);
    assert.equal(states(), 'done done done done done next!');
  });

  it('does not wait for ever for what can no longer be captured', () => {
    const { did, incident } = timeline();
    did('restartService', 1);
    did('raiseMemoryLimit', 2);
    did('checkCpuMemory', 3);
    assert.deepEqual(guided(incident(), 'memoryLeak').slice(0, 5), ['checkCpuMemory done', 'searchErrors next!', 'restartService done', 'raiseMemoryLimit done', 'checkCpuMemory done']);
  });

  it('counts from the first symptom, or from the detection', () => {
    const { investigated: add, did, incident } = timeline();
    did('restartService', 2);
    assert.equal(guided(incident(), 'connectionPoolExhaustion')[0], 'restartService done');
    add(EXHAUSTED, 3);
    const [scenario = assert.fail()] = scenarios;
    assert.equal(guided(incident(), 'connectionPoolExhaustion')[0], 'restartService next!', 'that was before anybody knew');
    assert.equal(guideScenario(incident(), scenario, OUTLINES).begun, false);
    did('restartService', 4);
    add(HEALTHY, 5);
    const { since, steps, begun } = guideScenario(incident(), scenario, OUTLINES);
    assert.deepEqual([since, steps[0]?.state, begun], [minute(3), 'done', true], 'though nothing is seen any more');
    assert.deepEqual(steps[0]?.record, { event: eventId(4), at: minute(4), level: 'ok', summary: 'restartService is fine' });
  });

  it('follows corrections of the timeline', () => {
    const { investigated: add, did, amended, incident } = timeline();
    add(EXHAUSTED, 3);
    const restart = did('restartService', 4);
    amended(restart, { at: minute(1) }, 6);
    assert.equal(guided(incident(), 'connectionPoolExhaustion')[0], 'restartService next!');
    amended(restart, { at: minute(5) }, 7);
    assert.equal(guided(incident(), 'connectionPoolExhaustion')[0], 'restartService done');
    amended(restart, { retracted: true }, 8);
    assert.equal(guided(incident(), 'connectionPoolExhaustion')[0], 'restartService next!');
  });

  it('tells steps apart that the list names again, without knowing what they do', () => {
    const scenario: Scenario = { id: 'x', title: 'X', symptoms: [], steps: [{ step: 'a' }, { step: 'a' }, { step: 'b' }, { step: 'a', note: 'Again.', inputs: { n: 1 } }] };
    const { did, incident } = timeline();
    const states = (): string => guideScenario(incident(), scenario).steps.map(({ state }) => state).join(' ');
    did('a', 1);
    assert.equal(states(), 'done next later later');
    did('a', 2);
    assert.equal(states(), 'done done next later');
    did('b', 3);
    assert.equal(states(), 'done done done next');
    did('a', 4);
    assert.equal(states(), 'done done done done');
    const last = guideScenario(incident(), scenario).steps[3];
    assert.deepEqual([last?.title, last?.note, last?.inputs, last?.record?.event], ['a', 'Again.', { n: 1 }, eventId(5)]);
  });
});

describe('scenarioAction', () => {
  it('suggests the next step of the best match', () => {
    const { investigated: add, did, incident } = timeline();
    add(EXHAUSTED, 3);
    assert.deepEqual(scenarioAction(incident(), scenarios, OUTLINES), {
      id: 'scenario/connectionPoolExhaustion/restartService', step: 'restartService', title: 'Restart the service', urgent: false,
      reason: 'Database connection pool exhaustion, 4 of 5 symptoms: too many clients, 200 of 200 connections (100 %), timeout · Resets the connections; while old and new tasks overlap there are more of them.',
    });
    did('restartService', 4, 'failed');
    assert.match(scenarioAction(incident(), scenarios, OUTLINES)?.reason ?? '', / · failed 03:04 UTC · Resets/);
    did('restartService', 5);
    assert.equal(scenarioAction(incident(), scenarios, OUTLINES)?.title, "Raise the database's connection limit");
  });

  it('waits until half of what can be checked is seen', () => {
    const scenario = (seen: number): Scenario => ({
      id: 'x', title: 'X', steps: [{ step: 'a', inputs: { count: 6 } }],
      symptoms: [...Array.from({ length: 4 }, (_, index) => ({ text: String(index), step: index < seen ? 'bad' : 'fine' })), { text: 'asked' }, { text: 'asked too' }],
    });
    const { investigated: add, incident: folded } = timeline();
    add([check('bad', 'bad', 'x'), check('fine', 'ok', 'x')], 3);
    const incident = folded();
    assert.deepEqual([0, 1, 2].map((seen) => scenarioAction(incident, [scenario(seen)])?.inputs), [undefined, undefined, { count: 6 }]);
    assert.equal(scenarioAction(incident, []), undefined);
    assert.equal(scenarioAction(incident, [{ ...scenario(0), symptoms: [{ text: 'asked' }] }]), undefined);
  });

  it('has nothing when all is done, all is well, or the incident is closed', () => {
    const { investigated: add, did, found, closed, incident } = timeline();
    assert.equal(scenarioAction(incident(), scenarios, OUTLINES), undefined);
    add(LEAKING, 3);
    ['restartService', 'raiseMemoryLimit'].forEach((step, index) => { did(step, 4 + index); });
    add(LEAKING, 6);
    assert.equal(scenarioAction(incident(), scenarios, OUTLINES)?.step, 'documentFinding');
    found('The cache', 7);
    assert.equal(scenarioAction(incident(), scenarios, OUTLINES), undefined);
    add(EXHAUSTED, 8);
    assert.equal(scenarioAction(incident(), scenarios, OUTLINES)?.id, 'scenario/connectionPoolExhaustion/restartService');
    add(HEALTHY, 9);
    assert.equal(scenarioAction(incident(), scenarios, OUTLINES), undefined);
    add(EXHAUSTED, 10);
    closed(11);
    assert.equal(scenarioAction(incident(), scenarios, OUTLINES), undefined);
  });
});

const HAPPENINGS = ['exhausted', 'leaking', 'expired', 'healthy', 'restart', 'failed restart', 'raise', 'check', 'finding', 'time', 'retract'] as const;

const timelines = fc.array(fc.record({ kind: fc.constantFrom(...HAPPENINGS), at: fc.integer({ min: 0, max: 20 }), of: fc.nat(20) }), { maxLength: 14 }).map((happenings) => {
  const { events, investigated: add, did, found, amended } = timeline();
  for (const { kind, at, of } of happenings) {
    const target = events[1 + (of % Math.max(1, events.length - 1))]?.id;
    ({
      exhausted: () => add(EXHAUSTED, at), leaking: () => add(LEAKING, at), expired: () => add(EXPIRED, at), healthy: () => add(HEALTHY, at),
      restart: () => did('restartService', at), 'failed restart': () => did('restartService', at, 'failed'), raise: () => did('raiseDatabaseConnections', at), check: () => did('checkCpuMemory', at),
      finding: () => found(String(of), at), time: () => target !== undefined && amended(target, { at: minute(of) }, at), retract: () => target !== undefined && amended(target, { retracted: of % 4 !== 0 }, at),
    })[kind]();
  }
  return events;
});

describe('any timeline', () => {
  it('speaks for the same scenarios in whatever order its events are given, and is guided the same', () => {
    const told = (events: readonly TimelineEvent[]): unknown => {
      const incident = fold(events) ?? assert.fail();
      return [matchScenarios(incident, scenarios), scenarios.map((scenario) => guideScenario(incident, scenario, OUTLINES)), scenarioAction(incident, scenarios, OUTLINES)];
    };
    fc.assert(fc.property(
      timelines.chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length, maxLength: events.length }))),
      ([events, shuffled]) => { assert.deepEqual(told(shuffled), told(events)); },
    ), { numRuns: 150 });
  });

  it('has one next step, the first that is not done, until all are', () => {
    fc.assert(fc.property(timelines, (events) => {
      const incident = fold(events) ?? assert.fail();
      for (const scenario of scenarios) {
        const { steps, next } = guideScenario(incident, scenario, OUTLINES);
        assert.equal(next, steps.find(({ state }) => state !== 'done'));
        assert.ok(steps.filter(({ state }) => state === 'next').length <= 1);
        assert.ok(steps.every(({ state, record }) => (record === undefined) === (state === 'next' || state === 'later')));
      }
    }), { numRuns: 150 });
  });
});
