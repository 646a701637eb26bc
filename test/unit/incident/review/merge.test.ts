import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { reviewParts } from '../../../../src/incident/review/draft.ts';
import { type Part, formatReview, incidentOf, mergeReview, newerBlocks } from '../../../../src/incident/review/merge.ts';
import { createEvents, eventId } from '../../../support/build-events.ts';
import { bundledRunbook } from '../../../support/bundled-runbook.ts';
import { recordedIncident } from '../../../support/recorded-incident.ts';

const INCIDENT = 'INC-20261123-7KQ4';

function partsOf(facts: string, more: readonly Part[] = []): Part[] {
  return [
    { kind: 'block', id: 'title', text: '# Review' }, { kind: 'text', text: '## Timeline' },
    { kind: 'block', id: 'events', text: `- 03:00 ${facts}\n- 03:10 over` }, { kind: 'block', id: 'durations', text: `It took ${facts}` },
    { kind: 'text', text: '## Notes\n\n<!-- Yours. -->' }, ...more,
  ];
}

const FIRST = partsOf('one');
const SECOND = partsOf('two');
const document = (parts: readonly Part[] = FIRST): string => mergeReview('', INCIDENT, parts).text;

describe('a review document that is written anew', () => {
  it('takes over new facts where nobody wrote, and nothing else changes', () => {
    const own = document().replace('<!-- Yours. -->', '- We were tired.\n\n## A section of ours\n\nWords.');
    assert.equal(mergeReview(own, INCIDENT, SECOND).text, document(SECOND).replace('<!-- Yours. -->', '- We were tired.\n\n## A section of ours\n\nWords.'));
  });

  it('keeps a block that somebody changed, and says that there are newer facts', () => {
    const edited = document().replace('- 03:10 over', '- 03:11 over, as Karim saw it');
    const same = mergeReview(edited, INCIDENT, FIRST);
    assert.deepEqual(same, { text: edited, kept: [{ id: 'events', newer: false }] });
    const { text, kept } = mergeReview(edited, INCIDENT, SECOND);
    assert.deepEqual(kept, [{ id: 'events', newer: true }]);
    assert.match(text, /- 03:00 one\n- 03:11 over, as Karim saw it\n/);
    assert.match(text, /It took two/);
    assert.deepEqual(newerBlocks(text), [{ id: 'events', line: text.split('\n').findIndex((line) => line.includes('block events')) }]);
  });

  it('takes the newer facts when a person says so, and when the text is as it would be written anyway', () => {
    const edited = mergeReview(document().replace('- 03:10 over', '- 03:11 over'), INCIDENT, SECOND).text;
    assert.deepEqual(mergeReview(edited, INCIDENT, SECOND, ['events']), { text: document(SECOND), kept: [] });
    assert.deepEqual(mergeReview(document().replace('03:00 one', '03:00 two'), INCIDENT, SECOND), { text: document(SECOND), kept: [] });
  });

  it('says nothing of newer facts any more once there are none', () => {
    const edited = document().replace('- 03:10 over', '- 03:11 over');
    assert.equal(mergeReview(mergeReview(edited, INCIDENT, SECOND).text, INCIDENT, FIRST).text, edited);
  });

  it('does not bring back what was deleted, whether with its marks or without', () => {
    const withMarks = document().replace(/<!-- incident-runbook:block durations [^]*?\/incident-runbook:block -->\n/, '');
    assert.equal(mergeReview(withMarks, INCIDENT, FIRST).text, withMarks);
    assert.doesNotMatch(mergeReview(withMarks, INCIDENT, SECOND).text, /It took/);
    const emptied = document().replace('It took one\n', '');
    assert.doesNotMatch(mergeReview(emptied, INCIDENT, SECOND).text, /It took/);
  });

  it('adds a block that is new, behind the one that it follows', () => {
    const more: Part[] = [{ kind: 'block', id: 'extra', text: 'Extra' }];
    const parts = [...FIRST.slice(0, 3), ...more, ...FIRST.slice(3)];
    const { text } = mergeReview(document(), INCIDENT, parts);
    assert.ok(text.indexOf('Extra') > text.indexOf('03:10 over') && text.indexOf('Extra') < text.indexOf('It took'), text);
    assert.equal(mergeReview(text, INCIDENT, parts).text, text);
    const removed = text.replace(/<!-- incident-runbook:block extra [^]*?\/incident-runbook:block -->\n/, '');
    assert.doesNotMatch(mergeReview(removed, INCIDENT, parts).text, /Extra/);
  });

  it('adds nothing when its list of blocks is gone, and lists them again', () => {
    const without = document().replace(/\n<!-- incident-runbook:review .*\n/, '').replace(/<!-- incident-runbook:block durations [^]*?\/incident-runbook:block -->\n/, '');
    const { text } = mergeReview(without, INCIDENT, SECOND);
    assert.doesNotMatch(text, /It took/);
    assert.equal(incidentOf(text), INCIDENT);
  });

  it('takes what is no whole block for text, and the blocks around it for blocks', () => {
    const cut = document().replace('- 03:10 over\n<!-- /incident-runbook:block -->\n', '- 03:10 over\n');
    const { text, kept } = mergeReview(cut, INCIDENT, SECOND);
    assert.deepEqual(kept, []);
    assert.match(text, /- 03:00 one\n- 03:10 over\n/);
    assert.match(text, /It took two/);
  });

  it('never joins its marks to the last line of a person', () => {
    const { text } = mergeReview('Words of ours', INCIDENT, FIRST);
    assert.match(text, /^Words of ours\n\n<!-- incident-runbook:review \S+ title events durations -->\n$/);
  });

  it('keeps the line ends of the document', () => {
    const windows = document().replaceAll('\n', '\r\n');
    assert.equal(mergeReview(windows, INCIDENT, FIRST).text, windows);
    assert.equal(mergeReview(windows, INCIDENT, SECOND).text, document(SECOND).replaceAll('\n', '\r\n'));
  });

  it('begins anew where everything was deleted', () => {
    assert.equal(mergeReview('\n\n', INCIDENT, FIRST).text, `${formatReview(INCIDENT, FIRST)}\n`);
  });

  it('knows whose review it is', () => {
    assert.equal(incidentOf(document()), INCIDENT);
    assert.equal(incidentOf('# Something else'), undefined);
  });
});

type Edit =
  | { readonly kind: 'insert' | 'replace'; readonly at: number; readonly lines: readonly string[] }
  | { readonly kind: 'delete'; readonly at: number; readonly count: number }
  | { readonly kind: 'move'; readonly at: number; readonly count: number; readonly to: number };

/** Lines that a person could write: words, headings, boxes, blank lines, marks of other tools and half of ours. */
const written = fc.oneof(
  fc.string({ maxLength: 30 }).map((text) => text.replace(/[\r\n]/g, ' ')),
  fc.constantFrom('', '## A section of ours', '- [ ] Alert - Owner: @karim - Due: 2026-12-04', '<!-- a comment -->', '<!-- incident-runbook:block', '-->', '```'),
);
const position = fc.nat({ max: 200 });
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constantFrom('insert' as const, 'replace' as const), at: position, lines: fc.array(written, { minLength: 1, maxLength: 3 }) }),
  fc.record({ kind: fc.constant('delete' as const), at: position, count: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ kind: fc.constant('move' as const), at: position, count: fc.integer({ min: 1, max: 12 }), to: position }),
);

/** Each line that a person writes is known again by its number. */
function apply(text: string, edits: readonly Edit[], nextNumber: () => number): string {
  return edits.reduce((lines, change) => {
    const at = change.at % (lines.length + 1);
    switch (change.kind) {
      case 'insert': return lines.toSpliced(at, 0, ...change.lines.map((line) => `P${nextNumber()}. ${line}`));
      case 'replace': return lines.toSpliced(at, 1, ...change.lines.map((line) => `P${nextNumber()}. ${line}`));
      case 'delete': return lines.toSpliced(at, change.count);
      case 'move': {
        const moved = lines.slice(at, at + change.count);
        const rest = lines.toSpliced(at, change.count);
        return rest.toSpliced(change.to % (rest.length + 1), 0, ...moved);
      }
    }
  }, text.split('\n')).join('\n');
}

describe('a review document that people edit anywhere', () => {
  const runbook = bundledRunbook();
  const { event } = createEvents();
  const later = { ...event('finding.documented', { text: 'A second finding, made afterwards' }, { minute: 20 }), id: eventId(9_001) };
  const before = reviewParts(recordedIncident(), runbook);
  const after = reviewParts(recordedIncident(later), runbook);
  const rounds = fc.array(fc.array(edit, { maxLength: 6 }), { minLength: 1, maxLength: 4 });

  const personLines = (text: string): string[] => text.split('\n').map((line) => line.replace(/\r$/, '')).filter((line) => /^P\d+\. /.test(line));

  it('loses no line that a person wrote, in their order, and is the same when it is written once more', () => {
    fc.assert(fc.property(rounds, fc.boolean(), (edits, windows) => {
      let number = 0;
      let text = mergeReview('', INCIDENT, before).text;
      if (windows) {
        text = text.replaceAll('\n', '\r\n');
      }
      for (const [round, changes] of edits.entries()) {
        const edited = apply(text, changes, () => number++);
        const parts = round % 2 === 0 ? after : before;
        const merged = mergeReview(edited, INCIDENT, parts).text;
        assert.deepEqual(personLines(merged), personLines(edited));
        assert.equal(mergeReview(merged, INCIDENT, parts).text, merged);
        text = merged;
      }
    }), { numRuns: 500 });
  });

  it('leaves everything outside of the blocks as it is', () => {
    const outside = (text: string): string => text.replace(/^<!-- incident-runbook:block [a-z-]+ [0-9a-f]{12} -->\n(?:(?!<!-- (?:\/?incident-runbook:block|incident-runbook:review) ?).*\n)*<!-- \/incident-runbook:block -->\n?/gm, '')
      .replace(/^<!-- incident-runbook:(?:newer|review) .*\n?/gm, '').trimEnd();
    fc.assert(fc.property(fc.array(edit, { maxLength: 8 }), (edits) => {
      let number = 0;
      const edited = apply(mergeReview('', INCIDENT, before).text, edits, () => number++);
      if (edited.trim() !== '') {
        assert.equal(outside(mergeReview(edited, INCIDENT, after).text), outside(edited));
      }
    }), { numRuns: 500 });
  });

  it('never gives back a block that was deleted, and writes every untouched one anew', () => {
    const ids = before.flatMap(({ id }) => (id === undefined ? [] : [id]));
    fc.assert(fc.property(fc.subarray(ids), (deleted) => {
      const edited = deleted.reduce((text, id) => text.replace(new RegExp(`<!-- incident-runbook:block ${id} [^]*?/incident-runbook:block -->\\n`), ''), mergeReview('', INCIDENT, before).text);
      const merged = mergeReview(edited, INCIDENT, after).text;
      const left = [...merged.matchAll(/^<!-- incident-runbook:block ([a-z-]+) /gm)].map(([, id]) => id);
      assert.deepEqual(left, ids.filter((id) => !deleted.includes(id)));
      assert.equal(merged.includes('A second finding'), left.includes('events') || left.includes('evidence'));
    }), { numRuns: 100 });
  });
});
