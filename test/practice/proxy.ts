import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../src/incident/clock.ts';
import { errorAnswer, identify, isWrite, type Answer, type AwsCall, type Forward, type Overlay } from './aws-request.ts';
import type { CallLog } from './call-log.ts';
import type { Cleanup } from './cleanup.ts';
import { answerOf, type FaultList } from './faults.ts';
import { closeServer, originOf, readBody } from './http-server.ts';

export interface ProxyOptions {
  readonly moto: string;
  readonly overlays: readonly Overlay[];
  readonly faults: FaultList;
  readonly clock: Clock;
  readonly calls: CallLog;
  /** Answers paths below /_practice/. */
  readonly control: (request: IncomingMessage, response: ServerResponse, body: Buffer) => Promise<void>;
}

/** Headers that concern one connection only (RFC 9110, 7.6.1), and the length, which is computed anew. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'content-length']);

/** Starts the proxy in front of moto; resolves with its origin. */
export async function startProxy(options: ProxyOptions, cleanup: Cleanup): Promise<string> {
  const server = createServer((request, response) => {
    void handle(options, request, response).catch((error: unknown) => {
      if (!response.headersSent) {
        response.writeHead(502, { 'content-type': 'text/plain' });
      }
      response.end(`The practice proxy failed: ${String(error)}\n`);
    });
  });
  server.listen(0, '127.0.0.1');
  cleanup.defer('AWS proxy', () => closeServer(server));
  await once(server, 'listening');
  return originOf(server);
}

async function handle(options: ProxyOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = request.url ?? '/';
  const body = await readBody(request);
  if (url.startsWith('/_practice/')) {
    await options.control(request, response, body);
    return;
  }
  const call = identify(url, request.headers, body);
  const at = options.clock.now();
  let status = 0;
  try {
    status = await answer(options, request, response, call);
  } finally {
    options.calls.add({ service: call.service, operation: call.operation, at, write: isWrite(call.operation), status });
  }
}

/** Answers one call; returns the HTTP status the caller gets, 0 for none. */
async function answer(
  options: ProxyOptions, request: IncomingMessage, response: ServerResponse, call: AwsCall,
): Promise<number> {
  const fault = options.faults.take(call);
  if (fault?.delayMs !== undefined) {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      await delay(fault.delayMs, undefined, { signal: gone.signal });
    } catch {
      // The caller gave up waiting, so nothing has happened.
      return 0;
    }
  }
  if (fault?.reset === 'before') {
    request.socket.resetAndDestroy();
    return 0;
  }
  const result = (fault === undefined ? undefined : answerOf(fault, call)) ?? await ask(options, request, call);
  if (fault?.reset === 'after') {
    request.socket.resetAndDestroy();
    return 0;
  }
  if (result.rest !== undefined) {
    response.writeHead(result.status, result.headers);
    response.write(result.body);
    void stream(response, result.rest);
    return result.status;
  }
  const head = { ...result.headers, 'content-length': String(result.body.length) };
  response.writeHead(result.status, head);
  if (fault?.truncate === true) {
    response.write(result.body.subarray(0, Math.floor(result.body.length / 2)), () => request.socket.destroy());
    return 0;
  }
  response.end(result.body);
  return result.status;
}

/** Sends what follows, no faster than the caller reads. */
async function stream(response: ServerResponse, rest: NonNullable<Answer['rest']>): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    for await (const part of rest(gone.signal)) {
      if (!response.write(part)) {
        await once(response, 'drain', { signal: gone.signal });
      }
    }
    response.end();
  } catch {
    response.destroy();
  }
}

async function ask(options: ProxyOptions, request: IncomingMessage, call: AwsCall): Promise<Answer> {
  const forward: Forward = (body = call.body) => forwardTo(options.moto, request, body);
  const overlay = options.overlays.find((candidate) => candidate.matches(call));
  try {
    return await (overlay === undefined ? forward() : overlay.answer(call, forward));
  } catch (error) {
    return errorAnswer(call, 502, 'ServiceUnavailable', `The emulated AWS does not answer: ${String(error)}`);
  }
}

/** Sends a request on to moto as it came. */
function forwardTo(moto: string, original: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = Object.fromEntries(Object.entries(original.headers).filter(([name]) => !HOP_BY_HOP.has(name)));
    const request = httpRequest(
      new URL(original.url ?? '/', moto),
      { method: original.method, headers: { ...headers, 'content-length': body.length } },
      (response) => {
        readBody(response).then((answered) => resolve({
          status: response.statusCode ?? 502, headers: endToEnd(response), body: answered,
        }), reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

function endToEnd(response: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name)) {
      headers[name] = value;
    }
  }
  return headers;
}
