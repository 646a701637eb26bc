import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import { rawEvents, timelineFile } from '../../support/build-ledger.ts';
import { API, type WorldOptions, buildRunner } from '../../support/build-runner.ts';
import { type AwsStub, data, noReply, refusal, useAwsStub } from '../../support/aws-stub.ts';
import { START } from '../../support/clock.ts';
import { useHttpServers } from '../../support/http-stub.ts';
import { usePostgresStubs } from '../../support/postgres-stub.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

/** The checks of the bundled runbook that are carried out. */
const CHECKS = [
  'listAlarms', 'checkEndpoints', 'checkServiceHealth', 'showServiceEvents', 'checkDatabaseConnectivity', 'checkConnectionPool',
  'searchErrors', 'checkCpuMemory', 'compareVersions',
];

/** AWS on a night when the connections have run out and nothing else is wrong. */
function exhausted(aws: AwsStub): void {
  const now = START / 1000;
  aws.on('DescribeAlarms', () => data({ MetricAlarms: [] }));
  aws.on('DescribeServices', () => data({ services: [{ serviceName: 'healthflow-backend-service', status: 'ACTIVE', runningCount: 4, desiredCount: 4, pendingCount: 0, deployments: [], events: [] }] }));
  aws.on('GetMetricStatistics', ({ MetricName }) => data({ Datapoints: MetricName === 'DatabaseConnections' ? [{ Timestamp: now - 60, Average: 99, Maximum: 100 }] : MetricName === 'CPUUtilization' ? [{ Timestamp: now - 60, Average: 10, Maximum: 12 }] : [] }));
  aws.on('DescribeDBInstances', () => data({ DBInstances: { DBInstance: { Engine: 'postgres', DBInstanceClass: 'db.r6g.large', DBInstanceStatus: 'available', DBParameterGroups: { DBParameterGroup: { DBParameterGroupName: 'g' } } } } }));
  aws.on('DescribeDBParameters', () => data({ Parameters: { Parameter: { ParameterName: 'max_connections', ParameterValue: '100' } } }));
  aws.on('FilterLogEvents', () => data({ events: [{ eventId: '1', logStreamName: 's', timestamp: START - 600_000, message: 'ERROR timeout' }] }));
}

describe('investigate', () => {
  const folder = useTemporaryFolder();
  const aws = useAwsStub();
  const serve = useHttpServers();
  const postgres = usePostgresStubs();

  async function world(): Promise<WorldOptions> {
    exhausted(aws);
    const web = await serve((request, response) => { response.end(request.url === '/version' ? '{"version":"1.4.2"}' : '{"status":"ok"}'); });
    return {
      aws: aws.session,
      origins: Object.fromEntries([API, 'https://portal.healthflow.gov.eg', 'https://pharmacy.healthflow.gov.eg', 'https://doctor.healthflow.gov.eg'].map((origin) => [origin, web])),
      databaseUrl: await postgres({ kind: 'refuse', code: '53300', message: 'sorry, too many clients already' }),
    };
  }

  it('runs every check at once and records one event, the worst first', async () => {
    const { run, incident, onDisk, progress } = await buildRunner(folder(), await world());
    const result = await run('investigate');
    assert.deepEqual([result.status, result.level], ['done', 'bad']);
    assert.deepEqual(result.parts?.map(({ step, level }) => `${step} ${level}`), [
      'checkDatabaseConnectivity bad', 'checkConnectionPool bad', 'searchErrors warn', 'checkCpuMemory unknown', 'compareVersions unknown',
      'checkServiceHealth ok', 'showServiceEvents ok', 'listAlarms ok', 'checkEndpoints ok',
    ]);
    assert.equal(result.summary, '2 bad, 1 warn, 2 unknown, 4 ok. Worst: Check database connectivity: every connection slot is taken (sorry, too many clients already) [SQLSTATE 53300, too many connections]');

    const events = rawEvents(timelineFile(folder(), incident));
    assert.equal(events.length, 2);
    assert.equal(events[1]?.id, result.event);
    const { steps } = await onDisk();
    assert.deepEqual([...steps.keys()].sort(), [...CHECKS, 'investigate'].sort());
    assert.equal(steps.get('checkConnectionPool')?.summary, '100 of 100 connections (100 %)');
    assert.deepEqual([progress[0], progress.at(-1)], ['investigate', 'investigate: bad']);
    assert.deepEqual(progress.filter((line) => !line.includes(': ')).sort(), [...CHECKS, 'investigate'].sort());
    assert.equal(progress.filter((line) => line.includes(': ')).length, 1 + CHECKS.length);
  });

  it('shows each check in its overview, and what could not run as such', async () => {
    const given = await world();
    aws.on('DescribeServices', () => refusal('AccessDeniedException', 'no ecs:DescribeServices | <b>'));
    const { run } = await buildRunner(folder(), given);
    const { evidence, level, parts } = await run('investigate');
    assert.equal(level, 'bad');
    assert.deepEqual(parts?.find(({ step }) => step === 'showServiceEvents')?.outcome, 'failed');
    assert.match(evidence?.markdown ?? '', /\| ⚪\u00a0unknown \| Show service events \| 5\.1 \| Could not run\\: Profile "default" may not do this .*ecs\\:DescribeServices \\\| \\<b\\>/);
    assert.deepEqual(Object.keys(evidence?.data['levels'] ?? {}).sort(), CHECKS.toSorted());
  });

  it('goes on with the others when AWS cannot be reached at all', async () => {
    const { aws: _session, ...rest } = await world();
    const { run, logged } = await buildRunner(folder(), rest);
    const { status, parts } = await run('investigate');
    assert.equal(status, 'done');
    const outcomes = Object.fromEntries((parts ?? []).map(({ step, outcome }) => [step, outcome]));
    assert.deepEqual(CHECKS.filter((step) => outcomes[step] === 'failed'), ['listAlarms', 'showServiceEvents', 'checkConnectionPool', 'searchErrors', 'checkCpuMemory']);
    assert.equal(logged.length, 5);
  }).timeout(10_000);

  it('is ok only when everything is', async () => {
    const given = await world();
    const { run } = await buildRunner(folder(), given);
    const { level, summary } = await run('investigate', { only: ['checkServiceHealth', 'listAlarms'] });
    assert.deepEqual([level, summary], ['ok', '2 ok']);
  });

  it('keeps what has landed when it is cancelled', async () => {
    const given = await world();
    const abort = new AbortController();
    aws.on('DescribeServices', () => noReply);
    const { run, runner, onDisk } = await buildRunner(folder(), given);
    let landed = 0;
    runner.onProgress(({ result }) => {
      landed += result === undefined ? 0 : 1;
      if (landed === CHECKS.length - 1) {
        abort.abort();
      }
    });
    const { status, parts } = await run('investigate', {}, abort.signal);
    assert.equal(status, 'cancelled');
    assert.deepEqual(parts?.filter(({ outcome }) => outcome !== 'done').map(({ step, outcome }) => [step, outcome]), [['showServiceEvents', 'cancelled']]);
    const { steps } = await onDisk();
    assert.deepEqual([steps.get('investigate')?.outcome, steps.get('checkServiceHealth')?.outcome, steps.get('showServiceEvents')?.outcome], ['cancelled', 'done', 'cancelled']);
  });

  it('names the checks that there are when it is asked for another', async () => {
    const { run, onDisk } = await buildRunner(folder(), await world());
    await assert.rejects(run('investigate', { only: ['rollback'] }), (error: UserError) => error instanceof UserError && error.message === `The investigation has no check "rollback". Known: ${CHECKS.join(', ')}.`);
    assert.equal((await onDisk()).events.length, 1);
  });

  it('looks and records nothing before anything is declared', async () => {
    const { runner, onDisk } = await buildRunner(folder(), await world());
    const { status, event, parts } = await runner.run({ step: 'investigate' }, new AbortController().signal);
    assert.deepEqual([status, event, parts?.length], ['done', undefined, CHECKS.length]);
    assert.equal((await onDisk()).events.length, 1);
  });
});
