/** One connection to one Redis server: no reconnection, no waiting for ever, and errors in words. */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { RESP_TYPES, createClient } from '@redis/client';
import { CancelledError, UserError, codeOf, messageOf } from '../errors.ts';
import { shorten } from '../incident/shorten.ts';
import { placeName } from './endpoints.ts';
import type { RedisConnection } from './redis-connection.ts';

/** What a server answers; texts as the bytes they are, because a key need not be UTF-8. */
export type Reply = Buffer | number | null | readonly Reply[];

const CONNECT_MS = 5_000;
const COMMAND_MS = 5_000;

/** An open connection. */
export interface Redis {
  /** `host:port` as the runbook or the cluster names it. */
  readonly address: string;
  /**
   * @param doing completes "could not …" of the message
   * @throws UserError in words; CancelledError when the signal of the connection fired
   */
  ask(doing: string, ...command: readonly (string | Buffer)[]): Promise<Reply>;
}

/**
 * Connects, works, and disconnects, whatever happens. TLS is verified whenever the connection asks for it.
 *
 * @throws UserError when it cannot be connected, with what to do; CancelledError when the signal fires
 */
export async function withRedis<T>(connection: RedisConnection, signal: AbortSignal | undefined, work: (redis: Redis) => Promise<T>): Promise<T> {
  if (signal?.aborted === true) {
    throw new CancelledError();
  }
  const { host, port, username, password, database } = connection;
  const client = createClient({
    RESP: 2,
    socket: { host, port, connectTimeout: CONNECT_MS, reconnectStrategy: false, ...(connection.tls ? await tlsOptions(connection) : {}) },
    ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }), database,
    // Old servers do not know the command, and its answer does not matter.
    disableClientInfo: true,
    disableOfflineQueue: true,
  });
  // A connection that breaks later emits; without a listener it would end the process.
  client.on('error', () => undefined);
  const end = (): void => {
    if (client.isOpen) {
      client.destroy();
    }
  };
  // The client's own time-outs end with the handshake, and it does not end a handshake that is cancelled.
  const bounded = async <R>(doing: string, ms: number, promise: Promise<R>): Promise<R> => {
    let timer: NodeJS.Timeout | undefined;
    let cancel = (): void => undefined;
    const interrupted = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => { reject(new TooLate(ms)); }, ms);
      cancel = () => { reject(new CancelledError()); };
      signal?.addEventListener('abort', cancel, { once: true });
    });
    try {
      return await Promise.race([promise, interrupted]);
    } catch (error) {
      throw signal?.aborted === true ? new CancelledError() : explain(error, connection, doing);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    }
  };
  try {
    await bounded('connect', CONNECT_MS, client.connect());
    return await work({
      address: connection.endpoint,
      ask: (doing, ...command) => bounded(doing, COMMAND_MS, client.sendCommand<Reply>([...command], { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.SIMPLE_STRING]: Buffer } })),
    });
  } finally {
    end();
  }
}

class TooLate extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms / 1000} s`);
    this.name = 'TooLate';
  }
}

/** A refusal by the server, by its first word (`NOPERM`); everything else has no such code. */
export class RedisError extends UserError {
  readonly code: string | undefined;

  constructor(message: string, code: string | undefined, options: ConstructorParameters<typeof UserError>[1] = {}) {
    super(message, options);
    this.code = code;
  }
}

async function tlsOptions({ identity, caFile }: RedisConnection) {
  return {
    tls: true as const,
    ...(isIP(identity) === 0 ? { servername: identity } : {}),
    // Behind a tunnel the address is not the name that the certificate bears.
    checkServerIdentity: (_host: string, certificate: Parameters<typeof checkServerIdentity>[1]) => checkServerIdentity(identity, certificate),
    ...(caFile === undefined ? {} : { ca: await authorities(caFile) }),
  };
}

async function authorities(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`The file of sslrootcert in the cache connection cannot be read (${codeOf(error) ?? messageOf(error)}): ${file}. Correct its path with "Incident: Set Cache Connection".`, { cause: error, action: SET });
  }
}

const SET = { title: 'Set cache connection', command: 'incidentRunbook.setRedisConnection' } as const;

/** @param doing completes "could not …" */
function explain(error: unknown, connection: RedisConnection, doing: string): RedisError {
  const { endpoint, host, port, tls, identity, username } = connection;
  const through = placeName({ host, port }) === endpoint ? endpoint : `${endpoint} (by way of ${placeName({ host, port })})`;
  const said = withoutSecrets(messageOf(error), connection);
  const refusal = /^-?([A-Z][A-Z]+)\b/.exec(said)?.[1];
  const code = codeOf(error) ?? refusal;
  const user = username === undefined ? '' : ` of "${username}"`;
  const [text, fixable] = ((): readonly [string, boolean?] => {
    switch (code) {
      case 'ECONNREFUSED': return ['it refuses connections: it is down, or not on that port'];
      case 'ENOTFOUND': return ['its host name does not resolve here. If it can only be reached through a tunnel, say where in the setting incidentRunbook.endpoints'];
      case 'ETIMEDOUT': case 'EHOSTUNREACH': case 'ENETUNREACH': return ['it cannot be reached from this machine. If it needs a tunnel, say where that begins in the setting incidentRunbook.endpoints'];
      case 'SELF_SIGNED_CERT_IN_CHAIN': case 'DEPTH_ZERO_SELF_SIGNED_CERT': case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE': case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY': case 'UNABLE_TO_GET_ISSUER_CERT':
        return ['its TLS certificate is signed by nobody this machine trusts, so nothing was sent. Add ?sslrootcert=/path/of/ca.pem to the cache connection, or the authority to NODE_EXTRA_CA_CERTS', true];
      case 'ERR_TLS_CERT_ALTNAME_INVALID': return [`its TLS certificate is not for ${identity}, so nothing was sent. Ask it by the name its certificate bears`, true];
      case 'CERT_HAS_EXPIRED': return ['its TLS certificate has expired, so nothing was sent. Renew it (step "Check certificate" shows it)'];
      case 'WRONGPASS': return [`it does not accept the user or the password${user}`, true];
      case 'NOAUTH': return [connection.password === undefined ? 'it asks for a password, and this machine has none for it' : 'it does not accept the password', true];
      case 'NOPERM': return [`the user${user} must not do that (${said.replace(/^-?NOPERM\s*/, '')})`, true];
      case 'MOVED': case 'ASK': case 'CROSSSLOT': case 'CLUSTERDOWN': case 'TRYAGAIN': return [`the cluster is moving its slots, or is down (${said}). Wait until CLUSTER INFO says cluster_state:ok, and plan again`];
      case 'READONLY': return ['it is a replica by now and takes no writes: there has been a failover. Plan again; the runbook must name the primary'];
      case 'LOADING': return ['it is loading its data from the disk. Wait until it has started, and plan again'];
      case 'MASTERDOWN': return ['it is a replica without its primary'];
      case 'BUSY': return ['it is running a script that blocks it. Wait, or let its owner end the script (SCRIPT KILL)'];
      case 'DENIED': return ['it runs in protected mode and takes no connections from here'];
      case undefined: break;
    }
    if (error instanceof TooLate || /timeout/i.test(said)) {
      return [`there was no answer within ${COMMAND_MS / 1000} s${doing === 'connect' ? `: it cannot be reached from here${tls ? ', or does not speak TLS on that port' : ''}` : ''}`];
    }
    if (/^ERR .*AUTH.*without any password configured/i.test(said)) {
      return ['it has no password, and the cache connection has one: is it the right server?', true];
    }
    if (/^Socket closed unexpectedly|^ECONNRESET|^The client is closed/.test(said) || code === 'ECONNRESET' || code === 'EPIPE' || code?.startsWith('ERR_SSL') === true) {
      return [doing !== 'connect' ? 'the connection broke' : tls ? 'it closed the connection: it does not speak TLS on that port, or takes no more clients' : 'it closed the connection: it speaks TLS only, or takes no more clients', doing === 'connect'];
    }
    return [said];
  })();
  const act = doing === 'connect' ? `${through} could not be asked` : `${through} was asked and could not ${doing}`;
  return new RedisError(`${act}: ${text.replace(/\.+$/, '')}.`, code, fixable === true ? { action: SET } : {});
}

/** Some servers repeat the command they do not know, with the password in it. */
function withoutSecrets(text: string, { password }: RedisConnection): string {
  const clean = password === undefined ? text : text.replaceAll(password, '[hidden]');
  return shorten(/unknown command.*auth/i.test(clean) ? 'ERR it does not know the command AUTH' : clean.replace(/\s+/g, ' '), 200);
}
