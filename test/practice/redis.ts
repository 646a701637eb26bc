import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import type { Clock } from '../../src/incident/clock.ts';
import { Certificates } from '../support/make-certificates.ts';
import type { Cleanup } from './cleanup.ts';
import { startRedisServer } from './redis-server.ts';

const USER = 'responder';
const PASSWORD = 'practice';
const DAY_MS = 24 * 60 * 60_000;
const HOUR_S = 3_600;

/** Keys of each kind; the caches grow stale, the others must not be lost. */
export const SEEDED_KEYS = { 'cache:prescription:': 240, 'cache:pharmacy:': 60, 'session:': 120, 'rate:': 40 } as const;
/** In database 1. */
const QUEUED = 15;

export interface PracticeCache {
  /** Connection string, with the authority that signed the server's certificate. */
  readonly url: string;
  /** The same place without anything secret. */
  readonly place: string;
}

/**
 * A real Redis that is asked over TLS by a user who may do what a responder needs: no more, so that it shows when a step
 * needs more.
 */
export async function startCache(dir: string, clock: Clock, cleanup: Cleanup): Promise<PracticeCache> {
  await mkdir(dir, { recursive: true });
  const folder = await mkdtemp(join(dir, 'cache-'));
  cleanup.defer('certificates of the cache', () => rm(folder, { recursive: true, force: true }));
  const certificates = new Certificates(folder);
  const valid = { from: clock.now() - DAY_MS, to: clock.now() + 30 * DAY_MS };
  const authority = certificates.make({ ...valid, name: 'HealthFlow practice authority', authority: true });
  const identity = certificates.make({ ...valid, name: 'cache.healthflow.internal', hosts: ['DNS:cache.healthflow.internal', 'IP:127.0.0.1'] }, authority);
  const caFile = join(folder, 'authority.pem');
  await writeFile(caFile, authority.certificate);
  const { port } = await startRedisServer({
    dir: folder, identity,
    config: [`user default on >${PASSWORD} ~* &* +@all`, `user ${USER} on >${PASSWORD} ~* +ping +info +dbsize +scan +unlink +flushdb +select`],
  }, cleanup);
  await seed(port, authority.certificate);
  const place = `rediss://127.0.0.1:${port}`;
  return { place, url: `rediss://${USER}:${PASSWORD}@127.0.0.1:${port}/0?sslrootcert=${encodeURIComponent(caFile)}` };
}

async function seed(port: number, ca: string): Promise<void> {
  const client = createClient({ socket: { host: '127.0.0.1', port, tls: true, ca, reconnectStrategy: false }, password: PASSWORD });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await Promise.all(Object.entries(SEEDED_KEYS).flatMap(([prefix, count]) => Array.from({ length: count }, (_unused, index) =>
      client.set(`${prefix}${String(index + 1).padStart(5, '0')}`, 'practice', prefix === 'rate:' ? {} : { expiration: { type: 'EX', value: 4 * HOUR_S } }))));
    await client.select(1);
    await Promise.all(Array.from({ length: QUEUED }, (_unused, index) => client.set(`queue:mail:${index}`, 'practice')));
  } finally {
    client.destroy();
  }
}
