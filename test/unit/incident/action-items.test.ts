import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type ActionItem, dueColumn, ownerColumn, problemsOf, readActionItems, withLink } from '../../../src/incident/action-items.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';

const TODAY = '2026-11-23';

function review(...lines: readonly string[]): string {
  return ['# Post-Incident Review', '', '## Action Items', ...lines, '', '## Prevention Measures', '- [ ] Not an action item - Owner: @eve'].join('\n');
}

/** The items without place and key. */
function read(...lines: readonly string[]): Partial<ActionItem>[] {
  return readActionItems(review(...lines)).items.map(({ line: _line, key: _key, ...item }) => item);
}

function keys(...lines: readonly string[]): string[] {
  return readActionItems(review(...lines)).items.map(({ key }) => key);
}

describe('readActionItems', () => {
  it('finds owner and due date in whatever order and with whatever dash they were written', () => {
    const item = { text: 'Alert on the pool', owner: '@ada', due: '2026-12-01', done: false };
    for (const line of [
      '- [ ] Alert on the pool - Owner: @ada - Due: 2026-12-01', '- [ ] Alert on the pool – Due: 2026-12-01 — Owner: @ada', '* [ ] Alert on the pool -- owner : @ada -- due: 2026-12-01',
      '  + [ ] Alert on the pool, Owner: @ada, Due: 2026-12-01', '- [ ] Alert on the pool - **Owner:** @ada - **Due date:** 2026-12-01', '- [ ] Alert on the pool Owner: @ada Due: 2026-12-01\r',
      '- [ ] Alert on the pool - Owner: @ada <!-- talked about it --> - Due: 2026-12-01',
    ]) {
      assert.deepEqual(read(line), [item], line);
    }
  });

  it('takes names for owners, ticks for done, and the rest for words', () => {
    assert.deepEqual(read('- [x] Fix the leak - in the pool - Owner: Amira Hassan', '- [X] Co-owner the table'), [
      { text: 'Fix the leak - in the pool', owner: 'Amira Hassan', done: true }, { text: 'Co-owner the table', done: true },
    ]);
  });

  it('reads the link that is there, wherever it stands', () => {
    const url = 'https://github.com/acme/shop/issues/12';
    const item = { text: 'Alert', owner: '@ada', due: '2026-12-01', done: false, number: 12, url };
    assert.deepEqual(read(`- [ ] Alert - Owner: @ada - Due: 2026-12-01 ([#12](${url}))`, `- [ ] [#12](${url}) Alert - Owner: @ada - Due: 2026-12-01`), [item, item]);
    assert.deepEqual(read('- [ ] Alert ([#12](http://github.com/acme/shop/issues/12))').map(({ number }) => number), [undefined], 'only https is a link');
  });

  it('takes what is no day of the calendar for no date', () => {
    for (const due of ['next week', '01.12.2026', '2026-02-30', '2026-1-1', '2026-12-01T00:00']) {
      assert.deepEqual(read(`- [ ] Alert - Owner: @ada - Due: ${due}`).map((item) => [item.due, item.unreadableDue]), [[undefined, due]]);
    }
  });

  it('passes over placeholders, code and other sections', () => {
    assert.deepEqual(readActionItems(bundledRunbook().templates['review']?.body ?? '').items, []);
    assert.deepEqual(read('- [ ] ', '- [ ] [Action 1]', 'Text - Owner: @ada', '```', '- [ ] Example - Owner: @ada', '```'), []);
    assert.deepEqual(read('- [ ] Alert - Owner: [name] - Due: [date]'), [{ text: 'Alert', done: false }]);
    assert.deepEqual(readActionItems('- [ ] Alert\n'), { items: [] });
  });

  it('says where the heading and each item are', () => {
    const { heading, items } = readActionItems(review('', '- [ ] One', '### More', '- [ ] Two'));
    assert.deepEqual([heading, items.map(({ line }) => line)], [2, [4, 6]]);
  });

  it('calls an item the same until its words change', () => {
    const [first] = keys('- [ ] Alert on the pool');
    assert.deepEqual(new Set(keys('- [x] Alert on the pool - Owner: @ada - Due: 2026-12-01').concat(keys('- [ ] **Alert** on  the POOL.'), keys('- [ ] Alert on the pool ([#12](https://github.com/a/b/issues/12))'))), new Set([first]));
    assert.notDeepEqual(keys('- [ ] Alert on the cache'), [first]);
    assert.match(first ?? '', /^[a-p]{24}$/, 'no digits, which could be taken for a number of a person');
  });

  it('tells two items of the same words apart', () => {
    assert.equal(new Set(keys('- [ ] Write a test', '- [ ] Write a test', '- [ ] Write a test')).size, 3);
  });
});

describe('an action item', () => {
  it('gets its link at the end of the line, and is read back with it', () => {
    const url = 'https://github.com/acme/shop/issues/7';
    assert.equal(withLink('- [ ] Alert - Owner: @ada  ', 7, url), `- [ ] Alert - Owner: @ada ([#7](${url}))`);
    assert.equal(withLink('- [ ] Alert\r', 7, url), `- [ ] Alert ([#7](${url}))\r`);
    assert.deepEqual(read(withLink('- [ ] Alert - Due: 2026-12-01', 7, url)), [{ text: 'Alert', due: '2026-12-01', done: false, number: 7, url }]);
  });

  it('has a place for owner and due date that are added', () => {
    const insert = (line: string, column: number, text: string): string => line.slice(0, column) + text + line.slice(column);
    for (const line of ['- [ ] Alert', '- [ ] Alert - Due: 2026-12-01', '- [ ] Alert ([#7](https://github.com/a/b/issues/7))', '- [ ] Alert - Due: 2026-12-01 ([#7](https://github.com/a/b/issues/7))']) {
      assert.equal(read(insert(line, ownerColumn(line), ' - Owner: @ada'))[0]?.owner, '@ada', line);
    }
    for (const line of ['- [ ] Alert', '- [ ] Alert - Owner: @ada', '- [ ] Alert - Owner: @ada ([#7](https://github.com/a/b/issues/7))']) {
      assert.equal(read(insert(line, dueColumn(line), ' - Due: 2026-12-01'))[0]?.due, '2026-12-01', line);
    }
  });

  it('lacks what it lacks, unless it is ticked off', () => {
    const problems = (line: string): unknown => readActionItems(review(line)).items.map((item) => problemsOf(item, TODAY));
    assert.deepEqual(problems('- [ ] Alert'), [['no owner', 'no due date']]);
    assert.deepEqual(problems('- [ ] Alert - Owner: @ada - Due: soon'), [['unreadable due date']]);
    assert.deepEqual(problems('- [ ] Alert - Owner: @ada - Due: 2026-11-22'), [['overdue']]);
    assert.deepEqual(problems('- [ ] Alert - Owner: @ada - Due: 2026-11-23'), [[]]);
    assert.deepEqual(problems('- [x] Alert - Due: 2026-11-22'), [[]]);
  });
});
