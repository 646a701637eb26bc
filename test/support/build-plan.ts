/** A plan as a person is shown it, and what becomes of it on a timeline. */
import assert from 'node:assert/strict';
import type { Change } from '../../src/incident/changes.ts';
import type { Actor, TimelineEvent } from '../../src/incident/events.ts';
import type { Level } from '../../src/incident/evidence.ts';
import { type Incident, fold } from '../../src/incident/fold.ts';
import { type Plan, planHash } from '../../src/incident/plan.ts';
import { INCIDENT, PERSON, createEvents, minute, stepResult } from './build-events.ts';

export const HERE = 'here';
export const ELSEWHERE = 'elsewhere';
export const GRACE: Actor = { name: 'Grace', kind: 'person' };

/** Four tasks become six. */
export function scalePlan(changes: Partial<Omit<Plan, 'hash'>> = {}): Plan {
  const plan: Omit<Plan, 'hash'> = {
    step: 'scaleService', title: 'Scale the service', section: '6.1', effect: 'change',
    target: { system: 'Amazon ECS', environment: 'production', resource: 'healthflow-production-cluster/healthflow-backend-service', account: '123456789012', region: 'eu-central-1' },
    by: 'arn:aws:sts::123456789012:assumed-role/responder/amira', inputs: { desiredCount: 6 }, approval: 'confirm',
    summary: 'Set 6 tasks instead of 4',
    differences: [{ name: 'Desired tasks', before: '4', after: '6' }, { name: 'Connections at most', before: '40', after: '60' }],
    before: { desiredCount: 4 }, after: { desiredCount: 6 },
    command: 'aws ecs update-service --cluster healthflow-production-cluster --service healthflow-backend-service --desired-count 6',
    hazards: [
      { level: 'note', text: 'The tag latest may be moved.' },
      { level: 'danger', text: 'The database takes 50 connections, and 6 tasks open 60.' },
      { level: 'warn', text: 'Auto scaling holds the service between 2 and 5 tasks.' },
    ],
    undo: { possible: true, how: 'Sets 4 tasks again.' }, follow: 'Until the rollout has ended, about 3 minutes.',
    ...changes,
  };
  return { ...plan, hash: planHash(plan) };
}

/** An instance class: an outage, and no way back. */
export function destructivePlan(): Plan {
  return scalePlan({
    step: 'scaleDatabase', title: 'Scale the database instance', effect: 'destructive', inputs: {},
    target: { system: 'Amazon RDS', environment: 'production', resource: 'healthflow-production-db', account: '123456789012', region: 'eu-central-1' },
    summary: 'Change the class of healthflow-production-db at once', before: { class: 'db.r5.xlarge' }, after: { class: 'db.r5.2xlarge' },
    differences: [{ name: 'Parameter group', before: 'arn:aws:rds:eu-central-1:123456789012:pg:healthflow-production-a', after: 'arn:aws:rds:eu-central-1:123456789012:pg:healthflow-production-b' }],
    hazards: [], undo: { possible: false, how: 'No undo: going back is another outage of minutes.' },
  });
}

interface Head {
  readonly minute?: number;
  readonly actor?: Actor;
  readonly origin?: string;
}

export interface ChangeTimeline {
  /** @returns the id of the change */
  planned(plan: Plan, head?: Head): string;
  approved(change: string, head?: Head): void;
  requested(change: string, head?: Head): void;
  made(change: string, head?: Head): void;
  ended(change: string, outcome: 'done' | 'failed' | 'cancelled', summary: string, head?: Head & { readonly level?: Level }): void;
  /** The ticket has taken the event from this account. */
  onTicket(event: string, login: string, minute: number): void;
  incident(): Incident;
  change(id: string): Change;
}

export function changeTimeline(): ChangeTimeline {
  const { declared, event } = createEvents();
  const events: TimelineEvent[] = [declared()];
  const plans = new Map<string, Plan>();
  const add = <E extends TimelineEvent>(added: E): E => {
    events.push(added);
    return added;
  };
  const at = ({ minute: minutes = 0, actor = PERSON }: Head = {}) => ({ minute: minutes, actor });
  const hashOf = (id: string): string => plans.get(id)?.hash ?? '';
  const incident = (): Incident => fold(events) ?? assert.fail('nothing is declared');
  const onTicket = (of: string, login: string, minutes: number): void => {
    add(event('delivery.done', { request: `ticket/${of}`, how: 'sent', result: { author: login } }, { minute: minutes }));
  };
  return {
    planned: (plan, head) => {
      const { id } = add(event('change.planned', { plan, origin: head?.origin ?? HERE }, at(head)));
      plans.set(id, plan);
      return id;
    },
    approved: (id, head) => {
      const { id: approval } = add(event('change.approved', { plan: id, hash: hashOf(id), until: minute((head?.minute ?? 0) + 30) }, at(head)));
      onTicket(approval, head?.actor?.name.toLowerCase() ?? 'amira', head?.minute ?? 0);
    },
    requested: (id, head) => { add(event('change.requested', { plan: id, hash: hashOf(id), origin: head?.origin ?? HERE }, at(head))); },
    made: (id, head) => { add(event('change.made', { plan: id, result: {} }, at(head))); },
    ended: (id, outcome, summary, head) => {
      const { step, title, section } = plans.get(id) ?? scalePlan();
      const level = head?.level ?? ({ done: 'ok', failed: 'bad', cancelled: 'warn' } as const)[outcome];
      add(event('step.finished', { result: stepResult(step, { title, section, outcome, level, summary }), change: id }, at(head)));
    },
    onTicket, incident,
    change: (id) => incident().changes.find((change) => change.id === id) ?? assert.fail(`${INCIDENT} has no change ${id}`),
  };
}
