/** How a piece of code or log that somebody pointed at is shown. */
import type { Excerpt } from './events.ts';
import { linked } from './links.ts';
import { codeBlock, inlineCode } from './markdown.ts';

/** Where it is from, with the link to it, and what it says; nothing without an excerpt. */
export function excerptMarkdown(excerpt: Excerpt | undefined): string[] {
  if (excerpt === undefined) {
    return [];
  }
  const { origin, source, startLine, endLine, language, text, link } = excerpt;
  return [
    linked(inlineCode(origin ?? `${source}:${startLine}–${endLine}`), link),
    ...(text === '' ? [] : [codeBlock(text, /^[\w+-]*$/.test(language) ? language : '')]),
  ];
}
