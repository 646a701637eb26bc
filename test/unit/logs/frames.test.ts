import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { framesIn } from '../../../src/logs/frames.ts';
import { CORPUS } from './frames-corpus.ts';

describe('stack frames in log text', () => {
  for (const { name, text, frames } of CORPUS) {
    it(name, () => {
      const found = framesIn(text);
      assert.deepEqual(found.map(({ language, path, line, column }) => `${language} ${path}:${line}${column === undefined ? '' : `:${column}`}`), frames);
      for (const { start, end, line } of found) {
        const words = text.slice(start, end);
        assert.match(words, new RegExp(`\\b${line}\\b`));
        assert.doesNotMatch(words, /\n|^\s|\s$/);
      }
    });
  }

  it('the corpus is of five languages and of lines that only look like one', () => {
    assert.ok(CORPUS.length >= 40, `only ${CORPUS.length}`);
    assert.deepEqual([...new Set(CORPUS.flatMap(({ frames }) => frames.map((frame) => frame.split(' ')[0])))].sort(), ['dotnet', 'go', 'java', 'node', 'python']);
    assert.ok(CORPUS.filter(({ name }) => name.startsWith('not a frame')).length >= 6);
  });

  it('the words of the link are the place alone', () => {
    const text = 'x\n    at f (/app/a.js:1:2)\n\tat com.acme.A.b(A.java:3) ~[x.jar:1]\n\t/app/m.go:4 +0x1\n   at N.T.M() in /src/x.cs:line 5\n  File "/p.py", line 6, in f';
    assert.deepEqual(framesIn(text).map(({ start, end }) => text.slice(start, end)), ['/app/a.js:1:2', 'A.java:3', '/app/m.go:4', '/src/x.cs:line 5', 'File "/p.py", line 6']);
  });

  it('what they leave in front does not change what is found', () => {
    for (const { text, frames } of CORPUS.filter(({ name }) => !/JSON|Lambda/.test(name))) {
      const shown = text.split('\n').map((line, index) => index === 0 ? `2026-11-23T03:07:12.345Z [1f3a9c2e] ${line}` : `    ${line}`).join('\n');
      assert.equal(framesIn(shown).length, frames.length, shown);
    }
  });
});

describe('hostile lines', () => {
  const PIECES = [':1', ':1:1', 'at ', ' at (', ')', 'at a(', 'File "', 'File \\"', '/a.go:1 ', '\\t', '\\n at ', ') in ', ':line 1', ') in /a:line 1', 'at a.b(A.java:', 'a.', 'C:\\t', ' (/a', '(((', '/', '(/a:1:1'];

  /** Counts the characters that patterns are run over: a measure that no machine makes slower. */
  const work = (text: string): number => {
    let read = 0;
    const { matchAll } = String.prototype;
    String.prototype.matchAll = function counted(this: string, pattern: RegExp): ReturnType<string['matchAll']> {
      read += this.length;
      return matchAll.call(this, pattern);
    } as typeof matchAll;
    try {
      framesIn(text);
    } finally {
      String.prototype.matchAll = matchAll;
    }
    return read;
  };

  for (const piece of PIECES) {
    it(`twice as many ${JSON.stringify(piece)} are at most about twice the work`, () => {
      const [once, twice] = [16_000, 32_000].map((size) => work(piece.repeat(size / piece.length)));
      assert.ok((twice ?? 0) <= (once ?? 0) * 2.5 + 100, `${once} → ${twice}`);
    });
  }
});
