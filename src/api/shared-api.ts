/** Opens incidents that other responders shared in a ticket (DESIGN, shared ledger). */
import { UserError } from '../errors.ts';
import type { Incident } from '../incident/fold.ts';
import { type Redactor, redactEvent } from '../incident/redact.ts';
import type { IssueThreads, TicketIssue } from '../ledger/issue-thread.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { OutgoingParts } from '../outgoing-parts.ts';

export interface SharedDeps {
  readonly ledger: Ledger;
  readonly outgoing: OutgoingParts;
  readonly redact: () => Redactor;
}

/** How long GitHub may take, ms. */
const TIMEOUT_MS = 20_000;

/** The open tickets with the label `incident`. @throws UserError when GitHub is not connected */
export async function listTickets(outgoing: OutgoingParts): Promise<readonly TicketIssue[]> {
  return (await connected(outgoing)).listIncidents(AbortSignal.timeout(TIMEOUT_MS));
}

/**
 * Takes in what is on a ticket, and keeps it the same from now on.
 *
 * @param ticket its link, or its number in the connected repository
 * @throws UserError when GitHub is not connected, or the ticket holds no incident
 */
export async function openTicketOf({ ledger, outgoing, redact }: SharedDeps, ticket: string | number): Promise<Incident> {
  const threads = await connected(outgoing);
  const { openShared } = await import('../ledger/shared/open.ts');
  const incident = await openShared({ store: ledger, threads, redact: (event) => redactEvent(event, redact()) }, ticket, AbortSignal.timeout(TIMEOUT_MS));
  outgoing.loop.wake(incident.id);
  return incident;
}

/** @throws UserError when GitHub is not connected */
export async function connected(outgoing: Pick<OutgoingParts, 'threads'>): Promise<IssueThreads> {
  const threads = await outgoing.threads();
  if (threads === undefined) {
    throw new UserError('GitHub is not connected, so no ticket can be read. Connect it first.', { action: { title: 'Connect GitHub', command: 'incidentRunbook.connectGitHub' } });
  }
  return threads;
}
