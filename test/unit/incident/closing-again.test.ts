import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { fold } from '../../../src/incident/fold.ts';
import { createEvents, minute, stepResult } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { gaps, lateUpdates } from '../../../src/incident/review/facts.ts';
import { environmentByKey, stepById } from '../../../src/runbook/query.ts';
import { START } from '../../support/clock.ts';
import { confirmResolution } from '../../../src/steps/chapter-9-closure.ts';
import { Inputs } from '../../../src/steps/inputs.ts';

describe('what ended, came back, and ended again', () => {
  it('a resolution that was worded anew keeps its words and takes the corrected time', () => {
    const { declared, event } = createEvents();
    const first = event('incident.resolved', { rootCause: 'A guess', resolution: 'x' }, { minute: 60 });
    const anew = event('incident.resolved', { rootCause: 'A leak', resolution: 'x' }, { minute: 60, recorded: 90 });
    const incident = fold([declared(), first, anew, event('event.amended', { amends: anew.id, changes: { at: minute(45) } }, { minute: 95 })]) ?? assert.fail();
    assert.deepEqual([incident.times.resolved?.at, incident.resolution?.rootCause], [minute(45), 'A leak']);
  });
  it('the time in which it was over is no gap and makes no update late', () => {
    const { declared, event } = createEvents();
    const update = { status: 'Investigating', impact: 'i', actions: 'a', next: 'n', eta: 'e', text: 't' } as const;
    const events = [declared(), event('severity.set', { severity: 'P1', reasons: [] }), event('update.posted', update, { minute: 10 }), event('incident.resolved', { rootCause: 'a', resolution: 'b' }, { minute: 20 }),
      event('incident.closed', { reason: 'x' }, { minute: 21 }), event('incident.reopened', { reason: 'again' }, { minute: 700 }), event('update.posted', update, { minute: 705 }), event('incident.resolved', { rootCause: 'a', resolution: 'b' }, { minute: 715 })];
    const incident = fold(events) ?? assert.fail();
    assert.deepEqual([lateUpdates(incident, bundledRunbook()), gaps(incident.events, incident, 15)], [[], []]);
  });
  it('what came back before it was closed ended when it is confirmed again', () => {
    const { declared, event } = createEvents();
    const events = [declared(), event('incident.resolved', { rootCause: 'a', resolution: 'b' }, { minute: 20 }), event('step.finished', { result: stepResult('restartService') }, { minute: 60 })];
    const incident = fold(events) ?? assert.fail();
    const runbook = bundledRunbook();
    const step = stepById(runbook, 'confirmResolution') ?? assert.fail();
    const reasons = Object.fromEntries(['rootCauseIdentified', 'issueResolved', 'servicesStable', 'metricsNormal', 'noUserReports', 'stakeholdersNotified'].map((id) => [id, 'x']));
    const made = confirmResolution.record({ incident, runbook, step, environment: environmentByKey(runbook), clock: { now: () => START + 90 * 60_000 } } as never, new Inputs('x', { rootCause: 'a', resolution: 'b', reasons }));
    assert.equal((made as { events: readonly { at?: string }[] }).events.at(-1)?.at, undefined);
  });
});
