import { ApplicationAutoScalingClient, DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
import type { AwsSession } from './session.ts';

/** Between which numbers of tasks Application Auto Scaling keeps a service. */
export interface ScalableTarget {
  readonly min: number;
  readonly max: number;
  /** Whether it is told not to take tasks away on its own. */
  readonly scaleInSuspended: boolean;
}

/**
 * The scalable target of an ECS service's desired count (DescribeScalableTargets).
 *
 * @returns undefined when the service is not scaled automatically
 * @throws UserError in words a responder can act on
 */
export async function scalableTargetOf(aws: AwsSession, cluster: string, service: string, signal: AbortSignal): Promise<ScalableTarget | undefined> {
  try {
    const client = aws.client('application-autoscaling', (config) => new ApplicationAutoScalingClient(config));
    const { ScalableTargets = [] } = await client.send(new DescribeScalableTargetsCommand({
      ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount', ResourceIds: [`service/${cluster}/${service}`],
    }), { abortSignal: signal });
    const [target] = ScalableTargets;
    return target === undefined ? undefined : {
      min: target.MinCapacity ?? 0,
      max: target.MaxCapacity ?? 0,
      scaleInSuspended: target.SuspendedState?.DynamicScalingInSuspended ?? false,
    };
  } catch (error) {
    throw aws.explain(error, `reading the automatic scaling of ${service}`, signal);
  }
}
