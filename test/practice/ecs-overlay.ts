import type { Clock } from '../../src/incident/clock.ts';
import { withBody, type Answer, type AwsCall, type Overlay } from './aws-request.ts';
import type { Deployment, RolloutBehaviour, ServiceRollouts, ServiceSeed } from './rollouts.ts';

/** The part of an ECS service this overlay reads and rewrites. */
interface EcsService {
  serviceArn: string;
  serviceName: string;
  taskDefinition: string;
  launchType?: string;
  [field: string]: unknown;
}

interface UpdateService {
  readonly forceNewDeployment?: boolean;
  readonly desiredCount?: number;
  readonly taskDefinition?: string;
}

export interface EcsOverlayOptions {
  readonly clock: Clock;
  /** The rollouts of a service, created when moto knows a service that was not seeded. */
  readonly rolloutsOf: (arn: string, service: Omit<ServiceSeed, 'deployedAt'>) => ServiceRollouts;
  readonly behaviour: () => RolloutBehaviour;
}

/**
 * Service events, deployments and counts in DescribeServices and UpdateService, and a rollout that takes its time:
 * moto's services have no events and change at once.
 */
export function createEcsOverlay(options: EcsOverlayOptions): Overlay {
  const rolloutsOf = (service: EcsService): ServiceRollouts => options.rolloutsOf(service.serviceArn, {
    name: service.serviceName,
    taskDefinition: service.taskDefinition,
    desired: Number(service['desiredCount'] ?? 0),
  });

  const shown = (service: EcsService): EcsService => {
    const rollouts = rolloutsOf(service);
    rollouts.advance(options.clock.now());
    const sum = (of: (deployment: Deployment) => number): number =>
      rollouts.deployments.reduce((total, deployment) => total + of(deployment), 0);
    return {
      ...service,
      // After a rollback it is not the one that was asked for.
      taskDefinition: rollouts.deployments[0]?.taskDefinition ?? service.taskDefinition,
      desiredCount: rollouts.desired,
      runningCount: sum((deployment) => deployment.running),
      pendingCount: sum((deployment) => deployment.pending),
      deployments: rollouts.deployments.map((deployment) => wireDeployment(deployment, service.launchType ?? 'FARGATE')),
      events: rollouts.events.map((event) => ({ id: event.id, createdAt: event.at / 1000, message: event.message })),
    };
  };

  const update = (call: AwsCall, service: EcsService): void => {
    const request = JSON.parse(call.body.toString('utf8')) as UpdateService;
    const rollouts = rolloutsOf(service);
    const now = options.clock.now();
    rollouts.advance(now);
    const running = rollouts.deployments[0]?.taskDefinition ?? service.taskDefinition;
    const wanted = request.taskDefinition === undefined ? running : arnOf(request.taskDefinition, running);
    const desired = request.desiredCount ?? rollouts.desired;
    if (request.forceNewDeployment === true || wanted !== running) {
      rollouts.start({ kind: 'replace', taskDefinition: wanted, desired }, now, options.behaviour());
    } else if (desired !== rollouts.desired) {
      rollouts.start({ kind: 'scale', desired }, now, options.behaviour());
    }
  };

  return {
    matches: (call) => call.service === 'ecs' && call.protocol === 'json'
      && (call.operation === 'DescribeServices' || call.operation === 'UpdateService'),
    async answer(call, forward): Promise<Answer> {
      const answer = await forward();
      if (answer.status !== 200) {
        return answer;
      }
      const body = JSON.parse(answer.body.toString('utf8')) as { service?: EcsService; services?: EcsService[] };
      if (body.service !== undefined) {
        update(call, body.service);
        body.service = shown(body.service);
      }
      if (body.services !== undefined) {
        body.services = body.services.map(shown);
      }
      return withBody(answer, JSON.stringify(body));
    },
  };
}

/** ECS answers with ARNs, whatever it was asked with. @param other an ARN of the same account and region */
function arnOf(taskDefinition: string, other: string): string {
  return taskDefinition.startsWith('arn:') ? taskDefinition : `${other.slice(0, other.lastIndexOf('/') + 1)}${taskDefinition}`;
}

/** The JSON 1.1 form; times in epoch seconds. */
function wireDeployment(deployment: Deployment, launchType: string): Record<string, unknown> {
  return {
    id: deployment.id,
    status: deployment.status,
    taskDefinition: deployment.taskDefinition,
    desiredCount: deployment.desired,
    runningCount: deployment.running,
    pendingCount: deployment.pending,
    failedTasks: deployment.failedTasks,
    createdAt: deployment.createdAt / 1000,
    updatedAt: deployment.updatedAt / 1000,
    launchType,
    platformVersion: '1.4.0',
    platformFamily: 'Linux',
    rolloutState: deployment.rolloutState,
    rolloutStateReason: deployment.rolloutStateReason,
  };
}
