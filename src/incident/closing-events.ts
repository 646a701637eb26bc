/** Events of closure and review (runbook 9, 10). */
import type { EventBase } from './event-base.ts';

/** A person ticks or unticks a box of a checklist (runbook 6.2, 8.3, 9.1). */
export interface ChecklistMarked extends EventBase<'checklist.marked'> {
  /** Key in the runbook's `checklists`. */
  readonly checklist: string;
  readonly item: string;
  readonly checked: boolean;
  /** Why, where no evidence proves it. */
  readonly note?: string;
  /** Id of the event whose evidence proves it. */
  readonly evidence?: string;
}

/** The incident is over (runbook 9.1); it stays open until its ticket is closed. */
export interface IncidentResolved extends EventBase<'incident.resolved'> {
  readonly rootCause: string;
  readonly resolution: string;
  /** Id of the runbook's scenario that it was (runbook 12): the same again is a recurrence. */
  readonly scenario?: string;
  /** A word or two that name the cause where no scenario fits: the same again is a recurrence. */
  readonly cause?: string;
  /** Boxes of 9.1 that nothing proved, each with the reason to go on all the same. */
  readonly unproved?: readonly { readonly item: string; readonly reason: string }[];
}

/** The review meeting has a time (runbook 10.1). */
export interface ReviewScheduled extends EventBase<'review.scheduled'> {
  /** Of the calendar entry: the same for every version of it. */
  readonly uid: string;
  /** Raised with every change (RFC 5545). */
  readonly sequence: number;
  /** ISO 8601 UTC. */
  readonly start: string;
  /** ISO 8601 UTC. */
  readonly end: string;
  /** Whom it invites, as the runbook calls them. */
  readonly invitees: readonly string[];
  /** It does not take place: this version takes the one before it back. */
  readonly cancelled?: true;
}

/** The review document was written, or written anew (runbook 10.3). */
export interface ReviewWritten extends EventBase<'review.written'> {
  /** Path relative to the workspace folder, with slashes. */
  readonly file: string;
}

/** How a follow-up stands on GitHub (runbook 10.4). */
export interface FollowUpSeen extends EventBase<'followup.seen'> {
  /** Id of the delivery that opened its issue. */
  readonly delivery: string;
  readonly state: 'open' | 'closed';
  /** Who does it, as GitHub has it; empty for nobody. */
  readonly assignee: string;
}

/** The incident comes from a ticket that was closed before this extension was used. */
export interface IncidentImported extends EventBase<'incident.imported'> {
  readonly url: string;
  /** What could be read from the ticket and what could not, in words. */
  readonly note: string;
}
