import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { describeInstance, isOffered, sharersOf } from '../../../src/services/aws/rds.ts';
import { rebootInstance, setConnections } from '../../../src/services/aws/rds-changes.ts';
import { data, refusal, useAwsStub } from '../../support/aws-stub.ts';

const never = new AbortController().signal;

const wire = (name: string, group: string, more: object = {}): object => ({
  DBInstanceIdentifier: name, Engine: 'postgres', EngineVersion: '16.4', AllocatedStorage: 200, MultiAZ: true, DBParameterGroups: { DBParameterGroup: { DBParameterGroupName: group, ParameterApplyStatus: 'in-sync' } }, ...more,
});

describe('RDS', () => {
  const aws = useAwsStub();

  it('lists everything that is pending, with the value of now, and never a password', async () => {
    aws.on('DescribeDBInstances', () => data({ DBInstances: { DBInstance: wire('db', 'group', {
      PendingModifiedValues: {
        MasterUserPassword: '****', AllocatedStorage: 300, EngineVersion: '16.6', MultiAZ: false,
        PendingCloudwatchLogsExports: { LogTypesToEnable: { member: ['postgresql'] } },
      },
    }) } }));
    const { pending } = await describeInstance(aws.session, 'db', never);
    assert.deepEqual(pending, [
      { name: 'AllocatedStorage', from: '200', to: '300' },
      { name: 'EngineVersion', from: '16.4', to: '16.6' },
      { name: 'MasterUserCredential', from: 'as it is', to: 'a new one' },
      { name: 'MultiAZ', from: 'true', to: 'false' },
      { name: 'PendingCloudwatchLogsExports', from: '', to: '{"LogTypesToEnable":["postgresql"]}' },
    ]);
  });

  it('finds the others that use a parameter group, on every page', async () => {
    aws.on('DescribeDBInstances', ({ DBInstanceIdentifier, Marker }) => data(DBInstanceIdentifier !== undefined ? { DBInstances: { DBInstance: wire('db', 'group') } }
      : Marker === undefined ? { DBInstances: { DBInstance: [wire('db', 'group'), wire('z', 'group'), wire('other', 'own')] }, Marker: 'more' }
        : { DBInstances: { DBInstance: wire('a', 'group') } }));
    const instance = await describeInstance(aws.session, 'db', never);
    assert.deepEqual(await sharersOf(aws.session, instance, never), ['a', 'z']);
  });

  it('knows a class that is offered, but not with a standby', async () => {
    aws.on('DescribeDBInstances', () => data({ DBInstances: { DBInstance: wire('db', 'group') } }));
    const instance = await describeInstance(aws.session, 'db', never);
    for (const [capable, multiAz, offered] of [[true, true, true], [false, true, false], [false, false, true]] as const) {
      aws.on('DescribeOrderableDBInstanceOptions', () => data({ OrderableDBInstanceOptions: { OrderableDBInstanceOption: { DBInstanceClass: 'db.r5.large', MultiAZCapable: capable } } }));
      assert.equal(await isOffered(aws.session, { ...instance, multiAz }, 'db.r5.large', never), offered);
    }
    aws.on('DescribeOrderableDBInstanceOptions', () => data({ OrderableDBInstanceOptions: {} }));
    assert.equal(await isOffered(aws.session, instance, 'db.r5.large', never), false);
  });

  it('sends a change once, whatever comes of it', async () => {
    aws.on('RebootDBInstance', () => refusal('InternalFailure', 'try again', 500));
    aws.on('ResetDBParameterGroup', () => refusal('Throttling', 'Rate exceeded'));
    await assert.rejects(rebootInstance(aws.session, 'db'), /rebooting db/);
    await assert.rejects(setConnections(aws.session, 'group', undefined, 'pending-reboot'), /throttles requests/);
    assert.deepEqual(aws.calls.map(({ operation, input }) => [operation, input['ForceFailover'] ?? input['ResetAllParameters']]), [['RebootDBInstance', 'false'], ['ResetDBParameterGroup', 'false']]);
  });
});
