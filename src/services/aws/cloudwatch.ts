import { CloudWatchClient, DescribeAlarmsCommand, GetMetricStatisticsCommand, type Statistic } from '@aws-sdk/client-cloudwatch';
import type { AwsSession } from './session.ts';

export interface Alarm {
  readonly name: string;
  readonly description: string;
  /** OK, ALARM or INSUFFICIENT_DATA. */
  readonly state: string;
  readonly reason: string;
  /** Epoch ms since which the alarm is in this state. */
  readonly since: number;
  readonly metric: string;
  readonly threshold: string;
}

/**
 * Alarms in ALARM (CloudWatch DescribeAlarms, all pages), the newest first; both metric and composite ones.
 *
 * @param prefix only alarms whose name begins so; empty for all
 * @throws UserError
 */
export async function alarmsInAlarm(aws: AwsSession, prefix: string, signal: AbortSignal): Promise<Alarm[]> {
  try {
    const client = cloudWatch(aws);
    const alarms: Alarm[] = [];
    let next: string | undefined;
    do {
      const page = await client.send(new DescribeAlarmsCommand({
        StateValue: 'ALARM',
        AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
        ...(prefix === '' ? {} : { AlarmNamePrefix: prefix }),
        ...(next === undefined ? {} : { NextToken: next }),
      }), { abortSignal: signal });
      for (const alarm of page.MetricAlarms ?? []) {
        alarms.push({
          ...common(alarm),
          metric: [alarm.Namespace, alarm.MetricName].filter(Boolean).join(' '),
          threshold: alarm.Threshold === undefined ? '' : `${comparison(alarm.ComparisonOperator)} ${alarm.Threshold}`,
        });
      }
      for (const alarm of page.CompositeAlarms ?? []) {
        alarms.push({ ...common(alarm), metric: 'composite', threshold: alarm.AlarmRule ?? '' });
      }
      next = page.NextToken;
    } while (next !== undefined);
    return alarms.sort((a, b) => b.since - a.since);
  } catch (error) {
    throw aws.explain(error, 'reading the alarms', signal);
  }
}

export interface MetricQuery {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  /** Seconds. */
  readonly period: number;
}

export interface MetricPoint {
  /** Epoch ms. */
  readonly at: number;
  readonly average: number;
  readonly maximum: number;
}

/**
 * Average and Maximum of one metric, ascending in time (CloudWatch GetMetricStatistics, which answers
 * unordered). No points is an answer of its own: nothing is running, or nothing is reported.
 *
 * @throws UserError
 */
export async function metricStatistics(aws: AwsSession, query: MetricQuery, signal: AbortSignal): Promise<MetricPoint[]> {
  try {
    const client = cloudWatch(aws);
    // Two values: the runbook's "Average,Maximum" is one, which CloudWatch rejects.
    const statistics: Statistic[] = ['Average', 'Maximum'];
    const answer = await client.send(new GetMetricStatisticsCommand({
      Namespace: query.namespace,
      MetricName: query.metric,
      Dimensions: Object.entries(query.dimensions).map(([Name, Value]) => ({ Name, Value })),
      StartTime: new Date(query.from),
      EndTime: new Date(query.to),
      Period: query.period,
      Statistics: statistics,
    }), { abortSignal: signal });
    return (answer.Datapoints ?? [])
      .map((point) => ({ at: point.Timestamp?.getTime() ?? 0, average: point.Average ?? 0, maximum: point.Maximum ?? 0 }))
      .sort((a, b) => a.at - b.at);
  } catch (error) {
    throw aws.explain(error, `reading the metric ${query.namespace} ${query.metric}`, signal);
  }
}

function cloudWatch(aws: AwsSession): CloudWatchClient {
  return aws.client('cloudwatch', (config) => new CloudWatchClient(config));
}

interface AlarmFields {
  readonly AlarmName?: string | undefined;
  readonly AlarmDescription?: string | undefined;
  readonly StateValue?: string | undefined;
  readonly StateReason?: string | undefined;
  readonly StateTransitionedTimestamp?: Date | undefined;
  readonly StateUpdatedTimestamp?: Date | undefined;
}

function common(alarm: AlarmFields) {
  return {
    name: alarm.AlarmName ?? '',
    description: alarm.AlarmDescription ?? '',
    state: alarm.StateValue ?? '',
    reason: alarm.StateReason ?? '',
    since: (alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp)?.getTime() ?? 0,
  };
}

const COMPARISONS: Readonly<Record<string, string>> = {
  GreaterThanOrEqualToThreshold: '≥',
  GreaterThanThreshold: '>',
  LessThanThreshold: '<',
  LessThanOrEqualToThreshold: '≤',
};

function comparison(operator: string | undefined): string {
  return COMPARISONS[operator ?? ''] ?? operator ?? '';
}
