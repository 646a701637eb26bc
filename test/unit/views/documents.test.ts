import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import type { Evidence } from '../../../src/incident/evidence.ts';
import { type Incident, fold } from '../../../src/incident/fold.ts';
import { stepById } from '../../../src/runbook/query.ts';
import { escapeMarkdown, levelMark, table } from '../../../src/incident/markdown.ts';
import { evidenceDocument, stepDocument, timelineDocument, unrecordedDocument } from '../../../src/views/documents.ts';
import { EXTENSION, createEvents, minute, stepResult } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START } from '../../support/clock.ts';
import { assertGolden } from '../../support/golden.ts';
import { renderMarkdown } from '../../support/render-markdown.ts';

const HOSTILE = '</script><script>alert(1)</script> [x](command:workbench.action.quit) ![y](https://evil.example/p.png) | `code` <b>\n\n# heading\n- item\n```\n//evil.example';

/** Compared with its drawings decoded, so that a difference can be read. */
function golden(name: string, actual: string): void {
  const readable = actual.replace(/data:image\/svg\+xml;base64,([\w+/=]+)/g, (_uri, base64: string) => `data:image/svg+xml,${Buffer.from(base64, 'base64').toString().replaceAll('><', '>\n<')}`);
  assertGolden(fileURLToPath(new URL(`golden/${name}.md`, import.meta.url)), readable);
}

function folded(events: readonly TimelineEvent[]): Incident {
  return fold(events) ?? assert.fail();
}

const POOL: Evidence = {
  level: 'bad',
  summary: '96 of 100 connections (96 %)',
  markdown: table(['Instance', 'Now'], [['` healthflow-production-db `', `${levelMark('bad')} 90 average, 96 maximum`]]),
  data: { percent: 96 },
  charts: [{
    title: 'healthflow-production-db DatabaseConnections', unit: 'connections', limit: { label: 'max_connections 100', value: 100 },
    series: [{ label: 'maximum', points: [[START - 600_000, 40], [START - 300_000, 71.5], [START, 96]] }],
  }],
  links: [{ title: 'CloudWatch', url: 'https://eu-central-1.console.aws.amazon.com/cloudwatch/home#metricsV2:graph=~()' }, { title: 'Not drawn', url: 'command:x' }, { title: 'Nor this', url: 'http://a' }],
};

/** An hour of an incident with one of everything in it. */
function anIncident(): { events: TimelineEvent[]; investigation: TimelineEvent; alone: TimelineEvent } {
  const { declared, event } = createEvents();
  const alone = event('step.finished', { result: stepResult('checkConnectionPool', { title: 'Check connection pool', section: '5.2', level: 'bad', summary: POOL.summary, evidence: POOL, durationMs: 412 }) }, { minute: 4 });
  const investigation = event('step.finished', {
    result: stepResult('investigate', { title: 'Investigate', section: '5', level: 'bad', summary: '1 bad, 1 unknown', durationMs: 730, evidence: { level: 'bad', summary: '1 bad, 1 unknown', markdown: '| | Check |\n| --- | --- |\n| 🔴\u00a0bad | Check connection pool |', data: {} } }),
    parts: [
      stepResult('checkConnectionPool', { title: 'Check connection pool', section: '5.2', level: 'bad', summary: POOL.summary, evidence: POOL }),
      stepResult('showServiceEvents', { title: 'Show service events', level: 'unknown', outcome: 'failed', summary: 'There is no AWS session for profile "production".' }),
    ],
  }, { minute: 5 });
  const acknowledged = event('incident.acknowledged', {}, { minute: 3 });
  const mistake = event('finding.documented', { text: 'It is the cache' }, { minute: 8 });
  return {
    investigation, alone,
    events: [
      declared({ impactStartedAt: minute(-14) }), event('incident.acknowledged', {}, { minute: 1, actor: EXTENSION }), acknowledged,
      event('severity.set', { severity: 'P1', reasons: ['The service is completely unavailable.'] }, { minute: 3 }),
      event('role.assigned', { role: 'incidentCommander', person: 'Amira' }, { minute: 3 }), event('role.assigned', { role: 'driver', person: 'Karim' }, { minute: 3 }),
      alone, investigation, mistake,
      event('finding.documented', { text: 'The pool has 10 slots for 4 tasks', excerpt: { source: 'src/db/pool.js', language: 'javascript', startLine: 17, endLine: 19, text: 'const pool = new Pool({\n  max: 10,\n});' } }, { minute: 9 }),
      event('event.amended', { amends: mistake.id, changes: { retracted: true } }, { minute: 10 }),
      event('event.amended', { amends: acknowledged.id, changes: { at: minute(2) } }, { minute: 11 }),
      event('incident.closed', { reason: 'Restarted with a pool of 40' }, { minute: 65 }),
    ],
  };
}

describe('documents', () => {
  it('evidence', () => {
    const { events, alone } = anIncident();
    golden('evidence', evidenceDocument(folded(events), alone, 'checkConnectionPool'));
  });

  it('an investigation, with each of its checks', () => {
    const { events, investigation } = anIncident();
    golden('investigation', evidenceDocument(folded(events), investigation, 'investigate'));
  });

  it('one check of an investigation alone', () => {
    const { events, investigation } = anIncident();
    const text = evidenceDocument(folded(events), investigation, 'showServiceEvents');
    assert.match(text, /^# Show service events\n/);
    assert.match(text, /The check could not run, so it says nothing about the service\.$/);
    assert.doesNotMatch(text, /Check connection pool/);
  });

  it('no evidence', () => {
    const { events, alone } = anIncident();
    assert.match(evidenceDocument(folded(events), alone, 'tailLogs'), /^# Nothing here\n\nThe timeline of INC\\-20261123\\-7KQ4 holds no result of this step\.$/);
  });

  it('evidence on no timeline', () => {
    golden('unrecorded', unrecordedDocument('List alarms', { ...POOL, charts: [] }));
  });

  for (const step of ['checkServiceHealth', 'restartService'] as const) {
    it(`step ${step}`, () => {
      golden(`step-${step}`, stepDocument(stepById(bundledRunbook(), step) ?? assert.fail(), bundledRunbook()));
    });
  }

  it('a timeline, closed', () => {
    golden('timeline', timelineDocument(folded(anIncident().events), bundledRunbook(), START + 1e9));
  });

  it('a timeline of a drill that runs, with a runbook that cannot be read', () => {
    const { declared } = createEvents();
    golden('timeline-drill', timelineDocument(folded([declared({ drill: true })]), undefined, START + 42 * 60_000));
  });
});

describe('what came from outside', () => {
  it('is text in every document, never a link, an image, a heading or HTML', () => {
    const { declared, event } = createEvents();
    const result = stepResult('checkServiceHealth', { title: HOSTILE, summary: HOSTILE, section: '5.1', evidence: { level: 'ok', summary: HOSTILE, markdown: escapeMarkdown(HOSTILE), data: {}, charts: [{ title: HOSTILE, unit: HOSTILE, series: [{ label: HOSTILE, points: [[START, 1]] }] }], links: [{ title: HOSTILE, url: 'https://a/b)(c "d' }] } });
    const finished = event('step.finished', { result, parts: [result] }, { actor: { name: HOSTILE, kind: 'person' } });
    const incident = folded([
      declared({ title: HOSTILE, environment: HOSTILE }), event('severity.set', { severity: 'P1', reasons: [HOSTILE] }), event('role.assigned', { role: HOSTILE, person: HOSTILE }), finished,
      event('finding.documented', { text: HOSTILE, excerpt: { source: HOSTILE, language: HOSTILE, startLine: 1, endLine: 1, text: HOSTILE } }), event('incident.closed', { reason: HOSTILE }),
    ]);
    const step = { ...(stepById(bundledRunbook(), 'checkServiceHealth') ?? assert.fail()), title: HOSTILE, description: HOSTILE, runbookCommand: HOSTILE };
    for (const document of [
      evidenceDocument(incident, finished, 'checkServiceHealth'), timelineDocument(incident, bundledRunbook(), START), stepDocument(step, { ...bundledRunbook(), name: HOSTILE, version: HOSTILE }),
      unrecordedDocument(HOSTILE, result.evidence ?? assert.fail()),
    ]) {
      const html = renderMarkdown(document);
      const targets = [...html.matchAll(/ (?:href|src)="([^",]*)/g)].map(([, url]) => url ?? '');
      assert.deepEqual(targets.filter((url) => !['https://a/b%29%28c%20%22d', 'data:image/svg+xml;base64'].includes(url)), []);
      assert.doesNotMatch(html, /<script|<b>|<li>\s*item|<h\d>heading/);
      assert.equal((html.match(/<h1>/g) ?? []).length, 1);
    }
  });
});
