import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Runbook } from '../../../src/runbook/schema.ts';
import { notifyStakeholders, notifyUsers, postUpdate, updateStatusPage } from '../../../src/steps/chapter-7-communicate.ts';
import type { Letter, Post } from '../../../src/steps/step.ts';
import { requested } from '../../support/build-deliveries.ts';
import { INCIDENT, minute } from '../../support/build-events.ts';
import { BY_DAY, type PostWorld, compose, incident, lineOf, refused, withContacts } from '../../support/build-post.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';

const FIELDS = { status: 'Mitigating', impact: 'Prescriptions open slowly', actions: 'Restarted the service', next: 'Watch the pool', eta: '30 minutes' } as const;
type World = ReturnType<typeof incident>;

/** The letters of a post become deliveries that are done, so that the step can be run again. */
function deliver({ events, event }: World, step: string, { letters }: Post, at: number, result: (letter: Letter) => Readonly<Record<string, string>> = () => ({})): void {
  for (const { byHand, after: _after, ...letter } of letters) {
    const asked = requested(event, { ...letter, step }, at);
    events.push(asked, byHand === undefined
      ? event('delivery.done', { request: asked.id, how: 'sent', result: result({ ...letter }) }, { minute: at })
      : event('delivery.held', { request: asked.id, reason: byHand }, { minute: at }));
  }
}

describe('postUpdate', () => {
  const update = (world: World, options: PostWorld = {}): Promise<Post> => compose(postUpdate, 'postUpdate', world.events, { inputs: FIELDS, ...options });

  it('records the update and posts it in the channels of the severity, with the time of the next one', async () => {
    for (const [severity, channel, next] of [['P1', '#incidents', '03:25'], ['P2', '#incidents', '03:40'], ['P3', '#digital-prescription-portals', '04:10'], ['P4', '#digital-prescription-portals', '04:10']] as const) {
      const { events: [recorded], letters, summary } = await update(incident(severity), { minute: 10 });
      const text = [
        'Incident Update - 2026-11-23 03:10 UTC', 'Status: Mitigating', 'Impact: Prescriptions open slowly', 'Actions Taken: Restarted the service',
        'Next Steps: Watch the pool', 'ETA: 30 minutes', `Next update: 2026-11-23 ${next} UTC`,
      ].join('\n');
      assert.deepEqual(recorded, { type: 'update.posted', ...FIELDS, text });
      assert.deepEqual(letters.map(lineOf), [`slack.postMessage ${channel}`]);
      assert.equal(letters[0]?.text, `${text}\n${severity} Portals answer 503 (${INCIDENT})`);
      assert.equal(summary, 'Update recorded: Mitigating');
    }
  });

  it('goes to the channel of the gravest before the severity is known, and promises nothing', async () => {
    const { letters: [letter] } = await update(incident());
    assert.equal(letter?.target, '#incidents');
    assert.doesNotMatch(letter.text, /Next update/);
  });

  it('goes to the war room as well, by the id that Slack gave it', async () => {
    const world = incident('P1');
    const room = requested(world.event, { call: 'createChannel', target: '#incident-20261123', step: 'openWarRoom' });
    world.events.push(room);
    assert.equal((await update(world)).letters.length, 1, 'not while it is being opened');
    world.events.push(world.event('delivery.done', { request: room.id, how: 'sent', result: { channel: 'C042', name: 'incident-20261123-2', url: 'https://x.slack.com/archives/C042' } }));
    const post = requested(world.event, { target: '#incidents' }, 1);
    world.events.push(post, world.event('delivery.done', { request: post.id, how: 'sent', result: { channel: 'C1', ts: '1.2' } }, { minute: 1 }), requested(world.event, { call: 'createChannel', target: '#other' }, 2));
    const { letters } = await update(world);
    assert.deepEqual(letters.map(({ target, data }) => [target, data['channel']]), [['#incidents', '#incidents'], ['#incident-20261123-2', 'C042']]);
  });

  it('says when there is no ticket that it could be on', async () => {
    const world = incident('P1');
    assert.match((await update(world)).notes?.join() ?? '', /no ticket yet/);
    world.events.push(world.event('ticket.linked', { repository: 'acme/shop', number: 7, url: 'https://github.com/acme/shop/issues/7' }));
    assert.deepEqual((await update(world)).notes, []);
  });

  it('refuses what is left out, and a runbook without the template', async () => {
    await refused(update(incident('P1'), { inputs: { ...FIELDS, next: '' } }), /input "next" must be a text that is not empty/);
    await refused(update(incident('P1'), { inputs: { ...FIELDS, status: 'Fine' } }), /input "status" must be one of Investigating, Mitigating, Resolved/);
    await refused(update(incident('P1'), { runbook: { ...bundledRunbook(), templates: {} } }), 'The runbook has no template "update". Add it below "templates".');
  });
});

describe('updateStatusPage', () => {
  const page = (world: World, inputs: PostWorld['inputs'] = {}, connected: PostWorld['connected'] = ['statuspage'], at = 0): Promise<Post> =>
    compose(updateStatusPage, 'updateStatusPage', world.events, { inputs, connected, minute: at });
  const created = (): { id: string } => ({ id: 'abc' });

  it('takes the six stages one after the other, each in the words of Statuspage', async () => {
    const world = incident('P2');
    const seen: unknown[] = [];
    for (let stage = 0; stage < 6; stage += 1) {
      const post = await page(world, {}, ['statuspage'], stage);
      seen.push([post.letters[0]?.call, post.letters[0]?.data['stage'], post.letters[0]?.data['status'], post.facts?.['stage']]);
      deliver(world, 'updateStatusPage', post, stage, created);
    }
    assert.deepEqual(seen, [
      ['createIncident', 'detected', 'investigating', 'detected'], ['updateIncident', 'investigating', 'investigating', 'investigating'],
      ['updateIncident', 'rootCauseIdentified', 'identified', 'rootCauseIdentified'], ['updateIncident', 'implementingFix', 'identified', 'implementingFix'],
      ['updateIncident', 'monitoring', 'monitoring', 'monitoring'], ['updateIncident', 'resolved', 'resolved', 'resolved'],
    ]);
    await refused(page(world), 'The status page is at its last stage, "Resolved". To go back, give "stage" and "back".');
  });

  for (const [severity, impact, words] of [['P1', 'critical', 'down'], ['P2', 'major', 'disrupted'], ['P3', 'minor', 'disrupted'], ['P4', 'none', 'notice'], [undefined, 'none', 'notice']] as const) {
    it(`${severity ?? 'not assessed'}: impact ${impact} on Statuspage, ${words} in the repository`, async () => {
      const world = incident(severity, { title: 'db-7 leaks passwords' });
      const { letters: [onPage] } = await page(world);
      assert.deepEqual(onPage, {
        service: 'statuspage', call: 'createIncident', target: 'Statuspage', text: `We have detected a problem and are looking into it.\nReference: ${INCIDENT}`,
        data: { stage: 'detected', status: 'investigating', notify: false, components: [], name: 'Problems with HealthFlow production', impact },
      });
      const { letters: [inFile], notes } = await page(world, {}, []);
      assert.deepEqual(inFile, {
        service: 'workspace', call: 'writeStatusPage', target: 'Status page in the repository', text: onPage?.text,
        data: { stage: 'detected', title: 'Problems with HealthFlow production', state: 'Investigating', severity: words, affected: [], resolved: false },
      });
      assert.ok(notes?.[0]?.includes('commit and push'));
    });
  }

  it('says what it is told to, whom it is told to, where it is told to', async () => {
    const world = incident('P1');
    const inputs = { stage: 'resolved', body: ' All is well. ', title: 'Login fails', notify: true, components: ['c1', 'c2'] };
    const { letters: [onPage], notes } = await page(world, inputs);
    assert.deepEqual([onPage?.text, onPage?.data], [`All is well.\nReference: ${INCIDENT}`, {
      stage: 'resolved', status: 'resolved', notify: true, components: ['c1', 'c2'], componentStatus: 'operational', name: 'Login fails', impact: 'critical',
    }]);
    assert.deepEqual(notes, ['The subscribers of the page get mail.']);
    const { letters: [inFile], notes: ofFile } = await page(world, { ...inputs, workspace: true });
    assert.equal(ofFile?.includes('The subscribers of the page get mail.'), false);
    assert.deepEqual([inFile?.service, inFile?.data['resolved'], inFile?.data['affected'], inFile?.data['title']], ['workspace', true, ['c1', 'c2'], 'Login fails']);
  });

  it('marks the components by severity, and those it named as working again in the end', async () => {
    for (const [severity, state] of [['P1', 'major_outage'], ['P2', 'partial_outage'], ['P3', 'degraded_performance']] as const) {
      const world = incident(severity);
      const first = await page(world, { components: ['c1'] });
      assert.equal(first.letters[0]?.data['componentStatus'], state);
      deliver(world, 'updateStatusPage', first, 1, created);
      const { data } = (await page(world, { stage: 'resolved' })).letters[0] ?? {};
      assert.deepEqual([data?.['components'], data?.['componentStatus']], [['c1'], 'operational']);
    }
  });

  it('goes back, or says the same again, only when it is told to', async () => {
    const world = incident('P1');
    deliver(world, 'updateStatusPage', await page(world, { stage: 'monitoring' }), 1, created);
    await refused(page(world, { stage: 'investigating' }), 'The status page is at "Monitoring", and "Investigating" comes before it. Give "back" to go back.');
    await refused(page(world, { stage: 'monitoring' }), 'The status page is at "Monitoring" already. Give "body" to say more about it.');
    await refused(page(world, { stage: 'fine' }), /input "stage" must be one of detected, investigating, /);
    assert.equal((await page(world, { stage: 'monitoring', body: 'Still watching.' })).letters[0]?.call, 'updateIncident');
    const back = await page(world, { stage: 'investigating', back: true });
    deliver(world, 'updateStatusPage', back, 2, created);
    assert.equal((await page(world)).facts?.['stage'], 'rootCauseIdentified', 'and goes on from there');
  });

  it('tries a stage again that was refused or discarded', async () => {
    for (const outcome of ['delivery.failed', 'delivery.discarded'] as const) {
      const world = incident('P1');
      const [letter] = (await page(world)).letters;
      assert.ok(letter);
      const { after: _after, ...body } = letter;
      const asked = requested(world.event, { ...body, step: 'updateStatusPage' });
      world.events.push(asked, world.event(outcome, { request: asked.id, reason: 'Wrong key.' }, { minute: 1 }));
      assert.deepEqual((await page(world)).letters.map(({ call, data }) => [call, data['stage']]), [['createIncident', 'detected']]);
    }
  });

  it('waits until it is known whether the incident is on the page', async () => {
    const world = incident('P1');
    const asked = requested(world.event, { service: 'statuspage', call: 'createIncident', target: 'Statuspage', data: { stage: 'detected' }, step: 'updateStatusPage' }, 1);
    world.events.push(asked);
    await refused(page(world), 'The incident was sent to Statuspage at 2026-11-23 03:01:00 UTC and is on its way. Retry or discard that delivery first.');
    world.events.push(world.event('delivery.unknown', { request: asked.id, reason: 'No answer.' }, { minute: 2 }));
    await refused(page(world), /and may be there already/);
    world.events.push(world.event('delivery.done', { request: asked.id, how: 'by hand', result: {} }, { minute: 3 }));
    assert.deepEqual((await page(world)).letters.map(lineOf), ['statuspage.updateIncident Statuspage (by hand)']);
  });

  it('goes on from a page in the repository on Statuspage, with a new incident there', async () => {
    const world = incident('P1');
    deliver(world, 'updateStatusPage', await page(world, {}, []), 1);
    // What is done by hand in the workspace is not all the status page.
    world.events.push(requested(world.event, { service: 'workspace', call: 'socialText', data: { stage: 'monitoring' }, step: 'notifyUsers' }, 2));
    assert.deepEqual((await page(world)).letters.map(({ call, data }) => [call, data['stage']]), [['createIncident', 'investigating']]);
  });

  it('asks for a text where the runbook has none', async () => {
    const { statusPage } = bundledRunbook();
    const runbook: Runbook = { ...bundledRunbook(), statusPage: { ...statusPage, stages: statusPage.stages.map(({ body: _body, ...stage }) => stage) } };
    await refused(compose(updateStatusPage, 'updateStatusPage', incident('P1').events, { runbook }), /no text for the stage "Incident identified"\. Give "body"/);
  });

  it('says that a drill is one', async () => {
    const [letter] = (await page(incident('P1', { drill: true }))).letters;
    assert.equal(letter?.data['name'], 'DRILL: Problems with HealthFlow production');
    assert.match(letter.text, /^This is a drill\. /);
  });
});

describe('notifyUsers', () => {
  const { userNotifications } = bundledRunbook();
  const WITH_RECIPIENTS: Runbook = { ...bundledRunbook(), userNotifications: { ...userNotifications, recipients: ['users@example.com'] } };
  const users = (world: World, options: PostWorld = {}): Promise<Post> => compose(notifyUsers, 'notifyUsers', world.events, { connected: ['mail', 'webhook'], runbook: WITH_RECIPIENTS, ...options });

  it('is for the severities that the runbook names', async () => {
    await refused(users(incident('P3')), `Users are notified of P1 and P2 only (runbook 7.2); ${INCIDENT} is P3.`);
    await refused(users(incident('P4')), /is P4\.$/);
    await refused(users(incident()), /^Assess the severity first/);
  });

  it('writes by mail, in the product, and for social media', async () => {
    for (const [severity, says] of [['P1', 'has a serious problem, and most of it or all of it may not work'], ['P2', 'is slow or does not work for many of its users']] as const) {
      const { letters, level, summary } = await users(incident(severity, { title: 'db-7 leaks passwords', impactStartedAt: minute(-8) }));
      const text = `HealthFlow production ${says} at the moment.\nIt began at 2026-11-23 02:52:00 UTC.\nWe are working on it and will tell you as soon as it is solved.\nReference: ${INCIDENT}`;
      assert.deepEqual(letters, [
        { service: 'mail', call: 'send', target: 'Users', text, data: { to: ['users'], subject: 'Problems with HealthFlow production' } },
        { service: 'webhook', call: 'post', target: 'In-app notification', text, data: { title: 'Problems with HealthFlow production', severity } },
        { service: 'workspace', call: 'socialText', target: 'Social media', text, data: {}, byHand: 'Social media is posted by a person' },
      ]);
      assert.deepEqual([level, summary], ['ok', 'Users: Users, In-app notification, Social media by hand']);
    }
  });

  it('says what it is told to', async () => {
    const texts = (await users(incident('P1'), { inputs: { text: 'Please wait.', title: 'Login' } })).letters.map(({ text }) => text);
    assert.deepEqual(new Set(texts), new Set([`Please wait.\nReference: ${INCIDENT}`]));
    assert.match((await users(incident('P1'), { inputs: { impact: 'You cannot sign in' } })).letters[0]?.text ?? '', /\nWhat you may notice: You cannot sign in\n/);
  });

  for (const [title, connected, runbook, lines, note] of [
    ['without mail', ['webhook'], WITH_RECIPIENTS, ['webhook.post In-app notification', 'workspace.socialText Social media (by hand)'], 'mail is not connected'],
    ['without recipients', ['mail', 'webhook'], bundledRunbook(), ['webhook.post In-app notification', 'workspace.socialText Social media (by hand)'], 'userNotifications.recipients'],
    ['without webhook', ['mail'], WITH_RECIPIENTS, ['mail.send Users', 'workspace.socialText Social media (by hand)'], 'webhook is not connected'],
  ] as const) {
    it(`${title}: goes the other ways and says so`, async () => {
      const post = await users(incident('P1'), { connected, runbook });
      assert.deepEqual([post.letters.map(lineOf), post.level], [lines, 'warn']);
      assert.ok(post.notes?.join().includes(note), post.notes?.join());
    });
  }

  it('uses the ways of the runbook only, and is refused when none is left', async () => {
    const only = (channels: string[]): Runbook => ({ ...WITH_RECIPIENTS, userNotifications: { ...userNotifications, channels } });
    assert.deepEqual((await users(incident('P1'), { runbook: only(['social media']) })).letters.map(lineOf), ['workspace.socialText Social media (by hand)']);
    await refused(users(incident('P1'), { connected: [], runbook: only(['in-app']) }), /^Users cannot be notified\. No in-app notification goes out/);
  });

  it('is done once, unless it is told to again', async () => {
    const world = incident('P1');
    deliver(world, 'notifyUsers', await users(world), 4);
    await refused(users(world), /^Users were notified at 2026-11-23 03:04:00 UTC\. .*give "again"/);
    const again = await users(world, { inputs: { again: true } });
    assert.equal(again.letters.length, 3);
    deliver(world, 'notifyUsers', again, 9);
    await refused(users(world), /^Users were notified at 2026-11-23 03:09:00 UTC/);
  });

  it('is done again after everything was refused', async () => {
    const world = incident('P1');
    const asked = requested(world.event, { service: 'mail', call: 'send', step: 'notifyUsers' });
    world.events.push(asked, world.event('delivery.failed', { request: asked.id, reason: 'Wrong password.' }, { minute: 1 }));
    assert.equal((await users(world)).letters.length, 3);
  });
});

describe('notifyStakeholders', () => {
  const tell = (world: World, at: number, options: PostWorld = {}): Promise<Post> => compose(notifyStakeholders, 'notifyStakeholders', world.events, { connected: ['mail', 'slack'], minute: at, ...options });
  const contacts = async (world: World, at: number): Promise<unknown> => (await tell(world, at)).facts?.['contacts'];

  it('tells each by a clock of their own', async () => {
    const runbook = withContacts({ executiveTeam: { email: 'board@example.com' } });
    const world = incident('P1');
    const told: unknown[] = [];
    for (const at of [0, 30, 60, 90]) {
      const post = await tell(world, at, { runbook });
      told.push([at, post.facts?.['contacts'], post.letters.map(lineOf), post.letters.map((letter) => letter.contacts)]);
      deliver(world, 'notifyStakeholders', post, at);
    }
    assert.deepEqual(told, [
      [0, ['productOwner'], ['mail.send Product Owner'], [['productOwner']]], [30, ['executiveTeam'], ['mail.send Executive Team'], [['executiveTeam']]],
      [60, ['productOwner'], ['mail.send Product Owner'], [['productOwner']]], [90, ['executiveTeam'], ['mail.send Executive Team'], [['executiveTeam']]],
    ]);
  });

  for (const [severity, before, from, title] of [['P1', 19, 20, 'Product Owner at 2026-11-23 04:00:00 UTC, Executive Team at 2026-11-23 03:30:00 UTC'], ['P2', 19, 20, 'Product Owner at 2026-11-23 03:30:00 UTC']] as const) {
    it(`${severity}: takes a clock that is about to run out as due, and names those that are not`, async () => {
      const world = incident(severity);
      if (severity === 'P1') {
        deliver(world, 'notifyStakeholders', await tell(world, 0), 0);
      }
      await refused(tell(world, before), `Nobody is due now: ${title}. Give "contact" to tell somebody earlier.`);
      assert.deepEqual(await contacts(world, from), [severity === 'P1' ? 'executiveTeam' : 'productOwner']);
    });
  }

  it('needs a severity that has stakeholders', async () => {
    await refused(tell(incident(), 0), /^Assess the severity first/);
    await refused(tell(incident('P3'), 0), /names no stakeholders for P3/);
    await refused(tell(incident('P3'), 0, { inputs: { contact: 'minister' } }), /^"minister" is not a contact of the runbook\. Allowed: onCallEngineer, /);
  });

  it('tells the one it is told to, due or not', async () => {
    const { letters, facts } = await tell(incident('P3'), 0, { inputs: { contact: 'techLead' } });
    assert.deepEqual([letters.map(lineOf), facts], [['mail.send Tech Lead'], { contacts: ['techLead'] }]);
  });

  it('says what a person wrote in place of what the last update says', async () => {
    const { letters } = await tell(incident('P1'), 0, { inputs: { impact: ' No prescriptions ', doing: 'We restart it' } });
    assert.match(letters[0]?.text ?? '', /\nImpact: No prescriptions\n[^]*\nWhat is being done: We restart it\n/);
    assert.match((await tell(incident('P1'), 0)).letters[0]?.text ?? '', /\nImpact: being assessed\n[^]*\nWhat is being done: the team is investigating\n/);
    await refused(tell(incident('P1'), 0, { inputs: { doing: '' } }), /input "doing" must be a text that is not empty/);
  });

  const PHONE = withContacts({ executiveTeam: { phone: '+20 2 5550 0100' } });
  for (const [title, contact, connected, runbook, line, level] of [
    ['by mail', 'productOwner', ['mail', 'slack'], bundledRunbook(), 'mail.send Product Owner', 'ok'],
    ['without mail by Slack, where Slack is a way', 'techLead', ['slack'], bundledRunbook(), 'slack.postMessage #incidents', 'ok'],
    ['without mail and Slack by phone, without a number', 'productOwner', ['slack'], bundledRunbook(), 'workspace.phone Product Owner (by hand)', 'warn'],
    ['by phone with a number', 'executiveTeam', ['mail', 'slack'], PHONE, 'workspace.phone Executive Team (by hand)', 'ok'],
    ['by mail that is held, where nothing else is a way', 'datadogSupport', [], bundledRunbook(), 'mail.send Datadog Support', 'warn'],
  ] as const) {
    it(title, async () => {
      const post = await tell(incident('P1'), BY_DAY, { inputs: { contact }, connected, runbook });
      assert.deepEqual([post.letters.map(lineOf), post.level], [[line], level]);
      assert.deepEqual(post.letters[0]?.contacts, [contact]);
    });
  }

  it('promises each the next word by their own clock', async () => {
    const world = incident('P1');
    const { P1 } = bundledRunbook().severities;
    const runbook: Runbook = { ...bundledRunbook(), severities: { ...bundledRunbook().severities, P1: { ...P1, stakeholders: [{ contact: 'productOwner', withinMinutes: 0, everyMinutes: 60 }, { contact: 'techLead', withinMinutes: 0, everyMinutes: 90 }, { contact: 'devopsLead', withinMinutes: 0 }] } } };
    const { letters } = await tell(world, 0, { runbook });
    assert.deepEqual(letters.map(({ target, text }) => [target, /Next update: .*/.exec(text)?.[0]]), [
      ['Product Owner', 'Next update: 2026-11-23 04:00:00 UTC'], ['Tech Lead', 'Next update: 2026-11-23 04:30:00 UTC'], ['DevOps Lead', undefined],
    ]);
    deliver(world, 'notifyStakeholders', { events: [], letters, summary: '' }, 0);
    await refused(tell(world, 9, { runbook }), /DevOps Lead has been told\. Give "contact"/);
  });

  it('says what they want to know', async () => {
    const world = incident('P1', { impactStartedAt: minute(-8) });
    const first = await tell(world, 1);
    const lines = (post: Post): string[] => post.letters[0]?.text.split('\n') ?? [];
    assert.deepEqual(lines(first), [
      `P1 Portals answer 503 (${INCIDENT})`, 'Severity: P1, complete service outage or critical security breach', 'What: Portals answer 503, in HealthFlow production',
      'Impact: being assessed', 'Since: 2026-11-23 02:52:00 UTC', 'What is being done: the team is investigating', 'Next update: 2026-11-23 04:01:00 UTC',
    ]);
    assert.deepEqual(first.letters[0]?.data, { to: ['productOwner'], subject: `P1 Portals answer 503 (${INCIDENT})` });
    world.events.push(world.event('update.posted', { ...FIELDS, text: 'whole' }, { minute: 2 }));
    assert.ok(lines(await tell(world, 3)).includes('What is being done: Restarted the service. Next: Watch the pool. Expected resolution: 30 minutes'));
    assert.ok(lines(await tell(world, 3)).includes('Impact: Prescriptions open slowly'));
  });

  it('warns of those who are not there', async () => {
    const { level, notes } = await tell(incident('P1'), 0);
    assert.equal(level, 'warn');
    assert.deepEqual(notes, ['Product Owner works in business hours and cannot be reached before 2026-11-23 07:00:00 UTC.']);
  });

  it('does not ask for the same call twice', async () => {
    const world = incident('P1');
    deliver(world, 'notifyStakeholders', await tell(world, 0), 0);
    deliver(world, 'notifyStakeholders', await tell(world, 30), 30);
    await refused(tell(world, 31), /Executive Team is still to be told by hand, since 2026-11-23 03:30:00 UTC/);
    await refused(tell(world, 31, { inputs: { contact: 'executiveTeam' } }), /^Executive Team is still to be told by hand/);
    assert.deepEqual(await contacts(world, 60), ['productOwner']);
    const call = world.events.findLast((event) => event.type === 'delivery.requested');
    world.events.push(world.event('delivery.done', { request: call?.id ?? '', how: 'by hand', result: {} }, { minute: 62 }));
    assert.deepEqual(await contacts(world, 95), ['productOwner', 'executiveTeam']);
  });

  it('starts anew with another severity', async () => {
    const world = incident('P2');
    deliver(world, 'notifyStakeholders', await tell(world, 25), 25);
    world.events.push(world.event('severity.set', { severity: 'P1', reasons: [] }, { minute: 40 }));
    assert.deepEqual(await contacts(world, 40), ['productOwner']);
  });
});
