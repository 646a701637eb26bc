import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UserError } from '../../../../src/errors.ts';
import type { TimelineEvent } from '../../../../src/incident/events.ts';
import { fold } from '../../../../src/incident/fold.ts';
import { currentSeverity, draftIn, severityModel, weighed } from '../../../../src/views/panels/severity-model.ts';
import { createEvents, eventId, stepResult } from '../../../support/build-events.ts';
import { incident } from '../../../support/build-post.ts';
import { bundledRunbook } from '../../../support/bundled-runbook.ts';
import { START } from '../../../support/clock.ts';

const RUNBOOK = bundledRunbook();

function folded(events: readonly TimelineEvent[]) {
  const found = fold(events);
  assert.ok(found);
  return found;
}

function modelOf(events: readonly TimelineEvent[], { draft, isTrusted = true }: { readonly draft?: unknown; readonly isTrusted?: boolean } = {}) {
  return severityModel({ incident: folded(events), runbook: RUNBOOK, draft, isTrusted, now: START });
}

describe('what the severity panel shows', () => {
  it('has the questions of the runbook in its order, and nothing that is not there', () => {
    const model = modelOf(incident().events);
    assert.deepEqual(model.questions.map(({ id, options }) => `${id}:${options.length}`), ['unavailable:4', 'affected:4', 'security:4', 'workaround:3', 'businessImpact:4']);
    assert.match(model.questions[0]?.hint ?? '', /All portals down is a P1/);
    assert.deepEqual([model.current, model.draft, model.blocked, model.ticket, model.drill], [undefined, undefined, undefined, undefined, false]);
    assert.deepEqual(model.next, [{ step: 'notifyTeam' }, { step: 'createTicket' }]);
  });

  it('has what each level brings with it, people by their titles', () => {
    const [first, second, third, last] = modelOf(incident().events).levels;
    assert.deepEqual(first, {
      severity: 'P1', impact: 'Complete service outage or critical security breach', example: 'All portals down, database breach', responseMinutes: 0, updateEveryMinutes: 15,
      channels: ['#incidents'], contacts: ['On-Call Engineer', 'DevOps Lead', 'Tech Lead'], page: true, assign: false,
      stakeholders: [{ title: 'Product Owner', withinMinutes: 0, everyMinutes: 60 }, { title: 'Executive Team', withinMinutes: 30, everyMinutes: 60 }],
      users: RUNBOOK.userNotifications.channels,
    });
    assert.deepEqual([second?.page, second?.users.length, third?.users, third?.assign, last?.responseMinutes], [false, RUNBOOK.userNotifications.channels.length, [], true, 240]);
  });

  it('names the assessment in force, and what it would be again without it', () => {
    const { events, event } = incident('P3');
    events.push(event('severity.set', { severity: 'P2', reasons: ['The minister called'], answers: { security: 'no' }, override: { recommended: 'P4', reason: 'The minister called' } }, { minute: 4 }));
    assert.deepEqual(currentSeverity(folded(events)), {
      event: eventId(3), severity: 'P2', at: START + 4 * 60_000, by: 'Amira', reasons: ['The minister called'], answers: { security: 'no' }, recommended: 'P4', former: 'P3',
    });
    events.push(event('event.amended', { amends: eventId(3), changes: { retracted: true } }, { minute: 5 }));
    assert.deepEqual([currentSeverity(folded(events))?.severity, currentSeverity(folded(events))?.former], ['P3', undefined]);
  });

  it('counts the team as notified only since the severity is what it is', () => {
    const { events, event } = incident('P3');
    events.push(event('step.finished', { result: stepResult('notifyTeam') }, { minute: 2 }));
    assert.deepEqual(modelOf(events).next[0], { step: 'notifyTeam', doneAt: START + 2 * 60_000 });
    events.push(event('severity.set', { severity: 'P1', reasons: [] }, { minute: 3 }));
    assert.deepEqual(modelOf(events).next[0], { step: 'notifyTeam' });
  });

  it('knows the ticket that the incident is shared in', () => {
    const { events, event } = incident('P3');
    events.push(event('ticket.linked', { repository: 'acme/shop', number: 12, url: 'https://github.com/acme/shop/issues/12' }, { minute: 1 }));
    const { ticket, next } = modelOf(events);
    assert.deepEqual([ticket, next[1]], ['acme/shop#12', { step: 'createTicket', doneAt: START + 60_000 }]);
  });

  it('says why nothing can be recorded; that it is closed before that nobody trusts the workspace', () => {
    const { events, event } = incident('P3');
    assert.equal(modelOf(events, { isTrusted: false }).blocked, 'restricted');
    events.push(event('incident.closed', { reason: 'over' }, { minute: 9 }));
    const { blocked, closedAt } = modelOf(events, { isTrusted: false });
    assert.deepEqual([blocked, closedAt], ['closed', START + 9 * 60_000]);
  });
});

describe('a draft of an assessment', () => {
  it('keeps what the runbook knows, and drops the rest', () => {
    const kept = { answers: { unavailable: 'yes', affected: 'everybody', weather: 'rain', security: 3 }, level: 'P2', reason: 'w' };
    assert.deepEqual(draftIn(kept, RUNBOOK), { answers: { unavailable: 'yes' }, level: 'P2', reason: 'w' });
    assert.deepEqual(modelOf(createEventsOnly(), { draft: kept }).draft, { answers: { unavailable: 'yes' }, level: 'P2', reason: 'w' });
  });

  it('is none when nothing of it is left', () => {
    for (const kept of [undefined, null, 'P1', 7, {}, { answers: 'yes', level: 'P0', reason: 4 }, { answers: { weather: 'rain' } }]) {
      assert.equal(draftIn(kept, RUNBOOK), undefined, JSON.stringify(kept));
    }
  });
});

describe('answers that the runbook does not know', () => {
  it('are refused in words', () => {
    assert.throws(() => weighed(RUNBOOK, { affected: 'everybody' }), (error: unknown) => error instanceof UserError && /"everybody" is not an answer to "affected"/.test(error.message));
  });
});

function createEventsOnly(): TimelineEvent[] {
  return [createEvents().declared()];
}
