/** What Slack means by the code of a failure, and what puts it right. https://docs.slack.dev/reference/methods */
import { DeliveryError, type FailureKind } from '../courier.ts';

/** Slack said no: it did not happen. */
export class SlackRefusal extends DeliveryError {
  /** As Slack has it, e.g. `not_in_channel`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super('refused', message);
    this.name = 'SlackRefusal';
    this.code = code;
  }
}

export interface PlatformFailure {
  readonly code: string;
  /** The scope that is missing, of `missing_scope`. */
  readonly needed?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** Failures that are no refusal. Slack says itself of the first two that some of it may have happened. */
const OTHER_KINDS: Readonly<Record<string, FailureKind>> = {
  internal_error: 'in doubt',
  fatal_error: 'in doubt',
  service_unavailable: 'in doubt',
  ratelimited: 'not sent',
  rate_limited: 'not sent',
  request_timeout: 'not sent',
  team_added_to_org: 'not sent',
};

const reconnect = (): string => 'Slack does not accept the token. Connect Slack again, then retry.';
const restricted = (about: string): string => `The settings of the workspace do not let the app do this in ${about}. Ask a workspace admin to allow it, then retry.`;

const WORDS: Readonly<Record<string, (about: string) => string>> = {
  invalid_auth: reconnect,
  not_authed: reconnect,
  token_revoked: reconnect,
  token_expired: reconnect,
  account_inactive: reconnect,
  restricted_action: restricted,
  restricted_action_read_only_channel: restricted,
  restricted_action_thread_only_channel: restricted,
  restricted_action_non_threadable_channel: restricted,
  user_is_restricted: restricted,
  not_in_channel: (about) => `The app is not in ${about}. Invite it there with "/invite @" and the app's name, then retry.`,
  channel_not_found: (about) => `Slack shows the app no channel ${about}. Create it, or, if it is private, invite the app and write the channel's id into the runbook; then retry.`,
  is_archived: (about) => `${about} is archived. Unarchive it, or name another channel in the runbook, then retry.`,
  msg_too_long: () => 'The text is longer than Slack takes. Shorten it and run the step again.',
  no_text: () => 'There is no text to post. Discard it and run the step again.',
  invalid_link: () => 'Slack takes no such link as a bookmark. Discard it and add the bookmark by hand.',
  too_many_bookmarks: (about) => `${about} has as many bookmarks as Slack allows. Remove one, then retry.`,
};

/**
 * The failure in words.
 *
 * @param about the channel or whatever else it was about, as people say it
 */
export function platformError({ code, needed, retryAfterMs }: PlatformFailure, about: string): DeliveryError {
  const kind = Object.hasOwn(OTHER_KINDS, code) ? OTHER_KINDS[code] : undefined;
  if (kind !== undefined) {
    return new DeliveryError(kind, code.startsWith('rate') ? 'Slack asks to slow down.' : `Slack failed (${code}).`, { retryAfterMs });
  }
  if (code === 'missing_scope') {
    return new SlackRefusal(code, `The Slack app lacks the scope ${needed ?? 'that this needs'}. Add it under "OAuth & Permissions" of the app, install the app again, then retry.`);
  }
  const words = Object.hasOwn(WORDS, code) ? WORDS[code] : undefined;
  return new SlackRefusal(code, words === undefined ? `Slack refused it (${code}). Look the code up at https://docs.slack.dev/reference/methods, put it right, then retry.` : words(about));
}
