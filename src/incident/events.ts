/**
 * The timeline: an incident is the append-only list of these events, and everything else is a fold of it.
 * An event is never changed; a correction is a new event that names the one it amends.
 */
import type { ChangeApproved, ChangeMade, ChangePlanned, ChangeRequested, WatchEnded, WatchRestarted, WatchSampled, WatchStarted } from './change-events.ts';
import type { ChecklistMarked, FollowUpSeen, IncidentImported, IncidentResolved, ReviewScheduled, ReviewWritten } from './closing-events.ts';
import type { Actor, EventBase } from './event-base.ts';
import type { Evidence, Json, Level } from './evidence.ts';
import type { UpdateFields } from './update-fields.ts';

export const SEVERITIES = ['P1', 'P2', 'P3', 'P4'] as const;
/** Runbook 2.1, from a complete outage (P1) to a minor issue with a workaround (P4). */
export type Severity = (typeof SEVERITIES)[number];

export type { Actor };

export const DETECTION_SOURCES = [
  'datadog', 'cloudwatch', 'synthetic', 'support ticket', 'slack', 'email', 'phone',
  'monitoring', 'deployment', 'code review', 'testing',
] as const;
/** Runbook 3: how the incident came to be known. */
export type DetectionSource = (typeof DETECTION_SOURCES)[number];

export interface IncidentDeclared extends EventBase<'incident.declared'> {
  readonly title: string;
  /** Key of the runbook's environment. */
  readonly environment: string;
  readonly detectedBy: DetectionSource;
  /** ISO 8601 UTC; unset is missing, never assumed (runbook 11). */
  readonly impactStartedAt?: string;
  /** Drills are left out of the metrics (runbook 11). */
  readonly drill: boolean;
  readonly runbook: { readonly name: string; readonly version: string };
}

export interface IncidentAcknowledged extends EventBase<'incident.acknowledged'> {}

export interface SeveritySet extends EventBase<'severity.set'> {
  readonly severity: Severity;
  readonly reasons: readonly string[];
  /** Question id → option id, as answered (runbook 2.2). */
  readonly answers?: Readonly<Record<string, string>>;
  /** Present when the responder chose another level than the rules recommended. */
  readonly override?: { readonly recommended: Severity; readonly reason: string };
}

export interface RoleAssigned extends EventBase<'role.assigned'> {
  /** Role id of the runbook, e.g. `incidentCommander` (runbook 8.3). */
  readonly role: string;
  /** Empty: the role was given up. */
  readonly person: string;
}

/** Result of one check inside an investigation. */
export interface StepResult {
  readonly step: string;
  readonly title: string;
  readonly section: string;
  readonly outcome: 'done' | 'failed' | 'cancelled';
  readonly level: Level;
  readonly summary: string;
  readonly evidence?: Evidence;
  /** How long the check took, ms. */
  readonly durationMs: number;
}

export interface StepFinished extends EventBase<'step.finished'> {
  readonly result: StepResult;
  /** The results of the steps this one ran, worst first (runbook 5, `investigate`). */
  readonly parts?: readonly StepResult[];
  /** Id of the `change.planned` whose end this is, as far as anybody has seen it. */
  readonly change?: string;
}

/** A piece of code or log that somebody pointed at. */
export interface Excerpt {
  /** Path relative to the workspace folder, or the name of the document. */
  readonly source: string;
  readonly language: string;
  /** 1-based, inclusive. */
  readonly startLine: number;
  readonly endLine: number;
  readonly text: string;
  /** Where it is from, as people say it, where lines of a file do not say it: log groups and streams, a terminal. */
  readonly origin?: string;
  /** Where it can be looked up for good: a commit on GitHub, the CloudWatch console. */
  readonly link?: string;
}

export interface FindingDocumented extends EventBase<'finding.documented'> {
  readonly text: string;
  readonly excerpt?: Excerpt;
}

/** An internal update, as it was written for the channel and the ticket (runbook 7.1). */
export interface UpdatePosted extends EventBase<'update.posted'>, UpdateFields {
  /** The whole text, from the runbook's template. */
  readonly text: string;
}

/** Every outside system that something is delivered to; `workspace` is the status page kept as files in the repository, `aws` the support cases. */
export const DELIVERY_SERVICES = ['github', 'slack', 'pagerduty', 'datadog', 'statuspage', 'mail', 'webhook', 'workspace', 'aws'] as const;
export type DeliveryService = (typeof DELIVERY_SERVICES)[number];

/** One thing that is to leave the machine, once. */
export interface DeliveryRequest {
  readonly service: DeliveryService;
  /** What the service is asked to do; a key of its table of calls, e.g. `postMessage`. */
  readonly call: string;
  /** Whom or what it reaches, as people say it: `#incidents`, `acme/shop`, `DevOps Lead`. */
  readonly target: string;
  /** What it says, word for word. */
  readonly text: string;
  /** Inputs of the call. No secret and no address: a contact is named by its id and looked up when it is sent. */
  readonly data: { readonly [key: string]: Json };
  /** Step of the runbook that asked for it. */
  readonly step: string;
  /** Contacts of the runbook it is meant to reach: whom to phone or mail when it cannot be delivered. */
  readonly contacts?: readonly string[];
  /** Ids of deliveries that must be done first, because this one needs what came of them (an issue, a channel). */
  readonly after?: readonly string[];
}

/** Something is to leave the machine. Pending until one of the events below names its id. */
export interface DeliveryRequested extends EventBase<'delivery.requested'> {
  readonly delivery: DeliveryRequest;
  /** Installation that sends it: others only see it. */
  readonly origin: string;
}

interface DeliveryEvent<Type extends string> extends EventBase<Type> {
  /** Id of the `delivery.requested`, or `ticketKey` of the event that is shared on the ticket (markers.ts). */
  readonly request: string;
}

/** Written before anything is sent, so that a crash in between is known of. */
export interface DeliveryAttempted extends EventBase<'delivery.attempted'> {
  /** What the attempt covers: one delivery, or several events shared in one comment. */
  readonly requests: readonly string[];
  /** Until when nobody else tries, ISO 8601 UTC. */
  readonly until: string;
}

export interface DeliveryDone extends DeliveryEvent<'delivery.done'> {
  /** `found`: an earlier attempt had arrived after all. `by hand`: a person says so. */
  readonly how: 'sent' | 'found' | 'by hand';
  /** What the service answered, as far as later deliveries need it. */
  readonly result: { readonly [key: string]: Json };
  readonly url?: string;
  /** What did not go as asked, e.g. labels that GitHub dropped. */
  readonly note?: string;
}

export interface DeliveryFailed extends DeliveryEvent<'delivery.failed'> {
  readonly reason: string;
  /** When it is tried again by itself, ISO 8601 UTC; unset: it is not. */
  readonly retryAt?: string;
  /** It may have arrived all the same, so it is looked for before it is sent again. */
  readonly inDoubt?: boolean;
}

/** It may have arrived, and nobody but a person can tell. */
export interface DeliveryUnknown extends DeliveryEvent<'delivery.unknown'> {
  readonly reason: string;
}

/** Not sent by the extension: the service is not connected, or has no way to be told. A person does it. */
export interface DeliveryHeld extends DeliveryEvent<'delivery.held'> {
  readonly reason: string;
}

/** A person wants it sent (again). */
export interface DeliveryRetried extends DeliveryEvent<'delivery.retried'> {}

/** A person does not want it sent any more. */
export interface DeliveryDiscarded extends DeliveryEvent<'delivery.discarded'> {
  readonly reason: string;
}

/** The ticket in which the incident is shared (runbook 4.3); written by whoever opened or joined it. */
export interface TicketLinked extends EventBase<'ticket.linked'> {
  /** `owner/name`. */
  readonly repository: string;
  readonly number: number;
  readonly url: string;
}

/** Somebody is about to run a step that must not run twice. */
export interface StepClaimed extends EventBase<'step.claimed'> {
  readonly step: string;
  /** Installation that claims it. */
  readonly origin: string;
  /** When the claim lapses if its holder disappears, ISO 8601 UTC. */
  readonly until: string;
}

/** The step of a claim has ended, however it did. */
export interface StepReleased extends EventBase<'step.released'> {
  /** Id of the `step.claimed`. */
  readonly claim: string;
}

/** A clock keeps quiet until then (runbook 7.1). */
export interface ReminderSnoozed extends EventBase<'reminder.snoozed'> {
  readonly step: string;
  /** ISO 8601 UTC. */
  readonly until: string;
}

export interface IncidentClosed extends EventBase<'incident.closed'> {
  readonly reason: string;
  /** What neither evidence nor a person's word stood for, in the runbook's words, of one that nobody confirmed (runbook 9.1). */
  readonly unproved?: readonly string[];
}

export interface IncidentReopened extends EventBase<'incident.reopened'> {
  readonly reason: string;
}

/** A correction: a wrong time, a wrong text. The amended event stays as it was written. */
export interface EventAmended extends EventBase<'event.amended'> {
  readonly amends: string;
  readonly changes: {
    readonly at?: string;
    /** Of a finding. */
    readonly text?: string;
    readonly retracted?: boolean;
    /** Of the declaration. */
    readonly title?: string;
    /** Of the declaration: since when users feel it, ISO 8601 UTC. */
    readonly impactStartedAt?: string;
  };
}

export type TimelineEvent =
  | IncidentDeclared
  | IncidentAcknowledged
  | SeveritySet
  | RoleAssigned
  | StepFinished
  | ChangePlanned
  | ChangeApproved
  | ChangeRequested
  | ChangeMade
  | WatchStarted
  | WatchSampled
  | WatchRestarted
  | WatchEnded
  | FindingDocumented
  | UpdatePosted
  | DeliveryRequested
  | DeliveryAttempted
  | DeliveryDone
  | DeliveryFailed
  | DeliveryUnknown
  | DeliveryHeld
  | DeliveryRetried
  | DeliveryDiscarded
  | TicketLinked
  | StepClaimed
  | StepReleased
  | ReminderSnoozed
  | ChecklistMarked
  | IncidentResolved
  | ReviewScheduled
  | ReviewWritten
  | FollowUpSeen
  | IncidentImported
  | IncidentClosed
  | IncidentReopened
  | EventAmended;

type BodyOf<E> = E extends TimelineEvent ? Omit<E, 'id' | 'incident' | 'recordedAt' | 'actor' | 'at'> & { readonly at?: string } : never;
/** What a caller gives; the ledger adds id, incident, actor and times (`at` defaults to now). */
export type NewEvent = BodyOf<TimelineEvent>;

/** Order of a timeline: by when it happened, then by id. Two responders converge whatever order they sync in. */
export function compareEvents(a: TimelineEvent, b: TimelineEvent): number {
  return a.at < b.at ? -1 : a.at > b.at ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** Set union by id, in timeline order. */
export function mergeTimelines(...timelines: readonly (readonly TimelineEvent[])[]): TimelineEvent[] {
  const byId = new Map<string, TimelineEvent>();
  for (const event of timelines.flat()) {
    byId.set(event.id, byId.get(event.id) ?? event);
  }
  return [...byId.values()].sort(compareEvents);
}
