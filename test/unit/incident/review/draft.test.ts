import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { fold } from '../../../../src/incident/fold.ts';
import { agendaDocument, agendaOf } from '../../../../src/incident/review/agenda.ts';
import { citations, resolve } from '../../../../src/incident/review/citations.ts';
import { draftReview } from '../../../../src/incident/review/draft.ts';
import { stepsOfSection } from '../../../../src/incident/review/review-runbook.ts';
import { plain } from '../../../../src/incident/review/sections.ts';
import { onOneLine } from '../../../../src/incident/shorten.ts';
import { requested } from '../../../support/build-deliveries.ts';
import { createEvents, eventId, stepResult } from '../../../support/build-events.ts';
import { bundledRunbook } from '../../../support/bundled-runbook.ts';
import { assertGolden } from '../../../support/golden.ts';
import { recordedIncident } from '../../../support/recorded-incident.ts';
import { escapeHtml, renderMarkdown } from '../../../support/render-markdown.ts';

const runbook = bundledRunbook();
const HOSTILE = '<!-- /incident-runbook:block --> <script>alert(1)</script> [x](command:workbench.action.quit) ([source](https://evil.example)) @octocat #41 | `code`\n\n# heading';

function golden(name: string, actual: string): void {
  assertGolden(fileURLToPath(new URL(`../golden/${name}.md`, import.meta.url)), actual);
}

/** Lines that state something that happened: every one has to say where it is written. */
function statements(markdown: string): string[] {
  const [, timeline = ''] = /## Timeline\n([^]*?)\n## Root Cause/.exec(markdown) ?? [];
  return timeline.split('\n').filter((line) => line.startsWith('- '));
}

describe('the review of a recorded incident', () => {
  it('is the document that people read', () => { golden('review', draftReview(recordedIncident(), runbook)); });

  it('has an agenda', () => { golden('review-agenda', agendaDocument(recordedIncident(), runbook, 'docs/incidents/2026-11-23-portals-answer-503.md')); });

  it('cites an event in every line of its timeline, and every citation leads to one', () => {
    const incident = recordedIncident();
    const document = draftReview(incident, runbook);
    const cited = citations(document);
    assert.ok(statements(document).length > 40, 'the timeline has lines');
    assert.deepEqual(statements(document).filter((line) => !line.includes('([source](')), []);
    assert.equal(cited.length, document.split('([source](').length - 1);
    assert.deepEqual(cited.filter((citation) => resolve(citation, incident).length === 0), []);
  });

  it('cites the comment on the ticket where there is one, and the event in the editor where there is none', () => {
    const incident = recordedIncident();
    const of = (what: string): string => citations(draftReview(incident, runbook).split('\n').find((line) => line.includes(what)) ?? '')[0]?.url ?? '';
    assert.match(of('**Finding**: The pool'), /^https:\/\/github\.com\/acme\/portals\/issues\/41#issuecomment-\d+$/);
    assert.equal(of('**Incident closed**'), `vscode://incident-runbook.incident-runbook/event?incident=${incident.id}&event=${incident.times.closed?.event ?? ''}`);
  });

  it('resolves no citation of another incident, of an event that is not there, or of another comment', () => {
    const incident = recordedIncident();
    const [known] = incident.events;
    const link = (id: string, event: string) => ({ line: 1, url: `vscode://incident-runbook.incident-runbook/event?incident=${id}&event=${event}` });
    assert.deepEqual(resolve(link(incident.id, known?.id ?? ''), incident).map(({ id }) => id), [known?.id]);
    assert.deepEqual(resolve(link('INC-20261123-AAAA', known?.id ?? ''), incident), []);
    assert.deepEqual(resolve(link(incident.id, eventId(9_999)), incident), []);
    assert.deepEqual(resolve({ line: 1, url: 'https://github.com/acme/portals/issues/41#issuecomment-1' }, incident), []);
  });

  it('does not change because it was written, sent and looked at', () => {
    const incident = recordedIncident();
    const { event } = createEvents();
    const asked = { ...requested(event, { service: 'workspace', call: 'writeReview', target: 'a.md', step: 'createReview' }, 300), id: eventId(8_001) };
    const after = [
      asked,
      { ...event('delivery.done', { request: asked.id, how: 'sent', result: { file: 'a.md' } }, { minute: 301 }), id: eventId(8_002) },
      { ...event('step.finished', { result: stepResult('createReview') }, { minute: 301, actor: { name: 'Somebody else', kind: 'person' } }), id: eventId(8_003) },
      { ...event('review.written', { file: 'a.md' }, { minute: 302 }), id: eventId(8_004) },
    ];
    assert.equal(draftReview(recordedIncident(...after), runbook), draftReview(incident, runbook));
  });

  it('follows the headings of the runbook, in its order, also those it does not know', () => {
    const own = { ...runbook, templates: { ...runbook.templates, review: { section: '10.3', title: 'Review', body: '# Review of [Date]\n\n## Root Cause\n[x]\n\n## What Luck Did\nAsk for it.\n\n## Timeline\n- [timestamp]: Incident resolved\n- [timestamp]: Coffee made' } } };
    const document = draftReview(recordedIncident(), own);
    assert.deepEqual(document.match(/^##? .*/gm), ['# Review of 2026-11-23', '## Root Cause', '## What Luck Did', '## Timeline']);
    assert.match(document, /## What Luck Did\n\nAsk for it\.\n/);
    assert.match(document, /- 04:25 UTC: Incident resolved \(\[source\]/);
    assert.match(document, /- not known to the timeline: Coffee made/);
  });

  it('shows outside text as text, whatever it holds', () => {
    const { declared, event } = createEvents();
    const incident = fold([
      declared({ title: HOSTILE }), event('severity.set', { severity: 'P1', reasons: [HOSTILE] }, { minute: 1 }),
      event('role.assigned', { role: 'scribe', person: HOSTILE }, { minute: 1, actor: { name: HOSTILE, kind: 'person' } }),
      event('finding.documented', { text: HOSTILE, excerpt: { source: HOSTILE, language: '', startLine: 1, endLine: 1, text: HOSTILE } }, { minute: 2 }),
      event('step.finished', { result: stepResult('checkEndpoints', { title: HOSTILE, level: 'bad', summary: HOSTILE }) }, { minute: 3 }),
      event('update.posted', { status: 'Investigating', impact: HOSTILE, actions: HOSTILE, next: HOSTILE, eta: HOSTILE, text: HOSTILE }, { minute: 4 }),
      event('incident.resolved', { rootCause: HOSTILE, resolution: HOSTILE, cause: HOSTILE, unproved: [{ item: 'noUserReports', reason: HOSTILE }] }, { minute: 5 }),
    ]) ?? assert.fail();
    const document = draftReview(incident, runbook);
    const html = renderMarkdown(document);
    assert.deepEqual(html.match(/<script|<h1>heading|href="command:|href="https:\/\/evil\.example|<code>code/g), null);
    assert.deepEqual(html.match(/<h1>[^<]*/g), ['<h1>Post-Incident Review - 2026-11-23']);
    assert.deepEqual(citations(document).filter((citation) => resolve(citation, incident).length === 0), []);
    assert.equal(document.match(/^<!-- \/incident-runbook:block -->$/gm)?.length, document.match(/^<!-- incident-runbook:block /gm)?.length);
    assert.match(html, /@octocat #41/, 'it can be read');
  });

  it('says of an open incident that it is a draft, and of a drill that it was one', () => {
    const { declared } = createEvents();
    const document = draftReview(fold([declared({ drill: true })]) ?? assert.fail(), runbook);
    assert.match(document, /\*\*Draft: the incident is still open\.\*\*/);
    assert.match(document, /\*\*This was a drill\.\*\*/);
    assert.match(document, /- not recorded: Incident resolved \(the incident is still open\)/);
    assert.doesNotMatch(draftReview(recordedIncident(), runbook), /still open|a drill/);
  });
});

describe('the agenda of a review', () => {
  it('has every topic of the runbook, each with its question, facts and a section of the document', () => {
    const topics = agendaOf(recordedIncident(), runbook);
    assert.deepEqual(topics.map(({ title, question }) => ({ title, question })), runbook.review.topics);
    assert.deepEqual(topics.map(({ section }) => section), ['Timeline', 'Root Cause', 'Timeline', 'What Went Well', 'Incident Summary', 'Prevention Measures']);
    assert.deepEqual(topics.filter(({ facts }) => facts.trim() === ''), []);
    assert.match(topics[2]?.facts ?? '', /Time to detect: 14 min 30 s/);
  });

  it('leads into the document where there is one', () => {
    assert.match(agendaDocument(recordedIncident(), runbook, 'docs/a b.md'), /\]\(\/docs\/a%20b\.md#what-went-well\)/);
    const without = agendaDocument(recordedIncident(), runbook, undefined);
    assert.match(without, /There is no review document yet/);
    assert.doesNotMatch(without, /\]\(\//);
  });

  it('knows which steps look back', () => {
    assert.deepEqual([...stepsOfSection(runbook, '10')].sort(), ['conductReview', 'createActionItems', 'createReview', 'scheduleReview']);
  });
});

describe('outside text in a review', () => {
  it('reads as it was written, whatever characters it is made of', () => {
    const characters = fc.string({ unit: fc.constantFrom(...'\\`*_{}[]()<>#+-.!|~&$^=:@"\' a1/', '://', '--', 'www.', 'http'), minLength: 1, maxLength: 30 });
    fc.assert(fc.property(characters, (text) => {
      const html = renderMarkdown(`- 03:00 UTC: **Words**: ${plain(text)} (${plain(text)}) ([source](https://example.com/1))`);
      const [, words = ''] = /<strong>Words<\/strong>: ([^]*) \(<a href="https:\/\/example\.com\/1">source<\/a>\)<\/li>/.exec(html) ?? [];
      assert.equal(words, escapeHtml(`${onOneLine(text)} (${onOneLine(text)})`));
    }), { numRuns: 2_000 });
  });
});
