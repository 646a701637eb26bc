/** What a program printed, as far as it may be shown and recorded. */
import { codeBlock } from '../incident/markdown.ts';
import { createRedactor } from '../incident/redact.ts';
import { shorten } from '../incident/shorten.ts';
import type { Runbook } from '../runbook/schema.ts';
import { plural } from '../text.ts';

/** Lines of a program's output that are recorded. */
const MAX_LINES = 200;
/** Characters of a line, of all lines, and of one that stands in a summary. */
const MAX_LINE = 1_000;
const MAX_RECORDED = 20_000;
const MAX_IN_SUMMARY = 120;
/** Characters at the end in which secrets are looked for, at least: twice what is recorded, because a key has many lines. */
const LOOKED_AT = 40_000;

export interface ProgramOutput {
  /** The last line that is not blank, cut to size; empty when there is none. */
  readonly lastLine: string;
  /** The last lines as Markdown. */
  readonly markdown: string;
}

/**
 * Secrets are hidden before anything is cut: of half a token nobody could tell that it is one.
 *
 * @param output as the program printed it, without escape sequences
 */
export function describeOutput(output: string, { redaction }: Pick<Runbook, 'redaction'>): ProgramOutput {
  const text = output.trimEnd();
  const from = text.length <= LOOKED_AT ? 0 : text.lastIndexOf('\n', text.length - LOOKED_AT) + 1;
  const lines = createRedactor(redaction)(text.slice(from)).split('\n').map((line) => shorten(line.trimEnd(), MAX_LINE));
  const lastLine = shorten(lines.at(-1)?.trim() ?? '', MAX_IN_SUMMARY);
  if (lastLine === '') {
    return { lastLine, markdown: 'It printed nothing.' };
  }
  const shown: string[] = [];
  let length = 0;
  for (const line of lines.slice(-MAX_LINES).reverse()) {
    length += line.length + 1;
    if (length > MAX_RECORDED) {
      break;
    }
    shown.unshift(line);
  }
  const isWhole = from === 0 && shown.length === lines.length;
  return { lastLine, markdown: `${isWhole ? 'It printed' : `The last ${plural(shown.length, 'line')} it printed`}:\n\n${codeBlock(shown.join('\n'))}` };
}
