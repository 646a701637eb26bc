/** The lines of one open file that are followed from the deployed text through what people edit. */
import { type Anchor, type LineMap, type TextChange, mapLines, shiftLine } from './line-mapping.ts';

/** A text that lines are counted in: a file as it was deployed. */
export interface SourceText {
  /** Names it. */
  readonly key: string;
  readonly text: string;
}

/** The file as it is in the editor. */
export interface CurrentText {
  getText(): string;
  /** Undefined past its end. @param line from 0 */
  line(line: number): string | undefined;
}

export class TrackedLines {
  /** `line source` → where it is. */
  readonly #anchors = new Map<string, Anchor>();
  /** Of the current text, by source. */
  readonly #maps = new Map<string, LineMap | undefined>();

  /** Follows an edit. What it replaced is looked for anew: an undo or a paste brings it back. */
  edit(changes: readonly TextChange[]): void {
    this.#maps.clear();
    this.#anchors.forEach((anchor, key) => {
      const moved = shiftLine(anchor, changes);
      if (moved === undefined) {
        this.#anchors.delete(key);
      } else {
        this.#anchors.set(key, moved);
      }
    });
  }

  /**
   * Where a line of the source stands now; both from 0.
   *
   * @returns undefined where it is gone, or cannot be told in bounded time
   */
  find(source: SourceText, line: number, current: CurrentText): number | undefined {
    const key = `${line} ${source.key}`;
    const anchor = this.#anchors.get(key);
    if (anchor !== undefined && current.line(anchor.line)?.trim()) {
      return anchor.line;
    }
    const found = this.#mapOf(source, current)?.(line);
    const text = found === undefined ? undefined : current.line(found);
    if (found === undefined || text === undefined) {
      this.#anchors.delete(key);
      return undefined;
    }
    this.#anchors.set(key, { line: found, character: text.length - text.trimStart().length });
    return found;
  }

  #mapOf({ key, text }: SourceText, current: CurrentText): LineMap | undefined {
    if (!this.#maps.has(key)) {
      this.#maps.set(key, mapLines(text, current.getText()));
    }
    return this.#maps.get(key);
  }
}
