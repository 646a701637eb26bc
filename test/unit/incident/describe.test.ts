import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { formatDuration, iso, systemClock } from '../../../src/incident/clock.ts';
import { describeEvent } from '../../../src/incident/describe.ts';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import { createEvents, minute, stepResult } from '../../support/build-events.ts';

const { declared, event } = createEvents();
const excerpt = { source: 'src/db/pool.js', language: 'javascript', startLine: 17, endLine: 19, text: 'max: 10' };

const LINES: readonly (readonly [event: TimelineEvent, title: string, detail: string])[] = [
  [declared(), 'Incident declared', 'Portals answer 503 (detected by cloudwatch)'],
  [event('incident.acknowledged', {}), 'Incident acknowledged', ''],
  [event('severity.set', { severity: 'P1', reasons: ['Down.', 'All of it.'] }), 'Severity P1', 'Down. All of it.'],
  [event('severity.set', { severity: 'P3', reasons: ['r'], override: { recommended: 'P1', reason: 'One ward only' } }), 'Severity P3', 'instead of P1: One ward only'],
  [event('role.assigned', { role: 'scribe', person: 'Karim' }), 'Role scribe', 'Karim'],
  [event('role.assigned', { role: 'scribe', person: '' }), 'Role scribe given up', ''],
  [event('step.finished', { result: stepResult('searchErrors', { title: 'Search errors', summary: '12 lines' }) }), 'Search errors', '12 lines'],
  [event('step.finished', { result: stepResult('searchErrors', { title: 'Search errors', outcome: 'failed', summary: 'No session' }) }), 'Search errors', 'failed: No session'],
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
  [event('incident.closed', { reason: 'Restarted' }), 'Incident closed', 'Restarted'],
  [event('incident.reopened', { reason: 'Back' }), 'Incident reopened', 'Back'],
  [event('event.amended', { amends: 'x', changes: { at: minute(1), text: 'so' } }), 'Corrected', `${minute(1)}: so`],
  [event('event.amended', { amends: 'x', changes: { retracted: true } }), 'Retracted', ''],
  [{ ...event('incident.acknowledged', {}), type: 'mitigation.planned' } as unknown as TimelineEvent, 'mitigation.planned', 'Written by a newer version'],
];

describe('describeEvent', () => {
  for (const [item, title, detail] of LINES) {
    it(`${title}${detail === '' ? '' : `: ${detail}`}`, () => {
      const line = describeEvent(item);
      assert.deepEqual([line.title, line.detail], [title, detail]);
      assert.equal(line.level, item.type === 'step.finished' ? item.result.level : undefined);
    });
  }

  it('has a line for every type of event', () => {
    const types = new Set(LINES.map(([{ type }]) => type));
    const all: Readonly<Record<TimelineEvent['type'], true>> = {
      'incident.declared': true, 'incident.acknowledged': true, 'severity.set': true, 'role.assigned': true, 'step.finished': true,
      'finding.documented': true, 'update.posted': true, 'incident.closed': true, 'incident.reopened': true, 'event.amended': true,
      'delivery.requested': true, 'delivery.attempted': true, 'delivery.done': true, 'delivery.failed': true, 'delivery.unknown': true, 'delivery.held': true,
      'delivery.retried': true, 'delivery.discarded': true, 'ticket.linked': true, 'step.claimed': true, 'step.released': true, 'reminder.snoozed': true,
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
