import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient, DescribeAlarmsCommand, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, FilterLogEventsCommand, type FilteredLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeServicesCommand, ECSClient, UpdateServiceCommand, type Service } from '@aws-sdk/client-ecs';
import { DescribeDBInstancesCommand, DescribeDBParametersCommand, ModifyDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { after, afterEach, before, describe, it } from 'mocha';
import pg from 'pg';
import { startPractice, type Practice } from '../practice/environment.ts';
import { expiredToken, htmlError, throttling } from '../practice/faults.ts';
import { ACCOUNT, CLUSTER, DATABASE, LOG_GROUP, PARAMETER_GROUP, REGION, SERVICE } from '../practice/resources.ts';
import { SAMPLE_WORKSPACE } from '../practice/stack-traces.ts';

const MINUTE_MS = 60_000;
const ROLLOUT_MS = 20_000;

describe('practice environment', function () {
  this.timeout(60_000);
  let dir: string;
  let practice: Practice;
  let ahead = 0;
  const now = (): number => Date.now() + ahead;
  let ecs: ECSClient;
  let cloudwatch: CloudWatchClient;
  let logs: CloudWatchLogsClient;
  let rds: RDSClient;
  let sts: STSClient;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'practice-'));
    // Time passes by moving the clock; the tick by itself would never come.
    practice = await startPractice({ dir, clock: { now }, tickMs: 3_600_000, rolloutMs: ROLLOUT_MS });
    const options = {
      endpoint: practice.awsEndpoint, region: REGION, maxAttempts: 1,
      credentials: { accessKeyId: 'practice', secretAccessKey: 'practice' },
    };
    ecs = new ECSClient(options);
    cloudwatch = new CloudWatchClient(options);
    logs = new CloudWatchLogsClient(options);
    rds = new RDSClient(options);
    sts = new STSClient(options);
  });
  after(async () => {
    [ecs, cloudwatch, logs, rds, sts].forEach((client) => client?.destroy());
    await practice?.stop();
    await rm(dir, { recursive: true, force: true });
  });
  afterEach(async () => {
    practice.control.clearFaults();
    practice.control.api({ health: null, version: null });
    practice.control.rollout({ durationMs: ROLLOUT_MS, outcome: 'completed' });
  });

  const describeService = async (): Promise<Service> => {
    const { services } = await ecs.send(new DescribeServicesCommand({ cluster: CLUSTER, services: [SERVICE] }));
    assert.ok(services?.[0]);
    return services[0];
  };
  const update = (change: { forceNewDeployment?: boolean; desiredCount?: number }) =>
    ecs.send(new UpdateServiceCommand({ cluster: CLUSTER, service: SERVICE, ...change }));
  const shape = (service: Service) => ({
    running: service.runningCount,
    pending: service.pendingCount,
    deployments: service.deployments?.map((one) => [one.status, one.rolloutState, one.runningCount, one.pendingCount]),
  });
  const errors = async (): Promise<FilteredLogEvent[]> => {
    const { events } = await logs.send(new FilterLogEventsCommand({
      logGroupName: LOG_GROUP, filterPattern: 'ERROR', startTime: now() - 60 * MINUTE_MS,
    }));
    return events ?? [];
  };
  const connect = async (): Promise<pg.QueryResult> => {
    const client = new pg.Client({ connectionString: practice.databaseUrl });
    await client.connect();
    try {
      return await client.query(
        "SELECT application_name, state FROM pg_stat_activity WHERE application_name LIKE 'healthflow-%'");
    } finally {
      await client.end();
    }
  };

  it('gives the environment variables and settings to use it', () => {
    assert.equal(practice.env['AWS_ENDPOINT_URL'], undefined);
    assert.equal(practice.env['DATABASE_URL'], practice.databaseUrl);
    assert.equal(practice.env['REDIS_URL'], practice.redisUrl);
    assert.equal(practice.origins['redis://cache.healthflow.internal:6379'], `rediss://${new URL(practice.redisUrl).host}`);
    assert.equal(practice.settings['incidentRunbook.aws.endpoint'], practice.awsEndpoint);
    assert.deepEqual(Object.keys(practice.settings['incidentRunbook.endpoints'] as object).sort(), [
      'https://api.healthflow.gov.eg', 'https://doctor.healthflow.gov.eg',
      'https://pharmacy.healthflow.gov.eg', 'https://portal.healthflow.gov.eg', 'redis://cache.healthflow.internal:6379',
    ]);
  });

  it('is one AWS account', async () => {
    assert.equal((await sts.send(new GetCallerIdentityCommand({}))).Account, ACCOUNT);
  });

  describe('ECS', () => {
    it('shows service events newest first, worded as ECS does', async () => {
      const { events = [] } = await describeService();
      const times = events.map((event) => event.createdAt?.getTime() ?? 0);
      assert.deepEqual(times, times.toSorted((one, other) => other - one));
      const text = events.map((event) => event.message).join('\n');
      assert.match(text, /^\(service healthflow-backend-service\) \(task [0-9a-f]{32}\) failed container health checks\.$/m);
      assert.match(text, /\(port 8080\) is unhealthy in \(target-group \S+\) due to \(reason Health checks failed with these codes: \[503\]\)$/m);
      assert.match(text, /^\(service healthflow-backend-service\) has reached a steady state\.$/m);
    });

    it('reports an unknown service as a failure with HTTP 200', async () => {
      const answer = await ecs.send(new DescribeServicesCommand({ cluster: CLUSTER, services: ['no-such-service'] }));
      assert.deepEqual(answer.services, []);
      assert.equal(answer.failures?.[0]?.reason, 'MISSING');
    });

    it('rolls a new deployment out over time, and the restart ends the incident', async () => {
      const { service } = await update({ forceNewDeployment: true });
      assert.ok(service);
      assert.deepEqual(shape(service), {
        running: 4, pending: 4, deployments: [['PRIMARY', 'IN_PROGRESS', 0, 4], ['ACTIVE', 'COMPLETED', 4, 0]],
      });
      ahead += ROLLOUT_MS / 2;
      assert.deepEqual(shape(await describeService()), {
        running: 8, pending: 0, deployments: [['PRIMARY', 'IN_PROGRESS', 4, 0], ['ACTIVE', 'COMPLETED', 4, 0]],
      });
      ahead += ROLLOUT_MS / 2;
      const done = await describeService();
      assert.deepEqual(shape(done), { running: 4, pending: 0, deployments: [['PRIMARY', 'COMPLETED', 4, 0]] });
      assert.match(done.events?.[0]?.message ?? '', /has reached a steady state\.$/);

      // Switches are queued, so this tick ends after the recovery.
      await practice.control.tick();
      assert.equal((await fetch(`${practice.apiOrigin}/health`)).status, 200);
      await connect();
      const { MetricAlarms = [] } = await cloudwatch.send(new DescribeAlarmsCommand({ StateValue: 'ALARM' }));
      assert.deepEqual(MetricAlarms, []);

      await practice.control.state('exhausted');
      assert.equal((await fetch(`${practice.apiOrigin}/health`)).status, 503);
    });

    it('scales over time', async () => {
      await update({ desiredCount: 6 });
      assert.deepEqual(shape(await describeService()), {
        running: 4, pending: 2, deployments: [['PRIMARY', 'IN_PROGRESS', 4, 2]],
      });
      ahead += ROLLOUT_MS;
      assert.deepEqual(shape(await describeService()), {
        running: 6, pending: 0, deployments: [['PRIMARY', 'COMPLETED', 6, 0]],
      });
      await update({ desiredCount: 4 });
      ahead += ROLLOUT_MS;
      assert.equal((await describeService()).runningCount, 4);
    });

    it('can let a rollout fail', async () => {
      practice.control.rollout({ outcome: 'failed' });
      await update({ forceNewDeployment: true });
      ahead += ROLLOUT_MS;
      const failed = await describeService();
      assert.deepEqual(shape(failed).deployments, [['PRIMARY', 'FAILED', 0, 0], ['ACTIVE', 'COMPLETED', 4, 0]]);
      assert.equal(failed.deployments?.[0]?.failedTasks, 3);
      practice.control.rollout({ outcome: 'completed' });
      await update({ forceNewDeployment: true });
      ahead += ROLLOUT_MS;
      assert.deepEqual(shape(await describeService()).deployments, [['PRIMARY', 'COMPLETED', 4, 0]]);
      await practice.control.state('exhausted');
    });
  });

  describe('CloudWatch', () => {
    const connections = async (fromMinutesAgo: number, toMinutesAgo: number) => {
      const { Datapoints = [] } = await cloudwatch.send(new GetMetricStatisticsCommand({
        Namespace: 'AWS/RDS', MetricName: 'DatabaseConnections',
        Dimensions: [{ Name: 'DBInstanceIdentifier', Value: DATABASE }],
        StartTime: new Date(Date.now() - fromMinutesAgo * MINUTE_MS), EndTime: new Date(Date.now() - toMinutesAgo * MINUTE_MS),
        Period: 300, Statistics: ['Average', 'Maximum'],
      }));
      return Datapoints.map((point) => point.Maximum ?? 0);
    };

    it('has connections that rose to the limit', async () => {
      const calm = await connections(160, 100);
      const full = await connections(15, 5);
      assert.ok(calm.length >= 10 && calm.every((value) => value < 80), calm.join());
      assert.ok(full.length >= 2 && full.every((value) => value === 200), full.join());
    });

    it('has CPU and memory of the service by cluster and service name', async () => {
      for (const metric of ['CPUUtilization', 'MemoryUtilization']) {
        const { Datapoints = [] } = await cloudwatch.send(new GetMetricStatisticsCommand({
          Namespace: 'AWS/ECS', MetricName: metric,
          Dimensions: [{ Name: 'ClusterName', Value: CLUSTER }, { Name: 'ServiceName', Value: SERVICE }],
          StartTime: new Date(Date.now() - 60 * MINUTE_MS), EndTime: new Date(), Period: 300, Statistics: ['Average'],
        }));
        assert.ok(Datapoints.length >= 10, metric);
      }
    });

    it('has alarms with the time they went off', async () => {
      await practice.control.state('healthy');
      await practice.control.state('exhausted');
      const { MetricAlarms = [] } = await cloudwatch.send(new DescribeAlarmsCommand({}));
      const states = Object.fromEntries(MetricAlarms.map((alarm) => [alarm.AlarmName, alarm.StateValue]));
      assert.deepEqual(states, {
        'healthflow-production-api-5xx': 'ALARM',
        'healthflow-production-db-connections-high': 'ALARM',
        'healthflow-production-db-cpu-high': 'OK',
        'healthflow-production-ecs-cpu-high': 'OK',
        'healthflow-production-ecs-memory-high': 'OK',
      });
      const cpu = MetricAlarms.find((alarm) => alarm.AlarmName === 'healthflow-production-ecs-cpu-high');
      assert.ok((cpu?.StateUpdatedTimestamp?.getTime() ?? Infinity) < now() - 60 * MINUTE_MS);
    });

    it('has error logs whose frames point into the sample service', async () => {
      const messages = (await errors()).map((event) => event.message ?? '');
      assert.ok(messages.length > 150, String(messages.length));
      const frames = new Set(messages.flatMap((message) =>
        [...message.matchAll(/at (?:async )?(?:\w+ \()?\/app\/(src\/[^:]+):(\d+):(\d+)/g)]
          .map(([, file = '', line = '', column = '']) => `${file}|${line}|${column}`)));
      assert.ok(frames.size >= 10, [...frames].join('\n'));
      for (const frame of frames) {
        const [file = '', line, column] = frame.split('|');
        const text = (await readFile(join(SAMPLE_WORKSPACE, file), 'utf8')).split('\n')[Number(line) - 1] ?? '';
        assert.match(text.slice(Number(column) - 1), /^(?:pool\.|withClient\(|findPrescription\(|listOpenPrescriptions\(|dispense\(|new Error\(|send\(|notifyPatient\(|ping\()/, frame);
      }
    });

    it('has several shapes of errors, and things in the logs that must not leave them', async () => {
      const messages = (await errors()).map((event) => event.message ?? '');
      for (const pattern of [
        /FATAL: sorry, too many clients already\n {4}at /, /timeout exceeded when trying to connect/, /Error: Request failed with 503/,
        /[\w.]+@example\.com/, /\+201\d{9}/, /RX-2026-\d{8}/, /postgresql:\/\/healthflow_app:[^@]+@/,
      ]) {
        assert.ok(messages.some((message) => pattern.test(message)), String(pattern));
      }
    });

    it('goes on producing data', async () => {
      const newest = async (): Promise<number> => Math.max(...(await errors()).map((event) => event.timestamp ?? 0));
      const before = { log: await newest(), event: (await describeService()).events?.[0]?.id };
      ahead += MINUTE_MS;
      await practice.control.tick();
      assert.ok((await newest()) > before.log);
      assert.notEqual((await describeService()).events?.[0]?.id, before.event);
    });
  });

  describe('RDS', () => {
    const instance = async () => (await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: DATABASE }))).DBInstances?.[0];

    it('keeps modifications pending until they are applied immediately', async () => {
      await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: DATABASE, DBInstanceClass: 'db.r5.2xlarge' }));
      const pending = await instance();
      assert.equal(pending?.DBInstanceClass, 'db.r5.xlarge');
      assert.equal(pending.DBInstanceStatus, 'available');
      assert.equal(pending.PendingModifiedValues?.DBInstanceClass, 'db.r5.2xlarge');

      await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: DATABASE, AllocatedStorage: 300, ApplyImmediately: true }));
      assert.equal((await instance())?.DBInstanceStatus, 'modifying');
      ahead += ROLLOUT_MS;
      const applied = await instance();
      assert.deepEqual(
        [applied?.DBInstanceStatus, applied?.DBInstanceClass, applied?.AllocatedStorage], ['available', 'db.r5.2xlarge', 300]);
      assert.equal(applied?.PendingModifiedValues?.DBInstanceClass, undefined);
    });

    it('has a parameter group with max_connections', async () => {
      const { Parameters = [] } = await rds.send(new DescribeDBParametersCommand({ DBParameterGroupName: PARAMETER_GROUP }));
      const parameter = Parameters.find((one) => one.ParameterName === 'max_connections');
      assert.deepEqual([parameter?.ParameterValue, parameter?.ApplyType], ['200', 'static']);
    });
  });

  describe('record of calls', () => {
    it('tells reads from writes', async () => {
      practice.control.clearCalls();
      await describeService();
      await errors();
      assert.deepEqual(practice.control.calls().map((call) => [call.service, call.operation, call.write, call.status]), [
        ['ecs', 'DescribeServices', false, 200], ['logs', 'FilterLogEvents', false, 200],
      ]);
      await update({ desiredCount: 4 });
      await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: DATABASE }));
      assert.deepEqual(practice.control.calls().filter((call) => call.write).map((call) => call.operation), ['UpdateService', 'ModifyDBInstance']);
    });

    it('is there over HTTP too', async () => {
      await fetch(`${practice.awsEndpoint}/_practice/calls`, { method: 'DELETE' });
      await describeService();
      const calls = await (await fetch(`${practice.awsEndpoint}/_practice/calls`)).json() as { operation: string }[];
      assert.deepEqual(calls.map((call) => call.operation), ['DescribeServices']);
    });
  });

  describe('faults', () => {
    const target = { operation: 'DescribeServices', times: 1 } as const;

    it('throttles in the protocol of each service', async () => {
      practice.control.fault(throttling({ times: 3 }));
      await assert.rejects(describeService(), { name: 'ThrottlingException', message: 'Rate exceeded' });
      await assert.rejects(cloudwatch.send(new DescribeAlarmsCommand({})), { name: 'ThrottlingException' });
      await assert.rejects(rds.send(new DescribeDBInstancesCommand({})), { name: 'ThrottlingException' });
      await describeService();
      assert.equal(practice.control.calls().findLast((call) => call.status === 400)?.operation, 'DescribeDBInstances');
    });

    it('expires the token', async () => {
      practice.control.fault(expiredToken(target));
      await assert.rejects(describeService(), { name: 'ExpiredTokenException' });
    });

    it('answers HTML with status 500', async () => {
      practice.control.fault(htmlError(target));
      await assert.rejects(describeService(), (error: Error & { $metadata?: { httpStatusCode?: number } }) =>
        error instanceof SyntaxError && error.$metadata?.httpStatusCode === 500);
    });

    it('delays', async () => {
      practice.control.clearCalls();
      practice.control.fault({ ...target, delayMs: 3_600_000 });
      const command = new DescribeServicesCommand({ cluster: CLUSTER, services: [SERVICE] });
      await assert.rejects(ecs.send(command, { abortSignal: AbortSignal.timeout(200) }), { name: 'AbortError' });
      practice.control.fault({ ...target, delayMs: 1 });
      await describeService();
    });

    it('cuts the answer short', async () => {
      practice.control.fault({ ...target, truncate: true });
      await assert.rejects(describeService(), /aborted|JSON|ECONNRESET/);
    });

    it('resets the connection before or after the change', async () => {
      const before = await describeService();
      practice.control.fault({ operation: 'UpdateService', times: 1, reset: 'before' });
      await assert.rejects(update({ forceNewDeployment: true }), { code: 'ECONNRESET' });
      assert.equal((await describeService()).deployments?.[0]?.id, before.deployments?.[0]?.id);
      practice.control.fault({ operation: 'UpdateService', times: 1, reset: 'after' });
      await assert.rejects(update({ forceNewDeployment: true }), { code: 'ECONNRESET' });
      assert.notEqual((await describeService()).deployments?.[0]?.id, before.deployments?.[0]?.id);
    });

    it('can be set and cleared over HTTP, and by service', async () => {
      const faults = `${practice.awsEndpoint}/_practice/faults`;
      await fetch(faults, { method: 'POST', body: JSON.stringify({ service: 'logs', status: 503, body: 'no' }) });
      await assert.rejects(errors());
      await describeService();
      await fetch(faults, { method: 'DELETE' });
      await errors();
      assert.equal((await fetch(faults, { method: 'PUT' })).status, 404);
    });
  });

  describe('PostgreSQL', () => {
    it('really has no connection left when exhausted', async () => {
      await practice.control.state('exhausted');
      await assert.rejects(connect(), { code: '53300', message: 'sorry, too many clients already' });
    });

    it('works when healthy, and shows who holds connections', async () => {
      await practice.control.database('healthy');
      const { rows } = await connect();
      assert.ok(rows.filter((row) => row.application_name === 'healthflow-backend' && row.state === 'idle').length > 0);
      await practice.control.database('exhausted');
      await assert.rejects(connect(), { code: '53300' });
    });
  });

  describe('HealthFlow API', () => {
    it('is unhealthy while the database is exhausted, and so are its portals', async () => {
      const health = await fetch(`${practice.apiOrigin}/health`);
      assert.equal(health.status, 503);
      const body = await health.json() as { status: string; checks: { database: { status: string } } };
      assert.deepEqual([body.status, body.checks.database.status], ['unhealthy', 'down']);
      const portal = await fetch(practice.origins['https://portal.healthflow.gov.eg'] ?? '');
      assert.equal(portal.status, 502);
      const pharmacy = await fetch(practice.origins['https://pharmacy.healthflow.gov.eg'] ?? '');
      assert.equal(pharmacy.status, 200);
    });

    it('tells its version', async () => {
      const version = await (await fetch(`${practice.apiOrigin}/version`)).json() as Record<string, string>;
      assert.deepEqual(Object.keys(version).sort(), ['commit', 'deployedAt', 'version']);
      assert.equal(version['version'], '2.14.1');
    });

    it('answers what it is told to, or never', async () => {
      practice.control.api({ health: { status: 200, body: { status: 'healthy' } }, version: { hang: true } });
      assert.equal((await fetch(`${practice.apiOrigin}/health`)).status, 200);
      await assert.rejects(fetch(`${practice.apiOrigin}/version`, { signal: AbortSignal.timeout(200) }), { name: 'TimeoutError' });
    });
  });
});
