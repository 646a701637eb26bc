/** In-app notifications: a webhook of the team's own product. */
import { onOneLine, shorten } from '../incident/shorten.ts';
import type { Connection } from './connections.ts';
import { CALL_TIMEOUT_MS, type Calls, DeliveryError, type Parcel, type Receipt, textOf } from './courier.ts';
import { callJson, type HttpAnswer, type HttpCall, refusedCall } from './http-call.ts';

const NAME = 'The webhook';

/**
 * The receiver gets the delivery's id twice, in the body and as `Idempotency-Key`, and may drop what comes again. As
 * nobody can know whether it does, a person is asked before anything is sent again.
 *
 * @param timeoutMs how long the call may take
 */
export function webhookCalls(connection: Connection, timeoutMs = CALL_TIMEOUT_MS): Calls {
  return { post: { again: 'ask', send: (parcel, signal) => post(connection, parcel, timeoutMs, signal) } };
}

/** Asks for the headers only: a message would reach the users. @throws DeliveryError */
export async function testWebhook(connection: Connection, signal: AbortSignal): Promise<string> {
  await call(connection, { method: 'HEAD' }, signal);
  return `${new URL(connection['url'] ?? '').host} answers. Nothing was sent: whether it takes a message shows with the first one.`;
}

async function post(connection: Connection, parcel: Parcel, timeoutMs: number, signal: AbortSignal): Promise<Receipt> {
  const { delivery, incident } = parcel;
  const json = { id: delivery.id, incident: incident.id, severity: textOf(parcel, 'severity'), title: textOf(parcel, 'title'), message: delivery.text, at: delivery.at };
  const { status, headers, text } = await call(connection, { method: 'POST', timeoutMs, headers: { 'idempotency-key': delivery.id }, json }, signal);
  if (status >= 300 && status < 400) {
    throw new DeliveryError('refused', `${NAME} points to another address (${status}), which is not followed: the token is for the one it was given for. Connect it again with the new address, then retry.`);
  }
  if (status < 200 || status >= 400) {
    throw refusedCall(NAME, status, headers, text.trim() === '' ? undefined : shorten(onOneLine(text), 200));
  }
  // What it says is its own affair. A page for people, though, is somebody else's: a proxy, or a sign-in.
  if (/text\/html/i.test(headers.get('content-type') ?? '')) {
    throw new DeliveryError('in doubt', `${NAME} answered ${status} with a page for people (a proxy or a sign-in on the way?).`);
  }
  return { result: {} };
}

/** @throws DeliveryError when there is no answer, or the token is refused */
async function call({ url = '', token }: Connection, { headers, ...request }: HttpCall, signal: AbortSignal): Promise<HttpAnswer> {
  const answer = await callJson(NAME, url, { ...request, anyAnswer: true, headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) } }, signal);
  if (answer.status === 401 || answer.status === 403) {
    throw new DeliveryError('refused', `${NAME} refused the token (${answer.status}). Connect it again with the right one, then retry.`, { status: answer.status });
  }
  return answer;
}
