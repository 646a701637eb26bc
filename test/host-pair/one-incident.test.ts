/** Two people in two VS Codes work on one incident at the same time. Both run these tests, and meet where it matters. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { TimelineEvent } from '../../src/incident/events.ts';
import { fold } from '../../src/incident/fold.ts';
import { readEventMarkers } from '../../src/incident/markers.ts';
import { breakService, call, declare, eventually, mendServices, practice, runStep, service, serviceCalls, violations } from '../host/harness.ts';
import { reportMark } from '../support/mocha-run.ts';
import { PAIR, type Login, agree, me, meet, partner } from './partner.ts';

const TITLE = 'Prescriptions cannot be opened';
const NOTES = 5;
const TYPED = 'The pharmacies in Alexandria say that it works again';
const UPDATE = { status: 'Mitigating', impact: 'Half of the pharmacies wait', actions: 'The pool was made larger', next: 'Watch the pool', eta: '04:30' };
const CONTESTED = ['notifyTeam', 'escalate'] as const;
/** Between two looks of a window at the ticket there are 15 s. */
const SEEN_BY_THE_OTHER_MS = 40_000;

interface GitHub {
  readonly issues: readonly { readonly number: number; readonly title: string; readonly body: string; readonly labels: readonly string[] }[];
  readonly comments: readonly { readonly issue: number; readonly author: string; readonly body: string }[];
}
interface Slack {
  readonly channels: readonly { readonly messages: readonly { readonly text: string }[] }[];
}
interface PagerDuty {
  readonly incidents: readonly { readonly key: string; readonly triggers: number }[];
}
interface Delivery {
  readonly id: string;
  readonly state: string;
}
interface Listed {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly severity?: string;
}

/** What the other one gets to see too: all but one machine's account of how it sends things. */
function isEverybodys(event: TimelineEvent): boolean {
  return event.type !== 'delivery.attempted' && !(event.type === 'delivery.failed' && event.retryAt !== undefined)
    && !('request' in event && event.request.startsWith('ticket/'));
}

describe(`one incident in two windows, as ${PAIR[me]} sees it`, function () {
  this.timeout(60_000);
  // What comes next needs what came before, in the other window too.
  this.bail(true);
  let incident: string;
  let ticket: number;
  /** The update that Slack does not take at first; only ada has it. */
  let waiting: Delivery | undefined;

  const issue = async (): Promise<GitHub['issues'][number] | undefined> => (await service<GitHub>('github')).issues.find(({ title }) => title.includes(TITLE));
  const listed = async (): Promise<Listed | undefined> => (await call<{ incidents: readonly Listed[] }>('list', {})).incidents.find(({ id }) => id === incident);
  const shared = async (): Promise<readonly TimelineEvent[]> => {
    const { events } = await call<{ events: readonly TimelineEvent[] }>('timeline', { incident });
    return events.filter(isEverybodys).sort((a, b) => (a.id < b.id ? -1 : 1));
  };
  const messages = async (): Promise<readonly string[]> => (await service<Slack>('slack')).channels.flatMap((channel) => channel.messages.map(({ text }) => text)).filter((text) => text.includes(incident));
  const seen = async () => {
    const events = await shared();
    const { severity, roles = {}, findings = [], status, updates = [], deliveries = [] } = fold(events) ?? {};
    const line = await listed();
    return {
      ids: events.map(({ id, type }) => `${id} ${type}`), events,
      view: { severity, roles, findings, status, updates: updates.length, deliveries: deliveries.map(({ target, state }) => ({ target, state })) }, listed: { title: line?.title, severity: line?.severity, status: line?.status },
    };
  };

  it('is opened from the ticket of the one who declared it', async () => {
    if (me === 'ada') {
      incident = await declare(TITLE, { severity: 'P1', detectedBy: 'cloudwatch' });
      assert.equal((await runStep(incident, 'createTicket')).status, 'done');
      ticket = (await issue())?.number ?? 0;
    } else {
      ticket = (await eventually('a ticket', issue, (found) => found !== undefined, 60_000))?.number ?? 0;
      ({ incident } = await call<{ incident: string }>('openShared', { ticket }));
    }
    const line = await agree('the incident', listed, (known) => known?.severity !== undefined);
    assert.deepEqual([line?.title, line?.severity, line?.status], [TITLE, 'P1', 'declared']);
    assert.ok((await issue())?.body.includes(line?.id ?? 'no id'));
  });

  it('takes notes, roles and severities of both at the same moment', async () => {
    const answers = { unavailable: 'partly', affected: 'some', security: 'no', workaround: 'no', businessImpact: 'moderate' };
    const judgement = me === 'ada' ? { override: 'P2', overrideReason: 'Half of the pharmacies work' } : { override: 'P3', overrideReason: 'One portal only' };
    await meet('notes, roles and severities', null);
    const [judged, ...done] = await Promise.all([
      call<{ severity: string }>('assessSeverity', { incident, answers, ...judgement }),
      ...Array.from({ length: NOTES }, (_, index) => runStep(incident, 'documentFinding', { text: `${PAIR[me]} found the cause number ${index + 1}` })),
      runStep(incident, 'assignRoles', { role: 'incidentCommander', person: PAIR[me] }),
      runStep(incident, 'assignRoles', { role: me === 'ada' ? 'technicalLead' : 'scribe', person: PAIR[me] }),
    ]);
    assert.ok(judged.severity === 'P2' || judged.severity === 'P3', judged.severity);
    assert.deepEqual(done.map(({ status, summary }) => (status === 'done' ? status : summary)), Array(NOTES + 2).fill('done'));
    if (me === 'ada') {
      await practice('POST', 'services/github/comments', { issue: ticket, body: TYPED, author: 'grace' });
    }
  });

  for (const step of CONTESTED) {
    it(`runs ${step} once when both start it at the same moment`, async () => {
      await meet(`both start ${step}`, null);
      const { status, summary } = await runStep(incident, step);
      const results = await meet(`both ended ${step}`, { status, summary });
      const winners = (Object.keys(results) as Login[]).filter((login) => results[login].status === 'done');
      assert.equal(winners.length, 1, JSON.stringify(results));
      const [winner = me] = winners;
      const loser = results[winner === 'ada' ? 'grace' : 'ada'];
      assert.equal(loser.status, 'refused');
      assert.ok(loser.summary.startsWith(`${PAIR[winner]} is at `), loser.summary);
    });
  }

  it('has told everybody once what both wanted to tell them', async () => {
    const texts = await messages();
    assert.equal(texts.length, CONTESTED.length, texts.join('\n\n'));
    assert.equal(texts.filter((text) => text.includes('Escalated to level 1')).length, 1, texts.join('\n\n'));
    assert.deepEqual((await service<PagerDuty>('pagerduty')).incidents.filter(({ key }) => key === incident).map(({ triggers }) => triggers), [1]);
  });

  it('keeps an update that Slack does not take now', async () => {
    await meet('Slack goes down', null);
    if (me === 'ada') {
      await breakService('slack');
      const { deliveries } = await call<{ deliveries: readonly Delivery[] }>('postUpdate', { incident, ...UPDATE });
      assert.deepEqual(deliveries.map(({ state }) => state), ['pending']);
      [waiting] = deliveries;
    }
    await meet('an update waits', null);
  });

  it('becomes the same timeline in both, with what somebody typed on GitHub', async () => {
    const { view, listed: line } = await agree('the timeline', seen, ({ view: { findings, updates } }) => findings.length >= 2 * NOTES + 1 && updates > 0, SEEN_BY_THE_OTHER_MS);
    assert.equal(view.deliveries.filter(({ state }) => state === 'pending').length, 1, JSON.stringify(view.deliveries));
    const expected = [me, partner].flatMap((login) => Array.from({ length: NOTES }, (_, index) => `${PAIR[login]} found the cause number ${index + 1}`));
    assert.deepEqual(view.findings.map(({ text }) => text).sort(), [...expected, TYPED].sort());
    assert.equal(view.findings.find(({ text }) => text === TYPED)?.actor.name, 'grace');
    assert.ok(Object.values<string | undefined>(PAIR).includes(view.roles['incidentCommander']), JSON.stringify(view.roles));
    assert.deepEqual([view.roles['technicalLead'], view.roles['scribe']], ['Ada', 'Grace']);
    assert.ok(view.severity === 'P2' || view.severity === 'P3', view.severity);
    assert.deepEqual([line.severity, line.status, line.title], [view.severity, view.status, TITLE]);
    await eventually('the label of that severity', issue, (found) => JSON.stringify(found?.labels.filter((label) => /^P\d$/.test(label))) === JSON.stringify([view.severity]), SEEN_BY_THE_OTHER_MS);
  });

  it('sends the update once, from the window it was written in', async () => {
    if (me === 'ada') {
      await mendServices();
      // It may have gone by itself this moment.
      await call('retryDelivery', { incident, delivery: waiting?.id }).then(undefined, (error: unknown) => { assert.match(String(error), /is done already/); });
    }
    await meet('Slack is back', null);
    await eventually('the update in Slack', messages, (texts) => texts.length > CONTESTED.length);
  });

  it('is closed for both when one closes it', async () => {
    if (me === 'grace') {
      await call('close', { incident, reason: 'The pool has room again' });
    }
    const { view } = await agree('the end', seen, ({ listed: line, view: { deliveries } }) => line.status === 'closed' && deliveries.every(({ state }) => state === 'done'), SEEN_BY_THE_OTHER_MS);
    assert.equal(view.status, 'closed');
    const texts = await messages();
    assert.equal(texts.filter((text) => text.includes(UPDATE.impact)).length, 1, texts.join('\n\n'));
    // Neither has even tried what is not its own to send.
    const { events } = await call<{ events: readonly TimelineEvent[] }>('timeline', { incident });
    const others = events.flatMap((event) => (event.type === 'delivery.requested' && event.actor.name === PAIR[partner] ? [event.id] : []));
    assert.ok(me === 'ada' || others.length > 0, 'the ticket and the update are ada\'s');
    assert.deepEqual(events.filter((event) => event.type === 'delivery.attempted' && event.requests.some((request) => others.includes(request))), []);
  });

  it('is on the ticket, every event of it exactly once', async () => {
    const comments = (await service<GitHub>('github')).comments.filter((comment) => comment.issue === ticket);
    const posted = comments.flatMap(({ author, body }) => readEventMarkers(body).map((event) => ({ author, event })));
    const onTicket = [...readEventMarkers((await issue())?.body ?? ''), ...posted.map(({ event }) => event)];
    const events = await shared();
    const typed = events.filter((event) => event.type === 'finding.documented' && event.text === TYPED).map(({ id }) => id);
    assert.equal(typed.length, 1);
    assert.deepEqual(onTicket.map(({ id }) => id).sort(), events.map(({ id }) => id).filter((id) => !typed.includes(id)).sort());
    // Each of them is on GitHub as themselves, and posts what happened in their own window.
    const people = posted.filter(({ event: { actor } }) => actor.kind === 'person');
    assert.deepEqual([...new Set(people.map(({ author, event: { actor } }) => `${author}: ${actor.name}`))].sort(), ['ada: Ada', 'grace: Grace']);
    assert.equal(events.filter(({ type }) => type === 'step.claimed').length, events.filter(({ type }) => type === 'step.released').length, 'nothing is claimed any more');
    await meet('everything was looked at', null);
  });

  it('has asked nothing of anybody that they would not take', async () => {
    assert.deepEqual(await violations(), []);
    const calls = await serviceCalls('github');
    const refused = calls.filter(({ status }) => status >= 400).map(({ method, target, status }) => `${method} ${target}: ${status}`);
    // Both have the label follow the severity: the second one may find it made or taken off already.
    assert.deepEqual(refused.filter((line) => !/^POST \S+\/labels: 422$|^DELETE \S+\/labels\/P\d: 404$/.test(line)), []);
    if (me === 'ada') {
      const unchanged = calls.filter(({ status }) => status === 304).length;
      const seconds = Math.round(((calls.at(-1)?.at ?? 0) - (calls[0]?.at ?? 0)) / 1000);
      console.log(`${reportMark}    GitHub was asked ${calls.length} times in ${seconds} s by both: ${calls.length - unchanged} counted, ${unchanged} unchanged (304)`);
    }
    await meet('the last', null);
  });
});
