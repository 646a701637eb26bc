/** The keys of a cache, on one Redis or on every primary of a cluster: seen, counted, removed (runbook 6.1). */
import { UserError, messageOf } from '../errors.ts';
import type { Endpoints } from './endpoints.ts';
import { type Redis, type Reply, withRedis } from './redis.ts';
import { type RedisConnection, memberConnection } from './redis-connection.ts';
import { CLUSTER_SLOTS, type ServerFacts, groupKeys, patternOf, readClusterNodes, readInfo } from './redis-facts.ts';

/** A server that holds keys, with an open connection. */
export interface Shard {
  readonly redis: Redis;
  /** Of a cluster; empty otherwise. */
  readonly node: string;
  readonly facts: ServerFacts;
  /** Keys in the chosen database. */
  readonly keys: number;
  /** How long PING takes, ms. */
  readonly latencyMs: number;
}

export interface Cache {
  readonly mode: 'standalone' | 'cluster';
  /** One without a cluster. In a fixed order. */
  readonly shards: readonly Shard[];
  /** Slots that no server holds, of 16 384. */
  readonly uncovered: number;
  /** Whether slots of the cluster are being moved. */
  readonly moving: boolean;
}

const SCAN_COUNT = 1_000;
/** Keys of one UNLINK, which the server works off in one go. */
const BATCH = 500;
const COUNT_KEYS = 200_000;
const COUNT_MS = 5_000;
/** Keys looked at to say which prefixes there are. */
const SAMPLE_ROUNDS = 10;

/**
 * Opens connections to every server that holds keys, and closes them again.
 *
 * @throws UserError when it is a replica, a Sentinel, a cluster with a failed shard, or cannot be asked
 */
export function withCache<T>(connection: RedisConnection, endpoints: Endpoints, signal: AbortSignal | undefined, work: (cache: Cache) => Promise<T>): Promise<T> {
  return withRedis(connection, signal, async (redis) => {
    const facts = await factsOf(redis);
    if (facts.mode === 'sentinel') {
      throw new UserError(`${redis.address} is a Sentinel, which holds no keys. Name the primary it watches as environments.….redis in the runbook.`);
    }
    if (facts.mode === 'cluster') {
      return withCluster(connection, endpoints, signal, redis, work);
    }
    if (facts.primary !== undefined) {
      throw new UserError(`${redis.address} is a replica: what is removed there comes back. Its primary is ${facts.primary}; name that one as environments.….redis in the runbook.`);
    }
    return work({ mode: 'standalone', shards: [await shardOf(redis, '', facts, connection.database)], uncovered: 0, moving: false });
  });
}

async function withCluster<T>(connection: RedisConnection, endpoints: Endpoints, signal: AbortSignal | undefined, redis: Redis, work: (cache: Cache) => Promise<T>): Promise<T> {
  if (connection.database !== 0) {
    throw new UserError(`${redis.address} is a cluster, which has database 0 only, and the runbook names database ${connection.database}. Correct redis.database in the runbook.`);
  }
  const primaries = readClusterNodes(text(await redis.ask('say which servers the cluster has', 'CLUSTER', 'NODES')));
  const lost = primaries.filter(({ failed }) => failed);
  if (lost.length > 0) {
    throw new UserError(`The cluster has lost ${lost.map(({ host, port }) => `${host}:${port}`).join(', ')}, so its keys cannot be seen. Wait for the failover, or repair it, and plan again.`);
  }
  const covered = primaries.reduce((sum, { slots }) => sum + slots, 0);
  const open = async (index: number, shards: readonly Shard[]): Promise<T> => {
    const primary = primaries[index];
    if (primary === undefined) {
      return work({ mode: 'cluster', shards, uncovered: CLUSTER_SLOTS - covered, moving: primaries.some(({ moving }) => moving) });
    }
    const use = async (member: Redis): Promise<T> => open(index + 1, [...shards, await shardOf(member, primary.id, await factsOf(member), 0)]);
    return primary.self ? use(redis) : withRedis(memberConnection(connection, primary, endpoints), signal, use);
  };
  return open(0, []);
}

async function factsOf(redis: Redis): Promise<ServerFacts> {
  return readInfo(text(await redis.ask('say what it is', 'INFO')));
}

async function shardOf(redis: Redis, node: string, facts: ServerFacts, database: number): Promise<Shard> {
  const started = performance.now();
  await redis.ask('answer a PING', 'PING');
  const latencyMs = Math.round(performance.now() - started);
  const keys = await redis.ask('count its keys', 'DBSIZE');
  return { redis, node, facts, latencyMs, keys: typeof keys === 'number' ? keys : facts.databases.get(database)?.keys ?? 0 };
}

export interface Count {
  readonly keys: number;
  /** False when it was stopped: there may be more. */
  readonly complete: boolean;
}

/**
 * Keys with this beginning. Stops after 200,000 keys or 5 s, so that looking does not burden the server.
 *
 * @param most ms and keys, for tests
 */
export async function countKeys({ shards }: Cache, prefix: string, most: { readonly ms: number; readonly keys: number } = { ms: COUNT_MS, keys: COUNT_KEYS }): Promise<Count> {
  const started = performance.now();
  let looked = 0;
  let keys = 0;
  for (const { redis } of shards) {
    // SCAN may name a key twice.
    const seen = new Set<string>();
    for await (const page of pagesOf(redis, 'count its keys', prefix)) {
      page.forEach((key) => seen.add(key.toString('latin1')));
      if (looked >= most.keys || performance.now() - started > most.ms) {
        return { keys: keys + seen.size, complete: false };
      }
      looked += SCAN_COUNT;
    }
    keys += seen.size;
  }
  return { keys, complete: true };
}

/** Which prefixes there are, from the first 10,000 keys of each server; never a key. */
export async function samplePrefixes({ shards }: Cache): Promise<{ readonly groups: ReadonlyMap<string, number>; readonly looked: number }> {
  const keys: Buffer[] = [];
  for (const { redis } of shards) {
    let rounds = 0;
    for await (const page of pagesOf(redis, 'list its prefixes')) {
      keys.push(...page);
      rounds += 1;
      if (rounds === SAMPLE_ROUNDS) {
        break;
      }
    }
  }
  return { groups: groupKeys(keys), looked: keys.length };
}

export interface Removal {
  /** Keys that SCAN named. */
  readonly found: number;
  /** Those of them that were still there to be removed. */
  readonly removed: number;
}

/** Removes every key with this beginning, to the last one. @throws UserError that says how many were removed by then */
export async function removeKeys({ mode, shards }: Cache, prefix: string): Promise<Removal> {
  let found = 0;
  let removed = 0;
  try {
    for (const { redis } of shards) {
      for await (const page of pagesOf(redis, 'list its keys', prefix)) {
        for (let from = 0; from < page.length; from += BATCH) {
          const batch = page.slice(from, from + BATCH);
          found += batch.length;
          // A server of a cluster refuses keys of several slots in one command.
          const commands = mode === 'cluster' ? batch.map((key) => [key]) : [batch];
          const counts = await Promise.all(commands.map((keys) => redis.ask('remove keys', 'UNLINK', ...keys)));
          removed += counts.reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);
        }
      }
    }
  } catch (error) {
    throw new UserError(`${messageOf(error)} ${removed} keys had been removed by then.`, { cause: error });
  }
  return { found, removed };
}

/** Empties the database, without blocking the servers. @throws UserError that says which were emptied by then */
export async function emptyDatabase({ shards }: Cache): Promise<Removal> {
  const emptied: string[] = [];
  let removed = 0;
  try {
    for (const { redis, keys } of shards) {
      await redis.ask('empty the database', 'FLUSHDB', 'ASYNC');
      emptied.push(redis.address);
      removed += keys;
    }
  } catch (error) {
    throw new UserError(`${messageOf(error)} ${emptied.length === 0 ? 'No server had said by then that it is empty.' : `Emptied by then: ${emptied.join(', ')}.`}`, { cause: error });
  }
  return { found: removed, removed };
}

/** Keys page by page, each page without repetitions. */
async function* pagesOf(redis: Redis, doing: string, prefix?: string): AsyncGenerator<readonly Buffer[]> {
  let cursor = '0';
  do {
    const reply = await redis.ask(doing, 'SCAN', cursor, ...(prefix === undefined ? [] : ['MATCH', patternOf(prefix)]), 'COUNT', String(SCAN_COUNT));
    const [next, keys] = Array.isArray(reply) ? reply as readonly Reply[] : [];
    cursor = text(next ?? null);
    const page = Array.isArray(keys) ? (keys as readonly Reply[]).filter((key) => Buffer.isBuffer(key)) : [];
    yield [...new Map(page.map((key) => [key.toString('latin1'), key])).values()];
  } while (cursor !== '0' && cursor !== '');
}

function text(reply: Reply): string {
  return Buffer.isBuffer(reply) ? reply.toString('utf8') : String(reply ?? '');
}
