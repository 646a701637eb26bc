import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Severity, TimelineEvent } from '../../../src/incident/events.ts';
import type { Runbook } from '../../../src/runbook/schema.ts';
import type { ConnectableService } from '../../../src/services/connections.ts';
import { acknowledge, createTicket, notifyTeam, pageOnCall } from '../../../src/steps/chapter-4-respond.ts';
import { requested } from '../../support/build-deliveries.ts';
import { EXTENSION, INCIDENT, minute, stepResult } from '../../support/build-events.ts';
import { BY_DAY, type PostWorld, compose, incident, lineOf, refused, withContacts } from '../../support/build-post.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';

const ALL: readonly ConnectableService[] = ['slack', 'pagerduty', 'mail', 'github'];

describe('acknowledge', () => {
  it('records it and tells the pager and the channels of the severity', async () => {
    for (const [severity, channel] of [[undefined, '#incidents'], ['P2', '#incidents'], ['P3', '#digital-prescription-portals']] as const) {
      const post = await compose(acknowledge, 'acknowledge', incident(severity).events);
      assert.deepEqual(post.events, [{ type: 'incident.acknowledged' }]);
      assert.deepEqual(post.letters.map(lineOf), ['pagerduty.acknowledge PagerDuty', `slack.postMessage ${channel}`]);
      const text = `Incident acknowledged - investigating\n${severity === undefined ? '' : `${severity} `}Portals answer 503 (${INCIDENT})`;
      assert.deepEqual(post.letters[1], { service: 'slack', call: 'postMessage', target: channel, text, data: { channel }, ...(severity === 'P3' ? {} : { contacts: severity === undefined ? ['onCallEngineer', 'devopsLead', 'techLead'] : ['onCallEngineer', 'devopsLead'] }) });
      assert.deepEqual([post.summary, post.notes], ['Incident acknowledged - investigating', []]);
    }
  });

  it('says what it cannot do, for an alert of Datadog only', async () => {
    const { notes } = await compose(acknowledge, 'acknowledge', incident(undefined, { detectedBy: 'datadog' }).events);
    assert.deepEqual(notes, ['A Datadog monitor cannot be acknowledged through any API: click "Acknowledge" on the alert yourself.']);
  });

  it('acknowledges the On-Call page whose id is given', async () => {
    const { letters } = await compose(acknowledge, 'acknowledge', incident().events, { inputs: { page: ' 15e74b8b ' } });
    assert.deepEqual(letters.map(({ service, call, data }) => [service, call, data]).find(([service]) => service === 'datadog'), ['datadog', 'acknowledgePage', { page: '15e74b8b' }]);
  });

  it('does nothing when somebody has acknowledged it, and says who and when', async () => {
    const { events, event } = incident();
    events.push(event('incident.acknowledged', {}, { minute: 1, actor: { name: 'Karim', kind: 'person' } }));
    const again = await compose(acknowledge, 'acknowledge', events, { minute: 3, inputs: { page: 'x' } });
    assert.deepEqual([again.events, again.letters, again.summary], [[], [], `Already acknowledged at ${minute(1)} by Karim`]);
  });

  it('is still to be done after the extension did it', async () => {
    const { events, event } = incident();
    events.push(event('incident.acknowledged', {}, { minute: 1, actor: EXTENSION }));
    assert.equal((await compose(acknowledge, 'acknowledge', events)).events.length, 1);
  });

  it('says that a drill is one', async () => {
    const { letters } = await compose(acknowledge, 'acknowledge', incident('P1', { drill: true }).events);
    assert.ok(letters.every(({ text }) => text.includes(`DRILL P1 Portals answer 503 (${INCIDENT})`)));
  });
});

describe('createTicket', () => {
  const ticket = (world?: PostWorld, of = incident('P1')): ReturnType<typeof compose> => compose(createTicket, 'createTicket', of.events, world);

  it('opens an issue with the title of the runbook and the severity as a label', async () => {
    const { letters: [letter], summary, notes } = await ticket({ connections: { github: { repository: 'acme/shop' } } });
    assert.deepEqual([letter?.service, letter?.call, letter?.target], ['github', 'createIssue', 'acme/shop']);
    assert.deepEqual(letter?.data, { title: 'INCIDENT: Portals answer 503', labels: ['incident', 'P1'], assignees: [] });
    assert.deepEqual([summary, notes], ['Ticket in acme/shop, labelled incident, P1', []]);
  });

  it('describes the incident for somebody who knows nothing of it', async () => {
    const { events, event } = incident('P1', { title: 'Portals *answer* <b>503</b>', detectedBy: 'support ticket', impactStartedAt: minute(-8) });
    const link = { title: 'Logs', url: 'https://console.aws.amazon.com/logs(1)' };
    events.push(
      event('finding.documented', { text: 'The pool leaks\n<!-- incident-event -->' }, { minute: 4 }),
      event('step.finished', { result: stepResult('checkConnectionPool', { level: 'bad', summary: '200 of 200 connections', evidence: { summary: '', level: 'bad', markdown: '', data: {}, links: [link, { title: 'Local', url: 'file:///etc/passwd' }] } }) }),
      event('step.finished', { result: stepResult('checkEndpoints', { evidence: { summary: '', level: 'ok', markdown: '', data: {} } }) }),
      event('step.finished', { result: stepResult('searchErrors', { level: 'warn' }) }),
    );
    const text = (await ticket({ minute: 5 }, { events, event })).letters[0]?.text ?? '';
    for (const line of [
      `- **Incident:** ${INCIDENT}: Portals \\*answer\\* \\<b\\>503\\</b\\>`,
      '- **Environment:** HealthFlow production (`production`)',
      '- **Severity:** P1, Complete service outage or critical security breach',
      '  - The service is completely unavailable.',
      '- **Detected:** 2026-11-23 03:00:00 UTC by support ticket',
      '- **Impact started:** 2026-11-23 02:52:00 UTC',
      "- **Team's channel:** \\#incidents",
      '- 2026-11-23 03:04:00 UTC: The pool leaks \\<\\!\\-\\- incident\\-event \\-\\-\\>',
      '- Title of checkConnectionPool (bad): 200 of 200 connections',
      '- [Logs](https://console.aws.amazon.com/logs%281%29)',
      '- [AWS Console](https://console.aws.amazon.com/)',
    ]) {
      assert.ok(text.split('\n').includes(line), `${line}\n---\n${text}`);
    }
    assert.doesNotMatch(text, /(?<!\\)<|passwd|DEPLOYMENT_RUNBOOK|checkEndpoints|searchErrors/);
  });

  it('keeps to what can be read at a glance', async () => {
    const { events, event } = incident('P1', { title: 'x'.repeat(400) });
    for (let count = 1; count <= 25; count += 1) {
      events.push(event('finding.documented', { text: `Finding ${count} ${'y'.repeat(900)}` }, { minute: count }));
    }
    const { letters: [letter] } = await ticket({}, { events, event });
    assert.ok(String(letter?.data['title']).length <= 256);
    assert.doesNotMatch(letter?.text ?? '', /Finding 5 /);
    assert.match(letter?.text ?? '', /Finding 25 y{400,500}…\n- and 5 earlier lines on the timeline/);
  });

  it('goes without a severity, and says what is missing', async () => {
    const { letters: [letter], notes } = await ticket({}, incident());
    assert.deepEqual([letter?.target, letter?.data['labels']], ['GitHub', ['incident']]);
    assert.match(letter?.text ?? '', /\*\*Severity:\*\* not assessed yet/);
    assert.deepEqual(notes, ['The severity is not assessed yet, so the ticket has no label for it.']);
  });

  it("keeps the runbook's own text around the description", async () => {
    const { templates } = bundledRunbook();
    const body = (text: string) => ({ ...bundledRunbook(), templates: { ...templates, ticketBody: { section: '4.3', title: 'Text', body: text } } });
    const [around, without] = await Promise.all(['Before\n[Initial details of the incident]\nAfter', 'Only this'].map(async (text) => (await ticket({ runbook: body(text) })).letters[0]?.text ?? ''));
    assert.match(around ?? '', /^Before\n- \*\*Incident:\*\*[\s\S]*\nAfter$/);
    assert.match(without ?? '', /^Only this\n\n- \*\*Incident:\*\*/);
  });

  const WITH_LOGINS = withContacts({ onCallEngineer: { github: 'ada' }, devopsLead: { github: 'grace' } });
  const { P3 } = WITH_LOGINS.severities;
  const NAMED: Runbook = { ...WITH_LOGINS, severities: { ...WITH_LOGINS.severities, P3: { ...P3, notify: { ...P3.notify, contacts: ['devopsLead', 'techLead'] } } } };
  for (const [title, severity, inputs, runbook, assignees, contacts] of [
    ['P3: the first of the escalation path who has a login', 'P3', {}, WITH_LOGINS, ['ada'], ['onCallEngineer']],
    ['P4: the same', 'P4', {}, WITH_LOGINS, ['ada'], ['onCallEngineer']],
    ['P3: the contacts the severity names, before the path', 'P3', {}, NAMED, ['grace'], ['devopsLead']],
    ['P1: nobody', 'P1', {}, WITH_LOGINS, [], undefined],
    ['those who are given, as bare logins', 'P1', { assignees: ['@grace', 'karim '] }, WITH_LOGINS, ['grace', 'karim'], ['devopsLead']],
    ['P3 without any login: nobody, with a note', 'P3', {}, bundledRunbook(), [], undefined],
  ] as const) {
    it(`assigns ${title}`, async () => {
      const { letters: [letter], notes } = await ticket({ inputs, runbook }, incident(severity));
      assert.deepEqual([letter?.data['assignees'], letter?.contacts], [assignees, contacts]);
      assert.deepEqual(notes?.filter((note) => note.startsWith('Nobody is assigned')).length, severity === 'P3' && assignees.length === 0 ? 1 : 0);
    });
  }

  it('is not opened twice', async () => {
    const { events, event } = incident('P1');
    const asked = requested(event, { service: 'github', call: 'createIssue', target: 'acme/shop', step: 'createTicket' }, 1);
    const after = (...more: TimelineEvent[]): ReturnType<typeof compose> => ticket({ minute: 9 }, { events: [...events, asked, ...more], event });
    const url = 'https://github.com/acme/shop/issues/7';
    await refused(after(), 'The ticket was asked for at 2026-11-23 03:01:00 UTC and is on its way. Retry or discard that delivery first.');
    await refused(after(event('delivery.failed', { request: asked.id, reason: 'GitHub asks to slow down.', retryAt: minute(20) }, { minute: 2 })), /is on its way \(GitHub asks to slow down\)\./);
    await refused(after(event('delivery.unknown', { request: asked.id, reason: 'No answer.' }, { minute: 2 })), /may have been made already \(No answer\)\./);
    await refused(after(event('delivery.failed', { request: asked.id, reason: 'No answer', inDoubt: true }, { minute: 2 })), /may have been made already/);
    const done = event('delivery.done', { request: asked.id, how: 'sent', result: {}, url }, { minute: 2 });
    await refused(after(done), `${INCIDENT} has a ticket already: ${url}.`);
    await refused(after(event('delivery.done', { request: asked.id, how: 'by hand', result: {} }, { minute: 2 })), `${INCIDENT} has a ticket already: it was opened by hand.`);
    await refused(ticket({}, { events: [...events, event('ticket.linked', { repository: 'acme/shop', number: 7, url })], event }), `${INCIDENT} has a ticket already: ${url}.`);
  });

  it('is opened after the first attempt was refused, discarded or held', async () => {
    for (const outcome of ['delivery.failed', 'delivery.discarded', 'delivery.held'] as const) {
      const { events, event } = incident('P1');
      const asked = requested(event, { service: 'github', call: 'createIssue', target: 'GitHub', step: 'createTicket' }, 1);
      events.push(asked, event(outcome, { request: asked.id, reason: 'The token is wrong.' }, { minute: 2 }));
      assert.equal((await ticket({}, { events, event })).letters.length, 1, outcome);
    }
  });
});

describe('notifyTeam', () => {
  const team = (severity: Severity, world: PostWorld = {}): ReturnType<typeof compose> => compose(notifyTeam, 'notifyTeam', incident(severity).events, { connected: ALL, minute: BY_DAY, ...world });

  it('waits for the severity', async () => {
    await refused(compose(notifyTeam, 'notifyTeam', incident().events), /^Assess the severity first/);
  });

  for (const [severity, lines, mention, reached, summary] of [
    ['P1', ['slack.postMessage #incidents', 'pagerduty.trigger PagerDuty'], ['onCallEngineer', 'devopsLead', 'techLead'], ['onCallEngineer', 'devopsLead', 'techLead'], 'P1: #incidents, a page, On-Call Engineer, DevOps Lead, Tech Lead'],
    ['P2', ['slack.postMessage #incidents'], ['onCallEngineer', 'devopsLead'], ['onCallEngineer', 'devopsLead'], 'P2: #incidents, On-Call Engineer, DevOps Lead'],
    ['P3', ['slack.postMessage #digital-prescription-portals'], undefined, [], 'P3: #digital-prescription-portals'],
    ['P4', ['slack.postMessage #digital-prescription-portals'], undefined, [], 'P4: #digital-prescription-portals'],
  ] as const) {
    it(`${severity}: ${lines.join(', ')}`, async () => {
      const post = await team(severity);
      assert.deepEqual(post.letters.map(lineOf), lines);
      const [channel] = post.letters;
      assert.deepEqual([channel?.data['mention'], channel?.contacts], [mention, mention]);
      assert.deepEqual([post.summary, post.level, post.facts], [summary, 'ok', { reached, unreachable: [] }]);
      const toBePhoned = ['DevOps Lead', 'Tech Lead'].slice(0, severity === 'P1' ? 2 : 1).map((title) => `${title} is to be phoned first, but there is no number in the runbook.`);
      assert.deepEqual(post.notes, reached.length > 0 ? toBePhoned : ['Assign it to a member of the team: nobody is named yet (input "assignee").']);
    });
  }

  it('says what the team has to know', async () => {
    const { events, event } = incident('P1', { impactStartedAt: minute(-8) });
    const url = 'https://github.com/acme/shop/issues/7';
    events.push(event('ticket.linked', { repository: 'acme/shop', number: 7, url }));
    const { letters: [post, page] } = await compose(notifyTeam, 'notifyTeam', events, { connected: ALL, minute: BY_DAY });
    assert.equal(post?.text, [
      `P1 Portals answer 503 (${INCIDENT})`,
      'Severity: P1, Complete service outage or critical security breach',
      'Why P1: The service is completely unavailable.',
      'Environment: HealthFlow production',
      'Detected: 2026-11-23 03:00:00 UTC by cloudwatch',
      'Impact since: 2026-11-23 02:52:00 UTC',
      `Ticket: ${url}`,
    ].join('\n'));
    assert.deepEqual(page, { service: 'pagerduty', call: 'trigger', target: 'PagerDuty', text: `P1 Portals answer 503 (${INCIDENT})`, data: { severity: 'critical', source: 'production' }, contacts: ['onCallEngineer'] });
  });

  const PHONES = withContacts({ devopsLead: { phone: '+20 2 5550 0100' } });
  for (const [title, severity, connected, runbook, lines, facts] of [
    ['nothing is connected: all is asked for, people are called by hand', 'P1', [], bundledRunbook(),
      ['slack.postMessage #incidents', 'pagerduty.trigger PagerDuty', 'workspace.phone DevOps Lead (by hand)', 'workspace.phone Tech Lead (by hand)'],
      { reached: [], unreachable: ['onCallEngineer', 'devopsLead', 'techLead'] }],
    ['only mail: everybody with an address gets one', 'P1', ['mail'], bundledRunbook(),
      ['slack.postMessage #incidents', 'pagerduty.trigger PagerDuty', 'mail.send On-Call Engineer', 'mail.send DevOps Lead', 'mail.send Tech Lead'],
      { reached: ['onCallEngineer', 'devopsLead', 'techLead'], unreachable: [] }],
    ['PagerDuty and mail: the page is enough for whoever is on call', 'P1', ['pagerduty', 'mail'], bundledRunbook(),
      ['slack.postMessage #incidents', 'pagerduty.trigger PagerDuty', 'mail.send DevOps Lead', 'mail.send Tech Lead'],
      { reached: ['onCallEngineer', 'devopsLead', 'techLead'], unreachable: [] }],
    ['a P2 pages nobody: whoever is on call gets a mail', 'P2', ['pagerduty', 'mail'], bundledRunbook(),
      ['slack.postMessage #incidents', 'mail.send On-Call Engineer', 'mail.send DevOps Lead'], { reached: ['onCallEngineer', 'devopsLead'], unreachable: [] }],
    ['the phone comes first where there is a number', 'P2', ['slack', 'mail'], PHONES,
      ['slack.postMessage #incidents', 'workspace.phone DevOps Lead (by hand)'], { reached: ['onCallEngineer', 'devopsLead'], unreachable: [] }],
    ['Slack finds nobody without member id and address', 'P2', ['slack'], withContacts({ devopsLead: { email: undefined } }),
      ['slack.postMessage #incidents', 'workspace.phone DevOps Lead (by hand)'], { reached: ['onCallEngineer'], unreachable: ['devopsLead'] }],
  ] as const) {
    it(title, async () => {
      const post = await team(severity, { connected, runbook });
      assert.deepEqual([post.letters.map(lineOf), post.facts], [lines, facts]);
      assert.equal(post.level, facts.unreachable.length > 0 || !(connected as readonly string[]).includes('slack') ? 'warn' : 'ok');
    });
  }

  it('names those whom nothing reaches, and what is missing', async () => {
    assert.deepEqual((await team('P2', { connected: [] })).notes, [
      'Slack is not connected: post the text in \\#incidents yourself, or connect Slack and send it from the deliveries.',
      'On\\-Call Engineer cannot be reached by pagerduty, slack, email: connect one of them, or add what is missing to the contact.',
      'DevOps Lead cannot be reached by phone, slack, email: connect one of them, or add what is missing to the contact.',
    ]);
  });

  it('pages the contacts of the severity that have a pager, or else whoever the path pages', async () => {
    const { P1 } = bundledRunbook().severities;
    const paged = async (contacts: string[], runbook = bundledRunbook()): Promise<unknown> => {
      const P1Only = { ...runbook, severities: { ...runbook.severities, P1: { ...P1, notify: { ...P1.notify, contacts } } } };
      return (await team('P1', { runbook: P1Only })).letters.find(({ service }) => service === 'pagerduty')?.contacts;
    };
    assert.deepEqual(await paged(['techLead'], withContacts({ techLead: { methods: ['pagerduty'] } })), ['techLead']);
    assert.deepEqual(await paged([]), ['onCallEngineer']);
    const { escalation } = bundledRunbook();
    const path = escalation.path.map((entry) => ({ ...entry, methods: ['Phone'] }));
    assert.deepEqual(await paged([], { ...withContacts({ techLead: { methods: ['pagerduty'] }, onCallEngineer: { methods: ['slack'] } }), escalation: { ...escalation, path } }), ['techLead']);
  });

  it('gives the number to call, or says that there is none', async () => {
    const byHand = async (runbook = bundledRunbook()): Promise<string | undefined> => (await team('P2', { connected: [], runbook })).letters.find(({ target }) => target === 'DevOps Lead')?.byHand;
    assert.match(await byHand(PHONES) ?? '', /calls DevOps Lead: \+20 2 5550 0100/);
    assert.match(await byHand() ?? '', /no number in the runbook/);
  });

  it('at night: says who is not there and offers the next who is, tells them in writing and calls nobody out of bed', async () => {
    const post = await team('P1', { minute: 0, runbook: PHONES });
    assert.deepEqual(post.letters.map(lineOf), ['slack.postMessage #incidents', 'pagerduty.trigger PagerDuty']);
    assert.deepEqual([post.level, post.facts], ['warn', { reached: ['onCallEngineer'], unreachable: ['devopsLead', 'techLead'] }]);
    assert.equal(post.summary, 'P1: #incidents, a page, On-Call Engineer; not reachable now: DevOps Lead, Tech Lead');
    assert.equal(post.notes?.[0], 'DevOps Lead works in business hours and cannot be reached before 2026-11-23 07:00:00 UTC. Next on the escalation path: Executive Team (level 5, Phone). Run "Escalate" with level 5.');
  });

  it('at night: mentions the next on the path who is there and has Slack', async () => {
    const { letters: [post], facts } = await team('P2', { minute: 0, runbook: withContacts({ techLead: { availability: 'always' } }) });
    assert.deepEqual([post?.data['mention'], facts], [['onCallEngineer', 'devopsLead', 'techLead'], { reached: ['onCallEngineer'], unreachable: ['devopsLead'] }]);
  });

  it('names who it is assigned to', async () => {
    const { letters: [post], notes } = await team('P3', { inputs: { assignee: 'Karim' } });
    assert.match(post?.text ?? '', /\nAssigned to: Karim$/);
    assert.deepEqual(notes, []);
    const p1 = await team('P1', { inputs: { assignee: 'Karim' } });
    assert.doesNotMatch(p1.letters[0]?.text ?? '', /Karim/);
  });
});

describe('pageOnCall', () => {
  for (const [severity, word] of [['P1', 'critical'], ['P2', 'error'], ['P3', 'warning'], ['P4', 'info'], [undefined, 'critical']] as const) {
    it(`${severity ?? 'not assessed'}: ${word}`, async () => {
      const { letters, level, notes } = await compose(pageOnCall, 'pageOnCall', incident(severity).events, { connected: ['pagerduty'] });
      assert.deepEqual(letters, [{
        service: 'pagerduty', call: 'trigger', target: 'PagerDuty', text: `${severity === undefined ? '' : `${severity} `}Portals answer 503 (${INCIDENT})`,
        data: { severity: word, source: 'production' }, contacts: ['onCallEngineer'],
      }]);
      assert.equal(level, 'ok');
      assert.match(notes?.[0] ?? '', /A second page joins the first/);
    });
  }

  it('is told of a page that stands already', async () => {
    const { events, event } = incident('P1');
    events.push(requested(event, { service: 'pagerduty', call: 'trigger', target: 'PagerDuty', step: 'notifyTeam' }, 4));
    const summary = async (): Promise<string> => (await compose(pageOnCall, 'pageOnCall', events, { connected: ['pagerduty'], minute: 9 })).summary;
    assert.equal(await summary(), 'Page On-Call Engineer; joins the page of 2026-11-23 03:04:00 UTC');
    const discarded = requested(event, { service: 'pagerduty', call: 'trigger', target: 'PagerDuty', step: 'pageOnCall' }, 7);
    events.push(
      requested(event, { service: 'pagerduty', call: 'trigger', target: 'PagerDuty', step: 'pageOnCall' }, 5), requested(event, { service: 'pagerduty', call: 'acknowledge', step: 'acknowledge' }, 6),
      discarded, event('delivery.discarded', { request: discarded.id, reason: 'By mistake.' }, { minute: 8 }),
    );
    assert.equal(await summary(), 'Page On-Call Engineer; joins the page of 2026-11-23 03:05:00 UTC');
  });

  it('pages anew once the page was resolved', async () => {
    const { events, event } = incident('P1');
    const resolve = requested(event, { service: 'pagerduty', call: 'resolve', target: 'PagerDuty', step: 'sendResolutionNotice' });
    const trigger = requested(event, { service: 'pagerduty', call: 'trigger', target: 'PagerDuty', step: 'pageOnCall' });
    events.push(resolve, trigger, event('delivery.done', { request: trigger.id, how: 'sent', result: {} }));
    assert.equal('again' in ((await compose(pageOnCall, 'pageOnCall', events)).letters[0]?.data ?? {}), false);
    events.push(event('delivery.done', { request: resolve.id, how: 'sent', result: {} }));
    assert.equal((await compose(pageOnCall, 'pageOnCall', events)).letters[0]?.data['again'], true);
  });

  it('is asked for without PagerDuty as well, with another way', async () => {
    const { letters, level, notes } = await compose(pageOnCall, 'pageOnCall', incident('P1').events);
    assert.deepEqual([letters.map(lineOf), level], [['pagerduty.trigger PagerDuty'], 'warn']);
    assert.ok(notes?.includes('PagerDuty is not connected: reach On\\-Call Engineer by slack or email.'), notes?.join('\n'));
  });

  it('warns of somebody on call who is not there, and names the next', async () => {
    const runbook = withContacts({ onCallEngineer: { availability: 'businessHours' }, techLead: { availability: 'always' } });
    const { level, notes } = await compose(pageOnCall, 'pageOnCall', incident('P1').events, { connected: ['pagerduty'], runbook });
    assert.equal(level, 'warn');
    assert.match(notes?.join('\n') ?? '', /cannot be reached before .* Next on the escalation path: Tech Lead \(level 3, Phone, Slack\)/);
  });
});
