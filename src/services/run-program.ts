/** Programs as processes of their own: started without a shell, watched, and ended with everything they started. */
import { type ChildProcess, spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { codeOf, messageOf } from '../errors.ts';
import type { RunningTask, TaskEnd, TaskRequest } from './tasks.ts';

/** Characters of output that are kept: its end says how it went. */
export const MAX_OUTPUT = 200_000;
/** So long a program may take to end by itself once it was asked to, ms. */
const GRACE_MS = 5_000;
/** So long output is waited for after the program itself has ended, ms: what it left running may hold the streams open. */
const LAST_WORDS_MS = 500;
/** Programs that have ended and can still be found. */
const MAX_ENDED = 20;

export interface RunningProgram extends RunningTask {
  /** What it printed so far and then everything else, as it came, colours included. */
  onOutput(listener: (text: string) => void): { dispose(): void };
}

export interface ProgramOptions {
  /** Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** ms between asking a program to end and ending it. Default 5000. */
  readonly graceMs?: number;
}

/** Runs programs and finds them again by their key. */
export class Programs {
  readonly #options: ProgramOptions;
  readonly #byKey = new Map<string, RunningProgram>();

  constructor(options: ProgramOptions = {}) {
    this.#options = options;
  }

  start(request: TaskRequest): RunningProgram {
    const program = runProgram(request, this.#options);
    if (request.key !== undefined) {
      this.#byKey.delete(request.key);
      this.#byKey.set(request.key, program);
      const over = [...this.#byKey].filter(([, { end }]) => end !== undefined).slice(0, -MAX_ENDED);
      over.forEach(([key]) => { this.#byKey.delete(key); });
    }
    return program;
  }

  find(key: string): RunningProgram | undefined {
    return this.#byKey.get(key);
  }
}

/**
 * Starts a program in a process group of its own. It has no standard input, so that one that asks something ends
 * instead of waiting. A program that cannot be started has ended, with the reason. On Windows only executables run:
 * `.cmd` shims such as npm's need a shell, which is never used; and `stop` reaches the program alone.
 */
export function runProgram({ command: [program = '', ...args], cwd }: TaskRequest, { env = process.env, graceMs = GRACE_MS }: ProgramOptions = {}): RunningProgram {
  const listeners = new Set<(text: string) => void>();
  const ring = new OutputRing();
  let raw = '';
  let end: TaskEnd | undefined;
  let settle: (end: TaskEnd) => void = () => undefined;
  const ended = new Promise<TaskEnd>((resolve) => { settle = resolve; });
  const finish = (how: TaskEnd): void => {
    if (end === undefined) {
      end = how;
      settle(how);
    }
  };
  const child = tryToSpawn(program, args, { cwd, env }, (error) => { finish({ exitCode: undefined, reason: whyNot(error, program) }); });
  for (const stream of child === undefined ? [] : [child.stdout, child.stderr]) {
    const escapes = new EscapeFilter();
    stream?.setEncoding('utf8').on('data', (text: string) => {
      raw = (raw + text).slice(-MAX_OUTPUT);
      ring.add(escapes.plain(text));
      listeners.forEach((listener) => { listener(text); });
    });
  }
  child?.once('exit', (code, signal) => {
    const how = code === null ? { exitCode: undefined, reason: `ended by ${signal ?? 'a signal'}` } : { exitCode: code };
    const timer = setTimeout(() => { finish(how); }, LAST_WORDS_MS);
    child.once('close', () => {
      clearTimeout(timer);
      finish(how);
    });
  });
  return {
    pid: child?.pid,
    ended,
    get end() { return end; },
    output: () => ring.text(),
    onOutput: (listener) => {
      if (raw !== '') {
        listener(raw);
      }
      listeners.add(listener);
      return { dispose: () => { listeners.delete(listener); } };
    },
    stop: () => {
      if (child !== undefined && end === undefined) {
        signalGroup(child, 'SIGTERM');
        // Also when it has ended by then: what it started may not have.
        setTimeout(() => { signalGroup(child, 'SIGKILL'); }, graceMs).unref();
      }
    },
  };
}

function tryToSpawn(program: string, args: readonly string[], { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }, onError: (error: unknown) => void): ChildProcess | undefined {
  try {
    // A console window of its own is all that `detached` would give on Windows.
    const child = spawn(program, args, { cwd, env: programEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'], detached: process.platform !== 'win32', windowsHide: true });
    child.once('error', onError);
    return child;
  } catch (error) {
    onError(error);
    return undefined;
  }
}

/** Without what VS Code needs for itself, and with colours, unless somebody wants none. */
function programEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.entries(env).filter(([name]) => !/^(VSCODE_|ELECTRON_)/.test(name));
  return { ...(env['NO_COLOR'] === undefined ? { FORCE_COLOR: '1' } : {}), ...Object.fromEntries(own) };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) {
    return;
  }
  try {
    if (process.platform === 'win32') {
      child.kill(signal);
    } else {
      process.kill(-child.pid, signal);
    }
  } catch (error) {
    // It may be gone, or belong to somebody else by now; either way there is nothing left to end.
    if (codeOf(error) !== 'ESRCH' && codeOf(error) !== 'EPERM') {
      throw error;
    }
  }
}

function whyNot(error: unknown, program: string): string {
  switch (codeOf(error)) {
    case 'ENOENT': return `"${program}", the interpreter its first line names, or the folder to run it in does not exist`;
    case 'EACCES': return `"${program}" may not be run`;
    case 'E2BIG': return 'its arguments are too long';
    default: return messageOf(error);
  }
}

/** The end of an escape sequence may come with the next piece; this much is waited for. */
const MAX_SEQUENCE = 4_096;
const BEGUN = /\x1b(?:\[[0-9;:?<=>]*|\][^\x07\x1b]*\x1b?|[()#]?)$/;

/** Takes colours and other escape sequences out of a stream that comes in pieces. */
class EscapeFilter {
  #begun = '';

  plain(piece: string): string {
    const text = this.#begun + piece;
    const at = text.search(BEGUN);
    const cut = at === -1 || text.length - at > MAX_SEQUENCE ? text.length : at;
    this.#begun = text.slice(cut);
    return stripVTControlCharacters(text.slice(0, cut));
  }
}

/** The last characters of a text that grows. */
class OutputRing {
  #text = '';
  #isCut = false;

  add(text: string): void {
    this.#text += text;
    // Not each time, because cutting copies.
    if (this.#text.length > 2 * MAX_OUTPUT) {
      this.#cut();
    }
  }

  /** Whole lines, so that half of a secret is not taken for something else; a line that was drawn over counts as its last state. */
  text(): string {
    if (this.#text.length > MAX_OUTPUT) {
      this.#cut();
    }
    const whole = this.#isCut ? this.#text.slice(this.#text.indexOf('\n') + 1) : this.#text;
    return whole.replace(/\r+\n/g, '\n').split('\n').map(lastState).join('\n').replace(/[\0-\x08\x0b-\x1f\x7f]/g, '');
  }

  #cut(): void {
    this.#text = this.#text.slice(-MAX_OUTPUT).replace(/^[\uDC00-\uDFFF]/, '');
    this.#isCut = true;
  }
}

function lastState(line: string): string {
  return line.slice(line.lastIndexOf('\r', line.length - 2) + 1);
}
