/** What the channel holds: the youngest lines, which message each belongs to, and where they stand in the document. */
import { type LogFormatOptions, type LogFormatter, type ShownBlock, createLogFormatter, noteLine } from './format.ts';
import type { LogEntry, ShownMessage } from './log-entry.ts';
import type { Block } from './traces.ts';

/** What the channel has to do. */
export interface Change {
  /** `replace`: the document is now this text; `append`: it goes on with it. Ends with a line break, unless it is empty. */
  readonly kind: 'append' | 'replace';
  readonly text: string;
  /** Shown for the first time; also those that may hold a stack trace and came and left at once. */
  readonly messages: readonly ShownMessage[];
}

/** Part of the lines that stay when there are too many: they are all sent again, so a line is that once, on average. */
const KEPT_PART = 0.5;

export class ShownLines {
  readonly #formatter: LogFormatter;
  readonly #tracesSince: () => number;
  #maximum: number;
  #kept: ShownBlock[] = [];
  /** Not drawn yet, as it came: of a burst, all but the youngest is let go of without having been touched. */
  #waiting: (readonly LogEntry[])[] = [];
  #waitingCount = 0;
  /** Left without having been drawn. */
  #passed: ShownMessage[] = [];
  /** The document has lines that left since it was drawn. */
  #isBehind = false;
  /** Lines of the document before the first one kept. */
  #header = 0;
  /** Messages that have left. */
  #left = 0;
  /** The last line with a date among them. */
  #date: string | undefined;

  /**
   * @param maximum lines of the document
   * @param tracesSince epoch ms: of what leaves as soon as it comes, messages are told of only when they are younger
   */
  constructor(options: LogFormatOptions, maximum: number, tracesSince = (): number => Number.NEGATIVE_INFINITY) {
    this.#formatter = createLogFormatter(options);
    this.#maximum = maximum;
    this.#tracesSince = tracesSince;
  }

  /** What the document's first line is counted as: a line of `ShownMessage` less this is its line in the document. */
  get firstLine(): number {
    return (this.#kept[0]?.line ?? this.#formatter.line) - this.#header;
  }

  /** Whether more has come since it was drawn than there is room for. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Takes what comes next; it is there once it was drawn. */
  add(entries: readonly LogEntry[]): void {
    this.#waiting.push(entries);
    this.#waitingCount += entries.length;
    // Every entry has a line or more.
    while (this.#waitingCount - (this.#waiting[0]?.length ?? 0) >= this.#room) {
      this.#pass(this.#waiting.shift() ?? []);
    }
  }

  /** Draws what was added since; undefined when that is nothing. */
  draw(): Change | undefined {
    if (this.#waitingCount === 0) {
      return undefined;
    }
    const [oldest = [], ...others] = this.#waiting;
    const surplus = Math.max(0, this.#waitingCount - this.#room);
    this.#pass(oldest.slice(0, surplus));
    const shown = this.#formatter.format([...oldest.slice(surplus), ...others.flat()]);
    const messages = [...this.#passed, ...messagesOf(shown)];
    [this.#waiting, this.#waitingCount, this.#passed] = [[], 0, []];
    for (const block of shown) {
      this.#kept.push(block);
    }
    if (this.#isBehind || this.#formatter.line - this.firstLine > this.#maximum) {
      this.#isBehind = false;
      return { kind: 'replace', text: this.#trim(), messages };
    }
    return { kind: 'append', text: textOf(shown), messages };
  }

  /** What would leave as soon as it came is not formatted. */
  #pass(entries: readonly LogEntry[]): void {
    if (entries.length === 0) {
      return;
    }
    this.#waitingCount -= entries.length;
    this.#letGo(this.#kept.length);
    const [young, since]: [LogEntry[], number] = [[], this.#tracesSince()];
    for (const entry of entries) {
      if (entry.kind === 'event') {
        this.#left += 1;
        if (entry.at > since) {
          young.push(entry);
        }
      }
    }
    for (const message of this.#formatter.pass(young)) {
      this.#passed.push(message);
    }
    this.#isBehind = true;
  }

  /** Lines that stay when there are too many. */
  get #room(): number {
    return Math.max(1, Math.floor(this.#maximum * KEPT_PART));
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
    const [end, room] = [this.#formatter.line, this.#room];
    this.#letGo(Math.min(this.#lastAt(({ line }) => end - line > room) + 1, this.#kept.length - 1));
    return this.#document();
  }

  #letGo(count: number): void {
    const gone = this.#kept.splice(0, count);
    this.#left += messagesOf(gone).length;
    this.#date = gone.findLast(({ block }) => block === undefined)?.text ?? this.#date;
  }

  #document(): string {
    const header = this.#left === 0 ? [] : [noteLine(`${this.#left.toLocaleString('en')} older messages have left this channel; Export Logs has them`)];
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
