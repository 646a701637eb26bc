import assert from 'node:assert/strict';
import path from 'node:path';
import fc from 'fast-check';
import ICAL from 'ical.js';
import { describe, it } from 'mocha';
import { type Invitation, meetingIn, writeInvitation } from '../../../src/services/invitation.ts';
import { assertGolden } from '../../support/golden.ts';
import { repositoryRoot } from '../../support/paths.ts';

const LONGEST_LINE = 75;

const INVITATION: Invitation = {
  method: 'REQUEST', uid: 'review-INC-20261123-7KQ4@incident-runbook', sequence: 0,
  start: '2026-11-24T08:00:00.000Z', end: '2026-11-24T09:00:00.000Z',
  title: 'Incident review: P1 Portals answer 503; pharmacies, doctors — البوابات لا تعمل (INC-20261123-7KQ4)',
  text: 'Incident review\nWhen: Tue 2026-11-24, 10:00 to 11:00 (Africa/Cairo), 08:00 to 09:00 UTC\n\nAgenda\n1. Timeline: what happened; when, and why \\ how',
  location: 'https://meet.jit.si/incident-abcdefghijklmnop', url: 'https://github.com/healthflow/portals/issues/12',
  stamp: Date.UTC(2026, 10, 23, 12), organizer: 'incidents@example.com',
  attendees: [{ name: 'DevOps Lead', address: 'devops-lead@healthflow.gov.eg' }, { name: 'Mona "PO" Fahmy; Cairo, EG', address: 'product@healthflow.gov.eg' }],
};

/** The one event of a calendar, as another program reads it. */
function readBack(file: string): { readonly calendar: ICAL.Component; readonly event: ICAL.Event; readonly component: ICAL.Component } {
  const calendar = new ICAL.Component(ICAL.parse(file) as unknown[]);
  const component = calendar.getFirstSubcomponent('vevent');
  assert.ok(component);
  assert.equal(calendar.getAllSubcomponents().length, 1);
  return { calendar, component, event: new ICAL.Event(component) };
}

function attendeesOf(component: ICAL.Component): (readonly [unknown, ...unknown[]])[] {
  return component.getAllProperties('attendee').map((property) => [property.getFirstValue(), ...['cn', 'rsvp', 'role', 'partstat', 'cutype'].map((name) => property.getParameter(name))] as const);
}

/** What RFC 5545 says of every file: lines of at most 75 octets that end with CRLF, nothing behind the last one. */
function checkLines(file: string): void {
  assert.ok(file.endsWith('\r\nEND:VCALENDAR\r\n'));
  assert.equal(Buffer.from(file).toString(), file, 'it can be written as UTF-8');
  assert.doesNotMatch(file.replaceAll('\r\n', ''), /[\r\n]/, 'no other line breaks');
  for (const line of file.split('\r\n')) {
    assert.ok(Buffer.byteLength(line) <= LONGEST_LINE, line);
  }
}

describe('an invitation', () => {
  it('is a file that calendars read', async () => {
    const file = await writeInvitation(INVITATION);
    checkLines(file);
    assertGolden(path.join(repositoryRoot, 'test/unit/services/golden/invitation.ics'), file.replaceAll('\r\n', '\n'));
  });

  it('says the same to another program', async () => {
    const { calendar, component, event } = readBack(await writeInvitation(INVITATION));
    assert.equal(calendar.getFirstPropertyValue('method'), 'REQUEST');
    assert.deepEqual([event.uid, event.sequence, event.summary, event.description, event.location], [INVITATION.uid, 0, INVITATION.title, INVITATION.text, INVITATION.location]);
    assert.deepEqual([event.startDate, event.endDate].map((time) => [time.toJSDate().toISOString(), time.zone.tzid]), [[INVITATION.start, 'UTC'], [INVITATION.end, 'UTC']]);
    assert.equal(event.organizer, 'mailto:incidents@example.com');
    assert.deepEqual(['status', 'url', 'transp'].map((name) => component.getFirstPropertyValue(name)), ['CONFIRMED', INVITATION.url, 'OPAQUE']);
    assert.equal(String(component.getFirstPropertyValue('dtstamp')), '2026-11-23T12:00:00Z');
    assert.deepEqual(attendeesOf(component), [
      ['mailto:devops-lead@healthflow.gov.eg', 'DevOps Lead', 'TRUE', 'REQ-PARTICIPANT', 'NEEDS-ACTION', 'INDIVIDUAL'],
      ['mailto:product@healthflow.gov.eg', 'Mona \'PO\' Fahmy; Cairo, EG', 'TRUE', 'REQ-PARTICIPANT', 'NEEDS-ACTION', 'INDIVIDUAL'],
    ]);
  });

  it('names roles and answers without quotes: with them, calendars do not know them', async () => {
    const unfolded = (await writeInvitation(INVITATION)).replaceAll('\r\n ', '');
    assert.match(unfolded, /^ATTENDEE;RSVP=TRUE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;CN="DevOps Lead":mailto:devops-lead@healthflow\.gov\.eg\r$/m);
  });

  it('takes a meeting back', async () => {
    const { calendar, component, event } = readBack(await writeInvitation({ ...INVITATION, method: 'CANCEL', sequence: 4 }));
    assert.deepEqual([calendar.getFirstPropertyValue('method'), component.getFirstPropertyValue('status'), event.uid, event.sequence], ['CANCEL', 'CANCELLED', INVITATION.uid, 4]);
    assert.equal(attendeesOf(component).length, 2);
  });

  it('shows a meeting to which nobody is invited yet', async () => {
    const { organizer: _organizer, ...rest } = INVITATION;
    const { calendar, component } = readBack(await writeInvitation({ ...rest, method: 'PUBLISH', attendees: [] }));
    assert.deepEqual([calendar.getFirstPropertyValue('method'), attendeesOf(component), component.getFirstProperty('organizer')], ['PUBLISH', [], null]);
  });

  it('leaves out a link that calendars would stumble over, and no more', async () => {
    for (const url of ['http://example.com/', 'javascript:alert(1)', 'https://exämple.com/', 'https://example.com/a b', 'https://example.com/\r\nATTACH:x']) {
      const { component } = readBack(await writeInvitation({ ...INVITATION, url }));
      assert.deepEqual([component.getFirstProperty('url'), component.getFirstProperty('attach')], [null, null], url);
    }
  });

  it('is refused with what is wrong about it when an address is none', async () => {
    await assert.rejects(writeInvitation({ ...INVITATION, attendees: [{ name: 'Nobody', address: 'nobody@' }] }), { name: 'DeliveryError', kind: 'refused', message: /cannot be written \(.*email.*\)\. Check the addresses/ });
  });

  it('keeps every text, whatever characters are in it, and lets none of them break out', async () => {
    const nasty = fc.string({ unit: fc.oneof(fc.constantFrom(',', ';', ':', '\\', '"', '\n', '\r\n', '\r', '\t', ' ', '\u2028', '\u0000', '\uD800', 'n', 'END:VEVENT', '\\n', '😀', 'ا', 'é', '^', '='), fc.string({ unit: 'binary', minLength: 1, maxLength: 3 })), maxLength: 60 });
    await fc.assert(fc.asyncProperty(nasty, nasty, nasty, async (title, text, name) => {
      const file = await writeInvitation({ ...INVITATION, title: `T${title}`, text: `T${text}`, attendees: [{ name: `N${name}`, address: 'a@example.com' }] });
      checkLines(file);
      const { component, event } = readBack(file);
      assert.equal(event.summary, oneLine(`T${title}`));
      assert.equal(event.description, lines(`T${text}`).trim());
      assert.equal(event.uid, INVITATION.uid);
      assert.deepEqual(attendeesOf(component).map(([address]) => address), ['mailto:a@example.com']);
      assert.equal(component.getAllProperties().length, 14, 'no property came in');
    }), { numRuns: 300 });
  }).timeout(20_000);
});

/** What is to be left of a text, said once more: line breaks of one kind, no control characters. */
function lines(text: string): string {
  return text.toWellFormed().split(/\r\n|[\r\n\u2028\u2029\u0085]/).map((line) => [...line].filter((character) => character === '\t' || !/\p{Cc}/u.test(character)).join('')).join('\n');
}

function oneLine(text: string): string {
  return lines(text).split(/\s+/).join(' ').trim();
}

describe('the meeting of a delivery', () => {
  const delivery = (calendar: unknown) => ({ delivery: { target: 'DevOps Lead', data: calendar === undefined ? {} : { calendar } } }) as unknown as Parameters<typeof meetingIn>[0];
  const { method, uid, sequence, start, end, title, location, url } = INVITATION;

  it('is read as it was asked for', () => {
    assert.equal(meetingIn(delivery(undefined)), undefined);
    assert.deepEqual(meetingIn(delivery({ method, uid, sequence, start, end, title, location, url })), { method, uid, sequence, start, end, title, location, url });
  });

  for (const [what, change] of [['method', 'REPLY'], ['uid', 7], ['sequence', '1'], ['start', 'soon'], ['end', undefined], ['title', null]] as const) {
    it(`is refused with another ${what}`, () => {
      assert.throws(() => meetingIn(delivery({ method, uid, sequence, start, end, title, [what]: change })), { name: 'DeliveryError', kind: 'refused', message: /^The invitation to DevOps Lead cannot be read\. Discard it/ });
    });
  }
});
