/** Runbook 6.1, performance issues: stale data in the cache. */
import { UserError } from '../errors.ts';
import { commandLine } from '../incident/command-line.ts';
import type { Json } from '../incident/evidence.ts';
import type { Draft, JsonObject } from '../incident/plan.ts';
import { placeName } from '../services/endpoints.ts';
import type { Cache, Count } from '../services/redis-cache.ts';
import type { RedisConnection } from '../services/redis-connection.ts';
import { patternOf } from '../services/redis-facts.ts';
import { plural } from '../text.ts';
import { type CacheSight, type Wish, cacheDetails, cacheHazards, countText, groupText, number, totalKeys } from './cache-hazards.ts';
import type { Inputs } from './inputs.ts';
import type { ChangeAction, ChangeContext, Outlook } from './step.ts';

/**
 * Removes keys of a Redis by their beginning (SCAN and UNLINK), or empties the database (FLUSHDB ASYNC) when the name of
 * the endpoint was typed; on every primary of a cluster. Inputs: `prefix`, or `everything` with the endpoint's host name;
 * default the first prefix that the runbook names.
 */
export const clearCache: ChangeAction = {
  kind: 'change',
  effect: 'destructive',
  system: 'redis',
  followMs: 60_000,

  async plan(context, inputs, signal) {
    const { connection, harmless, host } = await cacheOf(context);
    const asked = wishOf(inputs, host, harmless);
    const { countKeys, samplePrefixes, withCache } = await import('../services/redis-cache.ts');
    return withCache(connection, context.services.endpoints, signal, async (cache) => {
      const { groups, looked } = await samplePrefixes(cache);
      const wish = asked ?? noPrefix(groupText(groups));
      const count = wish.kind === 'prefix' ? await countKeys(cache, wish.prefix) : { keys: totalKeys(cache), complete: true };
      if (count.keys === 0 && count.complete) {
        throw new UserError(`There is nothing to clear: ${nothingText(wish, connection, cache)}`);
      }
      return draftOf({ asked: askedText(connection), database: connection.database, cache, wish, count, groups, looked, harmless }, connection, context);
    });
  },

  async apply(context, { before, after }) {
    const { connection } = await cacheOf(context);
    requireSame(connection, before);
    const { emptyDatabase, removeKeys, withCache } = await import('../services/redis-cache.ts');
    return withCache(connection, context.services.endpoints, undefined, async (cache) => {
      const moved = serversOf(before).filter((server) => !serversOf(stateOf(connection, cache)).includes(server));
      if (moved.length > 0) {
        throw new UserError('A server was started anew or replaced since the plan was made, so nothing was removed. Plan again.');
      }
      return { ...(after['kind'] === 'everything' ? await emptyDatabase(cache) : await removeKeys(cache, String(after['prefix']))) };
    });
  },

  async look(context, { before, after }, made, signal) {
    const { connection } = await cacheOf(context);
    requireSame(connection, before);
    const wish: Wish = after['kind'] === 'everything' ? { kind: 'everything' } : { kind: 'prefix', prefix: String(after['prefix']) };
    const { countKeys, withCache } = await import('../services/redis-cache.ts');
    return withCache(connection, context.services.endpoints, signal, async (cache) => {
      const left = wish.kind === 'prefix' ? await countKeys(cache, wish.prefix) : { keys: totalKeys(cache), complete: true };
      const same = serversOf(before).every((server) => serversOf(stateOf(connection, cache)).includes(server));
      return cacheOutlook({ wish, left, total: totalKeys(cache), made, same, database: connection.database });
    });
  },
};

async function cacheOf({ environment: { key, data }, services }: ChangeContext): Promise<{ connection: RedisConnection; harmless: readonly string[]; host: string }> {
  if (data.redis === undefined) {
    throw new UserError(`The runbook names no cache for "${key}". Add environments.${key}.redis with host, port and prefixes to it.`, { action: { title: 'Open runbook', command: 'incidentRunbook.openRunbook' } });
  }
  const { redisConnection } = await import('../services/redis-connection.ts');
  const connection = redisConnection(data.redis, services.endpoints, await services.redisUrl(key));
  return { connection, harmless: data.redis.prefixes ?? [], host: data.redis.host };
}

/** Undefined when nothing says what is to be removed. */
function wishOf(inputs: Inputs, host: string, harmless: readonly string[]): Wish | undefined {
  const everything = inputs.optionalText('everything');
  const prefix = inputs.optionalText('prefix');
  if (everything !== undefined && prefix !== undefined) {
    throw new UserError('Give either the input "prefix" or the input "everything", not both.');
  }
  if (everything !== undefined) {
    if (everything !== host) {
      throw new UserError(`Everything is removed only when the endpoint's name is typed: the input "everything" must be ${host}, not "${everything}". To remove keys by their beginning, use the input "prefix".`);
    }
    return { kind: 'everything' };
  }
  if (prefix !== undefined && /^[\s*?]+$/.test(prefix)) {
    throw new UserError(`"${prefix}" is no prefix. Give the beginning of the keys, such as ${harmless[0] ?? 'cache:'}; to remove everything, type the endpoint's name (${host}) as the input "everything".`);
  }
  const chosen = prefix ?? harmless[0];
  return chosen === undefined ? undefined : { kind: 'prefix', prefix: chosen };
}

function noPrefix(groups: string): never {
  throw new UserError(`The runbook names no prefixes that can be cleared, so say which: the input "prefix" is the beginning of the keys.${groups === '' ? '' : ` In a sample there are ${groups}.`}`);
}

function nothingText(wish: Wish, { endpoint, database }: RedisConnection, cache: Cache): string {
  if (wish.kind === 'everything') {
    return `database ${database} of ${endpoint} holds no key.`;
  }
  const literal = /[*?[\]\\]/.test(wish.prefix) ? ' A prefix is taken literally; it needs no * at its end.' : '';
  return `none of the ${number(totalKeys(cache))} keys in database ${database} of ${endpoint} begins with "${wish.prefix}".${literal}`;
}

/** What must be the same when the change is made: neither counts nor times, which change by themselves. */
function stateOf({ endpoint, database }: RedisConnection, { mode, shards }: Cache): JsonObject {
  return { endpoint, database, mode, servers: shards.map(({ redis: { address }, node, facts: { runId } }): Json => ({ address, runId, ...(node === '' ? {} : { node }) })) };
}

/** Each as a text that can be compared. */
function serversOf(before: JsonObject): string[] {
  return Array.isArray(before['servers']) ? before['servers'].map((server) => JSON.stringify(server, ['address', 'runId', 'node'])) : [];
}

function requireSame({ endpoint, database }: RedisConnection, before: JsonObject): void {
  if (before['endpoint'] !== endpoint || before['database'] !== database) {
    throw new UserError(`The plan is for database ${String(before['database'])} of ${String(before['endpoint'])}, and the runbook names database ${database} of ${endpoint} by now. Correct the runbook, or plan again.`);
  }
}

function askedText({ endpoint, host, port, tls, database }: RedisConnection): string {
  const way = placeName({ host, port });
  return `${endpoint}, database ${database}, ${tls ? 'over TLS, verified' : 'unencrypted'}${way === endpoint ? '' : `, by way of ${way}`}`;
}

function draftOf(sight: CacheSight, connection: RedisConnection, { incident }: ChangeContext): Draft {
  const { database, cache, wish, count } = sight;
  const { endpoint } = connection;
  const total = totalKeys(cache);
  const where = `database ${database} of ${endpoint}${cache.mode === 'cluster' ? ` (cluster, ${plural(cache.shards.length, 'shard')})` : ''}`;
  const keys = `${countText(count)} ${count.keys === 1 ? 'key' : 'keys'} now`;
  return {
    system: 'Redis', resource: `${endpoint}/${database}`,
    summary: wish.kind === 'everything' ? `Empty ${where}: ${keys}` : `Remove every key that begins with "${wish.prefix}" from ${where}: ${keys}`,
    differences: wish.kind === 'everything'
      ? [{ name: `Keys in database ${database}`, before: countText(count), after: '0' }]
      : [
        { name: `Keys that begin with ${wish.prefix}`, before: countText(count), after: '0' },
        { name: `Other keys in database ${database}`, before: `${count.complete ? '' : 'at most '}${number(Math.max(0, total - count.keys))}`, after: 'stay' },
      ],
    before: stateOf(connection, cache),
    after: { ...wish },
    command: commandOf(wish, connection, cache),
    hazards: cacheHazards(sight, incident),
    undo: { possible: false, how: 'No undo: what is removed is gone. A cache refills as it is used; anything else is lost.' },
    follow: 'The keys are counted once more: none of those that were removed may be left.',
    details: cacheDetails(sight),
  };
}

function commandOf(wish: Wish, { tls, database, username }: RedisConnection, { mode, shards }: Cache): string {
  return shards.map(({ redis: { address } }) => {
    const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
    const cli = ['redis-cli', ...(tls ? ['--tls'] : []), '-h', host, '-p', port, ...(username === undefined ? [] : ['--user', username]), ...(database === 0 ? [] : ['-n', String(database)])];
    if (wish.kind === 'everything') {
      return commandLine(...cli, 'FLUSHDB', 'ASYNC');
    }
    return `${commandLine(...cli, '--scan', '--pattern', patternOf(wish.prefix))} | ${commandLine('xargs', '-r', '-d', '\\n', '-n', mode === 'cluster' ? '1' : '500', ...cli, 'UNLINK')}`;
  }).join('\n');
}

export interface CacheLook {
  readonly wish: Wish;
  /** What there is of the keys that were to go. */
  readonly left: Count;
  /** Keys in the database altogether. */
  readonly total: number;
  readonly made: JsonObject | undefined;
  /** Whether the servers are those of the plan. */
  readonly same: boolean;
  readonly database: number;
}

/** Where a clearing stands: a cache that is in use fills again at once, so keys that are there are no sign of failure. */
export function cacheOutlook({ wish, left, total, made, same, database }: CacheLook): Outlook {
  const these = wish.kind === 'everything' ? `in database ${database}` : `that ${left.keys < 2 && left.complete ? 'begins' : 'begin'} with "${wish.prefix}"`;
  const [found, removed] = [made?.['found'], made?.['removed']];
  const known = typeof found === 'number' && typeof removed === 'number';
  const seen = { markdown: `Keys in database ${database} now: ${number(total)}`, data: { left: left.keys, leftComplete: left.complete, total, ...(known ? { found, removed } : {}) } };
  const there = `${countText(left)} ${left.keys === 1 ? 'key is' : 'keys are'} there ${these}`;
  if (known && same) {
    const gone = found - removed;
    const fresh = left.keys === 0 ? 'none is there now' : `${countText(left)} new ${left.keys === 1 ? 'one' : 'ones'} since`;
    return { ...seen, state: 'done', summary: `${number(removed)} of ${number(found)} keys removed${gone === 0 ? '' : ` (${number(gone)} had gone by then)`}; ${fresh}` };
  }
  if (left.keys === 0 && left.complete) {
    return { ...seen, state: 'done', summary: known ? `${number(removed)} of ${number(found)} keys removed; none is there now` : `No key is there ${these}` };
  }
  return {
    ...seen, state: 'unclear',
    summary: known
      ? `${number(removed)} of ${number(found)} keys were removed, and then a server was started anew or replaced: ${there}, perhaps old ones. Plan it again if they are stale`
      : `${there}. Whether they are old or new cannot be told: plan it again if they are stale`,
  };
}
