import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { formatDuration, iso, systemClock } from '../../../src/incident/clock.ts';
import { describeEvent } from '../../../src/incident/describe.ts';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import type { Level } from '../../../src/incident/evidence.ts';
import { scalePlan } from '../../support/build-plan.ts';
import { createEvents, minute, stepResult } from '../../support/build-events.ts';

const { declared, event } = createEvents();
const excerpt = { source: 'src/db/pool.js', language: 'javascript', startLine: 17, endLine: 19, text: 'max: 10' };

const LINES: readonly (readonly [event: TimelineEvent, title: string, detail: string])[] = [
  [declared(), 'Incident declared', 'Portals answer 503 (detected by cloudwatch)'],
  [event('incident.acknowledged', {}), 'Incident acknowledged', ''],
  [event('severity.set', { severity: 'P1', reasons: ['Down.', 'All of it.'] }), 'Severity P1', 'Down. All of it.'],
  [event('severity.set', { severity: 'P3', reasons: ['r'], override: { recommended: 'P1', reason: 'One ward only' } }), 'Severity P3', 'instead of P1: One ward only'],
  [event('role.assigned', { role: 'scribe', person: 'Karim' }), 'Role Scribe', 'Karim'],
  [event('role.assigned', { role: 'scribe', person: '' }), 'Role Scribe given up', ''],
  [event('role.assigned', { role: 'incidentCommander', person: 'Mona' }), 'Role Incident Commander', 'Mona'],
  [event('step.finished', { result: stepResult('searchErrors', { title: 'Search errors', summary: '12 lines' }) }), 'Search errors', '12 lines'],
  [event('step.finished', { result: stepResult('searchErrors', { title: 'Search errors', outcome: 'failed', summary: 'No session' }) }), 'Search errors', 'failed: No session'],
  [event('change.planned', { plan: scalePlan(), origin: 'o' }), 'Planned: Scale the service', 'Set 6 tasks instead of 4 (healthflow-production-cluster/healthflow-backend-service)'],
  [event('change.approved', { plan: 'x', hash: 'abcdef0123', until: minute(30) }), 'Plan approved', 'abcdef01'],
  [event('change.requested', { plan: 'x', hash: 'abcdef0123', origin: 'o' }), 'Change begun', 'abcdef01'],
  [event('change.made', { plan: 'x', result: {} }), 'Change made', ''],
  [event('watch.started', { step: 'monitorStability', minutes: 30, origin: 'o' }), 'Stability watch begun', 'until it is quiet for 30 min'],
  [event('watch.sampled', { watch: 'x', level: 'bad', reason: '12 errors a minute', values: {} }), 'Stability watch', '12 errors a minute'],
  [event('watch.restarted', { watch: 'x', reason: '12 errors a minute' }), 'Stability watch starts again', '12 errors a minute'],
  [event('watch.ended', { watch: 'x', outcome: 'stable' }), 'Stability watch passed', ''],
  [event('watch.ended', { watch: 'x', outcome: 'stopped' }), 'Stability watch stopped', ''],
  [event('finding.documented', { text: 'The pool is too small' }), 'Finding', 'The pool is too small'],
  [event('finding.documented', { text: 'The pool is too small', excerpt }), 'Finding', 'The pool is too small (src/db/pool.js:17)'],
  [event('update.posted', { status: 'Mitigating', impact: 'Slow', actions: 'a', next: 'n', eta: 'e', text: 't' }), 'Update: Mitigating', 'Slow'],
  [event('delivery.requested', { origin: 'o', delivery: { service: 'slack', call: 'postMessage', target: '#incidents', text: 'First line\nsecond', data: {}, step: 'notifyTeam' } }), 'To #incidents', 'First line'],
  [event('delivery.attempted', { requests: ['x'], until: minute(1) }), 'Sending', ''],
  [event('delivery.done', { request: 'x', how: 'sent', result: {}, url: 'https://a' }), 'Delivered', 'https://a'],
  [event('delivery.done', { request: 'x', how: 'found', result: {}, note: 'Without labels' }), 'Had been delivered', 'Without labels'],
  [event('delivery.done', { request: 'x', how: 'by hand', result: {} }), 'Delivered by hand', ''],
  [event('delivery.failed', { request: 'x', reason: 'no channel' }), 'Not delivered', 'no channel'],
  [event('delivery.failed', { request: 'x', reason: 'down', retryAt: minute(1) }), 'Not delivered yet', 'down'],
  [event('delivery.unknown', { request: 'x', reason: 'timed out' }), 'It is not known whether it was delivered', 'timed out'],
  [event('delivery.held', { request: 'x', reason: 'not connected' }), 'To be done by hand', 'not connected'],
  [event('delivery.retried', { request: 'x' }), 'To be sent again', ''],
  [event('delivery.discarded', { request: 'x', reason: 'too late' }), 'Not to be sent', 'too late'],
  [event('ticket.linked', { repository: 'acme/shop', number: 7, url: 'https://github.com/acme/shop/issues/7' }), 'Ticket acme/shop#7', 'https://github.com/acme/shop/issues/7'],
  [event('step.claimed', { step: 'notifyTeam', origin: 'o', until: minute(1) }), 'Began notifyTeam', ''],
  [event('step.released', { claim: 'x' }), 'Ended a step', ''],
  [event('reminder.snoozed', { step: 'postUpdate', until: minute(5) }), 'Reminder snoozed: postUpdate', `until ${minute(5)}`],
  [event('checklist.marked', { checklist: 'confirmResolution', item: 'issueResolved', checked: true, note: 'Seen by the pharmacies' }), 'Confirmed', 'issue resolved: Seen by the pharmacies'],
  [event('checklist.marked', { checklist: 'confirmResolution', item: 'noUserReports', checked: false }), 'Not confirmed any more', 'no user reports'],
  [event('incident.resolved', { rootCause: 'A leak', resolution: 'Restarted' }), 'Incident resolved', 'Restarted (root cause: A leak)'],
  [event('incident.resolved', { rootCause: 'A leak', resolution: 'Restarted', unproved: [{ item: 'servicesStable', reason: 'It is day' }] }), 'Incident resolved', 'Restarted (root cause: A leak); not proved: services stable, It is day'],
  [event('review.scheduled', { uid: 'u', sequence: 0, start: minute(60), end: minute(120), invitees: [] }), 'Review scheduled', '2026-11-23 04:00 UTC'],
  [event('review.scheduled', { uid: 'u', sequence: 1, start: minute(60), end: minute(120), invitees: [] }), 'Review moved', '2026-11-23 04:00 UTC'],
  [event('review.scheduled', { uid: 'u', sequence: 2, start: minute(60), end: minute(120), invitees: [], cancelled: true }), 'Review cancelled', '2026-11-23 04:00 UTC'],
  [event('review.written', { file: 'reviews/a.md' }), 'Review drafted', 'reviews/a.md'],
  [event('followup.seen', { delivery: 'x', state: 'closed', assignee: 'ada' }), 'Follow-up done', 'ada'],
  [event('followup.seen', { delivery: 'x', state: 'open', assignee: '' }), 'Follow-up open', ''],
  [event('incident.imported', { url: 'https://github.com/acme/shop/issues/7', note: 'Times from the ticket' }), 'Imported from its ticket', 'https://github.com/acme/shop/issues/7'],
  [event('event.amended', { amends: 'x', changes: { title: 'Other', impactStartedAt: minute(1) } }), 'Corrected', `Other: impact since ${minute(1)}`],
  [event('incident.closed', { reason: 'Restarted' }), 'Incident closed', 'Restarted'],
  [event('incident.closed', { reason: 'Restarted', unproved: ['Services are stable', 'Root cause identified'] }), 'Incident closed', 'Restarted (not proved: Services are stable; Root cause identified)'],
  [event('incident.reopened', { reason: 'Back' }), 'Incident reopened', 'Back'],
  [event('event.amended', { amends: 'x', changes: { at: minute(1), text: 'so' } }), 'Corrected', `${minute(1)}: so`],
  [event('event.amended', { amends: 'x', changes: { retracted: true } }), 'Retracted', ''],
  [{ ...event('incident.acknowledged', {}), type: 'mitigation.planned' } as unknown as TimelineEvent, 'mitigation.planned', 'Written by a newer version'],
];

function levelOf(event: TimelineEvent): Level | undefined {
  switch (event.type) {
    case 'step.finished': return event.result.level;
    case 'watch.sampled': return event.level;
    case 'watch.restarted': return 'warn';
    default: return undefined;
  }
}

describe('describeEvent', () => {
  for (const [item, title, detail] of LINES) {
    it(`${title}${detail === '' ? '' : `: ${detail}`}`, () => {
      const line = describeEvent(item);
      assert.deepEqual([line.title, line.detail], [title, detail]);
      assert.equal(line.level, levelOf(item));
    });
  }

  it('has a line for every type of event', () => {
    const types = new Set(LINES.map(([{ type }]) => type));
    const all: Readonly<Record<TimelineEvent['type'], true>> = {
      'incident.declared': true, 'incident.acknowledged': true, 'severity.set': true, 'role.assigned': true, 'step.finished': true,
      'finding.documented': true, 'update.posted': true, 'incident.closed': true, 'incident.reopened': true, 'event.amended': true,
      'delivery.requested': true, 'delivery.attempted': true, 'delivery.done': true, 'delivery.failed': true, 'delivery.unknown': true, 'delivery.held': true,
      'delivery.retried': true, 'delivery.discarded': true, 'ticket.linked': true, 'step.claimed': true, 'step.released': true, 'reminder.snoozed': true,
      'change.planned': true, 'change.approved': true, 'change.requested': true, 'change.made': true,
      'checklist.marked': true, 'incident.resolved': true, 'review.scheduled': true, 'review.written': true, 'followup.seen': true, 'incident.imported': true,
      'watch.started': true, 'watch.sampled': true, 'watch.restarted': true, 'watch.ended': true,
    };
    assert.deepEqual(Object.keys(all).filter((type) => !types.has(type as TimelineEvent['type'])), []);
  });
});

describe('formatDuration', () => {
  const HOUR = 3_600_000;
  for (const [ms, text] of [
    [-5_000, '0 s'], [0, '0 s'], [999, '0 s'], [42_000, '42 s'], [59_999, '59 s'], [60_000, '1 min'], [7 * 60_000 + 59_000, '7 min'], [HOUR - 1, '59 min'],
    [HOUR, '1 h 00 min'], [HOUR + 5 * 60_000, '1 h 05 min'], [24 * HOUR - 1, '23 h 59 min'], [24 * HOUR, '1 d 0 h'], [76 * HOUR, '3 d 4 h'],
  ] as const) {
    it(`${ms} ms is ${text}`, () => { assert.equal(formatDuration(ms), text); });
  }
});

describe('clock', () => {
  it('counts epoch ms and writes UTC', () => {
    assert.equal(iso(1_795_402_032_345), '2026-11-23T02:47:12.345Z');
    assert.ok(Number.isInteger(systemClock.now()));
  });
});
