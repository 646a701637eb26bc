/** What a Redis says about itself (INFO, CLUSTER NODES), read. */

export interface ServerFacts {
  readonly version: string;
  readonly mode: 'standalone' | 'cluster' | 'sentinel';
  /** Changes with every start; a failover leads to a server with another one. */
  readonly runId: string;
  /** `host:port` of its primary, when it is a replica. */
  readonly primary?: string;
  readonly memory: string;
  /** `unlimited` without a limit. */
  readonly memoryLimit: string;
  readonly evictionPolicy: string;
  readonly clients: number;
  readonly replicas: readonly { readonly address: string; readonly state: string; /** s */ readonly lag: number }[];
  readonly saving: boolean;
  readonly rewriting: boolean;
  /** By number of the database; those without keys are left out. */
  readonly databases: ReadonlyMap<number, { readonly keys: number; readonly expires: number }>;
}

/** @param text the answer to INFO, of Redis 4 or later */
export function readInfo(text: string): ServerFacts {
  const lines = new Map(text.split(/\r?\n/).flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    return colon < 1 || line.startsWith('#') ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
  }));
  const value = (name: string): string => lines.get(name) ?? '';
  const mode = value('redis_mode');
  return {
    version: value('redis_version'),
    mode: mode === 'sentinel' ? 'sentinel' : mode === 'cluster' || value('cluster_enabled') === '1' ? 'cluster' : 'standalone',
    runId: value('run_id'),
    ...(value('role') === 'slave' ? { primary: `${value('master_host')}:${value('master_port')}` } : {}),
    memory: value('used_memory_human'),
    memoryLimit: value('maxmemory') === '0' || value('maxmemory') === '' ? 'unlimited' : value('maxmemory_human'),
    evictionPolicy: value('maxmemory_policy'),
    clients: Number(value('connected_clients')),
    replicas: [...lines].filter(([name]) => /^slave\d+$/.test(name)).map(([, line]) => {
      const fields = fieldsOf(line);
      return { address: `${fields.get('ip') ?? ''}:${fields.get('port') ?? ''}`, state: fields.get('state') ?? '', lag: Number(fields.get('lag') ?? 0) };
    }),
    saving: value('rdb_bgsave_in_progress') === '1',
    rewriting: value('aof_rewrite_in_progress') === '1',
    databases: new Map([...lines].filter(([name]) => /^db\d+$/.test(name)).map(([name, line]) => {
      const fields = fieldsOf(line);
      return [Number(name.slice(2)), { keys: Number(fields.get('keys') ?? 0), expires: Number(fields.get('expires') ?? 0) }];
    })),
  };
}

function fieldsOf(line: string): Map<string, string> {
  return new Map(line.split(',').map((field): [string, string] => {
    const [name = '', value = ''] = field.split('=');
    return [name, value];
  }));
}

/** A server of a cluster that holds slots. */
export interface ClusterPrimary {
  readonly id: string;
  /** Empty where the answering server does not know its own address. */
  readonly host: string;
  readonly port: number;
  readonly self: boolean;
  /** Whether the others have lost it. */
  readonly failed: boolean;
  /** How many of the 16 384 slots it holds. */
  readonly slots: number;
  /** Whether slots are on their way to or from it. */
  readonly moving: boolean;
}

/** How many slots a cluster has. */
export const CLUSTER_SLOTS = 16_384;

/** The primaries with slots, by id. @param text the answer to CLUSTER NODES */
export function readClusterNodes(text: string): ClusterPrimary[] {
  return text.split('\n').flatMap((line): ClusterPrimary[] => {
    const [id = '', address = '', flags = '', , , , , , ...ranges] = line.trim().split(' ');
    const marks = flags.split(',');
    const slots = ranges.filter((range) => !range.startsWith('[')).reduce((sum, range) => {
      const [from = 0, to = from] = range.split('-').map(Number);
      return sum + to - from + 1;
    }, 0);
    if (!marks.includes('master') || slots === 0) {
      return [];
    }
    // ip:port@bus,name,…: the name is there when the servers announce one, as they do with TLS.
    const [place = '', name = ''] = address.split(',');
    const [, ip = '', port = ''] = /^(.*):(\d+)(?:@\d+)?$/.exec(place) ?? [];
    return [{ id, host: name === '' || name === '?' ? ip : name, port: Number(port), self: marks.includes('myself'), failed: marks.includes('fail') || marks.includes('noaddr'), slots, moving: ranges.some((range) => range.startsWith('[')) }];
  }).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * Keys by what stands before their first colon. Anything else of a key may be personal data, and so may a beginning that
 * hardly any other key has: it is not shown.
 *
 * @returns prefix → keys, the most frequent first; `''` stands for the rest
 */
export function groupKeys(keys: readonly Buffer[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) {
    const prefix = /^[A-Za-z][A-Za-z_.-]{0,30}:/.exec(key.toString('latin1'))?.[0] ?? '';
    counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  const shown = [...counts].filter(([prefix, count]) => prefix !== '' && count >= FEW).sort(([, a], [, b]) => b - a).slice(0, GROUPS);
  const rest = keys.length - shown.reduce((sum, [, count]) => sum + count, 0);
  return new Map(rest === 0 ? shown : [...shown, ['', rest]]);
}

const FEW = 3;
const GROUPS = 20;

/** A pattern of SCAN that matches every key with this beginning, whatever it holds. */
export function patternOf(prefix: string): string {
  return `${prefix.replace(/[\\*?[\]]/g, (character) => `\\${character}`)}*`;
}
