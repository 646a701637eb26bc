import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DeliveryRequest, TimelineEvent } from '../../../src/incident/events.ts';
import { type Incident, fold } from '../../../src/incident/fold.ts';
import { countForPerson, deliveryGroups } from '../../../src/views/delivery-groups.ts';
import { type DeliveriesInput, type DeliveryNode, doubtQuestion, incidentDeliveryNodes,  } from '../../../src/views/delivery-nodes.ts';
import { EXTENSION, INCIDENT, createEvents, minute } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START } from '../../support/clock.ts';
import { renderMarkdown } from '../../support/render-markdown.ts';

const HOSTILE = '[x](command:workbench.action.quit) <script>alert(1)</script> `a` | *b* \n# c';

/** A timeline on which something is asked to be delivered, minute by minute. */
function timeline() {
  const { declared, event } = createEvents();
  const events: TimelineEvent[] = [declared()];
  const add = <E extends TimelineEvent>(added: E): string => {
    events.push(added);
    return added.id;
  };
  return {
    ask: (at: number, request: Partial<DeliveryRequest> = {}): string => add(event('delivery.requested', {
      origin: 'me', delivery: { service: 'slack', call: 'postMessage', target: '#incidents', text: `Message of minute ${at}`, data: {}, step: 'postUpdate', ...request },
    }, { minute: at })),
    done: (request: string, at: number, more: { url?: string; note?: string; how?: 'sent' | 'by hand' } = {}) => add(event('delivery.done', { request, how: 'sent', result: {}, ...more }, { minute: at, actor: EXTENSION })),
    failed: (request: string, at: number, reason: string, retry?: number) => add(event('delivery.failed', { request, reason, ...(retry === undefined ? {} : { retryAt: minute(retry) }) }, { minute: at, actor: EXTENSION })),
    unknown: (request: string, at: number, reason: string) => add(event('delivery.unknown', { request, reason }, { minute: at, actor: EXTENSION })),
    held: (request: string, at: number, reason: string) => add(event('delivery.held', { request, reason }, { minute: at, actor: EXTENSION })),
    discarded: (request: string, at: number) => add(event('delivery.discarded', { request, reason: 'Said on the phone' }, { minute: at })),
    incident: (): Incident => fold(events) ?? assert.fail(),
  };
}

function groups(incidents: readonly Incident[], input: Partial<DeliveriesInput> = {}): DeliveryNode[] {
  return deliveryGroups({ incidents, now: START + 20 * 60_000, runbook: bundledRunbook(), origin: 'me', reason: () => undefined, ...input });
}

function rows(nodes: readonly DeliveryNode[], label: string): readonly DeliveryNode[] {
  return nodes.find((node) => node.label === label)?.children?.() ?? [];
}

describe('the Deliveries view', () => {
  it('is empty when nothing was to be delivered, and when it is wanted no more', () => {
    assert.deepEqual(groups([]), []);
    const { ask, discarded, incident } = timeline();
    discarded(ask(1), 2);
    assert.deepEqual(groups([incident()]), []);
  });

  it('puts what needs a person first, what waits next, what is done last', () => {
    const { ask, done, failed, unknown, held, incident } = timeline();
    done(ask(1), 2);
    ask(3);
    held(ask(4), 4, 'Slack is not connected.');
    failed(ask(5), 5, 'The channel is not there.');
    unknown(ask(6), 6, 'Slack did not answer within 15 s.');
    const found = groups([incident()]);
    assert.deepEqual(found.map(({ label, description, expanded }) => [label, description, expanded]), [['Needs you', '3', true], ['Waiting', '1', true], ['Done', '1', false]]);
    assert.deepEqual(rows(found, 'Needs you').map(({ label, description, mark, context }) => [label, description, mark, context]), [
      ['#incidents: Message of minute 6', 'Slack did not answer within 15 s. · not known whether it arrived · 14 min', 'doubt', 'delivery.unknown'],
      ['#incidents: Message of minute 5', 'The channel is not there. · not delivered · 15 min', 'bad', 'delivery.failed'],
      ['#incidents: Message of minute 4', 'Slack is not connected. · by hand · 16 min', 'manual', 'delivery.byHand'],
    ]);
    assert.equal(countForPerson([incident()]), 3);
  });

  it('says why something waits and when it is tried again', () => {
    const { ask, failed, incident } = timeline();
    const [tried, second] = [ask(1), ask(2)];
    failed(tried, 19, 'Slack could not be reached: ECONNREFUSED.', 21);
    const waiting = (input: Partial<DeliveriesInput>): (string | undefined)[] => rows(groups([incident()], input), 'Waiting').map(({ description }) => description);
    assert.deepEqual(waiting({}), ['Slack could not be reached: ECONNREFUSED. · next try in 1 min · 19 min', 'being sent · 18 min']);
    assert.deepEqual(waiting({ now: START + 30 * 60_000 })[0], 'Slack could not be reached: ECONNREFUSED. · 29 min', 'the time of the next try has passed');
    assert.deepEqual(waiting({ reason: (id) => (id === second ? 'waits for #incidents' : undefined) })[1], 'waits for #incidents · 18 min');
    assert.deepEqual(waiting({ origin: 'somebody else' })[1], 'sent by Amira\'s VS Code · 18 min');
  });

  it('shows the last 20 that are done, the newest first, with their link and what did not go as asked', () => {
    const { ask, done, incident } = timeline();
    const asked = Array.from({ length: 25 }, (_, index) => ask(index));
    asked.forEach((id, index) => { done(id, 60 - index); });
    done(ask(30), 90, { url: 'https://acme.slack.com/archives/C1/p1', note: '2 people were not found' });
    const shown = rows(groups([incident()], { now: START + 95 * 60_000 }), 'Done');
    assert.equal(shown.length, 20);
    assert.deepEqual([shown[0]?.description, shown[0]?.context], ['2 people were not found · delivered · 5 min', 'delivery.done.link']);
    assert.equal(shown[1]?.label, '#incidents: Message of minute 0');
    assert.equal(shown[1].context, 'delivery.done');
  });

  it('offers the invitation as a file where there is one', () => {
    const { ask, incident } = timeline();
    ask(1, { service: 'mail', call: 'send', data: { calendar: { sequence: 0 } } });
    assert.deepEqual(rows(groups([incident()]), 'Waiting').map(({ context }) => context), ['delivery.pending.calendar']);
  });

  it('names the incident where there are several', () => {
    const [one, other] = [timeline(), timeline()];
    one.ask(1);
    other.ask(2);
    const second = { ...other.incident(), id: 'INC-20261123-OTHR', title: 'Logins fail' };
    assert.deepEqual(rows(groups([one.incident(), second]), 'Waiting').map(({ description, incident }) => [description, incident]), [
      ['being sent · 19 min · Portals answer 503', INCIDENT], ['being sent · 18 min · Logins fail', 'INC-20261123-OTHR'],
    ]);
  });

  it('has the people it was meant for below it, while it has not arrived', () => {
    const { ask, done, failed, incident } = timeline();
    const contacts = ['onCallEngineer', 'devopsLead', 'nobodyKnown'];
    done(ask(1, { contacts }), 2);
    failed(ask(3, { contacts }), 4, 'Refused.');
    // Monday, 05:20 in Cairo: the DevOps Lead's hours begin at nine.
    const found = groups([incident()]);
    const [row] = rows(found, 'Needs you');
    assert.equal(row?.context, 'delivery.failed.contact');
    assert.deepEqual(row.children?.().map(({ label, description, mark, context, contact }) => [label, description, mark, context, contact]), [
      ['On-Call Engineer', 'reachable now · oncall@healthflow.gov.eg', 'role', 'contact.page.mail', 'onCallEngineer'],
      ['DevOps Lead', 'outside business hours, reachable in 3 h 40 min · devops-lead@healthflow.gov.eg', 'away', 'contact.mail', 'devopsLead'],
    ]);
    assert.deepEqual(row.children?.().map(({ delivery }) => delivery), [row.delivery, row.delivery], 'so that a mail can carry its text');
    assert.equal(rows(found, 'Done')[0]?.children, undefined);
    assert.equal(rows(groups([incident()], { runbook: undefined }), 'Needs you')[0]?.children, undefined, 'without a runbook nobody is known');
  });

  it('gives every row a key of its own and commands what they need', () => {
    const { ask, failed, incident } = timeline();
    failed(ask(1, { contacts: ['onCallEngineer'] }), 2, 'Refused.');
    failed(ask(3, { contacts: ['onCallEngineer'] }), 4, 'Refused.');
    const all = groups([incident()]).flatMap((group) => (group.children?.() ?? []).flatMap((row) => [row, ...(row.children?.() ?? [])]));
    assert.equal(new Set(all.map(({ key }) => key)).size, 4);
    assert.deepEqual(all.filter(({ incident: of }) => of !== INCIDENT), []);
    assert.deepEqual(all.map(({ delivery, contact }) => delivery ?? contact).filter((id) => id === undefined), []);
  });

  it('makes outside text harmless, and long text short', () => {
    const { ask, failed, incident } = timeline();
    failed(ask(1, { target: HOSTILE, text: `${HOSTILE}${'x'.repeat(5_000)}` }), 2, HOSTILE);
    const [row] = rows(groups([incident()]), 'Needs you');
    const html = renderMarkdown(row?.tooltip ?? '');
    assert.doesNotMatch(html, /<script|href="command:|<h1/);
    assert.ok((row?.tooltip ?? '').length < 2_500);
    assert.ok((row?.label ?? '').length < HOSTILE.length + 70);
    assert.doesNotMatch(row?.label ?? '', /x{60}/);
  });
});

describe('an incident while a service cannot be reached', () => {
  const at = (incident: Incident): DeliveryNode[] => incidentDeliveryNodes(incident, START + 20 * 60_000, bundledRunbook());

  it('says nothing while everything gets through or is on its way', () => {
    const { ask, done, discarded, incident } = timeline();
    done(ask(1), 2);
    discarded(ask(3), 4);
    ask(5);
    assert.deepEqual(at(incident()), []);
  });

  it('says since when, and how many wait, those included that have not been tried', () => {
    const { ask, done, failed, incident } = timeline();
    const [before, first] = [ask(1), ask(2, { contacts: ['devopsLead'] })];
    failed(before, 2, 'Slack failed (503).', 3);
    done(before, 4);
    failed(first, 12, 'Slack could not be reached.', 13);
    ask(14, { contacts: ['devopsLead', 'onCallEngineer'] });
    failed(first, 16, 'Slack did not answer within 15 s.', 30);
    const [node, ...others] = at(incident());
    assert.deepEqual(others, []);
    assert.deepEqual([node?.label, node?.description, node?.mark, node?.kind], ['Slack unreachable: 2 messages wait', 'Slack did not answer within 15 s. · since 03:12 UTC', 'bad', 'unreachable']);
    assert.deepEqual(node?.children?.().map(({ kind, label }) => [kind, label]), [
      ['delivery', '#incidents: Message of minute 2'], ['delivery', '#incidents: Message of minute 14'], ['contact', 'DevOps Lead'], ['contact', 'On-Call Engineer'],
    ]);
    assert.deepEqual(node.children().filter(({ children }) => children !== undefined), [], 'people stand there once');
  });

  it('counts what needs a person by service', () => {
    const { ask, failed, held, unknown, incident } = timeline();
    failed(ask(1), 2, 'The workspace is not there.');
    const waits = ask(3);
    failed(waits, 3, 'Slack asks to slow down.', 4);
    unknown(ask(4, { service: 'mail', target: 'Product Owner' }), 5, 'The server closed the connection.');
    held(ask(6, { service: 'mail', target: 'users' }), 6, 'No address.');
    held(ask(7, { service: 'workspace', target: 'status page' }), 7, 'No folder is open.');
    assert.deepEqual(at(incident()).map(({ label, mark }) => [label, mark]), [
      ['Slack unreachable: 1 message waits, 1 needs you', 'bad'],
      ['Mail: 2 mails need you', 'warn'],
      ['The workspace: 1 update needs you', 'warn'],
    ]);
  });

  it('does not take a success by hand for the service being back', () => {
    const { ask, done, failed, incident } = timeline();
    const [first, second] = [ask(1), ask(2)];
    failed(first, 5, 'Down.', 6);
    failed(second, 7, 'Down.', 30);
    done(first, 8, { how: 'by hand' });
    assert.equal(at(incident())[0]?.description, 'Down. · since 03:05 UTC');
  });
});

describe('the question about a delivery', () => {
  it('says what, to whom, why and when', () => {
    const { ask, unknown, incident } = timeline();
    unknown(ask(1, { text: '\n  Incident acknowledged - investigating\nmore' }), 12, 'Slack did not answer within 15 s.');
    const folded = incident();
    assert.equal(
      doubtQuestion(folded, folded.deliveries[0] ?? assert.fail()),
      'It is not known whether "Incident acknowledged - investigating" reached #incidents (Slack did not answer within 15 s, 03:12 UTC).',
    );
  });
});
