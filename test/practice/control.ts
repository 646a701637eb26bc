import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiChange } from './api.ts';
import type { CallRecord } from './call-log.ts';
import type { Fault } from './faults.ts';
import { sendJson } from './http-server.ts';
import type { PracticeState } from './model.ts';
import type { DatabaseState } from './postgres.ts';
import type { RolloutBehaviour } from './rollouts.ts';

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
  /** Produces the next data at once instead of waiting for the tick. */
  tick(): Promise<void>;
}

type Handler = (control: PracticeControl, body: unknown) => unknown;

/** What a request body has to look like is the caller's business: this is a test tool on the loopback address. */
const ROUTES: Readonly<Record<string, Handler>> = {
  'GET calls': (control) => control.calls(),
  'DELETE calls': (control) => control.clearCalls(),
  'POST faults': (control, body) => {
    control.fault(body as Fault);
  },
  'DELETE faults': (control) => control.clearFaults(),
  'POST api': (control, body) => control.api(body as ApiChange),
  'POST database': (control, body) => control.database((body as { state: DatabaseState }).state),
  'POST state': (control, body) => control.state((body as { state: PracticeState }).state),
  'POST rollout': (control, body) => control.rollout(body as Partial<RolloutBehaviour>),
  'POST tick': (control) => control.tick(),
};

/**
 * Answers `/_practice/<name>`: GET and DELETE calls, POST and DELETE faults, POST api, database, state, rollout, tick.
 * Bodies are JSON; 204 when there is nothing to say, 404 for another path, 400 for a body that is no JSON.
 */
export async function answerControl(
  control: PracticeControl, request: IncomingMessage, response: ServerResponse, body: Buffer,
): Promise<void> {
  const name = (request.url ?? '').replace(/^\/_practice\//, '').replace(/\?.*$/, '');
  const handler = ROUTES[`${request.method} ${name}`];
  if (handler === undefined) {
    sendJson(response, 404, { error: `No control ${request.method} ${name}`, known: Object.keys(ROUTES) });
    return;
  }
  try {
    const result = await handler(control, body.length === 0 ? {} : JSON.parse(body.toString('utf8')));
    if (result === undefined) {
      response.writeHead(204).end();
    } else {
      sendJson(response, 200, result);
    }
  } catch (error) {
    sendJson(response, error instanceof SyntaxError ? 400 : 500, { error: String(error) });
  }
}
