import { Socket } from 'node:net';
import { Client } from 'pg';
import { CancelledError, UserError, codeOf, messageOf } from '../errors.ts';
import { TOO_MANY_CONNECTIONS } from './postgres-codes.ts';

/** What came of a connection. A refusal by the server is a finding, not a failure of the check. */
export interface ConnectivityResult {
  /** `ok`, or the SQLSTATE or network code of what went wrong. */
  readonly code: string;
  /** From the call to the answer of `SELECT 1`, ms. */
  readonly latencyMs: number;
  readonly problem?: string;
  /** `host:port/database`, without user or password. */
  readonly target: string;
  readonly connections?: { readonly used: number; readonly limit: number };
  readonly holders?: ConnectionHolders;
}

/** Connections that have the same application, user and state. */
export interface ConnectionGroup {
  /** application_name as the client set it; empty when it set none. */
  readonly application: string;
  /** The role of the database. */
  readonly user: string;
  /** `active`, `idle`, `idle in transaction`, …; undefined when the role may not see it. */
  readonly state: string | undefined;
  readonly count: number;
  /** How long the longest of them has been idle in its transaction, s. */
  readonly idleInTransactionS?: number;
}

/** Who holds the connections, this check's own left out (runbook 12.1). */
export interface ConnectionHolders {
  /** The largest first, at most 25. */
  readonly groups: readonly ConnectionGroup[];
  /** Connections in groups that are not listed. */
  readonly unlisted: number;
  /** Connections whose state the role may not see: it lacks pg_read_all_stats. */
  readonly hidden: number;
  /** Why they could not be read; then there is nothing else. */
  readonly problem?: string;
}

/** So many groups are listed. */
const GROUPS = 25;

/** Client connections. A role without pg_read_all_stats is not shown the kind of the backends of others. */
const IS_CLIENT = "coalesce(backend_type = 'client backend', datid IS NOT NULL AND usesysid IS NOT NULL)";
const HIDDEN = "(query = '<insufficient privilege>')";

const HOLDERS = `
  SELECT coalesce(application_name, '') AS application, coalesce(usename::text, '') AS "user", state, ${HIDDEN} AS hidden, count(*)::int AS count,
    (extract(epoch FROM max(clock_timestamp() - state_change) FILTER (WHERE state LIKE 'idle in transaction%')))::int AS idle
  FROM pg_stat_activity WHERE ${IS_CLIENT} AND pid <> pg_backend_pid()
  GROUP BY 1, 2, 3, 4 ORDER BY count DESC, 1, 2, 3`;

/**
 * Connects, asks `SELECT 1`, how many connections are in use and who holds them, and disconnects (runbook 5.2, 12.1). TLS is verified
 * when the connection string asks for TLS, never silently skipped.
 *
 * @param timeouts ms
 * @throws UserError when the connection string cannot be read; CancelledError when the signal fires
 */
export async function checkConnectivity(connectionString: string, timeouts: { connectMs: number; statementMs: number }, signal: AbortSignal): Promise<ConnectivityResult> {
  const target = describeTarget(connectionString);
  if (signal.aborted) {
    throw new CancelledError();
  }
  const started = performance.now();
  const elapsed = (): number => Math.round(performance.now() - started);
  const socket = new Socket();
  const client = new Client({
    connectionString,
    stream: () => socket,
    application_name: 'incident-runbook',
    connectionTimeoutMillis: timeouts.connectMs,
    statement_timeout: timeouts.statementMs,
    query_timeout: timeouts.statementMs + 1_000,
  });
  // A connection that breaks later emits; without a listener it would end the process.
  client.on('error', () => undefined);
  // A polite end would wait for a server that does not answer.
  const cancel = (): void => { socket.destroy(); };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    await client.connect();
    await client.query('SELECT 1');
    const latencyMs = elapsed();
    const usage = await client.query<{ used: number; max: number }>(
      `SELECT (SELECT count(*)::int FROM pg_stat_activity WHERE ${IS_CLIENT}) AS used, current_setting('max_connections')::int AS max`,
    );
    const row = usage.rows[0];
    return { code: 'ok', latencyMs, target, ...(row === undefined ? {} : { connections: { used: row.used, limit: row.max } }), holders: await holdersOf(client, signal) };
  } catch (error) {
    if (signal.aborted) {
      throw new CancelledError();
    }
    const code = causeOf(error);
    return { code, latencyMs: elapsed(), target, problem: explain(error, code, timeouts) };
  } finally {
    signal.removeEventListener('abort', cancel);
    await client.end().catch(() => undefined);
  }
}

interface HolderRow {
  readonly application: string;
  readonly user: string;
  readonly state: string | null;
  readonly hidden: boolean | null;
  readonly count: number;
  readonly idle: number | null;
}

/** The database is reached: that this one question fails is not a failure of the check. */
async function holdersOf(client: Client, signal: AbortSignal): Promise<ConnectionHolders> {
  let rows: readonly HolderRow[];
  try {
    ({ rows } = await client.query<HolderRow>(HOLDERS));
  } catch (error) {
    if (signal.aborted) {
      throw error;
    }
    return { groups: [], unlisted: 0, hidden: 0, problem: messageOf(error) };
  }
  const count = (some: readonly HolderRow[]): number => some.reduce((sum, row) => sum + row.count, 0);
  return {
    groups: rows.slice(0, GROUPS).map(({ application, user, state, hidden, count: number, idle }) => ({
      application, user, state: hidden === true ? undefined : state ?? '', count: number, ...(idle === null ? {} : { idleInTransactionS: idle }),
    })),
    unlisted: count(rows.slice(GROUPS)),
    hidden: count(rows.filter(({ hidden }) => hidden === true)),
  };
}

function describeTarget(connectionString: string): string {
  if (!URL.canParse(connectionString) || !/^postgres(ql)?:$/.test(new URL(connectionString).protocol)) {
    throw new UserError('The database connection string is not a URL like postgres://user:password@host:5432/database. Set it again with "Incident: Set Database Connection".', {
      action: { title: 'Set database connection', command: 'incidentRunbook.setDatabaseConnection' },
    });
  }
  const url = new URL(connectionString);
  return `${url.hostname}:${url.port === '' ? '5432' : url.port}${url.pathname}`;
}

/** The SQLSTATE, the network code, or what the driver says without one. */
function causeOf(error: unknown): string {
  return codeOf(error) ?? (/timeout/i.test(messageOf(error)) ? 'ETIMEDOUT' : 'unknown');
}

function explain(error: unknown, code: string, timeouts: { connectMs: number; statementMs: number }): string {
  switch (code) {
    case TOO_MANY_CONNECTIONS: return `every connection slot is taken (${messageOf(error)})`;
    case '57014': return `SELECT 1 took longer than ${timeouts.statementMs} ms`;
    case '57P03': return `the server is not accepting connections yet (${messageOf(error)})`;
    case '28P01':
    case '28000': return `the server does not accept the user or password (${messageOf(error)})`;
    case '3D000': return messageOf(error);
    case 'ECONNREFUSED': return 'the server refuses connections: it is down, or not on that port';
    case 'ENOTFOUND': return 'the host name does not resolve';
    case 'ETIMEDOUT': return `no connection within ${timeouts.connectMs} ms`;
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'the TLS certificate could not be verified: add sslrootcert=<RDS CA bundle> to the connection string';
    default: return messageOf(error);
  }
}
