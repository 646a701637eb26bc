/** What is to be done after an incident (runbook 10.4): a fold of the issues that were opened and of how they were seen since. */
import type { FollowUpSeen } from './closing-events.ts';
import type { Delivery } from './deliveries.ts';

export interface FollowUp {
  readonly incident: string;
  /** Title of the incident. */
  readonly title: string;
  /** Id of the delivery that opened the issue. */
  readonly delivery: string;
  readonly text: string;
  /** Who does it, as GitHub has it, or as the review names them; empty for nobody. */
  readonly owner: string;
  /** Login, as GitHub was last seen to have it; empty for nobody. */
  readonly assignee: string;
  /** ISO date; unset when none was set. */
  readonly due?: string;
  readonly repository: string;
  readonly number: number;
  readonly url: string;
  readonly state: 'open' | 'closed';
  /** Open, and the due date has passed everywhere in UTC. */
  readonly overdue: boolean;
}

/** The part of an incident that tells of its follow-ups. */
export interface FollowUpSource {
  readonly id: string;
  readonly title: string;
  readonly deliveries: readonly Delivery[];
  readonly followUps: ReadonlyMap<string, FollowUpSeen>;
}

/** What opens the issue of an action item; unlike that of a ticket it does not carry the incident. */
export function isFollowUp({ service, call }: Pick<Delivery, 'service' | 'call'>): boolean {
  return service === 'github' && call === 'createFollowUp';
}

/** The delivery that opened the issue of an action item; undefined when none did. */
export function followUpOfKey(deliveries: readonly Delivery[], key: string): Delivery | undefined {
  return deliveries.findLast((delivery) => isFollowUp(delivery) && delivery.data['key'] === key && delivery.state === 'done');
}

/** @param today ISO date, UTC */
export function followUpsOf({ id, title, deliveries, followUps }: FollowUpSource, today: string): FollowUp[] {
  return deliveries.filter((delivery) => isFollowUp(delivery) && delivery.state === 'done').flatMap((delivery): FollowUp[] => {
    const { repository, number, url, assignees } = delivery.result ?? {};
    if (typeof repository !== 'string' || typeof number !== 'number' || typeof url !== 'string') {
      return [];
    }
    const { data } = delivery;
    const seen = followUps.get(delivery.id);
    const state = seen?.state ?? 'open';
    const assigned = seen?.assignee ?? (Array.isArray(assignees) ? assignees[0] : undefined);
    const assignee = typeof assigned === 'string' ? assigned : '';
    const due = typeof data['due'] === 'string' ? data['due'] : undefined;
    return [{
      incident: id, title, delivery: delivery.id, repository, number, url, state,
      text: typeof data['action'] === 'string' ? data['action'] : delivery.text,
      assignee, owner: assignee !== '' ? assignee : typeof data['owner'] === 'string' ? data['owner'].replace(/^@/, '') : '',
      ...(due === undefined ? {} : { due }),
      overdue: state === 'open' && due !== undefined && due < today,
    }];
  });
}

/** Those that were opened and not seen closed. */
export function countOpen({ deliveries, followUps }: Pick<FollowUpSource, 'deliveries' | 'followUps'>): number {
  return deliveries.filter((delivery) => isFollowUp(delivery) && delivery.state === 'done' && followUps.get(delivery.id)?.state !== 'closed').length;
}

/** The most pressing first: by due date, what has none at the end. */
export function byDueDate(one: FollowUp, other: FollowUp): number {
  const [a, b] = [one.due ?? '9', other.due ?? '9'];
  return a === b ? one.number - other.number : a < b ? -1 : 1;
}
