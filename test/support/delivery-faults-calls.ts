/** Everything that the extension asks of an outside system, with what does it there and what is asked before it is done again. */
import type { DeliveryRequest, DeliveryService } from '../../src/incident/events.ts';
import type { Call } from '../../src/services/courier.ts';
import { readActionItems } from '../../src/incident/action-items.ts';
import { DATADOG_PAGE, REPOSITORY, REVIEW } from './delivery-faults-stations.ts';

export interface Lookup {
  /** Of the fake. */
  readonly operation: string;
  /** Only asked when what was sent is not where it is looked for first. */
  readonly isResolvedMeanwhile?: true;
}

export interface OutgoingCall {
  readonly service: DeliveryService;
  readonly call: string;
  readonly again: Call['again'];
  /** Of the fake: what does it. */
  readonly operation: string;
  readonly lookups?: readonly Lookup[];
  /** A call of the same service that has to be done first. */
  readonly follows?: string;
  readonly text: string;
  readonly data: DeliveryRequest['data'];
}

const ROOM = { follows: 'createChannel', service: 'slack' } as const;

/** A line of the review, with its issue. */
const ACTION_ITEM = { folder: 'workspace', file: REVIEW.file, key: readActionItems(REVIEW.text).items[0]?.key ?? '', number: 7, url: 'https://github.com/acme/shop/issues/7' };

/** The calls of the outbox, a service's in the order in which they follow one another. */
export const OUTGOING: readonly OutgoingCall[] = [
  {
    service: 'github', call: 'createIssue', again: 'look', operation: 'createIssue', lookups: [{ operation: 'listIssues' }],
    text: 'Portals answer 503 since 03:00', data: { title: 'INCIDENT: Portals answer 503', labels: ['incident', 'P1'], assignees: ['ada'] },
  },
  {
    service: 'github', call: 'createFollowUp', again: 'look', operation: 'createIssue', lookups: [{ operation: 'listIssues' }],
    text: 'From incident review 2026-11-24: Alert on the pool', data: { title: 'Action Item: Alert on the pool', labels: ['incident-followup'], assignees: ['ada'], key: ACTION_ITEM.key, action: 'Alert on the pool' },
  },
  {
    service: 'github', call: 'comment', again: 'look', operation: 'createComment', lookups: [{ operation: 'listComments' }], follows: 'createIssue',
    text: 'Incident resolved. Root cause: the pool.', data: { repository: REPOSITORY, number: 1 },
  },
  { service: 'github', call: 'closeIssue', again: 'harmless', operation: 'updateIssue', follows: 'createIssue', text: 'Closed as completed', data: { repository: REPOSITORY, number: 1 } },
  {
    service: 'slack', call: 'postMessage', again: 'look', operation: 'chat.postMessage', lookups: [{ operation: 'conversations.history' }],
    text: 'P1: portals answer 503', data: { channel: '#incidents', mention: ['devopsLead'] },
  },
  {
    service: 'slack', call: 'createChannel', again: 'look', operation: 'conversations.create', lookups: [{ operation: 'conversations.list' }],
    text: 'The war room', data: { name: 'incident-20261123' },
  },
  { ...ROOM, call: 'setTopic', again: 'harmless', operation: 'conversations.setTopic', text: 'Its topic', data: { topic: 'P1: portals answer 503' } },
  { ...ROOM, call: 'invite', again: 'harmless', operation: 'conversations.invite', text: 'Who is to come', data: { contacts: ['devopsLead'] } },
  {
    ...ROOM, call: 'addBookmark', again: 'look', operation: 'bookmarks.add', lookups: [{ operation: 'bookmarks.list' }],
    text: 'The ticket', data: { title: 'Ticket', link: 'https://github.com/acme/shop/issues/1' },
  },
  { service: 'pagerduty', call: 'trigger', again: 'harmless', operation: 'enqueue', text: 'P1: portals answer 503', data: { severity: 'critical', source: 'HealthFlow production' } },
  { service: 'pagerduty', call: 'acknowledge', again: 'harmless', operation: 'enqueue', follows: 'trigger', text: 'Acknowledged', data: {} },
  { service: 'pagerduty', call: 'resolve', again: 'harmless', operation: 'enqueue', follows: 'trigger', text: 'Resolved', data: {} },
  { service: 'datadog', call: 'acknowledgePage', again: 'harmless', operation: 'acknowledgePage', text: 'Acknowledged', data: { page: DATADOG_PAGE } },
  {
    service: 'statuspage', call: 'createIncident', again: 'look', operation: 'createIncident',
    lookups: [{ operation: 'unresolvedIncidents' }, { operation: 'listIncidents', isResolvedMeanwhile: true }],
    text: 'We are looking into it.', data: { name: 'Portals are down', status: 'investigating', impact: 'major', notify: false, components: ['comp00000001'], componentStatus: 'partial_outage' },
  },
  {
    service: 'statuspage', call: 'updateIncident', again: 'look', operation: 'updateIncident', lookups: [{ operation: 'getIncident' }], follows: 'createIncident',
    text: 'We know why.', data: { status: 'identified', notify: false, components: [] },
  },
  {
    service: 'workspace', call: 'writeStatusPage', again: 'harmless', operation: 'write',
    text: 'We are looking into it.', data: { stage: 'initial', title: 'Portals are down', state: 'Investigating', severity: 'down', affected: ['Patient portal'], resolved: false },
  },
  { service: 'workspace', call: 'writeReview', again: 'harmless', operation: 'write', text: 'The review', data: { file: 'reviews/first.md', folder: 'workspace', gapMinutes: 15 } },
  { service: 'workspace', call: 'writeActionLinks', again: 'harmless', operation: 'write', text: 'The link to its issue', data: ACTION_ITEM },
  { service: 'mail', call: 'send', again: 'ask', operation: 'message', text: 'The portals are down.', data: { to: ['devopsLead'], subject: 'P1: portals answer 503' } },
  { service: 'webhook', call: 'post', again: 'ask', operation: 'notify', text: 'The portals are down for now.', data: { title: 'Outage', severity: 'P1' } },
  {
    service: 'aws', call: 'createCase', again: 'look', operation: 'CreateCase', lookups: [{ operation: 'DescribeCases' }],
    text: 'The portals are flooded with requests.', data: { subject: 'DDoS: portals answer 503', serviceCode: 'distributed-denial-of-service', categoryCode: 'inbound-to-aws', severityCode: 'urgent' },
  },
];

/** What is not a delivery of its own: the events that an incident shares on its ticket, in a comment. */
export const TICKET_COMMENT = { service: 'github', call: 'timeline', operation: 'createComment', lookups: [{ operation: 'getIssue' }, { operation: 'listComments' }] } as const;

/** As the table names it, e.g. `slack.postMessage`. */
export function nameOf({ service, call }: Pick<OutgoingCall, 'service' | 'call'>): string {
  return `${service}.${call}`;
}

/** @throws Error when there is none */
export function outgoing(service: DeliveryService, call: string): OutgoingCall {
  const found = OUTGOING.find((candidate) => candidate.service === service && candidate.call === call);
  if (found === undefined) {
    throw new Error(`There is no call ${service}.${call}`);
  }
  return found;
}
