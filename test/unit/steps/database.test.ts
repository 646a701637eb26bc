import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { data, refusal, useAwsStub } from '../../support/aws-stub.ts';
import { buildRunner } from '../../support/build-runner.ts';
import { START } from '../../support/clock.ts';
import { usePostgresStubs } from '../../support/postgres-stub.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

describe('checkDatabaseConnectivity', () => {
  const folder = useTemporaryFolder();
  const postgres = usePostgresStubs();

  it('says how many connections are in use, and warns when hardly any is left', async () => {
    for (const [used, level] of [[42, 'ok'], [94, 'ok'], [95, 'warn'], [100, 'warn']] as const) {
      const { run } = await buildRunner(folder(), { databaseUrl: await postgres({ kind: 'usage', used, max: 100 }) });
      const result = await run('checkDatabaseConnectivity');
      assert.equal(result.level, level);
      assert.match(result.summary, new RegExp(`^Connected in \\d+ ms, ${used} of 100 connections in use$`));
    }
  });

  it('takes "too many connections" for a finding, and points to the scenario', async () => {
    const { run } = await buildRunner(folder(), { databaseUrl: await postgres({ kind: 'refuse', code: '53300', message: 'sorry, too many clients already' }) });
    const { status, level, summary, evidence } = await run('checkDatabaseConnectivity');
    assert.deepEqual([status, level, summary], ['done', 'bad', 'every connection slot is taken (sorry, too many clients already) [SQLSTATE 53300, too many connections]']);
    assert.match(evidence?.markdown ?? '', /scenario 12\.1/);
    assert.equal(evidence?.data['code'], '53300');
  });

  it('says who holds the connections, and which of it is not visible', async () => {
    const { run } = await buildRunner(folder(), { databaseUrl: await postgres({ kind: 'usage', used: 20, max: 100, holders: [
      { application: 'healthflow-backend', user: 'healthflow_app', state: 'idle in transaction', hidden: false, count: 12, idle: 754 },
      { application: '', user: 'reporting', state: null, hidden: true, count: 7, idle: null },
    ] }) });
    const { level, evidence } = await run('checkDatabaseConnectivity');
    assert.equal(level, 'ok');
    assert.deepEqual(evidence?.data['holders'], {
      groups: [
        { application: 'healthflow-backend', user: 'healthflow_app', state: 'idle in transaction', count: 12, idleInTransactionSeconds: 754 },
        { application: '', user: 'reporting', state: null, count: 7, idleInTransactionSeconds: null },
      ],
      unlisted: 0, hidden: 7,
    });
    assert.match(evidence.markdown, /\| ` healthflow-backend ` \| ` healthflow_app ` \| idle in transaction \| 12 \| 12 min \|\n\| not named \| ` reporting ` \| not visible \| 7 \| – \|/);
    assert.match(evidence.markdown, /The state of 7 of them is not visible to the role of this connection.*GRANT pg\\_read\\_all\\_stats/);
  });

  it('lists the largest groups and counts the rest', async () => {
    const holders = Array.from({ length: 30 }, (_, index) => ({ application: `worker-${index}`, user: 'app', state: 'idle', hidden: false, count: 2, idle: null }));
    const { run } = await buildRunner(folder(), { databaseUrl: await postgres({ kind: 'usage', used: 61, max: 100, holders }) });
    const { evidence } = await run('checkDatabaseConnectivity');
    assert.equal(evidence?.markdown.match(/worker-\d+/g)?.length, 25);
    assert.match(evidence.markdown, /\n10 more in smaller groups\./);
  });

  it('says that nobody can look while every slot is taken, and who still could', async () => {
    for (const [message, says, saysNot] of [
      ['sorry, too many clients already', /cannot be read now: this check gets no connection either/, /reserved|limit is that/],
      ['remaining connection slots are reserved for roles with the SUPERUSER attribute', /The last slots are reserved \(superuser\\_reserved\\_connections/, /limit is that/],
      ['too many connections for role "app"', /The limit is that of the role or of the database/, /slots are reserved/],
    ] as const) {
      const { run } = await buildRunner(folder(), { databaseUrl: await postgres({ kind: 'refuse', code: '53300', message }) });
      const { evidence } = await run('checkDatabaseConnectivity');
      const text = (evidence?.markdown ?? '').split('\n\n').slice(1).join('\n\n');
      assert.match(text, says);
      assert.doesNotMatch(text, saysNot);
      assert.equal(evidence?.data['holders'], undefined);
    }
  });

  it('finds that nothing listens', async () => {
    const { run } = await buildRunner(folder(), { databaseUrl: 'postgres://app:hunter2hunter2@127.0.0.1:1/portal' });
    const { level, summary, evidence } = await run('checkDatabaseConnectivity');
    assert.deepEqual([level, summary], ['bad', 'the server refuses connections: it is down, or not on that port [ECONNREFUSED]']);
    assert.match(evidence?.markdown ?? '', /` 127\.0\.0\.1:1\/portal `/);
    assert.doesNotMatch(JSON.stringify(evidence), /hunter2/);
  });

  it('is unknown when no connection is set, and says how to set one', async () => {
    const { run } = await buildRunner(folder());
    const { status, level, evidence } = await run('checkDatabaseConnectivity');
    assert.deepEqual([status, level], ['done', 'unknown']);
    assert.match(evidence?.markdown ?? '', /Incident: Set Database Connection.*DATABASE_URL/);
  });

  it('fails with what to set when the connection string is none', async () => {
    const { run } = await buildRunner(folder(), { databaseUrl: 'db.internal' });
    const { status, summary } = await run('checkDatabaseConnectivity');
    assert.equal(status, 'failed');
    assert.match(summary, /Set it again with "Incident: Set Database Connection"/);
  });
});

describe('checkConnectionPool', () => {
  const folder = useTemporaryFolder();
  const aws = useAwsStub();

  /** RDS and its metric: points as `[minutes ago, average, maximum]`. */
  function database({ points = [[5, 40, 42]], parameter, instance = {} }: {
    readonly points?: readonly (readonly [minutesAgo: number, average: number, maximum: number])[];
    readonly parameter?: string;
    readonly instance?: object;
  } = {}): void {
    aws.on('DescribeDBInstances', () => data({
      DBInstances: { DBInstance: {
        DBInstanceIdentifier: 'healthflow-production-db', Engine: 'postgres', EngineVersion: '16.4', DBInstanceClass: 'db.r6g.large', DBInstanceStatus: 'available',
        DBParameterGroups: { DBParameterGroup: { DBParameterGroupName: 'healthflow-16' } }, ...instance,
      } },
    }));
    // The parameter stands on the second page.
    aws.on('DescribeDBParameters', ({ Marker }) => data(Marker === undefined
      ? { Parameters: { Parameter: { ParameterName: 'autovacuum', ParameterValue: '1' } }, Marker: 'more' }
      : { Parameters: { Parameter: [{ ParameterName: 'max_connections', ...(parameter === undefined ? {} : { ParameterValue: parameter }) }, { ParameterName: 'x' }] } }));
    aws.on('GetMetricStatistics', () => data({ Datapoints: points.map(([minutesAgo, Average, Maximum]) => ({ Timestamp: (START - minutesAgo * 60_000) / 1000, Average, Maximum })) }));
  }

  it('holds the newest of unordered points against the parameter group', async () => {
    database({ parameter: '100', points: [[5, 90.4, 96], [15, 20, 30], [10, 50, 60]] });
    const { run } = await buildRunner(folder(), { aws: aws.session });
    const { level, summary, evidence } = await run('checkConnectionPool');
    assert.deepEqual([level, summary], ['bad', '96 of 100 connections (96 %)']);
    assert.deepEqual(evidence?.data, { instance: 'healthflow-production-db', instanceClass: 'db.r6g.large', status: 'available', last: 96, lastAt: '2026-11-23T02:55:00.000Z', maximum: 96, limit: 100, percent: 96 });
    assert.match(evidence?.markdown ?? '', /90 average, 96 maximum \| 96 \| 100 \(parameter group healthflow\\-16\) \| ▃▅█ \|/);
    assert.deepEqual(evidence?.charts?.[0]?.limit, { label: 'max_connections 100', value: 100 });
    const metric = aws.calls.find(({ operation }) => operation === 'GetMetricStatistics')?.input;
    assert.deepEqual([metric?.['MetricName'], metric?.['Dimensions'], metric?.['Statistics']], ['DatabaseConnections', [{ Name: 'DBInstanceIdentifier', Value: 'healthflow-production-db' }], ['Average', 'Maximum']]);
    assert.deepEqual([metric?.['StartTime'], metric?.['EndTime']], [(START - 3_600_000) / 1000, START / 1000]);
  });

  for (const [maximum, level] of [[79, 'ok'], [80, 'warn'], [94, 'warn'], [95, 'bad']] as const) {
    it(`${maximum} % is ${level}`, async () => {
      database({ parameter: '100', points: [[1, 1, maximum]] });
      const { run } = await buildRunner(folder(), { aws: aws.session });
      assert.equal((await run('checkConnectionPool')).level, level);
    });
  }

  it('computes the limit by the default formula when the group sets none, as an upper bound', async () => {
    // LEAST(DBInstanceClassMemory / 9531392, 5000) of 16 GiB.
    database({ points: [[5, 40, 180]], parameter: 'LEAST({DBInstanceClassMemory/9531392},5000)' });
    const { run } = await buildRunner(folder(), { aws: aws.session });
    const { summary, evidence } = await run('checkConnectionPool');
    assert.equal(summary, '180 of 1802 connections (10 %)');
    assert.match(evidence?.markdown ?? '', /default formula for db\.r6g\.large, an upper bound/);
    database({ instance: { DBInstanceClass: 'db.r6g.16xlarge' } });
    assert.match((await run('checkConnectionPool')).summary, / of 5000 connections/);
  });

  it('is unknown when the limit is not known, or there are no points', async () => {
    const { run } = await buildRunner(folder(), { aws: aws.session });
    for (const instance of [{ DBInstanceClass: 'db.x9.weird' }, { Engine: 'mysql' }]) {
      database({ instance });
      assert.deepEqual([(await run('checkConnectionPool')).level, (await run('checkConnectionPool')).summary], ['unknown', '42 connections, the limit is not known']);
    }
    database({ points: [], parameter: '100' });
    const { level, summary, evidence } = await run('checkConnectionPool');
    assert.deepEqual([level, summary, evidence?.charts], ['unknown', 'No datapoints for healthflow-production-db in the last 60 min', []]);
    assert.match(evidence?.markdown ?? '', /the instance may be stopped, or its name in the runbook is wrong/);
  });

  it('warns of an instance that is not available', async () => {
    database({ parameter: '100', instance: { DBInstanceStatus: 'rebooting' } });
    const { run } = await buildRunner(folder(), { aws: aws.session });
    assert.deepEqual([(await run('checkConnectionPool')).level, (await run('checkConnectionPool')).summary], ['warn', '42 of 100 connections (42 %); the instance is rebooting']);
  });

  it('fails with what to correct when there is no such instance', async () => {
    database();
    aws.on('DescribeDBInstances', () => refusal('DBInstanceNotFound', 'DBInstance nope not found.', 404));
    const { run } = await buildRunner(folder(), { aws: aws.session });
    const { status, summary } = await run('checkConnectionPool', { instance: 'nope' });
    assert.deepEqual([status, summary], ['failed', 'There is no database instance "nope" in eu-central-1. Correct databaseInstance in the runbook, or the region.']);
  });
});
