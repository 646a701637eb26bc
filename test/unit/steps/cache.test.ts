import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Level } from '../../../src/incident/evidence.ts';
import { type Incident, fold } from '../../../src/incident/fold.ts';
import type { Cache } from '../../../src/services/redis-cache.ts';
import { readInfo } from '../../../src/services/redis-facts.ts';
import { type CacheSight, cacheHazards } from '../../../src/steps/cache-hazards.ts';
import { type CacheLook, cacheOutlook } from '../../../src/steps/chapter-6-cache.ts';
import { createEvents, stepResult } from '../../support/build-events.ts';

const QUIET = 'redis_mode:standalone\nrun_id:abc\ndb0:keys=460,expires=420,avg_ttl=1';

function cacheWith(info: string, latencyMs = 1, changes: Partial<Cache> = {}): Cache {
  const redis = { address: 'cache:6379', ask: () => Promise.reject(new Error('This test asks nobody')) };
  return { mode: 'standalone', shards: [{ redis, node: '', facts: readInfo(info), keys: 460, latencyMs }], uncovered: 0, moving: false, ...changes };
}

function sight(changes: Partial<CacheSight> = {}): CacheSight {
  return {
    asked: 'cache:6379', database: 0, cache: cacheWith(QUIET), wish: { kind: 'prefix', prefix: 'cache:' }, count: { keys: 300, complete: true },
    groups: new Map([['cache:', 300], ['session:', 120], ['', 40]]), looked: 460, harmless: ['cache:'], ...changes,
  };
}

function incidentWith(...levels: readonly Level[]): Incident {
  const { declared, event } = createEvents();
  const incident = fold([declared(), ...levels.map((level) => event('step.finished', { result: stepResult('checkConnectionPool', { level, summary: '200 of 200 connections' }) }))]);
  assert.ok(incident);
  return incident;
}

describe('the hazards of clearing a cache', () => {
  const found = (changes: Partial<CacheSight>, ...levels: readonly Level[]): string[] => cacheHazards(sight(changes), incidentWith(...levels)).map(({ level, text }) => `${level}: ${text}`);

  for (const [what, changes, levels, says] of [
    ['a few keys', {}, [], /^note: The cache is cold afterwards: what 300 keys answered/],
    ['many keys', { count: { keys: 10_000, complete: true } }, [], /^warn: The cache is cold afterwards: what 10,000 keys/],
    ['uncounted keys', { count: { keys: 9_000, complete: false } }, [], /^warn: .*what at least 9,000 keys/],
    ['a database that has no room', {}, ['bad'], /^danger: The cache is cold afterwards.*"200 of 200 connections" \(Title of checkConnectionPool\)/],
    ['a database that has room again', {}, ['bad', 'ok'], /^note: The cache is cold afterwards/],
    ['a prefix that is not harmless', { wish: { kind: 'prefix', prefix: 'session:' } }, [], /^danger: "session:" is none of the prefixes .*\(cache:\)/],
    ['a prefix that takes more than a harmless one', { wish: { kind: 'prefix', prefix: 'cach' } }, [], /^danger: "cach" is none/],
    ['no harmless prefix at all', { harmless: [] }, [], /^danger: "cache:" is not known to be harmless/],
    ['everything', { wish: { kind: 'everything' } }, [], /^danger: Everything in database 0 goes.*in a sample there are session: \(120\)\. Sessions/],
    ['a busy server', { cache: cacheWith(QUIET, 101) }, [], /^warn: The server takes 101 ms/],
    ['a server that saves', { cache: cacheWith(`${QUIET}\nrdb_bgsave_in_progress:1`) }, [], /^note: The server is saving its data/],
    ['a server that rewrites', { cache: cacheWith(`${QUIET}\naof_rewrite_in_progress:1`) }, [], /^note: The server is rewriting its append-only file/],
    ['a replica', { cache: cacheWith(`${QUIET}\nslave0:ip=10.0.0.2,port=6379,state=online,lag=1`) }, [], /^note: The server has 1 replica/],
    ['a replica that lags', { cache: cacheWith(`${QUIET}\nslave0:ip=10.0.0.2,port=6379,state=online,lag=11`) }, [], /^warn: The replica 10\.0\.0\.2:6379 is 11 s behind/],
    ['a replica out of step', { cache: cacheWith(`${QUIET}\nslave0:ip=10.0.0.2,port=6379,state=send_bulk,lag=0`) }, [], /^warn: The replica 10\.0\.0\.2:6379 is not in step \("send_bulk"\)/],
    ['slots on the move', { cache: cacheWith(QUIET, 1, { mode: 'cluster', moving: true }) }, [], /^warn: Slots of the cluster are being moved/],
    ['slots without a server', { cache: cacheWith(QUIET, 1, { mode: 'cluster', uncovered: 5461 }) }, [], /^warn: 5,461 of the cluster's slots/],
    ['other databases', { cache: cacheWith(`${QUIET}\ndb1:keys=15,expires=0`) }, [], /^note: Untouched: database 1 \(15 keys\)\./],
  ] as const) {
    it(`says what it means: ${what}`, () => {
      assert.equal(found(changes as Partial<CacheSight>, ...levels).filter((text) => says.test(text)).length, 1, found(changes as Partial<CacheSight>, ...levels).join('\n'));
    });
  }

  it('says nothing more of a quiet server', () => {
    assert.deepEqual(found({}).map((text) => text.slice(0, 24)), ['note: The cache is cold a', 'note: Untouched: every k'].map((text) => text.slice(0, 24)));
  });
});

describe('what became of clearing a cache', () => {
  const look = (changes: Partial<CacheLook>): string => {
    const { state, summary } = cacheOutlook({ wish: { kind: 'prefix', prefix: 'cache:' }, left: { keys: 0, complete: true }, total: 160, made: { found: 1_204, removed: 1_204 }, same: true, database: 0, ...changes });
    return `${state}: ${summary}`;
  };
  const three = { keys: 3, complete: true };

  for (const [changes, says] of [
    [{}, 'done: 1,204 of 1,204 keys removed; none is there now'],
    [{ left: three }, 'done: 1,204 of 1,204 keys removed; 3 new ones since'],
    [{ left: { keys: 1, complete: true }, made: { found: 1_204, removed: 1_200 } }, 'done: 1,200 of 1,204 keys removed (4 had gone by then); 1 new one since'],
    [{ left: { keys: 200_000, complete: false } }, 'done: 1,204 of 1,204 keys removed; at least 200,000 new ones since'],
    [{ left: three, same: false }, 'unclear: 1,204 of 1,204 keys were removed, and then a server was started anew or replaced: 3 keys are there that begin with "cache:", perhaps old ones. Plan it again if they are stale'],
    [{ same: false }, 'done: 1,204 of 1,204 keys removed; none is there now'],
    [{ made: undefined }, 'done: No key is there that begins with "cache:"'],
    [{ made: undefined, left: { keys: 0, complete: false } }, 'unclear: at least 0 keys are there that begin with "cache:". Whether they are old or new cannot be told: plan it again if they are stale'],
    [{ made: undefined, left: three }, 'unclear: 3 keys are there that begin with "cache:". Whether they are old or new cannot be told: plan it again if they are stale'],
    [{ made: {}, wish: { kind: 'everything' }, left: { keys: 1, complete: true } }, 'unclear: 1 key is there in database 0. Whether they are old or new cannot be told: plan it again if they are stale'],
  ] as const) {
    it(says, () => { assert.equal(look(changes as Partial<CacheLook>), says); });
  }
});
