/** PagerDuty: pages through Events API v2, and who is on call through its REST API (developer.pagerduty.com). */
import type { Connection } from './connections.ts';
import { shorten } from '../incident/shorten.ts';
import { CALL_TIMEOUT_MS, type Calls, DeliveryError, type Parcel, type Receipt, textOf } from './courier.ts';
import { advise, fieldsIn, listIn, wordOf } from './delivery-data.ts';
import { callJson, type HttpAnswer } from './http-call.ts';

/** The longest summary of an event, characters. */
const SUMMARY_LENGTH = 1024;
const SEVERITIES = ['critical', 'error', 'warning', 'info'] as const;
/** The most that one page of a REST list holds. */
const PER_PAGE = 100;
/** No escalation policy has more people than this many pages hold; it keeps an answer that never ends from being read for ever. */
const MAX_PAGES = 10;

const UNTRIED = 'Whether the integration key is right shows with the first page: it cannot be tried without paging somebody.';

/** Somebody who is on call now. */
export interface OnCall {
  /** Of the escalation policy; 1 is paged first. */
  readonly level: number;
  readonly name: string;
}

/**
 * The incident's id is the deduplication key, so what is sent twice counts once. An accepted event is queued at
 * PagerDuty: it is no proof that anybody was reached.
 *
 * @param timeoutMs how long one call may take
 */
export function pagerdutyCalls(connection: Connection, timeoutMs = CALL_TIMEOUT_MS): Calls {
  return {
    trigger: {
      again: 'harmless',
      async send(parcel, signal) {
        refuseWhenResolved(parcel);
        return enqueue(connection, 'trigger', parcel, pageOf(parcel), timeoutMs, signal);
      },
    },
    acknowledge: { again: 'harmless', send: (parcel, signal) => enqueue(connection, 'acknowledge', parcel, {}, timeoutMs, signal) },
    resolve: { again: 'harmless', send: (parcel, signal) => enqueue(connection, 'resolve', parcel, {}, timeoutMs, signal) },
  };
}

/**
 * Who is on call now for the escalation policy of the connection, the first to be paged first; undefined when the
 * connection has no REST API key or names no policy.
 *
 * @throws DeliveryError
 */
export async function onCall(connection: Connection, signal: AbortSignal): Promise<OnCall[] | undefined> {
  const { token, restUrl, escalationPolicy } = connection;
  if (token === undefined || restUrl === undefined || escalationPolicy === undefined) {
    return undefined;
  }
  const found = new Map<string, OnCall>();
  for (let page = 0; page < MAX_PAGES; page++) {
    const { body } = await ask(connection, '/oncalls', {
      'escalation_policy_ids[]': escalationPolicy, 'earliest': 'true', 'limit': String(PER_PAGE), 'offset': String(page * PER_PAGE),
    }, signal);
    const { oncalls, more } = fieldsIn(body);
    for (const { escalation_level: level, user } of listIn(oncalls)) {
      const { summary: name } = fieldsIn(user);
      if (typeof level === 'number' && typeof name === 'string') {
        // Somebody may be on call for one level by two schedules.
        found.set(`${level} ${name}`, { level, name });
      }
    }
    if (more !== true) {
      break;
    }
  }
  return [...found.values()].sort((a, b) => a.level - b.level);
}

/** Tries what can be tried without paging anybody. @throws DeliveryError */
export async function testPagerDuty(connection: Connection, signal: AbortSignal): Promise<string> {
  if (connection['token'] === undefined || connection['restUrl'] === undefined) {
    return `Nothing was asked of PagerDuty. ${UNTRIED}`;
  }
  const people = await onCall(connection, signal);
  if (people === undefined) {
    await ask(connection, '/escalation_policies', { limit: '1' }, signal);
    return `The REST API key is right. ${UNTRIED}`;
  }
  const who = people.length === 0
    ? `nobody is on call for the escalation policy ${connection['escalationPolicy'] ?? ''}: check its id`
    : `on call now: ${people.map(({ level, name }) => `${name} (level ${level})`).join(', ')}`;
  return `The REST API key is right; ${who}. ${UNTRIED}`;
}

/** After a resolve the same key would open a second incident at PagerDuty, and page everybody again. */
function refuseWhenResolved({ delivery, incident }: Parcel): void {
  const last = incident.deliveries.findLast(({ service, call, state, data }) =>
    service === 'pagerduty' && state === 'done' && (call === 'resolve' || (call === 'trigger' && data['again'] === true)));
  if (last?.call === 'resolve' && delivery.data['again'] !== true) {
    throw new DeliveryError('refused', 'The page of this incident is resolved already, and a new one would be a second incident at PagerDuty. Run the step again to page anew, or call the on-call engineer.');
  }
}

function pageOf(parcel: Parcel): object {
  const { delivery, incident } = parcel;
  return {
    client: 'Incident Runbook',
    payload: {
      summary: shorten(delivery.text, SUMMARY_LENGTH), source: textOf(parcel, 'source'), severity: wordOf(parcel, 'severity', SEVERITIES),
      custom_details: { incident: incident.id, ...(incident.severity === undefined ? {} : { severity: incident.severity }), environment: incident.environment },
    },
    ...(incident.ticket === undefined ? {} : { links: [{ href: incident.ticket.url, text: `${incident.ticket.repository}#${incident.ticket.number}` }] }),
  };
}

async function enqueue({ eventsUrl = '', routingKey }: Connection, action: 'trigger' | 'acknowledge' | 'resolve', { incident }: Parcel, page: object, timeoutMs: number, signal: AbortSignal): Promise<Receipt> {
  const json = { routing_key: routingKey, event_action: action, dedup_key: incident.id, ...page };
  try {
    await callJson('PagerDuty', below(eventsUrl, '/enqueue'), { method: 'POST', json, timeoutMs }, signal);
  } catch (error) {
    advise(error, [[({ message }) => /routing.?key/i.test(message), 'Connect PagerDuty again with the integration key of an "Events API v2" integration, then retry.']]);
  }
  const hasPaged = incident.deliveries.some(({ service, call, state }) => service === 'pagerduty' && call === 'trigger' && state === 'done');
  return {
    result: { dedupKey: incident.id },
    // PagerDuty takes an event about nothing without a word.
    ...(action === 'trigger' || hasPaged ? {} : { note: 'Nobody was paged from here before, so there was nothing at PagerDuty for this to act on.' }),
  };
}

async function ask({ restUrl = '', token = '' }: Connection, path: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HttpAnswer> {
  const url = new URL(below(restUrl, path));
  url.search = new URLSearchParams(parameters).toString();
  return callJson('PagerDuty', url, {
    method: 'GET',
    // Its description asks for a content type even where there is no content.
    headers: { 'accept': 'application/vnd.pagerduty+json;version=2', 'content-type': 'application/json', 'authorization': `Token token=${token}` },
  }, signal);
}

function below(base: string, path: string): string {
  return base.replace(/\/+$/, '') + path;
}
