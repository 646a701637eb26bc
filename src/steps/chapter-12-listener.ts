/** Runbook 12.4: the certificate that the load balancer presents. */
import { UserError } from '../errors.ts';
import type { Change } from '../incident/changes.ts';
import { commandLine } from '../incident/command-line.ts';
import type { Draft, Hazard, Plan } from '../incident/plan.ts';
import type { Certificate } from '../services/aws/acm.ts';
import type { AwsSession } from '../services/aws/session.ts';
import { certificateTable, describeShort, domainOf, expiryOf, hostsOf, isExpired, isFor } from './certificate-judgement.ts';
import type { Inputs } from './inputs.ts';
import { type Place, chooseCertificate, listenerHazards, refuseUnfit } from './listener-judgement.ts';
import type { ChangeAction, ChangeContext, Outlook } from './step.ts';

const SYSTEM = 'Elastic Load Balancing';
const HTTPS_PORT = 443;
/** A change of a listener is shown at once; longer than this, something is wrong, ms. */
const FOLLOW_MS = 2 * 60_000;
const NEXT = 'Next: checkCertificate, which makes the real TLS handshake; the nodes of the load balancer take some seconds';

interface ListenerWish {
  readonly listener: string;
  readonly certificate: string;
}

/** Sets the default certificate of the load balancer's listener; undo sets the one before. */
export const updateListener: ChangeAction = {
  kind: 'change', effect: 'change', system: 'aws',
  followMs: FOLLOW_MS,

  async plan(context, inputs, signal) {
    const { environment, services } = context;
    const aws = services.aws(environment);
    const given = givenCertificate(context, inputs, aws);
    const place = await placeOf(context, inputs, signal);
    const { certificatesFor, describeCertificate } = await import('../services/aws/acm.ts');
    const known = given === undefined ? await certificatesFor(aws, (name) => isFor([name], place.domain), signal) : [];
    const wanted = given === undefined ? chooseCertificate(place, known) : await describeCertificate(aws, given, signal);
    if (wanted === undefined) {
      throw new UserError(`There is no certificate ${given ?? ''} in ${aws.options.region}. Request one with renewCertificate, or leave the input certificate out.`);
    }
    refuseUnfit(place, wanted);
    const { policyCiphers } = await import('../services/aws/elb.ts');
    const ciphers = place.listener.policy === '' ? undefined : await policyCiphers(aws, place.listener.policy, signal);
    return draftOf(aws, place, wanted.arn, describeShort(wanted, place.now), listenerHazards({ ...place, ...(ciphers === undefined || ciphers.length === 0 ? {} : { ciphers }) }, wanted), known);
  },

  async planUndo(context, change, signal) {
    const { services, environment, clock } = context;
    const aws = services.aws(environment);
    const { describeListener } = await import('../services/aws/elb.ts');
    const { describeCertificate } = await import('../services/aws/acm.ts');
    const wish = wishOf(change.plan);
    const old = oldOf(change);
    const listener = await describeListener(aws, wish.listener, signal);
    if (listener === undefined) {
      throw new UserError(`The listener ${wish.listener} is gone, so there is nothing to set back.`);
    }
    if (listener.certificate !== wish.certificate) {
      throw new UserError(`The listener has ${listener.certificate === old ? 'the old certificate already' : `another certificate now (${listener.certificate ?? 'none'}), which somebody else has set`}. Nothing was set back. Look at the load balancer first.`);
    }
    const [before, after] = await Promise.all([wish.certificate, old].map((arn) => (isAcm(arn) ? describeCertificate(aws, arn, signal) : undefined)));
    if (after === undefined && isAcm(old)) {
      throw new UserError(`The old certificate ${old} is not in ACM any more, so it cannot be set back. Set another one with updateListener and the input certificate.`);
    }
    const now = clock.now();
    const hazards: Hazard[] = after !== undefined && isExpired(after, now)
      ? [{ level: 'danger', text: `The old certificate ${expiryOf(after, now)}: browsers and clients will refuse it.` }]
      : after === undefined ? [{ level: 'warn', text: 'The old certificate is not in ACM, so whether it is still valid is not known.' }] : [{ level: 'note', text: `The old certificate ${expiryOf(after, now)}.` }];
    const place = { balancer: change.plan.target.resource.split(':')[0] ?? '', listener, old: before };
    return draftOf(aws, { ...place, now }, old, after === undefined ? old : describeShort(after, now), hazards, []);
  },

  async apply({ services, environment }, plan) {
    const { listener, certificate } = wishOf(plan);
    const { setDefaultCertificate } = await import('../services/aws/elb.ts');
    await setDefaultCertificate(services.aws(environment), listener, certificate);
    return { certificate };
  },

  async look({ services, environment }, plan, made, signal): Promise<Outlook> {
    const { describeListener } = await import('../services/aws/elb.ts');
    const wish = wishOf(plan);
    const { resource } = plan.target;
    const listener = await describeListener(services.aws(environment), wish.listener, signal);
    const data = { listener: wish.listener, certificate: listener?.certificate ?? null };
    if (listener === undefined) {
      return { state: 'failed', data, summary: `The listener of ${resource} is gone` };
    }
    switch (listener.certificate) {
      case wish.certificate: return { state: 'done', data, summary: `${resource} has the certificate ${wish.certificate}. ${NEXT}` };
      case plan.before['certificate']: return made === undefined
        ? { state: 'not made', data, summary: `${resource} still has the certificate ${listener.certificate ?? ''}.` }
        : { state: 'underway', data, summary: `${resource} took the change and still shows the certificate ${listener.certificate ?? ''}` };
      default: return { state: 'failed', data, summary: `${resource} has a third certificate (${listener.certificate ?? 'none'}): somebody else has set it` };
    }
  },
};

/** Looks at the listener and at what is around it. @throws UserError when there is no such, or it speaks no TLS */
async function placeOf(context: ChangeContext, inputs: Inputs, signal: AbortSignal): Promise<Place> {
  const { environment, services, clock } = context;
  const name = environment.data.aws?.loadBalancer;
  const port = inputs.count('port', { min: 1, max: 65_535, fallback: HTTPS_PORT });
  const domain = domainOf(environment, inputs);
  if (name === undefined) {
    throw new UserError(`The runbook names no load balancer for "${environment.key}". Add environments.${environment.key}.aws.loadBalancer, its name.`);
  }
  const aws = services.aws(environment);
  const { describeLoadBalancer, extraCertificates, listenersOf } = await import('../services/aws/elb.ts');
  const { describeCertificate } = await import('../services/aws/acm.ts');
  const listeners = await listenersOf(aws, await describeLoadBalancer(aws, name, signal), signal);
  const listener = listeners.find((candidate) => candidate.port === port);
  if (listener === undefined) {
    throw new UserError(`${name} has no listener on port ${port}${listeners.length === 0 ? '' : `, only on ${listeners.map((other) => `${other.port} (${other.protocol})`).join(', ')}`}. Give another one with the input port.`);
  }
  if (listener.protocol !== 'HTTPS' && listener.protocol !== 'TLS') {
    throw new UserError(`The listener of ${name} on port ${port} speaks ${listener.protocol}, which needs no certificate. Give the port of an HTTPS or TLS listener with the input port.`);
  }
  const described = async (arn: string | undefined): Promise<Certificate | undefined> => (arn !== undefined && isAcm(arn) ? describeCertificate(aws, arn, signal) : undefined);
  const extra: Certificate[] = [];
  for (const arn of await extraCertificates(aws, listener, signal)) {
    const certificate = await described(arn);
    extra.push(...(certificate === undefined ? [] : [certificate]));
  }
  return {
    balancer: name, listener, others: listeners.filter((other) => other !== listener), old: await described(listener.certificate), extra,
    domain, hosts: hostsOf(environment), now: clock.now(),
  };
}

/** The ARN that was asked for. @throws UserError when no listener of the environment could take it */
function givenCertificate({ environment }: ChangeContext, inputs: Inputs, aws: AwsSession): string | undefined {
  const arn = inputs.optionalText('certificate');
  if (arn === undefined) {
    return undefined;
  }
  const [, region, account] = /^arn:[\w-]+:acm:([\w-]+):(\d{12}):certificate\/[\w-]+$/.exec(arn) ?? [];
  if (region === undefined) {
    throw new UserError(`"${arn}" is not the ARN of a certificate in ACM. Give one like arn:aws:acm:${aws.options.region}:${environment.data.aws?.account ?? '123456789012'}:certificate/…, or leave the input certificate out for the newest.`);
  }
  if (account !== environment.data.aws?.account) {
    throw new UserError(`${arn} belongs to account ${account ?? ''}, and the runbook's "${environment.key}" is account ${environment.data.aws?.account ?? 'unknown'}. Give a certificate of that account.`);
  }
  if (region !== aws.options.region) {
    throw new UserError(`${arn} is in ${region}, and a load balancer in ${aws.options.region} takes only certificates of its own region. Request one there with renewCertificate.`);
  }
  return arn;
}

function draftOf(aws: AwsSession, { balancer, listener, old, now }: Pick<Place, 'balancer' | 'listener' | 'old' | 'now'>, certificate: string, words: string, hazards: readonly Hazard[], known: readonly Certificate[]): Draft {
  const wish: ListenerWish = { listener: listener.arn, certificate };
  return {
    system: SYSTEM, resource: `${balancer}:${listener.port}`, arn: listener.arn,
    summary: `Set the certificate ${certificate} on the listener ${balancer}:${listener.port}`,
    differences: [{ name: `Default certificate of port ${listener.port}`, before: old === undefined ? listener.certificate ?? 'none' : describeShort(old, now), after: words }],
    before: { listener: listener.arn, certificate: listener.certificate ?? null },
    after: { ...wish },
    command: commandLine('aws', 'elbv2', 'modify-listener', '--region', aws.options.region, '--listener-arn', listener.arn, '--certificates', `CertificateArn=${certificate}`),
    hazards,
    undo: listener.certificate === undefined
      ? { possible: false, how: 'No undo: the listener has no certificate now.' }
      : { possible: true, how: `Sets ${listener.certificate} again${old !== undefined && isExpired(old, now) ? ', which has expired' : ''}.` },
    follow: 'Looks whether the listener shows the certificate. What people really get, checkCertificate tells.',
    ...(known.length === 0 ? {} : { details: certificateTable(known, now) }),
  };
}

function isAcm(arn: string): boolean {
  return arn.split(':')[2] === 'acm';
}

function wishOf({ after: { listener, certificate } }: Plan): ListenerWish {
  if (typeof listener !== 'string' || typeof certificate !== 'string') {
    throw new UserError('The plan of this change cannot be read: it was made by another version of this extension. Plan it again.');
  }
  return { listener, certificate };
}

function oldOf({ plan: { before: { certificate } } }: Change): string {
  if (typeof certificate !== 'string') {
    throw new UserError('The listener had no certificate before, so none can be set back.');
  }
  return certificate;
}
