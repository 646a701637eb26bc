import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { RunbookEndpoint } from '../../../src/runbook/schema.ts';
import { data, refusal, useAwsStub } from '../../support/aws-stub.ts';
import { API, buildRunner, runbookWith } from '../../support/build-runner.ts';
import { START } from '../../support/clock.ts';
import { useHttpServers } from '../../support/http-stub.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

const ago = (minutes: number): number => (START - minutes * 60_000) / 1000;

/** One ECS service that is well, with some of it changed. */
function service(changes: object = {}, deployment: object = {}): object {
  return {
    serviceName: 'healthflow-backend-service', status: 'ACTIVE', taskDefinition: 'arn:aws:ecs:eu-central-1:123456789012:task-definition/healthflow-backend:42',
    runningCount: 4, desiredCount: 4, pendingCount: 0,
    deployments: [{
      id: 'ecs-svc/1', status: 'PRIMARY', rolloutState: 'COMPLETED', taskDefinition: 'arn:aws:ecs:eu-central-1:123456789012:task-definition/healthflow-backend:42',
      runningCount: 4, desiredCount: 4, pendingCount: 0, failedTasks: 0, createdAt: ago(26 * 60), ...deployment,
    }],
    events: [], ...changes,
  };
}

const message = (text: string): string => `(service healthflow-backend-service) ${text}`;

const SERVICES: readonly (readonly [title: string, service: object, level: string, summary: string])[] = [
  ['all tasks run', service(), 'ok', '4 of 4 tasks running'],
  ['old trouble', service({ events: [{ createdAt: ago(31), message: message('task failed container health checks') }] }), 'ok', '4 of 4 tasks running'],
  ['trouble just now', service({ events: [{ createdAt: ago(3), message: message('(task abc) failed container health checks.') }] }), 'warn', '4 of 4 tasks running; 3 min ago: (task abc) failed container health checks.'],
  ['trouble and too few tasks', service({ runningCount: 2, pendingCount: 1, events: [{ createdAt: ago(3), message: message('was unable to place a task') }] }), 'bad', '2 of 4 tasks running, 1 pending; 3 min ago: was unable to place a task'],
  ['too few tasks', service({ runningCount: 3 }), 'warn', '3 of 4 tasks running'],
  ['no task', service({ runningCount: 0 }), 'bad', '0 of 4 tasks running'],
  ['scaled to nothing', service({ runningCount: 0, desiredCount: 0 }), 'ok', '0 of 0 tasks running'],
  ['a rollout under way', service({}, { rolloutState: 'IN_PROGRESS' }), 'warn', 'deployment of healthflow-backend:42 in progress, 4 of 4 tasks running'],
  ['a rollout that failed', service({}, { rolloutState: 'FAILED', rolloutStateReason: 'circuit breaker' }), 'bad', 'deployment of healthflow-backend:42 failed (circuit breaker), 4 of 4 tasks running'],
  ['a service that drains', service({ status: 'DRAINING' }), 'bad', 'the service is DRAINING'],
];

describe('showServiceEvents', () => {
  const folder = useTemporaryFolder();
  const aws = useAwsStub();

  for (const [title, described, level, summary] of SERVICES) {
    it(`${title}: ${level}`, async () => {
      aws.on('DescribeServices', () => data({ services: [described], failures: [] }));
      const { run } = await buildRunner(folder(), { aws: aws.session });
      const result = await run('showServiceEvents');
      assert.deepEqual([result.level, result.summary], [level, `healthflow-backend-service: ${summary}`]);
    });
  }

  it('a service that ECS does not know is bad, though it answers 200', async () => {
    aws.on('DescribeServices', () => data({ services: [], failures: [{ arn: 'arn:aws:ecs:eu-central-1:123456789012:service/healthflow-production-cluster/healthflow-backend-service', reason: 'MISSING' }] }));
    const { run } = await buildRunner(folder(), { aws: aws.session });
    const { status, level, summary, evidence } = await run('showServiceEvents');
    assert.deepEqual([status, level, summary], ['done', 'bad', 'healthflow-backend-service: MISSING in cluster healthflow-production-cluster']);
    assert.match(evidence?.markdown ?? '', /Check the names of cluster and service in the runbook/);
  });

  it('a cluster that ECS does not know fails with what to correct', async () => {
    aws.on('DescribeServices', () => refusal('ClusterNotFoundException', 'Cluster not found.'));
    const { run } = await buildRunner(folder(), { aws: aws.session });
    const { status, summary } = await run('showServiceEvents');
    assert.equal(status, 'failed');
    assert.match(summary, /describing the services of cluster healthflow-production-cluster: ClusterNotFoundException: Cluster not found/);
  });

  it('shows the last ten events, the newest first, and the deployments', async () => {
    const events = Array.from({ length: 14 }, (_, index) => ({ createdAt: ago(100 - index), message: `event | ${index}` }));
    aws.on('DescribeServices', () => data({ services: [service({ events })] }));
    const { run } = await buildRunner(folder(), { aws: aws.session });
    const { evidence } = await run('showServiceEvents');
    assert.deepEqual([...(evidence?.markdown ?? '').matchAll(/event \\\| (\d+)/g)].map(([, index]) => Number(index)), [13, 12, 11, 10, 9, 8, 7, 6, 5, 4]);
    assert.match(evidence?.markdown ?? '', /\| PRIMARY \| COMPLETED \| ` healthflow-backend:42 ` \| 4 \| 4 \| 0 \| 0 \|/);
    assert.deepEqual(aws.calls[0]?.input, { cluster: 'healthflow-production-cluster', services: ['healthflow-backend-service'] });
  });
});

describe('checkCpuMemory', () => {
  const folder = useTemporaryFolder();
  const aws = useAwsStub();
  const metrics = (points: Readonly<Record<string, readonly (readonly [minutesAgo: number, average: number, maximum: number])[]>>): void => {
    aws.on('GetMetricStatistics', ({ MetricName }) => data({ Datapoints: (points[String(MetricName)] ?? []).map(([minutesAgo, Average, Maximum]) => ({ Timestamp: ago(minutesAgo), Average, Maximum, Unit: 'Percent' })) }));
  };

  it('reads both metrics for cluster and service, and takes the newest of unordered points', async () => {
    metrics({ CPUUtilization: [[5, 40, 60], [15, 99, 100], [10, 20, 30]], MemoryUtilization: [[15, 70, 72], [5, 81.25, 84], [10, 75, 78]] });
    const { run } = await buildRunner(folder(), { aws: aws.session });
    const { level, summary, evidence } = await run('checkCpuMemory');
    assert.deepEqual([level, summary], ['warn', 'CPU 40 % (peak 60 %), memory 81 % (peak 84 %)']);
    assert.deepEqual(evidence?.data['readings'], [
      { service: 'healthflow-backend-service', metric: 'CPUUtilization', level: 'ok', last: 40, lastAt: '2026-11-23T02:55:00.000Z', maximum: 100 },
      { service: 'healthflow-backend-service', metric: 'MemoryUtilization', level: 'warn', last: 81.25, lastAt: '2026-11-23T02:55:00.000Z', maximum: 84 },
    ]);
    assert.deepEqual(evidence?.charts?.[0]?.series.map(({ label, points }) => [label, points.map(([, value]) => value)]), [['maximum', [100, 30, 60]], ['average', [99, 20, 40]]]);
    for (const { input } of aws.calls) {
      assert.deepEqual(input['Dimensions'], [{ Name: 'ClusterName', Value: 'healthflow-production-cluster' }, { Name: 'ServiceName', Value: 'healthflow-backend-service' }]);
      assert.deepEqual([input['Statistics'], input['Period'], input['Namespace']], [['Average', 'Maximum'], 300, 'AWS/ECS']);
    }
  });

  it('is unknown without points, never ok', async () => {
    metrics({ CPUUtilization: [[5, 4.25, 5]] });
    const { run } = await buildRunner(folder(), { aws: aws.session });
    const { level, summary, evidence } = await run('checkCpuMemory');
    assert.deepEqual([level, summary], ['unknown', 'CPU 4.3 % (peak 5.0 %), memory has no datapoints']);
    assert.match(evidence?.markdown ?? '', /No datapoints: no task is running/);
    assert.equal(evidence?.charts?.length, 1);
  });

  it('is bad from 95 % on, and for several services says which', async () => {
    metrics({ CPUUtilization: [[5, 90, 95]], MemoryUtilization: [[5, 10, 10]] });
    const { run } = await buildRunner(folder(), { aws: aws.session });
    const { level, summary } = await run('checkCpuMemory', { services: ['a', 'b'] });
    assert.deepEqual([level, summary], ['bad', 'a CPU 90 % (peak 95 %), a memory 10 % (peak 10 %), b CPU 90 % (peak 95 %), b memory 10 % (peak 10 %)']);
  });
});

const VERSIONS: readonly (readonly [answer: string, status: number, expected: string | undefined, level: string, summary: string])[] = [
  ['{"version":"1.4.2","commit":"9f86d081884c7d659a2feaa0c55ad015"}', 200, '1.4.2', 'ok', 'Running 1.4.2 @ 9f86d081884c, as expected'],
  ['{"version":"1.4.2","commit":"9f86d081884c7d659a2feaa0c55ad015"}', 200, '9f86d08', 'ok', 'Running 1.4.2 @ 9f86d081884c, as expected'],
  ['{"release":"1.4.1"}', 200, '1.4.2', 'warn', 'Running 1.4.1, expected 1.4.2'],
  ['{"sha":"9f86d081884c"}', 200, '9f8', 'warn', 'Running 9f86d081884c, expected 9f8'],
  ['{"version":"1.4.2"}', 200, undefined, 'unknown', 'Running 1.4.2; the runbook expects no particular version'],
  ['v1.4.2\n', 200, 'v1.4.2', 'ok', 'Running v1.4.2, as expected'],
  ['1.10\n', 200, '1.10', 'ok', 'Running 1.10, as expected'],
  ['"1.4.2"', 200, '1.4.2', 'ok', 'Running 1.4.2, as expected'],
  ['<html>Sign in</html>', 200, '1.4.2', 'bad', 'API version: HTTP 200, no version in the answer'],
  ['null', 200, '1.4.2', 'bad', 'API version: HTTP 200, no version in the answer'],
  ['[]', 200, '1.4.2', 'bad', 'API version: HTTP 200, no version in the answer'],
  ['{"version":""}', 200, '1.4.2', 'bad', 'API version: HTTP 200, no version in the answer'],
  ['{"version":"1.4.2"}', 503, '1.4.2', 'bad', 'API version: HTTP 503, no version in the answer'],
];

describe('compareVersions', () => {
  const folder = useTemporaryFolder();
  const serve = useHttpServers();
  const VERSION: RunbookEndpoint = { name: 'API version', url: `${API}/version`, kind: 'version' };

  for (const [answer, status, expected, level, summary] of VERSIONS) {
    it(`${status} ${answer.trim()} against ${expected ?? 'nothing'}: ${level}`, async () => {
      const origin = await serve((_request, response) => { response.writeHead(status).end(answer); });
      const runbook = runbookWith({ endpoints: [VERSION], ...(expected === undefined ? {} : { expectedVersion: expected }) });
      const { run } = await buildRunner(folder(), { origins: { [API]: origin }, runbook });
      const result = await run('compareVersions');
      assert.deepEqual([result.level, result.summary], [level, summary]);
    });
  }

  it('takes the version the caller expects; without an endpoint it is unknown', async () => {
    const origin = await serve((_request, response) => { response.end('2'); });
    const { run } = await buildRunner(folder(), { origins: { [API]: origin }, runbook: runbookWith({ endpoints: [VERSION], expectedVersion: '1' }) });
    assert.equal((await run('compareVersions', { expected: '2' })).level, 'ok');
    const bare = await buildRunner(folder(), { runbook: runbookWith({ endpoints: [] }) });
    assert.deepEqual([(await bare.run('compareVersions')).level], ['unknown']);
  });
});
