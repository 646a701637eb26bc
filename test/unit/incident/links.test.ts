import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isHttps, linked } from '../../../src/incident/links.ts';
import { renderMarkdown } from '../../support/render-markdown.ts';

describe('a link', () => {
  it('leads to https and to nothing else', () => {
    assert.equal(isHttps('https://github.com/acme/shop/issues/1'), true);
    assert.equal(linked('a', 'https://github.com/acme/shop'), '[a](https://github.com/acme/shop)');
    for (const url of [undefined, '', 'http://github.com/', 'javascript:alert(1)', 'command:workbench.action.quit', 'file:///etc/passwd', '//github.com', 'https:github.com', 'https://[', 'nonsense']) {
      assert.deepEqual([isHttps(url), linked('a', url)], [false, 'a'], url);
    }
  });

  it('leads to the whole address and no further', () => {
    const html = renderMarkdown(linked('a', 'https://github.com/x) ![y](https://evil.example/z|<b>'));
    assert.match(html, /^<p><a href="https:\/\/github\.com\/x%29%20!%5By%5D%28https:\/\/evil\.example\/z%7C%3Cb%3E">a<\/a><\/p>\s*$/);
  });
});
