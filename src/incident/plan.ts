/** A plan: a change to production as a person is shown it before it is made (runbook 6, 12). */
import { createHash } from 'node:crypto';
import type { Json } from './evidence.ts';

/** `change` can be undone, `destructive` cannot, or not without harm. Decided by the action, never by a runbook file. */
export type ChangeEffect = 'change' | 'destructive';

export const APPROVALS = ['none', 'confirm', 'twoPeople'] as const;
/** Who must agree besides the one who applies: nobody once the plan is shown; the same person once more; a second person. */
export type Approval = (typeof APPROVALS)[number];

/** What a change acts on. */
export interface Target {
  /** As people call it: `Amazon ECS`, `Redis`, `this workspace`. */
  readonly system: string;
  /** Key of the runbook's environment. */
  readonly environment: string;
  /** What exactly: `healthflow-production-cluster/healthflow-backend-service`. */
  readonly resource: string;
  /** AWS account id, of changes in AWS. */
  readonly account?: string;
  readonly region?: string;
}

/** Something that was found by looking and that a person should know before. */
export interface Hazard {
  /** `note`: good to know. `warn`: may go wrong. `danger`: will hurt. */
  readonly level: 'note' | 'warn' | 'danger';
  /** Plain text, one or two sentences. */
  readonly text: string;
}

/** One line of before → after, as a person reads it. */
export interface Difference {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

export type JsonObject = { readonly [key: string]: Json };

/** What an action found and would do; the runner makes a plan of it. */
export interface Draft {
  readonly system: string;
  readonly resource: string;
  /** ARN of what is changed, where it has one: its account and region must be the runbook's. */
  readonly arn?: string;
  /** What will be done, in a line that begins with a verb: `Set 6 tasks instead of 4`. Plain text. */
  readonly summary: string;
  readonly differences: readonly Difference[];
  /**
   * What is there now and must still be there when the change is made, exactly, because undo goes back to it.
   * Leave out what moves by itself (running tasks, counts). No key may look like a secret (…token, …key, password):
   * such values are hidden when the plan is recorded, and what is hidden cannot be undone.
   */
  readonly before: JsonObject;
  /** Everything `apply` needs to know of what is to be there afterwards. */
  readonly after: JsonObject;
  /** The command that would do the same, for reading only. */
  readonly command: string;
  readonly hazards: readonly Hazard[];
  /** Whether it can be undone and how, or why not. Plain text. */
  readonly undo: { readonly possible: boolean; readonly how: string };
  /** What is watched afterwards and for about how long. Plain text. */
  readonly follow: string;
  /** More that was seen, Markdown; not part of what is approved. */
  readonly details?: string;
}

export interface Plan extends Omit<Draft, 'system' | 'resource' | 'arn'> {
  readonly step: string;
  readonly title: string;
  readonly section: string;
  readonly effect: ChangeEffect;
  readonly target: Target;
  /** Who acts: the ARN of the AWS caller, or the responder. */
  readonly by: string;
  /** What the step was called with. */
  readonly inputs: JsonObject;
  readonly approval: Approval;
  /** The change that this one takes back. */
  readonly undoes?: string;
  /** Names exactly this change: SHA-256 of what is done, to what, from which state. */
  readonly hash: string;
}

/** For so long a plan may be applied, ms. */
export const PLAN_FRESH_MS = 5 * 60_000;
/** What a plan is known by; the same world and the same wish give the same hash, whoever plans. */
export function planHash({ step, target, inputs, before, after, undoes }: Omit<Plan, 'hash'>): string {
  return createHash('sha256').update(canonical({ step, target: { ...target }, inputs, before, after, undoes: undoes ?? null })).digest('hex');
}

/** Whether a plan is as it was made: redaction and the length of a comment may have taken something from it. */
export function isIntact(plan: Plan): boolean {
  return planHash(plan) === plan.hash;
}

/** JSON with the keys in order, so that equal values are equal texts. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}
