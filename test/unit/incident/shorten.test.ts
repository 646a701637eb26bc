import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { firstLine, onOneLine, shorten } from '../../../src/incident/shorten.ts';

describe('a text that is cut', () => {
  it('is left alone when it fits, and else says that something is missing', () => {
    assert.deepEqual([shorten('12345', 5), shorten('123456', 5), shorten('123456', 5, '+++')], ['12345', '1234…', '12+++']);
    assert.equal(shorten('one two', 5), 'one…', 'no blank before the ellipsis');
  });

  it('never ends in half of a character', () => {
    assert.deepEqual([shorten('ab🟢cd', 4), shorten('ab🟢cd', 5), shorten('ab🟢cd', 6)], ['ab…', 'ab🟢…', 'ab🟢cd']);
  });

  it('may be its first line that says something, or all of it on one line', () => {
    assert.deepEqual([firstLine('\n  \r\n one \r\ntwo'), firstLine(' \n'), onOneLine('\n one\r\n\ttwo ')], ['one', '', 'one two']);
  });
});
