/** Runbook 6.2 against the practice environment: the incident as it is, and once it is over. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { Json } from '../../src/incident/evidence.ts';
import { AwsSession } from '../../src/services/aws/session.ts';
import { startPractice, type Practice } from '../practice/environment.ts';
import { accessDenied } from '../practice/faults.ts';
import { REGION } from '../practice/resources.ts';
import { SAMPLE_WORKSPACE } from '../practice/stack-traces.ts';
import { NO_AWS } from '../support/aws-stub.ts';
import { stepResult } from '../support/build-events.ts';
import { type TestRunner, buildRunner } from '../support/build-runner.ts';
import { useEnvironment } from '../support/environment-variables.ts';
import { ProgramTasks } from '../support/program-tasks.ts';

const MINUTE_MS = 60_000;

describe('verifying a mitigation', function () {
  this.timeout(30_000);
  useEnvironment({ ...NO_AWS, AWS_ACCESS_KEY_ID: 'practice', AWS_SECRET_ACCESS_KEY: 'practice', AWS_REGION: REGION }, 'suite');
  let folder: string;
  let practice: Practice;
  let test: TestRunner;
  let ahead = 0;
  const clock = { now: () => Date.now() + ahead };

  before(async function () {
    this.timeout(60_000);
    folder = await mkdtemp(join(tmpdir(), 'practice-'));
    practice = await startPractice({ dir: folder, clock, tickMs: 3_600_000 });
    test = await buildRunner(join(folder, 'ledger'), {
      aws: new AwsSession({ region: REGION, endpoint: practice.awsEndpoint }), clock, origins: practice.origins, tasks: new ProgramTasks(SAMPLE_WORKSPACE),
    });
  });
  after(async () => {
    await practice?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const part = (data: Readonly<Record<string, Json>> | undefined, name: string): Record<string, Json> => data?.[name] as Record<string, Json>;

  // The two tell one story, in this order.
  it('is bad while the incident goes on, whatever the smoke tests say', async () => {
    await test.run('searchErrors');
    practice.control.clearCalls();
    const { status, level, summary, evidence } = await test.run('verifyMitigation');
    assert.deepEqual([status, level], ['done', 'bad']);
    assert.match(summary, /^Service health: API health: HTTP 503.*; Error rate: [\d.]+ per min now, [\d.]+ per min before; Smoke tests: passed; Unknown: user reports$/);
    const { now, before } = part(evidence?.data, 'errorRate');
    assert.ok(Number(now) >= 5 && Number(before) >= 5, `${String(now)} now, ${String(before)} before`);
    assert.match(evidence?.markdown ?? '', /Smoke tests of production: 3 of 3 passed \(practice\)/);
    assert.deepEqual(practice.control.calls().filter(({ write }) => write), []);
  });

  it('is ok once it is over', async () => {
    await test.ledger.append(test.incident, { type: 'step.finished', result: stepResult('restartService') });
    await practice.control.state('healthy');
    // The lines until now are of before; then ten minutes of a service that works.
    await practice.control.tick();
    ahead += 10 * MINUTE_MS;
    await practice.control.tick();
    const { level, summary, evidence } = await test.run('verifyMitigation', { userReports: 'none' });
    assert.equal(level, 'ok', summary);
    const { now, before } = part(evidence?.data, 'errorRate');
    assert.ok(now === 0 && Number(before) >= 5, `${String(now)} now, ${String(before)} before`);
    assert.equal(part(evidence?.data, 'smokeTest')['exitCode'], 0);
    assert.equal((await test.onDisk()).steps.get('verifyMitigation')?.level, 'ok');
  });

  it('is not known, and not ok, when the logs cannot be read', async () => {
    practice.control.fault(accessDenied({ service: 'logs', operation: 'FilterLogEvents' }));
    const { status, level, summary } = await test.run('verifyMitigation', { userReports: 'none' });
    assert.deepEqual([status, level], ['done', 'unknown']);
    assert.match(summary, /^Service health: .*; Smoke tests: passed; User reports: no open reports; Unknown: error rate$/);
  });
});
