/** Load balancers and their listeners (Elastic Load Balancing v2; runbook 12.4). */
import {
  DescribeListenerCertificatesCommand, DescribeListenersCommand, DescribeLoadBalancersCommand, DescribeSSLPoliciesCommand, ElasticLoadBalancingV2Client,
  ListenerNotFoundException, LoadBalancerNotFoundException, ModifyListenerCommand, type Listener as SdkListener,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { UserError } from '../../errors.ts';
import type { AwsSession } from './session.ts';

export interface LoadBalancer {
  readonly arn: string;
  readonly name: string;
}

export interface Listener {
  readonly arn: string;
  readonly port: number;
  /** HTTP, HTTPS, TCP, TLS, … */
  readonly protocol: string;
  /** Name of the security policy; empty where TLS is not spoken. */
  readonly policy: string;
  /** ARN of the default certificate, in ACM or IAM. */
  readonly certificate?: string;
}

/** A load balancer by its name (DescribeLoadBalancers). @throws UserError, also when there is none */
export async function describeLoadBalancer(aws: AwsSession, name: string, signal: AbortSignal): Promise<LoadBalancer> {
  try {
    const answer = await elb(aws).send(new DescribeLoadBalancersCommand({ Names: [name] }), { abortSignal: signal });
    const { LoadBalancerArn: arn } = answer.LoadBalancers?.[0] ?? {};
    if (arn === undefined) {
      throw notFound(name, aws);
    }
    return { arn, name };
  } catch (error) {
    if (error instanceof LoadBalancerNotFoundException) {
      throw notFound(name, aws, error);
    }
    throw aws.explain(error, `describing the load balancer ${name}`, signal);
  }
}

/** All listeners of a load balancer, by port (DescribeListeners). @throws UserError */
export async function listenersOf(aws: AwsSession, balancer: LoadBalancer, signal: AbortSignal): Promise<readonly Listener[]> {
  const found: Listener[] = [];
  try {
    let marker: string | undefined;
    do {
      const page = await elb(aws).send(new DescribeListenersCommand({ LoadBalancerArn: balancer.arn, ...(marker === undefined ? {} : { Marker: marker }) }), { abortSignal: signal });
      found.push(...(page.Listeners ?? []).map(listenerOf));
      marker = page.NextMarker;
    } while (marker !== undefined && marker !== '');
  } catch (error) {
    throw aws.explain(error, `describing the listeners of ${balancer.name}`, signal);
  }
  return found.sort((a, b) => a.port - b.port);
}

/** One listener; undefined when there is none of that ARN (DescribeListeners). @throws UserError */
export async function describeListener(aws: AwsSession, arn: string, signal: AbortSignal): Promise<Listener | undefined> {
  try {
    const { Listeners: [listener] = [] } = await elb(aws).send(new DescribeListenersCommand({ ListenerArns: [arn] }), { abortSignal: signal });
    return listener === undefined ? undefined : listenerOf(listener);
  } catch (error) {
    if (error instanceof ListenerNotFoundException) {
      return undefined;
    }
    throw aws.explain(error, `describing the listener ${arn}`, signal);
  }
}

/** ARNs of the certificates beside the default one, of which a listener chooses by SNI (DescribeListenerCertificates). @throws UserError */
export async function extraCertificates(aws: AwsSession, listener: Listener, signal: AbortSignal): Promise<readonly string[]> {
  const found: string[] = [];
  try {
    let marker: string | undefined;
    do {
      const page = await elb(aws).send(new DescribeListenerCertificatesCommand({ ListenerArn: listener.arn, ...(marker === undefined ? {} : { Marker: marker }) }), { abortSignal: signal });
      found.push(...(page.Certificates ?? []).flatMap(({ CertificateArn, IsDefault }) => (CertificateArn === undefined || IsDefault === true ? [] : [CertificateArn])));
      marker = page.NextMarker;
    } while (marker !== undefined && marker !== '');
  } catch (error) {
    throw aws.explain(error, `describing the certificates of the listener on port ${listener.port}`, signal);
  }
  return found.sort();
}

/** Names of the ciphers that a security policy offers; empty when there is no such policy (DescribeSSLPolicies). @throws UserError */
export async function policyCiphers(aws: AwsSession, policy: string, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const { SslPolicies: [found] = [] } = await elb(aws).send(new DescribeSSLPoliciesCommand({ Names: [policy] }), { abortSignal: signal });
    return (found?.Ciphers ?? []).flatMap(({ Name }) => Name ?? []);
  } catch (error) {
    throw aws.explain(error, `describing the security policy ${policy}`, signal);
  }
}

/**
 * Sets the default certificate of a listener, once (ModifyListener); those chosen by SNI stay.
 *
 * @throws UserError in words a responder can act on
 */
export async function setDefaultCertificate(aws: AwsSession, listener: string, certificate: string): Promise<void> {
  const { signal } = new AbortController();
  try {
    const client = aws.writer('elb', (config) => new ElasticLoadBalancingV2Client(config));
    await client.send(new ModifyListenerCommand({ ListenerArn: listener, Certificates: [{ CertificateArn: certificate }] }), { abortSignal: signal });
  } catch (error) {
    throw aws.explain(error, 'setting the certificate of the listener', signal);
  }
}

function elb(aws: AwsSession): ElasticLoadBalancingV2Client {
  return aws.client('elb', (config) => new ElasticLoadBalancingV2Client(config));
}

function listenerOf({ ListenerArn = '', Port = 0, Protocol, SslPolicy = '', Certificates = [] }: SdkListener): Listener {
  const certificate = Certificates[0]?.CertificateArn;
  return { arn: ListenerArn, port: Port, protocol: Protocol ?? '', policy: SslPolicy, ...(certificate === undefined ? {} : { certificate }) };
}

function notFound(name: string, aws: AwsSession, cause?: unknown): UserError {
  return new UserError(`There is no load balancer "${name}" in ${aws.options.region}. Correct aws.loadBalancer of the environment in the runbook, or its region.`, { cause });
}
