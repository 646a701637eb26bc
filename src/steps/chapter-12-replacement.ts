/**
 * Runbook 12.4: a new certificate. The runbook "renews" it; ACM renews none that has expired or was imported, and its
 * RenewCertificate is for exported private ones. So another one is requested for the same names.
 */
import { UserError } from '../errors.ts';
import { commandLine } from '../incident/command-line.ts';
import type { Draft, JsonObject, Plan } from '../incident/plan.ts';
import type { Certificate } from '../services/aws/acm.ts';
import { ago, listNames } from './expiry.ts';
import {
  type Found, SHOWN_NAMES, algorithmFor, askForRecords, certificateTable, currentOf, describeShort, domainOf, expiryOf, hostsOf, idempotencyOf, isDnsName, isExpired, isFor,
  judgeRequest, note, openRecords, requestHazards, sameNames, warn,
} from './certificate-judgement.ts';
import type { ChangeAction, ChangeContext, Outlook } from './step.ts';

const SYSTEM = 'AWS Certificate Manager';
/** The listener whose certificate is looked at; requesting one needs none. */
const HTTPS_PORT = 443;

interface RequestWish {
  readonly kind: 'request';
  readonly domain: string;
  readonly names: readonly string[];
  readonly keyAlgorithm: string;
  readonly idempotency: string;
}

interface DeleteWish {
  readonly kind: 'delete';
  readonly certificate: string;
}

/** Requests a certificate for the names of the one in place, with DNS validation, and follows it until it is issued. */
export const renewCertificate: ChangeAction = {
  kind: 'change', effect: 'change', system: 'aws',
  lookEveryMs: 5_000,
  followMs: 60 * 60_000,

  async plan(context, inputs, signal) {
    const { environment, services, clock, incident, step } = context;
    const domain = domainOf(environment, inputs);
    const aws = services.aws(environment);
    const { certificatesFor } = await import('../services/aws/acm.ts');
    const [known, balancer] = await Promise.all([certificatesFor(aws, (name) => isFor([name], domain), signal), presented(context, signal)]);
    const hosts = hostsOf(environment);
    const current = currentOf(known, balancer?.presented ?? []);
    // Without one in place, whatever may point at the load balancer.
    const names = current === undefined ? [domain, ...hosts.filter((host) => host !== domain)] : current.names.filter(isDnsName);
    if (names.length === 0) {
      throw new UserError(`${current?.arn ?? ''} is for no DNS name (${current?.names.join(', ') ?? ''}), and ACM issues for no other. Import a new one under the same ARN instead.`);
    }
    const found: Found = { domain, hosts, current, known, names, balancer, region: aws.options.region, now: clock.now() };
    refuseSecond(found);
    const before = { current: current === undefined ? null : { arn: current.arn, names: current.names }, known: known.map(({ arn }) => arn).sort() };
    // A request that came to an end is over: ACM would give its certificate again, deleted or failed.
    const ended = incident.changes.filter(({ plan, state, made }) => plan.step === step.id && made !== undefined && ['done', 'failed', 'undone'].includes(state)).length;
    const keyAlgorithm = algorithmFor(current);
    const after: RequestWish = {
      // The name that stands in the subject has 64 characters at most.
      kind: 'request', domain: names.find((name) => name.length <= 64) ?? domain, names, keyAlgorithm,
      idempotency: idempotencyOf({ before, names, keyAlgorithm, incident: incident.id, ended }),
    };
    return {
      system: SYSTEM, resource: `certificate of ${domain}`, ...(current === undefined ? {} : { arn: current.arn }),
      summary: `Request a new certificate for ${listNames(names, SHOWN_NAMES)}${current === undefined ? '' : `; the one in place ${expiryOf(current, found.now)}`}`,
      differences: [
        { name: 'Certificate', before: current === undefined ? 'none in ACM' : describeShort(current, found.now), after: `${current === undefined ? 'a' : 'the same, and beside it a'} new one, to be validated by DNS` },
        { name: 'Names of the new one', before: '–', after: names.join(', ') },
        { name: 'Key algorithm of the new one', before: '–', after: keyAlgorithm },
      ],
      before, after: { ...after },
      command: commandLine('aws', 'acm', 'request-certificate', '--region', aws.options.region, '--domain-name', after.domain, '--subject-alternative-names', ...names,
        '--validation-method', 'DNS', '--key-algorithm', keyAlgorithm, '--idempotency-token', after.idempotency),
      hazards: requestHazards(found),
      undo: { possible: true, how: 'Deletes the requested certificate, as long as nothing uses it. The CNAMEs do no harm and can stay.' },
      follow: 'Shows the CNAMEs to set, and watches for an hour until ACM has seen them and issued the certificate. Nothing presents it before updateListener.',
      ...(known.length === 0 ? {} : { details: certificateTable(known, found.now) }),
    };
  },

  async planUndo(context, change, signal) {
    const { services, environment, clock } = context;
    const aws = services.aws(environment);
    const certificate = await requested(context, change.plan, change.made?.result, signal);
    if (certificate === undefined) {
      throw new UserError('The certificate that was requested is not in ACM any more, so there is nothing to delete.');
    }
    return deletion(certificate, aws.options.region, clock.now());
  },

  async apply({ services, environment }, plan) {
    const aws = services.aws(environment);
    const { deleteCertificate, requestCertificate } = await import('../services/aws/acm.ts');
    const wish = wishOf(plan);
    if (wish.kind === 'delete') {
      await deleteCertificate(aws, wish.certificate);
      return {};
    }
    return { certificate: await requestCertificate(aws, wish) };
  },

  async look(context, plan, made, signal) {
    const wish = wishOf(plan);
    return wish.kind === 'delete' ? lookForDeletion(context, wish, made, signal) : lookForIssue(context, plan, made, signal);
  },
};

async function lookForIssue(context: ChangeContext, plan: Plan, made: JsonObject | undefined, signal: AbortSignal): Promise<Outlook> {
  const certificate = await requested(context, plan, made, signal);
  if (certificate !== undefined) {
    return judgeRequest(certificate, context.clock.now());
  }
  if (made === undefined) {
    return { state: 'not made', summary: 'ACM has no new certificate for these names.' };
  }
  // For some seconds after the request ACM does not find it: the next look may.
  throw new UserError(`ACM does not find ${typeof made['certificate'] === 'string' ? made['certificate'] : 'the requested certificate'}. If it is a minute old or more, somebody has deleted it: request another one.`);
}

async function lookForDeletion({ services, environment }: ChangeContext, { certificate: arn }: DeleteWish, made: JsonObject | undefined, signal: AbortSignal): Promise<Outlook> {
  const { describeCertificate } = await import('../services/aws/acm.ts');
  const certificate = await describeCertificate(services.aws(environment), arn, signal);
  if (certificate === undefined) {
    return { state: 'done', summary: `${arn} is deleted. The certificate in place before is as it was` };
  }
  const users = certificate.inUseBy.length === 0 ? '' : ` It is in use by ${certificate.inUseBy.join(', ')}.`;
  return made === undefined
    ? { state: 'not made', summary: `${arn} is still there.${users}` }
    : { state: 'underway', summary: `${arn} is still there, though ACM took the deletion.${users}` };
}

/**
 * The certificate that a plan led to: named by what `apply` gave, and after a crash the one for these names that was not
 * there before.
 */
async function requested({ services, environment }: ChangeContext, plan: Plan, made: JsonObject | undefined, signal: AbortSignal): Promise<Certificate | undefined> {
  const aws = services.aws(environment);
  const { certificatesFor, describeCertificate } = await import('../services/aws/acm.ts');
  const arn = made?.['certificate'];
  if (typeof arn === 'string') {
    return describeCertificate(aws, arn, signal);
  }
  const wish = wishOf(plan);
  if (wish.kind === 'delete') {
    return undefined;
  }
  const known = Array.isArray(plan.before['known']) ? plan.before['known'] : [];
  const found = await certificatesFor(aws, (name) => name === wish.domain, signal);
  return found.find((certificate) => !known.includes(certificate.arn) && certificate.type === 'AMAZON_ISSUED' && sameNames(certificate.names, wish.names));
}

/** The same request again would get the same CNAMEs, which are still not set. */
function refuseSecond({ known, names, now }: Found): void {
  const pending = known.find((certificate) => certificate.status === 'PENDING_VALIDATION' && sameNames(certificate.names, names));
  if (pending !== undefined) {
    const records = openRecords(pending.validations);
    const asked = records.length === 0 ? 'Wait until ACM says which CNAMEs to set' : askForRecords(records, records.length);
    throw new UserError(`A certificate for these names was requested ${ago(pending.createdAt, now)} and waits for validation (${pending.arn}), so no other is requested. ${asked}.`);
  }
}

function deletion(certificate: Certificate, region: string, now: number): Draft {
  const { arn, names, inUseBy, domain } = certificate;
  if (inUseBy.length > 0) {
    throw new UserError(`${arn} is in use by ${inUseBy.join(', ')}, so it is not deleted. Undo updateListener first.`);
  }
  return {
    system: SYSTEM, resource: `certificate of ${domain}`, arn,
    summary: `Delete the requested certificate for ${listNames(names, SHOWN_NAMES)}`,
    differences: [{ name: 'Certificate', before: describeShort(certificate, now), after: 'deleted' }],
    before: { certificate: arn, names },
    after: { kind: 'delete', certificate: arn },
    command: commandLine('aws', 'acm', 'delete-certificate', '--region', region, '--certificate-arn', arn),
    hazards: [
      ...(certificate.status === 'ISSUED' && !isExpired(certificate, now) ? [warn(`It is issued and ${expiryOf(certificate, now)}: deleted, it cannot be had back, only requested again.`)] : []),
      note('Nothing uses it. The CNAMEs in DNS stay; a later request for the same names gets the same ones.'),
    ],
    undo: { possible: false, how: 'No undo: a deleted certificate is gone. Request another one; the CNAMEs are the same.' },
    follow: 'Looks whether ACM still knows it.',
  };
}

/** What the HTTPS listener of the environment's load balancer presents; undefined when the runbook names none. */
async function presented({ services, environment }: ChangeContext, signal: AbortSignal): Promise<Found['balancer']> {
  const name = environment.data.aws?.loadBalancer;
  if (name === undefined) {
    return undefined;
  }
  const aws = services.aws(environment);
  const { describeLoadBalancer, extraCertificates, listenersOf } = await import('../services/aws/elb.ts');
  const balancer = await describeLoadBalancer(aws, name, signal);
  const listener = (await listenersOf(aws, balancer, signal)).find(({ port }) => port === HTTPS_PORT);
  return { ...balancer, presented: listener?.certificate === undefined ? [] : [listener.certificate, ...await extraCertificates(aws, listener, signal)] };
}

function wishOf({ after }: Plan): RequestWish | DeleteWish {
  const { kind, certificate, domain, names, keyAlgorithm, idempotency } = after;
  if (kind === 'delete' && typeof certificate === 'string') {
    return { kind, certificate };
  }
  if (kind === 'request' && typeof domain === 'string' && Array.isArray(names) && typeof keyAlgorithm === 'string' && typeof idempotency === 'string') {
    return { kind, domain, names: names.map(String), keyAlgorithm, idempotency };
  }
  throw new UserError('The plan of this change cannot be read: it was made by another version of this extension. Plan it again.');
}
