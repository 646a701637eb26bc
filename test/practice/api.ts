import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { iso } from '../../src/incident/clock.ts';
import type { Cleanup } from './cleanup.ts';
import { closeServer, originOf, sendJson } from './http-server.ts';
import type { PracticeState } from './model.ts';
import { API_ORIGIN, PORTALS, RELEASE } from './resources.ts';

export interface Reply {
  readonly status?: number;
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  /** Waits before answering, ms. */
  readonly delayMs?: number;
  /** Never answers. */
  readonly hang?: boolean;
}

/** Replaces what the API says by itself; null goes back to that. */
export interface ApiChange {
  readonly health?: Reply | null;
  readonly version?: Reply | null;
}

export interface PracticeApi {
  /** Real production origin → http origin that stands in for it. */
  readonly origins: Readonly<Record<string, string>>;
  change(change: ApiChange): void;
}

export interface ApiOptions {
  readonly state: () => PracticeState;
  /** When the running version was deployed, epoch ms. */
  readonly deployedAt: number;
}

/** Starts the HealthFlow API and its portals, each on its own port. */
export async function startApi(options: ApiOptions, cleanup: Cleanup): Promise<PracticeApi> {
  const changed = new Map<string, Reply>();
  const api: RequestListener = (request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const usual: Record<string, () => Reply> = {
      '/health': () => health(options.state()),
      '/version': () => ({ status: 200, body: { ...RELEASE, deployedAt: iso(options.deployedAt) } }),
    };
    const reply = changed.get(path) ?? usual[path]?.() ?? { status: 404, body: { error: `No route ${path}` } };
    void send(request, response, reply);
  };
  const portals = PORTALS.map((portal): readonly [string, RequestListener] => [portal.origin, (request, response) => {
    const usual = options.state() === 'exhausted' ? portal.exhausted : { status: 200, delayMs: 30 };
    void send(request, response, { ...usual, body: page(usual.status, portal.title) });
  }]);
  const origins = await Promise.all([[API_ORIGIN, api] as const, ...portals].map(async ([origin, listener]) =>
    [origin, await listen(listener, origin, cleanup)] as const));
  return {
    origins: Object.fromEntries(origins),
    change(change) {
      for (const [name, reply] of Object.entries(change) as [string, Reply | null][]) {
        if (reply === null) {
          changed.delete(`/${name}`);
        } else {
          changed.set(`/${name}`, reply);
        }
      }
    },
  };
}

function health(state: PracticeState): Reply {
  const service = { service: 'healthflow-backend', version: RELEASE.version };
  return state === 'healthy'
    ? { status: 200, delayMs: 20, body: {
      status: 'healthy', ...service,
      checks: { database: { status: 'up', latencyMs: 3, pool: { total: 12, idle: 9, waiting: 0 } }, notifications: { status: 'up' } },
    } }
    : { status: 503, delayMs: 120, body: {
      status: 'unhealthy', ...service,
      checks: {
        database: { status: 'down', error: 'sorry, too many clients already', pool: { total: 50, idle: 0, waiting: 37 } },
        notifications: { status: 'degraded', error: 'Request failed with 503' },
      },
    } };
}

function page(status: number, title: string): string {
  const text = status === 200 ? title : '502 Bad Gateway';
  return `<!doctype html><html lang="en"><head><title>${text}</title></head><body><h1>${text}</h1></body></html>\n`;
}

async function listen(listener: RequestListener, name: string, cleanup: Cleanup): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  cleanup.defer(name, () => closeServer(server));
  await once(server, 'listening');
  return originOf(server);
}

async function send(request: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
  if (reply.hang === true) {
    return;
  }
  if (reply.delayMs !== undefined) {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      await delay(reply.delayMs, undefined, { signal: gone.signal });
    } catch {
      return;
    }
  }
  const status = reply.status ?? 200;
  if (typeof reply.body !== 'string') {
    sendJson(response, status, reply.body ?? {});
    return;
  }
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' });
  response.end(request.method === 'HEAD' ? undefined : reply.body);
}
