/** The stream as lines of text, and where each message stands in it. */
import type { Redactor } from '../incident/redact.ts';
import type { LogEvent } from '../services/aws/logs.ts';
import { cleanText, cutLines } from './clean-text.ts';
import { type OffsetAt, type TimeZoneChoice, createEventTimes, ownTimeLength } from './event-time.ts';
import { type JsonStyle, formatJson, parseJsonLine } from './json-line.ts';
import type { LogEntry, ShownMessage } from './log-entry.ts';
import { shortGroups, shortStream } from './stream-name.ts';
import { type Block, type MessageBlock, createTraceGrouper } from './traces.ts';

export interface LogFormatOptions {
  readonly time: TimeZoneChoice;
  readonly json: JsonStyle;
  readonly redact: Redactor;
  /** Log groups of the stream; their names are shown when there are several. Others are learned as their events come. */
  readonly groups?: readonly string[];
  /** For tests; default: the time zone of this machine. */
  readonly offsetAt?: OffsetAt;
}

/** A block as text. Its first line is `line`, counted as in `ShownMessage`. */
export interface ShownBlock {
  /** Undefined for a line with the date. */
  readonly block: Block | undefined;
  /** Without the last line break. */
  readonly text: string;
  readonly line: number;
  /** Its first line when it was shown first. */
  readonly told: number;
  readonly lines: number;
  /** Undefined for what is no message of a program. */
  readonly message: ShownMessage | undefined;
}

export interface LogFormatter {
  /** The next line, counted from 0. */
  readonly line: number;
  /** Formats what comes next. */
  format(entries: readonly LogEntry[]): ShownBlock[];
  /**
   * Counts what comes next but is not shown, a line each.
   *
   * @returns those that may hold a stack trace; they are formatted when their text is asked for
   */
  pass(entries: readonly LogEntry[]): ShownMessage[];
  /** Formats blocks that were formatted before, as if they came next; begins with the date. */
  again(blocks: readonly Block[]): ShownBlock[];
  /** What follows is formatted so. */
  use(options: LogFormatOptions): void;
}

/** Lines of a message but the first. */
const INDENT = '    ';
/** What comes after younger ones says so. */
const LATE = '(late) ';
/** Shorter streams of the same name need no second computing. */
const MOST_NAMES = 5_000;

export function createLogFormatter(options: LogFormatOptions): LogFormatter {
  const grouper = createTraceGrouper();
  let layout = createLayout(options);
  let [line, date] = [0, ''];
  const place = (blocks: readonly Block[]): ShownBlock[] => {
    const shown: ShownBlock[] = [];
    for (const block of blocks) {
      const at = block.kind === 'message' ? (block.events[0]?.at ?? 0) : block.at;
      const today = layout.date(at);
      if (today !== date) {
        date = today;
        shown.push({ block: undefined, text: noteLine(today), line, told: line, lines: 1, message: undefined });
        line += 1;
      }
      const text = layout.text(block);
      const lines = countLines(text);
      shown.push({ block, text, line, told: line, lines, message: messageOf(block, text, line, lines) });
      line += lines;
    }
    return shown;
  };
  return {
    get line() { return line; },
    format: (entries) => place(grouper.group(entries)),
    pass: (entries) => {
      const passed: ShownMessage[] = [];
      for (const block of grouper.group(entries)) {
        if (block.kind === 'message' && mayHoldTrace(block)) {
          passed.push(new PassedMessage(block, line, layout));
        }
        line += 1;
      }
      return passed;
    },
    again: (blocks) => {
      date = '';
      return place(blocks);
    },
    use: (next) => {
      layout = createLayout(next);
    },
  };
}

/** What the stream says of itself; the date; a deployment. */
export function noteLine(text: string): string {
  return `── ${text} ──`;
}

function messageOf(block: Block, text: string, line: number, lines: number): ShownMessage | undefined {
  const head = block.kind === 'message' ? block.events[0] : undefined;
  return head === undefined ? undefined : { at: head.at, group: head.group, stream: head.stream, text, line, lines };
}

/** Several lines; JSON has them in a string. */
function mayHoldTrace({ events, continues }: MessageBlock): boolean {
  const message = events[0]?.message ?? '';
  return continues || events.length > 1 || message.includes('\n') || message.includes('\\n');
}

/** A message of which no line is in the channel. */
class PassedMessage implements ShownMessage {
  readonly at: number;
  readonly group: string;
  readonly stream: string;
  readonly line: number;
  readonly lines = 0;
  readonly #block: Block;
  readonly #layout: Layout;

  constructor(block: MessageBlock, line: number, layout: Layout) {
    const { at = 0, group = '', stream = '' } = block.events[0] ?? {};
    [this.at, this.group, this.stream, this.line] = [at, group, stream, line];
    [this.#block, this.#layout] = [block, layout];
  }

  get text(): string {
    return this.#layout.text(this.#block);
  }
}

interface Layout {
  date(at: number): string;
  text(block: Block): string;
}

function createLayout({ time, json, redact, groups = [], offsetAt }: LogFormatOptions): Layout {
  const times = createEventTimes(time, offsetAt);
  const sourceOf = createSources(groups);
  const bodyOf = (event: LogEvent): string => {
    const clean = cleanText(event.message);
    const text = clean.slice(ownTimeLength(clean, event.at)).trimEnd();
    const fields = parseJsonLine(text);
    if (fields === undefined) {
      return text;
    }
    try {
      // What JSON had escaped is there now.
      return cleanText(formatJson(fields, event.at, json, redact));
    } catch (error) {
      // Nested more deeply than can be walked.
      if (error instanceof RangeError) {
        return text;
      }
      throw error;
    }
  };
  return {
    date: times.date,
    text(block) {
      if (block.kind !== 'message') {
        const mark = block.kind === 'marker' ? `▲ ${block.late === true ? LATE : ''}` : '';
        return noteLine(`${times.time(block.at)} ${mark}${redact(cleanText(block.text)).replace(/\n+/g, ' ')}`);
      }
      const [head] = block.events;
      if (head === undefined) {
        return '';
      }
      const raw = block.events.length === 1 ? bodyOf(head) : block.events.map(bodyOf).join('\n');
      const body = cutLines(redact(raw));
      const marks = `${block.late ? LATE : ''}${block.continues ? '↳ ' : ''}`;
      const text = `${times.time(head.at)} ${sourceOf(head)} ${marks}${body}`;
      return text.includes('\n') ? text.replaceAll('\n', `\n${INDENT}`) : text;
    },
  };
}

/** `task`, with several groups `group/task`. */
function createSources(announced: readonly string[]): (event: LogEvent) => string {
  const groups = new Set(announced);
  let names = shortGroups(groups);
  const known = new Map<string, Map<string, string>>();
  let size = 0;
  return ({ group, stream }) => {
    if (!groups.has(group) || size > MOST_NAMES) {
      groups.add(group);
      names = shortGroups(groups);
      known.clear();
      size = 0;
    }
    let ofGroup = known.get(group);
    if (ofGroup === undefined) {
      known.set(group, ofGroup = new Map());
    }
    let source = ofGroup.get(stream);
    if (source === undefined) {
      const name = names.get(group) ?? '';
      ofGroup.set(stream, source = `${name === '' ? '' : `${name}/`}${shortStream(stream)}`);
      size += 1;
    }
    return source;
  };
}

function countLines(text: string): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    lines += 1;
  }
  return lines;
}
