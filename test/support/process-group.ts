import { spawn, type ChildProcess } from 'node:child_process';

export interface ProcessGroup {
  readonly child: ChildProcess;
  /** Settles when the process has ended, with its exit code, or null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Ends the process and all it started: asks first, insists after `graceMs`. Returns when it is gone. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts a program as the leader of its own process group, so that what it starts in turn (extension hosts, terminals)
 * can be ended with it. The group is also told to end when this process exits; against this process being killed
 * outright there is no defence.
 *
 * @param options.inherit shows the program's output here instead of piping it
 * @throws Error when the program cannot be started; the message names it.
 */
export function startProcessGroup(
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string; readonly inherit?: boolean },
): ProcessGroup {
  const child = spawn(command, args, {
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: options.inherit ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    // Windows has no process groups to signal; there `detached` would only open a console window.
    detached: process.platform !== 'win32',
  });
  const killNow = (): void => signalGroup(child, 'SIGKILL');
  // SIGTERM and not SIGKILL, because the program may itself have groups to end.
  const endWithUs = (): void => signalGroup(child, 'SIGTERM');
  process.once('exit', endWithUs);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => {
      process.off('exit', endWithUs);
      reject(new Error(`Cannot start ${command}: ${error.message}`, { cause: error }));
    });
    child.once('exit', (code) => {
      // The leader may have gone before its children.
      killNow();
      process.off('exit', endWithUs);
      resolve(code);
    });
  });
  // A caller that never looks at `ended` must not die of an unhandled rejection; one that does still gets it.
  ended.catch(() => undefined);

  return {
    child,
    ended,
    async stop(graceMs = 5_000) {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      signalGroup(child, 'SIGTERM');
      const timer = setTimeout(killNow, graceMs);
      try {
        await ended;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
