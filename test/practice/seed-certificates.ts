import { RequestCertificateCommand } from '@aws-sdk/client-acm';
import { CreateListenerCommand, CreateLoadBalancerCommand, CreateTargetGroupCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { AwsClients } from './aws-writer.ts';
import { API_ORIGIN, BALANCER, PORTALS, REGION } from './resources.ts';

/** The names of production's certificate, that of the API first. */
export const CERTIFICATE_NAMES: readonly string[] = [API_ORIGIN, ...PORTALS.map(({ origin }) => origin)].map((origin) => new URL(origin).hostname);

/** The load balancer of production, and the certificate of its HTTPS listener; the overlay of ACM says how old that is. */
export async function seedCertificates({ acm, elbv2 }: AwsClients): Promise<void> {
  const [{ CertificateArn }, subnets] = await Promise.all([
    acm.send(new RequestCertificateCommand({
      DomainName: CERTIFICATE_NAMES[0], SubjectAlternativeNames: [...CERTIFICATE_NAMES], ValidationMethod: 'DNS', KeyAlgorithm: 'RSA_2048',
    })),
    defaultSubnets(elbv2),
  ]);
  const [{ TargetGroups }, { LoadBalancers }] = await Promise.all([
    elbv2.send(new CreateTargetGroupCommand({ Name: 'healthflow-backend', Protocol: 'HTTP', Port: 8080, VpcId: subnets[0]?.vpc, TargetType: 'ip' })),
    elbv2.send(new CreateLoadBalancerCommand({ Name: BALANCER, Subnets: subnets.slice(0, 2).map(({ subnet }) => subnet), Scheme: 'internet-facing', Type: 'application' })),
  ]);
  const LoadBalancerArn = LoadBalancers?.[0]?.LoadBalancerArn;
  await elbv2.send(new CreateListenerCommand({
    LoadBalancerArn, Port: 443, Protocol: 'HTTPS', SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06', Certificates: [{ CertificateArn }],
    DefaultActions: [{ Type: 'forward', TargetGroupArn: TargetGroups?.[0]?.TargetGroupArn }],
  }));
  await elbv2.send(new CreateListenerCommand({
    LoadBalancerArn, Port: 80, Protocol: 'HTTP',
    DefaultActions: [{ Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' } }],
  }));
}

/** Of the VPC that moto has from the start. Asked without EC2's SDK, 30 MB that nothing else here would use. */
async function defaultSubnets({ config }: AwsClients['elbv2']): Promise<readonly { readonly subnet: string; readonly vpc: string }[]> {
  const { protocol, hostname, port } = await config.endpoint?.() ?? {};
  const response = await fetch(`${protocol}//${hostname}:${port}/`, {
    method: 'POST',
    headers: {
      // moto finds the service in the scope of the signature, and does not check the signature.
      'authorization': `AWS4-HMAC-SHA256 Credential=practice/20251012/${REGION}/ec2/aws4_request, SignedHeaders=host, Signature=0`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'Action=DescribeSubnets&Version=2016-11-15',
  });
  const subnets = [...(await response.text()).matchAll(/<subnetId>([^<]+)<.*?<vpcId>([^<]+)</gs)].map(([, subnet = '', vpc = '']) => ({ subnet, vpc }));
  if (subnets.length < 2) {
    throw new Error(`moto has ${subnets.length} subnets (HTTP ${response.status}); a load balancer needs two`);
  }
  return subnets;
}
