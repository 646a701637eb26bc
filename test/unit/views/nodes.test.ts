import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import { type IncidentSummary, fold, summarize } from '../../../src/incident/fold.ts';
import { type Node, type TreeInput, bareIncidentNode, closedGroupNode, incidentNode, nothingOpenNode, runbookProblemNode } from '../../../src/views/nodes.ts';
import { guideTargets } from '../../../src/runbook/targets.ts';
import { INCIDENT, createEvents, minute, stepResult } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START } from '../../support/clock.ts';
import { MANUAL, runbookWithManualStep } from '../../support/manual-step.ts';
import { renderMarkdown } from '../../support/render-markdown.ts';

const HOSTILE = '[x](command:workbench.action.quit) <script>alert(1)</script> `a` | *b* \n# c';

function tree(events: readonly TimelineEvent[], input: Partial<TreeInput> = {}): Node {
  return incidentNode(fold(events) ?? assert.fail(), { runbook: bundledRunbook(), now: START + 7 * 60_000, running: new Set(), landed: new Map(), ...input });
}

async function children(node: Node | undefined): Promise<readonly Node[]> {
  return await node?.children?.() ?? [];
}

/** A row below the incident, by the id of its step or by its key without the incident's id. */
async function row(root: Node, key: string): Promise<Node> {
  for (const node of await children(root)) {
    for (const candidate of [node, ...await children(node)]) {
      if (candidate.key === `${INCIDENT}/${key}` || candidate.key === `${INCIDENT}/step/${key}`) {
        return candidate;
      }
    }
  }
  return assert.fail(`There is no row ${key}`);
}

async function everyRow(node: Node): Promise<Node[]> {
  return [node, ...(await Promise.all((await children(node)).map(everyRow))).flat()];
}

describe('the tree of a fresh incident', () => {
  const root = tree([createEvents().declared()]);

  it('says how bad, how old, and whether somebody is on it', () => {
    assert.deepEqual([root.label, root.description, root.mark, root.context], ['Portals answer 503', 'not assessed · 7 min · not acknowledged', 'unassessed', 'incident.declared']);
  });

  it('has what to do next, every phase, the timeline and the roles', async () => {
    const rows = await children(root);
    assert.deepEqual(rows.map(({ kind, label, description, mark }) => [kind, label, description, mark]), [
      ['next', 'Acknowledge the incident', 'Target was 2 min, 7 min have passed', 'urgent'],
      ['next', 'Assess the severity', 'It decides who is told and how often', 'urgent'],
      ['next', 'Investigate', 'All checks at once', 'next'],
      ['phase', 'Detection', '3', 'phase'],
      ['phase', 'Initial response', '4', 'phase'],
      ['phase', 'Investigation', '5', 'phase'],
      ['phase', 'Mitigation', '6', 'phase'],
      ['phase', 'Communication', '7', 'phase'],
      ['phase', 'Escalation', '8', 'phase'],
      ['phase', 'Closure', '9', 'phase'],
      ['phase', 'Review', '10', 'phase'],
      ['timeline', 'Timeline', '1 event', 'timeline'],
      ['roles', 'Roles', 'nobody yet', 'roles'],
    ]);
    assert.deepEqual(rows.filter(({ expanded }) => expanded === true).map(({ label }) => label), ['Investigation']);
  });

  it('has every step of the runbook once, automated or by hand', async () => {
    const runbook = runbookWithManualStep();
    const whole = tree([createEvents().declared()], { runbook });
    const steps = (await everyRow(whole)).filter(({ kind }) => kind === 'step');
    assert.deepEqual(steps.map(({ step }) => step).sort(), runbook.steps.map(({ id }) => id).sort());
    const [health, items] = [await row(whole, 'checkServiceHealth'), await row(whole, MANUAL.id)];
    assert.deepEqual([health.mark, health.description, health.context], ['todo', '', 'step.automated.command']);
    assert.deepEqual([items.mark, items.description, items.context], ['manual', 'by hand', 'step.manual.command']);
    assert.match(items.tooltip ?? '', /Done by hand/);
  });

  it('gives every row a key of its own, and commands what they need', async () => {
    const rows = await everyRow(root);
    assert.deepEqual(rows.filter(({ key }, index) => rows.findIndex((other) => other.key === key) !== index), []);
    assert.deepEqual(rows.filter(({ incident }) => incident !== INCIDENT), []);
    assert.deepEqual(rows.filter(({ click, step }) => /runStep|openStep|step\./.test(click ?? '') && step === undefined), []);
  });
});

describe('the tree of an incident under investigation', () => {
  const { declared, event } = createEvents();
  const parts = [
    stepResult('checkDatabaseConnectivity', { level: 'bad', summary: 'SQLSTATE 53300' }),
    stepResult('showServiceEvents', { level: 'unknown', outcome: 'failed', summary: 'No session' }),
    stepResult('checkServiceHealth', { level: 'ok', summary: 'ok, 12 ms' }),
  ];
  const investigation = event('step.finished', { result: stepResult('investigate', { level: 'bad', summary: '1 bad, 1 unknown, 1 ok' }), parts }, { minute: 3 });
  const events = [
    declared({ drill: true }), event('incident.acknowledged', {}, { minute: 1 }), event('severity.set', { severity: 'P1', reasons: [] }, { minute: 2 }),
    investigation, event('role.assigned', { role: 'scribe', person: 'Karim' }, { minute: 4 }), event('finding.documented', { text: 'The pool' }, { minute: 5 }),
  ];

  it('says the severity, and that it is a drill', () => {
    const root = tree(events);
    assert.deepEqual([root.label, root.description, root.mark, root.context], ['P1 Portals answer 503', '7 min · acknowledged · drill', 'P1', 'incident.acknowledged']);
    assert.match(root.tooltip ?? '', /Complete service outage/);
  });

  it('shows the last result of each step with its level and time, and counts them', async () => {
    const root = tree(events);
    const rows = await Promise.all(['checkDatabaseConnectivity', 'showServiceEvents', 'checkServiceHealth', 'searchErrors'].map((step) => row(root, step)));
    assert.deepEqual(rows.map(({ mark, description, event: id }) => [mark, description, id]), [
      ['bad', '03:03 UTC · SQLSTATE 53300', investigation.id],
      ['unknown', '03:03 UTC · failed: No session', investigation.id],
      ['ok', '03:03 UTC · ok, 12 ms', investigation.id],
      ['todo', '', undefined],
    ]);
    assert.equal((await row(root, 'investigate')).mark, 'bad');
    const phases = (await children(root)).filter(({ kind }) => kind === 'phase').map(({ description }) => description);
    assert.deepEqual(phases.slice(0, 4), ['3', '4 · 2 of 5', '5 · 5 of 14', '6']);
  });

  it('marks what runs, and what has landed while the rest still runs', async () => {
    const running = new Set([`${INCIDENT}/searchErrors`, `${INCIDENT}/checkServiceHealth`, 'INC-20261123-ELSE/tailLogs']);
    const root = tree(events, { running, landed: new Map([[`${INCIDENT}/listAlarms`, 'warn'], [`${INCIDENT}/checkDatabaseConnectivity`, 'ok'], [`${INCIDENT}/checkServiceHealth`, 'bad']]) });
    const rows = await Promise.all(['searchErrors', 'checkServiceHealth', 'tailLogs', 'listAlarms', 'checkDatabaseConnectivity'].map((step) => row(root, step)));
    assert.deepEqual(rows.map(({ mark, description }) => [mark, description]), [
      ['running', 'running…'], ['running', 'running…'], ['todo', ''], ['warn', ''], ['ok', '03:03 UTC · SQLSTATE 53300'],
    ]);
  });

  it('shows what steps left besides results', async () => {
    const root = tree(events);
    const rows = await Promise.all(['acknowledge', 'assessSeverity', 'documentFinding', 'assignRoles'].map((step) => row(root, step)));
    assert.deepEqual(rows.map(({ mark, description }) => [mark, description]), [['ok', '03:01 UTC'], ['ok', 'P1 · 03:02 UTC'], ['ok', '1 documented'], ['ok', '1 assigned']]);
  });

  it('shows who has which role', async () => {
    const roles = await row(tree(events), 'roles');
    assert.equal(roles.description, '1 of 4');
    assert.deepEqual((await children(roles)).map(({ label, description, role }) => [label, description, role]), [
      ['Incident Commander', 'nobody', 'incidentCommander'], ['Technical Lead', 'nobody', 'technicalLead'], ['Communications Lead', 'nobody', 'communicationsLead'], ['Scribe', 'Karim', 'scribe'],
    ]);
  });

  it('shows the timeline from the newest back, at most a hundred', async () => {
    const timeline = await row(tree(events), 'timeline');
    assert.equal(timeline.description, '6 events');
    const rows = await children(timeline);
    assert.deepEqual(rows.map(({ label }) => label), ['Finding', 'Role Scribe', 'Title of investigate', 'Severity P1', 'Incident acknowledged', 'Incident declared']);
    assert.deepEqual([rows[2]?.mark, rows[2]?.step, rows[2]?.click, rows[0]?.mark, rows[0]?.click], ['bad', 'investigate', 'incidentRunbook.openStep', 'event', 'incidentRunbook.timeline']);
    assert.equal(rows[0]?.description, '03:05:00 UTC · Amira · The pool');
    const many = [...events, ...Array.from({ length: 120 }, (_, index) => event('finding.documented', { text: String(index) }, { minute: 6 + index }))];
    const shown = await children(await row(tree(many), 'timeline'));
    assert.deepEqual([shown.length, shown[0]?.description?.endsWith(' · 119')], [100, true]);
  });

  it('lets a correction not be corrected', async () => {
    const corrected = [...events, event('event.amended', { amends: investigation.id, changes: { at: minute(2) } }, { minute: 6 })];
    const [newest] = await children(await row(tree(corrected), 'timeline'));
    assert.deepEqual([newest?.label, newest?.context], ['Corrected', 'amendment']);
  });
});

describe('what came from outside', () => {
  it('is text in every tooltip, never a link or HTML', async () => {
    const { declared, event } = createEvents();
    const root = tree([
      declared({ title: HOSTILE }), event('role.assigned', { role: 'scribe', person: HOSTILE }),
      event('step.finished', { result: stepResult('investigate', { level: 'bad', summary: HOSTILE, title: HOSTILE }) }), event('finding.documented', { text: HOSTILE }, { minute: -1, actor: { name: HOSTILE, kind: 'person' } }),
    ]);
    const tooltips = (await everyRow(root)).map(({ tooltip }) => tooltip ?? '').filter((tooltip) => tooltip.includes('quit'));
    assert.ok(tooltips.length >= 4, String(tooltips.length));
    for (const tooltip of [...tooltips, runbookProblemNode(HOSTILE).tooltip ?? '']) {
      assert.doesNotMatch(renderMarkdown(tooltip), /<(?!\/?(p|strong)>)/, tooltip);
    }
  });
});

describe('closed incidents', () => {
  const closed = (count: number): IncidentSummary[] => Array.from({ length: count }, (_, index) => ({
    id: `INC-20261123-${index}`, title: `Incident ${index}`, status: 'closed', environment: 'production', drill: index === 1, detectedAt: minute(0), closedAt: minute(9), ...(index === 0 ? { severity: 'P2' as const } : {}),
  }));

  it('are shown up to fifty, with a way to the others', async () => {
    const few = await children(closedGroupNode(closed(50)));
    assert.deepEqual([few.length, few.at(-1)?.kind], [50, 'closed-incident']);
    const group = closedGroupNode(closed(53));
    const many = await children(group);
    assert.deepEqual([group.description, many.length, many.at(-1)?.label, many.at(-1)?.click], ['53', 51, '3 older…', 'incidentRunbook.list']);
    assert.deepEqual(many.slice(0, 2).map(({ label, description, context, incident }) => [label, description, context, incident]), [
      ['Incident 0', 'P2 · 2026-11-23', 'incident.closed', 'INC-20261123-0'], ['Incident 1', 'not assessed · 2026-11-23 · drill', 'incident.closed', 'INC-20261123-1'],
    ]);
  });
});

describe('without incidents or without a runbook', () => {
  it('offers to declare one', () => { assert.equal(nothingOpenNode().click, 'incidentRunbook.declare'); });

  it('shows open incidents bare, and why there are no steps', async () => {
    const bare = bareIncidentNode(summarize(fold([createEvents().declared()]) ?? assert.fail()));
    assert.deepEqual([bare.label, bare.mark, bare.context, bare.children], ['Portals answer 503', 'unassessed', 'incident.declared', undefined]);
    assert.deepEqual([runbookProblemNode('line 3: x').description, runbookProblemNode('x').click], ['line 3: x', 'incidentRunbook.openRunbook']);
  });

  it('reads the targets of the guide from the runbook', () => {
    const { clocks, closure: _closure, scenarios: _scenarios, ...targets } = guideTargets(bundledRunbook());
    assert.deepEqual(targets, { acknowledgeMinutes: 2, responseMinutes: { P1: 0, P2: 15, P3: 60, P4: 240 } });
    assert.deepEqual(clocks?.updateEvery, { P1: 15, P2: 30, P3: 60, P4: 60 });
    assert.deepEqual(clocks.stakeholders.P1, [{ contact: 'productOwner', title: 'Product Owner', within: 0, every: 60 }, { contact: 'executiveTeam', title: 'Executive Team', within: 30, every: 60 }]);
    assert.equal('acknowledgeMinutes' in guideTargets({ ...bundledRunbook(), metrics: [] }), false);
  });
});
