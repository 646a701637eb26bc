/** Finds the incidents of closed tickets that are not on this machine, and makes timelines of them. It only reads. */
import { CancelledError, UserError, messageOf } from '../../errors.ts';
import type { NewEvent, TimelineEvent } from '../../incident/events.ts';
import type { Incident } from '../../incident/fold.ts';
import type { PastTicket } from '../../incident/import-facts.ts';
import { type ImportDefaults, type ImportedIncident, importTicket, importedId } from '../../incident/import.ts';
import { MARK, readEventMarkers } from '../../incident/markers.ts';
import { DeliveryError } from '../../services/courier.ts';
import type { ClosedTicket, IssueComment, IssueThreads, ListedBefore } from '../issue-thread.ts';
import type { Ledger } from '../ledger.ts';
import { isBelieved, readThread } from './thread.ts';

export interface PastOptions {
  readonly ledger: Pick<Ledger, 'list' | 'read'>;
  readonly threads: IssueThreads;
  readonly defaults: ImportDefaults;
  /** Hides secrets and personal data in what people wrote into the ticket. */
  readonly redact: <T extends NewEvent>(event: T) => T;
  /** Only incidents that were closed at or after it, ISO 8601. */
  readonly since?: string;
  /** How many are found at most, those opened last first. */
  readonly limit?: number;
  /** Pages of an earlier search with the same `since`. */
  readonly known?: ListedBefore;
  /** Called for each one, before the next ticket is read. */
  readonly onFound: (found: ImportedIncident) => Promise<void>;
  /** Tickets that were looked at so far. */
  readonly onProgress?: (looked: number) => void;
}

export interface Skipped {
  readonly number: number;
  readonly reason: string;
}

export interface PastSearch {
  /** Tickets whose incident is on this machine already. */
  readonly known: number;
  readonly skipped: readonly Skipped[];
  /** Why it ended before its end, and what to do; what was found until then counts. */
  readonly stopped?: string;
}

/** GitHub's own words, and labels, for what was no incident of its own. */
const NO_INCIDENT: Readonly<Record<string, string>> = {
  not_planned: 'It was closed as not planned.', duplicate: 'It was closed as a duplicate: the other ticket counts.', invalid: 'Its label says that it is invalid.',
};

/** Why one ticket is passed over. */
class Passed extends Error {}

/**
 * Asks for one page of tickets and for the comments of one ticket at a time, as GitHub wants it; for no comments where
 * there are none, or where the incident is known.
 *
 * @throws UserError when not even the first page can be read
 * @throws CancelledError
 */
export async function findPast(options: PastOptions, signal: AbortSignal): Promise<PastSearch> {
  const { known, limit = Infinity, onFound, onProgress, since, threads } = options;
  const search = new Search(options, new Set((await options.ledger.list()).map(({ id }) => id)));
  const looked = new Set<number>();
  const skipped: Skipped[] = [];
  let [found, here] = [0, 0];
  try {
    for await (const page of threads.closedIncidents({ ...(since === undefined ? {} : { since }), ...(known === undefined ? {} : { known }) }, signal)) {
      // Somebody closes a ticket meanwhile, and the last of a page is the first of the next one.
      for (const ticket of page.filter(({ number, closedAt }) => !looked.has(number) && (since === undefined || Date.parse(closedAt) >= Date.parse(since)))) {
        if (found >= limit) {
          return { known: here, skipped };
        }
        looked.add(ticket.number);
        const past = await search.read(ticket, signal).catch((error: unknown): Passed => {
          if (error instanceof Passed) {
            return error;
          }
          throw error;
        });
        if (past instanceof Passed) {
          skipped.push({ number: ticket.number, reason: past.message });
        } else if (past === undefined) {
          here += 1;
        } else {
          await onFound(past);
          found += 1;
        }
        onProgress?.(looked.size);
      }
    }
    return { known: here, skipped };
  } catch (error) {
    if (signal.aborted) {
      throw new CancelledError();
    }
    if (!(error instanceof DeliveryError)) {
      throw error;
    }
    const again = error.retryAfterMs === undefined || error.retryAfterMs <= 0 ? 'Import again later' : `Import again in ${Math.ceil(error.retryAfterMs / 60_000)} min`;
    if (looked.size === 0) {
      throw new UserError(`The closed tickets of ${threads.repository} could not be read: ${error.message} ${again}.`, { cause: error });
    }
    return { known: here, skipped, stopped: `${error.message} ${again}: what is here already is passed over.` };
  }
}

class Search {
  readonly #options: PastOptions;
  readonly #ids: ReadonlySet<string>;
  /** Incident → ticket that it was found in by this search. */
  readonly #found = new Map<string, number>();

  constructor(options: PastOptions, ids: ReadonlySet<string>) {
    this.#options = options;
    this.#ids = ids;
  }

  /** Undefined for what is here already. @throws Passed */
  async read(ticket: ClosedTicket, signal: AbortSignal): Promise<ImportedIncident | undefined> {
    const { defaults, redact, threads: { repository } } = this.#options;
    const declared = declaredIn([ticket]);
    const id = declared !== undefined && isBelieved(ticket) ? declared : await this.#free(ticket);
    if (id === undefined || (declared !== undefined && await this.#isHere(declared, ticket))) {
      return undefined;
    }
    const reason = NO_INCIDENT[ticket.reason ?? ''] ?? ticket.labels.map((label) => NO_INCIDENT[label.toLowerCase()]).find((known) => known !== undefined);
    if (reason !== undefined) {
      throw new Passed(reason);
    }
    const comments = ticket.comments === 0 ? [] : await this.#comments(ticket.number, signal);
    // A ticket that was opened by hand, and shared later, is declared in a comment.
    const incident = declaredIn([ticket, ...comments].filter(isBelieved)) ?? id;
    if (incident !== id && await this.#isHere(incident, ticket)) {
      return undefined;
    }
    const recorded = readThread(incident, ticket, comments, redact).events;
    const events = recorded.some(({ type }) => type === 'incident.declared') ? recorded : [];
    const past = importTicket(incident, pastTicket(repository, ticket), comments.map((comment) => ({ ...comment, text: comment.body, isBelieved: isBelieved(comment) })), events, defaults);
    this.#found.set(incident, ticket.number);
    return { ...past, events: past.events.map((event) => redact(event)), title: redactedTitle(past.events, redact) ?? past.title };
  }

  async #comments(number: number, signal: AbortSignal): Promise<readonly IssueComment[]> {
    try {
      return await this.#options.threads.readComments(number, undefined, signal);
    } catch (error) {
      // Deleted or moved since it was listed; everything else concerns all the others as well.
      if (error instanceof DeliveryError && (error.status === 404 || error.status === 410)) {
        throw new Passed(`Its comments cannot be read: ${messageOf(error)}`);
      }
      throw error;
    }
  }

  /** The first id for a ticket that no other ticket's incident has; undefined when the ticket's own has it. */
  async #free({ number, createdAt }: ClosedTicket): Promise<string | undefined> {
    const { ledger, threads: { repository } } = this.#options;
    for (let length = 4; length <= 32; length++) {
      const id = importedId(repository, number, new Date(createdAt).toISOString(), length);
      if (!this.#ids.has(id) && !this.#found.has(id)) {
        return id;
      }
      if (isOf(await ledger.read(id).catch(() => undefined), repository, number)) {
        return undefined;
      }
    }
    throw new Passed('Every id that it could have is taken.');
  }

  /** @throws Passed when that incident is another ticket's */
  async #isHere(incident: string, { number }: ClosedTicket): Promise<boolean> {
    const { ledger, threads: { repository } } = this.#options;
    const elsewhere = this.#found.get(incident);
    if (elsewhere !== undefined) {
      throw new Passed(`It is a copy: #${elsewhere} declares ${incident} as well.`);
    }
    const local = this.#ids.has(incident) ? await ledger.read(incident) : undefined;
    if (local?.ticket !== undefined && !isOf(local, repository, number)) {
      throw new Passed(`It is a copy: ${incident} is shared in ${local.ticket.repository}#${local.ticket.number}.`);
    }
    return local !== undefined;
  }
}

/** Id of the incident that one of the texts declares. */
function declaredIn(texts: readonly { readonly body: string }[]): string | undefined {
  return texts.filter(({ body }) => body.includes(MARK)).flatMap(({ body }) => readEventMarkers(body)).find(({ type }) => type === 'incident.declared')?.incident;
}

function isOf(incident: Incident | undefined, repository: string, number: number): boolean {
  return incident?.ticket?.number === number && incident.ticket.repository.toLowerCase() === repository.toLowerCase();
}

function redactedTitle(events: readonly TimelineEvent[], redact: PastOptions['redact']): string | undefined {
  const declared = events.find(({ type }) => type === 'incident.declared');
  const redacted = declared === undefined ? undefined : redact(declared);
  return redacted?.type === 'incident.declared' ? redacted.title : undefined;
}

function pastTicket(repository: string, ticket: ClosedTicket): PastTicket {
  const { number, url, title, labels, author, body, createdAt, updatedAt, closedAt, closedBy } = ticket;
  return {
    repository, number, url, title, labels, author, text: body, createdAt, updatedAt, closedAt, isBelieved: isBelieved(ticket), ...(closedBy === undefined ? {} : { closedBy }),
  };
}
