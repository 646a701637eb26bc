/** What Slack is asked to do for an incident (runbook 4, 7, 8). */
import { isHttps } from '../../incident/links.ts';
import { CLOCK_SKEW_MS, type Call, type Calls, DeliveryError, type Parcel, type Receipt, resultBefore, textOf } from '../courier.ts';
import { present } from './account.ts';
import { createChannelCall } from './channels.ts';
import type { SlackClient } from './client.ts';
import { type Member, pages, SlackDirectory } from './directory.ts';
import { SlackRefusal } from './refusals.ts';
import { escapeAndCut, escapeText, TOPIC_MAX } from './text.ts';

/** Metadata of our messages: the delivery it is, to find it again by. */
const MARKER = 'incident_runbook_delivery';
const HISTORY_PAGE = 200;

/** Refusals of `conversations.invite` that are about one person only. */
const NOT_THIS_PERSON = ['user_not_found', 'users_not_found', 'cant_invite', 'user_is_restricted', 'user_is_ultra_restricted', 'ura_max_channels', 'org_user_not_in_team', 'user_team_not_in_channel', 'user_disabled'];

/** The calls of one connection; what was looked up once is kept. */
export function slackCalls(client: SlackClient): Calls {
  const directory = new SlackDirectory(client);
  return {
    postMessage: postMessageCall(client, directory),
    createChannel: createChannelCall(client, directory),
    setTopic: {
      again: 'harmless',
      async send(parcel, signal) {
        const channel = createdChannel(parcel);
        const topic = escapeAndCut(textOf(parcel, 'topic'), TOPIC_MAX);
        await inChannel(client, { channel, about: parcel.delivery.target }, signal, () => client.act((web) => web.conversations.setTopic({ channel, topic }), signal, parcel.delivery.target));
        return { result: {} };
      },
    },
    invite: { again: 'harmless', send: (parcel, signal) => invite(client, directory, parcel, signal) },
    addBookmark: addBookmarkCall(client),
  };
}

function postMessageCall(client: SlackClient, directory: SlackDirectory): Call {
  const channelOf = async (parcel: Parcel, signal: AbortSignal): Promise<string> =>
    typeof parcel.delivery.data['channel'] === 'string' ? directory.channelId(parcel.delivery.data['channel'], signal) : createdChannel(parcel);
  return {
    again: 'look',
    async send(parcel, signal) {
      const { delivery: { id, text, data, target: about }, runbook } = parcel;
      // Only for the link to the message, which is not worth failing for.
      const account = directory.account(signal).catch(() => undefined);
      const channel = await channelOf(parcel, signal);
      const members = await Promise.all(idsOf(data['mention']).map((contact) => directory.member(contact, runbook, signal).catch(unlessRefused(contact))));
      const mentions = members.flatMap(({ user }) => (user === undefined ? [] : [`<@${user}> `]));
      try {
        const { ts } = await inChannel(client, { channel, about }, signal, () => client.act((web) => web.chat.postMessage({
          channel, text: [...new Set(mentions)].join('') + escapeText(text) + roomLink(parcel), link_names: false, unfurl_links: false, unfurl_media: false,
          metadata: { event_type: MARKER, event_payload: { delivery: id } },
        }), signal, about));
        return { ...posted(channel, present({ ts }, 'in doubt').ts, (await account)?.url), ...noteOf('Could not be mentioned', members) };
      } catch (error) {
        if (error instanceof SlackRefusal && (error.code === 'channel_not_found' || error.code === 'is_archived')) {
          directory.forget(channel);
        }
        throw error;
      }
    },
    async find(parcel, signal) {
      const { delivery: { id, at, target: about } } = parcel;
      const channel = await channelOf(parcel, signal);
      const oldest = String(Math.floor((Date.parse(at) - CLOCK_SKEW_MS) / 1000));
      const history = pages((next) => inChannel(client, { channel, about }, signal, () => client.look((web) => web.conversations.history({
        channel, oldest, include_all_metadata: true, limit: HISTORY_PAGE, ...next,
      }), signal, about)));
      for await (const { messages = [] } of history) {
        const { ts } = messages.find(({ metadata }) => metadata?.event_type === MARKER && deliveryIn(metadata.event_payload) === id) ?? {};
        if (ts !== undefined) {
          return posted(channel, ts, (await directory.account(signal).catch(() => undefined))?.url);
        }
      }
      return undefined;
    },
  };
}

/** Only now is it known what the war room is called: the name of the day may have been taken. */
function roomLink(parcel: Parcel): string {
  return parcel.delivery.data['linkRoom'] === true ? `\n<#${createdChannel(parcel)}>` : '';
}

function posted(channel: string, ts: string, workspace: string | undefined): Receipt {
  return { result: { channel, ts }, ...(isHttps(workspace) ? { url: `${workspace}archives/${channel}/p${ts.replace('.', '')}` } : {}) };
}

function deliveryIn(payload: unknown): unknown {
  return typeof payload === 'object' && payload !== null && 'delivery' in payload ? payload.delivery : undefined;
}

/** The message goes out without a mention that Slack does not let us make: it is the message that matters. */
function unlessRefused(contact: string): (error: unknown) => Member {
  return (error) => {
    if (error instanceof SlackRefusal) {
      return { contact, title: contact, user: undefined, why: error.message };
    }
    throw error;
  };
}

async function invite(client: SlackClient, directory: SlackDirectory, parcel: Parcel, signal: AbortSignal): Promise<Receipt> {
  const { delivery: { data, target: about }, runbook } = parcel;
  const channel = createdChannel(parcel);
  const members: Member[] = [];
  // One by one: of several at once, Slack invites none when it cannot invite one of them.
  for (const contact of idsOf(data['contacts'])) {
    const member = await directory.member(contact, runbook, signal);
    const refusal = member.user === undefined ? undefined : await inviteOne(client, { channel, about, user: member.user }, signal);
    members.push(refusal === undefined ? member : { ...member, user: undefined, why: `Slack says ${refusal}` });
  }
  const named = (isIn: boolean): string[] => members.filter(({ user }) => (user !== undefined) === isIn).map(({ contact }) => contact);
  return { result: { invited: named(true), missing: named(false) }, ...noteOf('Could not be invited', members) };
}

/** @returns why not, as Slack's code; undefined when they are in the channel */
async function inviteOne(client: SlackClient, { channel, about, user }: { readonly channel: string; readonly about: string; readonly user: string }, signal: AbortSignal): Promise<string | undefined> {
  try {
    await inChannel(client, { channel, about }, signal, () => client.act((web) => web.conversations.invite({ channel, users: user }), signal, about));
  } catch (error) {
    if (!(error instanceof SlackRefusal) || ![...NOT_THIS_PERSON, 'already_in_channel', 'cant_invite_self'].includes(error.code)) {
      throw error;
    }
    return NOT_THIS_PERSON.includes(error.code) ? error.code : undefined;
  }
  return undefined;
}

function addBookmarkCall(client: SlackClient): Call {
  return {
    again: 'look',
    async send(parcel, signal) {
      const channel = createdChannel(parcel);
      const [title, link, about] = [textOf(parcel, 'title'), textOf(parcel, 'link'), parcel.delivery.target];
      await inChannel(client, { channel, about }, signal, () => client.act((web) => web.bookmarks.add({ channel_id: channel, title, type: 'link', link }), signal, about));
      return { result: {} };
    },
    async find(parcel, signal) {
      const channel = createdChannel(parcel);
      const link = textOf(parcel, 'link');
      const { bookmarks = [] } = await client.look((web) => web.bookmarks.list({ channel_id: channel }), signal, parcel.delivery.target);
      return bookmarks.some((bookmark) => bookmark.link === link) ? { result: {} } : undefined;
    },
  };
}

/** Id of the channel that was created for this delivery. @throws DeliveryError when there is none yet */
function createdChannel(parcel: Parcel): string {
  const { channel } = resultBefore(parcel, 'createChannel');
  if (typeof channel !== 'string') {
    throw new DeliveryError('refused', `It is not known which channel was created for ${parcel.delivery.target}. Discard it and run the step again.`);
  }
  return channel;
}

/** Does something in a channel; into a public one that it is not in, the app goes by itself, once. */
async function inChannel<T>(client: SlackClient, { channel, about }: { readonly channel: string; readonly about: string }, signal: AbortSignal, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof SlackRefusal) || error.code !== 'not_in_channel') {
      throw error;
    }
    await client.look((web) => web.conversations.join({ channel }), signal, about).catch((refused: unknown) => {
      // A private channel cannot be joined, and "not in it" says more than how Slack puts that.
      throw refused instanceof SlackRefusal && refused.code !== 'missing_scope' ? error : refused;
    });
    return use();
  }
}

function noteOf(what: string, members: readonly Member[]): { readonly note?: string } {
  const missing = members.flatMap((member) => (member.user === undefined ? [`${member.title} (${member.why})`] : []));
  return missing.length === 0 ? {} : { note: `${what}: ${missing.join(', ')}.` };
}

function idsOf(value: unknown): string[] {
  return Array.isArray(value) ? [...new Set(value.filter((id) => typeof id === 'string'))] : [];
}
