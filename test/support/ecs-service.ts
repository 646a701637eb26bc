/** An invented ECS service that is well: a test says only what it is about. */
import type { EcsService, ServiceDeployment } from '../../src/services/aws/ecs.ts';
import type { TaskDefinition } from '../../src/services/aws/ecs-changes.ts';
import { START } from './clock.ts';

/** The deployment of 26 h ago. */
export function ecsDeployment(changes: Partial<ServiceDeployment> = {}): ServiceDeployment {
  return {
    id: 'ecs-svc/1', status: 'PRIMARY', rolloutState: 'COMPLETED', rolloutReason: '', taskDefinition: 'healthflow-backend:1',
    running: 4, desired: 4, pending: 0, failed: 0, createdAt: START - 26 * 3_600_000, ...changes,
  };
}

export function ecsService(changes: Partial<EcsService> = {}): EcsService {
  return {
    name: 'healthflow-backend-service', arn: 'arn:aws:ecs:eu-central-1:123456789012:service/healthflow-production-cluster/healthflow-backend-service',
    status: 'ACTIVE', taskDefinition: 'healthflow-backend:1', running: 4, desired: 4, pending: 0, deployments: [ecsDeployment()], events: [],
    scheduling: 'REPLICA', controller: 'ECS', strategy: 'ROLLING', minimumHealthyPercent: 100, maximumPercent: 200,
    circuitBreaker: { enabled: true, rollback: true }, ...changes,
  };
}

/** Of one container on Fargate, 1 vCPU and 2 GiB. */
export function taskDefinition(changes: Partial<TaskDefinition> = {}): TaskDefinition {
  return {
    arn: 'arn:aws:ecs:eu-central-1:123456789012:task-definition/healthflow-backend:1', name: 'healthflow-backend:1', family: 'healthflow-backend', revision: 1,
    active: true, fargate: true, cpu: 1024, memory: 2048,
    containers: [{ name: 'backend', image: `registry.example/healthflow-backend@sha256:${'0'.repeat(64)}`, memory: undefined, memoryReservation: undefined, heap: undefined }],
    ...changes,
  };
}
