/** What is done with a ticket that there is: a comment on it, and closing it (runbook 9.2). */
import { isHttps } from '../../incident/links.ts';
import { CLOCK_SKEW_MS, type Calls, DeliveryError, type Parcel, type Receipt, textOf } from '../courier.ts';
import type { GitHubClient } from './client.ts';
import { unreadable } from './failures.ts';
import { deliveryMarker, markedBody } from './issue-body.ts';
import { type IssueAnswer, ticketOf } from './issues.ts';

interface CommentAnswer {
  readonly id: number;
  readonly html_url: string;
  readonly body?: string | null | undefined;
}

/** The part of GitHub's issue that closing it is about. */
type ClosedAnswer = IssueAnswer & { readonly state_reason?: string | null | undefined };

const COMPLETED = 'completed';

/** Calls that need an issue: `repository` and `number` in the data of the delivery. */
export function issueCalls(client: GitHubClient): Calls {
  return {
    comment: {
      again: 'look',
      send: (parcel, signal) => comment(client, parcel, signal),
      find: (parcel, signal) => findComment(client, parcel, signal),
    },
    // Closing what is closed changes nothing.
    closeIssue: { again: 'harmless', send: (parcel, signal) => closeIssue(client, parcel, signal) },
  };
}

async function comment(client: GitHubClient, parcel: Parcel, signal: AbortSignal): Promise<Receipt> {
  const issue = issueOf(client, parcel);
  const { body, isCut } = markedBody(parcel.delivery.text, [deliveryMarker(parcel.delivery.id)]);
  const { data } = await client.write<CommentAnswer>(`issue ${issue}`, (rest, at) => rest.issues.createComment({ ...at, issue_number: issue, body }), signal);
  return receiptOf(client, issue, data, isCut);
}

async function findComment(client: GitHubClient, parcel: Parcel, signal: AbortSignal): Promise<Receipt | undefined> {
  const issue = issueOf(client, parcel);
  const since = new Date(Date.parse(parcel.delivery.at) - CLOCK_SKEW_MS).toISOString();
  const marker = deliveryMarker(parcel.delivery.id);
  const isIt = ({ body }: CommentAnswer): boolean => body?.includes(marker) === true;
  const comments = await client.readAll<CommentAnswer>(`issue ${issue}`, (rest, at) => rest.issues.listComments({ ...at, issue_number: issue, since }), signal, (items) => items.some(isIt));
  const found = comments.find(isIt);
  return found === undefined ? undefined : receiptOf(client, issue, found, false);
}

function receiptOf(client: GitHubClient, issue: number, { id, html_url: url }: CommentAnswer, isCut: boolean): Receipt {
  if (!Number.isInteger(id) || typeof url !== 'string') {
    throw unreadable(client.question(`issue ${issue}`, true));
  }
  return {
    result: { repository: client.repository, number: issue, comment: id, url }, ...(isHttps(url) ? { url } : {}),
    ...(isCut ? { note: 'The text was longer than GitHub takes, so it was shortened.' } : {}),
  };
}

/** Closes it as completed, and looks whether it is: GitHub takes some changes without a word and without doing them. */
async function closeIssue(client: GitHubClient, parcel: Parcel, signal: AbortSignal): Promise<Receipt> {
  const issue = issueOf(client, parcel);
  const what = `issue ${issue}`;
  const { data: answered } = await client.write<ClosedAnswer>(what, (rest, at) => rest.issues.update({ ...at, issue_number: issue, state: 'closed', state_reason: COMPLETED }), signal);
  if (ticketOf(answered, client.question(what, true)).state !== 'closed') {
    throw new DeliveryError('refused', `GitHub took the request and left issue ${issue} of ${client.repository} open. Close it there, or retry.`);
  }
  const seen = await client.read<ClosedAnswer>(what, (rest, at) => rest.issues.get({ ...at, issue_number: issue }), signal).then(({ data }) => data, () => answered);
  const { state, url } = ticketOf(seen, client.question(what, false));
  if (state !== 'closed') {
    throw new DeliveryError('in doubt', `GitHub says that it has closed issue ${issue} of ${client.repository}, and shows it open.`);
  }
  const reason = seen.state_reason ?? COMPLETED;
  return {
    result: { repository: client.repository, number: issue, state, reason, url }, ...(isHttps(url) ? { url } : {}),
    ...(reason === COMPLETED ? {} : { note: `It had been closed already as ${reason.replace(/_/g, ' ')}, and GitHub keeps that.` }),
  };
}

/** @throws DeliveryError when the delivery names no issue, or one of another repository than the connected one */
function issueOf(client: GitHubClient, parcel: Parcel): number {
  const repository = textOf(parcel, 'repository');
  const number = parcel.delivery.data['number'];
  if (typeof number !== 'number' || !Number.isInteger(number)) {
    throw new DeliveryError('refused', `The delivery to ${parcel.delivery.target} has no "number" of an issue. Discard it and run the step again.`);
  }
  if (repository.toLowerCase() !== client.repository.toLowerCase()) {
    throw new DeliveryError('refused', `The ticket is in ${repository}, and GitHub is connected to ${client.repository}. Connect GitHub to the ticket's repository, then retry, or close the ticket by hand.`);
  }
  return number;
}
