import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import pg from 'pg';
import { checkConnectivity } from '../../src/services/postgres.ts';
import { createCleanup } from '../practice/cleanup.ts';
import { type PracticeDatabase, startPostgres } from '../practice/postgres.ts';
import { until } from '../support/until.ts';

const TIMEOUTS = { connectMs: 5_000, statementMs: 5_000 };
const never = new AbortController().signal;

describe('checkConnectivity against a real PostgreSQL', () => {
  const cleanup = createCleanup(() => undefined);
  let folder: string;
  let database: PracticeDatabase;

  before(async function () {
    this.timeout(60_000);
    folder = await mkdtemp(join(tmpdir(), 'connectivity-'));
    database = await startPostgres(folder, cleanup, () => undefined);
  });

  after(async () => {
    await cleanup.run();
    await rm(folder, { recursive: true, force: true });
  });

  const withUrl = (change: (url: URL) => void): string => {
    const url = new URL(database.url);
    change(url);
    return url.href;
  };

  it('counts the connections in use', async () => {
    await database.set('healthy');
    const { code, connections, target } = await checkConnectivity(database.url, TIMEOUTS, never);
    assert.equal(code, 'ok');
    assert.ok(connections !== undefined && connections.used >= 1 && connections.used < connections.limit, JSON.stringify(connections));
    assert.equal(target, `${new URL(database.url).host}/${new URL(database.url).pathname.slice(1)}`);
  });

  it('finds that every slot is taken, and that one is free again', async () => {
    await database.set('exhausted');
    const refused = await checkConnectivity(database.url, TIMEOUTS, never);
    assert.equal(refused.code, '53300');
    assert.match(refused.problem ?? '', /every connection slot is taken \(sorry, too many clients already\)/);
    await database.set('healthy');
    assert.equal((await checkConnectivity(database.url, TIMEOUTS, never)).code, 'ok');
  });

  /** Runs something while a client with these settings is connected. */
  async function connected(change: (url: URL) => void, work: (client: pg.Client) => Promise<void>): Promise<void> {
    const client = new pg.Client({ connectionString: withUrl(change) });
    await client.connect();
    try {
      await work(client);
    } finally {
      await client.end();
    }
  }
  /** A connection that its client has ended keeps its place until the server has noticed. */
  async function calm(): Promise<void> {
    await database.set('healthy');
    await until('the connections that were given back', async () => (await checkConnectivity(database.url, TIMEOUTS, never)).connections?.used === 6);
  }
  const as = (user: string, application = '') => (url: URL): void => {
    url.username = user;
    url.searchParams.set('application_name', application);
  };

  it('says who holds the connections, by application, user and state, and how long a transaction has been idle', async () => {
    await calm();
    await connected(as('healthflow_app', 'healthflow-exports'), async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT 1');
      const { holders, connections } = await checkConnectivity(database.url, TIMEOUTS, never);
      assert.deepEqual(holders?.groups.map(({ application, user, state, count }) => [application, user, state, count]), [
        ['healthflow-backend', 'healthflow_app', 'idle', 4],
        ['healthflow-exports', 'healthflow_app', 'idle in transaction', 1],
        ['healthflow-reporting', 'healthflow_app', 'idle', 1],
      ]);
      assert.deepEqual([holders.hidden, holders.unlisted, holders.problem, connections?.used], [0, 0, undefined, 7]);
      assert.deepEqual(holders.groups.map(({ idleInTransactionS }) => typeof idleInTransactionS), ['undefined', 'number', 'undefined']);
    });
  });

  it('counts the connections of others for an ordinary role too, and says what it cannot see', async () => {
    await calm();
    await connected(as('postgres'), async (owner) => { await owner.query("CREATE ROLE ordinary LOGIN PASSWORD 'practice'"); });
    await calm();
    const { holders, connections } = await checkConnectivity(withUrl(as('ordinary')), TIMEOUTS, never);
    assert.deepEqual(holders?.groups, [
      { application: 'healthflow-backend', user: 'healthflow_app', state: undefined, count: 4 },
      { application: 'healthflow-reporting', user: 'healthflow_app', state: undefined, count: 1 },
    ]);
    assert.deepEqual([holders.hidden, connections], [5, { used: 6, limit: 20 }]);
  });

  it('is connected all the same when who holds the connections cannot be read', async () => {
    await calm();
    await connected(as('postgres'), async (owner) => {
      await owner.query('REVOKE SELECT ON pg_stat_activity FROM PUBLIC; GRANT SELECT (backend_type, datid, usesysid) ON pg_stat_activity TO PUBLIC');
      try {
        const { code, holders, connections } = await checkConnectivity(withUrl(as('ordinary')), TIMEOUTS, never);
        assert.deepEqual([code, connections?.limit, holders], ['ok', 20, { groups: [], unlisted: 0, hidden: 0, problem: 'permission denied for view pg_stat_activity' }]);
      } finally {
        await owner.query('GRANT SELECT ON pg_stat_activity TO PUBLIC');
      }
    });
  });

  it('finds a wrong password, and repeats none', async () => {
    const result = await checkConnectivity(withUrl((url) => { url.password = 'not-the-password'; }), TIMEOUTS, never);
    assert.equal(result.code, '28P01');
    assert.match(result.problem ?? '', /does not accept the user or password/);
    assert.doesNotMatch(JSON.stringify(result), /not-the-password/);
  });

  it('finds a database that does not exist', async () => {
    const result = await checkConnectivity(withUrl((url) => { url.pathname = '/nowhere'; }), TIMEOUTS, never);
    assert.deepEqual([result.code, result.problem], ['3D000', 'database "nowhere" does not exist']);
  });

  it('does not go on without TLS when TLS is asked for', async () => {
    const result = await checkConnectivity(withUrl((url) => { url.searchParams.set('sslmode', 'verify-full'); }), TIMEOUTS, never);
    assert.notEqual(result.code, 'ok');
    assert.match(result.problem ?? '', /SSL/i);
  });
});
