import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type TextChange, mapLines, shiftLine } from '../../../src/logs/line-mapping.ts';
import { type CurrentText, TrackedLines } from '../../../src/logs/tracked-lines.ts';

const TEXT = ['const a = 1;', 'function f() {', '  throw new Error();', '}', '', 'f();'].join('\n');

function change(start: [number, number], end: [number, number], text: string): TextChange {
  return { range: { start: { line: start[0], character: start[1] }, end: { line: end[0], character: end[1] } }, text };
}

describe('lines of the deployed text', () => {
  it('are found where they moved to', () => {
    const map = mapLines(TEXT, `// new\n// newer\n${TEXT}`);
    assert.deepEqual([0, 2, 5].map((line) => map?.(line)), [2, 4, 7]);
  });

  it('are gone when they were deleted or changed', () => {
    const map = mapLines(TEXT, TEXT.replace('  throw new Error();\n', '').replace('f();', 'g();'));
    assert.deepEqual([1, 2, 5].map((line) => map?.(line)), [1, undefined, undefined]);
  });

  it('are the same with other blanks around them and other line ends', () => {
    assert.equal(mapLines(TEXT, TEXT.replace('  throw', '\t\tthrow').replaceAll('\n', '\r\n'))?.(2), 2);
  });

  it('are nowhere beyond the file', () => {
    assert.equal(mapLines(TEXT, TEXT)?.(6), undefined);
  });

  it('are left unmarked when the texts differ too much to tell in bounded time', () => {
    const big = (word: string): string => Array.from({ length: 20_000 }, (_, line) => `${word} ${line}`).join('\n');
    assert.equal(mapLines(big('one'), big('other')), undefined);
  });
});

describe('a line that people edit around', () => {
  const at = { line: 2, character: 2 };

  for (const [what, edit, expected] of [
    ['a line added above', change([0, 0], [0, 0], '// x\n'), { line: 3, character: 2 }],
    ['a line added below', change([3, 0], [3, 0], '// x\n'), at],
    ['a line taken away above', change([0, 0], [1, 0], ''), { line: 1, character: 2 }],
    ['a new line before its text', change([2, 2], [2, 2], '\n  '), { line: 3, character: 2 }],
    ['a new line at its start', change([2, 0], [2, 0], '\n'), { line: 3, character: 2 }],
    ['a new line after it', change([2, 20], [2, 20], '\n'), at],
    ['a new line inside it', change([2, 8], [2, 8], '\n'), at],
    ['typing inside it', change([2, 8], [2, 8], 'abc'), at],
    ['typing before it', change([2, 2], [2, 2], 'await '), { line: 2, character: 8 }],
    ['its text replaced', change([2, 0], [2, 20], 'other'), { line: 2, character: 0 }],
    ['being joined to the line above', change([1, 14], [2, 2], ' '), { line: 1, character: 15 }],
    ['being deleted', change([2, 0], [3, 0], ''), undefined],
    ['being replaced by several lines', change([2, 0], [2, 20], 'a\nb'), undefined],
  ] as const) {
    it(`stays with its text: ${what}`, () => { assert.deepEqual(shiftLine(at, [edit]), expected); });
  }

  it('follows several changes of one event, which come from the bottom up', () => {
    assert.deepEqual(shiftLine(at, [change([3, 0], [3, 0], 'x\n'), change([1, 0], [1, 0], 'x\n'), change([0, 0], [0, 0], 'x\ny\n')]), { line: 5, character: 2 });
  });
});

/** A text that is edited as VS Code edits one. */
class Editor implements CurrentText {
  text: string;
  constructor(text: string) {
    this.text = text;
  }

  getText(): string {
    return this.text;
  }

  line(line: number): string | undefined {
    return this.text.split('\n')[line];
  }

  /** @returns the change, and the one that takes it back */
  edit(start: number, end: number, text: string): [TextChange, () => TextChange] {
    const position = (offset: number): [number, number] => {
      const before = this.text.slice(0, offset).split('\n');
      return [before.length - 1, before.at(-1)?.length ?? 0];
    };
    const made = change(position(start), position(end), text);
    const old = this.text.slice(start, end);
    this.text = this.text.slice(0, start) + text + this.text.slice(end);
    return [made, () => this.edit(start, start + text.length, old)[0]];
  }
}

const words = fc.array(fc.constantFrom('a', 'b', '\n', ' ', 'c\n', '\n\n'), { maxLength: 4 }).map((parts) => parts.join(''));
const edits = fc.array(fc.record({ at: fc.nat(), length: fc.nat(12), text: words, undone: fc.boolean() }), { minLength: 1, maxLength: 8 });

describe('a line followed through random edits', () => {
  it('is where comparing the texts anew finds it, as long as its text stands there once', () => {
    let compared = 0;
    fc.assert(fc.property(fc.integer({ min: 2, max: 8 }), fc.nat(7), edits, (size, pick, steps) => {
      const original = Array.from({ length: size }, (_, line) => `${' '.repeat(line % 3)}line ${line};`);
      const wanted = pick % size;
      const editor = new Editor(original.join('\n'));
      const source = { key: 'source', text: original.join('\n') };
      const tracked = new TrackedLines();
      tracked.find(source, wanted, editor);
      for (const { at, length, text, undone } of steps) {
        const start = at % (editor.text.length + 1);
        const [made, undo] = editor.edit(start, Math.min(editor.text.length, start + length), text);
        tracked.edit([made]);
        if (undone) {
          tracked.edit([undo()]);
        }
      }
      const standing = editor.text.split('\n').flatMap((line, index) => (line.trim() === original[wanted]?.trim() ? [index] : []));
      if (standing.length === 1) {
        compared += 1;
        assert.equal(tracked.find(source, wanted, editor), standing[0], JSON.stringify(editor.text));
      }
    }), { numRuns: 2_000 });
    assert.ok(compared > 500, `only ${compared} texts still held the line`);
  });
});
