import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Clock } from '../../../src/incident/clock.ts';
import { closeServer, originOf, readBody } from '../../practice/http-server.ts';
import { isObject } from './description-document.ts';
import { createFakeFaultList, type FakeFault, type FaultKind } from './fake-faults.ts';
import { type Description, type DescriptionOptions, type Headers, loadDescription, type Problem, type SpecName } from './openapi.ts';
import { matchPath, type PathMatch } from './path-template.ts';
import { parseBody } from './request-body.ts';

/** A part of a vendor's interface that one description covers. */
export interface Api {
  readonly basePath: string;
  /** Undefined when the folder of descriptions is absent: nothing is validated. */
  readonly description: Description | undefined;
}

/** How one vendor's description has to be read; a constant of its fake. */
export interface ApiSource extends Omit<DescriptionOptions, 'basePath'> {
  readonly name: SpecName;
}

/** Descriptions do not change, and compiling one takes longer than most tests: each is loaded once per base path. */
const loaded = new WeakMap<ApiSource, Map<string, Api>>();

/** @throws DescriptionError when the description cannot be used */
export function api(source: ApiSource, basePath: string): Api {
  const known = loaded.get(source) ?? new Map<string, Api>();
  loaded.set(source, known);
  const found = known.get(basePath) ?? { basePath, description: loadDescription(source.name, { ...source, basePath }) };
  known.set(basePath, found);
  return found;
}

export interface FakeRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Headers;
  /** Of the path, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly text: string;
  /** Parsed by its content type; `{}` when there is none. Valid by the description when a handler sees it. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; absent for none. */
  readonly body?: unknown;
  /** Sent as it stands, in the place of a body. */
  readonly xml?: string;
}

export interface Route {
  readonly api: Api;
  /** e.g. `POST /enqueue`, as the description has it. */
  readonly on: string;
  /** Does what is asked. Synchronous, so that concurrent requests cannot see a half-made change. */
  readonly handle: (request: FakeRequest) => Reply;
}

/** What the frame needs to know about a vendor. */
export interface FakeDefinition<Operation extends string> {
  readonly name: string;
  readonly clock: Clock;
  readonly routes: Readonly<Record<Operation, Route>>;
  /** The path in the routes, where a vendor names the operation in a header instead. */
  readonly pathOf?: (headers: Headers) => string;
  /** The request in the terms of the description, where the vendor accepts more than it describes. */
  readonly asDescribed?: (request: DescribedRequest, route: Route) => DescribedRequest;
  /** Refuses before the handler acts: credentials, limits. */
  readonly guard?: (request: FakeRequest) => Reply | undefined;
  /** Completes the answer of guard or handler: limit headers, conditional requests. */
  readonly complete?: (request: FakeRequest, reply: Reply) => Reply;
  /** The answer to too many requests, as the vendor words it. */
  readonly rateLimited: (retryAfterS: number, operation: Operation) => Reply;
}

export interface DescribedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly text: string;
}

export interface Exchange<Operation extends string> {
  /** Undefined when the fake has no such operation. */
  readonly operation: Operation | undefined;
  /** Epoch ms of the fake's clock. */
  readonly at: number;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Headers;
  readonly text: string;
  /** HTTP status; 0 when nothing was answered. */
  readonly status: number;
  /** What was answered; undefined for none. */
  readonly reply: unknown;
  /** Whether the handler ran: the call may have had its effect. */
  readonly acted: boolean;
  readonly fault: FaultKind | undefined;
}

export interface Fake<Operation extends string> {
  /** `http://127.0.0.1:port`, without a base path. */
  readonly origin: string;
  /** `skipped` when the folder of descriptions is absent. */
  readonly validation: 'active' | 'skipped';
  /** Everything it can be asked for; what a fault can name. */
  readonly operations: readonly Operation[];
  /** Oldest first; those under way are missing. */
  readonly exchanges: readonly Exchange<Operation>[];
  /** What validates; empty when the folder of descriptions is absent. */
  readonly descriptions: readonly Description[];
  /** What contradicted the descriptions, in either direction. */
  readonly violations: readonly Problem[];
  fault(fault: FakeFault<Operation>): () => void;
  clearFaults(): void;
  clearExchanges(): void;
  /** What somebody else does meanwhile: handled and validated like a request, but no fault strikes it and no exchange tells of it. */
  play(request: DescribedRequest): Reply;
  /** Changes the answers of an operation from now on, before they are validated. */
  alter(operation: Operation, change: (reply: Reply) => Reply): void;
  /** The exchanges of one operation. */
  of(operation: Operation): readonly Exchange<Operation>[];
  /** Those so far, for a test that expects them; assertClean does not see them any more. */
  takeViolations(): readonly Problem[];
  /** @throws Error listing every violation */
  assertClean(): void;
  close(): Promise<void>;
}

type Outcome =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'violation'; readonly reply: Reply }
  | { readonly kind: 'raw'; readonly status: number; readonly type: string; readonly text: string }
  | { readonly kind: 'silence' }
  | { readonly kind: 'reset' };

interface Settled {
  readonly outcome: Outcome;
  /** Whether the handler ran. */
  readonly acted: boolean;
}

const HTML = '<!doctype html>\n<html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>\n';

/** Starts a fake on a free port. Every request and answer is validated; a violation is kept and answered with 500. */
export async function startFake<Operation extends string>(definition: FakeDefinition<Operation>): Promise<Fake<Operation>> {
  const { clock, routes } = definition;
  const faults = createFakeFaultList<Operation>();
  const exchanges: Exchange<Operation>[] = [];
  const violations: Problem[] = [];
  const changes = new Map<Operation, (reply: Reply) => Reply>();
  const names = Object.keys(routes) as Operation[];
  const templates = names.map((name) => {
    const { api: { basePath }, on } = routes[name];
    const [method = '', template = ''] = on.split(' ');
    return { method, template: basePath + template, value: name };
  });

  const violated = (problems: readonly Problem[]): Outcome => {
    violations.push(...problems);
    return { kind: 'violation', reply: { status: 500, body: { violations: problems.map(formatProblem) } } };
  };

  const validated = (route: Route, described: DescribedRequest, reply: Reply): Outcome => {
    const problems = route.api.description?.validateResponse(described.method, described.url.pathname, reply.status, reply.body) ?? [];
    return problems.length > 0 ? violated(problems) : { kind: 'reply', reply };
  };

  const act = (operation: Operation, described: DescribedRequest, request: FakeRequest): Settled => {
    const route = routes[operation];
    const guarded = definition.guard?.(request);
    const answered = guarded ?? route.handle(request);
    const completed = definition.complete?.(request, answered) ?? answered;
    return { outcome: validated(route, described, changes.get(operation)?.(completed) ?? completed), acted: guarded === undefined };
  };

  const decide = (operation: Operation, described: DescribedRequest, request: FakeRequest, fault: FaultKind | undefined): Settled => {
    if (fault?.kind === 'rate-limit') {
      return { outcome: validated(routes[operation], described, definition.rateLimited(fault.retryAfterS, operation)), acted: false };
    }
    const settled: Settled = fault?.acted === false ? { outcome: { kind: 'silence' }, acted: false } : act(operation, described, request);
    return fault === undefined || settled.outcome.kind === 'violation' ? settled : { ...settled, outcome: spoilt(fault, settled.outcome) };
  };

  const findRoute = (asked: DescribedRequest): PathMatch<Operation> | undefined => {
    const found = matchPath(templates, asked.method, asked.url.pathname);
    // A vendor may accept another method than the one described (Slack takes POST for everything).
    return found ?? templates.flatMap(({ method, template, value }) => {
      const described = definition.asDescribed?.(asked, routes[value]);
      const other = described?.method === method ? matchPath([{ method, template, value }], method, asked.url.pathname) : undefined;
      return other === undefined ? [] : [other];
    })[0];
  };

  const settle = (asked: DescribedRequest, match: PathMatch<Operation> | undefined, fault: FaultKind | undefined): Settled => {
    if (match === undefined) {
      const operation = `${definition.name} ${asked.method} ${asked.url.pathname}`;
      return { outcome: violated([{ side: 'request', operation, pointer: '', message: 'the fake has no such operation' }]), acted: false };
    }
    const route = routes[match.value];
    try {
      const described = definition.asDescribed?.(asked, route) ?? asked;
      const problems = route.api.description?.validateRequest(described.method, described.url, described.headers, described.text) ?? [];
      return problems.length > 0 ? { outcome: violated(problems), acted: false }
        : decide(match.value, described, { ...asked, body: bodyOf(asked), parameters: match.parameters, query: described.url.searchParams }, fault);
    } catch (error) {
      const problem = { side: 'response', operation: `${definition.name} ${route.on}`, pointer: '', message: error instanceof Error ? error.message : String(error) } as const;
      return { outcome: violated([problem]), acted: true };
    }
  };

  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const headers = headersOf(incoming);
    const asked: DescribedRequest = {
      method: incoming.method ?? 'GET', url: new URL(definition.pathOf?.(headers) ?? incoming.url ?? '/', 'http://fake.invalid'), headers,
      text: (await readBody(incoming)).toString('utf8'),
    };
    const match = findRoute(asked);
    const fault = match === undefined ? undefined : faults.take(match.value);
    const { outcome, acted } = settle(asked, match, fault);
    const reply = 'reply' in outcome ? outcome.reply : undefined;
    exchanges.push({
      operation: match?.value, at: clock.now(), method: asked.method, target: asked.url.pathname + asked.url.search, headers: asked.headers,
      text: asked.text, status: reply?.status ?? (outcome.kind === 'raw' ? outcome.status : 0), reply: reply?.body, acted, fault,
    });
    send(incoming, response, outcome);
  };

  const server = createServer((incoming, response) => {
    void answer(incoming, response).catch((error: unknown) => { response.destroy(error instanceof Error ? error : undefined); });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });

  return {
    origin: originOf(server),
    validation: names.every((name) => routes[name].api.description !== undefined) ? 'active' : 'skipped',
    operations: names, exchanges, violations,
    descriptions: [...new Set(names.flatMap((name) => routes[name].api.description ?? []))],
    fault: (fault) => faults.add(fault),
    clearFaults: () => { faults.clear(); },
    clearExchanges: () => { exchanges.length = 0; },
    play(request) {
      const { outcome } = settle(request, findRoute(request), undefined);
      if (!('reply' in outcome)) {
        throw new Error(`${definition.name} gave no answer to ${request.method} ${request.url.pathname}`);
      }
      return outcome.reply;
    },
    alter: (operation, change) => { changes.set(operation, change); },
    of: (operation) => exchanges.filter((exchange) => exchange.operation === operation),
    takeViolations: () => violations.splice(0),
    assertClean() {
      if (violations.length > 0) {
        throw new Error(`${definition.name}: the exchange contradicts the vendor's description:\n${violations.map(formatProblem).join('\n')}`);
      }
    },
    close: () => closeServer(server),
  };
}

/** One line: side, operation, pointer, message. */
export function formatProblem({ side, operation, pointer, message }: Problem): string {
  return `${side} of ${operation} ${pointer === '' ? '' : `${pointer} `}${message}`;
}

function headersOf(incoming: IncomingMessage): Headers {
  return Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]));
}

function bodyOf({ headers, text }: DescribedRequest): Readonly<Record<string, unknown>> {
  const parsed = text === '' ? undefined : parseBody((headers['content-type'] ?? '').split(';')[0]?.trim() ?? '', text)?.value;
  return isObject(parsed) ? parsed : {};
}

function spoilt(fault: Exclude<FaultKind, { kind: 'rate-limit' }>, outcome: Outcome): Outcome {
  switch (fault.kind) {
    case 'time-out':
      return { kind: 'silence' };
    case 'reset':
      return { kind: 'reset' };
    case 'server-error':
      // Not validated: no vendor describes what it answers when it fails.
      return { kind: 'raw', status: fault.status ?? 500, type: 'application/json', text: JSON.stringify({ message: 'Internal server error' }) };
    case 'malformed': {
      const reply = 'reply' in outcome ? outcome.reply : { status: 200, body: { message: 'never read to the end' } };
      const json = JSON.stringify(reply.body ?? {});
      return fault.body === 'html' ? { kind: 'raw', status: reply.status, type: 'text/html', text: HTML }
        : { kind: 'raw', status: reply.status, type: 'application/json; charset=utf-8', text: json.slice(0, Math.ceil(json.length / 2)) };
    }
  }
}

function send(incoming: IncomingMessage, response: ServerResponse, outcome: Outcome): void {
  const write = (status: number, headers: Readonly<Record<string, string>>, type: string, text: string): void => {
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), ...headers }).end(text);
  };
  switch (outcome.kind) {
    case 'silence':
      return;
    case 'reset':
      incoming.socket.resetAndDestroy();
      return;
    case 'raw':
      return write(outcome.status, {}, outcome.type, outcome.text);
    case 'reply':
    case 'violation': {
      const { status, headers = {}, body, xml } = outcome.reply;
      if (xml !== undefined) {
        write(status, headers, 'text/xml', xml);
      } else if (body === undefined) {
        response.writeHead(status, headers).end();
      } else {
        write(status, headers, 'application/json; charset=utf-8', JSON.stringify(body));
      }
    }
  }
}
