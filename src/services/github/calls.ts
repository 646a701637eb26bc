/** What GitHub can be asked to do for a delivery (runbook 4.3, 9.2). */
import { isHttps } from '../../incident/links.ts';
import { formatEventMarker } from '../../incident/markers.ts';
import { shorten } from '../../incident/shorten.ts';
import { type Call, CLOCK_SKEW_MS, type Calls, DeliveryError, type Parcel, type Receipt, textOf } from '../courier.ts';
import type { GitHubClient } from './client.ts';
import { GitHubRefusal } from './failures.ts';
import { deliveryMarker, markedBody } from './issue-body.ts';
import { issueCalls } from './issue-calls.ts';
import { type IssueAnswer, listIssues, ticketOf } from './issues.ts';
import { ensureLabels, missingFrom } from './labels.ts';

/** GitHub's limit, in characters. */
const MAX_TITLE = 256;
/** GitHub's limit. */
const MAX_ASSIGNEES = 10;

/** The calls of the connected repository. */
export function githubCalls(client: GitHubClient): Calls {
  return {
    createIssue: openingIssue(client, ticketMarkers),
    // It tells of an incident and is none: nobody opens the incident from it.
    createFollowUp: openingIssue(client, ({ delivery }) => [deliveryMarker(delivery.id)]),
    ...issueCalls(client),
  };
}

/** @param marks hidden in its text, so that it is found again */
function openingIssue(client: GitHubClient, marks: (parcel: Parcel) => readonly string[]): Call {
  return {
    again: 'look',
    send: (parcel, signal) => createIssue(client, parcel, marks(parcel), signal),
    find: (parcel, signal) => findIssue(client, parcel, signal),
  };
}

async function createIssue(client: GitHubClient, parcel: Parcel, marks: readonly string[], signal: AbortSignal): Promise<Receipt> {
  const labels = namesIn(parcel, 'labels');
  const wanted = loginsIn(parcel);
  const title = shorten(textOf(parcel, 'title'), MAX_TITLE);
  const { body, isCut } = markedBody(parcel.delivery.text, marks);
  const { assignees, notes } = await beforehand(async () => {
    await ensureLabels(client, labels, signal);
    return chooseAssignees(client, wanted, signal);
  });
  const { data: created } = await client.write<IssueAnswer>('the issues', (rest, at) => rest.issues.create({ ...at, title, body, labels, assignees: [...assignees] }), signal);
  const { number } = ticketOf(created, client.question('a new issue', true));
  // What GitHub dropped shows in the issue only. It is opened by now, so nothing that goes wrong here may count.
  const seen = await client.read<IssueAnswer>(`issue ${number}`, (rest, at) => rest.issues.get({ ...at, issue_number: number }), signal).then(({ data }) => data, () => created);
  return receiptOf(client, seen, { labels, assignees }, [...notes, ...(isCut ? ['The text was longer than GitHub takes, so it was shortened.'] : [])]);
}

/** Labels may have been dropped, so every issue since then is looked at, whatever it is labelled. */
async function findIssue(client: GitHubClient, parcel: Parcel, signal: AbortSignal): Promise<Receipt | undefined> {
  const since = new Date(Date.parse(parcel.delivery.at) - CLOCK_SKEW_MS).toISOString();
  const issues = await listIssues(client, { state: 'all', since }, signal);
  const marker = deliveryMarker(parcel.delivery.id);
  const found = issues.find(({ body }) => body?.includes(marker) === true);
  if (found === undefined) {
    return undefined;
  }
  const { assignees, notes } = await chooseAssignees(client, loginsIn(parcel), signal);
  return receiptOf(client, found, { labels: namesIn(parcel, 'labels'), assignees }, notes);
}

interface Assignees {
  readonly assignees: readonly string[];
  /** Who is left out, and why. */
  readonly notes: readonly string[];
}

/** One login that cannot be assigned would have GitHub refuse the whole issue. */
async function chooseAssignees(client: GitHubClient, wanted: readonly string[], signal: AbortSignal): Promise<Assignees> {
  const checked = await Promise.all(wanted.map((login) => isAssignable(client, login, signal)));
  const unknown = wanted.filter((_, index) => checked[index] === false);
  const assignable = wanted.filter((_, index) => checked[index] === true);
  const over = assignable.slice(MAX_ASSIGNEES);
  return {
    assignees: assignable.slice(0, MAX_ASSIGNEES),
    notes: [
      ...(unknown.length === 0 ? [] : [`Nobody in ${client.repository} can be assigned as ${unknown.join(', ')}: the login is wrong, or is no member.`]),
      ...(over.length === 0 ? [] : [`GitHub assigns at most ${MAX_ASSIGNEES} people, so ${over.join(', ')} ${over.length === 1 ? 'was' : 'were'} left out.`]),
    ],
  };
}

async function isAssignable(client: GitHubClient, login: string, signal: AbortSignal): Promise<boolean> {
  try {
    await client.read(`the login ${login}`, (rest, at) => rest.issues.checkUserCanBeAssigned({ ...at, assignee: login }), signal);
    return true;
  } catch (error) {
    if (error instanceof GitHubRefusal && error.status === 404) {
      return false;
    }
    throw error;
  }
}

/** What came of it, and in `note` what was asked for and is not there. */
function receiptOf(client: GitHubClient, issue: IssueAnswer, wanted: { readonly labels: readonly string[]; readonly assignees: readonly string[] }, notes: readonly string[]): Receipt {
  const { number, url, labels } = ticketOf(issue, client.question('a new issue', true));
  const assignees = (issue.assignees ?? []).map(({ login }) => login);
  const dropped = [['label', missingFrom(wanted.labels, labels)], ['assignee', missingFrom(wanted.assignees, assignees)]] as const;
  const lost = dropped.filter(([, names]) => names.length > 0).map(([noun, names]) => `the ${noun}${names.length === 1 ? '' : 's'} ${names.join(', ')}`);
  const note = [
    ...(lost.length === 0 ? [] : [`GitHub dropped ${lost.join(' and ')}: the token may not push to ${client.repository}. Ask somebody who may to add them.`]),
    ...notes,
  ].join(' ');
  return {
    result: { repository: client.repository, number, url, labels, assignees },
    ...(isHttps(url) ? { url } : {}),
    ...(note === '' ? {} : { note }),
  };
}

/** The mark by which a ticket is found again, and the declaration, so that another responder can open the incident from it. */
function ticketMarkers({ delivery, incident }: Parcel): string[] {
  const declared = incident.events.find(({ type }) => type === 'incident.declared');
  return [deliveryMarker(delivery.id), ...(declared === undefined ? [] : [formatEventMarker(declared)])];
}

/** Whatever goes wrong before the issue itself is asked for, the issue was not opened. */
async function beforehand<T>(prepare: () => Promise<T>): Promise<T> {
  try {
    return await prepare();
  } catch (error) {
    throw error instanceof DeliveryError && error.kind === 'in doubt' ? new DeliveryError('not sent', error.message, { retryAfterMs: error.retryAfterMs, cause: error }) : error;
  }
}

/** People write `@ada`; GitHub takes the bare login. */
function loginsIn(parcel: Parcel): string[] {
  return namesIn(parcel, 'assignees').map((login) => login.replace(/^@/, ''));
}

function namesIn({ delivery }: Parcel, name: string): string[] {
  const value = delivery.data[name] ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw new DeliveryError('refused', `The delivery to ${delivery.target} has no list "${name}". Discard it and run the step again.`);
  }
  return value as string[];
}
