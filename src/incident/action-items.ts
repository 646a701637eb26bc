/** The action items of a review document (runbook 10.3), read as tolerantly as people write them. */
import { createHash } from 'node:crypto';

export interface ActionItem {
  /** 0-based. */
  readonly line: number;
  /** What is to be done, without owner, due date and link. */
  readonly text: string;
  /** As it is written, without `@` only where a login follows it: `@ada`, `Amira Hassan`. */
  readonly owner?: string;
  /** ISO date, `2026-12-01`. */
  readonly due?: string;
  /** What stands behind "Due:" where that is no ISO date. */
  readonly unreadableDue?: string;
  readonly done: boolean;
  /** Of its issue, once it is in the document. */
  readonly url?: string;
  readonly number?: number;
  /** Within the document, the same for as long as the action is called the same: a tick, an owner or a date does not change it. */
  readonly key: string;
}

export interface ActionItems {
  /** Line of the heading, 0-based; undefined when there is none. */
  readonly heading?: number;
  readonly items: readonly ActionItem[];
}

const HEADING = /^##\s+action items\s*#*\s*$/i;
/** A heading that ends the section. */
const NEXT_SECTION = /^#{1,2}\s/;
const FENCE = /^\s{0,3}(```|~~~)/;
const BOX = /^(?<box>\s*[-*+]\s+\[(?<tick>[ xX])\]\s+)(?<rest>.*)$/;
/** As it is written here, in brackets, or before the text: a link among the words of an item is not its issue. */
const LINKS = [/ ?\(\[#(?<number>\d{1,9})\]\((?<url>https:\/\/[^\s()]+\/issues\/\k<number>)\)\)/, /^\[#(?<number>\d{1,9})\]\((?<url>https:\/\/[^\s()]+\/issues\/\k<number>)\)/] as const;
const FIELD = /^[*_]*(?<name>owner|due)(?: date)?[*_]*\s*:[*_]*\s*(?<value>.*)$/i;
/** Between the parts of a line: a dash of any length with blanks around it, or whatever stands before "Owner:" and "Due:". */
const BETWEEN = /\s+[-–—]+\s+|\s*[,;|]\s+(?=[*_]*(?:owner|due)(?: date)?[*_]*\s*:)|\s+(?=[*_]*(?:owner|due)(?: date)?[*_]*\s*:)/i;
/** `[Action 1]`, `[name]`, `[date]`: nobody has filled it in. */
const PLACEHOLDER = /^\[[^\]]*\]$/;

/** The items below "## Action Items". Placeholders of the template and examples in code blocks are none. */
export function readActionItems(text: string): ActionItems {
  const items: ActionItem[] = [];
  const seen = new Map<string, number>();
  let heading: number | undefined;
  let inside = false;
  let fence: string | undefined;
  for (const [line, raw] of text.split('\n').entries()) {
    const written = raw.replace(/\r$/, '');
    const mark = FENCE.exec(written)?.[1];
    if (mark !== undefined && (fence === undefined || fence === mark)) {
      fence = fence === undefined ? mark : undefined;
    } else if (fence === undefined && HEADING.test(written)) {
      heading ??= line;
      inside = true;
    } else if (fence === undefined && NEXT_SECTION.test(written)) {
      inside = false;
    } else if (fence === undefined && inside) {
      const read = readLine(written);
      if (read !== undefined) {
        const words = normalised(read.text);
        const before = seen.get(words) ?? 0;
        seen.set(words, before + 1);
        items.push({ line, ...read, key: keyOf(words, before) });
      }
    }
  }
  return { ...(heading === undefined ? {} : { heading }), items };
}

function readLine(written: string): Omit<ActionItem, 'line' | 'key'> | undefined {
  const { tick, rest } = BOX.exec(written)?.groups ?? {};
  if (tick === undefined || rest === undefined) {
    return undefined;
  }
  const plain = rest.replace(/<!--.*?-->/g, '').replace(/\s+/g, ' ').trim();
  const link = LINKS.map((form) => form.exec(plain)).find((match) => match !== null);
  const { number, url } = link?.groups ?? {};
  const fields = new Map<string, string>();
  const words: string[] = [];
  for (const part of plain.replace(link?.[0] ?? '', '').trim().split(BETWEEN)) {
    const { name, value } = FIELD.exec(part.trim())?.groups ?? {};
    if (name === undefined || value === undefined) {
      words.push(part.trim());
    } else if (value.trim() !== '' && !PLACEHOLDER.test(value.trim())) {
      fields.set(name.toLowerCase(), value.trim());
    }
  }
  const text = words.filter((word) => word !== '').join(' - ');
  if (text === '' || PLACEHOLDER.test(text)) {
    return undefined;
  }
  const [owner, due] = [fields.get('owner'), fields.get('due')];
  return {
    text, done: tick !== ' ',
    ...(owner === undefined ? {} : { owner }),
    ...(due === undefined ? {} : isDate(due) ? { due } : { unreadableDue: due }),
    ...(number === undefined || url === undefined ? {} : { number: Number(number), url }),
  };
}

/** Whether it is a day of the calendar as ISO 8601 writes it. */
function isDate(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** The words alone: emphasis, case and a full stop make no other item. */
function normalised(text: string): string {
  return text.toLowerCase().replace(/[*_`~]/g, '').replace(/[\s.;:!]+$/, '').replace(/\s+/g, ' ').trim();
}

/** Letters only: among digits the redaction could see a number of a person. @param before how many of the same words stand above it */
function keyOf(words: string, before: number): string {
  const digest = createHash('sha256').update(JSON.stringify([words, before])).digest('hex').slice(0, 24);
  return [...digest].map((digit) => 'abcdefghijklmnop'[Number.parseInt(digit, 16)]).join('');
}

/** The line with the link to its issue at the end, in brackets; its line ending stays. */
export function withLink(line: string, number: number, url: string): string {
  return line.replace(/\s*$/, (end) => ` ([#${number}](${url}))${end.includes('\r') ? '\r' : ''}`);
}

/** Where `- Owner: …` goes into a line: before the due date, the link, or at the end. 0-based column. */
export function ownerColumn(line: string): number {
  const due = /\s+[-–—]+\s+[*_]*due\b/i.exec(line)?.index;
  return due ?? dueColumn(line);
}

/** Where `- Due: …` goes into a line: before the link, or at the end. 0-based column. */
export function dueColumn(line: string): number {
  return LINKS[0].exec(line)?.index ?? line.trimEnd().length;
}

export type ActionItemProblem = 'no owner' | 'no due date' | 'unreadable due date' | 'overdue';

/**
 * What keeps an item from being followed up; nothing of one that is ticked off.
 *
 * @param today ISO date
 */
export function problemsOf({ done, owner, due, unreadableDue }: ActionItem, today: string): ActionItemProblem[] {
  return done ? [] : [
    ...(owner === undefined ? ['no owner' as const] : []),
    ...(unreadableDue !== undefined ? ['unreadable due date' as const] : due === undefined ? ['no due date' as const] : due < today ? ['overdue' as const] : []),
  ];
}
