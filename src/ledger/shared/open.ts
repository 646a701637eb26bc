/** Opens an incident that somebody else declared, from its ticket. */
import { UserError, messageOf } from '../../errors.ts';
import type { Incident } from '../../incident/fold.ts';
import type { NewEvent } from '../../incident/events.ts';
import { readEventMarkers } from '../../incident/markers.ts';
import type { IssueThreads, TicketIssue } from '../issue-thread.ts';
import type { SharedStore } from './store.ts';
import { isBelieved, readThread } from './thread.ts';

export interface OpenOptions {
  readonly store: Pick<SharedStore, 'adopt' | 'append' | 'read'>;
  readonly threads: IssueThreads;
  /** Hides secrets and personal data in what people wrote into the ticket. */
  readonly redact: <T extends NewEvent>(event: T) => T;
}

const LINK = /^https?:\/\/[^/]+\/([^/]+\/[^/]+)\/issues\/(\d{1,10})(?:[/?#]|$)/;

/**
 * Takes in everything that is on a ticket. Opening it once more only reads it again.
 *
 * @param ticket its link, or its number in the connected repository
 * @throws UserError when the ticket cannot be read, or holds no incident
 */
export async function openShared({ store, threads, redact }: OpenOptions, ticket: string | number, signal: AbortSignal): Promise<Incident> {
  const number = numberOf(ticket, threads.repository);
  const name = `${threads.repository}#${number}`;
  const issue = await readIssue(threads, number, name, signal);
  if (typeof ticket === 'string' && LINK.test(ticket.trim()) && new URL(ticket.trim()).host !== new URL(issue.url).host) {
    throw new UserError(`That link leads to ${new URL(ticket.trim()).host}, and GitHub is connected to ${new URL(issue.url).host}. Connect it to the other one, then open the ticket again.`);
  }
  const incident = declaredIn(issue, name);
  const local = await store.read(incident).catch(() => undefined);
  if (local?.ticket !== undefined && !isSame(local.ticket, threads.repository, number)) {
    throw new UserError(`${incident} is shared in ${local.ticket.repository}#${local.ticket.number} already. Open that ticket instead.`);
  }
  const comments = await threads.readComments(number, undefined, signal).catch((error: unknown) => { throw unreadable(name, error); });
  const { events, receipts } = readThread(incident, issue, comments, redact);
  // The declaration first: whatever is interrupted after it can be read and goes on with the next exchange.
  const declared = events.filter(({ type }) => type === 'incident.declared');
  await store.adopt(incident, [...declared, ...events.filter(({ type }) => type !== 'incident.declared'), ...receipts]);
  if (local?.ticket === undefined) {
    await store.append(incident, { type: 'ticket.linked', repository: threads.repository, number, url: issue.url });
  }
  return store.read(incident);
}

/** @throws UserError when it is no ticket of the connected repository */
function numberOf(ticket: string | number, repository: string): number {
  const text = String(ticket).trim();
  const [, named, number] = LINK.exec(text) ?? [];
  if (named !== undefined && named.toLowerCase() !== repository.toLowerCase()) {
    throw new UserError(`That ticket is in ${named}, and GitHub is connected to ${repository}. Connect it to ${named}, then open the ticket again.`);
  }
  const found = Number(number ?? /^#?(\d{1,10})$/.exec(text)?.[1] ?? 0);
  if (found === 0) {
    throw new UserError(`"${text.slice(0, 100)}" is no ticket. Give its number, or a link such as https://github.com/${repository}/issues/12.`);
  }
  return found;
}

async function readIssue(threads: IssueThreads, number: number, name: string, signal: AbortSignal): Promise<TicketIssue> {
  const answer = await threads.readIssue(number, undefined, signal).catch((error: unknown) => { throw unreadable(name, error); });
  if (answer === undefined) {
    throw unreadable(name, new Error('GitHub sent nothing.'));
  }
  return answer.issue;
}

/** Id of the incident that the ticket's text declares. */
function declaredIn(issue: TicketIssue, name: string): string {
  const declared = readEventMarkers(issue.body).find(({ type }) => type === 'incident.declared');
  if (declared === undefined) {
    throw new UserError(`${name} holds no incident: its text does not have the hidden declaration that "Create the ticket" writes. Open another ticket, or declare the incident here.`);
  }
  if (!isBelieved(issue)) {
    throw new UserError(`${name} was opened by ${issue.author}, who may not write to the repository, so what it says is not taken over. Ask a member to open a ticket.`);
  }
  return declared.incident;
}

function isSame(ticket: NonNullable<Incident['ticket']>, repository: string, number: number): boolean {
  return ticket.number === number && ticket.repository.toLowerCase() === repository.toLowerCase();
}

function unreadable(name: string, error: unknown): UserError {
  return new UserError(`${name} could not be read: ${messageOf(error)}`, { cause: error });
}
