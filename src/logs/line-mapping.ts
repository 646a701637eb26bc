/** Where a line of the deployed text stands in the text of an editor, and how it moves while people edit. Lines are counted from 0. */
import { diffArrays } from 'diff';

/** Line of the deployed text → line of the current one; undefined where it has gone. */
export type LineMap = (line: number) => number | undefined;

/** The first character of a line that is no blank. */
export interface Anchor {
  readonly line: number;
  readonly character: number;
}

/** As VS Code tells of it: the range is gone, the text stands in its place. */
export interface TextChange {
  readonly range: { readonly start: Anchor; readonly end: Anchor };
  readonly text: string;
}

/** Texts that differ in more lines are not compared: their lines would be guesses, and the time is not bounded otherwise. */
const MAX_EDITS = 2_000;
const TIMEOUT_MS = 200;

/** @returns undefined when the texts differ too much to tell in bounded time: better no mark than one at a wrong line */
export function mapLines(deployed: string, current: string): LineMap | undefined {
  const [before, after] = [linesOf(deployed), linesOf(current)];
  const changes = diffArrays(before, after, { maxEditLength: MAX_EDITS, timeout: TIMEOUT_MS });
  if (changes === undefined) {
    return undefined;
  }
  const shifts: { readonly from: number; readonly to: number; readonly by: number }[] = [];
  let [from, to] = [0, 0];
  for (const { count, added, removed } of changes) {
    if (!added && !removed) {
      shifts.push({ from, to: from + count, by: to - from });
    }
    from += added ? 0 : count;
    to += removed ? 0 : count;
  }
  return (line) => {
    const shift = shifts.find((each) => line >= each.from && line < each.to);
    return shift === undefined ? undefined : line + shift.by;
  };
}

/** Lines as they are compared: code that was only indented anew is the same code. */
function linesOf(text: string): string[] {
  return text.split('\n').map((line) => line.trim());
}

/** @returns where a line's anchor is after an edit, its changes in the order of the event; undefined when it was replaced */
export function shiftLine(anchor: Anchor, changes: readonly TextChange[]): Anchor | undefined {
  return changes.reduce<Anchor | undefined>((at, change) => at && shiftByChange(at, change), anchor);
}

function shiftByChange(at: Anchor, { range: { start, end }, text }: TextChange): Anchor | undefined {
  if (isBefore(at, start)) {
    return at;
  }
  const inserted = text.split('\n');
  if (isBefore(at, end)) {
    // Rewritten within the line it is still that line; whatever else took its place is another.
    return start.line === end.line && inserted.length === 1 ? start : undefined;
  }
  const last = inserted.at(-1) ?? '';
  return {
    line: at.line + inserted.length - 1 - (end.line - start.line),
    character: at.line === end.line ? at.character - end.character + last.length + (inserted.length === 1 ? start.character : 0) : at.character,
  };
}

function isBefore(one: Anchor, other: Anchor): boolean {
  return one.line < other.line || (one.line === other.line && one.character < other.character);
}
