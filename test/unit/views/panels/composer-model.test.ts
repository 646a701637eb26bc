import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { TimelineEvent } from '../../../../src/incident/events.ts';
import { fold } from '../../../../src/incident/fold.ts';
import { type Field, type MessageKind, MESSAGE_KINDS } from '../../../../src/protocol/composer.ts';
import { type Writing, fieldsOf, fillsOf, inputsOf, missingIn, sentBefore, valuesOf } from '../../../../src/views/panels/composer-fields.ts';
import { HISTORY_LENGTH, historyOf } from '../../../../src/views/panels/composer-history.ts';
import { type Composition, composerModel, draftsIn, writingOf } from '../../../../src/views/panels/composer-model.ts';
import { previewLetter, previewOnTicket } from '../../../../src/views/panels/letter-preview.ts';
import { requested } from '../../../support/build-deliveries.ts';
import { minute, stepResult } from '../../../support/build-events.ts';
import { incident as story } from '../../../support/build-post.ts';
import { bundledRunbook } from '../../../support/bundled-runbook.ts';
import { START } from '../../../support/clock.ts';

const UPDATE = { status: 'Mitigating', impact: 'Slow', actions: 'Restarted', next: 'Watch', eta: '30 min' } as const;
const composition = (events: readonly TimelineEvent[], more: Partial<Composition> = {}): Composition => {
  const incident = fold(events);
  assert.ok(incident);
  return { incident, runbook: bundledRunbook(), now: START, toStatuspage: true, drafts: {}, ...more };
};
const writing = (events: readonly TimelineEvent[], more: Partial<Composition> = {}): Writing => writingOf(composition(events, more));
const field = (kind: MessageKind, id: string, given: Writing): Field => {
  const found = fieldsOf(kind, given).find((candidate) => candidate.id === id);
  assert.ok(found, id);
  return found;
};
const valueAndSource = (kind: MessageKind, id: string, given: Writing): unknown[] => {
  const { value, source } = field(kind, id, given);
  return [value, source];
};

describe('the fields of the composer', () => {
  it('begin an update with what is known, and say where it is from', () => {
    const { events, event } = story('P1');
    events.push(event('step.finished', { result: stepResult('checkConnectionPool', { title: 'Check the pool', summary: 'full' }) }, { minute: 3 }), event('finding.documented', { text: 'It leaks' }, { minute: 4 }));
    const given = writing(events);
    assert.deepEqual(valueAndSource('update', 'impact', given), ['Portals answer 503', 'the title of the incident']);
    assert.deepEqual(valueAndSource('update', 'actions', given), ['Check the pool (full); It leaks', `from 2 steps and findings since ${minute(0).slice(11, 16)} UTC`]);
    assert.deepEqual(valueAndSource('update', 'next', given), ['', undefined]);
  });

  it('go on from the last update, without counting it as an action', () => {
    const { events, event } = story('P1');
    events.push(event('update.posted', { ...UPDATE, text: 'whole' }, { minute: 5 }), event('step.finished', { result: stepResult('postUpdate') }, { minute: 5 }));
    const source = `as in the last update, ${minute(5).slice(11, 16)} UTC`;
    const given = writing(events);
    for (const [id, value] of [['status', 'Mitigating'], ['impact', 'Slow'], ['next', 'Watch'], ['eta', '30 min']] as const) {
      assert.deepEqual(valueAndSource('update', id, given), [value, source]);
    }
    assert.deepEqual(valueAndSource('update', 'actions', given), ['', `nothing is recorded since ${minute(5).slice(11, 16)} UTC`]);
    events.push(...Array.from({ length: 7 }, (_, index) => event('finding.documented', { text: `finding ${index}` }, { minute: 6 + index })));
    assert.match(String(valueAndSource('update', 'actions', writing(events))[1]), /^the last 5 of 7 steps and findings since /);
    assert.deepEqual(valueAndSource('stakeholders', 'doing', given), ['Restarted. Next: Watch. Expected resolution: 30 min', source]);
  });

  it('offer the six stages in order, the next one chosen, with its text', () => {
    const { events, event } = story('P1');
    const stages = (given: Writing): unknown[] => {
      const stage = field('statusPage', 'stage', given);
      assert.ok(stage.kind === 'choice');
      return [stage.value, stage.options.map(({ id, note }) => (note === undefined ? id : `${id} ${note}`))];
    };
    assert.deepEqual(stages(writing(events)), ['detected', ['detected next', 'investigating', 'rootCauseIdentified', 'implementingFix', 'monitoring', 'resolved']]);
    events.push(requested(event, { service: 'statuspage', call: 'createIncident', step: 'updateStatusPage', data: { stage: 'implementingFix', name: 'DRILL: Slow', components: ['abc', 'def'] } }, 3));
    const given = writing(events);
    assert.deepEqual(stages(given), ['monitoring', ['detected', 'investigating', 'rootCauseIdentified', 'implementingFix now', 'monitoring next', 'resolved']]);
    assert.equal(field('statusPage', 'body', given).value, 'A fix is in place and we are watching the results.');
    assert.deepEqual([field('statusPage', 'title', given).value, field('statusPage', 'components', given).value], ['Slow', 'abc, def']);
    assert.equal(fillsOf('statusPage', { stage: 'implementingFix' }, given).fills['body'], '', 'the page says that already');
    assert.deepEqual(inputsOf('statusPage', { stage: 'detected', body: 'Again', title: 'Slow', components: ' abc ,, def', notify: false }, given), { stage: 'detected', body: 'Again', title: 'Slow', components: ['abc', 'def'], back: true });
    assert.equal(fieldsOf('statusPage', writing(events, { toStatuspage: false })).some(({ id }) => id === 'notify'), false);
  });

  it('let the text for users follow what they notice, until somebody writes it', () => {
    const given = writing(story('P1').events);
    const { fills } = fillsOf('users', { impact: ' Slow ' }, given);
    assert.match(String(fills['text']), /^HealthFlow production has a serious problem[^]*\nWhat you may notice: Slow\n/);
    const fields = fieldsOf('users', given);
    assert.equal(valuesOf(fields, fills, {})['text'], fills['text']);
    assert.equal(valuesOf(fields, fills, { text: 'Ours' })['text'], 'Ours');
    assert.deepEqual(missingIn(fields, valuesOf(fields, fills, { title: ' ' })), ['title']);
    assert.deepEqual(inputsOf('users', { title: 'A', impact: '', text: 'B', again: true }, given), { title: 'A', text: 'B', again: true });
  });

  it('name for stakeholders who is due since when, and begin with the one that is asked for', () => {
    const { events } = story('P1');
    const to = field('stakeholders', 'contact', writing(events, { contact: 'executiveTeam' }));
    assert.ok(to.kind === 'choice');
    assert.equal(to.value, 'executiveTeam');
    assert.deepEqual(to.options.slice(0, 3).map(({ id, note }) => [id, note]), [
      ['', undefined], ['productOwner', `due since ${minute(0).slice(11, 16)} UTC`], ['executiveTeam', `due at ${minute(30).slice(11, 16)} UTC`],
    ]);
    assert.equal(field('stakeholders', 'contact', writing(events, { contact: 'nobody' })).value, '');
  });

  it('ask before what is sent once is sent again', () => {
    const { events, event } = story('P1');
    const has = (kind: MessageKind): boolean => fieldsOf(kind, writing(events)).some(({ id }) => id === 'again');
    assert.deepEqual([has('users'), has('resolution')], [false, false]);
    events.push(requested(event, { service: 'mail', call: 'send', step: 'notifyUsers' }, 5), requested(event, { service: 'mail', call: 'send', step: 'sendResolutionNotice' }, 6));
    assert.deepEqual([has('users'), has('resolution')], [true, true]);
    events.push(event('incident.reopened', { reason: 'Again' }, { minute: 7 }));
    const { incident } = writing(events);
    assert.deepEqual([sentBefore('users', incident), sentBefore('resolution', incident), sentBefore('update', incident)], [START + 5 * 60_000, undefined, undefined]);
  });
});

describe('the model of the composer', () => {
  it('has the five messages with the clocks that sending winds up', () => {
    const model = composerModel(composition(story('P1').events, { drafts: { update: { eta: 'Soon' } }, sending: 'update' }));
    assert.deepEqual(model.messages.map(({ kind, clocks }) => [kind, clocks.length]), [['update', 1], ['statusPage', 0], ['users', 0], ['stakeholders', 2], ['resolution', 0]]);
    assert.equal(model.messages[0]?.nextAt, START + 15 * 60_000);
    assert.deepEqual([model.incident.severity, model.sending, model.drafts], ['P1', 'update', { update: { eta: 'Soon' } }]);
    assert.equal(composerModel(composition(story().events)).messages[0]?.nextAt, undefined, 'no clock runs without a severity');
  });

  it('leaves out what the runbook has no step for', () => {
    const runbook = { ...bundledRunbook(), steps: bundledRunbook().steps.filter(({ id }) => id !== 'notifyUsers') };
    assert.deepEqual(composerModel(composition(story('P1').events, { runbook })).messages.map(({ kind }) => kind), MESSAGE_KINDS.filter((kind) => kind !== 'users'));
  });

  it('takes only drafts from what an earlier window kept', () => {
    assert.deepEqual(draftsIn({ update: { eta: 'Soon', at: 3, notify: true }, users: {}, other: { a: 'b' }, statusPage: 'x' }), { update: { eta: 'Soon', notify: true } });
    for (const nothing of [undefined, null, 'x', [], 3]) assert.deepEqual(draftsIn(nothing), {});
  });
});

describe('the history of the composer', () => {
  it('keeps together what was sent together, the newest first, each with what became of it', () => {
    const { events, event } = story('P1');
    const first = event('update.posted', { ...UPDATE, text: 'One' }, { minute: 2 });
    const slack = requested(event, { service: 'slack', call: 'postMessage', step: 'postUpdate', target: '#incidents', text: 'One' }, 2);
    const mail = requested(event, { service: 'mail', call: 'send', step: 'notifyStakeholders', target: 'Product Owner' }, 3);
    const other = requested(event, { service: 'slack', call: 'postMessage', step: 'notifyTeam', target: '#incidents' }, 4);
    events.push(
      first, slack, event('step.finished', { result: stepResult('postUpdate', { summary: 'Update recorded: Mitigating' }) }, { minute: 2 }),
      event('delivery.done', { request: slack.id, how: 'sent', result: {}, url: 'javascript:alert(1)' }, { minute: 2 }), mail, other, event('update.posted', { ...UPDATE, status: 'Resolved', text: 'Two' }, { minute: 9 }),
    );
    const { history, isHistoryCut } = historyOf(writing(events).incident);
    assert.deepEqual(history.map(({ kind, summary, letters }) => [kind, summary, letters.map(({ target, state, url }) => [target, state, url])]), [
      ['update', 'Resolved', []],
      ['stakeholders', 'Product Owner', [['Product Owner', 'pending', undefined]]],
      ['update', 'Update recorded: Mitigating', [['#incidents', 'done', undefined]]],
    ]);
    assert.equal(isHistoryCut, false);
  });

  it('is cut where it is long', () => {
    const { events, event } = story('P1');
    events.push(...Array.from({ length: HISTORY_LENGTH + 1 }, (_, index) => event('update.posted', { ...UPDATE, text: `${index}` }, { minute: index })));
    const { history, isHistoryCut } = historyOf(writing(events).incident);
    assert.deepEqual([history.length, history[0]?.at, isHistoryCut], [HISTORY_LENGTH, START + HISTORY_LENGTH * 60_000, true]);
  });
});

describe('a letter of the composer', () => {
  const runbook = { ...bundledRunbook(), userNotifications: { ...bundledRunbook().userNotifications, recipients: ['a@example.com', 'b@example.com'] } };

  it('wears the dress of its channel, and names people by their role', () => {
    const letter = (given: Parameters<typeof previewLetter>[0]) => previewLetter(given, runbook, new Map([['slack', 'Slack is not connected.']]));
    const slack = letter({ service: 'slack', call: 'postMessage', target: '#incidents', text: 'Hello', data: { channel: '#incidents', mention: ['productOwner'] } });
    assert.deepEqual([slack.dress, slack.to, slack.byHand, slack.connect?.service], ['slack', ['Product Owner'], 'Slack is not connected.', 'slack']);
    const mail = letter({ service: 'mail', call: 'send', target: 'Users', text: 'Hello', data: { to: ['users'], subject: 'Slow' } });
    assert.deepEqual([mail.dress, mail.to, mail.addresses, mail.title, mail.byHand], ['mail', ['Users'], 2, 'Slow', undefined]);
    const status = letter({ service: 'statuspage', call: 'updateIncident', target: 'Statuspage', text: 'Hello', data: { stage: 'monitoring', components: ['abc'] } });
    assert.deepEqual([status.dress, status.stage, status.components], ['statuspage', 'Monitoring', ['abc']]);
    const social = letter({ service: 'workspace', call: 'socialText', target: 'Social media', text: 'Hello', data: {}, byHand: 'A person posts it' });
    assert.deepEqual([social.dress, social.byHand, social.connect], ['social', 'A person posts it', undefined]);
    const dresses = ([['workspace', 'phone'], ['workspace', 'writeStatusPage'], ['webhook', 'post'], ['github', 'comment'], ['pagerduty', 'trigger'], ['workspace', 'toString']] as const)
      .map(([service, call]) => letter({ service, call, target: 'x', text: 'x', data: {} }).dress);
    assert.deepEqual(dresses, ['phone', 'statusFile', 'inApp', 'ticket', 'plain', 'plain']);
  });

  it('is on the ticket with the timeline, once there is one', () => {
    const { events, event } = story('P1');
    const post = { events: [{ type: 'update.posted', ...UPDATE, text: 'Whole' }], letters: [], summary: '' } as const;
    assert.equal(previewOnTicket(post, writing(events).incident), undefined);
    events.push(event('ticket.linked', { repository: 'acme/shop', number: 7, url: 'https://github.com/acme/shop/issues/7' }));
    const { target, text, withTimeline } = previewOnTicket(post, writing(events).incident) ?? {};
    assert.deepEqual([target, text, withTimeline], ['acme/shop#7', 'Whole', true]);
  });
});
