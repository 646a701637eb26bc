import { type ProgramOptions, Programs } from '../../src/services/run-program.ts';
import type { RunningTask, TaskRequest, Tasks } from '../../src/services/tasks.ts';

/** Real programs in a folder, without the terminal that VS Code gives them. */
export class ProgramTasks implements Tasks {
  /** Everything that was to be run, in order. */
  readonly started: TaskRequest[] = [];
  readonly #folder: string | undefined;
  readonly #programs: Programs;

  constructor(folder: string | undefined, options: ProgramOptions = {}) {
    this.#folder = folder;
    this.#programs = new Programs(options);
  }

  folder(): string | undefined {
    return this.#folder;
  }

  start(request: TaskRequest): Promise<RunningTask> {
    this.started.push(request);
    return Promise.resolve(this.#programs.start(request));
  }

  find(key: string): RunningTask | undefined {
    return this.#programs.find(key);
  }
}
