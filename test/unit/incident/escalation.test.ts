import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { dueSteps } from '../../../src/incident/clocks.ts';
import { escalationTriggers, nextEscalationLevel } from '../../../src/incident/escalation.ts';
import type { Severity, StepResult, TimelineEvent } from '../../../src/incident/events.ts';
import { fold, type Incident } from '../../../src/incident/fold.ts';
import { nextActions } from '../../../src/incident/guide.ts';
import { clockRules, guideTargets } from '../../../src/runbook/targets.ts';
import { requested } from '../../support/build-deliveries.ts';
import { createEvents, stepResult } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START } from '../../support/clock.ts';

const RULES = clockRules(bundledRunbook());
const { path } = bundledRunbook().escalation;

function incidentOf(events: readonly TimelineEvent[]): Incident {
  const incident = fold(events);
  assert.ok(incident);
  return incident;
}

/** The triggers so many minutes after the start, as `id @ minutes`. */
function seen(events: readonly TimelineEvent[], minutes: number): string[] {
  return escalationTriggers(incidentOf(events), RULES, START + minutes * 60_000).map(({ id, since }) => `${id} @ ${(since - START) / 60_000}`);
}

describe('escalationTriggers (8.1)', () => {
  const open = (severity?: Severity): { events: TimelineEvent[]; at: (minute: number, result: StepResult) => TimelineEvent; event: ReturnType<typeof createEvents>['event'] } => {
    const { declared, event } = createEvents();
    return {
      events: [declared(), ...(severity === undefined ? [] : [event('severity.set', { severity, reasons: [] })])],
      at: (minute, result) => event('step.finished', { result }, { minute }), event,
    };
  };
  const failed = { outcome: 'failed', level: 'unknown', summary: 'The service was not found' } as const;

  it('sees a mitigation that failed, in the words of the runbook and of the step', () => {
    const { events, at } = open();
    assert.deepEqual(seen(events, 50), []);
    events.push(at(5, stepResult('restartService', failed)), at(6, stepResult('scaleService', failed)));
    assert.deepEqual(seen(events, 50), ['mitigationFailed @ 5']);
    assert.equal(escalationTriggers(incidentOf(events), RULES, START + 360_000)[0]?.text, 'Initial mitigation attempts fail (Title of restartService: The service was not found)');
  });

  it('sees a failed step of a scenario, and none that only looked or was cancelled', () => {
    const { events, at } = open();
    for (const [step, result] of [['checkCertificate', failed], ['checkServiceHealth', failed], ['restartService', { ...failed, outcome: 'cancelled' }], ['monitorStability', failed]] as const) {
      assert.deepEqual(seen([...events, at(5, stepResult(step, result))], 50), [], step);
    }
    assert.deepEqual(seen([...events, at(5, stepResult('raiseMemoryLimit', failed))], 50), ['mitigationFailed @ 5']);
  });

  it('sees a verification that found the mitigation without effect, until one finds all well', () => {
    const { events, at } = open();
    events.push(at(5, stepResult('restartService', failed)), at(9, stepResult('verifyMitigation', { level: 'bad' })));
    assert.deepEqual(seen(events, 50), ['mitigationFailed @ 5']);
    events.push(at(20, stepResult('verifyMitigation')));
    assert.deepEqual(seen(events, 50), []);
    events.push(at(30, stepResult('verifyMitigation', { level: 'bad' })));
    assert.deepEqual(seen(events, 50), ['mitigationFailed @ 30']);
  });

  it('sees that the target of the severity has passed', () => {
    assert.deepEqual(seen(open('P1').events, 59.9), []);
    assert.deepEqual(seen(open('P1').events, 60), ['durationExceeded @ 60']);
    assert.deepEqual([seen(open('P2').events, 239), seen(open('P2').events, 240)], [[], ['durationExceeded @ 240']]);
    assert.deepEqual(seen(open('P3').events, 10_000), [], 'no target');
  });

  it('counts a target that has run out already from when the severity was set', () => {
    const { events, event } = open('P2');
    events.push(event('severity.set', { severity: 'P1', reasons: [] }, { minute: 90 }));
    assert.deepEqual(seen(events, 100), ['durationExceeded @ 90', 'severityRaised @ 90']);
  });

  it('sees a severity that was raised, and not one that was set, lowered or raised and taken back', () => {
    const { events, event } = open('P3');
    const set = (severity: Severity, minute: number): TimelineEvent => event('severity.set', { severity, reasons: [] }, { minute });
    assert.deepEqual(seen(events, 50), []);
    assert.deepEqual(seen([...events, set('P4', 5)], 50), []);
    assert.deepEqual(seen([...events, set('P2', 5)], 50), ['severityRaised @ 5']);
    assert.deepEqual(seen([...events, set('P2', 5), set('P2', 6)], 50), ['severityRaised @ 5']);
    assert.deepEqual(seen([...events, set('P1', 5), set('P2', 6)], 50), ['severityRaised @ 5'], 'still graver than it was');
    assert.deepEqual(seen([...events, set('P1', 5), set('P3', 6)], 50), []);
  });

  it('sees a security concern, and doubt about it, since it was first spoken of', () => {
    const { events, event } = open();
    const answered = (security: string, minute: number): TimelineEvent => event('severity.set', { severity: 'P1', reasons: [], answers: { security } }, { minute });
    assert.deepEqual(seen([...events, answered('no', 1)], 50), []);
    assert.deepEqual(seen([...events, answered('weakness', 1)], 50), []);
    for (const answer of ['yes', 'unsure']) {
      assert.deepEqual(seen([...events, answered(answer, 1), answered('yes', 2)], 50), ['securityImplications @ 1'], answer);
    }
    assert.deepEqual(seen([...events, answered('yes', 1), event('severity.set', { severity: 'P1', reasons: [] }, { minute: 2 })], 50), ['securityImplications @ 1'], 'not asked again');
    assert.deepEqual(seen([...events, answered('yes', 1), answered('no', 2)], 50), []);
  });

  it('is answered by an escalation after it, and by none before it', () => {
    const { events, at, event } = open('P1');
    events.push(at(5, stepResult('restartService', failed)));
    assert.deepEqual(seen([...events, at(4, stepResult('escalate'))], 30), ['mitigationFailed @ 5']);
    assert.deepEqual(seen([...events, at(6, stepResult('escalate'))], 30), []);
    assert.deepEqual(seen([...events, at(6, stepResult('escalate', failed))], 30), ['mitigationFailed @ 5']);
    assert.deepEqual(seen([...events, requested(event, { step: 'escalate' }, 7)], 30), []);
    const refused = requested(event, { step: 'escalate' }, 7);
    assert.deepEqual(seen([...events, refused, event('delivery.failed', { request: refused.id, reason: 'no' }, { minute: 8 })], 30), ['mitigationFailed @ 5']);
    events.push(at(6, stepResult('escalate')), at(8, stepResult('scaleService', failed)));
    assert.deepEqual(seen(events, 30), ['mitigationFailed @ 8'], 'another failure asks for more');
    assert.deepEqual(seen(events, 70), ['mitigationFailed @ 8', 'durationExceeded @ 60']);
  });

  it('sees nothing once the incident is closed, and no trigger that the runbook does not have', () => {
    const { events, event } = open('P1');
    assert.deepEqual(seen([...events, event('incident.closed', { reason: 'over' }, { minute: 70 })], 90), []);
    const rules = { ...RULES, escalation: { ...RULES.escalation, triggers: [{ id: 'toString', text: 'x' }, { id: 'expertiseRequired', text: 'y' }] } };
    assert.deepEqual(escalationTriggers(incidentOf(events), rules, START + 90 * 60_000), []);
  });

  it('takes its ids and words from the runbook, those only that the timeline shows', () => {
    assert.deepEqual(RULES.escalation.triggers.map(({ id }) => id), ['mitigationFailed', 'durationExceeded', 'severityRaised', 'securityImplications']);
    assert.deepEqual(RULES.escalation.securityAnswers, ['yes', 'unsure']);
    assert.deepEqual(RULES.escalation.mitigations, [
      'restartService', 'scaleService', 'raiseDatabaseConnections', 'restartDatabaseConnections', 'scaleDatabase', 'clearCache', 'rollback',
      'raiseMemoryLimit', 'enableRateLimit', 'blockAddresses', 'renewCertificate', 'updateListener',
    ]);
  });

  it('is suggested at once with its reason, and before there is a severity as well', () => {
    const { events, at } = open();
    events.push(at(5, stepResult('restartService', failed)));
    const suggested = nextActions(incidentOf(events), guideTargets(bundledRunbook()), START + 6 * 60_000).find(({ step }) => step === 'escalate');
    assert.deepEqual(suggested, {
      id: 'escalate', clock: true, step: 'escalate', title: 'Escalate', urgent: true, reason: 'Initial mitigation attempts fail (Title of restartService: The service was not found)',
    });
  });

  it('is suggested no more when nobody is left to bring in', () => {
    const { events, at, event } = open();
    events.push(requested(event, { step: 'escalate', contacts: ['executiveTeam'] }, 1), at(5, stepResult('restartService', failed)));
    const incident = incidentOf(events);
    assert.deepEqual(dueSteps(incident, RULES), []);
    assert.deepEqual(nextActions(incident, guideTargets(bundledRunbook()), START + 6 * 60_000).filter(({ step }) => step === 'escalate'), []);
  });
});

describe('nextEscalationLevel (8.2)', () => {
  const { declared, event } = createEvents();
  const next = (...events: TimelineEvent[]): string | undefined => nextEscalationLevel(incidentOf([declared(), ...events]), path)?.contact;
  const done = (level: number, outcome: StepResult['outcome'] = 'done'): TimelineEvent =>
    event('step.finished', { result: stepResult('escalate', { outcome, evidence: { summary: '', level: 'ok', markdown: '', data: { level } } }) }, { minute: 5 });

  it('begins with the first, goes on one by one, and ends', () => {
    assert.equal(next(), 'onCallEngineer');
    assert.deepEqual([next(done(1)), next(done(1), done(2)), next(done(2), done(1)), next(done(5))], ['devopsLead', 'techLead', 'techLead', undefined]);
  });

  it('knows whom a delivery brought in, by its level or its contacts', () => {
    assert.equal(next(requested(event, { step: 'escalate', contacts: ['devopsLead'] })), 'techLead');
    assert.equal(next(requested(event, { step: 'escalate', data: { level: 3 } })), 'productOwner');
    assert.equal(next(requested(event, { step: 'notifyTeam', contacts: ['devopsLead'] })), 'onCallEngineer', 'told is not brought in');
  });

  it('does not count what failed or was dropped', () => {
    const dropped = requested(event, { step: 'escalate', contacts: ['devopsLead'] });
    assert.equal(next(dropped, event('delivery.discarded', { request: dropped.id, reason: 'no' }, { minute: 1 })), 'onCallEngineer');
    assert.equal(next(done(2, 'failed')), 'onCallEngineer');
  });
});
