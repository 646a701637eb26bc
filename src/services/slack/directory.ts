/** Who and what is where in a workspace. What was found is kept as long as the connection is. */
import { contactById } from '../../runbook/query.ts';
import type { Runbook } from '../../runbook/schema.ts';
import { readAccount, type SlackAccount } from './account.ts';
import type { SlackClient } from './client.ts';
import { platformError, SlackRefusal } from './refusals.ts';

/** A contact of the runbook in Slack: the user, or why there is none. */
export type Member =
  | { readonly contact: string; readonly title: string; readonly user: string }
  | { readonly contact: string; readonly title: string; readonly user: undefined; readonly why: string };

export interface Channel {
  readonly id: string;
  readonly name: string;
  /** User id. */
  readonly creator: string | undefined;
  /** Epoch ms, to the second. */
  readonly createdAt: number;
  readonly purpose: string;
}

/** The most that Slack gives at once: a large workspace has thousands of channels, and may only be asked 20 times a minute. */
const PAGE = 999;

const CHANNEL_ID = /^[CGD][A-Z0-9]{7,}$/;

/** Page after page of a list that goes by cursors. */
export async function* pages<Page extends { readonly response_metadata?: { readonly next_cursor?: string } }>(read: (next: { readonly cursor?: string }) => Promise<Page>): AsyncGenerator<Page> {
  let cursor: string | undefined;
  do {
    const page = await read(cursor === undefined ? {} : { cursor });
    yield page;
    cursor = page.response_metadata?.next_cursor;
  } while (cursor !== undefined && cursor !== '');
}

export class SlackDirectory {
  readonly #client: SlackClient;
  readonly #channels = new Map<string, string>();
  readonly #users = new Map<string, string>();
  #account: SlackAccount | undefined;

  constructor(client: SlackClient) {
    this.#client = client;
  }

  async account(signal: AbortSignal): Promise<SlackAccount> {
    this.#account ??= await readAccount(this.#client, signal);
    return this.#account;
  }

  /**
   * @param channel an id, or the name of a public channel with or without `#`
   * @throws SlackRefusal `channel_not_found`
   */
  async channelId(channel: string, signal: AbortSignal): Promise<string> {
    if (CHANNEL_ID.test(channel)) {
      return channel;
    }
    const name = channel.replace(/^#/, '').toLowerCase();
    const known = this.#channels.get(name);
    if (known !== undefined) {
      return known;
    }
    for await (const { id, name: other } of this.channels(signal)) {
      if (other === name) {
        this.#channels.set(name, id);
        return id;
      }
    }
    throw platformError({ code: 'channel_not_found' }, `#${name}`);
  }

  /** A channel that turned out not to be what it was: it was deleted or archived, and its name may be another's now. */
  forget(channel: string): void {
    for (const [name, id] of this.#channels) {
      if (id === channel) {
        this.#channels.delete(name);
      }
    }
  }

  /** The public channels that are not archived. @throws DeliveryError */
  async *channels(signal: AbortSignal): AsyncGenerator<Channel> {
    const list = pages((next) => this.#client.look((web) => web.conversations.list({ types: 'public_channel', exclude_archived: true, limit: PAGE, ...next }), signal));
    for await (const { channels = [] } of list) {
      for (const { id, name, creator, created, purpose } of channels) {
        if (id !== undefined && name !== undefined) {
          yield { id, name, creator, createdAt: (created ?? 0) * 1000, purpose: purpose?.value ?? '' };
        }
      }
    }
  }

  /**
   * Who a contact of the runbook is in Slack: by the member id it names, else by its e-mail address.
   *
   * @throws DeliveryError when Slack cannot be asked, or not by this app
   */
  async member(contact: string, runbook: Runbook, signal: AbortSignal): Promise<Member> {
    const { title = contact, slackUser, email } = contactById(runbook, contact) ?? {};
    const nobody = (why: string): Member => ({ contact, title, user: undefined, why });
    if (slackUser !== undefined) {
      return { contact, title, user: slackUser };
    }
    if (email === undefined) {
      return nobody('neither a Slack member id nor an e-mail address in the runbook');
    }
    const known = this.#users.get(email);
    if (known !== undefined) {
      return { contact, title, user: known };
    }
    try {
      const { user } = await this.#client.look((web) => web.users.lookupByEmail({ email }), signal);
      if (user?.id === undefined) {
        return nobody('not found in this Slack workspace');
      }
      this.#users.set(email, user.id);
      return { contact, title, user: user.id };
    } catch (error) {
      if (error instanceof SlackRefusal && error.code === 'users_not_found') {
        return nobody('not found in this Slack workspace');
      }
      throw error;
    }
  }
}
