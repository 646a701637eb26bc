/** A JSON call over HTTP that says, when it fails, whether it can have had its effect. */
import { codeOf, messageOf } from '../errors.ts';
import { CALL_TIMEOUT_MS, DeliveryError } from './courier.ts';

export interface HttpCall {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Default `CALL_TIMEOUT_MS`. */
  readonly timeoutMs?: number;
  /** The caller judges every answer itself, whatever its status and its text. */
  readonly anyAnswer?: true;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; undefined when there was none. */
  readonly body: unknown;
  /** As it came. */
  readonly text: string;
}

/** Codes of errors that come before a byte of the request has left. */
const NEVER_CONNECTED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_TLS_CERT_ALTNAME_INVALID'];

/** Codes of errors on a connection that was there. */
const BROKEN = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

/**
 * Redirects are not followed: credentials go to the host they were given for and to no other.
 *
 * @param service its name in error messages
 * @throws DeliveryError for everything but a 2xx answer that can be read; with `anyAnswer`, when there is none
 */
export async function callJson(service: string, url: URL | string, { method, headers = {}, json, timeoutMs = CALL_TIMEOUT_MS, anyAnswer }: HttpCall, signal: AbortSignal): Promise<HttpAnswer> {
  const limit = AbortSignal.timeout(timeoutMs);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method, redirect: 'manual', signal: AbortSignal.any([signal, limit]),
      headers: { accept: 'application/json', ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    text = await response.text();
  } catch (error) {
    throw lostCall(service, error, limit.aborted ? timeoutMs : undefined);
  }
  const body = parse(text);
  if (!response.ok && anyAnswer !== true) {
    throw refusedCall(service, response.status, response.headers, reasonIn(body));
  }
  if (body === undefined && text !== '' && anyAnswer !== true) {
    throw new DeliveryError('in doubt', `${service} answered ${response.status} with something that is no JSON (a proxy on the way?).`);
  }
  return { status: response.status, headers: response.headers, body, text };
}

/** An error of the connection. @param timedOutMs how long was waited, when that was it */
export function lostCall(service: string, error: unknown, timedOutMs?: number): DeliveryError {
  if (timedOutMs !== undefined) {
    return new DeliveryError('in doubt', `${service} did not answer within ${timedOutMs / 1000} s.`, { cause: error });
  }
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = codeOf(cause);
  if (code !== undefined && BROKEN.includes(code)) {
    return new DeliveryError('in doubt', `The connection broke before ${service} answered.`, { cause: error });
  }
  const notSent = code !== undefined && NEVER_CONNECTED.includes(code);
  return new DeliveryError(notSent ? 'not sent' : 'in doubt', `${service} could not be reached: ${messageOf(cause)}.`, { cause: error });
}

/** An answer that is no success. 4xx is final but for limits; a 5xx may have had its effect. */
export function refusedCall(service: string, status: number, headers: Headers, reason: string | undefined): DeliveryError {
  const why = reason === undefined ? '' : `: ${reason}`;
  if (status === 429 || status === 420) {
    return new DeliveryError('not sent', `${service} asks to slow down${why}.`, { status, retryAfterMs: retryAfterOf(headers) });
  }
  if (status === 401 || status === 403) {
    return new DeliveryError('refused', `${service} refused the credentials (${status})${why}. Connect ${service} again, then retry.`, { status });
  }
  if (status >= 500 || status === 408) {
    return new DeliveryError('in doubt', `${service} failed (${status})${why}.`, { status, retryAfterMs: retryAfterOf(headers) });
  }
  return new DeliveryError('refused', `${service} refused it (${status})${why}.`, { status });
}

/**
 * `Retry-After` in seconds or as a date, else `X-RateLimit-Reset` (seconds to go as Datadog tells it, or the second of
 * the epoch as GitHub does), as ms from now; undefined when neither says anything.
 */
export function retryAfterOf(headers: Headers, now = Date.now()): number | undefined {
  const value = headers.get('retry-after') ?? headers.get('x-ratelimit-reset');
  if (value === null) {
    return undefined;
  }
  const seconds = Number(value);
  const ms = !Number.isFinite(seconds) ? Date.parse(value) - now : seconds > 1e9 ? seconds * 1000 - now : seconds * 1000;
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The words in which a service says why: `message`, `error`, `errors`. */
function reasonIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) {
    return undefined;
  }
  const { message, error, errors } = body as Readonly<Record<string, unknown>>;
  const parts = [message, error, ...(Array.isArray(errors) ? errors : [errors])]
    .map((part) => (typeof part === 'object' && part !== null && 'message' in part ? part.message : part))
    .filter((part): part is string => typeof part === 'string' && part !== '');
  return parts.length === 0 ? undefined : parts.join(', ').slice(0, 300);
}
