import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import type { IncidentSummary } from '../../../src/incident/fold.ts';
import { metricsDocument } from '../../../src/views/metrics-document.ts';
import { minute } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START } from '../../support/clock.ts';
import { assertGolden } from '../../support/golden.ts';
import { renderMarkdown } from '../../support/render-markdown.ts';

const DAY = 24 * 60;

function summary(id: string, detected: number, changes: Partial<IncidentSummary> = {}): IncidentSummary {
  return { id: `INC-20261123-${id}`, title: `Incident ${id}`, status: 'closed', environment: 'production', drill: false, detectedAt: minute(detected), ...changes };
}

const INCIDENTS = [
  summary('OLD1', -400 * DAY, { severity: 'P1', resolvedAt: minute(-400 * DAY + 50), scenario: 'memoryLeak' }),
  summary('AAA1', -200 * DAY, { severity: 'P1', impactStartedAt: minute(-200 * DAY - 4.5), acknowledgedAt: minute(-200 * DAY + 1), resolvedAt: minute(-200 * DAY + 45), cause: 'pool size' }),
  summary('AAA2', -90 * DAY, { severity: 'P1', impactStartedAt: minute(-90 * DAY - 9), acknowledgedAt: minute(-90 * DAY + 5), resolvedAt: minute(-90 * DAY + 95), cause: 'Pool size' }),
  summary('AAA3', -40 * DAY, { severity: 'P2', acknowledgedAt: minute(-40 * DAY + 2.25), resolvedAt: minute(-40 * DAY + 130), scenario: 'memoryLeak' }),
  summary('AAA4', -10 * DAY, { impactStartedAt: minute(-10 * DAY + 3), resolvedAt: minute(-8 * DAY) }),
  summary('AAA5', -1, { severity: 'P2', status: 'acknowledged', acknowledgedAt: minute(-0.5) }),
  summary('AAA6', -20 * DAY, { drill: true, severity: 'P1', resolvedAt: minute(-20 * DAY + 1) }),
];

function document(incidents: readonly IncidentSummary[], since?: number): string {
  return metricsDocument({ incidents, window: since === undefined ? {} : { since: minute(since) }, runbook: bundledRunbook(), now: START });
}

describe('the document of the metrics', () => {
  it('says value, n, target, whether it is met, what is missing, the trend and the recurrences', () => {
    assertGolden(fileURLToPath(new URL('golden/metrics.md', import.meta.url)), document(INCIDENTS, -365 * DAY));
  });

  it('says what to do when there is nothing to measure', () => {
    assert.match(document([]), /No incident is recorded yet[\s\S]*Declare Incident…[\s\S]*Import Past Incidents…/);
    assert.match(document([summary('DRIL', 0, { drill: true })]), /1 drill left out[\s\S]*Only drills are recorded yet/);
    assert.match(document(INCIDENTS, 5), /No incident was detected in this time\. Choose a longer one/);
  });

  it('is readable without a runbook, and says why there are no targets', () => {
    const text = metricsDocument({ incidents: INCIDENTS, window: {}, runbook: undefined, now: START });
    assert.match(text, /no targets.*Problems panel/);
    assert.match(text, /\| \*\*MTTR\*\* \|/);
    assert.doesNotMatch(text, /✓|✗|under/);
  });

  it('shows what people wrote as text', () => {
    const hostile = '</td><script>alert(1)</script> [x](command:workbench.action.quit) | `a` \n# b';
    const html = renderMarkdown(document([summary('A', -10, { resolvedAt: minute(-5), cause: hostile }), summary('B', -4, { title: hostile, resolvedAt: minute(-3), cause: hostile })]));
    assert.doesNotMatch(html, /<script|href="command:|<h1>b/);
    assert.match(html, /alert\(1\)/);
  });
});
