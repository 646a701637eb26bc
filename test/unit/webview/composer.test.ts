import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { LetterPreview, Message, Preview, TextField } from '../../../src/protocol/composer.ts';
import { firstTab, reachOf, tabAfter, valueOf, withWritten, write, writtenIn } from '../../../src/webview/composer-draft.ts';
import { piecesOf } from '../../../src/webview/mrkdwn.ts';

const FIELD: TextField = { kind: 'text', id: 'eta', label: 'ETA', value: 'Not known yet', lines: 1, required: true };
const PREVIEW: Preview = { missing: [], fills: { eta: 'At noon' }, sources: {}, letters: [], notes: [], button: 'Send' };

describe('a draft of the composer', () => {
  it('keeps what was written, and refreshes what was not', () => {
    const drafts = write({}, 'update', FIELD, 'Soon', undefined);
    assert.deepEqual(drafts, { update: { eta: 'Soon' } });
    assert.equal(valueOf({ ...FIELD, value: 'Later' }, writtenIn(drafts, 'update'), PREVIEW), 'Soon');
    assert.equal(valueOf({ ...FIELD, value: 'Later' }, {}, undefined), 'Later');
    assert.equal(valueOf(FIELD, {}, PREVIEW), 'At noon', 'what follows from other fields comes before what stood there first');
    assert.equal(valueOf(FIELD, write({}, 'update', FIELD, '', undefined).update ?? {}, undefined), '', 'an emptied field stays empty');
  });

  it('counts a field that says what is suggested as not touched', () => {
    const drafts = write({ users: { title: 'A' } }, 'update', FIELD, 'Soon', PREVIEW);
    assert.deepEqual(write(drafts, 'update', FIELD, 'At noon', PREVIEW), { users: { title: 'A' } });
    assert.deepEqual(withWritten(drafts, 'users', {}), { update: { eta: 'Soon' } });
  });

  it('knows whom it reaches; the ticket is told with the timeline', () => {
    const letter = (target: string, more: Partial<LetterPreview> = {}): LetterPreview => ({ dress: 'plain', target, service: 'Slack', text: '', to: [], ...more });
    assert.deepEqual(reachOf([letter('#incidents'), letter('Ada', { byHand: 'A person calls' }), letter('acme/shop#7', { withTimeline: true })]), { sent: ['#incidents'], byHand: ['Ada'] });
  });

  it('walks the tabs round, the other way where one reads from the right', () => {
    assert.deepEqual([tabAfter('ArrowRight', 4, 5, false), tabAfter('ArrowLeft', 0, 5, false), tabAfter('ArrowLeft', 4, 5, true), tabAfter('ArrowRight', 0, 5, true), tabAfter('Home', 3, 5, false), tabAfter('End', 3, 5, true), tabAfter('a', 3, 5, false)], [0, 4, 0, 4, 0, 4, undefined]);
    const messages = (['update', 'users'] as const).map((kind): Message => ({ kind, title: '', section: '7.1', fields: [], clocks: [] }));
    assert.deepEqual([firstTab(messages, 'users'), firstTab(messages, 'resolution'), firstTab(messages, undefined)], ['users', 'update', 'update']);
  });
});

describe("Slack's marks", () => {
  const looks = (text: string): [string, string][] => piecesOf(text).map(({ look, text: words }) => [look, words]);

  it('make bold, italic, struck text, code and links of what stands between them', () => {
    assert.deepEqual(looks('a *b c* _d_ ~e~ `f *g*` https://example.com/x?y=1.'), [
      ['plain', 'a '], ['bold', 'b c'], ['plain', ' '], ['italic', 'd'], ['plain', ' '], ['strike', 'e'], ['plain', ' '], ['code', 'f *g*'], ['plain', ' '], ['link', 'https://example.com/x?y=1'], ['plain', '.'],
    ]);
    assert.deepEqual(looks('```\nx\n```'), [['block', '\nx\n']]);
  });

  it('leave arithmetic, names and what goes over lines alone', () => {
    for (const text of ['2 * 3 * 4', 'max_db_connections', '*a\nb*', 'a*b*c', '** **', '']) {
      assert.deepEqual(looks(text).filter(([look]) => look !== 'plain'), [], text);
    }
  });

  it('lose no character of a text, whatever is in it, and link to the web only', () => {
    for (const text of ['<b>x</b> & <https://example.com|label>', 'javascript:alert(1) *x*', 'نص *عريض* هنا']) {
      assert.equal(piecesOf(text).map(({ text: words }) => words).join('').length, text.replace(/\*(?=[xع])|(?<=[xض])\*/g, '').length, text);
      assert.ok(piecesOf(text).every(({ look, text: words }) => look !== 'link' || /^https?:\/\//.test(words)));
    }
  });
});
