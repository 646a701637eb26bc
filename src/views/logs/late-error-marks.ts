/** The marks in the code, made when the first stream starts: until then nothing of them is loaded. */
import type { ShownMessage, StreamState } from '../../logs/log-entry.ts';
import type { DrawnLine } from './error-lines.ts';
import type { ErrorMarks } from './error-marks.ts';

export class LateErrorMarks {
  readonly #make: () => Promise<ErrorMarks>;
  readonly #onError: (error: unknown) => void;
  #marks: Promise<ErrorMarks> | undefined;
  #state: StreamState = 'stopped';

  constructor(make: () => Promise<ErrorMarks>, onError: (error: unknown) => void) {
    this.#make = make;
    this.#onError = onError;
  }

  /** A stream that was stopped leaves its marks, which go when its errors have left the window; the next one begins without. */
  streaming(state: StreamState): void {
    const begins = this.#state === 'stopped' && state !== 'stopped';
    this.#state = state;
    if (begins) {
      this.#marks ??= this.#make();
      this.#tell((marks) => { marks.begin(); });
    }
  }

  add(messages: readonly ShownMessage[]): void {
    this.#tell((marks) => { marks.add(messages); });
  }

  /** The marks of the visible files, by path. */
  async drawn(): Promise<readonly (readonly [string, readonly DrawnLine[]])[]> {
    return [...(await this.#marks)?.drawn ?? []];
  }

  dispose(): void {
    this.#tell((marks) => { marks.dispose(); });
  }

  #tell(work: (marks: ErrorMarks) => void): void {
    this.#marks?.then(work).catch(this.#onError);
  }
}
