import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import { type Incident, fold, summarize } from '../../../src/incident/fold.ts';
import { isAutomated } from '../../../src/steps/catalog.ts';
import { boxNodes } from '../../../src/views/closure-nodes.ts';
import { type Node, type TreeInput, closedGroupNode, closedIncidentNodes, incidentNode } from '../../../src/views/nodes.ts';
import { INCIDENT, createEvents, stepResult } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START } from '../../support/clock.ts';
import { renderMarkdown } from '../../support/render-markdown.ts';

const HOSTILE = '[x](command:workbench.action.quit) <script>alert(1)</script> **b**';
const NOW = START + 45 * 60_000;

function events(text = 'The pool'): TimelineEvent[] {
  const { declared, event } = createEvents();
  return [
    declared(), event('severity.set', { severity: 'P1', reasons: [] }), event('finding.documented', { text }, { minute: 2 }),
    event('step.finished', { result: stepResult('verifyMitigation', { summary: text }) }, { minute: 30 }),
    event('checklist.marked', { checklist: 'confirmResolution', item: 'noUserReports', checked: true, note: text }, { minute: 40 }),
  ];
}

function incident(of: readonly TimelineEvent[] = events()): Incident {
  return fold(of) ?? assert.fail();
}

function input(): TreeInput {
  const runbook = bundledRunbook();
  return { runbook, now: NOW, running: new Set(), landed: new Map(), boxes: (one) => boxNodes(one, runbook, NOW) };
}

async function childrenOf(node: Node | undefined): Promise<readonly Node[]> {
  return await node?.children?.() ?? assert.fail('It has no rows below it');
}

describe('The boxes in the tree', () => {
  it('stand below the closure, ticked where they hold, with what proves them or would', async () => {
    const phase = (await childrenOf(incidentNode(incident(), input()))).find(({ key }) => key === `${INCIDENT}/phase/close`);
    const rows = await childrenOf(phase);
    assert.deepEqual(rows.slice(0, 6).map(({ label, checkbox, mark, description }) => [label, checkbox, mark, description]), [
      ['Root cause identified', 'checked', 'ok', 'proved by a finding of Amira, 03:02 UTC'],
      ['Issue is fully resolved', 'checked', 'ok', 'proved by Verify the mitigation, 03:30 UTC'],
      ['Services are stable', 'unchecked', 'todo', 'Run "Monitor stability"'],
      ['Monitoring shows normal metrics', 'unchecked', 'todo', 'Run "Check CPU and memory"'],
      ['No user reports of ongoing issues', 'checked', 'manual', 'confirmed by Amira, 03:40 UTC: The pool'],
      ['All stakeholders notified of resolution', 'unchecked', 'todo', 'Nobody has been told that it is over: run "Send the resolution notice"'],
    ]);
    assert.deepEqual(rows.slice(6).map(({ step }) => step), ['confirmResolution', 'closeTicket', 'sendResolutionNotice']);
  });

  it('open their evidence, or run what would prove them', () => {
    const rows = boxNodes(incident(), bundledRunbook(), NOW);
    const verified = events()[3]?.id;
    assert.deepEqual(rows.map(({ click, step, event }) => [click, step, event]), [
      ['incidentRunbook.timeline', 'documentFinding', undefined], ['incidentRunbook.openStep', 'verifyMitigation', verified], ['incidentRunbook.runStep', 'monitorStability', undefined],
      ['incidentRunbook.runStep', 'checkCpuMemory', undefined], ['incidentRunbook.timeline', undefined, undefined], ['incidentRunbook.runStep', 'sendResolutionNotice', undefined],
    ]);
    assert.deepEqual([...new Set(rows.map(({ kind, incident: of, checklist }) => `${kind} ${of} ${checklist}`))], [`box ${INCIDENT} confirmResolution`]);
  });

  it('say in the tooltip whether it is evidence or a person’s word, as text', () => {
    const rows = boxNodes(incident(events(HOSTILE)), bundledRunbook(), NOW);
    assert.deepEqual(rows.map(({ tooltip }) => /Proved by evidence|A person’s word, no evidence|Open/.exec(tooltip ?? '')?.[0]), ['Proved by evidence', 'Proved by evidence', 'Open', 'Open', 'A person’s word, no evidence', 'Open']);
    for (const { tooltip } of rows) {
      assert.doesNotMatch(renderMarkdown(tooltip ?? ''), /<(?!\/?(p|strong)>)|<strong>b/, tooltip);
    }
  });

  it('are none where the runbook has no such checklist', () => {
    assert.deepEqual(boxNodes(incident(), { ...bundledRunbook(), checklists: {} }, NOW), []);
  });
});

describe('An incident that is over', () => {
  const over = (): TimelineEvent[] => [...events(), createEvents().event('incident.resolved', { rootCause: 'a', resolution: 'b' }, { minute: 43 })];

  it('says so, and when', async () => {
    const root = incidentNode(incident(over()), input());
    assert.match(root.description ?? '', /resolved$/);
    const rows = await childrenOf((await childrenOf(root)).find(({ key }) => key === `${INCIDENT}/phase/close`));
    const confirm = rows.find(({ step, kind }) => kind === 'step' && step === 'confirmResolution');
    assert.deepEqual([confirm?.mark, confirm?.description], ['ok', 'resolved 03:43 UTC']);
  });

  it('keeps its closure and its review below it when it is closed', async () => {
    const closed = incident([...over(), { ...createEvents().event('incident.closed', { reason: 'x' }, { minute: 44 }), id: '01KAQ999999999999999999999' }]);
    const group = closedGroupNode([summarize(closed), { ...summarize(closed), id: 'INC-20261101-AAAA' }], ({ id }) => (id === INCIDENT ? () => closedIncidentNodes(closed, input()) : undefined));
    const [recent, old] = await childrenOf(group);
    assert.deepEqual([old?.children, recent?.context], [undefined, 'incident.closed']);
    const rows = await childrenOf(recent);
    const review = ['scheduleReview', 'createReview'].filter(isAutomated);
    assert.deepEqual(rows.map(({ kind, key }) => `${kind} ${key.slice(INCIDENT.length + 1)}`), [
      'next next/sendResolutionNotice', ...review.map((step) => `next next/${step}`), 'phase phase/close', 'phase phase/review',
    ]);
    assert.equal((await childrenOf(rows.find(({ key }) => key.endsWith('phase/close')))).filter(({ kind }) => kind === 'box').length, 6);
  });
});
