import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { loadRunbook } from '../../../src/runbook/load.ts';
import { formatProblems } from '../../../src/runbook/problems.ts';
import { environmentsOf, investigationSteps, stepById, stepsOfPhase } from '../../../src/runbook/query.ts';
import { resolveInputs } from '../../../src/runbook/resolve.ts';
import type { Runbook, StepEffect } from '../../../src/runbook/schema.ts';

const TEXT = readFileSync(new URL('../../../media/healthflow.runbook.yaml', import.meta.url), 'utf8');

function bundled(): Runbook {
  const result = loadRunbook(TEXT, 'media/healthflow.runbook.yaml');
  assert.ok(result.ok, result.ok ? '' : formatProblems(result.problems));
  return result.runbook;
}

/** The headings of the runbook's text. */
const HEADINGS = [
  '1', '2', '2.1', '2.2', '3', '3.1', '3.2', '3.3', '4', '4.1', '4.2', '4.3', '4.4', '5', '5.1', '5.2', '5.3',
  '6', '6.1', '6.2', '6.3', '7', '7.1', '7.2', '7.3', '8', '8.1', '8.2', '8.3', '9', '9.1', '9.2', '9.3',
  '10', '10.1', '10.2', '10.3', '10.4', '11', '12', '12.1', '12.2', '12.3', '12.4', '13', '14',
];

/** Step ids are palette commands and must not change; the letters are read, change, destructive, post. */
const STEPS: Readonly<Record<string, string>> = {
  detect: 'listAlarms:R checkEndpoints:R',
  respond: 'acknowledge:P assessSeverity:R createTicket:P notifyTeam:P pageOnCall:P',
  investigate: 'investigate:R checkServiceHealth:R listDeployments:R showServiceEvents:R tailLogs:R checkDatabaseConnectivity:R '
    + 'checkConnectionPool:R searchErrors:R openErrorDashboard:R checkCpuMemory:R openPerformanceDashboard:R viewLatestRun:R '
    + 'compareVersions:R documentFinding:P',
  mitigate: 'restartService:C scaleService:C raiseDatabaseConnections:D restartDatabaseConnections:C scaleDatabase:D clearCache:D '
    + 'rollback:D verifyMitigation:R monitorStability:R raiseMemoryLimit:C enableRateLimit:C blockAddresses:C contactAwsSupport:P '
    + 'checkCertificate:R renewCertificate:C updateListener:C',
  communicate: 'postUpdate:P updateStatusPage:P notifyUsers:P notifyStakeholders:P',
  escalate: 'escalate:P openWarRoom:P assignRoles:R',
  close: 'confirmResolution:R closeTicket:P sendResolutionNotice:P',
  review: 'scheduleReview:P createReview:R conductReview:R createActionItems:P',
};

const LETTERS: Readonly<Record<StepEffect, string>> = { read: 'R', change: 'C', destructive: 'D', post: 'P' };

function sectionsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, child]) => (key === 'section' ? [String(child)] : sectionsIn(child)));
}

describe('the bundled runbook', () => {
  it('has every step once, in its phase and with its effect', () => {
    const runbook = bundled();
    const found = Object.fromEntries(runbook.phases.map(({ id }) => [
      id, stepsOfPhase(runbook, id).map((step) => `${step.id}:${LETTERS[step.effect]}`).join(' '),
    ]));
    assert.deepEqual(found, STEPS);
    assert.equal(runbook.steps.length, Object.values(STEPS).join(' ').split(' ').length);
  });

  it('does the action that a step is named after', () => {
    assert.deepEqual(bundled().steps.filter((step) => step.action !== step.id), []);
  });

  it("points each item at a section of the text, and leaves no section out", () => {
    const sections = new Set(sectionsIn(bundled()));
    assert.deepEqual([...sections].filter((section) => !HEADINGS.includes(section)), []);
    const leaves = HEADINGS.filter((heading) => !HEADINGS.some((other) => other.startsWith(`${heading}.`)));
    assert.deepEqual(leaves.filter((heading) => !sections.has(heading)), []);
  });

  it("investigates with the checks of chapters 3 and 5 that end by themselves", () => {
    assert.deepEqual(investigationSteps(bundled()).map((step) => step.id), [
      'listAlarms', 'checkEndpoints', 'checkServiceHealth', 'listDeployments', 'showServiceEvents', 'checkDatabaseConnectivity',
      'checkConnectionPool', 'searchErrors', 'checkCpuMemory', 'viewLatestRun', 'compareVersions',
    ]);
  });

  it('resolves the inputs of every step, alone and in its guides', () => {
    const runbook = bundled();
    const [production] = environmentsOf(runbook);
    assert.ok(production);
    const guided = [...runbook.scenarios, ...(runbook.situations ?? [])].flatMap((guide) => guide.steps);
    for (const step of runbook.steps) {
      const uses = [undefined, ...guided.filter((use) => use.step === step.id).map((use) => use.inputs)];
      for (const inputs of uses) {
        assert.doesNotMatch(JSON.stringify(resolveInputs(step, production, inputs)), /\$\{/);
      }
    }
    const count = (id: string): unknown => runbook.situations
      ?.find((situation) => situation.id === id)?.steps.find(({ step }) => step === 'scaleService')?.inputs?.['desiredCount'];
    assert.deepEqual([count('mitigateOutage'), count('mitigatePerformance')], [6, 8]);
  });

  it('gives the investigation the inputs that it needs', () => {
    const runbook = bundled();
    const [production] = environmentsOf(runbook);
    assert.ok(production);
    const inputs = (id: string): unknown => {
      const step = stepById(runbook, id);
      assert.ok(step, id);
      return resolveInputs(step, production);
    };
    const cluster = 'healthflow-production-cluster';
    const services = ['healthflow-backend-service'];
    const logGroups = ['/aws/ecs/healthflow-production'];
    assert.deepEqual(inputs('listAlarms'), { prefix: 'healthflow-production' });
    assert.deepEqual(inputs('showServiceEvents'), { cluster, services, events: 10 });
    assert.deepEqual(inputs('tailLogs'), { logGroups });
    assert.deepEqual(inputs('checkDatabaseConnectivity'), { connectTimeoutMs: 5000, statementTimeoutMs: 5000 });
    assert.deepEqual(inputs('checkConnectionPool'), { instance: 'healthflow-production-db', minutes: 60, periodSeconds: 300, warnPercent: 80 });
    assert.deepEqual(inputs('searchErrors'), { logGroups, pattern: 'ERROR', minutes: 60 });
    assert.deepEqual(inputs('checkCpuMemory'), { cluster, services, minutes: 60, periodSeconds: 300, warnPercent: 80, badPercent: 95 });
    for (const id of ['checkServiceHealth', 'checkEndpoints', 'compareVersions']) {
      assert.deepEqual(inputs(id), {}, id);
    }
    assert.deepEqual(inputs('rollback'), { command: ['./scripts/emergency-rollback.sh', 'production'] });
  });

  it('gives the steps that open a dashboard one each, with metrics and thresholds to judge them by', () => {
    const runbook = bundled();
    const opened = runbook.steps.filter(({ action }) => /^open.*Dashboard$/.test(action)).map(({ inputs }) => {
      const { title, url, queries } = runbook.datadog?.dashboards?.[String(inputs?.['dashboard'])] ?? {};
      return [title, url, queries?.every(({ warnAbove, badAbove }) => warnAbove !== undefined && badAbove !== undefined && warnAbove < badAbove)];
    });
    const url = 'https://app.datadoghq.com/dashboard/healthflow';
    assert.deepEqual(opened, [['Error Rates', url, true], ['Performance', url, true]]);
    assert.ok(runbook.references.some(({ target }) => target === url));
  });

  it("keeps the runbook's clocks", () => {
    const { severities, warRoom, stability, review } = bundled();
    assert.deepEqual(
      Object.values(severities).map((level) => [level.responseMinutes, level.updateEveryMinutes, level.targetResolutionMinutes]),
      [[0, 15, 60], [15, 30, 240], [60, 60, undefined], [240, 60, undefined]],
    );
    assert.deepEqual(severities.P1.stakeholders, [
      { contact: 'productOwner', withinMinutes: 0, everyMinutes: 60 }, { contact: 'executiveTeam', withinMinutes: 30, everyMinutes: 60 },
    ]);
    assert.deepEqual(severities.P2.stakeholders, [{ contact: 'productOwner', withinMinutes: 30, everyMinutes: 120 }]);
    assert.deepEqual([warRoom.afterMinutes, stability.minutes, review.withinHours], [30, 30, 48]);
  });

  it('notifies whom the severity asks for', () => {
    const notify = Object.values(bundled().severities).map(({ notify: { channels, contacts, page, assign } }) => [channels[0], contacts, page, assign]);
    assert.deepEqual(notify, [
      ['#incidents', ['onCallEngineer', 'devopsLead', 'techLead'], true, false],
      ['#incidents', ['onCallEngineer', 'devopsLead'], false, false],
      ['#digital-prescription-portals', [], false, true],
      ['#digital-prescription-portals', [], false, true],
    ]);
  });

  it('maps the six status page stages to the states that a provider has', () => {
    assert.deepEqual(bundled().statusPage.stages.map(({ title, statuspage, markdown }) => [title, statuspage, markdown]), [
      ['Incident identified', 'investigating', 'Investigating'],
      ['Investigating', 'investigating', 'Investigating'],
      ['Identified root cause', 'identified', 'Identified'],
      ['Implementing fix', 'identified', 'Identified'],
      ['Monitoring', 'monitoring', 'Monitoring'],
      ['Resolved', 'resolved', 'Resolved'],
    ]);
  });

  it('says in the description where a command of the text is wrong', () => {
    const corrected = [
      'acknowledge', 'createTicket', 'checkServiceHealth', 'showServiceEvents', 'checkDatabaseConnectivity', 'checkConnectionPool', 'searchErrors',
      'checkCpuMemory', 'restartService', 'scaleService', 'raiseDatabaseConnections', 'scaleDatabase', 'clearCache', 'renewCertificate',
      'checkCertificate', 'openWarRoom', 'createActionItems',
    ];
    const silent = corrected.filter((id) => !/runbook/i.test(stepById(bundled(), id)?.description ?? ''));
    assert.deepEqual(silent, []);
  });

  it('shows no command as the text mistypes it', () => {
    const commands = bundled().steps.map((step) => step.runbookCommand ?? '').join('\n');
    for (const mistake of ['logs filter-pattern', 'Average,Maximum', '@username', 'FLUSHDB\n']) {
      assert.ok(!commands.includes(mistake), mistake);
    }
    assert.deepEqual(commands.match(/^curl (?!--fail).*/gm), null);
    assert.match(commands, /MemoryUtilization[^]*ClusterName/);
  });
});

/** Evidence as it may read, and the scenarios that it points to. */
const SYMPTOMS: readonly (readonly [step: string, evidence: string, scenarios: readonly string[]])[] = [
  ['searchErrors', 'ERROR sorry, too many clients already', ['connectionPoolExhaustion']],
  ['checkDatabaseConnectivity', 'The database refused the connection: SQLSTATE 53300.', ['connectionPoolExhaustion']],
  ['checkCpuMemory', 'Memory 92.5 % at most, CPU 12 %', ['memoryLeak']],
  ['checkCpuMemory', 'Memory 41 % at most, CPU 97 %', []],
  ['searchErrors', 'FATAL ERROR: JavaScript heap out of memory', ['memoryLeak']],
  ['showServiceEvents', 'Essential container exited with code 137', ['memoryLeak']],
  ['listAlarms', 'RequestCount above 20000 since 10:02', ['ddosAttack']],
  ['checkEndpoints', 'CERT_HAS_EXPIRED: api.healthflow.gov.eg', ['certificateExpiration']],
  ['checkEndpoints', 'All 5 endpoints answer, certificates valid for 54 days', []],
];

describe("the bundled runbook's patterns", () => {
  for (const [step, evidence, scenarios] of SYMPTOMS) {
    it(`"${evidence}" points to ${scenarios.join(', ') || 'nothing'}`, () => {
      const found = bundled().scenarios.filter((scenario) => scenario.symptoms.some((symptom) =>
        symptom.step === step && symptom.pattern !== undefined && new RegExp(symptom.pattern, 'i').test(evidence)));
      assert.deepEqual(found.map((scenario) => scenario.id), scenarios);
    });
  }

  it('hide prescription numbers', () => {
    const [rule] = bundled().redaction ?? [];
    assert.ok(rule);
    assert.equal('order RX-2026-00012345 of 2026'.replaceAll(new RegExp(rule.pattern, 'g'), '…'), 'order … of 2026');
  });
});
