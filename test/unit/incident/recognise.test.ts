import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isTimelineEvent } from '../../../src/incident/recognise.ts';
import { createEvents, minute, stepResult } from '../../support/build-events.ts';

const { declared, event } = createEvents();
const evidence = { summary: 's', level: 'ok', markdown: 'm', data: {}, charts: [{ title: 't', unit: '%', series: [{ label: 'l', points: [[1, 2]] }] }], links: [{ title: 't', url: 'https://a' }] } as const;

/** One event of every type, with everything optional, and where breaking it makes it rubbish. */
const EVENTS: readonly (readonly [event: object, required: readonly string[]])[] = [
  [declared({ impactStartedAt: minute(-1) }), ['title', 'environment', 'detectedBy', 'impactStartedAt', 'drill', 'runbook', 'runbook.name', 'runbook.version']],
  [event('incident.acknowledged', {}), ['id', 'incident', 'at', 'recordedAt', 'actor', 'actor.name', 'actor.kind', 'type']],
  [event('severity.set', { severity: 'P1', reasons: ['r'], override: { recommended: 'P2', reason: 'x' } }), ['severity', 'reasons', 'reasons.0', 'override', 'override.recommended']],
  [event('role.assigned', { role: 'scribe', person: '' }), ['role', 'person']],
  [event('step.finished', { result: stepResult('a', { evidence }), parts: [stepResult('b')] }), ['result', 'result.step', 'result.summary', 'result.evidence', 'result.evidence.markdown', 'result.evidence.charts.0.series.0.points.0.1', 'result.evidence.links.0.url', 'parts', 'parts.0.title']],
  [event('finding.documented', { text: 't', excerpt: { source: 'a', language: '', startLine: 1, endLine: 1, text: '' } }), ['text', 'excerpt', 'excerpt.startLine']],
  [event('update.posted', { status: 'Mitigating', impact: 'i', actions: 'a', next: 'n', eta: 'e', text: 't' }), ['status', 'impact', 'actions', 'next', 'eta', 'text']],
  [event('delivery.requested', { origin: 'o', delivery: { service: 'slack', call: 'c', target: 't', text: 't', data: {}, step: 's', contacts: ['a'], after: ['x'] } }),
    ['origin', 'delivery', 'delivery.service', 'delivery.call', 'delivery.target', 'delivery.text', 'delivery.data', 'delivery.step', 'delivery.contacts', 'delivery.contacts.0', 'delivery.after.0']],
  [event('delivery.attempted', { requests: ['x'], until: minute(1) }), ['requests', 'requests.0', 'until']],
  [event('delivery.done', { request: 'x', how: 'sent', result: {}, url: 'u', note: 'n' }), ['request', 'how', 'result', 'url', 'note']],
  [event('delivery.failed', { request: 'x', reason: 'r', retryAt: minute(1), inDoubt: true }), ['request', 'reason', 'retryAt', 'inDoubt']],
  [event('delivery.unknown', { request: 'x', reason: 'r' }), ['request', 'reason']],
  [event('delivery.held', { request: 'x', reason: 'r' }), ['request', 'reason']],
  [event('delivery.retried', { request: 'x' }), ['request']],
  [event('delivery.discarded', { request: 'x', reason: 'r' }), ['request', 'reason']],
  [event('ticket.linked', { repository: 'a/b', number: 1, url: 'u' }), ['repository', 'number', 'url']],
  [event('step.claimed', { step: 's', origin: 'o', until: minute(1) }), ['step', 'origin', 'until']],
  [event('step.released', { claim: 'x' }), ['claim']],
  [event('reminder.snoozed', { step: 's', until: minute(1) }), ['step', 'until']],
  [event('incident.closed', { reason: 'r' }), ['reason']],
  [event('incident.reopened', { reason: 'r' }), ['reason']],
  [event('event.amended', { amends: 'x', changes: { at: minute(1), text: 't', retracted: true } }), ['amends', 'changes', 'changes.at', 'changes.text', 'changes.retracted']],
];

/** The event with one place set to an array in an array, which fits nowhere. */
function broken(source: object, path: string): unknown {
  const copy = JSON.parse(JSON.stringify(source)) as Record<string, unknown>;
  const keys = path.split('.');
  const parent = keys.slice(0, -1).reduce<Record<string, unknown>>((value, key) => value[key] as Record<string, unknown>, copy);
  parent[keys.at(-1) ?? ''] = [[]];
  return copy;
}

describe('isTimelineEvent', () => {
  for (const [source, required] of EVENTS) {
    it(`knows ${'type' in source ? String(source.type) : ''}, and rubbish that looks like it`, () => {
      assert.equal(isTimelineEvent(JSON.parse(JSON.stringify(source))), true);
      assert.deepEqual(required.filter((path) => isTimelineEvent(broken(source, path))), []);
    });
  }

  it('accepts what a newer version wrote, and fields it does not know', () => {
    assert.equal(isTimelineEvent({ ...event('incident.acknowledged', {}), type: 'mitigation.planned', target: 'slack' }), true);
    assert.equal(isTimelineEvent({ ...event('incident.closed', { reason: 'r' }), mitigatedAt: minute(1) }), true);
    assert.equal(isTimelineEvent({ ...event('incident.acknowledged', {}), type: 'toString' }), true);
  });

  it('refuses what is no event', () => {
    for (const value of [undefined, null, 42, 'text', true, [], {}, [event('incident.acknowledged', {})]]) {
      assert.equal(isTimelineEvent(value), false);
    }
  });

  it('refuses a time that is none, or not in UTC', () => {
    for (const at of ['', 'yesterday', '2026-11-23', '2026-13-23T03:00:00Z', '2026-11-23T03:00:00+02:00', 1_795_402_032_345]) {
      assert.equal(isTimelineEvent({ ...event('incident.acknowledged', {}), at }), false, String(at));
    }
    assert.equal(isTimelineEvent({ ...event('incident.acknowledged', {}), at: '2026-11-23T03:00:00Z' }), true);
  });
});
