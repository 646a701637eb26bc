import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DeliveryRequest } from '../../src/incident/events.ts';
import { createRedactor } from '../../src/incident/redact.ts';
import type { Call, Calls, Receipt } from '../../src/services/courier.ts';
import { slackCalls } from '../../src/services/slack/calls.ts';
import { createClock, START, type TestClock } from '../support/clock.ts';
import { ALL_SCOPES, SLACK_BOT, SLACK_TOKEN, type SlackChannel } from '../support/fakes/slack-model.ts';
import { type SlackFake, startSlack } from '../support/fakes/slack.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { clientOf, failureOf, NEVER, parcelOf, type ParcelOptions, send } from '../support/slack-deliveries.ts';

describe('Slack', () => {
  let clock: TestClock = createClock();
  let calls: Calls = {};
  const slack = useFake(async () => {
    clock = createClock();
    const fake = await startSlack({ clock });
    calls = slackCalls(clientOf(fake));
    return fake;
  });
  const go = (call: string, data: DeliveryRequest['data'], options: ParcelOptions = {}, change: Partial<DeliveryRequest> = {}): Promise<Receipt> =>
    send(calls[call], parcelOf({ call, data, ...change }, options));
  const find = (call: string, parcel: Parameters<typeof send>[1]): Promise<Receipt | undefined> => {
    const found: Call | undefined = calls[call];
    assert.ok(found?.again === 'look');
    return found.find(parcel, NEVER);
  };
  /** A channel that the app has created. */
  const warRoom = (name = 'incident-20261123'): SlackChannel => {
    const channel = slack().addChannel(name);
    channel.members.add(SLACK_BOT.user);
    return channel;
  };

  describe('postMessage', () => {
    const incidents = (): SlackChannel => slack().addChannel('incidents');

    it('posts in a channel by its name, joins it first, and says where the message is', async () => {
      slack().addChannel('general');
      const channel = incidents();
      assert.deepEqual(await go('postMessage', { channel: '#incidents' }), {
        result: { channel: channel.id, ts: channel.messages[0]?.ts }, url: `https://acme.slack.com/archives/${channel.id}/p${START / 1000}000001`,
      });
      assert.deepEqual(channel.messages.map(({ text }) => text), ['Portals answer 503']);
      assert.equal(slack().of('conversations.join').length, 1);
    });

    it('asks for the id of a name once, on however many pages it stands', async () => {
      for (let number = 0; number < 1_050; number += 1) {
        slack().addChannel(`team-${number}`);
      }
      const channel = incidents();
      await go('postMessage', { channel: '#Incidents' });
      await go('postMessage', { channel: 'incidents' });
      await go('postMessage', { channel: channel.id });
      assert.deepEqual([channel.messages.length, slack().of('conversations.list').length], [3, 2]);
    });

    it('posts in the channel that was created for it', async () => {
      const channel = warRoom();
      await go('postMessage', {}, { created: { channel: channel.id } });
      assert.equal(channel.messages.length, 1);
      assert.equal((await failureOf(go('postMessage', {}))).kind, 'not sent');
    });

    it('does not let what it says command anything', async () => {
      const channel = incidents();
      await go('postMessage', { channel: '#incidents' }, {}, { text: '<!channel> @here <@U00000001> a & b' });
      assert.equal(channel.messages[0]?.text, '&lt;!channel&gt; @here &lt;@U00000001&gt; a &amp; b');
      const form = new URLSearchParams(slack().of('chat.postMessage')[0]?.text);
      assert.deepEqual([form.get('link_names'), form.get('parse')], ['false', null]);
    });

    it('mentions contacts, and says whom it could not mention; no address is kept', async () => {
      const channel = incidents();
      const receipt = await go('postMessage', { channel: '#incidents', mention: ['devopsLead', 'techLead', 'devopsLead', 'productOwner', 'executiveTeam', 'nobody'] });
      assert.equal(channel.messages[0]?.text, '<@U00000001> <@U00000002> Portals answer 503');
      assert.equal(receipt.note, 'Could not be mentioned: Product Owner (not found in this Slack workspace), Executive Team (neither a Slack member id nor an e-mail address in the runbook), nobody (neither a Slack member id nor an e-mail address in the runbook).');
      assert.deepEqual(createRedactor()(receipt), receipt);
      await go('postMessage', { channel: '#incidents', mention: ['devopsLead'] });
      assert.equal(slack().of('users.lookupByEmail').length, 3, 'who was found is not looked up again');
    });

    it('mentions a contact by the member id that the runbook names, without asking', async () => {
      const channel = incidents();
      await go('postMessage', { channel: '#incidents', mention: ['onCallEngineer'] });
      assert.equal(channel.messages[0]?.text, '<@U00000003> Portals answer 503');
      assert.equal(slack().of('users.lookupByEmail').length, 0);
    });

    it('is found by its marker, wherever it stands in the history', async () => {
      const channel = incidents();
      const parcel = parcelOf({ data: { channel: '#incidents' } });
      assert.equal(await find('postMessage', parcel), undefined);
      const { result } = await send(calls['postMessage'], parcel);
      clock.advance(60_000);
      for (let number = 0; number < 250; number += 1) {
        channel.messages.push({ ts: `${START / 1000 + 60}.${String(number).padStart(6, '0')}`, user: SLACK_BOT.user, text: 'x', metadata: undefined, threadTs: undefined, blocks: undefined });
      }
      assert.deepEqual((await find('postMessage', parcel))?.result, result);
      assert.equal(await find('postMessage', parcelOf({ data: { channel: channel.id } }, { others: [{}] })), undefined, 'another delivery');
      assert.deepEqual(channel.messages[0]?.metadata, { event_type: 'incident_runbook_delivery', event_payload: { delivery: parcel.delivery.id } });
    });

    it('is found although the clock of this machine is ahead of Slack\'s, and by another window', async () => {
      incidents();
      clock.advance(-4 * 60_000);
      const parcel = parcelOf({ data: { channel: '#incidents' } });
      await send(calls['postMessage'], parcel);
      calls = slackCalls(clientOf(slack()));
      assert.ok(await find('postMessage', parcel));
    });

    it('says how to put a refusal right', async () => {
      slack().addChannel('archived', { isArchived: true });
      const secret = slack().addChannel('secret', { isPrivate: true });
      const words = async (channel: string, target = channel): Promise<string> => {
        const { kind, message } = await failureOf(go('postMessage', { channel }, {}, { target }));
        assert.equal(kind, 'refused');
        return message;
      };
      assert.match(await words('#nowhere'), /no channel #nowhere\. Create it/);
      assert.match(await words('#archived'), /no channel #archived\. Create it/, 'the list leaves archived channels out');
      assert.match(await words(slack().state.channels[0]?.id ?? '', '#archived'), /^#archived is archived\. Unarchive it/);
      assert.match(await words(secret.id, '#secret'), /^The app is not in #secret\. Invite it there/);
      slack().state.revokedTokens.add(SLACK_TOKEN);
      assert.match(await words('#archived'), /Connect Slack again/);
    });

    it('forgets a channel that is gone, so that its name can be another\'s', async () => {
      const old = incidents();
      await go('postMessage', { channel: '#incidents' });
      old.isArchived = true;
      assert.equal((await failureOf(go('postMessage', { channel: '#incidents' }))).kind, 'refused');
      const channel = slack().addChannel('incidents');
      await go('postMessage', { channel: '#incidents' });
      assert.equal(channel.messages.length, 1);
    });
  });

  describe('createChannel', () => {
    const marker = (parcel: ReturnType<typeof parcelOf>): string => `War room of ${parcel.incident.id} (${parcel.delivery.id})`;

    it('creates the channel under a name that Slack takes, and writes whose it is', async () => {
      const parcel = parcelOf({ call: 'createChannel', data: { name: 'Incident-20261123' } });
      const receipt = await send(calls['createChannel'], parcel);
      const [channel] = slack().state.channels;
      const url = `https://acme.slack.com/archives/${channel?.id ?? ''}`;
      assert.deepEqual(receipt, { result: { channel: channel?.id, name: 'incident-20261123', url }, url });
      assert.equal(channel?.purpose, marker(parcel));
    });

    it('takes the next name when one is taken, by an archived channel too, and says so when all are', async () => {
      slack().addChannel('war');
      slack().addChannel('war-2', { isArchived: true });
      assert.deepEqual((await go('createChannel', { name: 'war' })).result['name'], 'war-3');
      for (let number = 4; number <= 20; number += 1) {
        slack().addChannel(`war-${number}`);
      }
      const { kind, message } = await failureOf(go('createChannel', { name: 'war' }));
      assert.equal(kind, 'refused');
      assert.match(message, /^#war is taken, and so are the names up to -20\./);
    });

    it('finds its own by the marker, even among others of the same day', async () => {
      const parcel = parcelOf({ call: 'createChannel', data: { name: 'war' } });
      const other = parcelOf({ call: 'createChannel', data: { name: 'war' } }, { others: [{ channel: 'C99999999' }] });
      await send(calls['createChannel'], other);
      await send(calls['createChannel'], parcel);
      assert.equal((await find('createChannel', parcel))?.result['name'], 'war-2');
      assert.equal((await find('createChannel', other))?.result['name'], 'war');
    });

    it('finds a channel of ours that nobody has marked yet, and marks it', async () => {
      const parcel = parcelOf({ call: 'createChannel', data: { name: 'war' } });
      assert.equal(await find('createChannel', parcel), undefined);
      warRoom('war');
      const unmarked = warRoom('war-2');
      assert.equal((await find('createChannel', parcel))?.result['channel'], slack().state.channels[0]?.id);
      assert.equal(slack().state.channels[0]?.purpose, marker(parcel));
      const second = parcelOf({ call: 'createChannel', data: { name: 'war' } }, { others: [{}] });
      assert.equal((await find('createChannel', second))?.result['channel'], unmarked.id, 'the next one that asks finds the other');
    });

    it('takes no channel that is somebody else\'s, older, archived, of another name or another delivery', async () => {
      const parcel = (others: ParcelOptions['others'] = []): ReturnType<typeof parcelOf> => parcelOf({ call: 'createChannel', data: { name: 'war' } }, { others });
      const found = async (others?: ParcelOptions['others']): Promise<unknown> => (await find('createChannel', parcel(others)))?.result['channel'];
      slack().addChannel('war-room');
      slack().addChannel('war-3', { isArchived: true });
      clock.advance(-25 * 3_600_000);
      slack().addChannel('war-4');
      clock.advance(25 * 3_600_000);
      assert.equal(await found(), undefined);
      const channel = slack().addChannel('war-2');
      assert.equal(await found([{ channel: channel.id }]), undefined);
      channel.purpose = 'War room of INC-20261123-ABCD (01KAQ999999999999999999999)';
      assert.equal(await found(), undefined);
      channel.purpose = '';
      slack().alter('conversations.list', (reply) => {
        const body = reply.body as { channels: { creator: string }[] };
        return { ...reply, body: { ...body, channels: body.channels.map((listed) => ({ ...listed, creator: 'U00000001' })) } };
      });
      assert.equal(await found(), undefined, 'a person made it');
    });

    it('counts although its purpose could not be set', async () => {
      slack().fault({ kind: 'server-error', acted: false, operation: 'conversations.setPurpose' });
      assert.equal((await go('createChannel', { name: 'war' })).result['name'], 'war');
    });
  });

  describe('after createChannel', () => {
    it('sets the topic, cut to what Slack takes', async () => {
      const channel = warRoom();
      await go('setTopic', { topic: `P1 <!here> ${'x'.repeat(300)}` }, { created: { channel: channel.id } });
      assert.equal(channel.topic.length, 250);
      assert.match(channel.topic, /^P1 &lt;!here&gt; x+…$/);
    });

    it('invites those it can, says whom it could not, and minds nobody who is there', async () => {
      const channel = warRoom();
      channel.members.add('U00000002');
      const receipt = await go('invite', { contacts: ['devopsLead', 'techLead', 'productOwner', 'executiveTeam'] }, { created: { channel: channel.id } });
      assert.deepEqual(receipt, {
        result: { invited: ['devopsLead', 'techLead'], missing: ['productOwner', 'executiveTeam'] },
        note: 'Could not be invited: Product Owner (not found in this Slack workspace), Executive Team (neither a Slack member id nor an e-mail address in the runbook).',
      });
      assert.deepEqual([...channel.members].sort(), ['U00000001', 'U00000002', SLACK_BOT.user]);
    });

    it('invites the others when Slack does not let one of them in', async () => {
      const channel = warRoom();
      let asked = 0;
      slack().alter('conversations.invite', (reply) => (++asked === 1 ? { status: 200, body: { ok: false, error: 'user_is_restricted' } } : reply));
      const { result, note } = await go('invite', { contacts: ['devopsLead', 'techLead'] }, { created: { channel: channel.id } });
      assert.deepEqual(result, { invited: ['techLead'], missing: ['devopsLead'] });
      assert.equal(note, 'Could not be invited: DevOps Lead (Slack says user_is_restricted).');
    });

    it('adds a bookmark and finds it again by its link', async () => {
      const channel = warRoom();
      const parcel = parcelOf({ call: 'addBookmark', data: { title: 'Ticket', link: 'https://github.com/acme/shop/issues/1' } }, { created: { channel: channel.id } });
      assert.equal(await find('addBookmark', parcel), undefined);
      assert.deepEqual(await send(calls['addBookmark'], parcel), { result: {} });
      assert.deepEqual(await find('addBookmark', parcel), { result: {} });
      assert.deepEqual(channel.bookmarks.map(({ title, link }) => [title, link]), [['Ticket', 'https://github.com/acme/shop/issues/1']]);
    });

    it('does nothing without the channel, and says what a newer version left out', async () => {
      for (const [call, data] of [['setTopic', { topic: 'x' }], ['invite', { contacts: [] }], ['addBookmark', { title: 'x', link: 'https://x.example/' }]] as const) {
        assert.equal((await failureOf(go(call, data))).kind, 'not sent', call);
        assert.match((await failureOf(go(call, data, { created: {} }))).message, /not known which channel/, call);
      }
      assert.match((await failureOf(go('setTopic', {}, { created: { channel: 'C00000001' } }))).message, /has no "topic"/);
      assert.equal(slack().exchanges.length, 0);
    });
  });
});

describe('Slack, with scopes missing', () => {
  const without = (...missing: string[]): () => Promise<SlackFake> => () => startSlack({ clock: createClock(), scopes: ALL_SCOPES.filter((scope) => !missing.includes(scope)) });
  const addressless = useFake(without('users:read.email'));
  const outside = useFake(without('channels:join'));

  it('posts without a mention, but does not claim to have invited anybody', async () => {
    const calls = slackCalls(clientOf(addressless()));
    const channel = addressless().addChannel('incidents');
    const { note } = await send(calls['postMessage'], parcelOf({ data: { channel: '#incidents', mention: ['devopsLead'] } }));
    assert.match(note ?? '', /^Could not be mentioned: .*users:read\.email/);
    const failure = await failureOf(send(calls['invite'], parcelOf({ call: 'invite', data: { contacts: ['devopsLead'] } }, { created: { channel: channel.id } })));
    assert.deepEqual([failure.kind, /users:read\.email/.test(failure.message)], ['refused', true]);
  });

  it('says which scope would let it join', async () => {
    outside().addChannel('incidents');
    const failure = await failureOf(send(slackCalls(clientOf(outside()))['postMessage'], parcelOf({ data: { channel: '#incidents' } })));
    assert.match(failure.message, /lacks the scope channels:join/);
  });
});
