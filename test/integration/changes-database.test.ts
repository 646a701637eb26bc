import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateDBInstanceCommand, CreateDBParameterGroupCommand, type DBInstance, DeleteDBInstanceCommand, DescribeDBInstancesCommand, DescribeDBParametersCommand, ModifyDBInstanceCommand, ModifyDBParameterGroupCommand, RDSClient, RebootDBInstanceCommand } from '@aws-sdk/client-rds';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { AwsSession } from '../../src/services/aws/session.ts';
import { type Practice, startPractice } from '../practice/environment.ts';
import { accessDenied } from '../practice/faults.ts';
import { DATABASE, DATABASE_CLASS, MAX_CONNECTIONS, PARAMETER_GROUP, REGION } from '../practice/resources.ts';
import { NO_AWS } from '../support/aws-stub.ts';
import { type TestRunner, type WorldOptions, buildRunner, runbookWith } from '../support/build-runner.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';
import { useEnvironment } from '../support/environment-variables.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const BIGGER = 'db.r5.2xlarge';
const never = new AbortController().signal;

describe('changes to the database', function () {
  this.timeout(60_000);
  const folder = useTemporaryFolder();
  let dir: string;
  let practice: Practice;
  let rds: RDSClient;
  let session: AwsSession;
  let ahead = 0;
  const clock = { now: (): number => Date.now() + ahead };
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'changes-database-'));
    practice = await startPractice({ dir, clock, tickMs: 3_600_000, state: 'healthy' });
    rds = new RDSClient({ endpoint: practice.awsEndpoint, region: REGION, maxAttempts: 1, credentials: { accessKeyId: 'practice', secretAccessKey: 'practice' } });
  });
  useEnvironment(() => ({ ...NO_AWS, ...practice.env }), 'suite');
  after(async () => {
    rds?.destroy();
    await practice?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const instance = async (identifier = DATABASE): Promise<DBInstance> =>
    (await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier }))).DBInstances?.[0] ?? assert.fail();
  const connections = async (group = PARAMETER_GROUP): Promise<readonly (string | undefined)[]> => {
    const { Parameters = [] } = await rds.send(new DescribeDBParametersCommand({ DBParameterGroupName: group }));
    const found = Parameters.find(({ ParameterName }) => ParameterName === 'max_connections');
    return [found?.ParameterValue, found?.Source];
  };
  const applyStatus = async (): Promise<string | undefined> => (await instance()).DBParameterGroups?.[0]?.ParameterApplyStatus;
  const writes = (): readonly string[] => practice.control.calls().filter(({ write, service }) => write && service === 'rds').map(({ operation }) => operation);
  const build = (world: WorldOptions = {}): Promise<TestRunner> => buildRunner(folder(), { aws: session, clock, ...world });
  /** The bundled runbook, whose production database is another one. */
  const withDatabase = (databaseInstance: string): WorldOptions => {
    const aws = bundledRunbook().environments['production']?.aws ?? assert.fail();
    return { runbook: runbookWith({ aws: { ...aws, databaseInstance } }) };
  };

  beforeEach(async () => {
    session = new AwsSession({ region: REGION, endpoint: practice.awsEndpoint });
    practice.control.clearFaults();
    practice.control.rollout({ durationMs: 0, outcome: 'completed' });
    await rds.send(new ModifyDBParameterGroupCommand({ DBParameterGroupName: PARAMETER_GROUP, Parameters: [{ ParameterName: 'max_connections', ParameterValue: String(MAX_CONNECTIONS), ApplyMethod: 'pending-reboot' }] }));
    await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: DATABASE, DBInstanceClass: DATABASE_CLASS, AllocatedStorage: 200, EngineVersion: '16.4', ApplyImmediately: true }));
    await instance();
    await rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: DATABASE }));
    const { DBInstanceStatus, DBInstanceClass, PendingModifiedValues } = await instance();
    assert.deepEqual([DBInstanceStatus, DBInstanceClass, PendingModifiedValues?.DBInstanceClass, await applyStatus()], ['available', DATABASE_CLASS, undefined, 'in-sync']);
    practice.control.clearCalls();
  });
  afterEach(() => { session.dispose(); });

  /** A plan on the timeline that was asked for, and whose window ended before it wrote down what came of it. */
  async function crashed(step: string, inputs: Readonly<Record<string, unknown>>): Promise<{ readonly incident: string; readonly plan: string }> {
    const { run, ledger, incident } = await build();
    const { plan, change = '' } = await run(step, inputs);
    await ledger.append(incident, { type: 'change.requested', plan: change, hash: plan?.hash ?? '', origin: 'window-that-ended' });
    // Nobody can be making it any more.
    ahead += 121_000;
    practice.control.clearCalls();
    return { incident, plan: change };
  }

  describe('scaleDatabase', () => {
    it('plans the outage and everything that is applied with it, and writes nothing', async () => {
      await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: DATABASE, EngineVersion: '16.6', AllocatedStorage: 300 }));
      practice.control.clearCalls();
      const { run } = await build();
      const { status, plan, summary } = await run('scaleDatabase');
      assert.deepEqual([status, summary], ['planned', `Change ${DATABASE} from ${DATABASE_CLASS} to ${BIGGER} at once and apply 2 pending modifications`]);
      assert.deepEqual(plan?.differences, [
        { name: 'Instance class', before: `${DATABASE_CLASS} (4 vCPU, 32 GiB)`, after: `${BIGGER} (8 vCPU, 64 GiB)` },
        { name: 'Pending: AllocatedStorage', before: '200', after: '300' },
        { name: 'Pending: EngineVersion', before: '16.4', after: '16.6' },
      ]);
      const said = plan.hazards.map(({ level, text }) => `${level}: ${text}`).join('\n');
      assert.match(said, /danger: An outage: \S+ is Multi-AZ.*1 to 2 minutes/);
      assert.match(said, /danger: Everything that is pending is applied at once too: AllocatedStorage from 200 to 300, EngineVersion from 16\.4 to 16\.6\. An upgrade of the engine/);
      assert.match(said, /note: The parameter group healthflow-production-pg sets max_connections to 200/);
      assert.deepEqual([plan.effect, plan.approval, plan.undo.possible, plan.target.resource], ['destructive', 'confirm', false, DATABASE]);
      assert.match(plan.undo.how, /^No undo: going back is another outage/);
      assert.equal(plan.command, `aws rds modify-db-instance --db-instance-identifier ${DATABASE} --db-instance-class ${BIGGER} --apply-immediately --region ${REGION}`);
      assert.deepEqual(writes(), []);
    });

    it('changes the class, follows it until it is available, and offers no way back', async () => {
      practice.control.rollout({ durationMs: 500 });
      const { change, runner, incident } = await build();
      const { status, level, summary, event = '' } = await change('scaleDatabase');
      assert.deepEqual([status, level, summary], ['done', 'ok', `${DATABASE} is ${BIGGER} and available`]);
      const { DBInstanceClass, DBInstanceStatus } = await instance();
      assert.deepEqual([DBInstanceClass, DBInstanceStatus], [BIGGER, 'available']);
      assert.deepEqual(writes(), ['ModifyDBInstance']);
      const back = await runner.undo({ incident, event }, never);
      assert.deepEqual([back.status, writes()], ['refused', ['ModifyDBInstance']]);
      assert.match(back.summary, /cannot be undone: No undo: going back is another outage/);
    });

    const REFUSALS: readonly (readonly [what: string, inputs: Readonly<Record<string, unknown>>, says: RegExp])[] = [
      ['the same class', { instanceClass: DATABASE_CLASS }, /is db\.r5\.xlarge already/],
      ['a smaller class', { instanceClass: 'db.r5.large' }, /db\.r5\.large \(2 vCPU, 16 GiB\) is smaller than today's db\.r5\.xlarge \(4 vCPU, 32 GiB\).*"allowSmaller"/],
      ['a class with as many CPUs and less memory', { instanceClass: 'db.m5.xlarge' }, /db\.m5\.xlarge \(4 vCPU, 16 GiB\) is smaller than/],
      ['a class of unknown size', { instanceClass: 'db.q9.huge' }, /cannot be compared.*db\.q9\.huge is not known here/],
      ['a class that RDS does not offer', { instanceClass: 'db.r4.16xlarge' }, /does not offer db\.r4\.16xlarge for postgres 16\.4 with Multi-AZ in eu-central-1/],
      ['what is no class', { instanceClass: 'big; rm' }, /is no instance class/],
      ['the instance of somebody else', { instance: 'healthflow-staging-db' }, /is not the database instance of "production" \(that is healthflow-production-db\)/],
    ];
    for (const [what, inputs, says] of REFUSALS) {
      it(`refuses ${what}`, async () => {
        const { run } = await build();
        const { status, summary, plan } = await run('scaleDatabase', inputs);
        assert.deepEqual([status, plan, writes()], ['refused', undefined, []]);
        assert.match(summary, says);
      });
    }

    it('takes a smaller class when that is meant, and says what it costs', async () => {
      const { change } = await build();
      const { status, plan } = await change('scaleDatabase', { instanceClass: 'db.r5.large', allowSmaller: true });
      assert.equal(status, 'done');
      assert.ok(plan?.hazards.some(({ level, text }) => level === 'danger' && text.startsWith('db.r5.large is smaller than db.r5.xlarge')), JSON.stringify(plan?.hazards));
      assert.equal((await instance()).DBInstanceClass, 'db.r5.large');
    });

    it('does not need the right to ask whether the class is offered', async () => {
      practice.control.fault(accessDenied({ operation: 'DescribeOrderableDBInstanceOptions' }));
      const { run } = await build();
      const { status, plan } = await run('scaleDatabase');
      assert.equal(status, 'planned');
      assert.match(plan?.hazards.at(-1)?.text ?? '', /^Whether RDS offers db\.r5\.2xlarge here could not be checked: .*not authorized/);
    });

    it('refuses while the instance is being changed', async () => {
      practice.control.rollout({ durationMs: 600_000 });
      await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: DATABASE, AllocatedStorage: 250, ApplyImmediately: true }));
      practice.control.clearCalls();
      const { run } = await build();
      const { status, summary } = await run('scaleDatabase');
      assert.deepEqual([status, writes()], ['refused', []]);
      assert.match(summary, /is "modifying"\. .*aws rds wait db-instance-available --db-instance-identifier healthflow-production-db/);
      ahead += 600_000;
    });

    it('does not apply a plan to which a pending modification was added since', async () => {
      const { run } = await build();
      const { plan } = await run('scaleDatabase');
      await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: DATABASE, EngineVersion: '16.6' }));
      practice.control.clearCalls();
      const { runner, incident } = await build();
      const shown = await runner.run({ incident, step: 'scaleDatabase' }, never);
      assert.notEqual(shown.plan?.hash, plan?.hash);
      await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: DATABASE, AllocatedStorage: 400 }));
      practice.control.clearCalls();
      const applied = await runner.run({ incident, step: 'scaleDatabase', approve: shown.plan?.hash }, never);
      assert.deepEqual([applied.status, writes()], ['refused', []]);
      assert.match(applied.summary, /something has changed \(pending\)/);
    });

    it('sees that it failed', async () => {
      practice.control.rollout({ outcome: 'failed' });
      const { change } = await build();
      const { status, level, summary } = await change('scaleDatabase');
      assert.deepEqual([status, level], ['failed', 'bad']);
      assert.match(summary, /is "incompatible-parameters" \(db\.r5\.xlarge\): a parameter does not fit/);
    });

    it('says what became of a call without an answer, and does not repeat it', async () => {
      for (const [reset, status, says, cls] of [['before', 'failed', /^Nothing was changed\. /, DATABASE_CLASS], ['after', 'done', new RegExp(`is ${BIGGER} and available`), BIGGER]] as const) {
        practice.control.clearCalls();
        practice.control.fault({ service: 'rds', operation: 'ModifyDBInstance', times: 1, reset });
        const { change } = await build();
        const result = await change('scaleDatabase');
        assert.deepEqual([result.status, writes(), (await instance()).DBInstanceClass], [status, ['ModifyDBInstance'], cls]);
        assert.match(result.summary, says);
      }
    });

    it('tells the truth after a crash', async () => {
      const before = await crashed('scaleDatabase', {});
      const { runner } = await build();
      const nothing = await runner.followUp(before.incident, before.plan, never);
      assert.deepEqual([nothing?.status, writes()], ['failed', []]);
      assert.match(nothing?.summary ?? '', /^It was interrupted before it was made, and nothing has changed\./);

      const behind = await crashed('scaleDatabase', {});
      await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: DATABASE, DBInstanceClass: BIGGER, ApplyImmediately: true }));
      const made = await runner.followUp(behind.incident, behind.plan, never);
      assert.deepEqual([made?.status, made?.summary], ['done', `Looked at again after an interruption: ${DATABASE} is ${BIGGER} and available`]);
    });
  });

  describe('raiseDatabaseConnections', () => {
    it('raises by half, says that PostgreSQL needs a reboot, reboots as a plan of its own, and goes back', async () => {
      const { change, undo, run } = await build();
      const planned = await run('raiseDatabaseConnections');
      assert.equal(planned.summary, `Raise max_connections of ${DATABASE} from 200 to 300; it takes effect after a reboot`);
      assert.deepEqual(planned.plan?.after, { kind: 'parameter', instance: DATABASE, parameterGroup: PARAMETER_GROUP, value: '300', method: 'pending-reboot' });
      assert.equal(planned.plan?.command, `aws rds modify-db-parameter-group --db-parameter-group-name ${PARAMETER_GROUP} --parameters ParameterName=max_connections,ParameterValue=300,ApplyMethod=pending-reboot --region ${REGION}`);
      assert.match(planned.plan?.hazards.map(({ text }) => text).join('\n') ?? '', /static parameter.*\n300 connections of about 10 MB each may take 2\.8 of the 32 GiB of db\.r5\.xlarge \(9 %\)/);
      assert.match(planned.plan?.undo.how ?? '', /^Can be undone: max_connections is set back to 200, which again takes effect after a reboot/);
      assert.deepEqual(writes(), []);

      const raised = await change('raiseDatabaseConnections');
      assert.deepEqual([raised.status, raised.summary], ['done', `max_connections in ${PARAMETER_GROUP} is 300. It takes effect after a reboot of ${DATABASE}: plan it with the same step and the input reboot: true`]);
      assert.deepEqual([await connections(), await applyStatus()], [['300', 'user'], 'pending-reboot']);

      practice.control.rollout({ durationMs: 500 });
      const rebooted = await change('raiseDatabaseConnections', { reboot: true });
      assert.deepEqual([rebooted.status, rebooted.summary], ['done', `${DATABASE} is available again and its parameters are in effect: max_connections 300`]);
      assert.deepEqual([await applyStatus(), (await instance()).DBInstanceStatus], ['in-sync', 'available']);
      assert.deepEqual([rebooted.plan?.undo.possible, rebooted.plan?.hazards[0]?.level], [false, 'danger']);

      const back = await undo(raised.event);
      assert.equal(back.status, 'done', back.summary);
      assert.deepEqual([await connections(), await applyStatus()], [['200', 'user'], 'pending-reboot']);
      assert.deepEqual(writes(), ['ModifyDBParameterGroup', 'RebootDBInstance', 'ModifyDBParameterGroup']);
    });

    for (const [what, inputs, says] of [
      ['to lower it', { maxConnections: 100 }, /max_connections is 200 already .*only raises it: 100 is not more/],
      ['the value of now', { maxConnections: 200 }, /is not more/],
      ['a value out of range', { maxConnections: 262_144 }, /from 6 to 262143 here, not 262144/],
      ['half a connection', { maxConnections: 250.5 }, /"maxConnections" must be a whole number/],
      ['a reboot for which nothing waits', { reboot: true }, /Nothing of healthflow-production-db waits for a reboot.*"in-sync"/],
      ['the instance of somebody else', { instance: 'healthflow-staging-db' }, /is not the database instance of "production"/],
    ] as const) {
      it(`refuses ${what}`, async () => {
        const { run } = await build();
        const { status, summary } = await run('raiseDatabaseConnections', inputs);
        assert.deepEqual([status, writes()], ['refused', []]);
        assert.match(summary, says);
      });
    }

    it('sends a default group away with the commands that make one of its own', async () => {
      await rds.send(new CreateDBInstanceCommand({ DBInstanceIdentifier: 'default-db', DBInstanceClass: DATABASE_CLASS, Engine: 'postgres', EngineVersion: '16.4', AllocatedStorage: 20, MasterUsername: 'x', MasterUserPassword: 'practice-only' }));
      practice.control.clearCalls();
      const { run } = await build(withDatabase('default-db'));
      const { status, summary, fix } = await run('raiseDatabaseConnections', { maxConnections: 5400 });
      assert.deepEqual([status, writes()], ['refused', []]);
      assert.match(summary, /default\.postgres16 is a default parameter group, which nobody can edit\..*create-db-parameter-group --db-parameter-group-name default-db-parameters --db-parameter-group-family postgres16 .* && .*ParameterValue=5400,ApplyMethod=pending-reboot.* && .*modify-db-instance.* && .*wait.* && .*reboot-db-instance/);
      assert.equal(fix?.command, 'incidentRunbook.copyText');
      await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'default-db', SkipFinalSnapshot: true }));
    });

    it('warns of others that use the group, and takes out on undo what the group did not set', async () => {
      await rds.send(new CreateDBParameterGroupCommand({ DBParameterGroupName: 'shared-pg', DBParameterGroupFamily: 'postgres16', Description: 'x' }));
      for (const name of ['shared-a', 'shared-b']) {
        await rds.send(new CreateDBInstanceCommand({ DBInstanceIdentifier: name, DBInstanceClass: DATABASE_CLASS, Engine: 'postgres', EngineVersion: '16.4', AllocatedStorage: 20, DBParameterGroupName: 'shared-pg', MasterUsername: 'x', MasterUserPassword: 'practice-only' }));
      }
      practice.control.clearCalls();
      const { change, undo } = await build(withDatabase('shared-a'));
      const raised = await change('raiseDatabaseConnections', { maxConnections: 4000 });
      assert.equal(raised.status, 'done', raised.summary);
      assert.deepEqual(raised.plan?.differences[0], { name: 'max_connections in shared-pg', before: 'at most 3604 (default formula)', after: '4000' });
      assert.ok(raised.plan?.hazards.some(({ level, text }) => level === 'warn' && /is used by shared-b too: they take the value with their next reboot/.test(text)), JSON.stringify(raised.plan?.hazards));
      assert.ok(raised.plan?.hazards.some(({ level, text }) => level === 'danger' && /may take 37\.3 of the 32 GiB of db\.r5\.xlarge \(116 %\)\. The instance may run out of memory/.test(text)), JSON.stringify(raised.plan?.hazards));
      assert.deepEqual(await connections('shared-pg'), ['4000', 'user']);
      const back = await undo(raised.event);
      assert.equal(back.status, 'done', back.summary);
      assert.deepEqual(await connections('shared-pg'), ['LEAST({DBInstanceClassMemory/9531392},5000)', 'system']);
      assert.deepEqual(writes(), ['ModifyDBParameterGroup', 'ResetDBParameterGroup']);
      for (const name of ['shared-a', 'shared-b']) {
        await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: name, SkipFinalSnapshot: true }));
      }
    });

    it('takes effect at once in MySQL', async () => {
      await rds.send(new CreateDBParameterGroupCommand({ DBParameterGroupName: 'mysql-pg', DBParameterGroupFamily: 'mysql8.0', Description: 'x' }));
      await rds.send(new CreateDBInstanceCommand({ DBInstanceIdentifier: 'mysql-db', DBInstanceClass: 'db.m5.large', Engine: 'mysql', EngineVersion: '8.0.35', AllocatedStorage: 20, DBParameterGroupName: 'mysql-pg', MasterUsername: 'x', MasterUserPassword: 'practice-only' }));
      const { change } = await build(withDatabase('mysql-db'));
      const { status, summary, plan } = await change('raiseDatabaseConnections', { maxConnections: 1000 });
      assert.deepEqual([status, plan?.after['method']], ['done', 'immediate']);
      assert.match(summary, /is 1000 and takes effect at once; the parameters of mysql-db are in-sync/);
      assert.deepEqual(await connections('mysql-pg'), ['1000', 'user']);
      await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'mysql-db', SkipFinalSnapshot: true }));
    });

    it('does not undo what somebody else has changed since', async () => {
      const { change, runner, incident } = await build();
      const { event = '' } = await change('raiseDatabaseConnections');
      await rds.send(new ModifyDBParameterGroupCommand({ DBParameterGroupName: PARAMETER_GROUP, Parameters: [{ ParameterName: 'max_connections', ParameterValue: '500', ApplyMethod: 'pending-reboot' }] }));
      practice.control.clearCalls();
      const { status, summary } = await runner.undo({ incident, event }, never);
      assert.deepEqual([status, writes()], ['refused', []]);
      assert.match(summary, /is 500 now, no longer 300: somebody else has changed it/);
    });

    it('sees that the reboot ended badly', async () => {
      const { change } = await build();
      await change('raiseDatabaseConnections');
      practice.control.rollout({ outcome: 'failed' });
      const { status, summary } = await change('raiseDatabaseConnections', { reboot: true });
      assert.equal(status, 'failed');
      assert.match(summary, /is "incompatible-parameters" after the reboot/);
    });

    it('says what became of calls without an answer, and does not repeat them', async () => {
      for (const [operation, inputs] of [['ModifyDBParameterGroup', {}], ['RebootDBInstance', { reboot: true }]] as const) {
        for (const [reset, status] of [['before', 'failed'], ['after', 'done']] as const) {
          practice.control.clearCalls();
          practice.control.fault({ service: 'rds', operation, times: 1, reset });
          const { change } = await build();
          const result = await change('raiseDatabaseConnections', inputs);
          assert.deepEqual([result.status, writes()], [status, [operation]], result.summary);
          assert.equal(result.summary.startsWith('Nothing was changed.'), status === 'failed', result.summary);
        }
      }
      assert.deepEqual([await connections(), await applyStatus()], [['300', 'user'], 'in-sync']);
    });

    it('tells the truth after a crash', async () => {
      const first = await crashed('raiseDatabaseConnections', {});
      const { runner } = await build();
      const nothing = await runner.followUp(first.incident, first.plan, never);
      assert.deepEqual([nothing?.status, writes()], ['failed', []]);
      assert.match(nothing?.summary ?? '', /nothing has changed\. max_connections in healthflow-production-pg is 200, as before/);

      const second = await crashed('raiseDatabaseConnections', {});
      await rds.send(new ModifyDBParameterGroupCommand({ DBParameterGroupName: PARAMETER_GROUP, Parameters: [{ ParameterName: 'max_connections', ParameterValue: '300', ApplyMethod: 'pending-reboot' }] }));
      const made = await runner.followUp(second.incident, second.plan, never);
      assert.equal(made?.status, 'done', made?.summary);
      assert.match(made.summary, /^Looked at again after an interruption: max_connections in healthflow-production-pg is 300\. It takes effect after a reboot/);

      const reboot = await crashed('raiseDatabaseConnections', { reboot: true });
      await rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: DATABASE }));
      const back = await runner.followUp(reboot.incident, reboot.plan, never);
      assert.equal(back?.status, 'done', back?.summary);
    });
  });
});
