/** Runbook 12.3: what AWS WAF can do against a flood of requests. */
import { UserError } from '../errors.ts';
import type { Change } from '../incident/changes.ts';
import { codeBlock } from '../incident/markdown.ts';
import { type Draft, type Hazard, type JsonObject, type Plan, canonical } from '../incident/plan.ts';
import type { AwsSession } from '../services/aws/session.ts';
import type { IPSet, Locked, WafReference, WafScope, WebACL } from '../services/aws/waf.ts';
import { covers, nameOf, normalised, parseRange, readAddresses } from './addresses.ts';
import { commandLine } from '../incident/command-line.ts';
import type { Inputs } from './inputs.ts';
import type { ChangeAction, ChangeContext, Outlook } from './step.ts';
import {
  GREATEST_CAPACITY, INCLUDED_CAPACITY, type RateRule, actionOf, lettingThrough, number, placeFor, protectionHazard, rateRuleOf, rateWords, rulesWith, useHazards, usesOf,
} from './waf-judgement.ts';

const SYSTEM = 'AWS WAF';
/** AWS WAF quotas. */
const LEAST_LIMIT = 10;
const GREATEST_LIMIT = 2_000_000_000;
const WINDOWS_S: readonly number[] = [60, 120, 300, 600];
const MOST_ADDRESSES = 10_000;
const RULE_NAME = 'incident-rate-limit';
/** How many addresses a line of a plan shows. */
const SHOWN = 20;
/** The first attempt, and one more when somebody else was faster and changed nothing that matters. */
const ATTEMPTS = 2;

/** What is there of a rate limit: `rules` are the others, whose order must not have changed. */
interface RateState {
  readonly webAcl: string;
  readonly rules: readonly { readonly name: string; readonly priority: number }[];
  readonly rule: RateRule | null;
}

interface RateWish {
  readonly webAcl: WafReference;
  readonly name: string;
  readonly rule: RateRule | null;
}

interface ListWish {
  readonly ipSet: WafReference;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly addresses: readonly string[];
}

/** A rule that limits the requests of each address (runbook 12.3). */
export const enableRateLimit: ChangeAction = {
  kind: 'change', effect: 'change', system: 'aws',

  async plan(context, inputs, signal) {
    const { aws, scope, webAcl } = firewall(context);
    const { limit, windowSeconds, name, mode } = rateInputs(inputs);
    const { capacityOf, protectedResources, readWebAcl } = await import('../services/aws/waf.ts');
    const acl = await readWebAcl(aws, scope, webAcl, signal);
    const old = rateRule(acl, name);
    const place = old === null ? placeFor(acl.item.Rules ?? []) : undefined;
    const action = mode === 'count' ? 'Count' : 'Block';
    const rule: RateRule = { limit, windowSeconds, priority: old?.priority ?? place?.priority ?? 0, action: old !== null && actionOf(old.action) === action ? old.action : { [action]: {} } };
    if (old !== null && canonical(old) === canonical(rule)) {
      throw new UserError(`The rule ${name} of ${webAcl} limits to ${rateWords(rule)} already. Name another limit, window or mode, or block the addresses themselves.`);
    }
    const added = rulesWith(acl.item.Rules ?? [], name, rule).find(({ Name }) => Name === name);
    const [resources, weight] = await Promise.all([
      protectedResources(aws, scope, acl.item.ARN ?? '', signal),
      old !== null || added === undefined ? 0 : capacityOf(aws, scope, added, signal),
    ]);
    return rateDraft(context, acl, { webAcl: reference(scope, webAcl, acl), name, rule }, {
      summary: old === null ? `Add the rule ${name} to ${webAcl}: ${rateWords(rule)}` : `Change the rule ${name} of ${webAcl} to ${rateWords(rule)}`,
      hazards: [
        protectionHazard(webAcl, resources),
        { level: 'warn', text: `Everybody behind one address shares the limit of ${number(limit)}: pharmacies, hospitals and users of mobile carriers often have one address for many people, and they are ${mode === 'count' ? 'counted' : 'locked out'} together.` },
        mode === 'count'
          ? { level: 'warn', text: 'In mode "count" nothing is blocked: see in the sampled requests of the web ACL whom it would hit, then run the step again with mode "block".' }
          : { level: 'note', text: 'To see first whom it would hit, run it with mode "count": then it only counts.' },
        ...(place === undefined || place.behind.length === 0 ? [] : [{ level: 'warn', text: `It is evaluated after ${place.behind.join(', ')}, because priority 0 is taken: what those let through is not counted.` } as const]),
        ...capacityHazards(acl.item, weight),
      ],
    });
  },

  async planUndo(context, change, signal) {
    const { aws } = firewall(context);
    const { webAcl, name, rule: left } = rateWish(change.plan);
    const back = rateState(change.plan).rule;
    const { protectedResources, readWebAcl } = await import('../services/aws/waf.ts');
    const acl = await readWebAcl(aws, webAcl.scope, webAcl.name, signal);
    const now = rateRule(acl, name);
    if (canonical(now) === canonical(back)) {
      throw new UserError(`The rule ${name} of ${webAcl.name} is as it was before already. There is nothing to undo.`);
    }
    // Somebody may have taken the old place meanwhile.
    const free = back === null || now !== null || !(acl.item.Rules ?? []).some(({ Priority }) => Priority === back.priority);
    const rule = back === null || free ? back : { ...back, priority: placeFor(acl.item.Rules ?? []).priority };
    const changed = canonical(now) !== canonical(left);
    return rateDraft(context, acl, { webAcl: { ...webAcl, id: acl.id }, name, rule: rule === null || now === null ? rule : { ...rule, priority: now.priority } }, {
      summary: rule === null ? `Remove the rule ${name} from ${webAcl.name}` : `Set the rule ${name} of ${webAcl.name} back to ${rateWords(rule)}`,
      hazards: [
        protectionHazard(webAcl.name, await protectedResources(aws, webAcl.scope, acl.item.ARN ?? '', signal)),
        { level: 'warn', text: 'If the attack goes on, its requests come through again.' },
        ...(changed ? [{ level: 'warn', text: `Somebody has changed the rule ${name} since: it is ${now === null ? 'gone' : rateWords(now)} now, and ${left === null ? 'was removed' : `was ${rateWords(left)}`} by the change.` } as const] : []),
      ],
    });
  },

  async apply({ services, environment }, plan) {
    const { webAcl, name, rule } = rateWish(plan);
    const aws = services.aws(environment);
    const { readWebAcl, writeRules } = await import('../services/aws/waf.ts');
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const acl = await readWebAcl(aws, webAcl.scope, webAcl.name, NEVER);
      if (canonical(stateOf(acl, name)) !== canonical(plan.before)) {
        throw new UserError(`The rules of ${webAcl.name} changed at this moment. Look at them, and plan it again.`);
      }
      if (await writeRules(aws, webAcl.scope, acl, rulesWith(acl.item.Rules ?? [], name, rule))) {
        return { rule: name };
      }
    }
    throw outdated(webAcl.name);
  },

  async look({ services, environment }, plan, _made, signal): Promise<Outlook> {
    const { webAcl, name, rule } = rateWish(plan);
    const { readWebAcl } = await import('../services/aws/waf.ts');
    const acl = await readWebAcl(services.aws(environment), webAcl.scope, webAcl.name, signal);
    const found = (acl.item.Rules ?? []).find(({ Name }) => Name === name);
    const now = found === undefined ? null : rateRuleOf(found);
    const seen = { data: { rules: (acl.item.Rules ?? []).length, rule: now ?? null } };
    if (now !== undefined && canonical(now) === canonical(rule)) {
      return { ...seen, state: 'done', summary: `${rule === null ? `${webAcl.name} has no rule ${name} any more` : `${name}: ${rateWords(rule)}`}. It takes a minute or two until it holds everywhere` };
    }
    return now !== undefined && canonical(now) === canonical(rateState(plan).rule)
      ? { ...seen, state: 'not made', summary: `The rules of ${webAcl.name} are as they were before.` }
      : { ...seen, state: 'unclear', summary: `The rule ${name} of ${webAcl.name} is neither what it was before nor what the plan says: somebody else changes it, too. Look at it in the AWS console.` };
  },
};

/** The addresses of the list that the web ACL blocks (runbook 12.3). */
export const blockAddresses: ChangeAction = {
  kind: 'change', effect: 'change', system: 'aws',

  async plan(context, inputs, signal) {
    const { aws, scope, webAcl, ipSet } = firewall(context);
    if (ipSet === undefined) {
      throw new UserError(`The runbook names no IP set for "${context.environment.key}". Add environments.${context.environment.key}.aws.waf.ipSet, the list whose addresses ${webAcl} blocks.`);
    }
    const { ranges, problems } = readAddresses(inputs.list('addresses'), inputs.flag('allowLarge'));
    if (problems.length > 0) {
      throw new UserError(`Nothing was planned. ${problems.join(' ')}`);
    }
    const { protectedResources, readIpSet, readWebAcl } = await import('../services/aws/waf.ts');
    const [set, acl] = await Promise.all([readIpSet(aws, scope, ipSet, signal), readWebAcl(aws, scope, webAcl, signal)]);
    const family = set.item.IPAddressVersion ?? 'IPV4';
    const other = ranges.find((range) => range.family !== family);
    if (other !== undefined) {
      throw new UserError(`The list ${ipSet} holds ${nameOf(family)} addresses, and ${other.text} is ${nameOf(other.family)}. Leave it out, or block it in a list of its own family.`);
    }
    const uses = usesOf(acl.item.Rules ?? [], set.item.ARN ?? '');
    const open = lettingThrough(uses);
    if (open !== undefined) {
      throw new UserError(`The rule ${open.rule} of ${webAcl} lets the addresses of ${ipSet} through: whoever is added is allowed, not blocked. Name the list that is blocked as aws.waf.ipSet in the runbook.`);
    }
    const before = addressesOf(set);
    const known = before.map(parseRange).filter((range) => typeof range !== 'string');
    const fresh = ranges.filter((range) => !known.some((outer) => covers(outer, range)) && !ranges.some((outer) => outer !== range && covers(outer, range)));
    if (fresh.length === 0) {
      throw new UserError(`The list ${ipSet} holds ${ranges.map(({ text }) => text).slice(0, SHOWN).join(', ')} already. ${uses.length === 0 ? `No rule of ${webAcl} uses it, so nothing is blocked: add one.` : 'If they still come through, look at the rules of the web ACL.'}`);
    }
    const added = fresh.map(({ text }) => text);
    const addresses = sorted([...before, ...added]);
    if (addresses.length > MOST_ADDRESSES) {
      throw new UserError(`The list ${ipSet} would hold ${number(addresses.length)} entries, and an IP set takes ${number(MOST_ADDRESSES)}. Block ranges instead of single addresses, or take old entries out.`);
    }
    const spared = ranges.length - fresh.length;
    return listDraft(context, set, { ipSet: reference(scope, ipSet, set), added, removed: [], addresses }, {
      summary: `Block ${shown(added)} by adding ${added.length === 1 ? 'it' : 'them'} to ${ipSet}`,
      hazards: [
        ...useHazards(uses, webAcl, ipSet),
        protectionHazard(webAcl, await protectedResources(aws, scope, acl.item.ARN ?? '', signal)),
        { level: 'warn', text: 'Everybody behind such an address is locked out: pharmacies, hospitals and users of mobile carriers often share one.' },
        ...(spared === 0 ? [] : [{ level: 'note', text: `${spared} of those named ${spared === 1 ? 'is' : 'are'} covered already.` } as const]),
      ],
    });
  },

  async planUndo(context, change, signal) {
    const { aws, webAcl } = firewall(context);
    const { ipSet, added, removed, addresses: left } = listWish(change.plan);
    const { readIpSet, readWebAcl } = await import('../services/aws/waf.ts');
    const [set, acl] = await Promise.all([readIpSet(aws, ipSet.scope, ipSet.name, signal), readWebAcl(aws, ipSet.scope, webAcl, signal)]);
    const now = addressesOf(set);
    const asLeft = canonical(now) === canonical(left);
    const addresses = asLeft ? listBefore(change.plan) : sorted([...now.filter((address) => !added.includes(address)), ...removed]);
    if (canonical(addresses) === canonical(now)) {
      throw new UserError(`The list ${ipSet.name} holds nothing of what the change did any more. There is nothing to undo.`);
    }
    return listDraft(context, set, { ipSet: { ...ipSet, id: set.id }, added: without(addresses, now), removed: without(now, addresses), addresses }, {
      summary: asLeft ? `Put the list ${ipSet.name} back to the ${number(addresses.length)} it held before` : `Take back in ${ipSet.name} only what the change did`,
      hazards: [
        { level: 'warn', text: 'If the attack goes on, its requests come through again.' },
        ...(asLeft ? [] : [{ level: 'warn', text: `Others have changed the list since: it holds ${number(now.length)}, and held ${number(left.length)} after the change. Only ${shown([...added, ...removed])} ${added.length + removed.length === 1 ? 'is' : 'are'} taken back; what others did stays.` } as const]),
        ...useHazards(usesOf(acl.item.Rules ?? [], set.item.ARN ?? ''), webAcl, ipSet.name).filter(({ level }) => level === 'danger'),
      ],
    });
  },

  async apply({ services, environment }, plan) {
    const { ipSet, addresses } = listWish(plan);
    const aws = services.aws(environment);
    const { readIpSet, writeAddresses } = await import('../services/aws/waf.ts');
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const set = await readIpSet(aws, ipSet.scope, ipSet.name, NEVER);
      if (canonical(listState(set)) !== canonical(plan.before)) {
        throw new UserError(`The list ${ipSet.name} changed at this moment. Look at it, and plan it again.`);
      }
      if (await writeAddresses(aws, ipSet.scope, set, addresses)) {
        return { addresses: addresses.length };
      }
    }
    throw outdated(ipSet.name);
  },

  async look({ services, environment }, plan, _made, signal): Promise<Outlook> {
    const { ipSet, added, removed, addresses } = listWish(plan);
    const { readIpSet } = await import('../services/aws/waf.ts');
    const now = addressesOf(await readIpSet(services.aws(environment), ipSet.scope, ipSet.name, signal));
    const seen = { data: { addresses: now.length }, markdown: now.length === 0 ? `The list ${ipSet.name} is empty now.` : codeBlock(now.slice(0, SHOWN * 5).join('\n')) };
    const [missing, staying] = [without(added, now), removed.filter((address) => now.includes(address))];
    if (missing.length + staying.length === 0) {
      const others = canonical(now) === canonical(addresses) ? '' : '; others have changed it, too';
      return { ...seen, state: 'done', summary: `The list ${ipSet.name} holds ${number(now.length)} (${added.length} added, ${removed.length} taken out${others}). It takes a minute or two until it holds everywhere` };
    }
    return missing.length === added.length && staying.length === removed.length
      ? { ...seen, state: 'not made', summary: `Nothing of it is in the list ${ipSet.name}, which holds ${number(now.length)}.` }
      : { ...seen, state: 'unclear', summary: `Only a part of it is in the list ${ipSet.name}: others change it, too. Look at it in the AWS console.` };
  },
};

const NEVER = new AbortController().signal;

/** @throws UserError when the runbook names no web ACL */
function firewall({ services, environment }: ChangeContext): { readonly aws: AwsSession; readonly scope: WafScope; readonly webAcl: string; readonly ipSet?: string } {
  const waf = environment.data.aws?.waf;
  if (waf === undefined) {
    throw new UserError(`The runbook names no web ACL for "${environment.key}". Add environments.${environment.key}.aws.waf with scope and webAcl to the runbook.`);
  }
  return { ...waf, aws: services.aws(environment), scope: waf.scope === 'CLOUDFRONT' ? 'CLOUDFRONT' : 'REGIONAL' };
}

function rateInputs(inputs: Inputs): { readonly limit: number; readonly windowSeconds: number; readonly name: string; readonly mode: 'block' | 'count' } {
  const windowSeconds = inputs.count('windowSeconds', { min: 60, max: 600, fallback: 300 });
  const name = inputs.text('name', RULE_NAME);
  if (!WINDOWS_S.includes(windowSeconds)) {
    throw new UserError(`AWS WAF counts requests in windows of ${WINDOWS_S.join(', ')} seconds, not of ${windowSeconds}. Choose one of them as "windowSeconds".`);
  }
  if (!/^[\w-]{1,128}$/.test(name)) {
    throw new UserError(`"${name.slice(0, 60)}" cannot be the name of a rule: AWS WAF takes up to 128 letters, digits, - and _.`);
  }
  return { windowSeconds, name, limit: inputs.count('limit', { min: LEAST_LIMIT, max: GREATEST_LIMIT }), mode: inputs.choice('mode', ['block', 'count']) ?? 'block' };
}

/** @returns null when there is no rule of that name. @throws UserError when it is another kind of rule */
function rateRule({ item: { Name, Rules = [] } }: Locked<WebACL>, name: string): RateRule | null {
  const rule = Rules.find((candidate) => candidate.Name === name);
  const rate = rule === undefined ? null : rateRuleOf(rule);
  if (rate === undefined) {
    throw new UserError(`The rule ${name} of ${Name ?? 'the web ACL'} is there already and is no rule that limits the requests of each address. Choose another name for the new one.`);
  }
  return rate;
}

function stateOf(acl: Locked<WebACL>, name: string): JsonObject {
  const rules = (acl.item.Rules ?? []).filter(({ Name }) => Name !== name).map(({ Name = '', Priority = 0 }) => ({ name: Name, priority: Priority })).sort((a, b) => a.priority - b.priority);
  return { webAcl: acl.id, rules, rule: rateRule(acl, name) };
}

function rateDraft({ environment }: ChangeContext, acl: Locked<WebACL>, wish: RateWish, { summary, hazards }: Pick<Draft, 'summary' | 'hazards'>): Draft {
  const { webAcl, name, rule } = wish;
  const before = rateRule(acl, name);
  const shownRule = (some: RateRule | null): string => (some === null ? 'none' : `${rateWords(some)}, priority ${some.priority}`);
  return {
    ...drafted(webAcl, acl.item.ARN), summary, hazards,
    differences: [{ name: `Rule ${name}`, before: shownRule(before), after: shownRule(rule) }, { name: 'Other rules', before: `${(acl.item.Rules ?? []).length - (before === null ? 0 : 1)}`, after: 'unchanged' }],
    before: stateOf(acl, name),
    after: { webAcl: { ...webAcl }, name, rule },
    command: `# rules.json: the rules of ${webAcl.name} with the one above; the other settings as they are\n${updating('update-web-acl', webAcl, environment.data.aws?.region, ['--rules', 'file://rules.json'])}`,
    undo: { possible: true, how: before === null ? `The rule ${name} is taken out again; every other rule stays, those added meanwhile included.` : `The rule ${name} goes back to ${rateWords(before)}; every other rule stays.` },
    follow: `Whether ${webAcl.name} has the rule; AWS WAF takes a minute or two to follow everywhere, and counts anew about every 10 seconds.`,
  };
}

/** @throws UserError when the web ACL has no room for it */
function capacityHazards({ Name = '', Capacity = 0, ManagedByFirewallManager }: WebACL, weight: number | undefined): Hazard[] {
  const managed: Hazard[] = ManagedByFirewallManager === true ? [{ level: 'warn', text: `${Name} is managed by AWS Firewall Manager, whose own rules come before and after it.` }] : [];
  if (weight === undefined) {
    return [...managed, { level: 'note', text: `How much capacity the rule takes could not be asked (wafv2:CheckCapacity); ${Name} uses ${number(Capacity)} of ${number(GREATEST_CAPACITY)} WCU.` }];
  }
  const total = Capacity + weight;
  if (total > GREATEST_CAPACITY) {
    throw new UserError(`${Name} has no room for the rule: it uses ${number(Capacity)} of ${number(GREATEST_CAPACITY)} WCU, and the rule takes ${number(weight)}. Take another rule out, or block the addresses themselves.`);
  }
  return total > INCLUDED_CAPACITY && weight > 0 ? [...managed, { level: 'note', text: `${Name} would use ${number(total)} WCU; above ${number(INCLUDED_CAPACITY)} AWS charges extra.` }] : managed;
}

function listState(set: Locked<IPSet>): JsonObject {
  return { ipSet: set.id, addresses: addressesOf(set) };
}

function listDraft({ environment }: ChangeContext, set: Locked<IPSet>, wish: ListWish, { summary, hazards }: Pick<Draft, 'summary' | 'hazards'>): Draft {
  const { ipSet, added, removed, addresses } = wish;
  const before = addressesOf(set);
  return {
    ...drafted(ipSet, set.item.ARN), summary, hazards,
    differences: [
      { name: 'Entries in the list', before: number(before.length), after: number(addresses.length) },
      ...(added.length === 0 ? [] : [{ name: 'Added', before: 'not in the list', after: shown(added) }]),
      ...(removed.length === 0 ? [] : [{ name: 'Taken out', before: shown(removed), after: 'not in the list' }]),
    ],
    before: listState(set),
    after: { ipSet: { ...ipSet }, added, removed, addresses },
    command: `# addresses.json: the whole list, because it is replaced\n${updating('update-ip-set', ipSet, environment.data.aws?.region, ['--addresses', 'file://addresses.json'])}`,
    undo: { possible: true, how: `The list goes back to the ${number(before.length)} it holds now. If others have changed it by then, only what this change did is taken back.` },
    follow: `Whether the list ${ipSet.name} holds them; AWS WAF takes a minute or two to follow everywhere.`,
    ...(before.length === 0 ? {} : { details: `In the list now${before.length > SHOWN * 5 ? ` (the first ${SHOWN * 5} of ${number(before.length)})` : ''}:\n\n${codeBlock(before.slice(0, SHOWN * 5).join('\n'))}` }),
  };
}

function drafted({ name }: WafReference, arn: string | undefined): Pick<Draft, 'system' | 'resource' | 'arn'> {
  return { system: SYSTEM, resource: name, ...(arn === undefined ? {} : { arn }) };
}

/** The lock is what `get-…` answered with; it is worth nothing afterwards. */
function updating(operation: string, { name, scope, id }: WafReference, region = '', what: readonly string[] = []): string {
  return `${commandLine('aws', 'wafv2', operation, '--scope', scope, '--region', scope === 'CLOUDFRONT' ? 'us-east-1' : region, '--name', name, '--id', id, ...what)} --lock-token "$LOCK"`;
}

function reference(scope: WafScope, name: string, { id }: Locked<unknown>): WafReference {
  return { scope, name, id };
}

/** In one order and one notation, whatever WAF answers: it writes IPv6 addresses out in full. */
function addressesOf({ item: { Addresses = [] } }: Locked<IPSet>): string[] {
  return sorted(Addresses.map(normalised));
}

function sorted(addresses: readonly string[]): string[] {
  return [...new Set(addresses)].sort();
}

function without(addresses: readonly string[], others: readonly string[]): string[] {
  const taken = new Set(others);
  return addresses.filter((address) => !taken.has(address));
}

function shown(addresses: readonly string[]): string {
  return addresses.length <= SHOWN ? addresses.join(', ') : `${addresses.slice(0, SHOWN).join(', ')} and ${number(addresses.length - SHOWN)} more`;
}

function outdated(name: string): UserError {
  return new UserError(`Somebody else changes ${name} at this moment: AWS WAF refused the update twice. Nothing was overwritten. Wait a moment, and plan it again.`);
}

// The runner has made sure that a plan is the one that this step made: its hash says so.
const rateWish = ({ after }: Pick<Plan, 'after'>): RateWish => after as unknown as RateWish;
const rateState = ({ before }: Pick<Plan, 'before'>): RateState => before as unknown as RateState;
const listWish = ({ after }: Pick<Change['plan'], 'after'>): ListWish => after as unknown as ListWish;
const listBefore = ({ before }: Pick<Change['plan'], 'before'>): readonly string[] => (before as unknown as { readonly addresses: readonly string[] }).addresses;
