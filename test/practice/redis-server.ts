import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Identity } from '../support/make-certificates.ts';
import { findRedisServer } from '../support/setup.mjs';
import type { Cleanup } from './cleanup.ts';
import { freePort } from './free-port.ts';

const READY_WITHIN_MS = 15_000;
const STOP_WITHIN_MS = 3_000;

export interface RedisServerOptions {
  /** A folder of its own is made in it, for what the server writes. */
  readonly dir: string;
  /** What it presents; without one it speaks no TLS. */
  readonly identity?: Identity;
  /** Needed by servers that talk to each other over TLS. */
  readonly authority?: Identity;
  /** Further lines of its configuration. */
  readonly config?: readonly string[];
}

export interface RedisServer {
  readonly port: number;
  /** Ends it. */
  stop(): Promise<void>;
}

/**
 * Starts a real redis-server on a free port of this machine; it keeps nothing. Resolves once it takes connections.
 *
 * @throws Error when it is not installed (test/support/setup.mjs installs it) or does not start
 */
export async function startRedisServer({ dir, identity, authority, config = [] }: RedisServerOptions, cleanup: Cleanup): Promise<RedisServer> {
  const command = findRedisServer();
  if (command === undefined) {
    throw new Error('redis-server was not found. Run: node test/support/setup.mjs redis');
  }
  cleanup.signal.throwIfAborted();
  await mkdir(dir, { recursive: true });
  const folder = await mkdtemp(join(dir, 'redis-'));
  await chmod(folder, 0o700);
  cleanup.defer('data of Redis', () => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const lines = [
    'bind 127.0.0.1', `dir ${quoted(folder)}`, 'save ""', 'appendonly no', 'daemonize no', 'logfile ""',
    ...(identity === undefined ? [`port ${port}`] : ['port 0', `tls-port ${port}`, ...await tlsConfig(folder, identity, authority)]),
    ...config,
  ];
  // By way of the standard input: a password in the arguments could be read by everybody on this machine.
  const child = spawn(command, ['-'], { stdio: ['pipe', 'pipe', 'pipe'] });
  await once(child, 'spawn');
  const stopIt = (): Promise<void> => stop(child);
  cleanup.defer('Redis', stopIt, () => { child.kill('SIGKILL'); });
  child.stdin.on('error', () => undefined);
  child.stdin.end(`${lines.join('\n')}\n`);
  await ready(child, command);
  return { port, stop: stopIt };
}

async function tlsConfig(folder: string, identity: Identity, authority: Identity | undefined): Promise<string[]> {
  const file = async (name: string, content: string): Promise<string> => {
    const place = join(folder, name);
    await writeFile(place, content, { mode: 0o600 });
    return quoted(place);
  };
  return [
    `tls-cert-file ${await file('server.pem', identity.certificate)}`, `tls-key-file ${await file('server.key', identity.key)}`,
    `tls-ca-cert-file ${await file('ca.pem', (authority ?? identity).certificate)}`, 'tls-auth-clients no',
  ];
}

/** A value of Redis's configuration, whatever it holds. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, (character) => `\\${character}`)}"`;
}

/** Waits until it says that it takes connections, and keeps its output flowing afterwards. */
function ready(child: ChildProcess, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`${command} ${why}. Its output was:\n${output.slice(-2000)}`));
    };
    const timer = setTimeout(() => fail(`did not start within ${READY_WITHIN_MS / 1000} s`), READY_WITHIN_MS);
    child.once('exit', (code, signal) => fail(`ended early (${signal ?? code})`));
    const read = (text: string): void => {
      output = (output + text).slice(-8000);
      if (output.includes('Ready to accept connections')) {
        clearTimeout(timer);
        resolve();
      }
    };
    child.stdout?.setEncoding('utf8').on('data', read);
    child.stderr?.setEncoding('utf8').on('data', read);
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await exited;
  clearTimeout(timer);
}
