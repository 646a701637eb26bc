import type { Level } from './evidence.ts';

const SPECIAL = /[\\`*_{}[\]<>()#+\-!|~&$^=:@]|\/(?=\/)/g;

/** Outside text inside Markdown: every character that could mean something is made harmless, on one line. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\r\n\t]+/g, ' ').replace(SPECIAL, (character) => `\\${character}`);
}

/** Markdown as people would read the words in it: without the escapes, which would tear them apart. */
export function unescapeMarkdown(markdown: string): string {
  return markdown.replace(/\\([!-/:-@[-`{-~])/g, '$1');
}

/** Outside text as inline code, whatever backticks it holds. */
export function inlineCode(text: string): string {
  const flat = text.replace(/[\r\n\t]+/g, ' ').replace(/\|/g, '¦');
  const fence = '`'.repeat(longestRun(flat) + 1);
  return flat === '' ? '' : `${fence} ${flat} ${fence}`;
}

/** Outside text as a code block, whatever it holds. */
export function codeBlock(text: string, language = ''): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text.replace(/\s+$/, '')}\n${fence}`;
}

/** A table; cells are Markdown already. */
export function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  return [headers, headers.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** The values as a row of bars from zero up to `ceiling`, or up to the largest value. */
export function sparkline(values: readonly number[], ceiling?: number): string {
  const top = Math.max(ceiling ?? 0, ...values);
  return values.map((value) => BARS[top <= 0 ? 0 : Math.min(BARS.length - 1, Math.floor((Math.max(0, value) / top) * BARS.length))]).join('');
}

/** `2026-11-23 03:07:12 UTC` of epoch ms. */
export function utc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

const MARKS: Readonly<Record<Level, string>> = { bad: '🔴', warn: '🟠', unknown: '⚪', ok: '🟢' };

/** A coloured mark with the word beside it, so that colour is never the only sign. */
export function levelMark(level: Level): string {
  return `${MARKS[level]}\u00a0${level}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
