import type { ChecklistMarked, FollowUpSeen, IncidentImported, IncidentResolved, ReviewScheduled } from './closing-events.ts';
import {
  type Actor, type DetectionSource, type EventAmended, type Excerpt, type Severity, type StepClaimed, type StepFinished, type StepResult, type TimelineEvent, type UpdatePosted,
  compareEvents,
} from './events.ts';
import { type Delivery, type Ticket, foldDeliveries } from './deliveries.ts';
import { type Change, foldChanges } from './changes.ts';
import { countOpen } from './follow-ups.ts';
import { unshared } from './markers.ts';
import { type Watch, foldWatches } from './watches.ts';

/** Where an incident stands. An incident is open until it is closed. */
export type IncidentStatus = 'declared' | 'acknowledged' | 'closed';

/** A time of the metrics, with the event it comes from and whether somebody corrected it. */
export interface Milestone {
  readonly at: string;
  readonly event: string;
  readonly corrected: boolean;
}

export interface Finding {
  readonly event: string;
  readonly at: string;
  readonly actor: Actor;
  readonly text: string;
  readonly excerpt?: Excerpt;
}

/** The last result of a step and the event that holds it. */
export interface StepRecord extends StepResult {
  readonly event: string;
  readonly at: string;
  readonly actor: Actor;
}

/** Who is running a step that must not run twice. */
export interface StepClaim {
  readonly event: string;
  readonly actor: Actor;
  readonly origin: string;
  /** Epoch ms. */
  readonly until: number;
}

/** What a timeline amounts to: the whole state of an incident, derived and never stored. */
export interface Incident {
  readonly id: string;
  readonly title: string;
  readonly environment: string;
  readonly detectedBy: DetectionSource;
  readonly drill: boolean;
  readonly runbook: { readonly name: string; readonly version: string };
  readonly status: IncidentStatus;
  /** Unset until assessed or declared with one. */
  readonly severity?: Severity;
  readonly severityReasons: readonly string[];
  readonly times: {
    readonly impactStarted?: Milestone;
    readonly detected: Milestone;
    /** First acknowledgement by a person: an automatic one does not count (runbook 11, MTTA). */
    readonly acknowledged?: Milestone;
    readonly assessed?: Milestone;
    /** Since when the severity is what it is; its clocks started then. */
    readonly severitySince?: Milestone;
    /** When the first change to production was made that worked, or somebody verified that one had. */
    readonly mitigated?: Milestone;
    /** When somebody confirmed that it is over; of one that was closed without that, when it was closed. */
    readonly resolved?: Milestone;
    readonly closed?: Milestone;
  };
  /** What it was and what ended it (runbook 9.1). */
  readonly resolution?: IncidentResolved;
  /** `checklist/item` → the last mark that somebody set. */
  readonly marks: ReadonlyMap<string, ChecklistMarked>;
  /** When the review takes place (runbook 10.1); unset while it is not scheduled, or no longer. */
  readonly review?: ReviewScheduled;
  /** The review document, relative to the workspace folder. */
  readonly reviewFile?: string;
  /** Id of the delivery that opened a follow-up → how it stands. */
  readonly followUps: ReadonlyMap<string, FollowUpSeen>;
  /** Of an incident that was not recorded here. */
  readonly imported?: IncidentImported;
  /** Role id → person. */
  readonly roles: Readonly<Record<string, string>>;
  /** Step id → its latest result, whether run alone or inside an investigation. */
  readonly steps: ReadonlyMap<string, StepRecord>;
  readonly findings: readonly Finding[];
  /** Internal updates, the oldest first (runbook 7.1). */
  readonly updates: readonly UpdatePosted[];
  /** What has left the machine and what is still to, in the order it was asked for. */
  readonly deliveries: readonly Delivery[];
  /** Changes to production, planned and made, in the order of their plans. */
  readonly changes: readonly Change[];
  /** Watches over its stability, the earliest first. */
  readonly watches: readonly Watch[];
  /** Set once the incident is shared in a ticket. */
  readonly ticket?: Ticket;
  /** Step id → who is running it, until when at the latest; at most one holder each. */
  readonly claims: ReadonlyMap<string, StepClaim>;
  /** Step id → epoch ms until which its reminder keeps quiet. */
  readonly snoozed: ReadonlyMap<string, number>;
  readonly closeReason?: string;
  /** In timeline order, corrections applied, retracted events left out. */
  readonly events: readonly TimelineEvent[];
}

/** One line of a list of incidents. */
export interface IncidentSummary {
  readonly id: string;
  readonly title: string;
  readonly status: IncidentStatus;
  readonly severity?: Severity;
  readonly environment: string;
  readonly drill: boolean;
  /** ISO 8601 UTC. */
  readonly detectedAt: string;
  readonly closedAt?: string;
  /** The times of the metrics (runbook 11), ISO 8601 UTC; unset is missing. */
  readonly impactStartedAt?: string;
  readonly acknowledgedAt?: string;
  readonly mitigatedAt?: string;
  readonly resolvedAt?: string;
  /** What it was: the same again is a recurrence. */
  readonly scenario?: string;
  readonly cause?: string;
  /** What is still to leave the machine: deliveries to be made or in doubt, and events the ticket does not have; unset for nothing. */
  readonly waiting?: number;
  /** Issues of action items that were not seen closed (runbook 10.4); unset for none. */
  readonly followUps?: number;
  /** Of the review document, relative to the workspace folder. */
  readonly reviewFile?: string;
}

/**
 * The state that a timeline amounts to. Pure and order-independent: any order of the same events gives the
 * same incident. Types it does not know (written by a newer version) are kept in `events` and change nothing.
 *
 * @returns undefined when no event declares the incident
 */
export function fold(events: readonly TimelineEvent[]): Incident | undefined {
  const { effective, correctedTimes } = applyAmendments([...events].sort(compareEvents));
  const declared = effective.find((event) => event.type === 'incident.declared');
  if (declared === undefined) {
    return undefined;
  }
  const milestone = (event: TimelineEvent): Milestone => ({ at: event.at, event: event.id, corrected: correctedTimes.has(event.id) });
  const steps = new Map<string, StepRecord>();
  const roles: Record<string, string> = {};
  const findings: Finding[] = [];
  const updates: UpdatePosted[] = [];
  const claimed: StepClaimed[] = [];
  const released = new Set<string>();
  const snoozed = new Map<string, number>();
  const marks = new Map<string, ChecklistMarked>();
  const followUps = new Map<string, FollowUpSeen>();
  const state: Mutable<Pick<Incident, 'severity' | 'severityReasons' | 'closeReason' | 'ticket' | 'resolution' | 'reviewFile' | 'imported'>> = { severityReasons: [] };
  let invitation: ReviewScheduled | undefined;
  const changes = foldChanges(effective);
  let helped: StepFinished[] = [];
  const times: Mutable<Incident['times']> = { detected: milestone(declared) };
  if (declared.impactStartedAt !== undefined) {
    times.impactStarted = { at: declared.impactStartedAt, event: declared.id, corrected: correctedTimes.has(`${declared.id}/impact`) };
  }
  for (const event of effective) {
    switch (event.type) {
      case 'incident.acknowledged':
        if (event.actor.kind === 'person') {
          times.acknowledged ??= milestone(event);
        }
        break;
      case 'severity.set':
        if (state.severity !== event.severity) {
          times.severitySince = milestone(event);
        }
        state.severity = event.severity;
        state.severityReasons = event.reasons;
        times.assessed ??= milestone(event);
        break;
      case 'role.assigned':
        if (event.person === '') {
          delete roles[event.role];
        } else {
          roles[event.role] = event.person;
        }
        break;
      case 'step.finished':
        if ((event.change !== undefined || event.result.step === 'verifyMitigation') && event.result.outcome === 'done' && event.result.level === 'ok') {
          helped.push(event);
        }
        for (const result of [event.result, ...(event.parts ?? [])]) {
          steps.set(result.step, { ...result, event: event.id, at: event.at, actor: event.actor });
        }
        break;
      case 'finding.documented':
        findings.push({
          event: event.id, at: event.at, actor: event.actor, text: event.text,
          ...(event.excerpt === undefined ? {} : { excerpt: event.excerpt }),
        });
        break;
      case 'update.posted':
        updates.push(event);
        break;
      case 'ticket.linked':
        state.ticket ??= { repository: event.repository, number: event.number, url: event.url };
        break;
      case 'step.claimed':
        claimed.push(event);
        break;
      case 'step.released':
        released.add(event.claim);
        break;
      case 'reminder.snoozed':
        snoozed.set(event.step, Date.parse(event.until));
        break;
      case 'checklist.marked':
        marks.set(`${event.checklist}/${event.item}`, event);
        break;
      case 'incident.resolved':
        // Worded anew it has the same time, and a correction may put it before the one whose place it took.
        if (state.resolution === undefined || event.recordedAt >= state.resolution.recordedAt) {
          times.resolved = milestone(event);
          state.resolution = event;
        }
        break;
      case 'review.scheduled':
        if (event.sequence >= (invitation?.sequence ?? 0)) {
          invitation = event;
        }
        break;
      case 'review.written':
        state.reviewFile = event.file;
        break;
      case 'followup.seen':
        followUps.set(event.delivery, event);
        break;
      case 'incident.imported':
        state.imported = event;
        break;
      case 'incident.closed':
        times.closed = milestone(event);
        times.resolved ??= milestone(event);
        state.closeReason = event.reason;
        break;
      case 'incident.reopened':
        delete times.closed;
        delete times.resolved;
        helped = [];
        delete state.resolution;
        delete state.closeReason;
        break;
      default:
        break;
    }
  }
  const mitigation = helped.find(({ change }) => change === undefined || !isTakenBack(changes, change, times.resolved?.at));
  if (mitigation !== undefined) {
    times.mitigated = milestone(mitigation);
  }
  return {
    id: declared.incident,
    title: declared.title,
    environment: declared.environment,
    detectedBy: declared.detectedBy,
    drill: declared.drill,
    runbook: declared.runbook,
    status: times.closed ? 'closed' : times.acknowledged ? 'acknowledged' : 'declared',
    ...state,
    ...(invitation === undefined || invitation.cancelled === true ? {} : { review: invitation }),
    times,
    roles,
    steps,
    findings,
    updates,
    deliveries: foldDeliveries(effective),
    changes,
    watches: foldWatches(effective),
    claims: claimsOf(claimed.filter(({ id }) => !released.has(id))),
    snoozed,
    marks,
    followUps,
    events: effective,
  };
}

/** The undoing of a change is not what helped, and neither is what was undone before it was over. @param end ISO 8601 UTC */
function isTakenBack(changes: readonly Change[], id: string, end: string | undefined): boolean {
  const change = changes.find((candidate) => candidate.id === id);
  const undoing = changes.find((candidate) => candidate.id === change?.undoneBy);
  return change?.plan.undoes !== undefined || (undoing?.end !== undefined && (end === undefined || undoing.end.at < end));
}

/** Who holds which step: of several claims the first one, until its time has passed. */
function claimsOf(claimed: readonly StepClaimed[]): ReadonlyMap<string, StepClaim> {
  const claims = new Map<string, StepClaim>();
  for (const { id, step, at, actor, origin, until } of claimed) {
    if ((claims.get(step)?.until ?? 0) <= Date.parse(at)) {
      claims.set(step, { event: id, actor, origin, until: Date.parse(until) });
    }
  }
  return claims;
}

export function summarize(incident: Incident): IncidentSummary {
  const waiting = incident.deliveries.filter(({ state }) => state === 'pending' || state === 'unknown').length
    + (incident.ticket === undefined ? 0 : unshared(incident.events).length);
  const { times, resolution } = incident;
  const followUps = countOpen(incident);
  return {
    id: incident.id,
    title: incident.title,
    status: incident.status,
    ...(incident.severity === undefined ? {} : { severity: incident.severity }),
    environment: incident.environment,
    drill: incident.drill,
    detectedAt: times.detected.at,
    ...(times.closed === undefined ? {} : { closedAt: times.closed.at }),
    ...(times.impactStarted === undefined ? {} : { impactStartedAt: times.impactStarted.at }),
    ...(times.acknowledged === undefined ? {} : { acknowledgedAt: times.acknowledged.at }),
    ...(times.mitigated === undefined ? {} : { mitigatedAt: times.mitigated.at }),
    ...(times.resolved === undefined ? {} : { resolvedAt: times.resolved.at }),
    ...(resolution?.scenario === undefined ? {} : { scenario: resolution.scenario }),
    ...(resolution?.cause === undefined ? {} : { cause: resolution.cause }),
    ...(waiting === 0 ? {} : { waiting }),
    ...(followUps === 0 ? {} : { followUps }),
    ...(incident.reviewFile === undefined ? {} : { reviewFile: incident.reviewFile }),
  };
}

/** The event that holds a step's evidence, with the result inside it. */
export function resultOf(event: TimelineEvent, step: string): StepResult | undefined {
  if (event.type !== 'step.finished') {
    return undefined;
  }
  return event.result.step === step ? event.result : event.parts?.find((part) => part.step === step);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Corrections in the order they were written down, the last one wins. A correction of a correction changes what
 * that one named, and a retracted correction counts no more.
 */
function applyAmendments(ordered: readonly TimelineEvent[]): { effective: TimelineEvent[]; correctedTimes: Set<string> } {
  const amendments = new Map(ordered
    .filter((event) => event.type === 'event.amended')
    .sort((a, b) => (a.recordedAt < b.recordedAt ? -1 : a.recordedAt > b.recordedAt ? 1 : a.id < b.id ? -1 : 1))
    .map((event) => [event.id, event]));
  if (amendments.size === 0) {
    return { effective: [...ordered], correctedTimes: new Set() };
  }
  // From the last one back: whether a correction holds is decided by those written after it.
  const retracted = new Map<string, boolean>();
  for (const { id, amends, changes } of [...amendments.values()].reverse()) {
    if (changes.retracted !== undefined && retracted.get(id) !== true && !retracted.has(amends)) {
      retracted.set(amends, changes.retracted);
    }
  }
  const corrected = new Map<string, EventAmended['changes']>();
  for (const amendment of amendments.values()) {
    const target = targetOf(amendment, amendments, retracted);
    if (target !== undefined) {
      corrected.set(target, { ...corrected.get(target), ...amendment.changes });
    }
  }
  const effective = ordered.filter(({ id, type }) => retracted.get(id) !== true || type.startsWith('change.')).map((event) => {
    const { at = event.at, text, title, impactStartedAt } = corrected.get(event.id) ?? {};
    const moved = { ...event, at };
    if (moved.type === 'incident.declared') {
      return { ...moved, ...(title === undefined ? {} : { title }), ...(impactStartedAt === undefined ? {} : { impactStartedAt }) };
    }
    return moved.type === 'finding.documented' && text !== undefined ? { ...moved, text } : moved;
  });
  return { effective: effective.sort(compareEvents), correctedTimes: new Set([...corrected].flatMap(([id, { at, impactStartedAt }]) => [...(at === undefined ? [] : [id]), ...(impactStartedAt === undefined ? [] : [`${id}/impact`])])) };
}

/** The event that a correction is about in the end; none when one on the way was retracted, or when they name each other. */
function targetOf(amendment: EventAmended, amendments: ReadonlyMap<string, EventAmended>, retracted: ReadonlyMap<string, boolean>): string | undefined {
  const passed = new Set<string>();
  let target = amendment.id;
  for (let link: EventAmended | undefined = amendment; link !== undefined; link = amendments.get(target)) {
    if (passed.has(target) || retracted.get(target) === true) {
      return undefined;
    }
    passed.add(target);
    target = link.amends;
  }
  return target;
}
