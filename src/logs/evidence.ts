/** A selection as evidence on a timeline; pure. */
import type { NewEvent } from '../incident/events.ts';
import { firstLine, shorten } from '../incident/shorten.ts';
import { plural } from '../text.ts';
import type { ShownMessage } from './log-entry.ts';
import { type LogWindow, cloudWatchLink } from './permalinks.ts';

/** Lines and characters that are kept; whoever wants more exports the log. */
const MOST_LINES = 200;
const MOST_CHARACTERS = 20_000;
const NAMES_SHOWN = 3;

/** What somebody pointed at, wherever they did. */
export interface Selected {
  readonly text: string;
  /** Log groups and streams, file and commit, terminal: as people say it. */
  readonly origin: string;
  readonly source: string;
  readonly language: string;
  /** 1-based, inclusive. */
  readonly startLine: number;
  readonly endLine: number;
  /** When it was written, epoch ms; unset: now. */
  readonly at?: number | undefined;
  readonly link?: string | undefined;
}

/** The event of the timeline; its headline is the first line, or what somebody says of it. */
export function evidenceEvent({ text, origin, source, language, startLine, endLine, at, link }: Selected, note?: string): NewEvent {
  return {
    type: 'finding.documented',
    ...(at === undefined ? {} : { at: new Date(at).toISOString() }),
    text: note ?? shorten(firstLine(text), 200),
    excerpt: { source, language, startLine, endLine, text: bounded(text), origin, ...(link === undefined ? {} : { link }) },
  };
}

function bounded(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').replace(/\s+$/, '').split('\n');
  const kept = shorten(lines.slice(0, MOST_LINES).join('\n'), MOST_CHARACTERS);
  return lines.length > MOST_LINES ? `${kept}\n… ${plural(lines.length - MOST_LINES, 'more line')}` : kept;
}

/** Where log messages are from, when the first was written, and where the console shows them; nothing without a message. */
export function originOfMessages(messages: readonly ShownMessage[], region: string | undefined): { readonly origin: string; readonly at: number; readonly link?: string } | undefined {
  if (messages.length === 0) {
    return undefined;
  }
  const groups = [...new Set(messages.map(({ group }) => group))];
  const streams = [...new Set(messages.map(({ stream }) => stream))];
  const times = messages.map(({ at }) => at);
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const [group = ''] = groups;
  // The console shows one group at a time.
  const window: Omit<LogWindow, 'region'> | undefined = groups.length > 1 ? undefined : { group, stream: streams.length === 1 ? streams[0] : undefined, from, to: to + 1 };
  return {
    origin: `${named(groups)}, ${streams.length === 1 ? 'stream' : 'streams'} ${named(streams)}`, at: from,
    ...(region === undefined || window === undefined ? {} : { link: cloudWatchLink({ region, ...window }) }),
  };
}

function named(names: readonly string[]): string {
  return names.length <= NAMES_SHOWN ? names.join(', ') : `${names.slice(0, NAMES_SHOWN).join(', ')} and ${names.length - NAMES_SHOWN} more`;
}
