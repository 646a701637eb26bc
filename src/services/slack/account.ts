/** Whose token it is, and what it may do. */
import { SLACK_SCOPES } from '../connections.ts';
import { DeliveryError } from '../courier.ts';
import type { SlackClient } from './client.ts';

export interface SlackAccount {
  /** Name of the workspace. */
  readonly team: string;
  /** Address of the workspace, with the slash at the end. */
  readonly url: string;
  /** The app's own user. */
  readonly user: string;
  readonly userId: string;
  /** Undefined when Slack does not say. */
  readonly scopes: readonly string[] | undefined;
}

/** @throws DeliveryError */
export async function readAccount(client: SlackClient, signal: AbortSignal): Promise<SlackAccount> {
  const { team, url, user, user_id: userId, response_metadata: metadata } = await client.look((web) => web.auth.test(), signal);
  return { ...present({ team, url, user, userId }, 'not sent'), scopes: metadata?.scopes };
}

/**
 * Tries the connection: the workspace, the app, and the scopes that it lacks, in words.
 *
 * @throws DeliveryError when the token is not accepted or Slack cannot be reached
 */
export async function testSlack(client: SlackClient, signal: AbortSignal = new AbortController().signal): Promise<string> {
  const { team, user, scopes } = await readAccount(client, signal);
  const connected = `Connected to the workspace ${team} as ${user}.`;
  if (scopes === undefined) {
    return `${connected} Slack does not say which scopes the token has.`;
  }
  const missing = SLACK_SCOPES.filter((scope) => !scopes.includes(scope));
  return missing.length === 0 ? connected
    : `${connected} ${missing.length === 1 ? 'The scope' : 'The scopes'} ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing: add ${missing.length === 1 ? 'it' : 'them'} under "OAuth & Permissions" of the app and install the app again.`;
}

/**
 * The fields of an answer that has to have them.
 *
 * @throws DeliveryError of that kind for an answer without one of them
 */
export function present<Name extends string>(fields: Readonly<Record<Name, string | undefined>>, kind: 'in doubt' | 'not sent'): Readonly<Record<Name, string>> {
  const missing = Object.entries(fields).find(([, value]) => typeof value !== 'string');
  if (missing !== undefined) {
    throw new DeliveryError(kind, `Slack's answer has no ${missing[0]}, so it cannot be told what came of it.`);
  }
  return fields as Readonly<Record<Name, string>>;
}
