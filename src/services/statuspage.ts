/** Statuspage: the public status page (developer.statuspage.io). It knows no idempotency key: what may have arrived is looked for. */
import { resultOfCall } from '../incident/deliveries.ts';
import { isHttps } from '../incident/links.ts';
import { onOneLine, shorten } from '../incident/shorten.ts';
import { wait as realWait } from '../wait.ts';
import type { Connection } from './connections.ts';
import { CALL_TIMEOUT_MS, CLOCK_SKEW_MS, type Calls, DeliveryError, type Parcel, type Receipt, textOf } from './courier.ts';
import { advise, fieldsIn, type Fields, listIn, textsOf, wordOf } from './delivery-data.ts';
import { callJson } from './http-call.ts';

const NAME_LENGTH = 255;
const BODY_LENGTH = 25_000;
/** Time between two requests, ms: one a second is allowed, and they may come closer together than they left. */
const INTERVAL_MS = 1_100;
/** The key of our own in an incident's metadata, whose values have to be objects. */
const MARKER = 'incident_runbook';

const STATES = ['investigating', 'identified', 'monitoring', 'resolved'] as const;
const IMPACTS = ['none', 'minor', 'major', 'critical'] as const;
const COMPONENT_STATES = ['operational', 'under_maintenance', 'degraded_performance', 'partial_outage', 'major_outage'] as const;

const ADVICE: Parameters<typeof advise>[1] = [
  [({ status }) => status === 404, 'The page is not this key\'s, or the incident was deleted there: check the page id of the connection and the page, then retry.'],
  [({ status, message }) => status === 422 || /component/i.test(message), 'Check the ids of the components in the runbook, then run the step again.'],
];

/** Lets one request go at a time. Keep one for as long as the window lives: the limit counts what went before, too. */
export interface Pace {
  /** Resolves when a request may be made. @throws DeliveryError when it was cancelled meanwhile */
  turn(signal: AbortSignal): Promise<void>;
}

/** @param wait resolves after ms */
export function createPace(wait: (ms: number, signal: AbortSignal) => Promise<void> = realWait): Pace {
  const never = new AbortController().signal;
  let free = Promise.resolve();
  return {
    async turn(signal) {
      const mine = free;
      free = mine.then(() => wait(INTERVAL_MS, never));
      await mine;
      if (signal.aborted) {
        throw new DeliveryError('not sent', 'Cancelled before Statuspage was asked.');
      }
    },
  };
}

/** @param timeoutMs how long one request may take, from its turn on */
export function statuspageCalls(connection: Connection, pace: Pace, timeoutMs = CALL_TIMEOUT_MS): Calls {
  const ask = async (method: 'GET' | 'POST' | 'PATCH', path: string, signal: AbortSignal, incident?: object): Promise<unknown> => {
    await pace.turn(signal);
    const { url = '', page = '', token = '' } = connection;
    const answer = await callJson('Statuspage', `${url.replace(/\/+$/, '')}/pages/${page}${path}`, {
      method, timeoutMs, headers: { authorization: `OAuth ${token}` }, ...(incident === undefined ? {} : { json: { incident } }),
    }, signal).catch((error: unknown) => advise(error, ADVICE));
    return answer.body;
  };

  return {
    createIncident: {
      again: 'look',
      async send(parcel, signal) {
        const { delivery, incident } = parcel;
        return receiptOf(await ask('POST', '/incidents', signal, {
          name: nameOf(parcel), impact_override: wordOf(parcel, 'impact', IMPACTS), ...updateOf(parcel),
          metadata: { [MARKER]: { incident: incident.id, delivery: delivery.id } },
        }), parcel);
      },
      async find(parcel, signal) {
        const isOurs = ({ metadata }: Fields): boolean => fieldsIn(fieldsIn(metadata)[MARKER])['delivery'] === parcel.delivery.id;
        // Somebody may have resolved it on the page already; then only the search by name has it.
        const found = listIn(await ask('GET', '/incidents/unresolved?per_page=100', signal)).find(isOurs)
          ?? listIn(await ask('GET', `/incidents?${new URLSearchParams({ q: nameOf(parcel), limit: '100' }).toString()}`, signal)).find(isOurs);
        return found === undefined ? undefined : receiptOf(found, parcel);
      },
    },
    updateIncident: {
      again: 'look',
      async send(parcel, signal) {
        return receiptOf(await ask('PATCH', incidentPath(parcel), signal, updateOf(parcel)), parcel);
      },
      async find(parcel, signal) {
        const found = await ask('GET', incidentPath(parcel), signal);
        return updateIn(found, parcel) === undefined ? undefined : receiptOf(found, parcel);
      },
    },
  };
}

/** Reads the components of the page. @throws DeliveryError */
export async function testStatuspage({ url = '', page = '', token = '' }: Connection, pace: Pace, signal: AbortSignal): Promise<string> {
  await pace.turn(signal);
  const { body } = await callJson('Statuspage', `${url.replace(/\/+$/, '')}/pages/${page}/components?per_page=100`, { method: 'GET', headers: { authorization: `OAuth ${token}` } }, signal)
    .catch((error: unknown) => advise(error, ADVICE));
  const components = listIn(body).filter(({ group }) => group !== true).map(({ id, name }) => `${String(name)} (${String(id)})`);
  return components.length === 0 ? `Connected to page ${page}. It has no components.` : `Connected to page ${page}. Its components: ${components.join(', ')}.`;
}

function nameOf(parcel: Parcel): string {
  return shorten(textOf(parcel, 'name'), NAME_LENGTH);
}

function bodyOf({ delivery }: Parcel): string {
  return shorten(delivery.text, BODY_LENGTH);
}

function updateOf(parcel: Parcel): object {
  const components = textsOf(parcel, 'components');
  const { componentStatus, notify } = parcel.delivery.data;
  const state = components.length === 0 || componentStatus === undefined ? undefined : wordOf(parcel, 'componentStatus', COMPONENT_STATES);
  return {
    status: wordOf(parcel, 'status', STATES), body: bodyOf(parcel),
    // Left out, it means yes, and real subscribers get mail.
    deliver_notifications: notify === true,
    // An empty list would take away the components the incident has.
    ...(components.length === 0 ? {} : { component_ids: components }),
    ...(state === undefined ? {} : { components: Object.fromEntries(components.map((id) => [id, state])) }),
  };
}

function incidentPath({ incident }: Parcel): string {
  const id = resultOfCall(incident.deliveries, 'statuspage', 'createIncident')?.['id'];
  if (typeof id !== 'string') {
    const byHand = incident.deliveries.some(({ service, call, state }) => service === 'statuspage' && call === 'createIncident' && state === 'done');
    throw new DeliveryError('refused', byHand
      ? 'The incident was opened on Statuspage by hand, so it is not known which one it is. Update it there, and record that it is done.'
      : 'There is no incident on Statuspage to update yet. Discard this, and run the step again to open one.');
  }
  return `/incidents/${encodeURIComponent(id)}`;
}

/** The update that this delivery made: same words, same state, not older than the delivery, and not another delivery's. */
function updateIn(found: unknown, parcel: Parcel): string | undefined {
  const { delivery, incident } = parcel;
  const others = incident.deliveries.filter(({ id, service }) => id !== delivery.id && service === 'statuspage').map(({ result }) => result?.['update']);
  const since = Date.parse(delivery.at) - CLOCK_SKEW_MS;
  const update = listIn(fieldsIn(found)['incident_updates']).find(({ id, status, body, created_at: at }) =>
    typeof id === 'string' && !others.includes(id) && status === delivery.data['status'] && squeeze(body) === squeeze(bodyOf(parcel)) && Date.parse(String(at)) >= since);
  return update === undefined ? undefined : String(update['id']);
}

/** The page may keep white space otherwise than it was sent. */
function squeeze(text: unknown): string {
  return onOneLine(String(text));
}

function receiptOf(answer: unknown, parcel: Parcel): Receipt {
  const { id, shortlink } = fieldsIn(answer);
  if (typeof id !== 'string') {
    throw new DeliveryError('in doubt', 'Statuspage took it and did not say which incident it is.');
  }
  const update = updateIn(answer, parcel);
  const url = typeof shortlink === 'string' ? shortlink.replace(/^http:/, 'https:') : undefined;
  return {
    result: { id, ...(url === undefined ? {} : { url }), ...(update === undefined ? {} : { update }) },
    ...(isHttps(url) ? { url } : {}),
  };
}
