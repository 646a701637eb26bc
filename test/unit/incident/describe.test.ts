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
  [event('incident.closed', { reason: 'Restarted' }), 'Incident closed', 'Restarted'],
  [event('incident.reopened', { reason: 'Back' }), 'Incident reopened', 'Back'],
  [event('event.amended', { amends: 'x', changes: { at: minute(1), text: 'so' } }), 'Corrected', `${minute(1)}: so`],
  [event('event.amended', { amends: 'x', changes: { retracted: true } }), 'Retracted', ''],
  [{ ...event('incident.acknowledged', {}), type: 'delivery.done' } as unknown as TimelineEvent, 'delivery.done', 'Written by a newer version'],
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
