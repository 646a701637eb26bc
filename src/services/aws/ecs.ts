import { DescribeServicesCommand, ECSClient, type Service } from '@aws-sdk/client-ecs';
import type { AwsSession } from './session.ts';

export interface ServiceEvent {
  /** Epoch ms. */
  readonly at: number;
  readonly message: string;
}

export interface ServiceDeployment {
  readonly id: string;
  /** PRIMARY, ACTIVE or INACTIVE. */
  readonly status: string;
  /** IN_PROGRESS, COMPLETED or FAILED; empty where ECS does not say. */
  readonly rolloutState: string;
  readonly rolloutReason: string;
  readonly taskDefinition: string;
  readonly running: number;
  readonly desired: number;
  readonly pending: number;
  readonly failed: number;
  /** Epoch ms. */
  readonly createdAt: number;
  /** Epoch ms: when anything about it changed last. */
  readonly updatedAt?: number;
}

export interface EcsService {
  readonly name: string;
  readonly arn: string;
  readonly status: string;
  readonly taskDefinition: string;
  readonly running: number;
  readonly desired: number;
  readonly pending: number;
  readonly deployments: readonly ServiceDeployment[];
  /** Newest first. */
  readonly events: readonly ServiceEvent[];
  /** REPLICA, or DAEMON: one task on every instance. */
  readonly scheduling: string;
  /** Who makes deployments: ECS, CODE_DEPLOY or EXTERNAL. */
  readonly controller: string;
  /** ROLLING, BLUE_GREEN, LINEAR or CANARY. */
  readonly strategy: string;
  /** Of the desired tasks, that keep running during a deployment, percent. */
  readonly minimumHealthyPercent: number;
  /** Of the desired tasks, that run at most during a deployment, percent. */
  readonly maximumPercent: number;
  readonly circuitBreaker: { readonly enabled: boolean; readonly rollback: boolean };
}

export interface DescribedServices {
  readonly services: readonly EcsService[];
  /** What ECS could not describe: it answers these with HTTP 200. */
  readonly failures: readonly { readonly service: string; readonly reason: string }[];
}

/**
 * Services of a cluster, at most ten (ECS DescribeServices).
 *
 * @throws UserError in words a responder can act on
 */
export async function describeServices(aws: AwsSession, cluster: string, services: readonly string[], signal: AbortSignal): Promise<DescribedServices> {
  try {
    const client = aws.client('ecs', (config) => new ECSClient(config));
    const answer = await client.send(new DescribeServicesCommand({ cluster, services: [...services] }), { abortSignal: signal });
    return {
      services: (answer.services ?? []).map(readService),
      failures: (answer.failures ?? []).map((failure) => ({ service: shortArn(failure.arn), reason: failure.reason ?? 'unknown reason' })),
    };
  } catch (error) {
    throw aws.explain(error, `describing the services of cluster ${cluster}`, signal);
  }
}

/** A service as ECS answers it; what it leaves out has ECS's own default. */
export function readService(service: Service): EcsService {
  const { deploymentConfiguration: { minimumHealthyPercent, maximumPercent, deploymentCircuitBreaker, strategy } = {} } = service;
  return {
    name: service.serviceName ?? '',
    arn: service.serviceArn ?? '',
    status: service.status ?? '',
    taskDefinition: shortArn(service.taskDefinition),
    running: service.runningCount ?? 0,
    desired: service.desiredCount ?? 0,
    pending: service.pendingCount ?? 0,
    deployments: (service.deployments ?? []).map((deployment) => ({
      id: deployment.id ?? '',
      status: deployment.status ?? '',
      rolloutState: deployment.rolloutState ?? '',
      rolloutReason: deployment.rolloutStateReason ?? '',
      taskDefinition: shortArn(deployment.taskDefinition),
      running: deployment.runningCount ?? 0,
      desired: deployment.desiredCount ?? 0,
      pending: deployment.pendingCount ?? 0,
      failed: deployment.failedTasks ?? 0,
      createdAt: deployment.createdAt?.getTime() ?? 0,
      ...(deployment.updatedAt === undefined ? {} : { updatedAt: deployment.updatedAt.getTime() }),
    })),
    events: (service.events ?? [])
      .map((event) => ({ at: event.createdAt?.getTime() ?? 0, message: event.message ?? '' }))
      .sort((a, b) => b.at - a.at),
    scheduling: service.schedulingStrategy ?? 'REPLICA',
    controller: service.deploymentController?.type ?? 'ECS',
    strategy: strategy ?? 'ROLLING',
    minimumHealthyPercent: minimumHealthyPercent ?? 100,
    maximumPercent: maximumPercent ?? 200,
    circuitBreaker: { enabled: deploymentCircuitBreaker?.enable ?? false, rollback: deploymentCircuitBreaker?.rollback ?? false },
  };
}

/** `family:revision`, or a service's name, of an ARN. */
export function shortArn(arn: string | undefined): string {
  return arn?.split('/').at(-1) ?? '';
}
