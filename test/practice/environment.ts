import { systemClock, type Clock } from '../../src/incident/clock.ts';
import { startApi, type PracticeApi } from './api.ts';
import { startAws, type PracticeAws } from './aws.ts';
import { Barriers } from './barriers.ts';
import { allStarted, createCleanup, type Cleanup } from './cleanup.ts';
import type { PracticeConnections } from './connections.ts';
import { answerControl, type PracticeControl } from './control.ts';
import { createIncidentModel, STORY, type PracticeState } from './model.ts';
import { startPostgres, type PracticeDatabase } from './postgres.ts';
import { createRandom } from './random.ts';
import { startCache } from './redis.ts';
import { API_ORIGIN, CACHE, REGION } from './resources.ts';
import { startServices, type PracticeServices } from './services.ts';

export interface PracticeOptions {
  /** Scratch folder for the data of PostgreSQL and the certificate of Redis; created when missing. */
  readonly dir: string;
  /** Times of all data; within 2 h of the real time, beyond which CloudWatch Logs rejects entries. */
  readonly clock?: Clock;
  /** How often the incident produces new data, ms. Default 5000. */
  readonly tickMs?: number;
  /** Default "exhausted". */
  readonly state?: PracticeState;
  /** ms a rollout or a database modification takes. Default 20 000. */
  readonly rolloutMs?: number;
  /** Whether a completed restart of the backend ends the incident. Default true. */
  readonly restartHeals?: boolean;
  /** Whether the settings lead the extension to the outside services. They run in either case. Default true. */
  readonly connected?: boolean;
  readonly log?: (line: string) => void;
}

export interface Practice {
  /** The emulated AWS: our proxy in front of moto. */
  readonly awsEndpoint: string;
  /** http origin of the HealthFlow API. */
  readonly apiOrigin: string;
  /** Production origin → origin that stands in for it: the API, the three portals and the cache. */
  readonly origins: Readonly<Record<string, string>>;
  /** Connects as a role that is no superuser; in state "exhausted" that fails with SQLSTATE 53300. */
  readonly databaseUrl: string;
  /** Connection string of the cache, which the settings put in the place of the runbook's. */
  readonly redisUrl: string;
  /** What the extension needs to reach GitHub, Slack and the other outside services, as ada on GitHub. */
  readonly connections: PracticeConnections;
  /** Environment of the processes that use it. Without AWS_ENDPOINT_URL: that comes from the settings. */
  readonly env: Readonly<Record<string, string>>;
  /** VS Code machine settings. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The same for one of several who practise together. @param login on GitHub @param name on the timeline */
  settingsOf(login: string, name: string): Readonly<Record<string, unknown>>;
  readonly control: PracticeControl;
  /** Ends every process and connection. */
  stop(): Promise<void>;
}

/** Every practice tells the same story. */
const SEED = 20_251_012;

/**
 * Starts the emulated HealthFlow production with a connection-pool exhaustion under way. Takes a few seconds. When a
 * part does not start, everything already started is stopped, and the error says what to do.
 */
export async function startPractice(options: PracticeOptions): Promise<Practice> {
  const log = options.log ?? (() => undefined);
  const cleanup = createCleanup(log);
  try {
    return await start(options, log, cleanup);
  } catch (error) {
    await cleanup.run().catch((failure: unknown) => log(String(failure)));
    throw error;
  }
}

async function start(options: PracticeOptions, log: (line: string) => void, cleanup: Cleanup): Promise<Practice> {
  const clock = options.clock ?? systemClock;
  const initial = options.state ?? 'exhausted';
  const startedAt = clock.now();
  const deployedAt = startedAt - STORY.deployedMinutesAgo * 60_000;
  const random = createRandom(SEED);
  const model = createIncidentModel(startedAt, initial, random);

  const heal = (): void => {
    if (options.restartHeals !== false) {
      control.state('healthy').catch((error: unknown) => log(`The restart could not end the incident: ${String(error)}`));
    }
  };
  const [aws, database, cache, api, services] = await allStarted(
    startAws({
      clock, model, random, deployedAt,
      rolloutMs: options.rolloutMs ?? 20_000,
      onRestarted: heal,
      control: (request, response, body) => answerControl(control, request, response, body),
    }, cleanup),
    startDatabase(options.dir, initial, cleanup, log),
    startCache(options.dir, clock, cleanup),
    startApi({ state: () => model.state, deployedAt }, cleanup),
    startServices({ clock, model, deployedAt }, cleanup),
  );
  const control = createControl(aws, database, api, services);
  keepTicking(control, options.tickMs ?? 5000, cleanup, log);

  const origins = { ...api.origins, [`redis://${CACHE.host}:${CACHE.port}`]: cache.place };
  const settings = {
    'incidentRunbook.aws.endpoint': aws.endpoint,
    'incidentRunbook.endpoints': origins,
    ...(options.connected === false ? {} : { 'incidentRunbook.practice': aws.endpoint }),
  };
  return {
    awsEndpoint: aws.endpoint,
    apiOrigin: api.origins[API_ORIGIN] ?? '',
    origins,
    databaseUrl: database.url,
    redisUrl: cache.url,
    connections: services.connections(),
    env: {
      AWS_ACCESS_KEY_ID: 'practice',
      AWS_SECRET_ACCESS_KEY: 'practice',
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_EC2_METADATA_DISABLED: 'true',
      DATABASE_URL: database.url,
      REDIS_URL: cache.url,
    },
    settings,
    settingsOf: (login, name) => ({ ...settings, 'incidentRunbook.practice': `${aws.endpoint}?as=${login}`, 'incidentRunbook.responder': name }),
    control,
    stop: () => cleanup.run(),
  };
}

async function startDatabase(
  dir: string, state: PracticeState, cleanup: Cleanup, log: (line: string) => void,
): Promise<PracticeDatabase> {
  const database = await startPostgres(dir, cleanup, log);
  await database.set(state);
  return database;
}

function createControl(aws: PracticeAws, database: PracticeDatabase, api: PracticeApi, services: PracticeServices): PracticeControl {
  // One after the other: a tick in the middle of a switch would write data of both states.
  let last: Promise<void> = Promise.resolve();
  const queue = (work: () => Promise<void>): Promise<void> => (last = last.catch(() => undefined).then(work));
  return {
    calls: () => aws.calls.list(),
    clearCalls: () => aws.calls.clear(),
    fault: (fault) => aws.faults.add(fault),
    clearFaults: () => aws.faults.clear(),
    api: (change) => api.change(change),
    database: (state) => queue(() => database.set(state)),
    state: (state) => queue(async () => {
      await database.set(state);
      await aws.incident.change(state);
      services.change();
    }),
    rollout: (behaviour) => aws.behave(behaviour),
    certificates: aws.certificates,
    logs: aws.logs,
    tick: () => queue(async () => {
      services.tick();
      await Promise.all([aws.incident.tick(), database.refresh()]);
    }),
    services,
    barriers: new Barriers(),
  };
}

function keepTicking(control: PracticeControl, tickMs: number, cleanup: Cleanup, log: (line: string) => void): void {
  let current: Promise<void> | undefined;
  const timer = setInterval(() => {
    current ??= control.tick()
      .catch((error: unknown) => log(`The practice incident missed a tick: ${String(error)}`))
      .finally(() => {
        current = undefined;
      });
  }, tickMs);
  cleanup.defer('ticks', async () => {
    clearInterval(timer);
    await current;
  });
}
