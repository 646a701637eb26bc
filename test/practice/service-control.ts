import { type FakeFault, FAULT_KINDS } from '../support/fakes/fake-faults.ts';
import type { Exchange } from '../support/fakes/fake-server.ts';
import { parseBody } from '../support/fakes/request-body.ts';
import { ControlError } from './control-error.ts';
import { REPOSITORY } from './resources.ts';
import type { PracticeServices, ServiceFake } from './services.ts';

/** What a control is asked over HTTP. */
export interface Asked {
  /** Of the path. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON; `{}` for none. */
  readonly body: unknown;
}

/** One exchange of a service, as tests look at it. */
export interface ServiceCall {
  /** Absent when the service has no such operation. */
  readonly operation?: string;
  /** Epoch ms. */
  readonly at: number;
  readonly method: string;
  /** Path and query; sender and recipients of a mail. */
  readonly target: string;
  /** HTTP status, SMTP reply code; 0 when nothing was answered. */
  readonly status: number;
  /** Whether the service did what was asked, whatever it answered. */
  readonly acted: boolean;
  readonly fault?: FakeFault<string>;
  /** What was sent: an object for JSON and forms, else the text. */
  readonly body?: unknown;
  /** What was answered; absent for none. */
  readonly reply?: unknown;
}

type ServiceControl = (control: { readonly services: PracticeServices }, asked: Asked) => unknown;

/**
 * The controls of the outside systems. A fault without `operation` strikes every call, one without `times` until it is
 * cleared: `{ kind: 'reset', acted: false }` is a service that is down. Names are those of ServiceFakes.
 */
export const SERVICE_CONTROLS: Readonly<Record<string, ServiceControl>> = {
  'GET connections': ({ services }, { query }) => services.connections(query.get('as') ?? undefined),
  'GET violations': ({ services }) => services.violations(),
  'GET services': ({ services }) => Object.fromEntries(all(services).map(([name, { exchanges, validation, operations }]) =>
    [name, { calls: exchanges.length, validation, operations }])),
  'DELETE services': ({ services }) => {
    for (const [, service] of all(services)) {
      service.clearFaults();
      service.clearExchanges();
    }
  },
  'DELETE services/faults': ({ services }) => { all(services).forEach(([, service]) => { service.clearFaults(); }); },
  'GET services/{name}': ({ services }, asked) => withArrays(named(services, asked).state),
  'GET services/{name}/calls': ({ services }, asked) => named(services, asked).exchanges.map(callOf),
  'POST services/{name}/faults': ({ services }, asked) => {
    const service = named(services, asked);
    service.fault(faultOf(service, asked.body));
  },
  'DELETE services/{name}/faults': ({ services }, asked) => named(services, asked).clearFaults(),
  'POST services/github/comments': ({ services }, { body }) => playComment(services, body),
};

const all = ({ fakes }: PracticeServices): [string, ServiceFake][] => Object.entries({ ...fakes });

function named(services: PracticeServices, { parameters: { name } }: Asked): ServiceFake {
  const found = all(services).find(([known]) => known === name)?.[1];
  if (found === undefined) {
    throw new ControlError(404, `There is no service ${name}, only ${Object.keys(services.fakes).join(', ')}`);
  }
  return found;
}

/** A misspelt fault would never strike, and the test that asked for it would pass for the wrong reason. */
function faultOf({ operations }: ServiceFake, body: unknown): FakeFault<string> {
  const fault = body as FakeFault<string>;
  if (!FAULT_KINDS.some(({ kind }) => kind === fault.kind)) {
    throw new ControlError(400, `There is no fault ${fault.kind}, only ${[...new Set(FAULT_KINDS.map(({ kind }) => kind))].join(', ')}`);
  }
  if (fault.operation !== undefined && !operations.includes(fault.operation)) {
    throw new ControlError(400, `There is no operation ${fault.operation}, only ${operations.join(', ')}`);
  }
  return fault;
}

function callOf({ operation, at, method, target, headers, text, status, reply, acted, fault }: Exchange<string>): ServiceCall {
  const body = text === '' ? undefined : parseBody((headers['content-type'] ?? '').split(';')[0]?.trim() ?? '', text)?.value ?? text;
  return {
    at, method, target, status, acted, ...(operation === undefined ? {} : { operation }), ...(fault === undefined ? {} : { fault }),
    ...(body === undefined ? {} : { body }), ...(reply === undefined ? {} : { reply }),
  };
}

/** A comment that somebody writes on GitHub's own page. Answers it as GitHub does. */
function playComment(services: PracticeServices, asked: unknown): unknown {
  const { issue, body, author = 'grace' } = asked as { readonly issue: number; readonly body: string; readonly author?: string };
  const { github } = services.fakes;
  const reply = github.play({
    method: 'POST', url: new URL(`/repos/${REPOSITORY}/issues/${issue}/comments`, github.origin), text: JSON.stringify({ body }),
    headers: { authorization: `Bearer ${services.connections(author).github['token']}`, 'content-type': 'application/json' },
  });
  if (reply.status !== 201) {
    throw new ControlError(400, `GitHub refuses the comment on issue ${issue} (${reply.status}): ${JSON.stringify(reply.body)}`);
  }
  return reply.body;
}

/** Sets and Maps have no JSON of their own. */
function withArrays(state: unknown): unknown {
  return JSON.parse(JSON.stringify(state, (_name, value: unknown) => value instanceof Set || value instanceof Map ? [...value] : value));
}
