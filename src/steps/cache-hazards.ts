/** What a person should know before a cache is cleared (runbook 6.1). */
import type { Incident } from '../incident/fold.ts';
import { escapeMarkdown, table } from '../incident/markdown.ts';
import type { Hazard } from '../incident/plan.ts';
import { resultsOf } from '../incident/step-records.ts';
import type { Cache, Count } from '../services/redis-cache.ts';
import { plural } from '../text.ts';

/** What is to be removed: keys with a beginning, or all of the database. */
export type Wish = { readonly kind: 'prefix'; readonly prefix: string } | { readonly kind: 'everything' };

export interface CacheSight {
  /** What was asked and how: `cache.example.org:6379, database 0, over TLS`. Plain text. */
  readonly asked: string;
  readonly database: number;
  readonly cache: Cache;
  readonly wish: Wish;
  readonly count: Count;
  readonly groups: ReadonlyMap<string, number>;
  /** Keys that the groups were made from. */
  readonly looked: number;
  /** Prefixes that the runbook says can be cleared without harm. */
  readonly harmless: readonly string[];
}

/** So many keys gone at once are felt by what stands behind the cache. */
const MANY_KEYS = 10_000;
const SLOW_MS = 100;
const LAG_S = 10;

/** `1,204`, or `at least 200,000`. */
export function countText({ keys, complete }: Count): string {
  return `${complete ? '' : 'at least '}${number(keys)}`;
}

export function number(value: number): string {
  return value.toLocaleString('en-US');
}

export function totalKeys({ shards }: Cache): number {
  return shards.reduce((sum, { keys }) => sum + keys, 0);
}

/** `session: (120), rate: (30)`, at most as many as given, the most frequent first. */
export function groupText(groups: ReadonlyMap<string, number>, most = 8): string {
  const named = [...groups].filter(([prefix]) => prefix !== '');
  const rest = named.length > most ? `, and ${named.length - most} more` : '';
  return named.slice(0, most).map(([prefix, count]) => `${prefix} (${number(count)})`).join(', ') + rest;
}

export function cacheHazards(sight: CacheSight, incident: Incident): Hazard[] {
  return [...wishHazards(sight), ...coldHazards(sight, incident), ...serverHazards(sight), ...untouchedHazards(sight)];
}

function wishHazards({ wish, database, harmless, groups }: CacheSight): Hazard[] {
  if (wish.kind === 'everything') {
    const others = new Map([...groups].filter(([prefix]) => !harmless.some((one) => prefix.startsWith(one))));
    const what = groupText(others);
    return [{ level: 'danger', text: `Everything in database ${database} goes, not only what is cached${what === '' ? '' : `; in a sample there are ${what}`}. Sessions log people out, rate limits start again, and queues and locks are lost.${harmless.length === 0 ? '' : ` Prefer a prefix: ${harmless.join(', ')}.`}` }];
  }
  return harmless.some((one) => wish.prefix.startsWith(one)) ? [] : [{
    level: 'danger',
    text: `"${wish.prefix}" is ${harmless.length === 0 ? 'not known to be harmless: the runbook names no prefixes that can be cleared' : `none of the prefixes that the runbook says can be cleared (${harmless.join(', ')})`}. If sessions, rate limits, queues or locks begin so, people are logged out or work is lost. Ask their owner first.`,
  }];
}

/** What was kept in the cache is asked of the database until the cache is full again. */
function coldHazards({ count }: CacheSight, incident: Incident): Hazard[] {
  const cold = `The cache is cold afterwards: what ${countText(count)} keys answered is asked of the database until they are there again.`;
  const pool = ['checkConnectionPool', 'checkDatabaseConnectivity'].flatMap((step) => resultsOf(incident, step).filter(({ outcome }) => outcome === 'done').slice(-1)).find(({ level }) => level === 'bad');
  if (pool !== undefined) {
    return [{ level: 'danger', text: `${cold} The database has no room for that now: "${pool.summary}" (${pool.title}). Relieve it first, or clear a narrower prefix.` }];
  }
  return [{ level: count.keys >= MANY_KEYS || !count.complete ? 'warn' : 'note', text: cold }];
}

function serverHazards({ cache: { shards, uncovered, moving }, count }: CacheSight): Hazard[] {
  const of = (name: string): string => (shards.length === 1 ? 'The server' : name);
  return [
    ...shards.flatMap(({ redis: { address }, facts, latencyMs }): Hazard[] => [
      ...(latencyMs <= SLOW_MS ? [] : [{ level: 'warn', text: `${of(address)} takes ${latencyMs} ms to answer a PING: it is busy, or far away. Removing keys adds to its work.` } as const]),
      ...(facts.saving || facts.rewriting ? [{ level: 'note', text: `${of(address)} is ${facts.saving ? 'saving its data to the disk' : 'rewriting its append-only file'}: removing keys meanwhile takes additional memory.` } as const] : []),
      ...facts.replicas.filter(({ state, lag }) => state !== 'online' || lag > LAG_S).map(({ address: replica, state, lag }): Hazard => ({
        level: 'warn', text: `The replica ${replica} is ${state === 'online' ? `${lag} s behind` : `not in step ("${state}")`}: whoever reads from it sees the old values for longer.`,
      })),
      ...(facts.replicas.length === 0 ? [] : [{ level: 'note', text: `${of(address)} has ${plural(facts.replicas.length, 'replica')}: the keys go there too.` } as const]),
    ]),
    ...(moving ? [{ level: 'warn', text: 'Slots of the cluster are being moved: a key on its way may stay. Better wait until that is over.' } as const] : []),
    ...(uncovered === 0 ? [] : [{ level: 'warn', text: `${number(uncovered)} of the cluster's slots are held by no server: their keys are out of reach.` } as const]),
    ...(count.complete ? [] : [{ level: 'note', text: 'Counting was stopped, so as not to burden the server. All keys are removed nevertheless, which takes a while.' } as const]),
  ];
}

function untouchedHazards({ cache, database, wish }: CacheSight): Hazard[] {
  const others = cache.mode === 'cluster' ? [] : [...cache.shards[0]?.facts.databases ?? []].filter(([id, { keys }]) => id !== database && keys > 0);
  return [
    ...(others.length === 0 ? [] : [{ level: 'note', text: `Untouched: ${others.map(([id, { keys }]) => `database ${id} (${number(keys)} keys)`).join(', ')}.` } as const]),
    ...(wish.kind === 'prefix' ? [{ level: 'note', text: `Untouched: every key of database ${database} that begins otherwise.` } as const] : []),
  ];
}

/** What was seen of the servers; changes by the second, so it is no part of what is approved. */
export function cacheDetails({ asked, cache, database, groups, looked }: CacheSight): string {
  const servers = table(
    ['Server', 'Redis', 'Role', `Keys in database ${database}`, 'of them expire', 'Memory', 'Limit', 'Eviction', 'Clients', 'Replicas', 'PING'],
    cache.shards.map(({ redis, facts, keys, latencyMs }) => [
      redis.address, facts.version, 'primary', number(keys), number(facts.databases.get(database)?.expires ?? 0), facts.memory, facts.memoryLimit,
      facts.evictionPolicy, number(facts.clients), number(facts.replicas.length), `${latencyMs} ms`,
    ].map(escapeMarkdown)),
  );
  const keyspace = cache.mode === 'cluster' ? [] : [table(['Database', 'Keys', 'of them expire'], [...cache.shards[0]?.facts.databases ?? []].map(([id, { keys, expires }]) => [String(id), number(keys), number(expires)]))];
  const sample = groups.size === 0 ? [] : [
    `Beginnings of ${number(looked)} keys (a sample; the keys themselves are not shown, because they may hold personal data)`,
    table(['Prefix', 'Keys'], [...groups].map(([prefix, keys]) => [prefix === '' ? 'others' : escapeMarkdown(prefix), number(keys)])),
  ];
  return [`${escapeMarkdown(asked)}: ${cache.mode === 'cluster' ? `a cluster of ${plural(cache.shards.length, 'shard')}` : 'one server, without a cluster'}.`, servers, ...keyspace, ...sample].join('\n\n');
}
