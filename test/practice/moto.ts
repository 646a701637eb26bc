import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { findMotoServer } from '../support/setup.mjs';
import type { Cleanup } from './cleanup.ts';

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 3_000;
/**
 * Starts moto_server on a port the system chooses. Resolves with its origin once it listens (about 1 s).
 *
 * @throws Error when it is not installed (test/support/setup.mjs installs it) or does not start
 */
export async function startMoto(cleanup: Cleanup): Promise<string> {
  const command = findMotoServer();
  if (command === undefined) {
    throw new Error('moto_server, which emulates AWS, was not found. Run: node test/support/setup.mjs');
  }
  cleanup.signal.throwIfAborted();
  // A group of its own: `moto_server` may be a wrapper script, and the server behind it has to end with it.
  const child = spawn(command, ['-H', '127.0.0.1', '-p', '0'], {
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await once(child, 'spawn');
  cleanup.defer('moto', () => stop(child), () => kill(child, 'SIGKILL'));
  return listening(child, command);
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
