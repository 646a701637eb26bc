import { UserError } from '../errors.ts';

/** Where a Redis is asked. */
export interface RedisPlace {
  /** Host name or IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Whether the connection is encrypted. */
  readonly tls: boolean;
}

/**
 * Where requests really go. Origins of the runbook can be replaced on this machine (a tunnel, a bastion, the
 * practice environment); a workspace cannot change that, because the setting is machine-scoped.
 */
export class Endpoints {
  readonly #origins: ReadonlyMap<string, string>;
  /** By host and port, whether encrypted or not: a port speaks one of both. */
  readonly #caches: ReadonlyMap<string, RedisPlace>;
  /** Base URL for every AWS service, or undefined for AWS itself. */
  readonly aws: string | undefined;

  /**
   * @param origins origin as the runbook names it → origin to ask instead; also `redis://host:port` → `rediss://host:port`
   * @throws UserError naming the setting when a value is not a URL
   */
  constructor(origins: Readonly<Record<string, string>>, aws?: string) {
    const all = Object.entries(origins);
    this.#origins = new Map(all.filter(([from]) => !isRedis(from)).map(([from, to]) => [
      originOf(from, 'incidentRunbook.endpoints'),
      originOf(to, `incidentRunbook.endpoints["${from}"]`),
    ]));
    this.#caches = new Map(all.filter(([from]) => isRedis(from)).map(([from, to]) => [
      placeName(redisPlaceOf(from, 'incidentRunbook.endpoints')),
      redisPlaceOf(to, `incidentRunbook.endpoints["${from}"]`),
    ]));
    this.aws = aws === undefined || aws === '' ? undefined : originOf(aws, 'incidentRunbook.aws.endpoint');
  }

  /** The URL to ask for a URL of the runbook. */
  resolve(url: string): URL {
    const asked = new URL(url);
    const origin = this.#origins.get(asked.origin);
    if (origin === undefined) {
      return asked;
    }
    // Part by part: resolved against the origin, a path that begins with // would name another host.
    const replaced = new URL(origin);
    replaced.pathname = asked.pathname;
    replaced.search = asked.search;
    return replaced;
  }

  /** Where to ask for a Redis of the runbook, or of a cluster; undefined for that place itself. */
  redis(named: RedisPlace): RedisPlace | undefined {
    return this.#caches.get(placeName(named));
  }

  /** Whether anything is asked elsewhere than the runbook says: the user is told. */
  get replaced(): boolean {
    return this.#origins.size > 0 || this.#caches.size > 0 || this.aws !== undefined;
  }
}

/** `host:port`, the way it is shown and compared. */
export function placeName({ host, port }: Pick<RedisPlace, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host.toLowerCase()}:${port}`;
}

/** What a redis: or rediss: URL says of the place; without a port it is 6379. */
export function readRedisPlace(url: URL): RedisPlace {
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase(), port: url.port === '' ? REDIS_PORT : Number(url.port), tls: url.protocol === 'rediss:' };
}

const REDIS_PORT = 6379;

function isRedis(value: string): boolean {
  return /^rediss?:/i.test(value);
}

function redisPlaceOf(value: string, setting: string): RedisPlace {
  const url = isRedis(value) && URL.canParse(value) ? new URL(value) : undefined;
  // A password in a setting would be synchronised and shown; it belongs into the secret storage.
  if (url === undefined || url.hostname === '' || url.username !== '' || url.password !== '' || !/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '') {
    throw new UserError(`The setting ${setting} holds an address of a Redis that cannot be used. Use one like rediss://127.0.0.1:6379, without user, password, database and options.`, {
      action: { title: 'Open setting', command: 'workbench.action.openSettings', args: ['incidentRunbook.endpoints'] },
    });
  }
  return readRedisPlace(url);
}

function originOf(value: string, setting: string): string {
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw new UserError(`The setting ${setting} holds "${value}", which is not an http or https URL. Use one like https://127.0.0.1:8443.`, {
      action: { title: 'Open setting', command: 'workbench.action.openSettings', args: [setting.replace(/\[.*$/, '')] },
    });
  }
  return new URL(value).origin;
}
