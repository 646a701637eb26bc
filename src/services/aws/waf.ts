/** AWS WAF (wafv2). Whatever is for CloudFront lives in us-east-1, wherever the environment is. */
import {
  CheckCapacityCommand, GetIPSetCommand, GetWebACLCommand, type IPSet, ListIPSetsCommand, ListResourcesForWebACLCommand, ListWebACLsCommand, type ResourceType, type Rule,
  UpdateIPSetCommand, UpdateWebACLCommand, WAFV2Client, type WebACL,
} from '@aws-sdk/client-wafv2';
import { UserError } from '../../errors.ts';
import type { AwsSession } from './session.ts';

export type { IPSet, Rule, Statement, WebACL } from '@aws-sdk/client-wafv2';

export type WafScope = 'REGIONAL' | 'CLOUDFRONT';

/** A web ACL or an IP set as WAF finds it. */
export interface WafReference {
  readonly scope: WafScope;
  readonly name: string;
  readonly id: string;
}

/** Something as it was read, with what an update has to show to prove that it is not outdated. */
export interface Locked<T> {
  readonly item: T;
  readonly id: string;
  readonly lock: string;
}

const CLOUDFRONT_REGION = 'us-east-1';
const PAGE = 100;
/** What a regional web ACL can be attached to; each kind is asked for by itself. */
const REGIONAL_RESOURCES: readonly ResourceType[] = ['APPLICATION_LOAD_BALANCER', 'API_GATEWAY', 'APPSYNC', 'COGNITO_USER_POOL', 'APP_RUNNER_SERVICE', 'VERIFIED_ACCESS_INSTANCE'];

/** @throws UserError, also when there is none of that name */
export async function readWebAcl(aws: AwsSession, scope: WafScope, name: string, signal: AbortSignal): Promise<Locked<WebACL>> {
  try {
    const client = reader(aws, scope);
    const id = await idOf(name, async (marker) => {
      const { WebACLs, NextMarker } = await client.send(new ListWebACLsCommand({ Scope: scope, Limit: PAGE, ...next(marker) }), { abortSignal: signal });
      return { items: WebACLs, marker: NextMarker };
    });
    const { WebACL: acl, LockToken } = id === undefined ? {} : await client.send(new GetWebACLCommand({ Scope: scope, Name: name, Id: id }), { abortSignal: signal });
    if (acl === undefined || id === undefined) {
      throw notFound('web ACL', name, 'webAcl', scope, aws);
    }
    return { item: acl, id, lock: LockToken ?? '' };
  } catch (error) {
    throw aws.explain(error, `reading the web ACL ${name}`, signal);
  }
}

/** @throws UserError, also when there is none of that name */
export async function readIpSet(aws: AwsSession, scope: WafScope, name: string, signal: AbortSignal): Promise<Locked<IPSet>> {
  try {
    const client = reader(aws, scope);
    const id = await idOf(name, async (marker) => {
      const { IPSets, NextMarker } = await client.send(new ListIPSetsCommand({ Scope: scope, Limit: PAGE, ...next(marker) }), { abortSignal: signal });
      return { items: IPSets, marker: NextMarker };
    });
    const { IPSet: set, LockToken } = id === undefined ? {} : await client.send(new GetIPSetCommand({ Scope: scope, Name: name, Id: id }), { abortSignal: signal });
    if (set === undefined || id === undefined) {
      throw notFound('IP set', name, 'ipSet', scope, aws);
    }
    return { item: set, id, lock: LockToken ?? '' };
  } catch (error) {
    throw aws.explain(error, `reading the IP set ${name}`, signal);
  }
}

/**
 * ARNs of what a regional web ACL is attached to.
 *
 * @returns undefined where it cannot be told: for CloudFront, whose distributions WAF does not list, or without the permission
 */
export async function protectedResources(aws: AwsSession, scope: WafScope, arn: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
  if (scope === 'CLOUDFRONT') {
    return undefined;
  }
  try {
    const lists = await Promise.all(REGIONAL_RESOURCES.map((type) =>
      reader(aws, scope).send(new ListResourcesForWebACLCommand({ WebACLArn: arn, ResourceType: type }), { abortSignal: signal })));
    return lists.flatMap(({ ResourceArns }) => ResourceArns ?? []);
  } catch (error) {
    return unknownUnless(error, signal);
  }
}

/** The capacity units (WCU) that a rule takes; undefined where it cannot be told. */
export async function capacityOf(aws: AwsSession, scope: WafScope, rule: Rule, signal: AbortSignal): Promise<number | undefined> {
  try {
    const { Capacity } = await reader(aws, scope).send(new CheckCapacityCommand({ Scope: scope, Rules: [rule] }), { abortSignal: signal });
    return Capacity;
  } catch (error) {
    return unknownUnless(error, signal);
  }
}

/**
 * Puts these rules in the place of a web ACL's. The update replaces everything, so everything else is handed back as it
 * was read.
 *
 * @returns false when the web ACL has changed since it was read: then nothing happened
 * @throws UserError
 */
export function writeRules(aws: AwsSession, scope: WafScope, { item, id, lock }: Locked<WebACL>, rules: readonly Rule[]): Promise<boolean> {
  const { Name, ARN: _arn, Id: _id, Capacity: _capacity, LabelNamespace: _label, ManagedByFirewallManager: _managed, PreProcessFirewallManagerRuleGroups: _before, PostProcessFirewallManagerRuleGroups: _after,
    RetrofittedByFirewallManager: _retrofitted, Description, Rules: _rules, ...kept } = item;
  // An empty description is read but may not be written.
  const command = new UpdateWebACLCommand({ ...kept, ...described(Description), Name, Scope: scope, Id: id, Rules: [...rules], LockToken: lock });
  return unlessOutdated(aws, `changing the rules of the web ACL ${Name ?? ''}`, () => writer(aws, scope).send(command));
}

/**
 * Puts these addresses in the place of an IP set's.
 *
 * @returns false when the list has changed since it was read: then nothing happened
 * @throws UserError
 */
export function writeAddresses(aws: AwsSession, scope: WafScope, { item: { Name, Description }, id, lock }: Locked<IPSet>, addresses: readonly string[]): Promise<boolean> {
  const command = new UpdateIPSetCommand({ ...described(Description), Name, Scope: scope, Id: id, Addresses: [...addresses], LockToken: lock });
  return unlessOutdated(aws, `replacing the addresses of the IP set ${Name ?? ''}`, () => writer(aws, scope).send(command));
}

async function unlessOutdated(aws: AwsSession, doing: string, write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'WAFOptimisticLockException') {
      return false;
    }
    throw aws.explain(error, doing, new AbortController().signal);
  }
}

/** Looking further is a help and no condition: what may not be asked is unknown. */
function unknownUnless(error: unknown, signal: AbortSignal): undefined {
  if (signal.aborted) {
    throw error;
  }
  return undefined;
}

interface Page {
  readonly items: readonly { readonly Name?: string | undefined; readonly Id?: string | undefined }[] | undefined;
  readonly marker: string | undefined;
}

async function idOf(name: string, list: (marker: string | undefined) => Promise<Page>): Promise<string | undefined> {
  let page: Page | undefined;
  do {
    page = await list(page?.marker);
    const found = page.items?.find((item) => item.Name === name);
    if (found?.Id !== undefined) {
      return found.Id;
    }
  } while (page.marker !== undefined && page.marker !== '' && (page.items ?? []).length > 0);
  return undefined;
}

function next(marker: string | undefined): { readonly NextMarker?: string } {
  return marker === undefined ? {} : { NextMarker: marker };
}

function described(description: string | undefined): { readonly Description?: string } {
  return description === undefined || description === '' ? {} : { Description: description };
}

function reader(aws: AwsSession, scope: WafScope): WAFV2Client {
  return aws.client(`wafv2/${scope}`, (config) => new WAFV2Client({ ...config, ...regionOf(scope) }));
}

function writer(aws: AwsSession, scope: WafScope): WAFV2Client {
  return aws.writer(`wafv2/${scope}`, (config) => new WAFV2Client({ ...config, ...regionOf(scope) }));
}

function regionOf(scope: WafScope): { readonly region?: string } {
  return scope === 'CLOUDFRONT' ? { region: CLOUDFRONT_REGION } : {};
}

function notFound(what: string, name: string, field: string, scope: WafScope, aws: AwsSession): UserError {
  return new UserError(`There is no ${what} "${name}" of scope ${scope} in ${scope === 'CLOUDFRONT' ? CLOUDFRONT_REGION : aws.options.region}. Correct aws.waf.${field} or aws.waf.scope of the environment in the runbook.`);
}
