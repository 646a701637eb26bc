import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Incident } from '../../../src/incident/fold.ts';
import type { Runbook } from '../../../src/runbook/schema.ts';
import { type ScenarioNode, scenarioNodes } from '../../../src/views/scenario-nodes.ts';
import { INCIDENT } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { renderMarkdown } from '../../support/render-markdown.ts';
import { EXHAUSTED, EXPIRED, HEALTHY, LEAKING, check, timeline } from '../../support/scenario-evidence.ts';

const HOSTILE = '[x](command:workbench.action.quit) <script>alert(1)</script> `a` | *b* \n# c';

/** The bundled runbook in which mitigations are done by hand, whatever the extension can carry out. */
const RUNBOOK: Runbook = { ...bundledRunbook(), steps: bundledRunbook().steps.map((step) => (/^(6|12)\./.test(step.section) ? { ...step, action: 'byHand' } : step)) };

function rows(incident: Incident, { runbook = RUNBOOK, running = [] }: { runbook?: Runbook; running?: readonly string[] } = {}): ScenarioNode[] {
  return scenarioNodes(incident, { runbook, running: new Set(running) });
}

function everyRow(nodes: readonly ScenarioNode[]): ScenarioNode[] {
  return nodes.flatMap((node) => [node, ...everyRow(node.children?.() ?? [])]);
}

function row(nodes: readonly ScenarioNode[], key: string): ScenarioNode {
  return everyRow(nodes).find((node) => node.key === `${INCIDENT}/${key}`) ?? assert.fail(`There is no row ${key}`);
}

/** The rows as the tree shows them when everything is open. */
function drawn(nodes: readonly ScenarioNode[], indent = ''): string[] {
  return nodes.flatMap(({ label, description, mark, children }) => [`${indent}${label} | ${description ?? ''} | ${mark}`, ...drawn(children?.() ?? [], `${indent}  `)]);
}

describe('the scenarios of an incident', () => {
  it('wait, collapsed, until somebody has looked', () => {
    const nodes = rows(timeline().incident());
    assert.deepEqual(nodes.map(({ label, description, expanded }) => [label, description, expanded]), [['Other scenarios', 'nothing looked at yet', undefined]]);
    assert.deepEqual(nodes[0]?.children?.().map(({ label, description, expanded }) => [label, description, expanded]), [
      ['Database connection pool exhaustion', '0 of 5 symptoms', false], ['Memory leak', '0 of 3 symptoms', false], ['DDoS attack', '0 of 3 symptoms', false], ['SSL certificate expiration', '0 of 3 symptoms', false],
    ]);
  });

  it('stay collapsed when all is well', () => {
    const { investigated, incident } = timeline();
    investigated(HEALTHY, 3);
    assert.deepEqual(rows(incident()).map(({ label, description }) => [label, description]), [['Other scenarios', 'no symptom seen']]);
  });

  it('come first where the evidence speaks for them, each with its list and what is to be asked', () => {
    const { investigated, incident } = timeline();
    investigated(EXPIRED, 3);
    assert.deepEqual(drawn(rows(incident())).slice(0, 7), [
      'Scenarios | 1 of 4 | phase',
      '  SSL certificate expiration | 2 of 3 symptoms: certificate has expired | warn',
      '    Ask people: Browser warnings | no check can tell | manual',
      '    1. Check the certificate | next · by hand | next',
      '    2. Replace the certificate | by hand · An expired certificate cannot be renewed; request a new one and set its CNAME. | manual',
      '    3. Update the load balancer\'s listener | by hand | manual',
      '    4. Check the certificate | by hand · Verify that the new certificate is served. | manual',
    ]);
    assert.deepEqual(drawn(rows(incident())).filter((line) => /^ {2}\S/.test(line)).at(-1), '  Other scenarios | no symptom seen | phase');
    assert.deepEqual(everyRow(rows(incident())).filter(({ expanded }) => expanded === true).map(({ label }) => label), ['Scenarios', 'SSL certificate expiration']);
  });

  it('say how far their list has come, with what each step gave', () => {
    const { investigated, did, found, incident } = timeline();
    investigated(EXHAUSTED, 3);
    const before = rows(incident());
    assert.deepEqual(before[0]?.children?.().map(({ label }) => label), ['Database connection pool exhaustion', 'Memory leak', 'DDoS attack', 'Other scenarios']);
    assert.equal(row(before, 'scenario/connectionPoolExhaustion').description, '4 of 5 symptoms: too many clients, 200 of 200 connections (100 %), timeout');
    did('restartService', 4);
    did('raiseDatabaseConnections', 5, 'failed');
    const finding = found('The pool is never released', 6);
    const steps = row(rows(incident()), 'scenario/connectionPoolExhaustion').children?.() ?? [];
    assert.deepEqual(drawn(steps), [
      '1. Restart the service | done · 03:04 UTC · restartService is fine | ok',
      "2. Raise the database's connection limit | next · failed · 03:05 UTC · raiseDatabaseConnections is fine | ok",
      '3. Check database connectivity | See who holds the connections, by application, user and state, and how long transactions have been idle. | todo',
      '4. Document a finding | done · 03:06 UTC | ok',
    ]);
    assert.deepEqual([steps[0]?.event, steps[3]?.event], [incident().steps.get('restartService')?.event, undefined], `${finding} holds no evidence`);
    assert.match(steps[1]?.tooltip ?? '', /next, failed 03\\:05 UTC, ok\\: raiseDatabaseConnections is fine/);
  });

  it('stay when something was done for them, though nothing is seen any more', () => {
    const { investigated, did, incident } = timeline();
    investigated(EXHAUSTED, 3);
    investigated(HEALTHY, 4);
    assert.deepEqual(rows(incident()).map(({ label }) => label), ['Other scenarios']);
    did('restartService', 5);
    investigated(HEALTHY, 6);
    const [group] = rows(incident());
    assert.deepEqual(group?.children?.().map(({ label, description, mark }) => [label, description, mark]), [
      ['Database connection pool exhaustion', 'no symptom left · 2 of 4 steps done', 'todo'], ['Memory leak', 'no symptom left · 4 of 6 steps done', 'todo'], ['Other scenarios', 'no symptom seen', 'phase'],
    ]);
  });

  it('do not come first for what was done before anything was seen', () => {
    const { investigated, did, incident } = timeline();
    did('restartService', 2);
    investigated(HEALTHY, 3);
    assert.deepEqual(rows(incident()).map(({ label }) => label), ['Other scenarios']);
  });

  it('are none where the runbook has none', () => {
    const { investigated, incident } = timeline();
    investigated(EXHAUSTED, 3);
    assert.deepEqual(rows(incident(), { runbook: { ...RUNBOOK, scenarios: [] } }), []);
  });
});

describe('the rows of scenarios', () => {
  const { investigated, incident } = timeline();
  const id = investigated([...LEAKING, ...EXPIRED.filter(({ level }) => level === 'bad')], 3);

  it('carry what commands need, as the step rows of the phases do', () => {
    const nodes = rows(incident());
    const all = everyRow(nodes);
    assert.deepEqual(all.filter(({ key }, index) => all.findIndex((other) => other.key === key) !== index), []);
    assert.deepEqual(all.filter((node) => node.incident !== INCIDENT || (node.click !== undefined && node.step === undefined)), []);
    const [captured, restart] = [row(nodes, 'scenario/memoryLeak/step/0'), row(nodes, 'scenario/memoryLeak/step/2')];
    assert.deepEqual([captured.kind, captured.step, captured.context, captured.click, captured.event, captured.mark], ['step', 'checkCpuMemory', 'step.automated.command', 'incidentRunbook.openStep', id, 'bad']);
    assert.deepEqual([restart.step, restart.context, restart.click, restart.event, restart.mark], ['restartService', 'step.manual.command', 'incidentRunbook.openStep', undefined, 'next']);
    const ask = row(nodes, 'scenario/certificateExpiration/symptom/1');
    assert.deepEqual([ask.kind, ask.step, ask.click], ['symptom', 'documentFinding', 'incidentRunbook.runStep']);
    const { steps, ...rest } = RUNBOOK;
    const without = row(rows(incident(), { runbook: { ...rest, steps: steps.filter((step) => step.id !== 'documentFinding') } }), 'scenario/certificateExpiration/symptom/1');
    assert.deepEqual([without.step, without.click], [undefined, undefined]);
  });

  it('mark what runs, for this incident only', () => {
    const nodes = rows(incident(), { running: [`${INCIDENT}/checkCpuMemory`, 'INC-20261123-ELSE/searchErrors'] });
    assert.deepEqual([0, 1, 4].map((place) => row(nodes, `scenario/memoryLeak/step/${place}`)).map(({ mark, description }) => [mark, description?.split(' ')[0]]), [['running', 'running…'], ['bad', 'done'], ['running', 'running…']]);
  });

  it('say every reason and every gap in the tooltip', () => {
    const tooltip = row(rows(incident()), 'scenario/certificateExpiration').tooltip ?? '';
    assert.match(renderMarkdown(tooltip), /<strong>SSL certificate expiration<\/strong> \(runbook 12\.4\)[^]*<li>Seen: SSL\/TLS errors: “certificate has expired” \(Check endpoints\), 03:03 UTC<\/li>\n<li>Seen: API connection failures[^]*<li>Ask people: Browser warnings<\/li>/);
    assert.match(row(rows(incident()), 'scenario/ddosAttack').tooltip ?? '', /- Not seen: Sudden spike in traffic \(List alarms\)/);
    assert.match(row(rows(timeline().incident()), 'scenario/ddosAttack').tooltip ?? '', /- Not known yet: Sudden spike in traffic \(List alarms\)/);
  });

  it('run with the inputs of the list, taken from the environment of the incident', () => {
    const runbook = withSteps([
      { step: 'scaleService', inputs: { service: '${environment.aws.services.0}', desiredCount: 8 } }, { step: 'scaleService', inputs: { service: '${environment.aws.services.9}' } }, { step: 'scaleService' },
    ]);
    const inputs = [0, 1, 2].map((place) => row(rows(incident(), { runbook }), `scenario/memoryLeak/step/${place}`).inputs);
    assert.deepEqual(inputs, [{ service: 'healthflow-backend-service', desiredCount: 8 }, { service: '${environment.aws.services.9}' }, undefined]);
  });

  it('keep what came from outside from becoming a link or HTML', () => {
    const { investigated: add, ran, incident: folded } = timeline();
    add([check('checkConnectionPool', 'bad', HOSTILE), check('searchErrors', 'bad', `${HOSTILE} out of memory`)], 3);
    ran({ ...check('restartService', 'bad', HOSTILE), title: HOSTILE }, 4);
    const runbook = withSteps([{ step: 'restartService', note: HOSTILE }]);
    const tooltips = everyRow([...rows(folded()), ...rows(folded(), { runbook })]).map(({ tooltip }) => tooltip ?? '');
    assert.ok(tooltips.filter((tooltip) => tooltip.includes('quit')).length >= 4);
    for (const tooltip of tooltips) {
      assert.doesNotMatch(renderMarkdown(tooltip), /<(?!\/?(p|strong|ul|li)>)/, tooltip);
    }
  });
});

/** The bundled runbook with another list for the memory leak. */
function withSteps(steps: Runbook['scenarios'][number]['steps']): Runbook {
  return { ...RUNBOOK, scenarios: RUNBOOK.scenarios.map((scenario) => (scenario.id === 'memoryLeak' ? { ...scenario, steps } : scenario)) };
}
