/** What a web ACL's rules mean for a change to it. Judges what was read; asks nothing. */
import type { Hazard, JsonObject } from '../incident/plan.ts';
import type { Rule, Statement } from '../services/aws/waf.ts';
import { plural } from '../text.ts';

/** A rate-based rule as far as a plan changes it. */
export type RateRule = JsonObject & {
  /** Requests of one address in a window. */
  readonly limit: number;
  readonly windowSeconds: number;
  /** Lower ones are evaluated first. */
  readonly priority: number;
  /** As WAF writes it: `{ Block: {} }`. */
  readonly action: JsonObject;
};

/** Where a new rule goes. */
export interface Place {
  readonly priority: number;
  /** Names of the rules that are evaluated before it, in their order. */
  readonly behind: readonly string[];
}

/** How a rule uses an IP set. */
export interface SetUse {
  readonly rule: string;
  /** `Block`, `Count`, `Allow`, `Captcha`, `Challenge`; empty where the rule has no action of its own. */
  readonly action: string;
  /** Whether the set alone decides. Otherwise other conditions do, too. */
  readonly alone: boolean;
  /** Whether it is turned round: everybody but those in the set. */
  readonly negated: boolean;
}

/** Capacity units (WCU) up to which a web ACL costs nothing extra, and up to which it can grow (AWS WAF quotas). */
export const INCLUDED_CAPACITY = 1500;
export const GREATEST_CAPACITY = 5000;

/** Before all others where there is room, else the first free one: priorities are whole numbers from 0 on, each used once. */
export function placeFor(rules: readonly Rule[]): Place {
  const sorted = rules.map(({ Name = '', Priority = 0 }) => ({ name: Name, priority: Priority })).sort((a, b) => a.priority - b.priority);
  const taken = new Set(sorted.map(({ priority }) => priority));
  let priority = Math.max(0, (sorted[0]?.priority ?? 1) - 1);
  while (taken.has(priority)) {
    priority += 1;
  }
  return { priority, behind: sorted.filter((other) => other.priority < priority).map(({ name }) => name) };
}

/** @returns undefined when it is no rule that limits the requests of each address */
export function rateRuleOf({ Statement, Action, Priority }: Rule): RateRule | undefined {
  const rate = Statement?.RateBasedStatement;
  return rate?.AggregateKeyType !== 'IP' || Action === undefined ? undefined
    : { limit: rate.Limit ?? 0, windowSeconds: rate.EvaluationWindowSec ?? DEFAULT_WINDOW_S, priority: Priority ?? 0, action: JSON.parse(JSON.stringify(Action)) as JsonObject };
}

/** The rule in the place of the one with its name, or beside the others, or taken out; the others stay as they are. */
export function rulesWith(rules: readonly Rule[], name: string, wanted: RateRule | null): Rule[] {
  const others = rules.filter(({ Name }) => Name !== name);
  if (wanted === null) {
    return others;
  }
  const old = rules.find(({ Name }) => Name === name);
  const { limit, windowSeconds, priority, action } = wanted;
  const rule: Rule = {
    Name: name,
    VisibilityConfig: { SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: name },
    ...old,
    Priority: priority, Action: action,
    Statement: { RateBasedStatement: { AggregateKeyType: 'IP', ...old?.Statement?.RateBasedStatement, Limit: limit, EvaluationWindowSec: windowSeconds } },
  };
  return [...others, rule].sort((a, b) => (a.Priority ?? 0) - (b.Priority ?? 0));
}

/** `2,000 requests of one address in 5 min, blocked above that`. */
export function rateWords({ limit, windowSeconds, action }: RateRule): string {
  const window = windowSeconds % 60 === 0 ? `${windowSeconds / 60} min` : `${windowSeconds} s`;
  return `${number(limit)} requests of one address in ${window}, ${ACTION_WORDS[actionOf(action)] ?? 'with an action of its own'} above that`;
}

/** `Block` of `{ Block: {} }`. */
export function actionOf(action: object | undefined): string {
  return Object.entries(action ?? {}).find(([, value]) => value !== undefined && value !== null)?.[0] ?? '';
}

/** The rules that use an IP set. What is inside rule groups cannot be seen. */
export function usesOf(rules: readonly Rule[], set: string): SetUse[] {
  return rules.flatMap(({ Name = '', Action, Statement }) => {
    const negations = Statement === undefined ? [] : mentions(Statement, set);
    return negations.length === 0 ? [] : [{ rule: Name, action: actionOf(Action), alone: Statement?.IPSetReferenceStatement !== undefined, negated: negations.includes(true) }];
  });
}

/** A use by which those in the set come through, if there is one: adding somebody would let them in. */
export function lettingThrough(uses: readonly SetUse[]): SetUse | undefined {
  return uses.find(({ action, negated }) => (negated ? action !== 'Allow' : action === 'Allow'));
}

/** Whether blocking works at all, by what uses the list. */
export function useHazards(uses: readonly SetUse[], acl: string, set: string): Hazard[] {
  if (uses.length === 0) {
    return [{ level: 'danger', text: `No rule of ${acl} uses the list ${set}, so nothing is blocked. Add a rule that blocks the addresses of this IP set.` }];
  }
  if (uses.some(({ action, alone }) => action === 'Block' && alone)) {
    return [];
  }
  const blocking = uses.find(({ action }) => action === 'Block');
  return [blocking !== undefined
    ? { level: 'warn', text: `The rule ${blocking.rule} blocks only when other conditions are met, too: addresses of ${set} may still come through.` }
    : { level: 'danger', text: `${uses.map(({ rule, action }) => `The rule ${rule} ${action === 'Count' ? 'only counts requests' : 'does not block'}`).join('. ')}: nothing is blocked while that is so.` }];
}

/** @param resources ARNs; undefined when they cannot be seen */
export function protectionHazard(acl: string, resources: readonly string[] | undefined): Hazard {
  if (resources === undefined) {
    return { level: 'note', text: `What ${acl} protects cannot be seen from here. Check that it is attached to what is under attack.` };
  }
  return resources.length === 0
    ? { level: 'danger', text: `${acl} is attached to nothing, so this protects nothing. Attach it to the load balancer first.` }
    : { level: 'note', text: `${acl} protects ${plural(resources.length, 'resource')}, all of them: ${resources.map(shortArn).join(', ')}.` };
}

/** `2,000`. */
export function number(value: number): string {
  return value.toLocaleString('en-US');
}

/** Seconds that a rate-based rule looks back unless told otherwise. */
const DEFAULT_WINDOW_S = 300;

const ACTION_WORDS: Readonly<Record<string, string>> = { Block: 'blocked', Count: 'only counted', Captcha: 'asked for a CAPTCHA', Challenge: 'challenged', Allow: 'allowed' };

/** For each place where a statement uses the set, whether it is turned round there. */
function mentions(statement: Statement, set: string, negated = false): boolean[] {
  const { IPSetReferenceStatement, AndStatement, OrStatement, NotStatement, RateBasedStatement, ManagedRuleGroupStatement } = statement;
  const inner = [...(AndStatement?.Statements ?? []), ...(OrStatement?.Statements ?? []), RateBasedStatement?.ScopeDownStatement, ManagedRuleGroupStatement?.ScopeDownStatement];
  return [
    ...(IPSetReferenceStatement?.ARN === set ? [negated] : []),
    ...inner.flatMap((part) => (part === undefined ? [] : mentions(part, set, negated))),
    ...(NotStatement?.Statement === undefined ? [] : mentions(NotStatement.Statement, set, !negated)),
  ];
}

/** What comes after the account: `loadbalancer/app/healthflow-production/9a41f0c7d2b8e635`. */
function shortArn(arn: string): string {
  return arn.split(':').slice(5).join(':');
}
