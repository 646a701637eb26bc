import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { groupKeys, patternOf, readClusterNodes, readInfo } from '../../../src/services/redis-facts.ts';

const INFO = [
  '# Server', 'redis_version:7.0.15', 'redis_mode:standalone', 'run_id:abc', '# Clients', 'connected_clients:12', '# Memory', 'used_memory_human:1.50M',
  'maxmemory:1048576', 'maxmemory_human:1.00M', 'maxmemory_policy:allkeys-lru', '# Persistence', 'rdb_bgsave_in_progress:1', 'aof_rewrite_in_progress:0',
  '# Replication', 'role:master', 'connected_slaves:2', 'slave0:ip=10.0.0.2,port=6379,state=online,offset=5,lag=0', 'slave1:ip=10.0.0.3,port=6380,state=wait_bgsave,offset=0,lag=42',
  '# Keyspace', 'db0:keys=460,expires=420,avg_ttl=1', 'db1:keys=15,expires=0,avg_ttl=0,subexpiry=0', '',
].join('\r\n');

describe('what a Redis says of itself', () => {
  it('is read from INFO', () => {
    assert.deepEqual(readInfo(INFO), {
      version: '7.0.15', mode: 'standalone', runId: 'abc', memory: '1.50M', memoryLimit: '1.00M', evictionPolicy: 'allkeys-lru', clients: 12,
      replicas: [{ address: '10.0.0.2:6379', state: 'online', lag: 0 }, { address: '10.0.0.3:6380', state: 'wait_bgsave', lag: 42 }],
      saving: true, rewriting: false, databases: new Map([[0, { keys: 460, expires: 420 }], [1, { keys: 15, expires: 0 }]]),
    });
  });

  it('names the primary of a replica, a cluster and a Sentinel', () => {
    assert.equal(readInfo('role:slave\nmaster_host:10.0.0.1\nmaster_port:6379').primary, '10.0.0.1:6379');
    assert.equal(readInfo('redis_mode:standalone\ncluster_enabled:1').mode, 'cluster');
    assert.equal(readInfo('redis_mode:sentinel').mode, 'sentinel');
  });

  it('is read from CLUSTER NODES: primaries with slots, by their announced name', () => {
    const nodes = readClusterNodes([
      'bbb 10.0.0.2:6379@16379,node-2.example.org master - 0 1 2 connected 5461-10922 [93-<-aaa]',
      'aaa 10.0.0.1:6379@16379 myself,master - 0 1 1 connected 0-92 94-5460',
      'ccc 10.0.0.3:6379@16379,,tls-port=0 master,fail - 0 1 3 disconnected 10923-16383 93',
      'ddd 10.0.0.4:6379@16379 slave aaa 0 1 1 connected',
      'eee 10.0.0.5:6379@16379 master - 0 1 4 connected',
    ].join('\n'));
    assert.deepEqual(nodes, [
      { id: 'aaa', host: '10.0.0.1', port: 6379, self: true, failed: false, slots: 5460, moving: false },
      { id: 'bbb', host: 'node-2.example.org', port: 6379, self: false, failed: false, slots: 5462, moving: true },
      { id: 'ccc', host: '10.0.0.3', port: 6379, self: false, failed: true, slots: 5462, moving: false },
    ]);
  });

  it('groups keys without showing what may be personal', () => {
    const keys = [
      ...Array.from({ length: 5 }, (_unused, index) => `session:${index}`), ...Array.from({ length: 3 }, (_unused, index) => `rate:${index}`),
      'mona:cart', 'mona@example.org:cart', 'mona@example.org:cart2', 'mona@example.org:cart3', '29001011234567:a', '29001011234567:b', '29001011234567:c', 'plain',
    ];
    assert.deepEqual([...groupKeys(keys.map((key) => Buffer.from(key)))], [['session:', 5], ['rate:', 3], ['', 8]]);
  });

  it('takes a prefix literally', () => {
    assert.equal(patternOf('a*b?[c]\\d^-'), 'a\\*b\\?\\[c\\]\\\\d^-*');
  });
});
