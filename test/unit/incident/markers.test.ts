import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import { formatEventMarker, isShared, readEventMarkers, ticketKey, unshared } from '../../../src/incident/markers.ts';
import { createEvents, minute } from '../../support/build-events.ts';

const { declared, event } = createEvents();

const NASTY = ['-->', '--!>', '<!--', '->', '--', '---', '-', '>', '<', '@ada', '\n', '\r\n', '\u2028', '"', '\\', '`', '<!-- incident-event {} -->', '\ud800', '🟢', '}', '{'];
const nasty = fc.array(fc.oneof(fc.constantFrom(...NASTY), fc.string()), { maxLength: 12 }).map((parts) => parts.join(''));

describe('An event marker', () => {
  it('is one HTML comment, whatever the event says, and is read back the same', () => {
    fc.assert(fc.property(nasty, (text) => {
      const finding = event('finding.documented', { text });
      const marker = formatEventMarker(finding);
      assert.match(marker, /^<!-- incident-event [^<>\n]*-->$/);
      // The end is the only one, in HTML and in CommonMark.
      assert.doesNotMatch(marker.slice(4, -3), /--|[<>@]/);
      assert.deepEqual(readEventMarkers(marker), [JSON.parse(JSON.stringify(finding))]);
    }));
  });

  it('is found among other text, several of them in their order', () => {
    const events = [declared(), event('finding.documented', { text: 'one' }), event('incident.acknowledged', {})];
    const text = `**Hello**\r\n\r\n<!-- other -->${events.map(formatEventMarker).join('\n')}\n<!-- incident-delivery 01 -->`;
    assert.deepEqual(readEventMarkers(text), events);
  });

  it('that is broken is passed over, the others are read', () => {
    const good = event('finding.documented', { text: 'one' });
    const whole = formatEventMarker(good);
    const broken = [
      whole.slice(0, 60), whole.replace('{', ''), '<!-- incident-event {"a":} -->', '<!-- incident-event [] -->', '<!-- incident-event {} -->',
      formatEventMarker({ ...good, at: 'yesterday' }), formatEventMarker({ ...declared(), title: 7 } as unknown as TimelineEvent),
    ];
    assert.deepEqual(readEventMarkers([...broken, whole, ...broken].join('\n')), [good]);
  });

  it('of a type that a newer version writes is kept as it is', () => {
    const newer = { ...event('incident.acknowledged', {}), type: 'war-room.opened', url: 'https://example.com/a--b' } as unknown as TimelineEvent;
    assert.deepEqual(readEventMarkers(formatEventMarker(newer)), [newer]);
  });

  it('is looked for without taking long, in a text made to be slow', () => {
    const start = '<!-- incident-event {';
    const hostile = [start.repeat(3_000), `${start}${'}'.repeat(60_000)}`, `<!--${' '.repeat(60_000)}`, `${start}${'{'.repeat(60_000)}} --`];
    const found = hostile.flatMap(readEventMarkers);
    assert.deepEqual(found, []);
  });
});

describe('What belongs on the ticket', () => {
  const asked = event('delivery.requested', { origin: 'here', delivery: { service: 'slack', call: 'postMessage', target: '#incidents', text: 'Hello', data: {}, step: 'notifyTeam' } });
  const note = event('finding.documented', { text: 'one' });

  it('is everything but one machine\'s account of its attempts', () => {
    const local = [
      event('delivery.attempted', { requests: [asked.id], until: minute(1) }),
      event('delivery.failed', { request: asked.id, reason: 'No answer', retryAt: minute(1) }),
      event('delivery.done', { request: ticketKey(note.id), how: 'sent', result: { comment: 1 } }),
      event('delivery.failed', { request: ticketKey(note.id), reason: 'Refused' }),
    ];
    const shared = [
      declared(), note, asked, event('delivery.failed', { request: asked.id, reason: 'Refused' }), event('delivery.done', { request: asked.id, how: 'sent', result: {} }),
      event('delivery.held', { request: asked.id, reason: 'Not connected' }), event('step.claimed', { step: 'restartService', origin: 'here', until: minute(9) }),
    ];
    assert.deepEqual([...local, ...shared].filter(isShared), shared);
  });

  it('is pending until a receipt names it; that a delivery was made is no receipt', () => {
    const done = event('delivery.done', { request: asked.id, how: 'sent', result: {} });
    assert.deepEqual(unshared([asked, note, done]), [asked, note, done]);
    const receipts = [asked, done].map(({ id }) => event('delivery.done', { request: ticketKey(id), how: 'found', result: { comment: 1 } }));
    assert.deepEqual(unshared([asked, note, done, ...receipts]), [note]);
  });
});
