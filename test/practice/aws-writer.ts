import { ACMClient } from '@aws-sdk/client-acm';
import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient, PutMetricDataCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient, CreateLogStreamCommand, PutLogEventsCommand, ResourceAlreadyExistsException,
} from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { RDSClient } from '@aws-sdk/client-rds';
import { WAFV2Client } from '@aws-sdk/client-wafv2';
import type { LogJournal } from './log-journal.ts';
import { ALARMS, type AlarmDefinition, CONTAINER, LOG_GROUP, REGION } from './resources.ts';
import { METRICS, type IncidentModel } from './model.ts';

export interface AwsClients {
  readonly ecs: ECSClient;
  readonly autoScaling: ApplicationAutoScalingClient;
  readonly rds: RDSClient;
  readonly cloudwatch: CloudWatchClient;
  readonly logs: CloudWatchLogsClient;
  readonly acm: ACMClient;
  readonly elbv2: ElasticLoadBalancingV2Client;
  readonly waf: WAFV2Client;
}

/** Clients of the emulated AWS itself, past the proxy, so that its record holds only what others do. */
export function createClients(endpoint: string): AwsClients {
  const options = {
    endpoint, region: REGION, credentials: { accessKeyId: 'practice', secretAccessKey: 'practice' },
  };
  return {
    ecs: new ECSClient(options),
    autoScaling: new ApplicationAutoScalingClient(options),
    rds: new RDSClient(options),
    // moto does not unpack compressed requests.
    cloudwatch: new CloudWatchClient({ ...options, disableRequestCompression: true }),
    logs: new CloudWatchLogsClient(options),
    acm: new ACMClient(options),
    elbv2: new ElasticLoadBalancingV2Client(options),
    waf: new WAFV2Client(options),
  };
}

export function destroyClients(clients: AwsClients): void {
  Object.values(clients).forEach((client: { destroy(): void }) => client.destroy());
}

/** Most data PutMetricData takes at once. */
const METRIC_DATA_PER_CALL = 1000;

/** Writes a datapoint of every metric for each of the times (epoch ms), each standing for `minutes`. */
export async function putMetrics(
  clients: AwsClients, model: IncidentModel, times: readonly number[], minutes: number,
): Promise<void> {
  const namespaces = groupBy(METRICS, (metric) => metric.namespace);
  await Promise.all([...namespaces].map(async ([namespace, metrics]) => {
    const data = metrics.flatMap((metric) => times.map((at) => ({
      MetricName: metric.metric,
      Dimensions: Object.entries(metric.dimensions).map(([name, value]) => ({ Name: name, Value: value })),
      Timestamp: new Date(at),
      Value: metric.value(model, at) * (metric.perMinute === true ? minutes : 1),
      Unit: metric.unit,
    })));
    for (let from = 0; from < data.length; from += METRIC_DATA_PER_CALL) {
      await clients.cloudwatch.send(new PutMetricDataCommand({
        Namespace: namespace, MetricData: data.slice(from, from + METRIC_DATA_PER_CALL),
      }));
    }
  }));
}

export interface LogEntry {
  /** Epoch ms. */
  readonly at: number;
  readonly task: string;
  readonly message: string;
}

export interface LogWriter {
  readonly clients: Pick<AwsClients, 'logs'>;
  readonly journal: LogJournal;
  /** Streams that exist. */
  readonly known: Set<string>;
}

/** Writes entries into the streams of their tasks. */
export async function putLogs({ clients, journal, known }: LogWriter, entries: readonly LogEntry[]): Promise<void> {
  await Promise.all([...groupBy(entries, (entry) => entry.task)].map(async ([task, own]) => {
    const stream = `backend/${CONTAINER}/${task}`;
    if (!known.has(stream)) {
      await createStream(clients, stream);
      known.add(stream);
    }
    const logEvents = own.toSorted((one, other) => one.at - other.at).map(({ at, message }) => ({ timestamp: at, message }));
    await clients.logs.send(new PutLogEventsCommand({ logGroupName: LOG_GROUP, logStreamName: stream, logEvents }));
    journal.add(LOG_GROUP, stream, logEvents);
  }));
}

async function createStream(clients: Pick<AwsClients, 'logs'>, stream: string): Promise<void> {
  try {
    await clients.logs.send(new CreateLogStreamCommand({ logGroupName: LOG_GROUP, logStreamName: stream }));
  } catch (error) {
    if (!(error instanceof ResourceAlreadyExistsException)) {
      throw error;
    }
  }
}

/** Puts the alarms into the state that fits, and notes in `since` when each of them entered it (epoch ms). */
export async function setAlarms(
  clients: AwsClients, model: IncidentModel, now: number, since: Map<string, number>,
): Promise<void> {
  await Promise.all(ALARMS.map(async (alarm) => {
    const firing = model.state === 'exhausted' && alarm.firesAfterMinutes !== undefined;
    const at = stateBegan(alarm, model, now, since.get(alarm.name));
    await clients.cloudwatch.send(new SetAlarmStateCommand({
      AlarmName: alarm.name,
      StateValue: firing ? 'ALARM' : 'OK',
      StateReason: firing
        ? `Threshold Crossed: 3 datapoints were greater than or equal to the threshold (${alarm.threshold}).`
        : `Threshold Crossed: 3 datapoints were not greater than or equal to the threshold (${alarm.threshold}).`,
      StateReasonData: JSON.stringify({
        version: '1.0', startDate: new Date(at).toISOString(), statistic: alarm.statistic, period: 60, threshold: alarm.threshold,
      }),
    }));
    since.set(alarm.name, at);
  }));
}

const DAY_MS = 86_400_000;

function stateBegan(alarm: AlarmDefinition, model: IncidentModel, now: number, before: number | undefined): number {
  if (alarm.firesAfterMinutes === undefined) {
    return before ?? now - DAY_MS;
  }
  return model.state === 'exhausted'
    ? Math.min(now, model.since + alarm.firesAfterMinutes * 60_000)
    : Math.max(model.since, now - DAY_MS);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) {
      groups.set(keyOf(item), [item]);
    } else {
      group.push(item);
    }
  }
  return groups;
}
