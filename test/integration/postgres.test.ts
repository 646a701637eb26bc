import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { checkConnectivity } from '../../src/services/postgres.ts';
import { createCleanup } from '../practice/cleanup.ts';
import { type PracticeDatabase, startPostgres } from '../practice/postgres.ts';

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
