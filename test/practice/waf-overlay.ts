import { errorAnswer, jsonAnswer, type Answer, type AwsCall, type Overlay } from './aws-request.ts';
import { ACCOUNT, LOAD_BALANCER, REGION, WEB_ACL } from './resources.ts';

interface Statement {
  readonly RateBasedStatement?: { readonly Limit?: number };
}

interface Asked {
  readonly WebACLArn?: string;
  readonly ResourceType?: string;
  readonly Rules?: readonly { readonly Priority?: number; readonly Statement?: Statement }[];
}

/** Limits that AWS WAF refuses: moto takes everything. */
const LEAST_LIMIT = 10;
/** Capacity units that a rule takes (AWS WAF developer guide). */
const RATE_RULE_WCU = 2;
const OTHER_RULE_WCU = 1;

/** An update replaces everything: what it leaves out is gone. moto keeps it. */
const NOTHING = { Description: '', CustomResponseBodies: {}, CaptchaConfig: {}, ChallengeConfig: {}, TokenDomains: [], AssociationConfig: {} };

/** What moto lacks of AWS WAF: what a web ACL is attached to, what rules cost, which rules are refused, and that an update replaces everything. */
export function createWafOverlay(): Overlay {
  return {
    matches: ({ service, operation }) => service === 'wafv2' && ['ListResourcesForWebACL', 'CheckCapacity', 'UpdateWebACL', 'UpdateIPSet'].includes(operation),
    async answer(call, forward): Promise<Answer> {
      const asked = JSON.parse(call.body.toString('utf8')) as Asked;
      const { WebACLArn = '', ResourceType = 'APPLICATION_LOAD_BALANCER', Rules = [] } = asked;
      switch (call.operation) {
        case 'ListResourcesForWebACL':
          return jsonAnswer({
            ResourceArns: ResourceType === 'APPLICATION_LOAD_BALANCER' && WebACLArn.includes(`/webacl/${WEB_ACL}/`) ? [`arn:aws:elasticloadbalancing:${REGION}:${ACCOUNT}:loadbalancer/${LOAD_BALANCER}`] : [],
          });
        case 'CheckCapacity':
          return invalid(call, Rules) ?? jsonAnswer({ Capacity: Rules.reduce((sum, { Statement }) => sum + (Statement?.RateBasedStatement === undefined ? OTHER_RULE_WCU : RATE_RULE_WCU), 0) });
        case 'UpdateWebACL':
          return invalid(call, Rules) ?? await forward(Buffer.from(JSON.stringify({ ...NOTHING, ...asked })));
        default:
          return forward(Buffer.from(JSON.stringify({ Description: '', ...asked })));
      }
    },
  };
}

function invalid(call: AwsCall, rules: NonNullable<Asked['Rules']>): Answer | undefined {
  const priorities = new Set(rules.map(({ Priority }) => Priority));
  const isRefused = priorities.size < rules.length || rules.some(({ Statement }) => (Statement?.RateBasedStatement?.Limit ?? LEAST_LIMIT) < LEAST_LIMIT);
  return isRefused ? errorAnswer(call, 400, 'WAFInvalidParameterException', 'Error reason: a priority is used twice, or a limit is below 10') : undefined;
}
