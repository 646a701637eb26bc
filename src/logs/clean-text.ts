/** What a program wrote, as text that can do no harm in an editor and pastes as it is read. */

/** C0 but tab and line feed, DEL, C1, what turns the direction of text, and line ends that only some programs know. */
const SUSPICIOUS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u2028-\u202e\u2066-\u2069\ufeff]/;
const EVERY_SUSPICIOUS = new RegExp(SUSPICIOUS, 'g');

/**
 * Escape sequences of terminals (ECMA-48): CSI; OSC and its like up to their end, or to the end of the line when that is
 * missing; the short ones. What an OSC 8 link shows stays, its address goes.
 */
const ESCAPES = /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c|(?=[\x1b\n])|$)|\x1b[ -/]*[0-~]/g;

/** Characters of a line that are shown; the rest would make the editor slow. */
export const LONGEST_LINE = 32 * 1024;

/** Without colours and other terminal escapes, lines ending with `\n`; control characters are there to be seen. */
export function cleanText(text: string): string {
  if (!SUSPICIOUS.test(text)) {
    return text;
  }
  // A line that was drawn anew (a progress bar) is a line each time.
  return text.replace(ESCAPES, '').replace(/\r+\n|\r/g, '\n').replace(EVERY_SUSPICIOUS, visible);
}

/** Cuts lines that are too long, saying how much is missing. */
export function cutLines(text: string): string {
  if (text.length <= LONGEST_LINE) {
    return text;
  }
  return text.split('\n').map((line) => (line.length <= LONGEST_LINE ? line : cut(line))).join('\n');
}

function cut(line: string): string {
  // Not between the two halves of a character.
  const end = /[\ud800-\udbff]/.test(line.charAt(LONGEST_LINE - 1)) ? LONGEST_LINE - 1 : LONGEST_LINE;
  return `${line.slice(0, end)}… [${line.length - end} more characters]`;
}

/** Controls as their pictures (␀), others as `<U+202E>`. */
function visible(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) {
    return String.fromCharCode(0x2400 + code);
  }
  return code === 0x7f ? '\u2421' : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
