import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { TimelineEvent } from '../../../../src/incident/events.ts';
import { type Incident, fold } from '../../../../src/incident/fold.ts';
import { durations, exactDuration, gaps, lateUpdates, moments, narrated } from '../../../../src/incident/review/facts.ts';
import { gapsOf, isMet, tookInWords, writingOf } from '../../../../src/incident/review/sections.ts';
import { requested } from '../../../support/build-deliveries.ts';
import { createEvents, minute, stepResult } from '../../../support/build-events.ts';
import { bundledRunbook } from '../../../support/bundled-runbook.ts';

const runbook = bundledRunbook();

function incidentOf(...events: readonly TimelineEvent[]): Incident {
  return fold(events) ?? assert.fail();
}

describe('an exact duration', () => {
  const S = 1_000;
  for (const [ms, words] of [
    [0, '0 s'], [-5_000, '0 s'], [400, '0 s'], [600, '1 s'], [59 * S, '59 s'], [60 * S, '1 min'], [61 * S, '1 min 1 s'], [3_600 * S, '1 h'], [3_601 * S, '1 h 1 s'],
    [5_115 * S, '1 h 25 min 15 s'], [86_400 * S, '1 d'], [90_061 * S, '1 d 1 h 1 min 1 s'],
  ] as const) {
    it(`of ${ms} ms is ${words}`, () => { assert.equal(exactDuration(ms), words); });
  }
});

describe('the moments of an incident', () => {
  const missing = (incident: Incident): string[] => Object.entries(moments(incident, runbook)).flatMap(([name, moment]) => ('missing' in moment ? [name] : []));
  const at = (incident: Incident, name: string): string | undefined => {
    const moment = moments(incident, runbook)[name];
    return moment === undefined || 'missing' in moment ? undefined : moment.at;
  };

  it('are missing while nothing tells of them', () => {
    const { declared } = createEvents();
    assert.deepEqual(missing(incidentOf(declared())), ['team notified', 'investigation began', 'root cause identified', 'mitigation implemented', 'incident resolved']);
  });

  it('count a notification when it has arrived, not when it was asked for', () => {
    const { declared, event } = createEvents();
    const asked = requested(event, { step: 'notifyTeam' }, 2);
    const open = [declared(), asked, event('delivery.failed', { request: asked.id, reason: 'Slack is down', retryAt: minute(4) }, { minute: 3 })];
    assert.deepEqual(moments(incidentOf(...open), runbook)['team notified'], { missing: 'no notification is known to have arrived' });
    const done = event('delivery.done', { request: asked.id, how: 'sent', result: {} }, { minute: 6 });
    assert.deepEqual(moments(incidentOf(...open, done), runbook)['team notified'], { at: minute(6), event: done.id });
  });

  it('count a notification by hand', () => {
    const { declared, event } = createEvents();
    const byHand = stepResult('notifyTeam', { evidence: { level: 'ok', summary: 'By hand: called', markdown: '', data: { byHand: true } } });
    assert.equal(at(incidentOf(declared(), event('step.finished', { result: stepResult('notifyTeam') }, { minute: 2 })), 'team notified'), undefined);
    assert.equal(at(incidentOf(declared(), event('step.finished', { result: byHand }, { minute: 3 })), 'team notified'), minute(3));
  });

  it('let the investigation begin with its first check that ran, or a finding', () => {
    const { declared, event } = createEvents();
    const checks = [event('step.finished', { result: stepResult('checkEndpoints') }, { minute: 1 }), event('step.finished', { result: stepResult('investigate', { outcome: 'failed' }) }, { minute: 2 })];
    assert.equal(at(incidentOf(declared(), ...checks), 'investigation began'), undefined);
    assert.equal(at(incidentOf(declared(), ...checks, event('step.finished', { result: stepResult('searchErrors') }, { minute: 4 })), 'investigation began'), minute(4));
    assert.equal(at(incidentOf(declared(), ...checks, event('finding.documented', { text: 'x' }, { minute: 3 })), 'investigation began'), minute(3));
  });

  it('take the cause as identified by what was confirmed, else as stated at the end, never by a finding alone', () => {
    const { declared, event } = createEvents();
    const [start, finding] = [declared(), event('finding.documented', { text: 'x' }, { minute: 5 })];
    assert.deepEqual(moments(incidentOf(start, finding), runbook)['root cause identified'], { missing: 'findings are documented, and none is confirmed as the cause' });
    const resolved = event('incident.resolved', { rootCause: 'x', resolution: 'y' }, { minute: 30 });
    assert.deepEqual(moments(incidentOf(start, finding, resolved), runbook)['root cause identified'], { at: minute(30), event: resolved.id, note: 'stated with the resolution' });
    const mark = event('checklist.marked', { checklist: 'confirmResolution', item: 'rootCauseIdentified', checked: true, evidence: finding.id }, { minute: 29 });
    assert.deepEqual(moments(incidentOf(start, finding, mark, resolved), runbook)['root cause identified'], { at: minute(5), event: finding.id });
    const unticked = event('checklist.marked', { checklist: 'confirmResolution', item: 'rootCauseIdentified', checked: false }, { minute: 30 });
    assert.equal(at(incidentOf(start, finding, mark, unticked), 'root cause identified'), undefined);
  });

  it('say when a time was corrected, and when it was only closed', () => {
    const { declared, event } = createEvents();
    const closed = event('incident.closed', { reason: 'over' }, { minute: 40 });
    const incident = incidentOf(declared(), closed, event('event.amended', { amends: closed.id, changes: { at: minute(35) } }, { minute: 50 }));
    assert.deepEqual(moments(incident, runbook)['incident resolved'], { at: minute(35), event: closed.id, note: 'closed without confirming the resolution, time corrected' });
  });
});

describe('the durations of an incident', () => {
  it('are exact, held against the targets of its severity, and missing where a time is', () => {
    const { declared, event } = createEvents();
    const incident = incidentOf(declared(), event('severity.set', { severity: 'P2', reasons: [] }), event('incident.acknowledged', {}, { minute: 2 }), event('incident.resolved', { rootCause: 'x', resolution: 'y' }, { minute: 239.5 }));
    const [detect, acknowledge, mitigate, resolve] = durations(incident, runbook);
    assert.ok(detect !== undefined && acknowledge !== undefined && mitigate !== undefined && resolve !== undefined);
    assert.deepEqual([detect, acknowledge, mitigate, resolve].map(tookInWords), [
      'not known: since when users felt it is not recorded', '2 min', 'not known: no mitigation is recorded', '3 h 59 min 30 s',
    ]);
    assert.deepEqual([detect, acknowledge, mitigate, resolve].map(isMet), [undefined, false, undefined, true]);
  });

  it('are not plausible when the end is before the beginning', () => {
    const { declared } = createEvents();
    const [detect] = durations(incidentOf(declared({ impactStartedAt: minute(5) })), runbook);
    assert.ok(detect !== undefined);
    assert.equal(tookInWords(detect), 'not plausible: the end is before the beginning');
    assert.equal(isMet(detect), undefined);
  });
});

describe('the gaps of a timeline', () => {
  const { declared, event } = createEvents();
  const note = (at: number): TimelineEvent => event('finding.documented', { text: 'x' }, { minute: at });
  const events = [declared(), note(15), note(30.5), event('incident.resolved', { rootCause: 'x', resolution: 'y' }, { minute: 60 }), note(120)];

  it('are longer than the threshold, not as long as it, and end with the resolution', () => {
    const found = gaps(events, incidentOf(...events), 15);
    assert.deepEqual(found.map(({ after, before, ms }) => [after.at, before.at, ms / 60_000]), [[minute(15), minute(30.5), 15.5], [minute(30.5), minute(60), 29.5]]);
    assert.equal(gaps(events, incidentOf(...events), 30).length, 0);
  });

  it('are none while a watch looks on', () => {
    const watch = event('watch.started', { step: 'monitorStability', minutes: 30, origin: 'here' }, { minute: 31 });
    const looks = [38, 46, 54].map((at) => event('watch.sampled', { watch: watch.id, level: 'ok', reason: '', values: {} }, { minute: at }));
    const found = gapsOf(writingOf(incidentOf(...events, watch, ...looks), runbook, {}));
    assert.deepEqual(found.map(({ after }) => after.at), [minute(15)]);
  });

  it('are not hidden by what nobody is told of', () => {
    const snoozed = event('reminder.snoozed', { step: 'postUpdate', until: minute(40) }, { minute: 22 });
    assert.equal(gapsOf(writingOf(incidentOf(...events, snoozed), runbook, {})).length, 2);
  });
});

describe('updates', () => {
  const scenario = (...minutes: readonly number[]): Incident => {
    const { declared, event } = createEvents();
    const fields = { status: 'Investigating', impact: 'x', actions: 'x', next: 'x', eta: 'x', text: 'x' } as const;
    return incidentOf(declared(), event('severity.set', { severity: 'P1', reasons: [] }, { minute: 2 }), ...minutes.map((at) => event('update.posted', fields, { minute: at })), event('incident.resolved', { rootCause: 'x', resolution: 'y' }, { minute: 60 }));
  };

  it('are late by the clock of the severity, wound by each of them', () => {
    assert.deepEqual(lateUpdates(scenario(17, 32, 50, 59), runbook).map(({ at, lateMs, posted }) => [at, lateMs / 60_000, posted]), [[minute(50), 3, true]]);
  });

  it('are late by a minute only when it is over', () => {
    assert.deepEqual(lateUpdates(scenario(18, 33, 48), runbook), []);
  });

  it('that never came are late when it is resolved', () => {
    assert.deepEqual(lateUpdates(scenario(17), runbook).map(({ lateMs, posted }) => [lateMs / 60_000, posted]), [[28, false]]);
  });

  it('start anew with another severity', () => {
    const { declared, event } = createEvents();
    const incident = incidentOf(
      declared(), event('severity.set', { severity: 'P4', reasons: [] }, { minute: 0 }), event('severity.set', { severity: 'P1', reasons: [] }, { minute: 50 }),
      event('severity.set', { severity: 'P1', reasons: ['again'] }, { minute: 60 }), event('incident.resolved', { rootCause: 'x', resolution: 'y' }, { minute: 70 }),
    );
    assert.deepEqual(lateUpdates(incident, runbook).map(({ lateMs }) => lateMs / 60_000), [5]);
  });
});

describe('what a review tells of', () => {
  it('leaves out how things were sent, and keeps what could not be', () => {
    const { declared, event } = createEvents();
    const asked = requested(event, {}, 1);
    const refused = event('delivery.failed', { request: asked.id, reason: 'No such channel' }, { minute: 2 });
    const told = narrated(incidentOf(declared(), asked, event('delivery.attempted', { requests: [asked.id], until: minute(3) }, { minute: 1 }), refused), runbook);
    assert.deepEqual(told.map(({ type }) => type), ['incident.declared', 'delivery.failed']);
  });

  it('tells of an update once', () => {
    const { declared, event } = createEvents();
    const fields = { status: 'Investigating', impact: 'x', actions: 'x', next: 'x', eta: 'x', text: 'x' } as const;
    const told = narrated(incidentOf(declared(), event('update.posted', fields, { minute: 1 }), event('step.finished', { result: stepResult('postUpdate') }, { minute: 1 })), runbook);
    assert.deepEqual(told.map(({ type }) => type), ['incident.declared', 'update.posted']);
  });
});
