import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Runbook } from '../../../src/runbook/schema.ts';
import { escalate, openWarRoom } from '../../../src/steps/chapter-8-escalate.ts';
import type { Post } from '../../../src/steps/step.ts';
import { requested } from '../../support/build-deliveries.ts';
import { INCIDENT, stepResult } from '../../support/build-events.ts';
import { BY_DAY, type PostWorld, compose, incident, lineOf, refused, withContacts } from '../../support/build-post.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';

type World = ReturnType<typeof incident>;
const ALL = ['slack', 'pagerduty', 'mail'] as const;

/** As the runner records an escalation that was composed. */
function record({ events, event }: World, { level = 'ok', summary, facts = {} }: Post, at: number): void {
  events.push(event('step.finished', { result: stepResult('escalate', { level, summary, evidence: { level, summary, markdown: '', data: facts } }) }, { minute: at }));
}

describe('escalate', () => {
  const bring = (world: World, inputs: PostWorld['inputs'] = {}, options: PostWorld = {}): Promise<Post> => compose(escalate, 'escalate', world.events, { inputs, connected: ALL, minute: BY_DAY, ...options });

  it('goes up the five levels, each in its own ways', async () => {
    const world = incident('P1');
    const seen: unknown[] = [];
    for (let at = 1; at <= 5; at += 1) {
      const post = await bring(world);
      seen.push([post.facts?.['level'], post.facts?.['contact'], post.letters.map(lineOf)]);
      assert.ok(post.letters.every(({ data, contacts }) => data['level'] === at && contacts?.join() === post.facts?.['contact']));
      record(world, post, at);
    }
    assert.deepEqual(seen, [
      [1, 'onCallEngineer', ['pagerduty.trigger PagerDuty', 'slack.postMessage #incidents']],
      [2, 'devopsLead', ['workspace.phone DevOps Lead (by hand)', 'slack.postMessage #incidents']],
      [3, 'techLead', ['workspace.phone Tech Lead (by hand)', 'slack.postMessage #incidents']],
      [4, 'productOwner', ['workspace.phone Product Owner (by hand)', 'mail.send Product Owner']],
      [5, 'executiveTeam', ['workspace.phone Executive Team (by hand)']],
    ]);
    await refused(bring(world), 'The whole escalation path has been brought in. Step "escalate": input "level" must be a whole number from 1 to 5, it is missing.');
    assert.equal((await bring(world, { level: 2 })).facts?.['contact'], 'devopsLead');
  });

  it('goes on behind what was sent, also when nothing of it was recorded', async () => {
    const world = incident('P1');
    world.events.push(requested(world.event, { step: 'escalate', data: { level: 2 } }));
    assert.equal((await bring(world)).facts?.['level'], 3);
    const refusedBefore = incident('P1');
    const asked = requested(refusedBefore.event, { step: 'escalate', data: { level: 2 } });
    refusedBefore.events.push(asked, refusedBefore.event('delivery.failed', { request: asked.id, reason: 'Wrong token.' }, { minute: 1 }));
    assert.equal((await bring(refusedBefore)).facts?.['level'], 1);
  });

  it('takes the levels by their numbers, however the file orders them', async () => {
    const runbook = bundledRunbook();
    const path = [...runbook.escalation.path].reverse();
    const world = incident('P1');
    record(world, await bring(world), 1);
    const { facts, notes } = await bring(world, {}, { minute: 0, runbook: { ...withContacts({ techLead: { availability: 'always' } }), escalation: { ...runbook.escalation, path } } });
    assert.equal(facts?.['level'], 2);
    assert.match(notes?.[0] ?? '', /Next on the escalation path: Tech Lead \(level 3/);
  });

  it('refuses levels and triggers that there are not', async () => {
    await refused(bring(incident('P1'), { level: 6 }), /input "level" must be a whole number from 1 to 5, not 6/);
    await refused(bring(incident('P1'), { trigger: 'bored' }), /input "trigger" must be one of mitigationFailed, durationExceeded, severityRaised, expertiseRequired, securityImplications, not "bored"/);
    const runbook = bundledRunbook();
    const gap: Runbook = { ...runbook, escalation: { ...runbook.escalation, path: runbook.escalation.path.filter(({ level }) => level !== 2) } };
    await refused(bring(incident('P1'), { level: 2 }, { runbook: gap }), 'The escalation path has no level 2. Allowed: 1, 3, 4, 5.');
  });

  it('says to whom, why and what is known', async () => {
    const { letters: [page, post], facts, summary } = await bring(incident('P2'), { trigger: 'expertiseRequired' }, { minute: 1 });
    assert.equal(page?.text, `P2 Portals answer 503 (${INCIDENT}): escalated to level 1: Additional expertise is required`);
    assert.deepEqual(page.data, { severity: 'error', source: 'production', level: 1 });
    assert.deepEqual(post?.data, { channel: '#incidents', mention: ['onCallEngineer'], level: 1 });
    assert.match(post?.text ?? '', new RegExp(`^P2 Portals answer 503 \\(${INCIDENT}\\)\nEscalated to level 1, On-Call Engineer: Additional expertise is required\nSeverity: P2, [\\s\\S]*\nPlease join #incidents\\.$`));
    assert.deepEqual(facts, { level: 1, contact: 'onCallEngineer', trigger: 'expertiseRequired' });
    assert.equal(summary, 'Escalated to level 1, On-Call Engineer, by PagerDuty and Slack');
  });

  it('names the trigger that the timeline shows, where none is given', async () => {
    const none = await bring(incident('P1'), {}, { minute: 1 });
    assert.equal('trigger' in (none.facts ?? {}), false);
    const { facts, letters } = await bring(incident('P1'), {}, { minute: 61 });
    assert.equal(facts?.['trigger'], 'durationExceeded');
    assert.match(letters[0]?.text ?? '', /: Incident duration exceeds expected resolution time \(/);
  });

  it('asks into the war room once there is one', async () => {
    const world = incident('P1');
    const room = requested(world.event, { call: 'createChannel', target: '#incident-20261123', step: 'openWarRoom' });
    world.events.push(room, world.event('delivery.done', { request: room.id, how: 'sent', result: { channel: 'C042', name: 'incident-20261123' } }, { minute: 1 }));
    const post = (await bring(world)).letters.find(({ service }) => service === 'slack');
    assert.deepEqual([post?.target, post?.data['channel'], post?.text.split('\n').at(-1)], ['#incident-20261123', 'C042', 'Please join #incident-20261123.']);
  });

  for (const [title, level, connected, runbook, lines, severe, note] of [
    ['leaves out what is not connected while another way is left', 1, ['slack'], bundledRunbook(), ['slack.postMessage #incidents'], 'ok', 'PagerDuty is not connected.'],
    ['asks for all ways when none is connected', 1, [], bundledRunbook(), ['pagerduty.trigger PagerDuty', 'slack.postMessage #incidents'], 'warn', 'Slack is not connected.'],
    ['says that there is no number', 5, ALL, bundledRunbook(), ['workspace.phone Executive Team (by hand)'], 'warn', 'The runbook has no phone number for Executive Team.'],
    ['has a number called', 5, [], withContacts({ executiveTeam: { phone: '+20 2 5550 0100' } }), ['workspace.phone Executive Team (by hand)'], 'ok', undefined],
    ['leaves out mail to somebody without an address', 4, ALL, withContacts({ productOwner: { email: undefined, phone: '+20 2 5550 0100' } }), ['workspace.phone Product Owner (by hand)'], 'ok', 'Product Owner has no e-mail address in the runbook.'],
    ['leaves a way it does not know to a person', 1, [], { ...bundledRunbook(), escalation: { ...bundledRunbook().escalation, path: [{ level: 1, contact: 'techLead', methods: ['Carrier pigeon'] }] } } as Runbook, ['workspace.contact Tech Lead (by hand)'], 'warn', undefined],
  ] as const) {
    it(title, async () => {
      const post = await bring(incident('P1'), { level }, { connected, runbook });
      assert.deepEqual([post.letters.map(lineOf), post.level], [lines, severe]);
      assert.equal(post.notes?.includes(note ?? ''), note !== undefined, post.notes?.join('\n'));
      assert.equal(post.notes?.some((line) => /escalation path/.test(line)), severe === 'warn', 'somebody else is offered');
    });
  }

  it('outside their hours: says so, and offers the next who is there', async () => {
    const { level, notes } = await bring(incident('P1'), { level: 2 }, { minute: 0, runbook: withContacts({ productOwner: { availability: 'always' } }) });
    assert.equal(level, 'warn');
    assert.equal(notes?.[0], 'DevOps Lead works in business hours and cannot be reached before 2026-11-23 07:00:00 UTC. Next on the escalation path: Product Owner (level 4, Phone, Email). Run "Escalate" with level 4.');
    const behind = await bring(incident('P1'), { level: 4 }, { minute: 0, runbook: withContacts({ techLead: { availability: 'always' } }) });
    assert.match(behind.notes?.[0] ?? '', /Next on the escalation path: Executive Team \(level 5/);
    const last = await bring(incident('P1'), { level: 5 }, { minute: 0, runbook: withContacts({ executiveTeam: { availability: 'businessHours' } }) });
    assert.match(last.notes?.[0] ?? '', /Nobody further on the escalation path can be reached now\.$/);
  });

  it('says when somebody has been written to already', async () => {
    const world = incident('P1');
    const discarded = requested(world.event, { contacts: ['onCallEngineer'] }, 5);
    world.events.push(
      requested(world.event, { contacts: ['onCallEngineer'], target: '#first' }, 3), requested(world.event, { contacts: ['onCallEngineer'] }, 4),
      discarded, world.event('delivery.discarded', { request: discarded.id, reason: 'By mistake.' }, { minute: 6 }), requested(world.event, { contacts: ['devopsLead'] }, 7),
    );
    assert.ok((await bring(world)).notes?.includes('On\\-Call Engineer was written to at 2026-11-23 03:04:00 UTC already (\\#incidents).'));
  });
});

describe('openWarRoom', () => {
  const ROLES = ['incidentCommander', 'technicalLead', 'communicationsLead', 'scribe'] as const;
  const TICKET = 'https://github.com/acme/shop/issues/7';
  const open = (world: World, options: PostWorld = {}): Promise<Post> => compose(openWarRoom, 'openWarRoom', world.events, { connected: ['slack'], minute: BY_DAY, ...options });
  const withVideo = (video: Runbook['warRoom']['video']): Runbook => {
    const { video: _video, ...warRoom } = bundledRunbook().warRoom;
    return { ...bundledRunbook(), warRoom: video === undefined ? warRoom : { ...warRoom, video } };
  };
  const ready = (): World => {
    const world = incident('P1');
    world.events.push(world.event('ticket.linked', { repository: 'acme/shop', number: 7, url: TICKET }), ...ROLES.map((role) => world.event('role.assigned', { role, person: `${role} person` })));
    return world;
  };

  it('opens the channel of the day, and everything else after it', async () => {
    const post = await open(ready(), { runbook: withVideo({ kind: 'url', url: 'https://meet.example.com/x' }) });
    assert.deepEqual(post.letters.map((letter) => [lineOf(letter), letter.after]), [
      ['slack.createChannel #incident-20261123', undefined], ['slack.setTopic #incident-20261123', [0]], ['slack.invite #incident-20261123', [0]],
      ['slack.addBookmark #incident-20261123', [0]], ['slack.addBookmark #incident-20261123', [0]], ['slack.postMessage #incident-20261123', [0]], ['slack.postMessage #incidents', [0]],
    ]);
    const [room, topic, invite, ticket, video, inside, outside] = post.letters;
    assert.deepEqual(room?.data, { name: 'incident-20261123' });
    assert.deepEqual(topic?.data, { topic: `P1 Portals answer 503 (${INCIDENT}) ${TICKET}` });
    assert.deepEqual([invite?.data, invite?.contacts], [{ contacts: ['onCallEngineer', 'devopsLead', 'techLead'] }, ['onCallEngineer', 'devopsLead', 'techLead']]);
    assert.deepEqual([ticket?.data, video?.data], [{ title: `Ticket ${INCIDENT}`, link: TICKET }, { title: `Video call ${INCIDENT}`, link: 'https://meet.example.com/x' }]);
    assert.equal('channel' in (inside?.data ?? {}), false, 'the room is not known by name yet');
    for (const line of ['Video call: https://meet.example.com/x', 'Incident Commander (Coordinates response): incidentCommander person', `Ticket: ${TICKET}`]) {
      assert.ok(inside?.text.split('\n').includes(line), inside?.text);
    }
    assert.match(outside?.text ?? '', /A war room is open: #incident-20261123,/);
    assert.deepEqual([post.level, post.notes, post.facts], ['ok', [], { channel: 'incident-20261123', missingRoles: [], video: 'https://meet.example.com/x' }]);
  });

  it('names the roles that nobody has', async () => {
    const world = incident('P1');
    world.events.push(world.event('role.assigned', { role: 'scribe', person: 'Karim' }));
    const { facts, level, notes, letters, summary } = await open(world);
    assert.deepEqual([facts?.['missingRoles'], level], [['incidentCommander', 'technicalLead', 'communicationsLead'], 'warn']);
    assert.equal(notes?.[0], 'Nobody is Incident Commander, Technical Lead, Communications Lead yet. Run "Assign roles".');
    assert.ok(letters.some(({ text }) => text.includes('Technical Lead (Leads technical investigation): not assigned yet')));
    assert.equal(summary, 'War room #incident-20261123; roles to assign: Incident Commander, Technical Lead, Communications Lead');
  });

  it('does without a ticket, and says so', async () => {
    const { letters, notes } = await open(incident('P1'));
    assert.equal(letters.filter(({ call }) => call === 'addBookmark').length, 0);
    assert.ok(notes?.some((note) => note.startsWith('There is no ticket')));
  });

  it('makes a Jitsi room that nobody can guess', async () => {
    const links = await Promise.all([{ kind: 'jitsi' }, { kind: 'jitsi' }, { kind: 'jitsi', url: 'https://jitsi.example.com/' }].map(async (video) => String((await open(ready(), { runbook: withVideo(video as Runbook['warRoom']['video']) })).facts?.['video'])));
    assert.match(links[0] ?? '', /^https:\/\/meet\.jit\.si\/incident-[a-p]{32}$/);
    assert.match(links[2] ?? '', /^https:\/\/jitsi\.example\.com\/incident-[a-p]{32}$/);
    assert.equal(new Set(links).size, 3);
  });

  for (const [title, video, note] of [
    ['a huddle', { kind: 'slackHuddle' }, 'Start a Slack huddle in the channel.'],
    ['no video call', undefined, 'Start a Slack huddle in the channel: the runbook has no other video call ("warRoom.video").'],
    ['a fixed address that is missing', { kind: 'url' }, 'Start a Slack huddle in the channel: the runbook has no other video call ("warRoom.video").'],
  ] as const) {
    it(`${title}: a person starts a huddle`, async () => {
      const { letters, notes, facts } = await open(ready(), { runbook: withVideo(video) });
      assert.deepEqual([notes, 'video' in (facts ?? {})], [[note], false]);
      assert.ok(letters.some(({ text }) => text.includes('\nVideo call: start a huddle in this channel\n')));
    });
  }

  it('invites those who were brought in and those who hold a role', async () => {
    const world = incident('P2');
    const failed = requested(world.event, { step: 'escalate', contacts: ['executiveTeam'] });
    world.events.push(failed, world.event('delivery.failed', { request: failed.id, reason: 'Wrong token.' }), requested(world.event, { step: 'escalate', contacts: ['techLead'] }), world.event('role.assigned', { role: 'scribe', person: '@Mona' }));
    const runbook = withContacts({ productOwner: { github: 'mona', methods: ['slack'] }, executiveTeam: { methods: ['slack'], email: 'board@example.com' } });
    assert.deepEqual((await open(world, { runbook })).letters.find(({ call }) => call === 'invite')?.data['contacts'], ['onCallEngineer', 'devopsLead', 'techLead', 'productOwner']);
  });

  it('writes the day of the detection in a name that Slack allows', async () => {
    const runbook: Runbook = { ...bundledRunbook(), warRoom: { ...bundledRunbook().warRoom, channel: '#Incident YYYYMMDD! ' } };
    assert.deepEqual((await open(incident('P1'), { runbook, minute: 24 * 60 })).letters[0]?.data['name'], 'incident-20261123');
  });

  it('cuts the topic, never the id or the ticket', async () => {
    const world = incident('P1', { title: 'x'.repeat(300) });
    const url = `https://github.com/acme/${'y'.repeat(80)}/issues/7`;
    world.events.push(world.event('ticket.linked', { repository: 'acme/y', number: 7, url }));
    const topic = String((await open(world)).letters[1]?.data['topic']);
    assert.ok(topic.length <= 250, String(topic.length));
    assert.ok(topic.endsWith(`x… (${INCIDENT}) ${url}`), topic);
  });

  it('opens one only', async () => {
    const world = incident('P1');
    const room = requested(world.event, { call: 'createChannel', target: '#incident-20261123', step: 'openWarRoom' }, 2);
    world.events.push(room);
    await refused(open(world), 'The war room was asked for at 2026-11-23 03:02:00 UTC and is on its way. Retry or discard that delivery first.');
    const failed = world.event('delivery.failed', { request: room.id, reason: 'restricted_action' }, { minute: 3 });
    assert.equal((await open({ ...world, events: [...world.events, failed] })).letters[0]?.call, 'createChannel');
    world.events.push(world.event('delivery.done', { request: room.id, how: 'sent', result: { channel: 'C042', name: 'incident-20261123-2' }, url: 'https://x.slack.com/archives/C042' }, { minute: 3 }));
    await refused(open(world), `The war room of ${INCIDENT} is open already: #incident-20261123-2 (https://x.slack.com/archives/C042).`);
  });

  it('warns of what will not happen by itself', async () => {
    const held = await open(ready(), { connected: [] });
    assert.deepEqual([held.level, held.letters.length > 0], ['warn', true]);
    assert.match(held.notes?.[0] ?? '', /^Slack is not connected/);
    const night = await open(ready(), { minute: 0 });
    assert.equal(night.level, 'warn');
    assert.match(night.notes?.join('\n') ?? '', /DevOps Lead works in business hours/);
    assert.match((await open(incident('P3'))).notes?.join('\n') ?? '', /The runbook opens a war room for P1 only; this is P3\./);
  });
});
