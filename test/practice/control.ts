import type { IncomingMessage, ServerResponse } from 'node:http';
import { matchPath } from '../support/fakes/path-template.ts';
import type { CertificateFacts, PracticeCertificates } from './acm-overlay.ts';
import type { ApiChange } from './api.ts';
import type { Arrival, Barriers } from './barriers.ts';
import type { CallRecord } from './call-log.ts';
import { ControlError } from './control-error.ts';
import type { Fault } from './faults.ts';
import { sendJson } from './http-server.ts';
import { LOG_CONTROLS, type PracticeLogs } from './log-control.ts';
import type { PracticeState } from './model.ts';
import type { DatabaseState } from './postgres.ts';
import type { RolloutBehaviour } from './rollouts.ts';
import { type Asked, SERVICE_CONTROLS } from './service-control.ts';
import type { PracticeServices } from './services.ts';

/** Steers the practice environment; the same over HTTP below `<awsEndpoint>/_practice/` (see answerControl). */
export interface PracticeControl {
  /** Every AWS call since the start or the last clearCalls, oldest first. */
  calls(): readonly CallRecord[];
  clearCalls(): void;
  /** Adds a fault; the returned function takes it back. */
  fault(fault: Fault): () => void;
  clearFaults(): void;
  /** Replaces what /health and /version answer. */
  api(change: ApiChange): void;
  /** Only the connections of the real PostgreSQL. */
  database(state: DatabaseState): Promise<void>;
  /** The whole incident: database, health, metrics, logs, alarms and service events. */
  state(state: PracticeState): Promise<void>;
  /** How the rollouts started from now on go. */
  rollout(behaviour: Partial<RolloutBehaviour>): void;
  /** The certificates of ACM: issued when it is said, and as old as it is said. */
  readonly certificates: PracticeCertificates;
  /** Live Tail, and events that come late. */
  readonly logs: PracticeLogs;
  /** Produces the next data at once instead of waiting for the tick. */
  tick(): Promise<void>;
  /** The outside systems: what they hold, what was asked of them, their faults. */
  readonly services: PracticeServices;
  /** Where processes that practise together wait for one another. */
  readonly barriers: Barriers;
}

type Handler = (control: PracticeControl, asked: Asked) => unknown;

/** By method and path; a name in braces takes any one segment. */
const CONTROLS: Readonly<Record<string, Handler>> = {
  'GET calls': (control) => control.calls(),
  'DELETE calls': (control) => control.clearCalls(),
  'POST faults': (control, { body }) => {
    control.fault(body as Fault);
  },
  'DELETE faults': (control) => control.clearFaults(),
  'POST api': (control, { body }) => control.api(body as ApiChange),
  'POST database': (control, { body }) => control.database((body as { state: DatabaseState }).state),
  'POST state': (control, { body }) => control.state((body as { state: PracticeState }).state),
  'POST rollout': (control, { body }) => control.rollout(body as Partial<RolloutBehaviour>),
  'POST certificates': ({ certificates }, { body }) => {
    const { arn, ...facts } = body as Partial<CertificateFacts> & { readonly arn: string };
    certificates.tell(arn, facts);
  },
  'POST certificates/issue': ({ certificates }, { body }) => certificates.issue((body as { readonly arn?: string }).arn),
  'POST tick': (control) => control.tick(),
  'POST barriers/{name}': ({ barriers }, { parameters: { name = '' }, body }) => barriers.meet(name, body as Arrival),
  ...LOG_CONTROLS,
  ...SERVICE_CONTROLS,
};

const TEMPLATES = Object.entries(CONTROLS).map(([on, value]) => {
  const [method = '', template = ''] = on.split(' ');
  return { method, template, value };
});

/**
 * Answers `/_practice/<path>` as the table above, LOG_CONTROLS and SERVICE_CONTROLS have it. Bodies are JSON; 204 when there is
 * nothing to say, 404 for another path or a name that does not exist, 400 for a body that is no JSON or cannot be meant; 408 and 409 when
 * those who were waited for did not come.
 */
export async function answerControl(
  control: PracticeControl, request: IncomingMessage, response: ServerResponse, body: Buffer,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://practice.invalid');
  const path = url.pathname.replace(/^\/_practice\//, '');
  const match = matchPath(TEMPLATES, request.method ?? 'GET', path);
  if (match === undefined) {
    sendJson(response, 404, { error: `No control ${request.method} ${path}`, known: Object.keys(CONTROLS) });
    return;
  }
  try {
    const asked = { parameters: match.parameters, query: url.searchParams, body: body.length === 0 ? {} : JSON.parse(body.toString('utf8')) as unknown };
    const result = await match.value(control, asked);
    if (result === undefined) {
      response.writeHead(204).end();
    } else {
      sendJson(response, 200, result);
    }
  } catch (error) {
    const status = error instanceof ControlError ? error.status : error instanceof SyntaxError ? 400 : 500;
    sendJson(response, status, { error: error instanceof ControlError ? error.message : String(error) });
  }
}
