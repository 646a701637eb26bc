/** A GitHub Enterprise Server: its REST API is that of a GitHub fake, and its device flow signs one account in. */
import { randomBytes } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { closeServer, originOf, readBody } from '../practice/http-server.ts';

/** Where the REST API of a GitHub Enterprise Server is. */
const API = '/api/v3';
/** How often VS Code asks whether the person has entered the code, s. */
const INTERVAL_S = 1;
const LIFETIME_S = 900;

export interface EnterpriseServer {
  /** As the setting `github-enterprise.uri` names it. */
  readonly origin: string;
  /** Address of its REST API, as a connection names it. */
  readonly api: string;
  /** What each sign-in has asked for so far, separated by blanks. */
  readonly scopes: readonly string[];
  /** Enters the code that a person was shown, as somebody signed in to the server does. @throws Error when it has given no such code */
  enterCode(code: string): void;
  close(): Promise<void>;
}

/**
 * Starts one on a free port. The device flow is that of
 * docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#device-flow.
 *
 * @param api address of the GitHub fake @param token what a sign-in ends with
 */
export async function startEnterpriseServer(api: string, token: string): Promise<EnterpriseServer> {
  const scopes: string[] = [];
  /** What is shown to the person → what VS Code asks with, and whether the person has entered it. */
  const codes = new Map<string, { readonly device: string; entered: boolean }>();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://server.invalid');
    const json = (body: object): void => { response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)); };
    if (url.pathname === '/login/device/code') {
      const [code, device] = [`CODE-${randomBytes(2).toString('hex').toUpperCase()}`, randomBytes(8).toString('hex')];
      codes.set(code, { device, entered: false });
      scopes.push(url.searchParams.get('scope') ?? '');
      json({ device_code: device, user_code: code, verification_uri: `${originOf(server)}/login/device`, expires_in: LIFETIME_S, interval: INTERVAL_S });
    } else if (url.pathname === '/login/oauth/access_token') {
      const asked = [...codes.values()].find(({ device }) => device === url.searchParams.get('device_code'));
      json(asked === undefined ? { error: 'incorrect_device_code', error_description: 'The device_code provided is not valid.' }
        : asked.entered ? { access_token: token, token_type: 'bearer', scope: scopes.at(-1) }
          : { error: 'authorization_pending', error_description: 'The authorization request is still pending.' });
    } else if (url.pathname === '/login/device') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Device activation</title><h1>Enter the code</h1>');
    } else if (url.pathname.startsWith(`${API}/`)) {
      await forward(request, response, api + url.pathname.slice(API.length) + url.search);
    } else {
      response.writeHead(404).end();
    }
  };

  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => { response.destroy(error instanceof Error ? error : undefined); });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    origin: originOf(server), api: originOf(server) + API, scopes,
    enterCode(code) {
      const given = codes.get(code);
      if (given === undefined) {
        throw new Error(`The server has given no code ${code}`);
      }
      given.entered = true;
    },
    close: () => closeServer(server),
  };
}

async function forward(request: IncomingMessage, response: ServerResponse, target: string): Promise<void> {
  const { method = 'GET', headers: { host: _host, connection: _connection, 'content-length': _length, 'transfer-encoding': _encoding, ...headers } } = request;
  const body = method === 'GET' || method === 'HEAD' ? undefined : new Uint8Array(await readBody(request));
  const answered = await fetch(target, { method, headers: headers as Record<string, string>, redirect: 'manual', ...(body === undefined ? {} : { body }) });
  const kept = [...answered.headers].filter(([name]) => !['content-encoding', 'content-length', 'transfer-encoding', 'connection', 'keep-alive'].includes(name));
  response.writeHead(answered.status, Object.fromEntries(kept)).end(Buffer.from(await answered.arrayBuffer()));
}
