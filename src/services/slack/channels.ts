/** The war room's channel (runbook 8.3): a name of its own, and found again when it is not known whether it was made. */
import { isHttps } from '../../incident/links.ts';
import { CLOCK_SKEW_MS, type Call, DeliveryError, type Parcel, type Receipt, textOf } from '../courier.ts';
import { present } from './account.ts';
import type { SlackClient } from './client.ts';
import { type Channel, type SlackDirectory } from './directory.ts';
import { SlackRefusal } from './refusals.ts';
import { channelName } from './text.ts';

/** So many names are tried: two incidents on one day share nothing but the date. */
const NAMES = 20;

export function createChannelCall(client: SlackClient, directory: SlackDirectory): Call {
  return {
    again: 'look',
    async send(parcel, signal) {
      const { url } = await directory.account(signal);
      for (const name of namesFor(parcel)) {
        const channel = await create(client, name, signal);
        if (channel !== undefined) {
          await mark(client, channel, parcel, signal);
          return created(channel, name, url);
        }
      }
      throw new DeliveryError('refused', `#${channelName(textOf(parcel, 'name'))} is taken, and so are the names up to -${NAMES}. Archived channels keep their names: rename some, then retry.`);
    },
    async find(parcel, signal) {
      const { url, userId } = await directory.account(signal);
      const names = namesFor(parcel);
      const candidates: Channel[] = [];
      for await (const channel of directory.channels(signal)) {
        if (names.includes(channel.name) && channel.creator === userId && mayBe(channel, parcel)) {
          candidates.push(channel);
        }
      }
      const marked = candidates.find(({ purpose }) => purpose.includes(parcel.delivery.id));
      const channel = marked ?? candidates.sort((a, b) => a.createdAt - b.createdAt)[0];
      if (channel === undefined) {
        return undefined;
      }
      if (marked === undefined) {
        await mark(client, channel.id, parcel, signal);
      }
      return created(channel.id, channel.name, url);
    },
  };
}

function namesFor(parcel: Parcel): string[] {
  const wanted = textOf(parcel, 'name');
  return Array.from({ length: NAMES }, (_, index) => channelName(wanted, index + 1));
}

/** @returns its id; undefined when the name is taken */
async function create(client: SlackClient, name: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { channel } = await client.act((web) => web.conversations.create({ name }), signal, `#${name}`);
    return present({ id: channel?.id }, 'in doubt').id;
  } catch (error) {
    if (error instanceof SlackRefusal && error.code === 'name_taken') {
      return undefined;
    }
    throw error;
  }
}

/** Made since it was asked for, and neither known to be nor marked as that of another delivery. */
function mayBe({ id, createdAt, purpose }: Channel, { delivery, incident }: Parcel): boolean {
  const others = incident.deliveries.filter((other) => other.id !== delivery.id && other.call === 'createChannel').map(({ result }) => result?.['channel']);
  return createdAt >= Date.parse(delivery.at) - CLOCK_SKEW_MS && !others.includes(id) && (purpose === '' || purpose.includes(delivery.id));
}

/**
 * Writes into the channel's purpose whose it is, because a name that another incident of the day could have is no
 * proof. The channel is there and of use without it.
 */
async function mark(client: SlackClient, channel: string, { delivery, incident }: Parcel, signal: AbortSignal): Promise<void> {
  await client.look((web) => web.conversations.setPurpose({ channel, purpose: `War room of ${incident.id} (${delivery.id})` }), signal).catch(() => undefined);
}

function created(channel: string, name: string, workspace: string): Receipt {
  const url = `${workspace}archives/${channel}`;
  return { result: { channel, name, url }, ...(isHttps(url) ? { url } : {}) };
}
