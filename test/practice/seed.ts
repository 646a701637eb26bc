import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { CreateLogGroupCommand, PutRetentionPolicyCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateClusterCommand, CreateServiceCommand, RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { CreateDBInstanceCommand, CreateDBParameterGroupCommand, ModifyDBParameterGroupCommand } from '@aws-sdk/client-rds';
import type { AwsClients } from './aws-writer.ts';
import {
  ALARMS, CLUSTER, CONTAINER, DATABASE, DATABASE_CLASS, DESIRED_TASKS, LOG_GROUP, MAX_CONNECTIONS, PARAMETER_GROUP,
  REGION, RELEASE, SERVICE, TARGET_GROUP_ARN, TASK_FAMILY,
} from './resources.ts';

/** Creates the resources of the emulated production: ECS service, database, alarms, log group. */
export async function seedResources(clients: AwsClients): Promise<void> {
  await Promise.all([seedService(clients), seedDatabase(clients), seedAlarms(clients), seedLogGroup(clients)]);
}

async function seedService({ ecs }: AwsClients): Promise<void> {
  await ecs.send(new CreateClusterCommand({ clusterName: CLUSTER }));
  await ecs.send(new RegisterTaskDefinitionCommand({
    family: TASK_FAMILY,
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '1024',
    memory: '2048',
    containerDefinitions: [{
      name: CONTAINER,
      image: `123456789012.dkr.ecr.${REGION}.amazonaws.com/healthflow-backend:${RELEASE.version}`,
      essential: true,
      portMappings: [{ containerPort: 8080, protocol: 'tcp' }],
      logConfiguration: {
        logDriver: 'awslogs',
        options: { 'awslogs-group': LOG_GROUP, 'awslogs-region': REGION, 'awslogs-stream-prefix': 'backend' },
      },
    }],
  }));
  await ecs.send(new CreateServiceCommand({
    cluster: CLUSTER,
    serviceName: SERVICE,
    taskDefinition: TASK_FAMILY,
    desiredCount: DESIRED_TASKS,
    launchType: 'FARGATE',
    loadBalancers: [{ targetGroupArn: TARGET_GROUP_ARN, containerName: CONTAINER, containerPort: 8080 }],
    deploymentConfiguration: {
      minimumHealthyPercent: 100, maximumPercent: 200, deploymentCircuitBreaker: { enable: true, rollback: false },
    },
  }));
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
