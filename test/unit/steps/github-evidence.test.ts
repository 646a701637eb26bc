import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ageOf, commitTable } from '../../../src/steps/github-evidence.ts';
import { START } from '../../support/clock.ts';

describe('what steps show of GitHub', () => {
  it('shows commits with their age; a time that is not given has none', () => {
    const commit = { sha: '0123456789', title: 'A | b', author: undefined, at: START - 120_000, url: 'https://github.com/acme/shop/commit/0123456789' };
    assert.equal(commitTable([commit], START).split('\n')[2], '| [` 0123456 `](https://github.com/acme/shop/commit/0123456789) | A \\| b | – | 2 min |');
    assert.deepEqual([ageOf(undefined, START), ageOf(Number.NaN, START), ageOf(START, START)], ['–', '–', '0 s']);
  });
});
