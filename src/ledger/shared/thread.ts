/** Reads a ticket back into events. What comes out depends on the ticket alone, so that all windows read the same. */
import { iso } from '../../incident/clock.ts';
import { EXTENSION } from '../../incident/event-base.ts';
import { derivedId } from '../../incident/derived-id.ts';
import type { DeliveryDone, EventAmended, FindingDocumented, NewEvent, TimelineEvent } from '../../incident/events.ts';
import { MARK, isShared, readEventMarkers, ticketKey, ticketReceipts } from '../../incident/markers.ts';
import type { IssueComment, TicketIssue } from '../issue-thread.ts';

/** On a public repository anybody can comment; only these may write to it. */
const BELIEVED = ['OWNER', 'MEMBER', 'COLLABORATOR'];

export interface ThreadContent {
  /** Of one incident, by those who are believed. What people wrote into the ticket is a finding. */
  readonly events: readonly TimelineEvent[];
  /** That events are on the ticket, whoever's comment they are in: local, never shared. */
  readonly receipts: readonly DeliveryDone[];
  /** Authors of comments with events of this incident who are not believed, one for each comment. */
  readonly strangers: readonly string[];
}

/** Where on a ticket an event is: the order of these is the server's, the same for everybody. */
export interface Place {
  /** Id of the comment; 0 is the ticket's own text. */
  readonly comment: number;
  /** Among the events of the comment. */
  readonly index: number;
}

/** Whether somebody may write on the timeline. @param association GitHub's `author_association` */
export function isBelieved({ association }: Pick<IssueComment, 'association'>): boolean {
  return BELIEVED.includes(association);
}

/**
 * @param comments in the order in which the server took them
 * @param redact hides secrets and personal data in what people wrote into the ticket
 */
export function readThread(incident: string, issue: TicketIssue, comments: readonly IssueComment[], redact: <T extends NewEvent>(event: T) => T): ThreadContent {
  const events: TimelineEvent[] = [];
  const receipts: DeliveryDone[] = [];
  const strangers: string[] = [];
  const sources = [{ ...issue, id: 0, createdAt: issue.updatedAt }, ...comments];
  for (const source of sources) {
    const marked = readEventMarkers(source.body).filter((event) => event.incident === incident && isShared(event));
    marked.forEach((event, index) => { receipts.push(receiptOf(event, isBelieved(source) ? source : { ...source, author: '' }, index, 'found')); });
    if (isBelieved(source)) {
      events.push(...marked);
    } else if (marked.length > 0) {
      strangers.push(source.author);
    }
  }
  for (const comment of comments.filter((candidate) => isBelieved(candidate) && isPlain(candidate))) {
    const notes = noteOf(incident, comment).map((event) => redact(event));
    events.push(...notes);
    receipts.push(...notes.map((event, index) => receiptOf(event, comment, index, 'found')));
  }
  return { events, receipts, strangers };
}

/** That an event is on the ticket. Its id depends on the event alone: several windows may write it down. */
export function receiptOf(event: TimelineEvent, { id, author, createdAt, url }: Pick<IssueComment, 'id' | 'author' | 'createdAt' | 'url'>, index: number, how: 'sent' | 'found'): DeliveryDone {
  const at = iso(Date.parse(createdAt));
  return {
    id: derivedId(`receipt/${event.id}`, Date.parse(event.recordedAt)), incident: event.incident, at, recordedAt: at, actor: EXTENSION,
    type: 'delivery.done', request: ticketKey(event.id), how, result: { comment: id, index, author }, url,
  };
}

/** Where the events are that are known to be on the ticket, by their ids. */
export function placesOf(events: readonly TimelineEvent[]): ReadonlyMap<string, Place> {
  return new Map(ticketReceipts(events).flatMap(([id, { result: { comment, index } }]) => (typeof comment === 'number' && typeof index === 'number' ? [[id, { comment, index }] as const] : [])));
}

/** Written by a person, not by this extension. */
function isPlain({ body }: IssueComment): boolean {
  return body.trim() !== '' && !body.includes(MARK);
}

/** What somebody wrote into the ticket; edited since, with the correction that makes earlier readers agree. */
function noteOf(incident: string, { id, author, body, createdAt, updatedAt }: IssueComment): (FindingDocumented | EventAmended)[] {
  const at = iso(Date.parse(createdAt));
  const text = body.trim().replaceAll('\r\n', '\n');
  const head = { incident, at, actor: { name: author, kind: 'person' } } as const;
  const finding: FindingDocumented = { ...head, id: derivedId(`comment/${id}`, Date.parse(createdAt)), recordedAt: at, type: 'finding.documented', text };
  const changed = Date.parse(updatedAt);
  return changed <= Date.parse(createdAt) ? [finding] : [finding, {
    ...head, id: derivedId(`comment/${id}/${updatedAt}`, changed), at: iso(changed), recordedAt: iso(changed), type: 'event.amended', amends: finding.id, changes: { text },
  }];
}
