import type { Clock } from '../../../src/incident/clock.ts';
import { api, type DescribedRequest, type Fake, type FakeRequest, type Reply, type Route, startFake } from './fake-server.ts';
import { SLACK_API } from './slack-description.ts';
import {
  ALL_SCOPES, channelJson, emptySlack, messageJson, SLACK_BOT, SLACK_SCOPES, SLACK_TEAM, SLACK_TOKEN, type SlackBookmark, type SlackChannel,
  type SlackMessage, type SlackState, userJson,
} from './slack-model.ts';

/** As the description has them; Slack itself takes POST for all. */
const METHODS = {
  'auth.test': 'GET', 'chat.postMessage': 'POST', 'chat.update': 'POST', 'conversations.create': 'POST', 'conversations.invite': 'POST',
  'conversations.setTopic': 'POST', 'conversations.archive': 'POST', 'conversations.join': 'POST', 'conversations.list': 'GET',
  'conversations.history': 'GET', 'conversations.setPurpose': 'POST', 'pins.add': 'POST', 'bookmarks.add': 'POST', 'bookmarks.list': 'POST',
  'users.lookupByEmail': 'GET',
} as const;

export type SlackOperation = keyof typeof METHODS;

export interface SlackOptions {
  readonly clock: Clock;
  /** Scopes of the one token; all that the fake knows when absent. */
  readonly scopes?: readonly string[];
}

export interface SlackFake extends Fake<SlackOperation> {
  /** `slackApiUrl` of a client, with the slash at the end that it needs. */
  readonly url: string;
  readonly state: SlackState;
  /** A channel that exists already and that the app is not in. */
  addChannel(name: string, change?: Partial<Pick<SlackChannel, 'isArchived' | 'isPrivate'>>): SlackChannel;
}

type Arguments = (name: string) => string | undefined;
type Method = (argument: Arguments) => object;

class SlackError extends Error {}

/** A stateful Slack with one workspace. A failure is `{ ok: false, error }` with HTTP 200, as Slack does it. */
export async function startSlack({ clock, scopes = ALL_SCOPES }: SlackOptions): Promise<SlackFake> {
  const state = emptySlack();
  let messages = 0;
  const number = (list: readonly unknown[]): string => String(list.length + 1).padStart(8, '0');

  const addChannel: SlackFake['addChannel'] = (name, { isArchived = false, isPrivate = false } = {}) => {
    const channel: SlackChannel = {
      id: `C${number(state.channels)}`, name, isPrivate, createdAt: clock.now(), members: new Set(), messages: [], pins: [], bookmarks: [],
      topic: '', topicSetAt: 0, purpose: '', isArchived,
    };
    state.channels.push(channel);
    return channel;
  };
  const channelOf = (argument: Arguments, name = 'channel'): SlackChannel => {
    const wanted = argument(name);
    return state.channels.find((channel) => channel.id === wanted || `#${channel.name}` === wanted) ?? refuse('channel_not_found');
  };
  const writable = (argument: Arguments, name?: string): SlackChannel => {
    const channel = channelOf(argument, name);
    return channel.isArchived ? refuse('is_archived') : channel;
  };
  const joined = (argument: Arguments): SlackChannel => {
    const channel = writable(argument);
    return channel.members.has(SLACK_BOT.user) ? channel : refuse('not_in_channel');
  };
  const messageOf = (channel: SlackChannel, ts: string | undefined): SlackMessage => channel.messages.find((message) => message.ts === ts) ?? refuse('message_not_found');
  const paged = <Item>(items: readonly Item[], argument: Arguments, limit: number): { items: readonly Item[]; next: string } => {
    const start = Number(argument('cursor') ?? 0);
    const end = start + Number(argument('limit') ?? limit);
    return { items: items.slice(start, end), next: end < items.length ? String(end) : '' };
  };

  const bookmarkJson = (bookmark: SlackBookmark, { id }: SlackChannel): object =>
    ({ ...bookmark, channel_id: id, type: 'link', emoji: null, date_created: Math.floor(clock.now() / 1000), date_updated: 0 });

  const methods: Readonly<Record<SlackOperation, Method>> = {
    'auth.test': () => ({ url: 'https://acme.slack.com/', team: 'Acme', user: SLACK_BOT.name, team_id: SLACK_TEAM, user_id: SLACK_BOT.user, bot_id: SLACK_BOT.bot }),
    'chat.postMessage': (argument) => {
      const channel = joined(argument);
      const [text, blocks, metadata] = [argument('text'), argument('blocks'), argument('metadata')];
      if ((text ?? '') === '' && blocks === undefined && argument('attachments') === undefined) {
        return refuse('no_text');
      }
      const ts = `${Math.floor(clock.now() / 1000)}.${String(++messages).padStart(6, '0')}`;
      const message: SlackMessage = {
        ts, user: SLACK_BOT.user, text: text ?? '', threadTs: argument('thread_ts'), blocks: blocks === undefined ? undefined : JSON.parse(blocks) as object[],
        metadata: metadata === undefined ? undefined : JSON.parse(metadata) as SlackMessage['metadata'],
      };
      channel.messages.push(message);
      return { channel: channel.id, ts, message: messageJson(message, true) };
    },
    'chat.update': (argument) => {
      const channel = joined(argument);
      const message = messageOf(channel, argument('ts'));
      message.text = argument('text') ?? message.text;
      return { channel: channel.id, ts: message.ts, text: message.text, message: { text: message.text } };
    },
    'conversations.create': (argument) => {
      const name = argument('name') ?? '';
      const reason = name === '' ? 'invalid_name_required' : name.length > 80 ? 'invalid_name_maxlength' : /^[\p{Ll}\p{Lo}\d_-]+$/u.test(name) ? undefined : 'invalid_name_specials';
      // An archived channel keeps its name.
      const problem = reason ?? (state.channels.some((channel) => channel.name === name) ? 'name_taken' : undefined);
      if (problem !== undefined) {
        return refuse(problem);
      }
      const channel = addChannel(name, { isPrivate: argument('is_private') === 'true' });
      channel.members.add(SLACK_BOT.user);
      return { channel: channelJson(channel) };
    },
    'conversations.invite': (argument) => {
      const channel = joined(argument);
      const users = (argument('users') ?? '').split(',').map((id) => id.trim()).filter((id) => id !== '');
      const problem = users.length === 0 ? 'no_user' : users.includes(SLACK_BOT.user) ? 'cant_invite_self'
        : users.some((id) => !state.users.some((user) => user.id === id)) ? 'user_not_found' : users.every((id) => channel.members.has(id)) ? 'already_in_channel' : undefined;
      if (problem !== undefined) {
        return refuse(problem);
      }
      users.forEach((id) => channel.members.add(id));
      return { channel: channelJson(channel) };
    },
    'conversations.setTopic': (argument) => {
      const channel = joined(argument);
      const topic = argument('topic') ?? '';
      if (topic.length > 250) {
        return refuse('too_long');
      }
      Object.assign(channel, { topic, topicSetAt: clock.now() });
      return { channel: channelJson(channel) };
    },
    'conversations.setPurpose': (argument) => {
      const channel = joined(argument);
      const purpose = argument('purpose') ?? '';
      if (purpose.length > 250) {
        return refuse('too_long');
      }
      channel.purpose = purpose;
      return { purpose };
    },
    'conversations.archive': (argument) => {
      const channel = channelOf(argument);
      if (channel.isArchived) {
        return refuse('already_archived');
      }
      channel.isArchived = true;
      return {};
    },
    'conversations.join': (argument) => {
      const channel = writable(argument);
      if (channel.isPrivate) {
        return refuse('method_not_supported_for_channel_type');
      }
      const isMember = channel.members.has(SLACK_BOT.user);
      channel.members.add(SLACK_BOT.user);
      return { channel: channelJson(channel), ...(isMember ? { warning: 'already_in_channel', response_metadata: { warnings: ['already_in_channel'] } } : {}) };
    },
    'conversations.list': (argument) => {
      const visible = state.channels.filter((channel) => !channel.isPrivate && !(argument('exclude_archived') === 'true' && channel.isArchived));
      const { items, next } = paged(visible, argument, 100);
      return { channels: items.map(channelJson), response_metadata: { next_cursor: next } };
    },
    'conversations.history': (argument) => {
      const channel = channelOf(argument);
      if (!channel.members.has(SLACK_BOT.user)) {
        return refuse('not_in_channel');
      }
      const [oldest, latest] = [Number(argument('oldest') ?? 0), Number(argument('latest') ?? Number.POSITIVE_INFINITY)];
      const isInclusive = argument('inclusive') === 'true';
      const inRange = (ts: number): boolean => isInclusive ? ts >= oldest && ts <= latest : ts > oldest && ts < latest;
      // Replies belong to their thread; Slack answers newest first.
      const { items, next } = paged(channel.messages.filter(({ ts, threadTs }) => threadTs === undefined && inRange(Number(ts))).toReversed(), argument, 100);
      return {
        messages: items.map((message) => messageJson(message, argument('include_all_metadata') === 'true')), has_more: next !== '',
        pin_count: channel.pins.length, channel_actions_ts: null, channel_actions_count: 0, ...(next === '' ? {} : { response_metadata: { next_cursor: next } }),
      };
    },
    'pins.add': (argument) => {
      const channel = channelOf(argument);
      const { ts } = messageOf(channel, argument('timestamp') ?? refuse('no_item_specified'));
      if (channel.pins.includes(ts)) {
        return refuse('already_pinned');
      }
      channel.pins.push(ts);
      return {};
    },
    'bookmarks.add': (argument) => {
      const channel = writable(argument, 'channel_id');
      const bookmark = { id: `Bk${number(channel.bookmarks)}`, title: argument('title') ?? '', link: argument('link') ?? '' };
      channel.bookmarks.push(bookmark);
      return { bookmark: bookmarkJson(bookmark, channel) };
    },
    'bookmarks.list': (argument) => {
      const channel = channelOf(argument, 'channel_id');
      return { bookmarks: channel.bookmarks.map((bookmark) => bookmarkJson(bookmark, channel)) };
    },
    'users.lookupByEmail': (argument) => ({ user: userJson(state.users.find(({ email }) => email === argument('email')) ?? refuse('users_not_found')) }),
  };

  const description = api(SLACK_API, '/api');
  const route = (method: SlackOperation): Route => ({ api: description, on: `${METHODS[method]} /${method}`, handle: (request) => call(methods[method], request) });
  const routes = Object.fromEntries((Object.keys(METHODS) as SlackOperation[]).map((method) => [method, route(method)])) as Record<SlackOperation, Route>;
  const fake = await startFake<SlackOperation>({
    name: 'Slack', clock, routes, asDescribed,
    guard: (request) => {
      const token = tokenOf(request);
      const needed = SLACK_SCOPES[request.url.pathname.split('/').at(-1) ?? ''];
      const error = token === '' ? 'not_authed' : state.revokedTokens.has(token) ? 'token_revoked' : token !== SLACK_TOKEN ? 'invalid_auth' : undefined;
      if (error !== undefined) {
        return failed(error);
      }
      return needed === undefined || scopes.includes(needed) ? undefined : failed('missing_scope', { needed, provided: scopes.join(',') });
    },
    // Of a token that is known, Slack says with every answer what it may do.
    complete: (request, reply) => tokenOf(request) === SLACK_TOKEN ? { ...reply, headers: { ...reply.headers, 'x-oauth-scopes': scopes.join(',') } } : reply,
    rateLimited: (retryAfterS) => ({ status: 429, headers: { 'retry-after': String(retryAfterS) }, body: { ok: false, error: 'ratelimited' } }),
  });
  return { ...fake, url: `${fake.origin}/api/`, state, addChannel };
}

function refuse(error: string): never {
  throw new SlackError(error);
}

const failed = (error: string, more: object = {}): Reply => ({ status: 200, body: { ok: false, error, ...more } });

function call(method: Method, { query, body }: FakeRequest): Reply {
  const argument: Arguments = (name) => {
    const value = body[name];
    return typeof value === 'string' ? value : query.get(name) ?? undefined;
  };
  try {
    return { status: 200, body: { ok: true, ...method(argument) } };
  } catch (error) {
    if (error instanceof SlackError) {
      return failed(error.message);
    }
    throw error;
  }
}

function tokenOf({ headers, text }: Pick<DescribedRequest, 'headers' | 'text'>): string {
  return /^bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? new URLSearchParams(text).get('token') ?? '';
}

/**
 * Slack takes its arguments in a form for every method and the token as a bearer token; the description knows some methods as
 * GET only and the token as a header or parameter of its own.
 */
function asDescribed(request: DescribedRequest, route: Route): DescribedRequest {
  const [method = 'POST'] = route.on.split(' ');
  const token = tokenOf(request);
  const form = new URLSearchParams(request.text);
  form.delete('token');
  const url = new URL(request.url);
  const { authorization, ...headers } = request.headers;
  if (method === 'GET') {
    form.forEach((value, name) => { url.searchParams.set(name, value); });
    if (route.on === 'GET /auth.test') {
      // Its arguments are none; the token is described as a header here.
      return { method, url, headers: { ...headers, ...(token === '' ? {} : { token }) }, text: '' };
    }
    if (token !== '') {
      url.searchParams.set('token', token);
    }
    return { method, url, headers, text: '' };
  }
  return { method, url, headers: { ...headers, ...(token === '' ? {} : { token }) }, text: form.toString() };
}
