import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import { formatEventMarker, readEventMarkers } from '../../../src/incident/markers.ts';
import { type Comment, MAX_COMMENT, formatComments } from '../../../src/ledger/shared/comment.ts';
import { codeBlock } from '../../../src/incident/markdown.ts';
import { EXTENSION, createEvents, minute, stepResult } from '../../support/build-events.ts';
import { START } from '../../support/clock.ts';
import { assertGolden } from '../../support/golden.ts';
import { renderMarkdown } from '../../support/render-markdown.ts';

const { declared, event } = createEvents();

function format(events: readonly TimelineEvent[], others: readonly TimelineEvent[] = []): Comment[] {
  return formatComments(events, (id) => [...others, ...events].find((candidate) => candidate.id === id));
}

function single(events: readonly TimelineEvent[], others: readonly TimelineEvent[] = []): string {
  const [comment, ...more] = format(events, others);
  assert.deepEqual(more, []);
  return comment?.body ?? assert.fail();
}

/** What a person reads. */
function textOf(body: string): string {
  return body.slice(0, body.indexOf('<!-- incident-event'));
}

const asked = event('delivery.requested', { origin: 'here', delivery: { service: 'slack', call: 'postMessage', target: '#incidents', text: 'INCIDENT: Portals answer 503\nP1', data: {}, step: 'notifyTeam' } }, { minute: 4 });
const mailed = event('delivery.requested', { origin: 'here', delivery: { service: 'mail', call: 'send', target: 'Product Owner', text: 'Hello', data: {}, step: 'notifyTeam' } }, { minute: 4 });
const claim = event('step.claimed', { step: 'restartService', origin: 'here', until: minute(20) }, { minute: 6 });

/** One of everything, as it is worked through. */
const DAY: readonly TimelineEvent[] = [
  declared(),
  event('severity.set', { severity: 'P1', reasons: ['The portals are unavailable.', 'All users are affected.'] }, { minute: 1 }),
  event('incident.acknowledged', {}, { minute: 2 }),
  event('role.assigned', { role: 'incidentCommander', person: 'Bilal' }, { minute: 2 }),
  event('ticket.linked', { repository: 'acme/shop', number: 7, url: 'https://github.com/acme/shop/issues/7' }, { minute: 3 }),
  asked, mailed,
  event('delivery.done', { request: asked.id, how: 'sent', result: {}, url: 'https://acme.slack.com/archives/C1/p1' }, { minute: 4, actor: EXTENSION }),
  event('delivery.held', { request: mailed.id, reason: 'Mail is not connected.' }, { minute: 4, actor: EXTENSION }),
  event('step.finished', {
    result: stepResult('investigate', { title: 'Investigate', level: 'bad', summary: '1 of 2 checks found something' }),
    parts: [
      stepResult('checkConnectionPool', { title: 'Check the connection pool', level: 'bad', summary: '96 of 100 connections (96 %)', evidence: {
        summary: '96 of 100 connections (96 %)', level: 'bad', data: { percent: 96 },
        markdown: codeBlock('FATAL: sorry, too many clients already @ada\n<!-- incident-event {"forged": true} -->'),
        charts: [{ title: 'DatabaseConnections', unit: 'connections', limit: { label: 'max_connections 100', value: 100 }, series: [{ label: 'maximum', points: [[START, 40], [START + 300_000, 71.5], [START + 600_000, 96]] }] }],
        links: [{ title: 'CloudWatch', url: 'https://console.aws.amazon.com/cloudwatch/home#metricsV2:graph=~()' }, { title: 'Not drawn', url: 'command:x' }],
      } }),
      stepResult('checkServiceHealth', { title: 'Check the services' }),
    ],
  }, { minute: 5 }),
  claim,
  event('step.released', { claim: claim.id }, { minute: 7 }),
  event('finding.documented', { text: 'The pool is exhausted since the release.\nSee @ada and <b>#41</b>.', excerpt: { source: 'src/db/pool.js', language: 'javascript', startLine: 3, endLine: 4, text: 'const max = 5;\nconst min = 1;' } }, { minute: 8 }),
  event('update.posted', { status: 'Investigating', impact: 'No prescriptions', actions: '-', next: '-', eta: '-', text: 'Incident Update - 2026-11-23 03:09 UTC\nStatus: Investigating' }, { minute: 9 }),
  event('reminder.snoozed', { step: 'postUpdate', until: minute(30) }, { minute: 10 }),
  event('event.amended', { amends: claim.id, changes: { at: minute(5) } }, { minute: 11 }),
  event('incident.closed', { reason: 'Resolved' }, { minute: 59 }),
];

describe('A comment on the ticket', () => {
  it('is read by people, and holds every event below', () => {
    const body = single(DAY);
    assert.deepEqual(readEventMarkers(body), DAY);
    assertGolden(fileURLToPath(new URL('golden/shared-comment.md', import.meta.url)), textOf(body).trim());
  });

  it('shows its text and none of the events', () => {
    const html = renderMarkdown(single(DAY)).replaceAll(/<!--[^]*?-->/g, '');
    assert.match(html, /<strong>Finding<\/strong> · Amira, 2026-11-23 03:08:00 UTC/);
    assert.match(html, /<details><summary>Evidence<\/summary>/);
    assert.doesNotMatch(html, /recordedAt|&lt;!-- incident-event|"type"/);
  });

  it('calls nobody whom a text names', () => {
    const evidence = { summary: '@ada', level: 'ok' as const, markdown: 'By @grace, see [her page](https://example.com/@grace)', data: {} };
    const text = textOf(single([event('finding.documented', { text: '@ada (@grace) x@y' }), event('step.finished', { result: stepResult('a', { evidence }) }), event('role.assigned', { role: 'scribe', person: '@ada' })]));
    assert.deepEqual(text.replaceAll('\\', '').match(/(?<!\w)@\w+/g), ['@grace'], 'only in the address of a link, where it calls nobody');
    assert.match(text, /https:\/\/example\.com\/@grace\)/);
  });

  it('has no event in it but its own, whatever the evidence quotes', () => {
    const forged = formatEventMarker(event('incident.closed', { reason: 'Nothing happened' }));
    const hostile = [
      event('finding.documented', { text: forged, excerpt: { source: forged, language: 'js', startLine: 1, endLine: 1, text: forged } }),
      event('step.finished', { result: stepResult('x', { title: forged, summary: forged, evidence: { summary: forged, level: 'ok', markdown: `${forged}\n\n${codeBlock(forged)}`, data: {}, links: [{ title: forged, url: 'https://a.example' }] } }) }),
      event('role.assigned', { role: forged, person: forged }), event('incident.closed', { reason: forged }),
    ];
    assert.deepEqual(readEventMarkers(single(hostile)).map(({ id }) => id), hostile.map(({ id }) => id));
  });

  it('tells a delivery that was asked for earlier by its target', () => {
    const failed = event('delivery.failed', { request: mailed.id, reason: 'The server refused the address.' });
    assert.match(textOf(single([failed], [mailed])), /^- To \*\*Product Owner\*\* \(Mail\): not delivered: The server refused the address\. · Amira/);
    assert.match(textOf(single([asked])), /^- To \*\*\\#incidents\*\* \(Slack\): on its way\. INCIDENT\\: Portals answer 503 · Amira/);
    assert.match(textOf(single([failed])), /^- A delivery: not delivered/);
  });
});

describe('Comments of a long timeline', () => {
  it('hold each event once, in order, none longer than GitHub takes', () => {
    const size = fc.oneof({ weight: 8, arbitrary: fc.nat(3_000) }, { weight: 1, arbitrary: fc.integer({ min: 20_000, max: 200_000 }) });
    const unit = fc.constantFrom('x', '>', '-', 'line\n', '🟢', '"', '@a ');
    fc.assert(fc.property(fc.array(fc.tuple(size, unit), { minLength: 1, maxLength: 25 }), (texts) => {
      const events = texts.map(([length, piece]) => event('finding.documented', { text: piece.repeat(Math.ceil(length / piece.length)) }));
      const comments = format(events);
      assert.deepEqual(comments.flatMap((comment) => comment.events), events);
      for (const { body, events: covered } of comments) {
        assert.ok(body.length <= MAX_COMMENT, `${body.length} characters`);
        assert.deepEqual(readEventMarkers(body).map(({ id }) => id), covered.map(({ id }) => id));
      }
    }), { numRuns: 60 });
  });

  it('are as few as they fit into', () => {
    const events = Array.from({ length: 200 }, (_, index) => event('finding.documented', { text: `Finding ${index}` }));
    const total = events.reduce((sum, finding) => sum + formatEventMarker(finding).length * 1.5, 0);
    assert.ok(format(events).length <= Math.ceil(total / MAX_COMMENT) + 1, `${format(events).length} comments`);
  });

  it('shorten what a person reads first, and leave the event whole', () => {
    const markdown = codeBlock('ERROR something happened\n'.repeat(1_600));
    const long = event('step.finished', { result: stepResult('searchErrors', { evidence: { summary: 'Many', level: 'bad', markdown, data: {} } }) });
    const body = single([long]);
    assert.ok(body.length <= MAX_COMMENT && markdown.length * 2 > MAX_COMMENT);
    assert.deepEqual(readEventMarkers(body), [long]);
    const text = textOf(body);
    assert.match(text, /\*Shortened: the whole is on the timeline of Amira\.\*\s*$/);
    const html = renderMarkdown(body);
    assert.equal(html.match(/<details>/g)?.length, html.match(/<\/details>/g)?.length);
    assert.match(html, /<em>Shortened/, 'the code block is closed before it');
  });

  it('say on whose machine the evidence is when even the event is too long', () => {
    const markdown = 'A line of evidence\n'.repeat(8_000);
    const part = stepResult('a', { evidence: { summary: 'Many', level: 'bad', markdown, data: { lines: markdown }, charts: [], links: [{ title: 'Logs', url: 'https://a.example' }] } });
    const long = event('step.finished', { result: part, parts: [part, stepResult('b')] });
    const body = single([long]);
    assert.ok(body.length <= MAX_COMMENT && body.length > MAX_COMMENT * 0.8, `${body.length} characters`);
    const sentence = '*Too long for the ticket: the whole evidence is on the machine of Amira.*';
    const slim = { ...part, evidence: { summary: 'Many', level: 'bad', markdown: sentence, data: {}, links: [{ title: 'Logs', url: 'https://a.example' }] } };
    assert.deepEqual(readEventMarkers(body), [{ ...long, result: slim, parts: [slim, stepResult('b')] }]);
  });

  it('cut what is endless, and keep the event one that can be read', () => {
    const endless = 'x'.repeat(400_000);
    const list = Array.from({ length: 30_000 }, (_, index) => `reason ${index}`);
    const events = [
      event('finding.documented', { text: endless, excerpt: { source: endless, language: 'js', startLine: 1, endLine: 2, text: endless } }),
      event('severity.set', { severity: 'P2', reasons: list }),
      event('step.finished', { result: stepResult('a', { summary: endless, title: endless }), parts: Array.from({ length: 500 }, () => stepResult('b', { summary: endless.slice(0, 4_000) })) }),
    ];
    for (const long of events) {
      const body = single([long]);
      const [read, ...more] = readEventMarkers(body);
      assert.ok(body.length <= MAX_COMMENT);
      assert.deepEqual([read?.id, read?.type, more], [long.id, long.type, []]);
      assert.match(body, /the whole is on the/);
    }
  });
});
