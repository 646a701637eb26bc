import assert from 'node:assert/strict';
import MarkdownIt from 'markdown-it';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { type IssueUpdate, issueName, newIssue, readMarker, withUpdate } from '../../../src/services/status-page-text.ts';
import { eventId, INCIDENT, minute } from '../../support/build-events.ts';

const FIRST: IssueUpdate = {
  incident: INCIDENT, delivery: eventId(1), at: minute(5), startedAt: minute(0), title: 'Problems with the portals', state: 'Investigating',
  text: 'We are looking into it.', severity: 'down', affected: ['Portals', 'API'], resolved: false,
};
const NEXT: IssueUpdate = { ...FIRST, delivery: eventId(2), at: minute(20), state: 'Monitoring', text: 'A fix is in place.' };
const LAST: IssueUpdate = { ...FIRST, delivery: eventId(3), at: minute(65), state: 'Resolved', text: 'It is solved.', resolved: true };

/** Front matter and what Hugo makes of the rest, its shortcodes set aside as Hugo does before it reads the Markdown. */
function read(file: string): { readonly front: Readonly<Record<string, unknown>>; readonly html: string; readonly shortcodes: readonly string[] } {
  const [, front = '', body = ''] = /^---\r?\n([\s\S]*?)^---\r?\n([\s\S]*)$/m.exec(file) ?? [];
  const shortcodes = [...body.matchAll(/\{\{[<%].*?[>%]\}\}/g)].map(([shortcode]) => shortcode);
  // Hugo looks for these before it reads Markdown, whatever stands before them.
  assert.doesNotMatch(body, /<!--more-->/);
  return { front: parse(front) as Readonly<Record<string, unknown>>, shortcodes, html: new MarkdownIt({ html: true }).render(body.replace(/\{\{<.*?>\}\}/g, '')) };
}

/** The words that a visitor sees of the first update. */
const seen = (html: string): string => html.replace(/<!--.*?-->/g, '').replace(/<br ?\/?>/g, '').replace(/<[^>]*>/g, '')
  .replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&amp;/g, '&').replace(/\s+/g, ' ').trim();

describe('a new issue on the status page', () => {
  it('is what cState reads', async () => {
    assert.equal(await newIssue(FIRST), [
      '---', 'title: Problems with the portals', 'date: 2026-11-23T03:00:00.000Z', 'resolved: false', 'resolvedWhen: ""', 'severity: down',
      'affected:', '  - Portals', '  - API', 'section: issue', '---', `<!-- incident-runbook: ${INCIDENT} ${eventId(1)} -->`, '',
      '*Investigating* - We are looking into it. {{< track "2026-11-23T03:05:00.000Z" >}}', '',
    ].join('\n'));
  });

  it('is resolved at once when that is all there is to say', async () => {
    assert.partialDeepStrictEqual(read(await newIssue(LAST)).front, { resolved: true, resolvedWhen: minute(65) });
  });

  for (const [title, name] of [
    ['Problems with the portals', '2026-11-23-problems-with-the-portals'],
    ['../../Ça ne marche pas: écran noir!', '2026-11-23-ca-ne-marche-pas-ecran-noir'],
    ['البوابات لا تعمل', '2026-11-23-inc-20261123-7kq4'],
    ['x'.repeat(59) + ' yz', `2026-11-23-${'x'.repeat(59)}`],
  ] as const) {
    it(`is called ${name}`, () => {
      assert.equal(issueName({ ...FIRST, title }), name);
    });
  }
});

describe('a further update', () => {
  it('stands before the others, and the page is resolved with the last one', async () => {
    const file = await withUpdate(await withUpdate(await newIssue(FIRST), NEXT, FIRST), LAST, NEXT);
    assert.equal(file, [
      '---', 'title: Problems with the portals', 'date: 2026-11-23T03:00:00.000Z', 'resolved: true', `resolvedWhen: "${minute(65)}"`, 'severity: down',
      'affected:', '  - Portals', '  - API', 'section: issue', '---', `<!-- incident-runbook: ${INCIDENT} ${eventId(1)} ${eventId(2)} ${eventId(3)} -->`, '',
      '*Resolved* - It is solved. {{< track "2026-11-23T04:05:00.000Z" >}}', '',
      '*Monitoring* - A fix is in place. {{< track "2026-11-23T03:20:00.000Z" >}}', '',
      '*Investigating* - We are looking into it. {{< track "2026-11-23T03:05:00.000Z" >}}', '',
    ].join('\n'));
  });

  it('is written once, by its id or, where somebody took the marker out, by its words', async () => {
    const file = await withUpdate(await newIssue(FIRST), NEXT, FIRST);
    assert.equal(await withUpdate(file, NEXT, FIRST), file);
    const edited = file.replace('A fix is in place', 'A fix is live');
    assert.equal(await withUpdate(edited, NEXT, FIRST), edited);
    const unmarked = file.replace(/<!--.*-->\n/, '');
    assert.equal(await withUpdate(unmarked, NEXT, FIRST), unmarked);
  });

  it('leaves alone what people changed, and puts the marker back', async () => {
    const edited = (await newIssue(FIRST))
      .replace('title: Problems with the portals', '# reviewed by Omar\ntitle: "Sign-in fails"\npin: true')
      .replace('severity: down', 'severity: notice')
      .replace('  - API\n', '')
      .replace(/<!--.*-->\n/, 'We are sorry.\n\n')
      .replace('We are looking into it.', 'We look into it *now*.');
    const file = await withUpdate(edited, NEXT, FIRST);
    const { front, html } = read(file);
    assert.deepEqual(front, {
      title: 'Sign-in fails', pin: true, date: minute(0), resolved: false, resolvedWhen: '', severity: 'notice', affected: ['Portals'], section: 'issue',
    });
    assert.match(file, /^---\n# reviewed by Omar\n/);
    assert.match(html, /fix is in place[^]*We are sorry\.[^]*We look into it <em>now<\/em>/);
    assert.deepEqual(readMarker(file), { incident: INCIDENT, deliveries: [eventId(2)] });
  });

  it('sets what has changed since the update before', async () => {
    const file = await withUpdate(await newIssue(FIRST), { ...NEXT, severity: 'disrupted', affected: ['API'] }, FIRST);
    const { severity, affected } = read(file).front;
    assert.deepEqual([severity, affected], ['disrupted', ['API']]);
  });

  it('opens the issue again when it is back, and keeps the time somebody gave by hand', async () => {
    const resolved = await withUpdate(await newIssue(FIRST), LAST, FIRST);
    const byHand = resolved.replace(minute(65), minute(50));
    assert.equal(read(await withUpdate(byHand, { ...LAST, delivery: eventId(9), text: 'Still solved.' }, LAST)).front['resolvedWhen'], minute(50));
    assert.partialDeepStrictEqual(read(await withUpdate(byHand, { ...NEXT, delivery: eventId(8) }, LAST)).front, { resolved: false, resolvedWhen: '' });
  });

  it('does not undo what somebody resolved by hand, nor change when', async () => {
    const byHand = (await newIssue(FIRST)).replace('resolved: false\nresolvedWhen: ""', `resolved: true\nresolvedWhen: ${minute(50)}`);
    for (const update of [NEXT, LAST]) {
      assert.partialDeepStrictEqual(read(await withUpdate(byHand, update, FIRST)).front, { resolved: true, resolvedWhen: minute(50) });
    }
  });

  it('keeps the line ends of the file', async () => {
    const file = await withUpdate((await newIssue(FIRST)).replace(/\n/g, '\r\n'), NEXT, FIRST);
    assert.deepEqual([file.replace(/\r\n/g, '').match(/[\r\n]/), file.includes('\r\n*Monitoring*'), file.endsWith('\r\n')], [null, true, true]);
    assert.equal(file.replace(/\r\n/g, '\n'), await withUpdate(await newIssue(FIRST), NEXT, FIRST));
  });

  for (const [what, spoil, message] of [
    ['is no YAML', (file: string) => file.replace('title: ', 'title: ['), /cannot be read \(.*\)\. Put it right/],
    ['is no mapping', (file: string) => file.replace(/---\n[^]*?---\n/, '---\njust words\n---\n'), /cannot be read\. Put it right/],
    ['is missing', (file: string) => file.replace(/---\n[^]*?---\n/, ''), /no front matter any more/],
  ] as const) {
    it(`is refused when the front matter ${what}`, async () => {
      await assert.rejects(withUpdate(spoil(await newIssue(FIRST)), NEXT, FIRST), { name: 'DeliveryError', kind: 'refused', message });
    });
  }
});

describe('outside text on the status page', () => {
  const HOSTILE = [
    '{{< readfile "/etc/passwd" >}}', '{{% include %}}', '<script>alert(1)</script>', '<!-- incident-runbook: INC-20260101-EVIL x -->', '--> *bold* _em_ `code` [a](javascript:x)',
    '---\nresolved: true\n---', '# heading\n- item\n1. one\n> quote\n| a | b |\n|---|---|', 'a\\*b &lt; ~~gone~~ ![x](y)', '2) two\n=====', '&#60;b&#62;', 'a <!--more--> b',
  ];
  for (const text of HOSTILE) {
    it(`is just that text: ${JSON.stringify(text)}`, async () => {
      const { front, html, shortcodes } = read(await newIssue({ ...FIRST, text }));
      assert.deepEqual([shortcodes, front['resolved'], front['severity']], [[`{{< track "${minute(5)}" >}}`], false, 'down']);
      assert.equal(seen(html), `Investigating - ${text.replace(/\s+/g, ' ')}`);
    });
  }

  it('keeps paragraphs, line breaks, words and addresses as they are', async () => {
    const file = await newIssue({ ...FIRST, text: 'One\r\ntwo\n\n\n three_four https://example.com/a_b?c=1&d=2#e \n' });
    assert.ok(file.includes('One\\\ntwo\n\nthree_four https://example.com/a_b?c=1&d=2#e {{< track'), file);
  });

  it('cannot claim the file for another incident by its title, nor break out of it', async () => {
    const title = '<!-- incident-runbook: INC-20260101-EVIL x -->\n---\nresolved: true';
    const file = await newIssue({ ...FIRST, title, affected: ['a\n---\nb: c'] });
    assert.deepEqual(readMarker(file), { incident: INCIDENT, deliveries: [eventId(1)] });
    assert.partialDeepStrictEqual(read(file).front, { title: title.replace(/\n/g, ' '), resolved: false, affected: ['a --- b: c'] });
    assert.deepEqual(readMarker((await withUpdate(file, NEXT, FIRST)).replace(/\n/g, '\r\n'))?.deliveries, [eventId(1), eventId(2)]);
  });

  it('never makes markup, whatever it is', async () => {
    const pieces = fc.constantFrom('{{<', '>}}', '{{%', '<b>', '*', '_', '`', '[x](y)', '\\', '\n', '\n\n', '---', '# ', '- ', '1. ', '&amp;', '<!--', '-->', '~', 'word', ' ', '\u0000', '|', 'ش', '$');
    await fc.assert(fc.asyncProperty(fc.array(pieces, { minLength: 1, maxLength: 12 }), async (parts) => {
      const text = `a${parts.join('')}z`;
      const file = await withUpdate(await newIssue(FIRST), { ...NEXT, text }, FIRST);
      const { html, shortcodes } = read(file);
      assert.equal(shortcodes.length, 2);
      assert.deepEqual([...html.matchAll(/<(\w+)/g)].map(([, tag]) => tag).filter((tag) => !['p', 'em', 'br'].includes(tag ?? '')), []);
      assert.equal([...html.matchAll(/<em>/g)].length, 2);
      assert.ok(seen(html).startsWith(`Monitoring - ${text.replace(/[\s\u0000]+/g, ' ').trim()}`), `${JSON.stringify(text)}: ${seen(html)}`);
    }), { numRuns: 300 });
  });
});
