import { RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling';
import { CreateClusterCommand, CreateServiceCommand, RegisterTaskDefinitionCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import type { AwsClients } from './aws-writer.ts';
import { CLUSTER, CONTAINER, DESIRED_TASKS, LOG_GROUP, REGION, RELEASE, SCALES_BETWEEN, SERVICE, TARGET_GROUP_ARN, TASK_FAMILY } from './resources.ts';

/** The backend, and how far it scales by itself: not to the 8 tasks of runbook 6.1. */
export async function seedService({ ecs, autoScaling }: AwsClients): Promise<void> {
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
      memoryReservation: 1536,
      // More memory alone does not help against it: what raiseMemoryLimit has to say.
      environment: [{ name: 'NODE_OPTIONS', value: '--max-old-space-size=1536' }],
      portMappings: [{ containerPort: 8080, protocol: 'tcp' }],
      logConfiguration: {
        logDriver: 'awslogs',
        options: { 'awslogs-group': LOG_GROUP, 'awslogs-region': REGION, 'awslogs-stream-prefix': 'backend' },
      },
    }],
    tags: [{ key: 'team', value: 'digital-prescriptions' }],
  }));
  await ecs.send(new CreateServiceCommand({
    cluster: CLUSTER,
    serviceName: SERVICE,
    taskDefinition: TASK_FAMILY,
    desiredCount: DESIRED_TASKS,
    launchType: 'FARGATE',
    loadBalancers: [{ targetGroupArn: TARGET_GROUP_ARN, containerName: CONTAINER, containerPort: 8080 }],
  }));
  // moto forgets the deployment configuration of a new service, and keeps that of an update.
  await ecs.send(new UpdateServiceCommand({
    cluster: CLUSTER,
    service: SERVICE,
    deploymentConfiguration: {
      minimumHealthyPercent: 100, maximumPercent: 200, deploymentCircuitBreaker: { enable: true, rollback: false },
    },
  }));
  await autoScaling.send(new RegisterScalableTargetCommand({
    ServiceNamespace: 'ecs',
    ScalableDimension: 'ecs:service:DesiredCount',
    ResourceId: `service/${CLUSTER}/${SERVICE}`,
    MinCapacity: SCALES_BETWEEN.min,
    MaxCapacity: SCALES_BETWEEN.max,
  }));
}
