import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { CancelledError, messageOf } from '../errors.ts';

/** What an HTTP GET saw. A failure to answer is a result here, not an exception: it is what the check is for. */
export interface ProbeResult {
  readonly url: string;
  /** HTTP status; unset when there was no answer. */
  readonly status?: number;
  /** From the call to the end of the answer, ms. */
  readonly latencyMs: number;
  /** The answer's beginning, at most `MAX_BODY_BYTES`. */
  readonly body: string;
  /** Why there was no answer, in words. */
  readonly problem?: string;
  /** Epoch ms at which the server's certificate expires; https only. */
  readonly certificateExpiresAt?: number;
}

export const MAX_BODY_BYTES = 64 * 1024;

/**
 * GETs a URL without following redirects and without sending any credentials.
 *
 * @param timeoutMs total time allowed, ms
 * @throws CancelledError when the signal fires; never otherwise
 */
export function probe(url: URL, timeoutMs: number, signal: AbortSignal): Promise<ProbeResult> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    let answer: Pick<ProbeResult, 'status' | 'certificateExpiresAt'> = {};
    let body = '';
    let request: ClientRequest | undefined;
    let settled = false;
    const settle = (problem?: string): void => {
      if (settled) {
        return;
      }
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      request?.destroy();
      resolve({ url: url.href, latencyMs: Math.round(performance.now() - started), body, ...answer, ...(problem === undefined ? {} : { problem }) });
    };
    const cancel = (): void => {
      settled = true;
      clearTimeout(timer);
      request?.destroy();
      reject(new CancelledError());
    };
    const timer = setTimeout(() => {
      settle(answer.status === undefined ? `no answer within ${timeoutMs} ms` : `the answer did not end within ${timeoutMs} ms`);
    }, timeoutMs);
    if (signal.aborted) {
      cancel();
      return;
    }
    signal.addEventListener('abort', cancel, { once: true });
    request = send(url, { method: 'GET', agent: false, headers: { accept: 'application/json, text/plain;q=0.9, */*;q=0.5' } }, (response) => {
      answer = { ...(response.statusCode === undefined ? {} : { status: response.statusCode }), ...certificateOf(response) };
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body = (body + chunk).slice(0, MAX_BODY_BYTES);
        if (body.length === MAX_BODY_BYTES) {
          settle();
        }
      });
      response.on('end', () => { settle(); });
      response.on('error', (error) => { settle(explain(error, url)); });
    });
    request.on('error', (error) => { settle(explain(error, url)); });
    request.end();
  });
}

function certificateOf(response: IncomingMessage): Pick<ProbeResult, 'certificateExpiresAt'> {
  const socket = response.socket as Partial<TLSSocket>;
  const expires = socket.getPeerCertificate?.().valid_to;
  return expires === undefined ? {} : { certificateExpiresAt: Date.parse(expires) };
}

function explain(error: Error & { code?: string }, url: URL): string {
  switch (error.code) {
    case 'ECONNREFUSED': return `${url.host} refused the connection`;
    case 'ENOTFOUND': return `the name ${url.hostname} does not resolve`;
    case 'EAI_AGAIN': return `the name ${url.hostname} could not be looked up`;
    case 'ECONNRESET': return `${url.host} closed the connection without an answer`;
    case 'CERT_HAS_EXPIRED': return 'the TLS certificate has expired';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT': return 'the TLS certificate is self-signed';
    case 'ERR_TLS_CERT_ALTNAME_INVALID': return `the TLS certificate is not for ${url.hostname}`;
    default: return messageOf(error);
  }
}
