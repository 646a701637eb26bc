import { jsonAnswer, type Overlay } from './aws-request.ts';

/** As AWS Support names them with a Business plan: no `critical`. */
const LEVELS = [['low', 'General guidance'], ['normal', 'System impaired'], ['high', 'Production system impaired'], ['urgent', 'Production system down']].map(([code, name]) => ({ code, name }));

const SERVICES = [
  { code: 'amazon-elastic-compute-cloud-linux', name: 'Elastic Compute Cloud (EC2 - Linux)', categories: [{ code: 'other', name: 'Other' }] },
  { code: 'distributed-denial-of-service', name: 'Distributed Denial of Service (DDoS)', categories: [{ code: 'outbound-from-aws', name: 'Outbound from AWS' }, { code: 'inbound-to-aws', name: 'Inbound to AWS' }] },
  { code: 'general-info', name: 'General Info and Getting Started', categories: [{ code: 'using-aws', name: 'Using AWS & Services' }] },
];

/** What moto lacks of AWS Support: what a case can be about, how grave it can be, and that the messages of a case end. */
export function createSupportOverlay(): Overlay {
  const answers: Readonly<Record<string, object>> = { DescribeCommunications: { communications: [] }, DescribeSeverityLevels: { severityLevels: LEVELS }, DescribeServices: { services: SERVICES } };
  return {
    matches: ({ service, operation }) => service === 'support' && Object.hasOwn(answers, operation),
    answer: ({ operation }) => Promise.resolve(jsonAnswer(answers[operation] ?? {})),
  };
}
