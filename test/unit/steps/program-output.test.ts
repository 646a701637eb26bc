import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { describeOutput } from '../../../src/steps/program-output.ts';

const TOKEN = `ghp_${'a1B2'.repeat(9)}`;
const rules = { redaction: [{ name: 'prescription', pattern: 'RX-\\d+' }] };

describe('the output of a program', () => {
  it('is shown whole when it is short, with its last line that says something', () => {
    assert.deepEqual(describeOutput('one\n  two  \n\n \n', rules), { lastLine: 'two', markdown: 'It printed:\n\n```\none\n  two\n```' });
    assert.deepEqual(describeOutput(' \n\n', rules), { lastLine: '', markdown: 'It printed nothing.' });
  });

  it('is its last 200 lines, and no more than can be recorded', () => {
    const lines = (count: number, length: number): string => Array.from({ length: count }, (_, index) => `${index} `.padEnd(length, 'x')).join('\n');
    const short = describeOutput(lines(250, 10), rules).markdown;
    assert.match(short, /^The last 200 lines it printed:\n\n```\n50 xxxxxxx\n[^]*\n249 xxxxxx\n```$/);
    const wide = describeOutput(lines(200, 900), rules).markdown;
    assert.match(wide, /^The last 22 lines it printed:/);
    assert.ok(wide.length < 20_100, `${wide.length}`);
    assert.match(describeOutput('x'.repeat(5_000), rules).markdown, /^It printed:\n\n```\nx{999}…\n```$/);
  });

  it('has its secrets hidden before anything is cut', () => {
    const cuts = [`${'x'.repeat(990)} ${TOKEN}`, `${'x'.repeat(110)} ${TOKEN}`, `${'x '.repeat(10)}${TOKEN}${'\nx'.repeat(19_985)}`, 'for RX-12345', `${TOKEN}${' y'.repeat(20_000 - 18)}`];
    for (const text of cuts) {
      const { lastLine, markdown } = describeOutput(text, rules);
      assert.doesNotMatch(lastLine + markdown, /ghp_|a1B2|RX-/, text.slice(0, 40));
    }
    assert.equal(describeOutput('for RX-12345', rules).lastLine, 'for [redacted: prescription]');
  });
});
