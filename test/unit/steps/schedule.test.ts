import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DeliveryRequest, Severity, TimelineEvent } from '../../../src/incident/events.ts';
import { fold } from '../../../src/incident/fold.ts';
import { unescapeMarkdown } from '../../../src/incident/markdown.ts';
import type { Runbook } from '../../../src/runbook/schema.ts';
import { METHODS } from '../../../src/services/invitation.ts';
import { scheduleReview } from '../../../src/steps/chapter-10-schedule.ts';
import type { Letter, Post } from '../../../src/steps/step.ts';
import { requested } from '../../support/build-deliveries.ts';
import { INCIDENT, stepResult } from '../../support/build-events.ts';
import { type PostWorld, compose, incident, lineOf, refused, withContacts } from '../../support/build-post.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START } from '../../support/clock.ts';

type World = ReturnType<typeof incident>;

const UID = `review-${INCIDENT}@incident-runbook`;
const BY_HAND = 'Invite by hand: Amira.';

/** Minutes from the start to a moment, in which the tests say when something happens. */
function at(moment: string): number {
  return (Date.parse(moment) - START) / 60_000;
}

/** Resolved at that moment. */
function resolved(severity: Severity | undefined, moment = '2026-11-23T05:00Z'): World {
  const world = incident(severity);
  world.events.push(world.event('incident.resolved', { rootCause: 'A leak', resolution: 'Rolled back' }, { minute: at(moment) }));
  return world;
}

function schedule({ events }: World, inputs: PostWorld['inputs'] = {}, { now = '2026-11-23T05:10Z', ...more }: Omit<PostWorld, 'minute'> & { readonly now?: string } = {}): Promise<Post> {
  return compose(scheduleReview, 'scheduleReview', events, { connected: ['mail'], ...more, inputs, minute: at(now) });
}

/** Puts on the timeline what the step would; every delivery ends like that. */
function record(world: World, post: Post, state: 'done' | 'by hand' | 'failed' = 'done', moment = '2026-11-23T05:10Z'): string[] {
  const minute = at(moment);
  for (const { type, ...body } of post.events) {
    world.events.push(world.event(type, body as never, { minute }));
  }
  return post.letters.map(({ after: _after, ...letter }) => {
    const asked = requested(world.event, { ...letter, step: 'scheduleReview' } as DeliveryRequest, minute);
    world.events.push(asked, state === 'done' ? world.event('delivery.done', { request: asked.id, how: 'sent', result: {} }, { minute })
      : state === 'failed' ? world.event('delivery.failed', { request: asked.id, reason: 'Refused.' }, { minute })
        : world.event('delivery.held', { request: asked.id, reason: 'Mail is not connected.' }, { minute }));
    return asked.id;
  });
}

function calendarOf(letter: Letter | undefined): Readonly<Record<string, unknown>> {
  return (letter?.data['calendar'] ?? assert.fail('no calendar')) as Readonly<Record<string, unknown>>;
}

function scheduledIn({ events }: Post): Extract<TimelineEvent, { type: 'review.scheduled' }> {
  return (events.find(({ type }) => type === 'review.scheduled') ?? assert.fail()) as Extract<TimelineEvent, { type: 'review.scheduled' }>;
}

/** As people read them. */
function notesOf({ notes = [] }: Post): string[] {
  return notes.map(unescapeMarkdown);
}

describe('scheduling the review', () => {
  it('waits for the end of the incident', async () => {
    await refused(schedule(incident('P1')), `${INCIDENT} is not resolved yet, and its review comes after (runbook 10.1). Confirm the resolution first.`);
    await refused(schedule(incident('P1'), { start: '2026-11-24 10:00' }), /not resolved yet/);
  });

  it('takes one that was closed without being confirmed for resolved', async () => {
    const world = incident('P2');
    world.events.push(world.event('incident.closed', { reason: 'It is over' }, { minute: at('2026-11-23T05:00Z') }));
    assert.equal((await schedule(world)).level, 'warn');
  });

  it('invites the first time in business hours, and records it', async () => {
    const post = await schedule(resolved('P1'));
    const [letter] = post.letters;
    assert.equal(post.summary, 'Review on Mon 2026-11-23, 09:30 to 10:30 (Africa/Cairo), 07:30 to 08:30 UTC');
    assert.deepEqual(post.events, [{
      type: 'review.scheduled', uid: UID, sequence: 0, start: '2026-11-23T07:30:00.000Z', end: '2026-11-23T08:30:00.000Z',
      invitees: ['Amira', 'DevOps Lead', 'Tech Lead', 'Product Owner'],
    }]);
    assert.deepEqual(post.letters.map(lineOf), ['mail.send DevOps Lead, Tech Lead, Product Owner']);
    assert.deepEqual([letter?.data['to'], letter?.contacts], [['devopsLead', 'techLead', 'productOwner'], ['devopsLead', 'techLead', 'productOwner']]);
    assert.deepEqual(calendarOf(letter), {
      method: 'REQUEST', uid: UID, sequence: 0, start: '2026-11-23T07:30:00.000Z', end: '2026-11-23T08:30:00.000Z', title: `Incident review: P1 Portals answer 503 (${INCIDENT})`,
    });
    assert.deepEqual(notesOf(post), [BY_HAND, 'Nobody\'s calendar was looked at: give "start" where the time does not suit.']);
  });

  it('says when, who and about what', async () => {
    const world = resolved('P2');
    world.events.push(
      world.event('ticket.linked', { repository: 'healthflow/portals', number: 12, url: 'https://github.com/healthflow/portals/issues/12' }),
      world.event('step.finished', { result: stepResult('openWarRoom', { evidence: { summary: '', level: 'ok', markdown: '', data: { video: 'https://meet.jit.si/incident-abc' } } }) }),
    );
    const [letter] = (await schedule(world)).letters;
    assert.equal(letter?.text, [
      `Incident review: P2 Portals answer 503 (${INCIDENT})`,
      'When: Mon 2026-11-23, 09:30 to 10:30 (Africa/Cairo), 07:30 to 08:30 UTC',
      'Where: https://meet.jit.si/incident-abc',
      'Ticket: https://github.com/healthflow/portals/issues/12',
      'Invited: Amira, DevOps Lead, Tech Lead, Product Owner',
      'Please pass it on, there is no address of: Amira',
      '', 'Agenda',
      '1. Timeline: Detailed timeline of events',
      '2. Root Cause: What caused the incident?',
      '3. Detection: How was the incident detected? Could it have been detected earlier?',
      '4. Response: What went well? What could be improved?',
      '5. Impact: What was the business impact?',
      '6. Prevention: How can we prevent similar incidents?',
    ].join('\n'));
    const { location, url } = calendarOf(letter);
    assert.deepEqual([location, url], ['https://meet.jit.si/incident-abc', 'https://github.com/healthflow/portals/issues/12']);
  });

  for (const [severity, expected] of [['P1', true], ['P2', true], ['P3', false], ['P4', false], [undefined, true]] as const) {
    it(`invites the Product Owner ${expected ? '' : 'not '}to that of ${severity ?? 'one that is not assessed'}`, async () => {
      const [letter] = (await schedule(resolved(severity))).letters;
      assert.equal(letter?.contacts?.includes('productOwner'), expected);
    });
  }

  it('invites the responders: who held a role, did something, or was brought in, each once', async () => {
    const world = resolved('P3');
    const paged = requested(world.event, { step: 'pageOnCall', contacts: ['onCallEngineer'] });
    const missed = requested(world.event, { step: 'escalate', contacts: ['executiveTeam'] });
    world.events.push(
      paged, missed, world.event('delivery.failed', { request: missed.id, reason: 'Wrong number.' }),
      world.event('role.assigned', { role: 'incidentCommander', person: '@grace' }), world.event('role.assigned', { role: 'scribe', person: 'Omar' }), world.event('role.assigned', { role: 'scribe', person: '' }),
      world.event('finding.documented', { text: 'A leak' }, { actor: { name: 'amira', kind: 'person' } }),
    );
    const post = await schedule(world, {}, { runbook: withContacts({ devopsLead: { github: 'grace' } }) });
    assert.deepEqual(scheduledIn(post).invitees, ['On-Call Engineer', 'Amira', 'DevOps Lead', 'Omar', 'Tech Lead']);
    assert.equal(notesOf(post)[0], 'Invite by hand: Amira, Omar.');
  });

  it('invites by title whom the runbook does not name as a contact, and names groups that nobody knows', async () => {
    const base = bundledRunbook();
    const runbook: Runbook = { ...base, review: { ...base.review, invite: [{ who: 'tech lead' }, { who: 'The board' }] } };
    const post = await schedule(resolved('P3'), {}, { runbook });
    assert.deepEqual([post.letters[0]?.contacts, scheduledIn(post).invitees], [['techLead'], ['Tech Lead', 'The board']]);
    assert.equal(notesOf(post)[0], 'Invite by hand: The board.');
  });

  it('sends nothing where nobody has an address, and says how to pass it on', async () => {
    const runbook = withContacts({ devopsLead: { email: undefined }, techLead: { email: undefined } });
    const post = await schedule(resolved('P3'), {}, { runbook });
    assert.deepEqual([post.letters, post.level], [[], 'warn']);
    assert.match(notesOf(post).join('\n'), /Invite by hand: Amira, DevOps Lead, Tech Lead\.\nNobody whom the runbook invites has an e-mail address in it\. Run "Save Invitation \(\.ics\)"/);
  });

  it('says so when mail is not connected', async () => {
    const post = await schedule(resolved('P1'), {}, { connected: [] });
    assert.equal(post.letters.length, 1);
    assert.match(notesOf(post).join('\n'), /Mail is not connected: run "Save Invitation \(\.ics\)" and pass it on, or connect mail/);
  });

  const times: readonly (readonly [what: string, resolvedAt: string, now: string, inputs: Readonly<Record<string, unknown>>, start: string, warning: RegExp | undefined])[] = [
    ['within 48 h', '2026-11-23T05:00Z', '2026-11-23T05:10Z', {}, '2026-11-23T07:30:00.000Z', undefined],
    ['later, when a weekend leaves none before', '2026-11-19T18:00Z', '2026-11-19T18:10Z', {}, '2026-11-22T07:00:00.000Z',
      /^This is later than 48 h after the resolution, which end 2026-11-21 18:00:00 UTC: no business hours \(sun, mon, tue, wed, thu, 09:00 to 17:00, Africa\/Cairo\) are left before\.$/],
    ['later, when they are over', '2026-11-23T05:00Z', '2026-11-26T09:00Z', {}, '2026-11-26T11:00:00.000Z', /later than 48 h .*: they are over, or nearly, and people need notice\.$/],
    ['when it is asked for', '2026-11-23T05:00Z', '2026-11-23T05:10Z', { start: '2026-11-24 10:05', minutes: 30 }, '2026-11-24T08:05:00.000Z', undefined],
    ['at the last moment of the 48 h', '2026-11-22T08:00Z', '2026-11-22T08:10Z', { start: '2026-11-24T08:00:00Z' }, '2026-11-24T08:00:00.000Z', undefined],
    ['later, when that is asked for', '2026-11-22T08:00Z', '2026-11-22T08:10Z', { start: '2026-11-24T08:01:00Z' }, '2026-11-24T08:01:00.000Z', /later than 48 h .*: Sun 2026-11-22, 12:30 to 13:30 .* would be within them\.$/],
    ['outside business hours, when that is asked for', '2026-11-23T05:00Z', '2026-11-23T05:10Z', { start: '2026-11-23T18:00:00Z' }, '2026-11-23T18:00:00.000Z', /^This is outside business hours \(sun/],
    ['partly outside them', '2026-11-23T05:00Z', '2026-11-23T05:10Z', { start: '2026-11-23T14:30:00Z' }, '2026-11-23T14:30:00.000Z', /^This is outside business hours/],
  ];
  for (const [what, resolvedAt, now, inputs, start, warning] of times) {
    it(`is ${what}`, async () => {
      const post = await schedule(resolved('P1', resolvedAt), inputs, { now });
      assert.equal(scheduledIn(post).start, start);
      const said = notesOf(post).filter((note) => note.startsWith('This is'));
      if (warning === undefined) {
        assert.deepEqual(said, []);
      } else {
        assert.equal(said.length, 1);
        assert.match(said[0] ?? '', warning);
        assert.equal(post.level, 'warn');
      }
    });
  }

  it('is fine when all is well', async () => {
    const base = bundledRunbook();
    const runbook: Runbook = { ...base, review: { ...base.review, invite: base.review.invite.slice(1) } };
    assert.equal((await schedule(resolved('P1'), {}, { runbook })).level, 'ok');
  });

  it('refuses the past, what is no time, and lengths that nobody could bear', async () => {
    await refused(schedule(resolved('P1'), { start: '2026-11-23T05:10:00Z' }), /^The review cannot be in the past: Mon 2026-11-23, 07:10 to 08:10/);
    await refused(schedule(resolved('P1'), { start: 'tomorrow' }), '"tomorrow" is no time of the review. Write it like 2026-11-24 10:00, in the time zone Africa/Cairo, or like 2026-11-24T08:00:00Z.');
    await refused(schedule(resolved('P1'), { minutes: 481 }), /"minutes" must be a whole number from 15 to 480/);
    const runbook: Runbook = { ...bundledRunbook(), businessHours: { days: ['sun'], from: '09:00', to: '09:30' } };
    await refused(schedule(resolved('P1'), {}, { runbook }), /^No 60 minutes fit into the business hours of the runbook \(sun, 09:00 to 09:30, Africa\/Cairo\)\. Give "start", or a shorter length/);
  });
});

describe('a review that is scheduled', () => {
  async function scheduled(severity: Severity = 'P1', state: 'done' | 'by hand' | 'failed' = 'done'): Promise<{ readonly world: World; readonly ids: readonly string[] }> {
    const world = resolved(severity);
    return { world, ids: record(world, await schedule(world), state) };
  }

  it('is moved: the same entry, one version on, and the text says from when to when', async () => {
    const { world } = await scheduled();
    const post = await schedule(world, { start: '2026-11-24 10:00' });
    const [letter] = post.letters;
    const { uid, sequence, method, start } = calendarOf(letter);
    assert.deepEqual([uid, sequence, method, start], [UID, 1, 'REQUEST', '2026-11-24T08:00:00.000Z']);
    assert.deepEqual(post.letters.map(lineOf), ['mail.send DevOps Lead, Tech Lead, Product Owner']);
    assert.match(String(letter?.data['subject']), /^Updated: Incident review: P1/);
    assert.match(letter?.text ?? '', /\nMoved from Mon 2026-11-23, 09:30 to 10:30 \(Africa\/Cairo\), 07:30 to 08:30 UTC to Tue 2026-11-24, 10:00 to 11:00 \(Africa\/Cairo\), 08:00 to 09:00 UTC\n/);
    assert.equal(post.summary, 'Review moved to Tue 2026-11-24, 10:00 to 11:00 (Africa/Cairo), 08:00 to 09:00 UTC');
    record(world, post);
    assert.equal(calendarOf((await schedule(world, { start: '2026-11-24 11:00' })).letters[0])['sequence'], 2);
  });

  it('is not sent twice', async () => {
    const { world } = await scheduled();
    const message = /^The review of .* is then already: Mon 2026-11-23, 09:30 to 10:30 .* Give another "start" to move it, or "cancel"\.$/;
    await refused(schedule(world), message);
    await refused(schedule(world, { start: '2026-11-23T07:30:00Z' }), message);
  });

  it('keeps its time when only its length is changed', async () => {
    const { world } = await scheduled();
    const { start, end } = scheduledIn(await schedule(world, { minutes: 90 }));
    assert.deepEqual([start, end], ['2026-11-23T07:30:00.000Z', '2026-11-23T09:00:00.000Z']);
  });

  it('is proposed anew when it has passed', async () => {
    const { world } = await scheduled();
    assert.equal(scheduledIn(await schedule(world, {}, { now: '2026-11-23T09:00Z' })).start, '2026-11-23T11:00:00.000Z');
  });

  it('is cancelled for those who are not invited any more', async () => {
    const { world } = await scheduled();
    world.events.push(world.event('severity.set', { severity: 'P3', reasons: ['One portal only'] }, { minute: at('2026-11-23T05:11Z') }));
    const post = await schedule(world);
    assert.deepEqual(post.letters.map((letter) => [lineOf(letter), calendarOf(letter)['method'], calendarOf(letter)['sequence']]), [
      ['mail.send DevOps Lead, Tech Lead', 'REQUEST', 1], ['mail.send Product Owner', 'CANCEL', 1],
    ]);
    assert.match(post.letters[1]?.text ?? '', /goes on without you/);
    record(world, post);
    assert.deepEqual((await schedule(world, { start: '2026-11-24 10:00' })).letters.map(lineOf), ['mail.send DevOps Lead, Tech Lead'], 'and hears of it once');
  });

  it('is cancelled for nobody whom it never reached', async () => {
    const { world } = await scheduled('P1', 'by hand');
    world.events.push(world.event('severity.set', { severity: 'P3', reasons: ['One portal only'] }, { minute: at('2026-11-23T05:11Z') }));
    assert.deepEqual((await schedule(world)).letters.map(lineOf), ['mail.send DevOps Lead, Tech Lead']);
  });

  it('is taken back from all who have it, and can be scheduled again as the same entry', async () => {
    const { world } = await scheduled();
    const post = await schedule(world, { cancel: true }, { now: '2026-11-23T06:00Z' });
    const [letter] = post.letters;
    const { uid, sequence, method, start } = calendarOf(letter);
    assert.deepEqual([uid, sequence, method, start, letter?.contacts], [UID, 1, 'CANCEL', '2026-11-23T07:30:00.000Z', ['devopsLead', 'techLead', 'productOwner']]);
    assert.match(String(letter?.data['subject']), /^Cancelled: Incident review/);
    assert.equal(notesOf(post)[0], 'Tell by hand: Amira.');
    record(world, post, 'done', '2026-11-23T06:00Z');
    assert.equal(fold(world.events)?.review, undefined);
    await refused(schedule(world, { cancel: true }), /^No review of .* is scheduled/);
    assert.deepEqual([scheduledIn(await schedule(world)).uid, scheduledIn(await schedule(world)).sequence], [UID, 2]);
  });

  it('can be cancelled when the incident has come back', async () => {
    const { world } = await scheduled();
    world.events.push(world.event('incident.reopened', { reason: 'Again' }, { minute: at('2026-11-23T06:00Z') }));
    assert.equal((await schedule(world, { cancel: true })).letters.length, 1);
    await refused(schedule(world, { start: '2026-11-24 10:00' }), /not resolved yet/);
  });

  for (const state of ['by hand', 'failed'] as const) {
    it(`takes the place of an invitation that is still ${state}`, async () => {
      const { world, ids: [first] } = await scheduled('P1', state);
      const post = await schedule(world, { start: '2026-11-24 10:00' });
      assert.deepEqual(post.events.map((event) => (event.type === 'delivery.discarded' ? [event.type, event.request] : [event.type])), [['delivery.discarded', first], ['review.scheduled']]);
      assert.equal(calendarOf(post.letters[0])['sequence'], 1);
    });
  }

  it('raises its version above one that was sent and retracted', async () => {
    const { world } = await scheduled();
    const event = world.events.find(({ type }) => type === 'review.scheduled');
    world.events.push(world.event('event.amended', { amends: event?.id ?? '', changes: { retracted: true } }, { minute: at('2026-11-23T06:00Z') }));
    assert.deepEqual([scheduledIn(await schedule(world)).uid, scheduledIn(await schedule(world)).sequence], [UID, 1]);
  });

  it('uses the methods that calendars know', async () => {
    const { world } = await scheduled();
    for (const { letters } of [await schedule(world, { start: '2026-11-24 10:00' }), await schedule(world, { cancel: true })]) {
      assert.ok(letters.every((letter) => METHODS.some((method) => method === calendarOf(letter)['method'])));
    }
  });
});
