/** Log lines that differ only in their values are one message: its shape. */

export interface MessageGroup {
  readonly shape: string;
  readonly count: number;
  /** Epoch ms. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** The newest message of the group, whole. */
  readonly sample: string;
  readonly streams: number;
}

interface Line {
  readonly at: number;
  readonly stream: string;
  readonly message: string;
}

const VALUES: readonly (readonly [RegExp, string])[] = [
  [/\x1b\[[0-9;]*m/g, ''],
  [/^\[?\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?\]?\s*/, ''],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [/\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?/g, '<time>'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g, '<address>'],
  // Before the ids: a long number is still a number.
  [/(?<![\w.-])\d+(?:\.\d+)?(?=(?:[mnuµ]?s|min|h|[kmg]i?b)?(?![\w-]))/gi, '<n>'],
  [/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,}\b/gi, '<id>'],
  [/"[^"]{0,200}"/g, '"…"'],
  [/\b[A-Z]{2,}(?:-\d+)+\b/g, '<id>'],
  [/\b[\w-]*\d[\w-]{5,}\b/g, '<id>'],
  [/\d+(?:\.\d+)?/g, '<n>'],
];

/** Characters looked at: enough for every shape that tells two messages apart, and no line takes long. */
const MAX_READ = 2_000;

/** The message with its values taken out: first line only, the text of a JSON line, at most 200 characters. */
export function messageShape(message: string): string {
  const text = textOf(message).split('\n').find((line) => line.trim() !== '') ?? '';
  return VALUES.reduce((shape, [pattern, replacement]) => shape.replace(pattern, replacement), text.slice(0, MAX_READ)).replace(/\s+/g, ' ').trim().slice(0, 200);
}

/** Groups lines by shape, the most frequent first. */
export function groupByShape(lines: Iterable<Line>): MessageGroup[] {
  const groups = new Map<string, { count: number; firstAt: number; lastAt: number; sample: string; streams: Set<string> }>();
  for (const line of lines) {
    const shape = messageShape(line.message);
    const group = groups.get(shape);
    if (group === undefined) {
      groups.set(shape, { count: 1, firstAt: line.at, lastAt: line.at, sample: line.message, streams: new Set([line.stream]) });
      continue;
    }
    group.count += 1;
    group.firstAt = Math.min(group.firstAt, line.at);
    if (line.at >= group.lastAt) {
      group.lastAt = line.at;
      group.sample = line.message;
    }
    group.streams.add(line.stream);
  }
  return [...groups].map(([shape, group]) => ({ shape, ...group, streams: group.streams.size })).sort((a, b) => b.count - a.count || b.lastAt - a.lastAt);
}

function textOf(message: string): string {
  if (!message.startsWith('{')) {
    return message;
  }
  try {
    const parsed = JSON.parse(message) as Record<string, unknown>;
    const text = parsed['message'] ?? parsed['msg'] ?? parsed['error'];
    const level = parsed['level'] ?? parsed['severity'];
    return typeof text === 'string' ? `${typeof level === 'string' ? `${level.toUpperCase()} ` : ''}${text}` : message;
  } catch {
    return message;
  }
}
