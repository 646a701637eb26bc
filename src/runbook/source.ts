import { readFile } from 'node:fs/promises';
import { UserError, messageOf } from '../errors.ts';
import type { Problem } from './problems.ts';
import type { Runbook } from './schema.ts';

export interface RunbookSourceOptions {
  /** Absolute path of the team's own runbook; undefined for the bundled one. */
  readonly file: () => string | undefined;
  /** The bundled runbook, already validated when the extension was built. */
  readonly bundled: () => Promise<Runbook>;
  /** Told of the problems of the team's own file, and of none once they are mended. */
  readonly onProblems: (file: string, problems: readonly Problem[]) => void;
}

/** The runbook in force: read on first use, kept until `reset`. A faulty file is no runbook at all. */
export class RunbookSource {
  readonly #options: RunbookSourceOptions;
  #runbook: Promise<Runbook> | undefined;
  #loaded: Runbook | undefined;

  constructor(options: RunbookSourceOptions) {
    this.#options = options;
  }

  /** @throws UserError naming file, line and column of the first problem */
  get(): Promise<Runbook> {
    return this.#runbook ??= this.#load().catch((error: unknown) => {
      this.#runbook = undefined;
      throw error;
    });
  }

  /**
   * The last runbook that could be read: for those who cannot wait. It stays while the file is broken, because
   * redaction must not forget its patterns meanwhile.
   */
  get loaded(): Runbook | undefined {
    return this.#loaded;
  }

  /** Reads it anew on next use: the setting or the file changed. */
  reset(): void {
    this.#runbook = undefined;
  }

  async #load(): Promise<Runbook> {
    const file = this.#options.file();
    const runbook = file === undefined ? await this.#options.bundled() : await this.#read(file);
    this.#loaded = runbook;
    return runbook;
  }

  async #read(file: string): Promise<Runbook> {
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      throw new UserError(`The runbook ${file} could not be read: ${messageOf(error)}. Correct the setting incidentRunbook.file, or empty it for the bundled runbook.`, {
        cause: error,
        action: { title: 'Open setting', command: 'workbench.action.openSettings', args: ['incidentRunbook.file'] },
      });
    }
    const { loadRunbook } = await import('./load.ts');
    const result = loadRunbook(text, file);
    if (result.ok) {
      this.#options.onProblems(file, []);
      return result.runbook;
    }
    this.#options.onProblems(file, result.problems);
    const [first] = result.problems;
    throw new UserError(`The runbook has ${result.problems.length === 1 ? 'a problem' : `${result.problems.length} problems`}, so no step of it runs: ${first?.file ?? file}:${first?.line ?? 1}:${first?.column ?? 1}: ${first?.message ?? ''}`, {
      action: { title: 'Open runbook', command: 'incidentRunbook.openRunbook' },
    });
  }
}
