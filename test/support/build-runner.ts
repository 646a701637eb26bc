/** A step runner as the extension makes it, with a ledger in a folder and the outside world wherever a test wants it. */
import assert from 'node:assert/strict';
import { type Clock, iso } from '../../src/incident/clock.ts';
import type { StepResult } from '../../src/incident/events.ts';
import type { Incident } from '../../src/incident/fold.ts';
import { createRedactor } from '../../src/incident/redact.ts';
import { installationId } from '../../src/ledger/installation.ts';
import type { LocalLedger } from '../../src/ledger/local-ledger.ts';
import { Outbox } from '../../src/ledger/outbox.ts';
import type { LogStreams } from '../../src/logs/log-streams.ts';
import type { Runbook } from '../../src/runbook/schema.ts';
import type { DeliveryService } from '../../src/incident/events.ts';
import type { Calls } from '../../src/services/courier.ts';
import type { Connection, ConnectableService } from '../../src/services/connections.ts';
import { AwsSession } from '../../src/services/aws/session.ts';
import type { Tasks } from '../../src/services/tasks.ts';
import { Endpoints } from '../../src/services/endpoints.ts';
import { wait } from '../../src/wait.ts';
import { StepRunner } from '../../src/steps/runner.ts';
import type { RunResult } from '../../src/steps/run.ts';
import { buildLedger, declaration } from './build-ledger.ts';
import { bundledRunbook } from './bundled-runbook.ts';
import { createClock } from './clock.ts';

/** The API of the bundled runbook. */
export const API = 'https://api.healthflow.gov.eg';

/** The real time, once nobody can be making any more what was asked for just now. */
export const laterClock: Clock = { now: () => Date.now() + 121_000 };

export interface WorldOptions {
  readonly aws?: AwsSession;
  /** Origin of the runbook → origin to ask instead. */
  readonly origins?: Readonly<Record<string, string>>;
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
  readonly tasks?: Tasks;
  readonly logStreams?: LogStreams;
  readonly runbook?: Runbook;
  readonly clock?: Clock;
  readonly trusted?: boolean;
  /** Instead of waiting, e.g. moves the clock. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** By service; what is left out is not connected. */
  readonly connections?: Readonly<Partial<Record<ConnectableService, Connection>>>;
  /** What the outbox can ask of a service; what is left out is not connected. */
  readonly calls?: Readonly<Partial<Record<DeliveryService, Calls>>>;
}

export interface TestRunner {
  readonly runner: StepRunner;
  readonly ledger: LocalLedger;
  /** The id of an incident that is declared already. */
  readonly incident: string;
  /** What the listeners were told: `step` when it began, `step: level` when it ended. */
  readonly progress: readonly string[];
  readonly results: readonly StepResult[];
  readonly logged: readonly string[];
  /** Runs a step for the incident. */
  run(step: string, inputs?: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<RunResult>;
  /** Plans a change and applies exactly that plan. @throws AssertionError when it was not planned */
  change(step: string, inputs?: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<RunResult>;
  /** Plans the way back from a change and applies it. @param event of the change */
  undo(event: string | undefined): Promise<RunResult>;
  /** The incident as another window reads it from the disk. */
  onDisk(): Promise<Incident>;
}

export async function buildRunner(directory: string, world: WorldOptions = {}): Promise<TestRunner> {
  const clock = world.clock ?? createClock();
  const ledger = buildLedger(directory, { clock });
  const { id: incident } = await ledger.declare(declaration());
  const runbook = world.runbook ?? bundledRunbook();
  const redactor = createRedactor(runbook.redaction);
  const nowhere = new AwsSession({ region: 'eu-central-1', endpoint: 'http://127.0.0.1:1' });
  const endpoints = new Endpoints(world.origins ?? {});
  const progress: string[] = [];
  const results: StepResult[] = [];
  const logged: string[] = [];
  const outbox = new Outbox({
    ledger, clock, wait,
    runbook: () => Promise.resolve(runbook),
    calls: (service) => Promise.resolve(world.calls?.[service]),
    origin: () => installationId(directory),
    isTrusted: () => world.trusted ?? true,
    log: (message) => { logged.push(message); },
  });
  const runner = new StepRunner({
    ledger, clock, wait: world.wait ?? wait,
    outgoing: {
      origin: () => installationId(directory),
      settle: (of, deliveries, signal) => outbox.settle(of, deliveries, signal),
      claim: async ({ id }, step) => {
        const { event, won } = await ledger.claimStep(id, { step, origin: await installationId(directory), until: iso(clock.now() + 60_000) });
        return won ? { won, release: async () => { await ledger.append(id, { type: 'step.released', claim: event.id }); } } : { won, by: 'Another window' };
      },
    },
    runbook: () => Promise.resolve(runbook),
    services: () => ({
      endpoints,
      aws: () => world.aws ?? nowhere,
      connections: { get: (service) => Promise.resolve(world.connections?.[service]) },
      databaseUrl: () => Promise.resolve(world.databaseUrl),
      redisUrl: () => Promise.resolve(world.redisUrl),
      tasks: world.tasks ?? { folder: () => undefined, start: () => Promise.reject(new Error('This test runs no program')), find: () => undefined },
      logStreams: world.logStreams ?? { start: () => Promise.reject(new Error('This test has no log stream')) },
    }),
    isTrusted: () => world.trusted ?? true,
    redact: () => redactor,
    log: (message, error) => { logged.push(`${message}: ${error instanceof Error ? error.message : String(error)}`); },
  });
  runner.onProgress(({ step, result }) => {
    progress.push(result === undefined ? step : `${step}: ${result.level}`);
    if (result !== undefined) {
      results.push(result);
    }
  });
  return {
    runner, ledger, incident, progress, results, logged,
    run: (step, inputs, signal = new AbortController().signal) => runner.run({ incident, step, inputs }, signal),
    change: async (step, inputs, signal = new AbortController().signal) => {
      const planned = await runner.run({ incident, step, inputs }, signal);
      assert.equal(planned.status, 'planned', planned.summary);
      return runner.run({ incident, step, inputs, approve: planned.plan?.hash }, signal);
    },
    undo: async (event = '') => {
      const { signal } = new AbortController();
      const planned = await runner.undo({ incident, event }, signal);
      assert.equal(planned.status, 'planned', planned.summary);
      return runner.undo({ incident, event, approve: planned.plan?.hash }, signal);
    },
    onDisk: () => buildLedger(directory).read(incident),
  };
}

/** The bundled runbook with some of its production environment changed. */
export function runbookWith(changes: Partial<Runbook['environments'][string]>): Runbook {
  const runbook = bundledRunbook();
  const { production, ...others } = runbook.environments;
  if (production === undefined) {
    throw new Error('The bundled runbook has no production environment');
  }
  return { ...runbook, environments: { production: { ...production, ...changes }, ...others } };
}
