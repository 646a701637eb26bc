import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'mocha';
import { CancelledError, UserError } from '../../../src/errors.ts';
import { checkConnectivity } from '../../../src/services/postgres.ts';
import { usePostgresStubs } from '../../support/postgres-stub.ts';

const TIMEOUTS = { connectMs: 5_000, statementMs: 5_000 };
const never = new AbortController().signal;

/** Of the server → the words of the check. */
const REFUSALS: readonly (readonly [code: string, message: string, problem: RegExp])[] = [
  ['53300', 'sorry, too many clients already', /^every connection slot is taken \(sorry, too many clients already\)$/],
  ['57P03', 'the database system is starting up', /^the server is not accepting connections yet/],
  ['28P01', 'password authentication failed for user "app"', /^the server does not accept the user or password/],
  ['28000', 'no pg_hba.conf entry', /^the server does not accept the user or password/],
  ['3D000', 'database "portal" does not exist', /^database "portal" does not exist$/],
  ['XX000', 'something else', /^something else$/],
];

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const address = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return typeof address === 'object' && address !== null ? address.port : assert.fail();
}

describe('checkConnectivity', () => {
  const postgres = usePostgresStubs();

  it('connects, asks, and says how many connections are in use', async () => {
    const url = await postgres({ kind: 'usage', used: 42, max: 100 });
    const result = await checkConnectivity(url, TIMEOUTS, never);
    assert.deepEqual([result.code, result.problem, result.connections], ['ok', undefined, { used: 42, limit: 100 }]);
    assert.equal(result.target, `${new URL(url).host}/portal`);
  });

  for (const [code, message, problem] of REFUSALS) {
    it(`finds SQLSTATE ${code}`, async () => {
      const result = await checkConnectivity(await postgres({ kind: 'refuse', code, message }), TIMEOUTS, never);
      assert.equal(result.code, code);
      assert.match(result.problem ?? '', problem);
    });
  }

  it('finds a statement that takes too long', async () => {
    const result = await checkConnectivity(await postgres({ kind: 'fail', code: '57014', message: 'canceling statement' }), { ...TIMEOUTS, statementMs: 300 }, never);
    assert.deepEqual([result.code, result.problem], ['57014', 'SELECT 1 took longer than 300 ms']);
  });

  it('finds a port where nothing listens', async () => {
    const result = await checkConnectivity(`postgres://app:hunter2hunter2@127.0.0.1:${await closedPort()}/portal`, TIMEOUTS, never);
    assert.deepEqual([result.code, result.problem], ['ECONNREFUSED', 'the server refuses connections: it is down, or not on that port']);
  });

  it('finds a server that does not answer', async () => {
    const result = await checkConnectivity(await postgres({ kind: 'silent' }), { ...TIMEOUTS, connectMs: 100 }, never);
    assert.deepEqual([result.code, result.problem], ['ETIMEDOUT', 'no connection within 100 ms']);
  });

  it('says neither user nor password', async () => {
    for (const behaviour of [{ kind: 'usage', used: 1, max: 9 }, { kind: 'refuse', code: '28P01', message: 'no' }] as const) {
      assert.doesNotMatch(JSON.stringify(await checkConnectivity(await postgres(behaviour), TIMEOUTS, never)), /app|hunter2/);
    }
  });

  it('is cancelled at once, also when the server never answers', async () => {
    const url = await postgres({ kind: 'silent' });
    const abort = new AbortController();
    const check = checkConnectivity(url, { connectMs: 600_000, statementMs: 600_000 }, abort.signal);
    setImmediate(() => { abort.abort(); });
    await assert.rejects(check, CancelledError);
    await assert.rejects(checkConnectivity(url, TIMEOUTS, abort.signal), CancelledError);
  });

  for (const url of ['', 'db.internal:5432', 'mysql://app@db/portal', 'host=db user=app']) {
    it(`asks for a connection string instead of "${url}"`, async () => {
      await assert.rejects(checkConnectivity(url, TIMEOUTS, never), (error: UserError) =>
        error instanceof UserError && error.message.includes('postgres://') && error.action?.command === 'incidentRunbook.setDatabaseConnection');
    });
  }
});
