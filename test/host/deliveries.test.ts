import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { type Delivery, advance, breakService, call, declare, deliveriesOf, eventually, mendServices, messageOf, practice, runStep, service, violations, withSetting } from './harness.ts';

interface Slack {
  readonly channels: readonly { readonly name: string; readonly messages: readonly { readonly text: string }[] }[];
}

const UPDATE = { status: 'Investigating', actions: 'Looked', next: 'Restart', eta: 'Not known yet' };

/** Minutes that the extension's clock is ahead of that of the systems it asks. */
let ahead = 0;

async function goOn(minutes: number): Promise<void> {
  ahead += minutes;
  await advance(minutes);
}

/** How often a text stands in #incidents. */
async function posted(text: string): Promise<number> {
  return (await service<Slack>('slack')).channels.find(({ name }) => name === 'incidents')?.messages.filter((message) => message.text.includes(text)).length ?? 0;
}

describe('deliveries in the extension host', function () {
  this.timeout(60_000);
  let incident: string;

  before(async () => { incident = await declare('Deliveries', { severity: 'P2' }); });
  after(() => goOn(-ahead));
  afterEach(async () => {
    await mendServices();
    assert.deepEqual(await violations(), []);
  });

  const post = async (impact: string): Promise<readonly Delivery[]> => (await call<{ deliveries: readonly Delivery[] }>('postUpdate', { incident, ...UPDATE, impact })).deliveries;

  it('wait while Slack is down, say why, and arrive once when it is back', async () => {
    await breakService('slack');
    const [waiting] = await post('Slack is down');
    assert.equal(waiting?.state, 'pending');
    assert.match(waiting.reason ?? '', /Slack/);
    assert.equal(await posted('Slack is down'), 0);
    await mendServices();
    await goOn(10);
    await eventually('the update in the channel', () => deliveriesOf(incident), (all) => all.find(({ id }) => id === waiting.id)?.state === 'done');
    assert.equal(await posted('Slack is down'), 1);
  });

  it('are found, not sent again, when Slack took the message and the answer was lost', async () => {
    await breakService('slack', { kind: 'reset', acted: true, operation: 'chat.postMessage', times: 1 });
    const [waiting] = await post('The answer was lost');
    await goOn(10);
    await eventually('the outcome', () => deliveriesOf(incident), (all) => all.find(({ id }) => id === waiting?.id)?.state === 'done');
    assert.equal(await posted('The answer was lost'), 1);
  });

  it('are asked about when nobody can tell: mail that was taken and not confirmed', async () => {
    const major = await declare('Mail', { severity: 'P1' });
    await breakService('mail', { kind: 'reset', acted: true, operation: 'message', times: 1 });
    const answer = await runStep(major, 'notifyStakeholders', { contact: 'productOwner' }) as { readonly deliveries?: readonly Delivery[] };
    const [mail] = answer.deliveries ?? [];
    assert.equal(mail?.state, 'unknown', JSON.stringify(mail));
    assert.ok((mail.reason ?? '').length > 10);
    assert.deepEqual(await call('confirmDelivery', { incident: major, delivery: mail.id }), { state: 'done' });
    assert.match(await messageOf(call('retryDelivery', { incident: major, delivery: mail.id })), /done already/);
    await call('close', { incident: major, reason: 'The test is over' });
  });

  it('are held without a connection, and sent when a person says so after connecting', async () => {
    const { slack } = await practice('GET', 'connections') as { slack: { url: string; token: string } };
    await withSetting('practice', '', async () => {
      const [held] = await post('Not connected');
      assert.deepEqual([held?.state, held?.reason], ['by hand', 'Slack is not connected.']);
      assert.match(await messageOf(call('connectSlack', { ...slack, token: 'xoxb-wrong' })), /connect|invalid|token/i);
      assert.deepEqual((await call<{ connected: boolean }>('connectSlack', slack)).connected, true);
      const tested = await call<{ connected: boolean; detail: string }>('connectSlack', { action: 'test' });
      assert.equal(tested.connected, true);
      assert.doesNotMatch(JSON.stringify(tested), /xoxb/);
      await call('retryDelivery', { incident, delivery: held?.id });
      await eventually('it is sent', () => deliveriesOf(incident), (all) => all.find(({ id }) => id === held?.id)?.state === 'done');
      assert.equal(await posted('Not connected'), 1);
      assert.deepEqual(await call('connectSlack', { action: 'disconnect' }), { service: 'slack', connected: false });
    });
  });

  it('are let go with a reason, and never sent afterwards', async () => {
    await breakService('slack');
    const [waiting] = await post('Not any more');
    assert.deepEqual(await call('discardDelivery', { incident, delivery: waiting?.id, reason: 'It is over' }), { state: 'discarded' });
    await mendServices();
    await goOn(10);
    const [other] = await post('Something else');
    await eventually('the other one', () => deliveriesOf(incident), (all) => all.find(({ id }) => id === other?.id)?.state === 'done');
    assert.equal(await posted('Not any more'), 0);
    await call('close', { incident, reason: 'The test is over' });
  });

  it('goes nowhere that a token was not given for: addresses that are not safe are refused', async () => {
    await withSetting('practice', '', async () => {
      assert.match(await messageOf(call('connectSlack', { url: 'http://slack.example.com/api/', token: 'xoxb-secret-123456' })), /API address/);
      const message = await messageOf(call('connectSlack', { url: 'https://user:pass@slack.example.com/', token: 'xoxb-secret-123456' }));
      assert.doesNotMatch(message, /xoxb-secret/);
    });
  });
});
