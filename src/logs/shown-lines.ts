/** What the channel holds: the youngest lines, which message each belongs to, and where they stand in the document. */
import { type LogFormatOptions, type LogFormatter, type ShownBlock, createLogFormatter, noteLine } from './format.ts';
import type { LogEntry, ShownMessage } from './log-entry.ts';
import type { Block } from './traces.ts';

/** What the channel has to do. */
export interface Change {
  /** `replace`: the document is now this text; `append`: it goes on with it. Ends with a line break, unless it is empty. */
  readonly kind: 'append' | 'replace';
  readonly text: string;
  /** Shown for the first time. */
  readonly messages: readonly ShownMessage[];
}

/** Part of the lines that stay when there are too many: each replacing sends them all again, so not too often. */
const KEPT_PART = 0.75;

export class ShownLines {
  readonly #formatter: LogFormatter;
  #maximum: number;
  #kept: ShownBlock[] = [];
  /** Lines of the document before the first one kept. */
  #header = 0;
  /** Lines that have left. */
  #left = 0;
  /** The last line with a date among them. */
  #date: string | undefined;

  /** @param maximum lines of the document */
  constructor(options: LogFormatOptions, maximum: number) {
    this.#formatter = createLogFormatter(options);
    this.#maximum = maximum;
  }

  /** What the document's first line is counted as: a line of `ShownMessage` less this is its line in the document. */
  get firstLine(): number {
    return (this.#kept[0]?.line ?? this.#formatter.line) - this.#header;
  }

  get messages(): ShownMessage[] {
    return messagesOf(this.#kept);
  }

  add(entries: readonly LogEntry[]): Change {
    const shown = this.#formatter.format(entries);
    for (const block of shown) {
      this.#kept.push(block);
    }
    const messages = messagesOf(shown);
    if (this.#formatter.line - this.firstLine > this.#maximum) {
      return { kind: 'replace', text: this.#trim(), messages };
    }
    return { kind: 'append', text: textOf(shown), messages };
  }

  /** Draws anew what is there; its lines are counted on from the last one, so that no number stands for two lines. */
  redraw(options: LogFormatOptions, maximum: number): string {
    this.#maximum = maximum;
    this.#formatter.use(options);
    const before = this.#kept.filter((kept): kept is ShownBlock & { readonly block: Block } => kept.block !== undefined);
    const drawn = this.#formatter.again(before.map(({ block }) => block));
    let next = 0;
    // A date has the line of what it stands before: they must ascend.
    this.#kept = drawn.map((shown) => ({ ...shown, told: before[shown.block === undefined ? next : next++]?.told ?? shown.line }));
    this.#header = 0;
    return this.#formatter.line - this.firstLine + 1 > maximum ? this.#trim() : this.#document();
  }

  /** Empties it; the counting goes on. */
  clear(): void {
    this.#kept = [];
    this.#date = undefined;
    [this.#header, this.#left] = [0, 0];
  }

  /** The block that holds a line as it is counted now. */
  at(line: number): ShownBlock | undefined {
    const block = this.#kept[this.#lastAt((kept) => kept.line <= line)];
    return block !== undefined && line < block.line + block.lines ? block : undefined;
  }

  /** Where a line stands now (in the document, from 0) that was told when it was shown first; undefined when it has left. */
  documentLine(told: number): number | undefined {
    const now = this.at(told);
    if (now !== undefined) {
      return told - this.firstLine;
    }
    const index = this.#lastAt((kept) => kept.told <= told);
    const block = this.#kept[index];
    return block === undefined || told >= (this.#kept[0]?.line ?? 0) ? undefined : block.line - this.firstLine;
  }

  /** Index of the last block for which it holds, as it does for all before; -1 for none. */
  #lastAt(holds: (kept: ShownBlock) => boolean): number {
    let [from, to] = [0, this.#kept.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      const kept = this.#kept[middle];
      if (kept !== undefined && holds(kept)) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from - 1;
  }

  /** Lets the oldest blocks go; the document that is left. The youngest block stays whatever its length. */
  #trim(): string {
    const end = this.#formatter.line;
    const room = Math.floor(this.#maximum * KEPT_PART);
    const first = Math.min(this.#lastAt(({ line }) => end - line > room) + 1, this.#kept.length - 1);
    const gone = this.#kept.splice(0, first);
    this.#left += gone.reduce((sum, { lines }) => sum + lines, 0);
    this.#date = gone.findLast(({ block }) => block === undefined)?.text ?? this.#date;
    return this.#document();
  }

  #document(): string {
    const header = this.#left === 0 ? [] : [noteLine(`${this.#left.toLocaleString('en')} older lines have left this channel; Export Logs has them`)];
    if (header.length > 0 && this.#date !== undefined && this.#kept[0]?.block !== undefined) {
      header.push(this.#date);
    }
    this.#header = header.length;
    return header.map((text) => `${text}\n`).join('') + textOf(this.#kept);
  }
}

function messagesOf(blocks: readonly ShownBlock[]): ShownMessage[] {
  const messages: ShownMessage[] = [];
  for (const { message } of blocks) {
    if (message !== undefined) {
      messages.push(message);
    }
  }
  return messages;
}

/** Each line with its end; `join` writes it all at once. */
function textOf(blocks: readonly ShownBlock[]): string {
  return blocks.length === 0 ? '' : `${blocks.map(({ text }) => text).join('\n')}\n`;
}
