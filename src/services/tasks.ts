/** Programs of the workspace that a step runs: the rollback script, the smoke tests. */

export interface TaskRequest {
  /** Shown on the terminal's tab. */
  readonly title: string;
  /** Program and arguments; never a shell string. */
  readonly command: readonly string[];
  /** Absolute path. */
  readonly cwd: string;
  /** What `find` knows it by; a later program with the same key takes its place. */
  readonly key?: string;
}

export interface TaskEnd {
  /** Undefined when a signal ended it, or it could not be started. */
  readonly exitCode: number | undefined;
  /** Why it could not be started, or which signal ended it, in words. */
  readonly reason?: string;
}

export interface RunningTask {
  /** Id of the process; undefined when it could not be started. */
  readonly pid: number | undefined;
  /** How it ended; undefined while it runs. */
  readonly end: TaskEnd | undefined;
  /** Never rejects. */
  readonly ended: Promise<TaskEnd>;
  /** What it has printed so far, both streams, the last 200,000 characters, without colours. Not redacted. */
  output(): string;
  /** Ends it and the processes it started. */
  stop(): void;
}

/** Runs programs where a person can watch them. */
export interface Tasks {
  /** Folder of the workspace; undefined when none is open. */
  folder(): string | undefined;
  /**
   * Returns as soon as it runs, or could not be started.
   *
   * @throws UserError when it may not run here (Restricted Mode)
   */
  start(request: TaskRequest): Promise<RunningTask>;
  /** The last program with this key that this window started, running or not; a reload forgets it. */
  find(key: string): RunningTask | undefined;
}
