import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cleanup } from './cleanup.ts';

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 3_000;
const VENV = fileURLToPath(new URL('../../.vscode-test/moto', import.meta.url));
const VENV_BIN = join(VENV, process.platform === 'win32' ? 'Scripts' : 'bin');
const VENV_MOTO = join(VENV_BIN, process.platform === 'win32' ? 'moto_server.exe' : 'moto_server');

const HOW_TO_INSTALL = [
  'The practice environment emulates AWS with moto, which was not found and could not be installed. Install it with:',
  `  python3 -m venv ${VENV}`,
  `  ${join(VENV_BIN, 'pip')} install 'moto[server]'`,
  'or put a moto_server on the PATH, then start again.',
].join('\n');

/**
 * Starts moto_server on a port the system chooses: the one on the PATH, else the one in .vscode-test/moto, which is
 * installed there when missing. Resolves with its origin once it listens (about 1 s; a first installation takes longer).
 */
export async function startMoto(cleanup: Cleanup, log: (line: string) => void): Promise<string> {
  for (const command of ['moto_server', VENV_MOTO]) {
    try {
      const origin = await launch(command, cleanup);
      if (origin !== undefined) {
        return origin;
      }
    } catch (error) {
      cleanup.signal.throwIfAborted();
      // e.g. the shim of a Python version manager whose moto was removed.
      log(error instanceof Error ? error.message : String(error));
    }
  }
  await install(cleanup, log);
  const installed = await launch(VENV_MOTO, cleanup);
  if (installed === undefined) {
    throw new Error(HOW_TO_INSTALL);
  }
  return installed;
}

/** The origin of a started server, or undefined when there is no such program. */
async function launch(command: string, cleanup: Cleanup): Promise<string | undefined> {
  cleanup.signal.throwIfAborted();
  // A group of its own: `moto_server` may be a wrapper script, and the server behind it has to end with it.
  const child = spawn(command, ['-H', '127.0.0.1', '-p', '0'], {
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (!(await spawned(child))) {
    return undefined;
  }
  cleanup.defer('moto', () => stop(child), () => kill(child, 'SIGKILL'));
  return listening(child, command);
}

async function spawned(child: ChildProcess): Promise<boolean> {
  try {
    await once(child, 'spawn');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return false;
    }
    throw error;
  }
}

/** Waits for the line in which the server names its port, and keeps its output flowing afterwards. */
function listening(child: ChildProcess, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`${command} ${why}. Its output was:\n${output.slice(-2000)}`));
    };
    const timer = setTimeout(() => fail(`did not listen within ${READY_WITHIN_MS / 1000} s`), READY_WITHIN_MS);
    child.once('exit', (code, signal) => fail(`ended early (${signal ?? code})`));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-8000);
      const address = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1];
      if (address !== undefined) {
        clearTimeout(timer);
        resolve(address);
      }
    });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const exited = once(child, 'exit');
  kill(child, 'SIGTERM');
  const timer = setTimeout(() => kill(child, 'SIGKILL'), STOP_WITHIN_MS);
  await exited;
  clearTimeout(timer);
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) {
    return;
  }
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal);
  } catch {
    // It has ended already.
  }
}

async function install(cleanup: Cleanup, log: (line: string) => void): Promise<void> {
  log(`moto_server was not found on the PATH: installing it into ${VENV}, once …`);
  try {
    if (!existsSync(VENV_BIN)) {
      await run('python3', ['-m', 'venv', VENV], cleanup.signal);
    }
    await run(join(VENV_BIN, 'pip'), ['install', '--quiet', 'moto[server]'], cleanup.signal);
  } catch (error) {
    throw new Error(HOW_TO_INSTALL, { cause: error });
  }
}

async function run(command: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], signal });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-2000)));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${output}`);
  }
}
