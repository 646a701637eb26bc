/** Changes to production: what was planned, by whom it was approved, what became of it. A fold of the change events. */
import type { Actor, TimelineEvent } from './events.ts';
import type { Level } from './evidence.ts';
import { ticketReceipts } from './markers.ts';
import type { JsonObject, Plan } from './plan.ts';

/**
 * `planned`: nothing has happened. `applying`: it was asked for, and nobody has written down yet that it was made.
 * `following`: it was made, and the world has not settled. `left`: nobody watches any more. `unclear`: nobody knows
 * what became of it. `undone`: another change took it back.
 */
export type ChangeState = 'planned' | 'applying' | 'following' | 'left' | 'unclear' | 'done' | 'failed' | 'undone';

/** Somebody's agreement to a plan. */
export interface ChangeApproval {
  readonly event: string;
  readonly actor: Actor;
  /** Epoch ms: when the ticket took it, else when it was written down. */
  readonly at: number;
  /** Epoch ms. */
  readonly until: number;
  /** Login of whoever wrote the comment on the ticket that holds it; unset while it is on no ticket. */
  readonly login?: string;
}

export interface Change {
  /** Id of the `change.planned`. */
  readonly id: string;
  readonly plan: Plan;
  readonly plannedAt: string;
  readonly actor: Actor;
  /** Installation that planned it. */
  readonly origin: string;
  /** Login of whoever wrote the comment that holds the plan; unset while it is on no ticket. */
  readonly login?: string;
  readonly state: ChangeState;
  /** Of all plans with this hash. */
  readonly approvals: readonly ChangeApproval[];
  /** That it was asked for: nothing is sent before this is on disk. */
  readonly request?: { readonly event: string; readonly at: string; readonly actor: Actor; readonly origin: string };
  /** What the calls answered. */
  readonly made?: { readonly at: string; readonly result: JsonObject };
  /** How it ended so far; the last look counts. */
  readonly end?: { readonly event: string; readonly at: string; readonly outcome: 'done' | 'failed' | 'cancelled'; readonly level: Level; readonly summary: string };
  /** The change that took it back, once that is done. */
  readonly undoneBy?: string;
}

/** For so long a second person's agreement holds, ms. */
export const APPROVAL_MS = 30 * 60_000;

/** Agreements that count for whoever applies: given by somebody else, on the ticket, and not run out. @param now epoch ms */
export function validApprovals({ approvals, login }: Change, now: number): readonly ChangeApproval[] {
  return approvals.filter((approval) => approval.login !== undefined && login !== undefined && approval.login !== login && approval.at <= now && approval.until > now);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Draftable = Mutable<Omit<Change, 'approvals' | 'state'>>;

/**
 * The changes of a timeline, in the order in which they were planned.
 *
 * @param events in timeline order
 */
export function foldChanges(events: readonly TimelineEvent[]): Change[] {
  const places = placesOf(events);
  const changes = new Map<string, Draftable>();
  for (const event of events) {
    if (event.type === 'change.planned') {
      const login = places.get(event.id)?.login;
      changes.set(event.id, { id: event.id, plan: event.plan, plannedAt: event.recordedAt, actor: event.actor, origin: event.origin, ...(login === undefined ? {} : { login }) });
    }
  }
  const approvals: (ChangeApproval & { readonly hash: string })[] = [];
  for (const event of events) {
    if (event.type === 'change.approved') {
      const place = places.get(event.id);
      // The ticket's clock, not that of whoever approves.
      const at = place?.at ?? Date.parse(event.at);
      approvals.push({ event: event.id, actor: event.actor, at, until: Math.min(Date.parse(event.until), at + APPROVAL_MS), hash: event.hash, ...(place?.login === undefined ? {} : { login: place.login }) });
    } else if (event.type === 'change.requested') {
      const change = changes.get(event.plan);
      if (change !== undefined) {
        change.request ??= { event: event.id, at: event.at, actor: event.actor, origin: event.origin };
      }
    } else if (event.type === 'change.made') {
      const change = changes.get(event.plan);
      if (change !== undefined) {
        change.made ??= { at: event.at, result: event.result };
      }
    } else if (event.type === 'step.finished' && event.change !== undefined) {
      const change = changes.get(event.change);
      const { outcome, level, summary } = event.result;
      if (change !== undefined) {
        change.end = { event: event.id, at: event.at, outcome, level, summary };
      }
    }
  }
  for (const { id, plan: { undoes }, end } of changes.values()) {
    const undone = undoes === undefined || end?.outcome !== 'done' ? undefined : changes.get(undoes);
    if (undone !== undefined) {
      undone.undoneBy = id;
    }
  }
  return [...changes.values()].map((change) => ({
    ...change,
    state: stateOf(change),
    approvals: approvals.flatMap(({ hash, ...approval }) => (hash === change.plan.hash ? [approval] : [])),
  }));
}

function stateOf({ request, made, end, undoneBy }: Draftable): ChangeState {
  if (undoneBy !== undefined) {
    return 'undone';
  }
  if (request === undefined) {
    return 'planned';
  }
  if (end === undefined) {
    return made === undefined ? 'applying' : 'following';
  }
  switch (end.outcome) {
    case 'done': return 'done';
    case 'cancelled': return 'left';
    case 'failed': return end.level === 'unknown' ? 'unclear' : 'failed';
  }
}

interface Place {
  readonly at: number;
  readonly login?: string;
}

/** Who put which event on the ticket, and when the server took it. */
function placesOf(events: readonly TimelineEvent[]): ReadonlyMap<string, Place> {
  return new Map(ticketReceipts(events).map(([id, { at, result: { author } }]) => [id, { at: Date.parse(at), ...(typeof author === 'string' && author !== '' ? { login: author } : {}) }]));
}
