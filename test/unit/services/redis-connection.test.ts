import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import { Endpoints } from '../../../src/services/endpoints.ts';
import { connectionStringProblem, memberConnection, redisConnection } from '../../../src/services/redis-connection.ts';

const RUNBOOK = { host: 'cache.example.org', port: 6379 };
const DIRECT = new Endpoints({});
const TUNNEL = new Endpoints({ 'redis://Cache.example.org:6379': 'rediss://127.0.0.1:7000' });

describe('the connection of a cache', () => {
  it('asks what the runbook names, over TLS, when this machine holds no password', () => {
    assert.deepEqual(redisConnection(RUNBOOK, DIRECT, undefined), { host: 'cache.example.org', port: 6379, tls: true, endpoint: 'cache.example.org:6379', identity: 'cache.example.org', database: 0 });
    assert.equal(redisConnection({ ...RUNBOOK, tls: false }, DIRECT, undefined).tls, false);
  });

  it('reads user, password, database and authority, with what is escaped in them', () => {
    const { username, password, database, caFile, port } = redisConnection({ ...RUNBOOK, database: 3 }, DIRECT, 'rediss://ops%40x:p%2Fw%23%3F%25@CACHE.example.org/3?sslrootcert=%2Fetc%2Fca.pem');
    assert.deepEqual({ username, password, database, caFile, port }, { username: 'ops@x', password: 'p/w#?%', database: 3, caFile: '/etc/ca.pem', port: 6379 });
  });

  for (const [what, url, identity] of [
    ['the certificate of the place it is led to', 'rediss://:p@127.0.0.1:7000', '127.0.0.1'],
    ['the certificate of the named host behind a tunnel', 'rediss://:p@cache.example.org:6379', 'cache.example.org'],
  ] as const) {
    it(`checks ${what}`, () => {
      const { host, port, identity: checked, endpoint } = redisConnection(RUNBOOK, TUNNEL, url);
      assert.deepEqual({ host, port, checked, endpoint }, { host: '127.0.0.1', port: 7000, checked: identity, endpoint: 'cache.example.org:6379' });
    });
  }

  for (const [what, redis, endpoints, url, says] of [
    ['another host', RUNBOOK, DIRECT, 'rediss://:s3cr3t@other.example.org:6379', /is for other\.example\.org:6379, and the runbook names cache\.example\.org:6379/],
    ['another port', RUNBOOK, DIRECT, 'rediss://:s3cr3t@cache.example.org:6380', /is for cache\.example\.org:6380/],
    ['a host that only looks alike', RUNBOOK, DIRECT, 'rediss://:s3cr3t@cache.example.org.evil.example:6379', /evil\.example/],
    ['a place that no setting of this machine names', RUNBOOK, TUNNEL, 'rediss://:s3cr3t@127.0.0.1:7001', /is for 127\.0\.0\.1:7001/],
    ['a password without TLS', RUNBOOK, DIRECT, 'redis://:s3cr3t@cache.example.org:6379', /unencrypted/],
    ['a password without TLS by way of a place with TLS', { ...RUNBOOK, tls: false }, TUNNEL, 'redis://:s3cr3t@127.0.0.1:7000', /unencrypted/],
    ['another database', RUNBOOK, DIRECT, 'rediss://:s3cr3t@cache.example.org:6379/2', /for database 2, and the runbook names database 0/],
    ['what is no URL', RUNBOOK, DIRECT, 'rediss://u:s3cr3t/x@cache.example.org', /no URL.*%2F/],
  ] as const) {
    it(`refuses ${what}, without the password`, () => {
      assert.throws(() => redisConnection(redis, endpoints, url), (error: UserError) =>
        error instanceof UserError && says.test(error.message) && !error.message.includes('s3cr3t') && error.action?.command === 'incidentRunbook.setRedisConnection');
    });
  }

  for (const [text, says] of [
    ['rediss://user:p@host:6379/0?sslrootcert=/ca.pem', undefined],
    ['redis://host', undefined],
    ['postgres://host', /begins with rediss/],
    ['rediss://u:12#34@host', /%2F, %23 and %3F/],
    ['rediss://u:12/34@host', /%2F, %23 and %3F/],
    ['rediss://u:12?34@host', /%2F, %23 and %3F/],
    ['rediss://host/0?tls=no', /only the number of the database/],
    ['rediss://user@host', /a user and no password/],
    ['rediss://:50%off@host', /%25/],
    ['rediss://', /no URL|no host/],
  ] as const) {
    it(`finds ${says === undefined ? 'nothing wrong with' : 'what is wrong with'} ${text}`, () => {
      const problem = connectionStringProblem(text);
      assert.ok(says === undefined ? problem === undefined : says.test(problem ?? ''), problem);
      assert.doesNotMatch(problem ?? '', /12.34|34@/);
    });
  }

  it('asks the other servers of a cluster with the same credentials and protection', () => {
    const connection = redisConnection(RUNBOOK, new Endpoints({ 'redis://10.0.0.2:6379': 'redis://127.0.0.1:7002' }), 'rediss://u:p@cache.example.org:6379');
    const endpoints = new Endpoints({ 'redis://10.0.0.2:6379': 'redis://127.0.0.1:7002' });
    const { host, port, tls, identity, endpoint, password } = memberConnection(connection, { host: '10.0.0.2', port: 6379 }, endpoints);
    assert.deepEqual({ host, port, tls, identity, endpoint, password }, { host: '127.0.0.1', port: 7002, tls: true, identity: '10.0.0.2', endpoint: '10.0.0.2:6379', password: 'p' });
  });

  for (const [from, to] of [['redis://cache:6379', 'https://elsewhere'], ['redis://cache:6379', 'rediss://u:s3cr3t@elsewhere'], ['redis://cache:6379', 'rediss://elsewhere/2']] as const) {
    it(`refuses the setting ${from} → ${to.replace('s3cr3t', '…')}`, () => {
      assert.throws(() => new Endpoints({ [from]: to }), (error: UserError) => error instanceof UserError && error.message.includes('incidentRunbook.endpoints["redis://cache:6379"]') && !error.message.includes('s3cr3t'));
    });
  }
});
