import { CreateIPSetCommand, CreateWebACLCommand, type WAFV2Client } from '@aws-sdk/client-wafv2';
import { BLOCK_RULE, BLOCKED_ADDRESSES, IP_SET, WEB_ACL } from './resources.ts';

/** The web ACL in front of the load balancer, with a rule that blocks the addresses of an IP set. */
export async function seedFirewall(waf: WAFV2Client): Promise<void> {
  const { Summary } = await waf.send(new CreateIPSetCommand({
    Name: IP_SET, Scope: 'REGIONAL', Description: 'Addresses that are locked out', IPAddressVersion: 'IPV4', Addresses: [...BLOCKED_ADDRESSES],
  }));
  await waf.send(new CreateWebACLCommand({
    Name: WEB_ACL, Scope: 'REGIONAL', Description: 'In front of the HealthFlow load balancer', DefaultAction: { Allow: {} },
    VisibilityConfig: { SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: WEB_ACL },
    CustomResponseBodies: { 'locked-out': { ContentType: 'TEXT_PLAIN', Content: 'Your address is locked out.' } },
    CaptchaConfig: { ImmunityTimeProperty: { ImmunityTime: 600 } },
    ChallengeConfig: { ImmunityTimeProperty: { ImmunityTime: 900 } },
    TokenDomains: ['healthflow.gov.eg'],
    AssociationConfig: { RequestBody: { API_GATEWAY: { DefaultSizeInspectionLimit: 'KB_32' } } },
    Rules: [{
      Name: BLOCK_RULE, Priority: 10, Action: { Block: { CustomResponse: { ResponseCode: 403, CustomResponseBodyKey: 'locked-out' } } },
      Statement: { IPSetReferenceStatement: { ARN: Summary?.ARN } },
      VisibilityConfig: { SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: BLOCK_RULE },
    }],
  }));
}
