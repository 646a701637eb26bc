import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { codeBlock, escapeMarkdown, inlineCode, levelMark, sparkline, table, utc } from '../../../src/incident/markdown.ts';
import { plural } from '../../../src/text.ts';
import { escapeHtml, renderMarkdown } from '../../support/render-markdown.ts';

/** Text made of everything that means something in Markdown or HTML. */
const hostile = fc.array(fc.oneof(
  fc.constantFrom(...'\\`*_{}[]<>()#+-!|~&$^=:@/."\'0123456789abc \t\n\r'.split('')),
  fc.constantFrom('```', '~~~', '](command:x)', '![', '<script>', '</script>', '<!--', '-->', '&lt;', '&#124;', 'https://a.b', '//a.b', 'mailto:a@b.c', '| --- |', '\n\n', '\n# ', '\n- ', '1. ', '[^1]', ':smile:', 'é', '🔥'),
), { maxLength: 25 }).map((parts) => parts.join(''));

const flat = (text: string): string => text.replace(/[\r\n\t]+/g, ' ');

/** The cells of a table that has a cell before and one behind. */
function cells(content: string): string[] {
  const html = renderMarkdown(table(['a', 'b', 'c'], [['before', content, 'behind']]));
  return [...html.matchAll(/<td>(.*?)<\/td>/gs)].map(([, cell]) => cell ?? '');
}

describe('escapeMarkdown', () => {
  it('gives back in a table exactly the text, whatever it is', () => {
    fc.assert(fc.property(hostile, (text) => {
      assert.deepEqual(cells(escapeMarkdown(text)), ['before', escapeHtml(flat(text).trim()), 'behind']);
    }), { numRuns: 500 });
  });

  it('gives back in a heading and in bold exactly the text', () => {
    fc.assert(fc.property(hostile.map((text) => `x${text}x`), (text) => {
      assert.equal(renderMarkdown(`# ${escapeMarkdown(text)}`), `<h1>${escapeHtml(flat(text))}</h1>\n`);
      assert.equal(renderMarkdown(`**${escapeMarkdown(text)}**`), `<p><strong>${escapeHtml(flat(text))}</strong></p>\n`);
    }), { numRuns: 500 });
  });

  it('leaves ordinary words as they are', () => {
    assert.equal(escapeMarkdown('src/db/pool.js, 12 % of 3.5 s; "ok"'), 'src/db/pool.js, 12 % of 3.5 s; "ok"');
  });
});

describe('inlineCode', () => {
  it('shows the text as code in one cell; only a bar looks different', () => {
    fc.assert(fc.property(hostile.filter((text) => text.trim() !== ''), (text) => {
      assert.deepEqual(cells(inlineCode(text)), ['before', `<code>${escapeHtml(flat(text).replaceAll('|', '¦'))}</code>`, 'behind']);
    }), { numRuns: 500 });
  });

  it('is nothing for no text', () => { assert.equal(inlineCode(''), ''); });
});

describe('codeBlock', () => {
  it('shows the text and nothing after it', () => {
    fc.assert(fc.property(hostile, (text) => {
      const shown = text.replace(/\s+$/, '').replace(/\r\n?/g, '\n');
      assert.equal(renderMarkdown(`${codeBlock(text)}\n\nafter`), `<pre><code>${escapeHtml(shown)}\n</code></pre>\n<p>after</p>\n`);
    }), { numRuns: 500 });
  });

  it('names its language', () => {
    assert.equal(codeBlock('select 1\n\n', 'sql'), '```sql\nselect 1\n```');
    assert.equal(codeBlock('a ```` b'), '`````\na ```` b\n`````');
  });
});

describe('table', () => {
  it('has a header, a rule and rows', () => {
    assert.equal(table(['a', 'b'], [['1', '2'], ['3', '4']]), '| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |');
  });
});

describe('sparkline', () => {
  it('goes from zero to the largest value or to the ceiling', () => {
    assert.equal(sparkline([0, 50, 100]), '▁▅█');
    assert.equal(sparkline([0, 50, 100], 200), '▁▃▅');
    assert.equal(sparkline([150], 100), '█');
  });

  it('copes with nothing, zeros and negative values', () => {
    assert.equal(sparkline([]), '');
    assert.equal(sparkline([0, 0]), '▁▁');
    assert.equal(sparkline([-5, 10]), '▁█');
  });
});

describe('small words', () => {
  it('a time, a mark, a number of things', () => {
    assert.equal(utc(Date.UTC(2026, 10, 23, 3, 7, 12, 999)), '2026-11-23 03:07:12 UTC');
    assert.deepEqual((['bad', 'warn', 'unknown', 'ok'] as const).map(levelMark), ['🔴\u00a0bad', '🟠\u00a0warn', '⚪\u00a0unknown', '🟢\u00a0ok']);
    assert.deepEqual([0, 1, 2].map((count) => plural(count, 'alarm')), ['0 alarms', '1 alarm', '2 alarms']);
  });
});
