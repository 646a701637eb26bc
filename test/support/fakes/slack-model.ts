/** What the fake of Slack remembers of its one workspace. Times are epoch ms unless they are Slack's `ts`. */
export interface SlackUser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

export interface SlackMessage {
  /** Seconds and a sequence number: identifies the message within its channel. */
  readonly ts: string;
  readonly user: string;
  readonly metadata: { readonly event_type: string; readonly event_payload: object } | undefined;
  readonly threadTs: string | undefined;
  readonly blocks: readonly object[] | undefined;
  text: string;
}

export interface SlackBookmark {
  readonly id: string;
  readonly title: string;
  readonly link: string;
}

export interface SlackChannel {
  readonly id: string;
  readonly name: string;
  readonly isPrivate: boolean;
  readonly createdAt: number;
  readonly members: Set<string>;
  readonly messages: SlackMessage[];
  /** `ts` of pinned messages. */
  readonly pins: string[];
  readonly bookmarks: SlackBookmark[];
  topic: string;
  topicSetAt: number;
  purpose: string;
  isArchived: boolean;
}

export interface SlackState {
  readonly users: SlackUser[];
  readonly channels: SlackChannel[];
  readonly revokedTokens: Set<string>;
}

export const SLACK_TOKEN = 'xoxb-invented';
export const SLACK_TEAM = 'T00000001';
/** The app itself. */
export const SLACK_BOT = { user: 'U00000009', bot: 'B00000009', app: 'A00000009', name: 'incident-runbook' } as const;

/** What the methods ask for, and what an app needs to be allowed to do all of it. */
export const SLACK_SCOPES: Readonly<Record<string, string>> = {
  'chat.postMessage': 'chat:write', 'chat.update': 'chat:write', 'conversations.create': 'channels:manage', 'conversations.invite': 'channels:manage',
  'conversations.setTopic': 'channels:manage', 'conversations.archive': 'channels:manage', 'conversations.join': 'channels:join',
  'conversations.list': 'channels:read', 'conversations.history': 'channels:history', 'pins.add': 'pins:write', 'bookmarks.add': 'bookmarks:write',
  'users.lookupByEmail': 'users:read.email', 'bookmarks.list': 'bookmarks:read', 'conversations.setPurpose': 'channels:manage',
};

/** `users:read.email` is only given together with `users:read`. */
export const ALL_SCOPES: readonly string[] = [...new Set([...Object.values(SLACK_SCOPES), 'users:read'])];

export function emptySlack(): SlackState {
  return {
    users: ['ada', 'grace', 'linus'].map((name, index) => ({ id: `U0000000${index + 1}`, name, email: `${name}@example.com` })),
    channels: [], revokedTokens: new Set(),
  };
}

export function channelJson(channel: SlackChannel): object {
  const { id, name, isPrivate, createdAt, isArchived, members, topic, topicSetAt, purpose } = channel;
  return {
    id, name, name_normalized: name, created: Math.floor(createdAt / 1000), creator: SLACK_BOT.user, is_archived: isArchived, is_channel: !isPrivate,
    is_group: isPrivate, is_general: false, is_im: false, is_mpim: false, is_org_shared: false, is_shared: false, is_private: isPrivate,
    is_member: members.has(SLACK_BOT.user), num_members: members.size, previous_names: [], unlinked: 0,
    topic: { value: topic, creator: topic === '' ? '' : SLACK_BOT.user, last_set: Math.floor(topicSetAt / 1000) },
    purpose: { value: purpose, creator: purpose === '' ? '' : SLACK_BOT.user, last_set: 0 },
  };
}

export function messageJson({ ts, user, text, metadata, threadTs, blocks }: SlackMessage, withMetadata: boolean): object {
  return {
    type: 'message', ts, text, user, bot_id: SLACK_BOT.bot, app_id: SLACK_BOT.app, team: SLACK_TEAM,
    ...(threadTs === undefined ? {} : { thread_ts: threadTs }), ...(blocks === undefined ? {} : { blocks }),
    ...(withMetadata && metadata !== undefined ? { metadata } : {}),
  };
}

export function userJson({ id, name, email }: SlackUser): object {
  return {
    id, name, team_id: SLACK_TEAM, real_name: name, deleted: false, is_bot: false, is_app_user: false, updated: 0,
    profile: {
      real_name: name, real_name_normalized: name, display_name: name, display_name_normalized: name, avatar_hash: '0', title: '', phone: '', skype: '',
      status_text: '', status_emoji: '', fields: {}, email,
    },
  };
}
