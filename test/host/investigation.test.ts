import assert from 'node:assert/strict';
import { type Event, type Part, declare, practice, runStep, timeline } from './harness.ts';

describe('investigate on the practice environment', () => {
  let incident: string;
  let parts: readonly Part[];
  let events: readonly Event[];

  before(async function () {
    this.timeout(60_000);
    await practice('DELETE', 'faults');
    await practice('DELETE', 'calls');
    incident = await declare('Doctors cannot open prescriptions', { severity: 'P1', detectedBy: 'support ticket' });
    const answer = await runStep(incident, 'investigate');
    assert.equal(answer.status, 'done');
    parts = answer.parts ?? [];
    events = await timeline(incident);
  });

  const part = (step: string): Part => {
    const found = parts.find((candidate) => candidate.step === step);
    assert.ok(found, `no result of ${step}`);
    return found;
  };

  it('finds the exhaustion in the database, the pool, the errors and the health', () => {
    assert.match(part('checkDatabaseConnectivity').summary, /53300/);
    assert.equal(part('checkDatabaseConnectivity').outcome, 'done', 'a refused connection is a finding, not a failure');
    assert.match(part('checkConnectionPool').summary, /200 of 200 connections/);
    assert.match(part('searchErrors').summary, /too many clients already/);
    assert.match(part('checkServiceHealth').summary, /HTTP 503/);
    for (const step of ['checkDatabaseConnectivity', 'checkConnectionPool', 'searchErrors', 'checkServiceHealth', 'listAlarms']) {
      assert.equal(part(step).level, 'bad', step);
    }
  });

  it('puts one entry on the timeline, the worst first', () => {
    const entries = events.filter(({ type }) => type === 'step.finished');
    assert.equal(entries.length, 1);
    const recorded = entries[0]?.['parts'] as readonly Part[];
    const gravity = ['bad', 'warn', 'unknown', 'ok'];
    const levels = recorded.map(({ level }) => gravity.indexOf(level));
    assert.deepEqual(levels, [...levels].sort((a, b) => a - b));
    assert.equal(recorded[0]?.level, 'bad');
    assert.deepEqual(recorded.map(({ step }) => step).sort(), [
      'checkConnectionPool', 'checkCpuMemory', 'checkDatabaseConnectivity', 'checkEndpoints', 'checkServiceHealth',
      'compareVersions', 'listAlarms', 'listDeployments', 'searchErrors', 'showServiceEvents', 'viewLatestRun',
    ]);
  });

  it('groups the errors by shape and hides personal data and passwords', () => {
    const recorded = JSON.stringify(events);
    const errors = (events.find(({ type }) => type === 'step.finished')?.['parts'] as readonly { step: string; evidence: { data: { groups: { count: number }[]; total: number } } }[])
      .find(({ step }) => step === 'searchErrors');
    assert.ok(errors);
    const { groups, total } = errors.evidence.data;
    assert.ok(groups.length < total / 5, `${total} lines in ${groups.length} groups`);
    assert.match(recorded, /\[redacted: /);
    assert.doesNotMatch(recorded, /RX-\d{4}-\d{8}/);
    assert.doesNotMatch(recorded, /postgres:\/\/\w+:(?!\[redacted)[^@\s"]+@/);
  });

  it('writes nothing to AWS', async () => {
    const calls = await practice('GET', 'calls') as readonly { operation: string; write: boolean }[];
    assert.ok(calls.some(({ operation }) => operation === 'DescribeServices'), 'the checks did reach AWS');
    assert.deepEqual(calls.filter(({ write }) => write), []);
  });

  it('compares the running version with the expected one', () => {
    assert.match(part('compareVersions').summary, /^Running 2\.14\.1/);
  });
});
