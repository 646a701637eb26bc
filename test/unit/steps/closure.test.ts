import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { NewEvent, TimelineEvent } from '../../../src/incident/events.ts';
import { fold } from '../../../src/incident/fold.ts';
import { environmentByKey, stepById } from '../../../src/runbook/query.ts';
import type { Runbook } from '../../../src/runbook/schema.ts';
import { AFTER_CLOSING_STEPS } from '../../../src/manifest.ts';
import { loadAction } from '../../../src/steps/catalog.ts';
import { closeTicket, confirmResolution, sendResolutionNotice } from '../../../src/steps/chapter-9-closure.ts';
import { Inputs } from '../../../src/steps/inputs.ts';
import type { StepContext } from '../../../src/steps/step.ts';
import { requested } from '../../support/build-deliveries.ts';
import { INCIDENT, createEvents, minute, stepResult } from '../../support/build-events.ts';
import { BY_DAY, type PostWorld, compose, lineOf, refused, withContacts } from '../../support/build-post.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START } from '../../support/clock.ts';

type Events = ReturnType<typeof createEvents>;
type Severity = 'P1' | 'P2' | 'P3';

interface Told {
  readonly events: TimelineEvent[];
  readonly event: Events['event'];
}

/** Detected at 03:00, felt since 02:53. */
function declared(severity: Severity = 'P1', body: Parameters<Events['declared']>[0] = {}): Told {
  const builder = createEvents();
  return { event: builder.event, events: [builder.declared({ impactStartedAt: minute(-7), ...body }), builder.event('severity.set', { severity, reasons: [] })] };
}

/** The same, over at 04:05, with a ticket. */
function resolved(severity: Severity = 'P1', body: Parameters<Events['declared']>[0] = {}, hasTicket = true): Told {
  const told = declared(severity, body);
  if (hasTicket) {
    told.events.push(told.event('ticket.linked', { repository: 'acme/shop', number: 7, url: 'https://github.com/acme/shop/issues/7' }));
  }
  told.events.push(told.event('incident.resolved', { rootCause: 'The pool was exhausted', resolution: 'Restarted @the service' }, { minute: 65 }));
  return told;
}

/** Something that was asked for, and what became of it. */
function delivery({ events, event }: Told, call: string, state: 'done' | 'failed' | 'held' | 'pending', at = 66, service: 'github' | 'pagerduty' = 'github', step = 'closeTicket'): void {
  const request = requested(event, { service, call, step }, at);
  events.push(request);
  if (state === 'done') {
    events.push(event('delivery.done', { request: request.id, how: 'sent', result: {} }, { minute: at }));
  } else if (state === 'failed') {
    events.push(event('delivery.failed', { request: request.id, reason: 'no' }, { minute: at }));
  } else if (state === 'held') {
    events.push(event('delivery.held', { request: request.id, reason: 'GitHub is not connected.' }, { minute: at }));
  }
}

function confirm({ events }: Told, inputs: Readonly<Record<string, unknown>> = {}, at = 50, runbook: Runbook = bundledRunbook()): { readonly events: readonly NewEvent[]; readonly summary: string } {
  const incident = fold(events) ?? assert.fail();
  const step = stepById(runbook, 'confirmResolution') ?? assert.fail();
  const context = { incident, runbook, step, environment: environmentByKey(runbook), clock: { now: () => START + at * 60_000 } } as unknown as StepContext & { readonly incident: typeof incident };
  return confirmResolution.record(context, new Inputs('Step "confirmResolution"', inputs));
}

const REASONS = {
  rootCauseIdentified: 'A guess', issueResolved: 'It answers', servicesStable: 'It is day', metricsNormal: 'No access', noUserReports: 'None in Slack', stakeholdersNotified: 'The notice goes out next',
};

describe('confirmResolution', () => {
  it('is refused while boxes are open, and says which and what would prove each', () => {
    const told = declared();
    told.events.push(told.event('finding.documented', { text: 'The pool' }, { minute: 2 }), told.event('step.finished', { result: stepResult('verifyMitigation') }, { minute: 30 }));
    return refused(Promise.resolve().then(() => confirm(told, { reasons: { metricsNormal: 'No access' } })),
      '3 of 6 boxes of 9.1 are open: Services are stable (servicesStable): Run "Monitor stability"; No user reports of ongoing issues (noUserReports): Ask support and the users’ channels, then tick it; All stakeholders notified of resolution (stakeholdersNotified): Nobody has been told that it is over: run "Send the resolution notice". Prove them, or give a reason for each in "reasons".');
  });

  it('records a person’s word, the reasons for the rest, and what it was', () => {
    const told = declared();
    const { noUserReports: _noUserReports, ...reasons } = REASONS;
    const { events, summary } = confirm(told, { rootCause: ' A leak ', resolution: 'Restarted', scenario: 'memoryLeak', confirmed: { noUserReports: 'Support says so' }, reasons });
    assert.deepEqual(events, [
      { type: 'checklist.marked', checklist: 'confirmResolution', item: 'noUserReports', checked: true, note: 'Support says so' },
      { type: 'incident.resolved', rootCause: 'A leak', resolution: 'Restarted', scenario: 'memoryLeak', unproved: Object.entries(reasons).map(([item, reason]) => ({ item, reason })) },
    ]);
    assert.equal(summary, 'Resolved: Restarted (5 of 6 boxes without proof)');
  });

  it('drafts the root cause from the last finding, and asks for what ended it when nothing on the timeline did', async () => {
    const told = declared();
    told.events.push(told.event('finding.documented', { text: 'The pool was exhausted' }, { minute: 2 }));
    const [event] = confirm(told, { resolution: 'It went by itself', reasons: REASONS }).events;
    assert.ok(event?.type === 'incident.resolved');
    assert.deepEqual([event.rootCause, event.unproved?.some(({ item }) => item === 'rootCauseIdentified')], ['The pool was exhausted', false], 'a reason for a box that is proved is not recorded');
    await refused(Promise.resolve().then(() => confirm(told, { reasons: REASONS })), /input "resolution" must be a text/);
  });

  it('keeps the time when it is worded anew, or written down after the closing', () => {
    const again = confirm(resolved(), { rootCause: 'Another', reasons: REASONS }, 90).events.at(-1);
    assert.deepEqual([again?.type, again?.at], ['incident.resolved', minute(65)]);
    const told = declared();
    told.events.push(told.event('incident.closed', { reason: 'x' }, { minute: 40 }));
    assert.equal(confirm(told, { rootCause: 'a', resolution: 'b', reasons: REASONS }, 90).events.at(-1)?.at, minute(40));
  });

  it('takes only boxes and scenarios that the runbook has', async () => {
    const wrong = (inputs: Readonly<Record<string, unknown>>, message: RegExp): Promise<void> => refused(Promise.resolve().then(() => confirm(declared(), { rootCause: 'a', resolution: 'b', reasons: REASONS, ...inputs })), message);
    await wrong({ confirmed: { nothing: 'x' } }, /no box "nothing" in 9\.1\. Known: rootCauseIdentified,/);
    await wrong({ confirmed: { servicesStable: ' ' } }, /"confirmed\.servicesStable" must be a text/);
    await wrong({ scenario: 'flood' }, /"scenario" must be one of connectionPoolExhaustion/);
  });
});

describe('closeTicket', () => {
  const close = (told: Told, world: PostWorld = {}): ReturnType<typeof compose> => compose(closeTicket, 'closeTicket', told.events, { connected: ['github'], minute: 70, ...world });

  it('closes the incident, comments with root cause, resolution and duration, then closes the issue as completed', async () => {
    const post = await close(resolved());
    assert.deepEqual(post.events, [{ type: 'incident.closed', reason: 'Restarted @the service' }]);
    assert.deepEqual(post.letters, [
      {
        service: 'github', call: 'comment', target: 'acme/shop#7', data: { repository: 'acme/shop', number: 7 },
        text: `Incident resolved. Root cause: The pool was exhausted. Resolution: Restarted \\@the service. Duration: 1 hour 5 minutes from detection to resolution, 1 hour 12 minutes from the start of the impact.\n\nReference: ${INCIDENT}`,
      },
      { service: 'github', call: 'closeIssue', target: 'acme/shop#7', data: { repository: 'acme/shop', number: 7 }, text: `Closed as completed (${INCIDENT})`, after: [0] },
    ]);
    assert.equal(post.summary, 'Closed after 1 hour 5 minutes from detection to resolution, 1 hour 12 minutes from the start of the impact');
  });

  it('is refused before somebody confirmed the resolution, and again after a reopening', async () => {
    await refused(close(declared()), /^Confirm the resolution of INC-\S+ before "Close the ticket": its root cause and what ended it are not recorded\.$/);
    const told = resolved();
    told.events.push(told.event('incident.closed', { reason: 'x' }, { minute: 66 }), told.event('incident.reopened', { reason: 'x' }, { minute: 67 }));
    await refused(close(told), /since it was reopened\.$/);
  });

  it('does only what is left to do', async () => {
    const told = resolved();
    told.events.push(told.event('incident.closed', { reason: 'x' }, { minute: 66 }));
    delivery(told, 'comment', 'done');
    delivery(told, 'closeIssue', 'failed');
    const post = await close(told);
    assert.deepEqual([post.events, post.letters.map(({ call, after }) => [call, after])], [[], [['closeIssue', undefined]]]);
    delivery(told, 'closeIssue', 'done', 67);
    await refused(close(told), `${INCIDENT} is closed, and so is its ticket.`);
  });

  it('waits for what is on its way or for a person', async () => {
    const underWay = resolved();
    delivery(underWay, 'comment', 'pending');
    await refused(close(underWay), /^The closing comment was asked for at .* and is on its way/);
    const held = resolved();
    delivery(held, 'comment', 'held');
    await refused(close(held), /^The closing comment is to be done by hand since /);
  });

  it('comments and closes again after a reopening', async () => {
    const told = resolved();
    delivery(told, 'comment', 'done');
    delivery(told, 'closeIssue', 'done');
    told.events.push(told.event('incident.closed', { reason: 'x' }, { minute: 66 }), told.event('incident.reopened', { reason: 'x' }, { minute: 67 }), told.event('incident.resolved', { rootCause: 'b', resolution: 'c' }, { minute: 68 }));
    assert.deepEqual((await close(told)).letters.map(({ call }) => call), ['comment', 'closeIssue']);
  });

  it('resolves the page that was sent, once', async () => {
    const told = resolved();
    delivery(told, 'trigger', 'done', 10, 'pagerduty', 'pageOnCall');
    assert.deepEqual((await close(told)).letters.map(lineOf), ['github.comment acme/shop#7', 'github.closeIssue acme/shop#7', 'pagerduty.resolve PagerDuty']);
    delivery(told, 'resolve', 'done', 66, 'pagerduty');
    assert.equal((await close(told)).letters.length, 2);
    delivery(told, 'trigger', 'done', 67, 'pagerduty', 'pageOnCall');
    assert.equal((await close(told)).letters.length, 3);
  });

  it('offers the comment by hand where no ticket is known', async () => {
    const post = await close(resolved('P2', { drill: true }, false));
    assert.deepEqual(post.letters.map(lineOf), ['github.comment The ticket (by hand)']);
    assert.match(post.letters[0]?.text ?? '', /^This is a drill\. Incident resolved\. Root cause/);
    assert.match(post.notes?.join() ?? '', /knows of no ticket/);
  });

  it('never sends a placeholder', async () => {
    const runbook = bundledRunbook();
    const { closingComment, ...templates } = runbook.templates;
    assert.ok(closingComment);
    await refused(close(resolved(), { runbook: { ...runbook, templates: { ...templates, closingComment: { ...closingComment, body: 'Over. Approved by: [name]' } } } }), /^The closing comment cannot be filled yet; missing: Approved by\./);
    await refused(close(resolved(), { runbook: { ...runbook, templates } }), /no template "closingComment"/);
  });
});

describe('sendResolutionNotice', () => {
  const send = (told: Told, world: PostWorld = {}): ReturnType<typeof compose> => compose(sendResolutionNotice, 'sendResolutionNotice', told.events, { connected: ['mail', 'slack'], minute: BY_DAY, ...world });
  const BODY = [
    'The incident affecting Production has been resolved.', '', 'Incident Start: 2026-11-23 02:53:00 UTC', 'Incident End: 2026-11-23 04:05:00 UTC', 'Duration: 1 hour 12 minutes',
    'Root Cause: The pool was exhausted', 'Resolution: Restarted @the service', '', 'A detailed post-incident review will be conducted and shared within 48 hours.',
    '', `Reference: ${INCIDENT}`,
  ].join('\n');

  it('goes to the stakeholders and the channels of the severity, filled from the timeline', async () => {
    const told = resolved();
    const title = environmentByKey(bundledRunbook()).data.title;
    const post = await send(told);
    assert.deepEqual(post.letters.map(lineOf), ['mail.send Product Owner', 'workspace.phone Executive Team (by hand)', 'slack.postMessage #incidents']);
    const [owner, , channel] = post.letters;
    assert.deepEqual([owner?.data, owner?.contacts], [{ to: ['productOwner'], subject: 'Incident Resolved - Portals answer 503' }, ['productOwner']]);
    assert.equal(owner?.text, BODY.replace('Production', title));
    assert.equal(channel?.text, `Incident Resolved - Portals answer 503\n\n${BODY.replace('Production', title)}`);
    assert.deepEqual([post.events, post.facts], [[], { contacts: ['productOwner', 'executiveTeam'] }]);
  });

  it('goes to the team alone where the runbook names no stakeholders, and says that it is a drill', async () => {
    const post = await send(resolved('P3', { drill: true }));
    assert.deepEqual(post.letters.map(lineOf), ['slack.postMessage #digital-prescription-portals']);
    assert.match(post.letters[0]?.text ?? '', /^DRILL: Incident Resolved - Portals answer 503\n\nThis is a drill\. The incident affecting/);
  });

  it('tells users who have heard of it and whose addresses the runbook has, without the cause', async () => {
    const runbook = bundledRunbook();
    const world = { runbook: { ...runbook, userNotifications: { ...runbook.userNotifications, recipients: ['users@example.com'] } } };
    const heard = (severity: 'P2' | 'P3'): Told => {
      const told = resolved(severity);
      told.events.push(requested(told.event, { service: 'mail', call: 'send', step: 'notifyUsers' }, 10));
      return told;
    };
    assert.equal((await send(resolved('P2'), world)).letters.some(({ target }) => target === 'Users'), false, 'nobody told them that it was broken');
    const users = (await send(heard('P2'), world)).letters.find(({ target }) => target === 'Users');
    assert.match(users?.text ?? '', /works again\. The problem began at 2026-11-23 02:53:00 UTC and ended at 2026-11-23 04:05:00 UTC\.\nReference/);
    assert.doesNotMatch(JSON.stringify(users), /pool|Restarted/);
    assert.equal((await send(heard('P3'), world)).letters.some(({ target }) => target === 'Users'), false);
    const without = await send(heard('P2'), { ...world, connected: ['slack'] });
    assert.match(without.notes?.join() ?? '', /No e-mail goes to the users/);
    assert.equal(without.level, 'warn');
  });

  it('names who cannot be reached, and reminds of the status page', async () => {
    const told = resolved();
    const page = requested(told.event, { service: 'statuspage', call: 'createIncident', step: 'updateStatusPage', data: { stage: 'investigating' } }, 5);
    told.events.push(page, told.event('delivery.done', { request: page.id, how: 'sent', result: { id: 'x' } }, { minute: 5 }));
    const post = await send(told, { runbook: withContacts({ productOwner: { email: undefined } }), minute: 70 });
    assert.match(post.notes?.join('\n') ?? '', /Product Owner works in business hours[^]*Executive Team cannot be reached by phone[^]*The status page does not say so yet: run "Update the status page"/);
    assert.equal(post.level, 'warn');
  });

  it('is refused while something is missing, and a second time', async () => {
    await refused(send(declared()), /^The resolution notice cannot be filled yet; missing: incident end, duration, root cause, resolution\. Run "Confirm the resolution" first/);
    const told = resolved();
    const sent = requested(told.event, { step: 'sendResolutionNotice' }, 66);
    told.events.push(sent, told.event('delivery.done', { request: sent.id, how: 'sent', result: {} }, { minute: 66 }));
    await refused(send(told), /^The notice was sent at 2026-11-23 04:06:00 UTC\./);
    assert.ok((await send(told, { inputs: { again: true, component: 'the portals' } })).letters[0]?.text.startsWith('The incident affecting the portals has been resolved.'));
  });
});

describe('Steps after the closing', () => {
  it('are those whose actions say so, as far as they are automated', async () => {
    const after = await Promise.all(bundledRunbook().steps.map(async ({ id, action }) => {
      const loaded = await loadAction(action);
      return loaded === undefined ? AFTER_CLOSING_STEPS.includes(id) : 'afterClosing' in loaded ? id : false;
    }));
    assert.deepEqual(bundledRunbook().steps.filter((_, index) => after[index] !== false).map(({ id }) => id).sort(), [...AFTER_CLOSING_STEPS].sort());
  });
});
