import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ageOf, commitTable, linked } from '../../../src/steps/github-evidence.ts';
import { START } from '../../support/clock.ts';
import { renderMarkdown } from '../../support/render-markdown.ts';

describe('what steps show of GitHub', () => {
  it('links to https and to nothing else', () => {
    assert.equal(linked('a', 'https://github.com/acme/shop'), '[a](https://github.com/acme/shop)');
    for (const url of [undefined, '', 'http://github.com/acme/shop', 'javascript:alert(1)', 'command:workbench.action.quit', '//github.com']) {
      assert.equal(linked('a', url), 'a');
    }
  });

  it('links to the whole address and no further', () => {
    const html = renderMarkdown(linked('a', 'https://github.com/x) ![y](https://evil.example/z|<b>'));
    assert.match(html, /^<p><a href="https:\/\/github\.com\/x%29%20!%5By%5D%28https:\/\/evil\.example\/z%7C%3Cb%3E">a<\/a><\/p>\s*$/);
  });

  it('shows commits with their age; a time that is not given has none', () => {
    const commit = { sha: '0123456789', title: 'A | b', author: undefined, at: START - 120_000, url: 'https://github.com/acme/shop/commit/0123456789' };
    assert.equal(commitTable([commit], START).split('\n')[2], '| [` 0123456 `](https://github.com/acme/shop/commit/0123456789) | A \\| b | – | 2 min |');
    assert.deepEqual([ageOf(undefined, START), ageOf(Number.NaN, START), ageOf(START, START)], ['–', '–', '0 s']);
  });
});
