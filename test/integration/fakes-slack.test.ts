import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createClock, type TestClock } from '../support/clock.ts';
import { type Answered, ask, fieldsOf } from '../support/fakes/ask.ts';
import { type SlackOperation, startSlack } from '../support/fakes/slack.ts';
import { SLACK_BOT, SLACK_TOKEN } from '../support/fakes/slack-model.ts';
import { useFake } from '../support/fakes/use-fake.ts';

type Form = Readonly<Record<string, string>>;

async function answerOf(url: string, method: SlackOperation, form: Form, token = SLACK_TOKEN): Promise<Answered> {
  return ask('POST', `${url}${method}`, { form, headers: { authorization: `Bearer ${token}` } });
}

describe('The fake of Slack', () => {
  let clock: TestClock = createClock();
  const slack = useFake(() => {
    clock = createClock();
    return startSlack({ clock });
  });
  const call = async (method: SlackOperation, form: Form = {}): Promise<unknown> => (await answerOf(slack().url, method, form)).body;
  const create = async (name = 'inc-2026-11-23-checkout'): Promise<string> => {
    assert.partialDeepStrictEqual(await call('conversations.create', { name }), { ok: true, channel: { name } });
    return slack().state.channels.at(-1)?.id ?? '';
  };
  const failure = (error: string): object => ({ ok: false, error });

  it('knows who the token belongs to, and refuses others with HTTP 200', async () => {
    assert.partialDeepStrictEqual(await call('auth.test'), { ok: true, team_id: 'T00000001', user_id: SLACK_BOT.user });
    const wrong = await answerOf(slack().url, 'auth.test', {}, 'xoxb-wrong');
    assert.deepEqual([wrong.status, wrong.body], [200, failure('invalid_auth')]);
    slack().state.revokedTokens.add(SLACK_TOKEN);
    assert.deepEqual(await call('auth.test'), failure('token_revoked'));
  });

  it('opens a channel, invites, sets a topic, pins, bookmarks and archives', async () => {
    const channel = await create();
    assert.partialDeepStrictEqual(await call('users.lookupByEmail', { email: 'ada@example.com' }), { user: { id: 'U00000001' } });
    assert.deepEqual(await call('users.lookupByEmail', { email: 'nobody@example.com' }), failure('users_not_found'));
    assert.partialDeepStrictEqual(await call('conversations.invite', { channel, users: 'U00000001,U00000002' }), { ok: true, channel: { num_members: 3 } });
    assert.deepEqual(await call('conversations.invite', { channel, users: 'U00000001' }), failure('already_in_channel'));
    assert.deepEqual(await call('conversations.invite', { channel, users: SLACK_BOT.user }), failure('cant_invite_self'));
    assert.partialDeepStrictEqual(await call('conversations.setTopic', { channel, topic: 'SEV1 · checkout' }), { channel: { topic: { value: 'SEV1 · checkout' } } });
    await call('chat.postMessage', { channel, text: 'Declared' });
    const timestamp = slack().state.channels[0]?.messages[0]?.ts ?? '';
    assert.deepEqual(await call('pins.add', { channel, timestamp }), { ok: true });
    assert.deepEqual(await call('pins.add', { channel, timestamp }), failure('already_pinned'));
    assert.partialDeepStrictEqual(await call('bookmarks.add', { channel_id: channel, title: 'Ticket', type: 'link', link: 'https://github.com/acme/shop/issues/1' }), { bookmark: { title: 'Ticket' } });
    assert.deepEqual(fieldsOf(await call('bookmarks.list', { channel_id: channel }), 'link', 'bookmarks'), ['https://github.com/acme/shop/issues/1']);
    assert.deepEqual(await call('conversations.setPurpose', { channel, purpose: 'War room' }), { ok: true, purpose: 'War room' });
    assert.deepEqual(await call('conversations.setPurpose', { channel, purpose: 'x'.repeat(251) }), failure('too_long'));
    assert.partialDeepStrictEqual(await call('conversations.join', { channel }), { channel: { purpose: { value: 'War room' } } });
    assert.deepEqual(await call('conversations.archive', { channel }), { ok: true });
    assert.deepEqual(await call('chat.postMessage', { channel, text: 'late' }), failure('is_archived'));
    assert.deepEqual(await call('conversations.archive', { channel }), failure('already_archived'));
    assert.deepEqual(fieldsOf(await call('conversations.list', { exclude_archived: 'true' }), 'id', 'channels'), []);
    assert.deepEqual(fieldsOf(await call('conversations.list'), 'id', 'channels'), [channel]);
  });

  it('does not give a name away twice, even when its channel is archived', async () => {
    await create();
    slack().addChannel('inc-old', { isArchived: true });
    assert.deepEqual(await call('conversations.create', { name: 'inc-2026-11-23-checkout' }), failure('name_taken'));
    assert.deepEqual(await call('conversations.create', { name: 'inc-old' }), failure('name_taken'));
    assert.deepEqual(await call('conversations.create', { name: 'With Spaces' }), failure('invalid_name_specials'));
    assert.deepEqual(await call('conversations.create', { name: 'x'.repeat(81) }), failure('invalid_name_maxlength'));
  });

  it('posts only where the app has joined', async () => {
    const { id } = slack().addChannel('general');
    assert.deepEqual(await call('chat.postMessage', { channel: id, text: 'hello' }), failure('not_in_channel'));
    assert.partialDeepStrictEqual(await call('conversations.join', { channel: id }), { ok: true });
    assert.partialDeepStrictEqual(await call('conversations.join', { channel: id }), { warning: 'already_in_channel' });
    assert.partialDeepStrictEqual(await call('chat.postMessage', { channel: '#general', text: 'hello' }), { ok: true, channel: id });
    assert.deepEqual(await call('chat.postMessage', { channel: id }), failure('no_text'));
    assert.deepEqual(await call('chat.postMessage', { channel: 'C99999999', text: 'hello' }), failure('channel_not_found'));
  });

  it('finds a post again by its metadata, newest first', async () => {
    const channel = await create();
    assert.deepEqual(await call('conversations.history', { channel }), { ok: true, messages: [], has_more: false, pin_count: 0, channel_actions_ts: null, channel_actions_count: 0 });
    const post = (id: string): Promise<unknown> => call('chat.postMessage', { channel, text: id, metadata: JSON.stringify({ event_type: 'incident_update', event_payload: { id } }) });
    await post('event-1');
    clock.advance(1_000);
    await post('event-2');
    const marked = (id: string): object => ({ event_type: 'incident_update', event_payload: { id } });
    assert.deepEqual(fieldsOf(await call('conversations.history', { channel, include_all_metadata: 'true' }), 'metadata', 'messages'), [marked('event-2'), marked('event-1')]);
    const plain = await call('conversations.history', { channel, limit: '1' });
    assert.deepEqual(fieldsOf(plain, 'text', 'messages'), ['event-2']);
    assert.partialDeepStrictEqual(plain, { has_more: true, response_metadata: { next_cursor: '1' } });
    assert.doesNotMatch(JSON.stringify(plain), /event_payload/);
    assert.deepEqual(fieldsOf(await call('conversations.history', { channel, limit: '1', cursor: '1' }), 'text', 'messages'), ['event-1']);
    const ts = slack().state.channels[0]?.messages[0]?.ts ?? '';
    await call('chat.postMessage', { channel, text: 'reply', thread_ts: ts });
    assert.deepEqual(fieldsOf(await call('conversations.history', { channel, oldest: ts }), 'text', 'messages'), ['event-2']);
    assert.partialDeepStrictEqual(await call('chat.update', { channel, ts, text: 'changed' }), { ok: true, text: 'changed' });
  });
});

describe('The fake of Slack with a scope missing', () => {
  const slack = useFake(() => startSlack({ clock: createClock(), scopes: ['channels:manage'] }));

  it('names the scope, and with every answer those that there are', async () => {
    const { body, headers } = await answerOf(slack().url, 'chat.postMessage', { channel: 'C00000001', text: 'x' });
    assert.deepEqual(body, { ok: false, error: 'missing_scope', needed: 'chat:write', provided: 'channels:manage' });
    assert.equal(headers.get('x-oauth-scopes'), 'channels:manage');
  });
});
