/** Clearing the cache (runbook 6.1) on real Redis servers: over TLS, with users, as a cluster and as a replica. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type Socket, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createClient } from '@redis/client';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { systemClock } from '../../src/incident/clock.ts';
import { foldChanges } from '../../src/incident/changes.ts';
import { type Cleanup, createCleanup } from '../practice/cleanup.ts';
import { type PracticeCache, SEEDED_KEYS, startCache } from '../practice/redis.ts';
import { startRedisServer } from '../practice/redis-server.ts';
import { type TestRunner, type WorldOptions, buildRunner, runbookWith } from '../support/build-runner.ts';
import { closedPort } from '../support/closed-port.ts';
import { Certificates } from '../support/make-certificates.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const PASSWORD = 'practice';
const NAMED = 'redis://cache.healthflow.internal:6379';
const HOST = 'cache.healthflow.internal';

/** A client of our own, as the administrator. */
async function admin(port: number, ca?: string) {
  const client = createClient({
    socket: { host: '127.0.0.1', port, reconnectStrategy: false, ...(ca === undefined ? {} : { tls: true as const, ca }) }, ...(ca === undefined ? {} : { password: PASSWORD }),
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
type Admin = Awaited<ReturnType<typeof admin>>;

async function keysOf(client: Admin, database = 0): Promise<string[]> {
  await client.select(database);
  const keys = await client.keys('*');
  await client.select(0);
  return keys.sort();
}

const secretsIn = async ({ onDisk, logged }: TestRunner): Promise<boolean> => JSON.stringify([(await onDisk()).events, logged]).includes('tops3cret');

describe('clearing the cache', function () {
  this.timeout(20_000);
  const folder = useTemporaryFolder();
  let dir = '';
  let cleanup: Cleanup;
  let cache: PracticeCache;
  let port = 0;
  let ca = '';
  let redis: Admin;
  let world: WorldOptions;

  before(async function () {
    dir = await mkdtemp(path.join(os.tmpdir(), 'cache-'));
    cleanup = createCleanup(() => undefined);
    cache = await startCache(dir, systemClock, cleanup);
    const url = new URL(cache.url);
    port = Number(url.port);
    ca = readFileSync(url.searchParams.get('sslrootcert') ?? '', 'utf8');
    redis = await admin(port, ca);
    cleanup.defer('administrator', () => Promise.resolve(redis.destroy()));
    world = { redisUrl: cache.url, origins: { [NAMED]: cache.place } };
  });
  after(async () => {
    await cleanup?.run();
    await rm(dir, { recursive: true, force: true });
  });

  const as = (user: string, password: string, options = new URL(cache.url).search): string => `rediss://${user}:${password}@127.0.0.1:${port}/0${options}`;
  const seeded = (...left: readonly (keyof typeof SEEDED_KEYS)[]): string[] =>
    left.flatMap((prefix) => Array.from({ length: SEEDED_KEYS[prefix] }, (_unused, index) => `${prefix}${String(index + 1).padStart(5, '0')}`)).sort();

  describe('in the practice environment', () => {
    let saved: { key: string; database: number }[] = [];
    beforeEach(async () => {
      saved = [...(await keysOf(redis)).map((key) => ({ key, database: 0 })), ...(await keysOf(redis, 1)).map((key) => ({ key, database: 1 }))];
    });
    afterEach(async () => {
      await redis.flushDb();
      await Promise.all(saved.filter(({ database }) => database === 0).map(({ key }) => redis.set(key, 'practice')));
    });

    it('removes the keys with the runbook\'s prefix and leaves the others', async () => {
      const built = await buildRunner(folder(), world);
      const result = await built.change('clearCache');
      assert.equal(result.status, 'done', result.summary);
      assert.equal(result.summary, '300 of 300 keys removed; none is there now');
      assert.deepEqual(await keysOf(redis), seeded('session:', 'rate:'));
      assert.equal((await keysOf(redis, 1)).length, 15);
    });

    it('shows before what there is, without a key and without counts in what is approved', async () => {
      const { run } = await buildRunner(folder(), world);
      const { plan, summary, status } = await run('clearCache', { prefix: 'cache:prescription:' });
      assert.equal(status, 'planned', summary);
      assert.equal(summary, `Remove every key that begins with "cache:prescription:" from database 0 of ${HOST}:6379: 240 keys now`);
      assert.deepEqual(plan?.differences, [{ name: 'Keys that begin with cache:prescription:', before: '240', after: '0' }, { name: 'Other keys in database 0', before: '220', after: 'stay' }]);
      assert.deepEqual(Object.keys(plan.before), ['endpoint', 'database', 'mode', 'servers']);
      assert.match(plan.details ?? '', /cache\\:.*300/);
      assert.match(plan.details ?? '', /session\\:.*120/);
      assert.match(plan.details ?? '', /noeviction/);
      assert.doesNotMatch(JSON.stringify(plan), /:00001|practice@|:practice/);
      assert.deepEqual(plan.hazards.map(({ level }) => level), ['note', 'note', 'note']);
      assert.ok(plan.hazards.some(({ text }) => text.includes('database 1 (15 keys)')));
      assert.match(plan.command, /^redis-cli --tls -h cache\.healthflow\.internal -p 6379 --user responder --scan --pattern 'cache:prescription:\*' \| xargs -r -d '\\n' -n 500 redis-cli .* UNLINK$/);
      assert.equal(plan.undo.possible, false);
      assert.equal((await keysOf(redis)).length, 460);
      await redis.set('cache:prescription:one-more', 'practice');
      const again = await run('clearCache', { prefix: 'cache:prescription:' });
      assert.equal(again.plan?.differences[0]?.before, '241');
      assert.deepEqual(again.plan.before, plan.before, 'what is approved stays the same while the application goes on caching');
    });

    it('warns of a prefix that the runbook does not call harmless', async () => {
      const { run } = await buildRunner(folder(), world);
      const { plan } = await run('clearCache', { prefix: 'session:' });
      assert.deepEqual(plan?.hazards.filter(({ level }) => level === 'danger').map(({ text }) => /"session:" is none of the prefixes .*\(cache:\).*logged out/.test(text)), [true]);
    });

    it('takes a prefix literally, whatever it holds, and keys that are no text', async () => {
      const literal = ['cache:[a]*x', 'cache:[a]*'];
      const binary = Buffer.from([...Buffer.from('cache:[a]*'), 0xff, 0x00, 0xfe]);
      await Promise.all([...literal, 'cache:ax', 'cache:a', 'cache:[a]x', 'cache:\\[a]*'].map((key) => redis.set(key, 'x')));
      await redis.set(binary, 'x');
      const others = (await keysOf(redis)).filter((key) => !key.startsWith('cache:[a]*'));
      const { change } = await buildRunner(folder(), world);
      const result = await change('clearCache', { prefix: 'cache:[a]*' });
      assert.equal(result.summary, '3 of 3 keys removed; none is there now');
      assert.deepEqual(await keysOf(redis), others);
      for (const [prefix, key] of [['cache:\\[a]*', 'cache:\\[a]*'], ['cache:a', 'cache:a']] as const) {
        await change('clearCache', { prefix });
        assert.equal(await redis.exists(key), 0);
      }
      assert.equal(await redis.exists('cache:[a]x'), 1);
    });

    it('empties the database only for its typed name, and only that database', async () => {
      const { run, change } = await buildRunner(folder(), world);
      for (const [inputs, says] of [
        [{ everything: 'cache.healthflow' }, /must be cache\.healthflow\.internal, not "cache\.healthflow"/],
        [{ everything: '127.0.0.1' }, /must be cache\.healthflow\.internal/],
        [{ everything: HOST, prefix: 'cache:' }, /not both/],
        [{ prefix: '*' }, /"\*" is no prefix/],
        [{ prefix: '' }, /"prefix" must be a text that is not empty/],
        [{ prefix: 'cache:*' }, /none of the 460 keys .* taken literally/],
        [{ prefix: 'nothing:' }, /There is nothing to clear: none of the 460 keys/],
      ] as const) {
        const refused = await run('clearCache', inputs);
        assert.equal(refused.status, 'refused');
        assert.match(refused.summary, says);
      }
      assert.equal((await keysOf(redis)).length, 460);
      const result = await change('clearCache', { everything: HOST });
      assert.equal(result.status, 'done', result.summary);
      assert.equal(result.summary, '460 of 460 keys removed; none is there now');
      assert.deepEqual([await keysOf(redis), (await keysOf(redis, 1)).length], [[], 15]);
    });

    it('names what everything takes with it', async () => {
      const { run } = await buildRunner(folder(), world);
      const { plan } = await run('clearCache', { everything: HOST });
      const danger = plan?.hazards.filter(({ level }) => level === 'danger') ?? [];
      assert.equal(danger.length, 1);
      assert.match(danger[0]?.text ?? '', /in a sample there are session: \(120\), rate: \(40\)\. Sessions log people out.*Prefer a prefix: cache:\./);
      assert.match(plan?.command ?? '', / FLUSHDB ASYNC$/);
    });

    it('is not made on another server than the one that was shown', async () => {
      const other = await startCache(folder(), systemClock, cleanup);
      const first = await buildRunner(folder(), world);
      const planned = await first.run('clearCache');
      const second = await buildRunner(folder(), { redisUrl: other.url, origins: { [NAMED]: other.place } });
      const result = await second.runner.run({ incident: first.incident, step: 'clearCache', approve: planned.plan?.hash ?? '' }, new AbortController().signal);
      assert.equal(result.status, 'refused');
      assert.match(result.summary, /^Not applied: since the plan was shown, something has changed \(servers\)/);
      assert.equal((await keysOf(redis)).length, 460);
    });

    for (const [what, prefix, state, says] of [
      ['before it was made', 'cache:', 'unclear', /^300 keys are there that begin with "cache:"\. Whether they are old or new cannot be told/],
      ['after it was made', 'cache:', 'done', /No key is there that begins with "cache:"/],
    ] as const) {
      it(`tells the truth after a crash ${what}`, async () => {
        const first = await buildRunner(folder(), world);
        const planned = await first.run('clearCache', { prefix });
        await first.ledger.append(first.incident, { type: 'change.requested', plan: planned.change ?? '', hash: planned.plan?.hash ?? '', origin: 'gone' });
        if (state === 'done') {
          await redis.unlink(seeded('cache:pharmacy:', 'cache:prescription:'));
        }
        const second = await buildRunner(folder(), world);
        const result = await second.runner.followUp(first.incident, planned.change ?? '', new AbortController().signal);
        assert.match(result?.summary ?? '', says);
        assert.equal(foldChanges((await first.onDisk()).events)[0]?.state, state);
        assert.equal((await keysOf(redis)).length, state === 'done' ? 160 : 460);
      });
    }

    it('says what a user must not do, and that it did not happen', async () => {
      await redis.sendCommand(['ACL', 'SETUSER', 'reader', 'on', '>tops3cret', '~*', '+ping', '+info', '+dbsize', '+scan', '+select']);
      const built = await buildRunner(folder(), { ...world, redisUrl: as('reader', 'tops3cret') });
      const result = await built.change('clearCache');
      assert.equal(result.status, 'failed');
      assert.match(result.summary, /could not remove keys: the user of "reader" must not do that \(.*unlink.*\)\. 0 keys had been removed by then\. 300 keys are there/);
      assert.equal((await keysOf(redis)).length, 460);
      assert.equal(await secretsIn(built), false);
    });
  });

  describe('when it cannot be asked', () => {
    const refused = async (options: Partial<WorldOptions>, says: RegExp): Promise<void> => {
      const built = await buildRunner(folder(), { ...world, ...options });
      const result = await built.run('clearCache');
      assert.equal(result.status, 'refused', result.summary);
      assert.match(result.summary, says);
      assert.equal(await secretsIn(built), false);
      assert.doesNotMatch(result.summary, /tops3cret/);
    };

    it('says that the password is wrong', () => refused({ redisUrl: as('responder', 'tops3cret') }, /does not accept the user or the password of "responder"/));
    it('says that a password is missing', async () => {
      const server = await startRedisServer({ dir, config: [`requirepass ${PASSWORD}`] }, cleanup);
      const { redisUrl: _none, ...without } = world;
      const built = await buildRunner(folder(), { ...without, runbook: runbookWith({ redis: { host: '127.0.0.1', port: server.port, tls: false } }) });
      const result = await built.run('clearCache', { prefix: 'cache:' });
      assert.match(result.summary, /asks for a password, and this machine has none for it/);
      assert.deepEqual(result.fix?.command, 'incidentRunbook.setRedisConnection');
    });
    it('says that the certificate is not trusted', () => refused({ redisUrl: as('responder', 'tops3cret', '') }, /signed by nobody this machine trusts, so nothing was sent\. Add \?sslrootcert=/));
    it('says that the certificate is for another name', () => refused({
      redisUrl: cache.url.replace('127.0.0.1', 'localhost'), origins: { [NAMED]: `rediss://localhost:${port}` },
    }, /certificate is not for localhost, so nothing was sent/));
    it('says that nobody listens', async () => {
      const closed = await closedPort();
      await refused({ redisUrl: `redis://:tops3cret@127.0.0.1:${closed}`, origins: { [NAMED]: `redis://127.0.0.1:${closed}` } }, /\(by way of 127\.0\.0\.1:\d+\) could not be asked: it refuses connections/);
    });
    it('says that the server speaks TLS only', () => refused({ redisUrl: `redis://:tops3cret@127.0.0.1:${port}`, origins: { [NAMED]: `redis://127.0.0.1:${port}` } }, /speaks TLS only/));
    it('says that the file of the authority is missing', () => refused({ redisUrl: as('responder', 'tops3cret', '?sslrootcert=/nowhere/ca.pem') }, /cannot be read \(ENOENT\): \/nowhere\/ca\.pem/));

    it('reaches the named server through a tunnel, by the name that its certificate bears', async () => {
      const { run } = await buildRunner(folder(), { ...world, redisUrl: cache.url.replace(`127.0.0.1:${port}`, `${HOST}:6379`) });
      const result = await run('clearCache');
      assert.equal(result.status, 'planned', result.summary);
      assert.match(result.plan?.details ?? '', new RegExp(`by way of 127.*${port}`));
    });

    describe('and somebody listens elsewhere', () => {
      let heard: Socket[] = [];
      const server = createServer((socket) => {
        heard.push(socket);
        socket.on('error', () => undefined);
      });
      let elsewhere = 0;
      before(async () => {
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        const address = server.address();
        elsewhere = typeof address === 'object' && address !== null ? address.port : 0;
      });
      beforeEach(() => { heard = []; });
      after(() => {
        heard.forEach((socket) => { socket.destroy(); });
        server.close();
      });

      it('says that it does not speak TLS', async () => {
        server.once('connection', (socket) => { socket.once('data', () => { socket.end('-ERR Protocol error\r\n'); }); });
        await refused({ redisUrl: `rediss://:tops3cret@127.0.0.1:${elsewhere}`, origins: { [NAMED]: `rediss://127.0.0.1:${elsewhere}` } }, /does not speak TLS on that port/);
      });

      it('sends nothing to a host that the runbook names and the password is not for', async () => {
        await refused({ runbook: runbookWith({ redis: { host: '127.0.0.1', port: elsewhere, tls: false } }), redisUrl: as('responder', 'tops3cret') }, new RegExp(`is for 127\\.0\\.0\\.1:${port}, and the runbook names 127\\.0\\.0\\.1:${elsewhere}\\. Nothing was sent to either`));
        await refused({ redisUrl: `redis://:tops3cret@127.0.0.1:${elsewhere}` }, /Nothing was sent to either/);
        assert.deepEqual(heard, []);
      });

      it('sends no password unencrypted where the runbook asks for TLS', async () => {
        await refused({ origins: {}, runbook: runbookWith({ redis: { host: '127.0.0.1', port: elsewhere } }), redisUrl: `redis://:tops3cret@127.0.0.1:${elsewhere}` }, /which would send the password unencrypted/);
        assert.deepEqual(heard, []);
      });

      it('keeps TLS when a runbook asks for none', async () => {
        const built = await buildRunner(folder(), { runbook: runbookWith({ redis: { host: '127.0.0.1', port: elsewhere, tls: false } }), redisUrl: `rediss://:tops3cret@127.0.0.1:${elsewhere}` });
        const abort = new AbortController();
        const running = built.run('clearCache', { prefix: 'cache:' }, abort.signal);
        const [socket] = await until('a connection', () => heard.length > 0 && heard);
        const [first] = await once(socket ?? server, 'data') as [Buffer];
        // The first byte of a TLS handshake.
        assert.equal(first[0], 0x16);
        abort.abort();
        assert.equal((await running).status, 'cancelled');
      });
    });
  });

  it('is refused on a replica, with the name of its primary', async () => {
    const primary = await startRedisServer({ dir }, cleanup);
    const replica = await startRedisServer({ dir, config: [`replicaof 127.0.0.1 ${primary.port}`] }, cleanup);
    const { run } = await buildRunner(folder(), { runbook: runbookWith({ redis: { host: '127.0.0.1', port: replica.port, tls: false } }) });
    const result = await run('clearCache', { prefix: 'cache:' });
    assert.equal(result.status, 'refused');
    assert.match(result.summary, new RegExp(`127\\.0\\.0\\.1:${replica.port} is a replica: .* Its primary is 127\\.0\\.0\\.1:${primary.port}`));
  });

  describe('on a cluster', () => {
    let nodes: Admin[] = [];
    let ports: number[] = [];
    let options = '';
    before(async () => {
      const certificates = new Certificates(dir);
      const valid = { from: Date.now() - 60_000, to: Date.now() + 3_600_000 };
      const authority = certificates.make({ ...valid, name: 'Cluster authority', authority: true });
      const identity = certificates.make({ ...valid, name: 'cluster', hosts: ['IP:127.0.0.1'] }, authority);
      const caFile = path.join(dir, 'cluster.pem');
      writeFileSync(caFile, authority.certificate);
      options = `?sslrootcert=${encodeURIComponent(caFile)}`;
      const config = ['cluster-enabled yes', 'cluster-node-timeout 2000', 'tls-cluster yes', `user default on >${PASSWORD} ~* &* +@all`];
      const servers = await Promise.all([0, 1, 2].map(() => startRedisServer({ dir, identity, authority, config }, cleanup)));
      ports = servers.map((server) => server.port);
      nodes = await Promise.all(ports.map((one) => admin(one, authority.certificate)));
      cleanup.defer('cluster clients', async () => { nodes.forEach((node) => { node.destroy(); }); });
      const slots = [0, 5461, 10923, 16384];
      await Promise.all(nodes.map(async (node, index) => {
        await node.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', String(slots[index]), String((slots[index + 1] ?? 0) - 1)]);
        await node.sendCommand(['CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1)]);
      }));
      await Promise.all(ports.slice(1).map((other) => nodes[0]?.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', String(other)])));
      await until('the cluster', async () => (await Promise.all(nodes.map((node) => node.sendCommand<string>(['CLUSTER', 'INFO']))))
        .every((info) => /cluster_state:ok/.test(String(info)) && /cluster_known_nodes:3/.test(String(info)) && /cluster_slots_assigned:16384/.test(String(info))), 15_000);
    });

    const put = async (key: string): Promise<void> => {
      const set = await Promise.allSettled(nodes.map((node) => node.set(key, 'x')));
      assert.equal(set.filter(({ status }) => status === 'fulfilled').length, 1);
    };
    const keys = async (): Promise<string[][]> => Promise.all(nodes.map((node) => node.keys('*')));

    it('clears every shard, by prefix and altogether', async () => {
      const names = Array.from({ length: 60 }, (_unused, index) => [`cache:${index}`, `session:${index}`]).flat();
      await Promise.all(names.map(put));
      assert.ok((await keys()).every((held) => held.some((key) => key.startsWith('cache:')) && held.some((key) => key.startsWith('session:'))));
      const { run, change } = await buildRunner(folder(), {
        runbook: runbookWith({ redis: { host: '127.0.0.1', port: ports[0] ?? 0, prefixes: ['cache:'] } }), redisUrl: `rediss://:${PASSWORD}@127.0.0.1:${ports[0]}${options}`,
      });

      const { plan, summary } = await run('clearCache');
      assert.match(summary, /\(cluster, 3 shards\): 60 keys now$/);
      assert.equal((plan?.before['servers'] as readonly unknown[]).length, 3);
      assert.equal(plan?.command.split('\n').length, 3);
      for (const one of ports) {
        assert.match(plan?.details ?? '', new RegExp(`127\\\\?\\.0.*${one}`));
      }
      assert.equal((await change('clearCache')).summary, '60 of 60 keys removed; none is there now');
      assert.deepEqual((await keys()).flat().sort(), names.filter((name) => name.startsWith('session:')).sort());

      assert.equal((await change('clearCache', { everything: '127.0.0.1' })).summary, '60 of 60 keys removed; none is there now');
      assert.deepEqual((await keys()).flat(), []);
    });
  });
});
