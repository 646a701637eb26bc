import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { CreateLogGroupCommand, PutRetentionPolicyCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateDBInstanceCommand, CreateDBParameterGroupCommand, ModifyDBParameterGroupCommand } from '@aws-sdk/client-rds';
import type { AwsClients } from './aws-writer.ts';
import { ALARMS, DATABASE, DATABASE_CLASS, LOG_GROUP, MAX_CONNECTIONS, PARAMETER_GROUP } from './resources.ts';
import { seedCertificates } from './seed-certificates.ts';
import { seedService } from './seed-ecs.ts';
import { seedFirewall } from './seed-waf.ts';

/** Creates the resources of the emulated production: ECS service, database, alarms, log group, load balancer, firewall. */
export async function seedResources(clients: AwsClients): Promise<void> {
  await Promise.all([seedService(clients), seedDatabase(clients), seedAlarms(clients), seedLogGroup(clients), seedCertificates(clients), seedFirewall(clients.waf)]);
}

async function seedDatabase({ rds }: AwsClients): Promise<void> {
  await rds.send(new CreateDBParameterGroupCommand({
    DBParameterGroupName: PARAMETER_GROUP,
    DBParameterGroupFamily: 'postgres16',
    Description: 'HealthFlow production',
  }));
  await rds.send(new ModifyDBParameterGroupCommand({
    DBParameterGroupName: PARAMETER_GROUP,
    Parameters: [{ ParameterName: 'max_connections', ParameterValue: String(MAX_CONNECTIONS), ApplyMethod: 'pending-reboot' }],
  }));
  await rds.send(new CreateDBInstanceCommand({
    DBInstanceIdentifier: DATABASE,
    DBInstanceClass: DATABASE_CLASS,
    Engine: 'postgres',
    EngineVersion: '16.4',
    AllocatedStorage: 200,
    StorageType: 'gp3',
    MultiAZ: true,
    DBParameterGroupName: PARAMETER_GROUP,
    DBName: 'healthflow',
    MasterUsername: 'healthflow_admin',
    MasterUserPassword: 'practice-only',
    DeletionProtection: true,
  }));
}

async function seedAlarms({ cloudwatch }: AwsClients): Promise<void> {
  await Promise.all(ALARMS.map((alarm) => cloudwatch.send(new PutMetricAlarmCommand({
    AlarmName: alarm.name,
    AlarmDescription: alarm.description,
    Namespace: alarm.namespace,
    MetricName: alarm.metric,
    Dimensions: Object.entries(alarm.dimensions).map(([name, value]) => ({ Name: name, Value: value })),
    Statistic: alarm.statistic,
    Threshold: alarm.threshold,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    Period: 60,
    EvaluationPeriods: 3,
    TreatMissingData: 'missing',
  }))));
}

async function seedLogGroup({ logs }: AwsClients): Promise<void> {
  await logs.send(new CreateLogGroupCommand({ logGroupName: LOG_GROUP }));
  await logs.send(new PutRetentionPolicyCommand({ logGroupName: LOG_GROUP, retentionInDays: 30 }));
}
