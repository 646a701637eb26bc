/** The invitation to the review as a real mail server gets it, and as another program reads it (runbook 10.1). */
import assert from 'node:assert/strict';
import ICAL from 'ical.js';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { mailCalls } from '../../src/services/mail.ts';
import { buildRunner, type TestRunner } from '../support/build-runner.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';
import { createClock } from '../support/clock.ts';
import { type ReceivedMail, type SmtpFake, startSmtp } from '../support/fakes/smtp.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const FROM = 'incidents@example.com';
const DEVOPS = 'devops-lead@healthflow.gov.eg';
const TECH = 'tech-lead@healthflow.gov.eg';
const PRODUCT = 'product@healthflow.gov.eg';

interface Entry {
  readonly method: unknown;
  readonly status: unknown;
  readonly uid: string;
  readonly sequence: number;
  readonly start: string;
  readonly organizer: string;
  readonly attendees: readonly unknown[];
  readonly summary: string;
  readonly description: string;
  /** When this version was made. */
  readonly stamp: string;
}

function entryIn(file: string): Entry {
  const calendar = new ICAL.Component(ICAL.parse(file) as unknown[]);
  const component = calendar.getFirstSubcomponent('vevent') ?? assert.fail('no event');
  const { uid, sequence, startDate, organizer, summary, description } = new ICAL.Event(component);
  return {
    method: calendar.getFirstPropertyValue('method'), status: component.getFirstPropertyValue('status'),
    stamp: String(component.getFirstPropertyValue('dtstamp')), uid, sequence, start: startDate.toJSDate().toISOString(), organizer, summary, description,
    attendees: component.getAllProperties('attendee').map((property) => property.getFirstValue()),
  };
}

/** What a mail holds for calendars: once beside the text, once as a file, and both say the same. */
function invitationIn(mail: ReceivedMail | undefined): Entry {
  const parts = mail?.attachments ?? assert.fail('no mail');
  assert.deepEqual(parts.map(({ contentType, filename }) => [contentType, filename]), [['text/calendar', undefined], ['application/ics', 'invite.ics']]);
  const [beside, file] = parts;
  assert.equal(file?.text, beside?.text);
  return entryIn(file?.text ?? '');
}

describe('the invitation to the review', () => {
  const folder = useTemporaryFolder();
  const smtp = useFake(() => startSmtp({ clock: createClock() }));
  let world: TestRunner;

  const connection = ({ host, port }: SmtpFake) => ({ host, port: String(port), from: FROM });
  const start = async (): Promise<void> => {
    world = await buildRunner(folder(), { connections: { mail: connection(smtp()) }, calls: { mail: mailCalls(connection(smtp())) } });
    await world.ledger.append(world.incident, { type: 'severity.set', severity: 'P1', reasons: ['All portals are down'] });
    await world.ledger.append(world.incident, { type: 'incident.resolved', rootCause: 'A leak', resolution: 'Rolled back' });
  };
  const schedule = async (inputs: Readonly<Record<string, unknown>> = {}): Promise<void> => {
    const { status, summary, deliveries } = await world.run('scheduleReview', inputs);
    assert.deepEqual([status, deliveries?.map(({ state }) => state)], ['done', ['done']], summary);
  };

  beforeEach(() => start());
  afterEach(() => { world.ledger.dispose(); });

  it('reaches everybody who is invited, as a meeting that calendars know', async () => {
    await schedule();
    const [mail] = smtp().state;
    assert.deepEqual([mail?.from, mail?.to, mail?.envelope.to], [FROM, [DEVOPS, TECH, PRODUCT], [DEVOPS, TECH, PRODUCT]]);
    assert.match(mail?.subject ?? '', /^Incident review: P1 /);
    assert.match(mail?.text ?? '', /When: Mon 2026-11-23, 09:00 to 10:00 \(Africa\/Cairo\), 07:00 to 08:00 UTC[\s\S]*6\. Prevention/);
    const { method, status, uid, sequence, start: begins, organizer, attendees, description, stamp } = invitationIn(mail);
    assert.deepEqual([method, status, uid, sequence, begins, organizer], ['REQUEST', 'CONFIRMED', `review-${world.incident}@incident-runbook`, 0, '2026-11-23T07:00:00.000Z', `mailto:${FROM}`]);
    assert.deepEqual(attendees, [DEVOPS, TECH, PRODUCT].map((address) => `mailto:${address}`));
    assert.equal(description, mail?.text.trim());
    assert.equal(stamp, '2026-11-23T03:00:00Z');
    const source = smtp().exchanges.at(-1)?.text ?? '';
    assert.match(source, /Content-Type: text\/calendar;[^:]*method=REQUEST/i);
  });

  it('is moved and taken back as one and the same entry', async () => {
    await schedule();
    await schedule({ start: '2026-11-24 10:00' });
    await schedule({ cancel: true });
    const entries = smtp().state.map(invitationIn);
    assert.deepEqual(entries.map(({ method, status, sequence, start: begins }) => [method, status, sequence, begins]), [
      ['REQUEST', 'CONFIRMED', 0, '2026-11-23T07:00:00.000Z'], ['REQUEST', 'CONFIRMED', 1, '2026-11-24T08:00:00.000Z'], ['CANCEL', 'CANCELLED', 2, '2026-11-24T08:00:00.000Z'],
    ]);
    assert.equal(new Set(entries.map(({ uid }) => uid)).size, 1);
    assert.ok(entries.every(({ attendees }) => attendees.length === 3));
    assert.equal((await world.onDisk()).review, undefined);
    assert.match(smtp().exchanges.at(-1)?.text ?? '', /Content-Type: text\/calendar;[^:]*method=CANCEL/i);
  });

  it('leaves no address on the timeline', async () => {
    await schedule();
    const { events, review } = await world.onDisk();
    assert.doesNotMatch(JSON.stringify(events), /healthflow\.gov\.eg|example\.com/);
    assert.deepEqual(review?.invitees.slice(1), ['DevOps Lead', 'Tech Lead', 'Product Owner']);
  });

  it('keeps what people write, in any script, in mail and calendar', async () => {
    const title = 'Portals; pharmacies, doctors \\ "البوابات" 😀';
    await world.ledger.append(world.incident, { type: 'event.amended', amends: (await world.onDisk()).times.detected.event, changes: { title } });
    await schedule();
    const [mail] = smtp().state;
    const whole = `Incident review: P1 ${title} (${world.incident})`;
    assert.deepEqual([mail?.subject, invitationIn(mail).summary], [whole, whole]);
  });

  it('is refused before it is sent when an address is none that a calendar could hold', async () => {
    const call = mailCalls({ ...connection(smtp()), from: 'incidents@' })['send'] ?? assert.fail();
    await schedule();
    const incident = await world.onDisk();
    const delivery = incident.deliveries[0] ?? assert.fail();
    await assert.rejects(call.send({ delivery, incident, runbook: bundledRunbook() }, new AbortController().signal), { kind: 'refused', message: /The invitation cannot be written/ });
    assert.equal(smtp().state.length, 1);
  });
});
