/** Which Redis is asked, and with whose password: the connection of this machine and the runbook have to agree. */
import { UserError } from '../errors.ts';
import type { RunbookEnvironment } from '../runbook/schema.ts';
import { type Endpoints, type RedisPlace, placeName, readRedisPlace } from './endpoints.ts';

export interface RedisConnection extends RedisPlace {
  /** `host:port` as the runbook names it. */
  readonly endpoint: string;
  /** The name that the certificate has to bear. */
  readonly identity: string;
  readonly database: number;
  readonly username?: string;
  readonly password?: string;
  /** Path of the authorities to trust instead of the usual ones, PEM. */
  readonly caFile?: string;
}

type RunbookRedis = NonNullable<RunbookEnvironment['redis']>;

const ACTION = { title: 'Set cache connection', command: 'incidentRunbook.setRedisConnection' } as const;
const SET_AGAIN = 'Set it again with "Incident: Set Cache Connection".';
const FORM = 'rediss://user:password@host:6379/0?sslrootcert=/path/of/ca.pem';

/**
 * The Redis that the runbook names, with the credentials that this machine holds for it. A password goes only where its
 * own connection string says: to the place that the runbook names, or to what the machine's settings put in its stead.
 * So neither a runbook file leads a password elsewhere, nor is it used for another Redis.
 *
 * @param url the machine's connection string, a secret; undefined asks without a password
 * @throws UserError when both do not agree, or the connection string cannot be read
 */
export function redisConnection(redis: RunbookRedis, endpoints: Endpoints, url: string | undefined): RedisConnection {
  const named: RedisPlace = { host: redis.host, port: redis.port, tls: redis.tls ?? true };
  const asked = endpoints.redis(named) ?? named;
  const endpoint = placeName(named);
  const database = redis.database ?? 0;
  if (url === undefined) {
    return { ...asked, endpoint, identity: asked.host, database };
  }
  const given = readConnectionString(url);
  const where = placeName(given);
  if (where !== endpoint && where !== placeName(asked)) {
    throw new UserError(`The cache connection of this machine is for ${where}, and the runbook names ${endpoint}. Nothing was sent to either. ${SET_AGAIN} If ${where} leads there (a tunnel), say so in the setting incidentRunbook.endpoints: {"redis://${endpoint}": "rediss://${where}"}.`, { action: ACTION });
  }
  if (asked.tls && !given.tls) {
    throw new UserError(`${endpoint} is asked over TLS, and the cache connection of this machine begins with redis:, which would send the password unencrypted. ${SET_AGAIN} Begin it with rediss:, or if that Redis really has no TLS, set redis.tls to false in the runbook.`, { action: ACTION });
  }
  if (given.database !== undefined && given.database !== database) {
    throw new UserError(`The cache connection of this machine is for database ${given.database}, and the runbook names database ${database} (redis.database). Correct one of them.`, { action: ACTION });
  }
  const { username, password, caFile } = given;
  return {
    host: asked.host, port: asked.port, tls: asked.tls || given.tls, endpoint, identity: given.host, database,
    ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }), ...(caFile === undefined ? {} : { caFile }),
  };
}

/**
 * Another server of the same cluster, with the same credentials and never with less protection.
 *
 * @param member as the cluster names it
 */
export function memberConnection(connection: RedisConnection, member: Pick<RedisPlace, 'host' | 'port'>, endpoints: Endpoints): RedisConnection {
  const named: RedisPlace = { ...member, tls: connection.tls };
  const asked = endpoints.redis(named) ?? named;
  return {
    ...connection, host: asked.host, port: asked.port, tls: connection.tls || asked.tls, endpoint: placeName(named),
    identity: member.host === connection.host ? connection.identity : member.host,
  };
}

interface ConnectionString extends RedisPlace {
  readonly database?: number;
  readonly username?: string;
  readonly password?: string;
  readonly caFile?: string;
}

/** What is wrong with a connection string, without a word of it: it is a secret. Undefined when it can be used. */
export function connectionStringProblem(text: string): string | undefined {
  if (!/^rediss?:\/\//i.test(text)) {
    return 'It begins with rediss:// (or redis://, unencrypted).';
  }
  if (!URL.canParse(text)) {
    return 'It is no URL. Write special characters of the password as %XX: @ is %40, / is %2F, # is %23, ? is %3F.';
  }
  const url = new URL(text);
  const options = [...url.searchParams.keys()];
  // A password with one of these would be read as something else, and shown as a host.
  if (url.hash !== '' || !/^\/?\d{0,2}$/.test(url.pathname) || options.some((name) => name !== 'sslrootcert') || options.length > 1) {
    return `After the port come only the number of the database and the option sslrootcert. Write /, # and ? of the password as %2F, %23 and %3F. Example: ${FORM}`;
  }
  if (url.hostname === '') {
    return 'It names no host.';
  }
  if (url.username !== '' && url.password === '') {
    return 'It names a user and no password. Without a user it is rediss://:password@host:6379.';
  }
  return decoded(url.username) === undefined || decoded(url.password) === undefined ? 'A % of the password is written as %25.' : undefined;
}

function readConnectionString(text: string): ConnectionString {
  const problem = connectionStringProblem(text);
  if (problem !== undefined) {
    throw new UserError(`The cache connection of this machine cannot be used. ${problem} ${SET_AGAIN}`, { action: ACTION });
  }
  const url = new URL(text);
  const database = url.pathname.replace('/', '');
  const [username, password, caFile] = [decoded(url.username), decoded(url.password), url.searchParams.get('sslrootcert') ?? ''];
  return {
    ...readRedisPlace(url),
    ...(database === '' ? {} : { database: Number(database) }),
    ...(username === undefined || username === '' ? {} : { username }),
    ...(password === undefined || password === '' ? {} : { password }),
    ...(caFile === '' ? {} : { caFile }),
  };
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
