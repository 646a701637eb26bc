import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { errorLineHover, errorLineText, mergeErrorLines } from '../../../../src/views/logs/error-line-texts.ts';
import { renderMarkdown } from '../../../support/render-markdown.ts';

const NOW = Date.parse('2026-11-23T03:07:12Z');
const MINUTE = 60_000;
const shape = (name: string, count: number, line: number, agoMs = 12_000) => ({ shape: name, count, line, lastAt: NOW - agoMs });
const line = (shapes: readonly ReturnType<typeof shape>[], others = 0) => ({
  place: { folder: '/project', path: 'src/a.js', line: 1 }, shapes, others, count: shapes.reduce((sum, { count }) => sum + count, others), lastAt: Math.max(...shapes.map(({ lastAt }) => lastAt)),
});

describe('what a line says of its errors', () => {
  it('is how often and when last', () => {
    assert.equal(errorLineText(line([shape('ERROR x', 41, 3)]), NOW), 'ERROR ×41, last 12 s ago');
    assert.equal(errorLineText(line([shape('ERROR x', 1, 3, 5 * MINUTE)]), NOW), 'ERROR ×1, last 5 min ago');
  });

  it('lists the shapes with a link to the newest message of each', () => {
    assert.equal(errorLineHover(line([shape('ERROR timeout <n> ms', 40, 7), shape('FATAL x', 1, 9)], 2), 15 * MINUTE, NOW), [
      '**43 errors thrown here in the last 15 min**',
      '',
      '- **×40** ` ERROR timeout <n> ms `  ',
      '  last 12 s ago · [Show in log](command:incidentRunbook.showLogMessage?%5B%7B%22line%22%3A7%7D%5D)',
      '- **×1** ` FATAL x `  ',
      '  last 12 s ago · [Show in log](command:incidentRunbook.showLogMessage?%5B%7B%22line%22%3A9%7D%5D)',
      '',
      '2 errors with other messages',
    ].join('\n'));
  });

  it('takes nothing in a message for Markdown: no link, no image, no command, no HTML', async () => {
    const hostile = 'ERROR `` ` [run](command:workbench.action.terminal.new) ![x](https://evil.example/x.png) <img src=x> <script>x</script> $(flame)';
    const html = await renderMarkdown(errorLineHover(line([shape(hostile, 1, 7)]), MINUTE, NOW));
    assert.deepEqual([...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1]), ['command:incidentRunbook.showLogMessage?%5B%7B%22line%22%3A7%7D%5D']);
    assert.doesNotMatch(html, /<(img|script)/);
    assert.ok(html.includes('[run](command:workbench.action.terminal.new)'));
  });

  it('is one for several places at one line, with the newest message of each shape', () => {
    const merged = mergeErrorLines([line([shape('ERROR x', 2, 5, 9_000)], 1), line([shape('ERROR x', 3, 8, 4_000), shape('ERROR y', 9, 6)])]);
    assert.deepEqual(merged, { count: 15, lastAt: NOW - 4_000, others: 1, shapes: [shape('ERROR y', 9, 6), shape('ERROR x', 5, 8, 4_000)] });
  });
});
