import type { Clock } from '../../src/incident/clock.ts';
import { withBody, type AwsCall, type Overlay } from './aws-request.ts';

interface Alarm {
  AlarmName?: string;
  [field: string]: unknown;
}

/**
 * Since when an alarm is in its state: moto says "since SetAlarmState was called", which for a seeded alarm is
 * the moment the practice environment started. `since` maps alarm names to epoch ms.
 */
export function createAlarmOverlay(clock: Clock, since: Map<string, number>): Overlay {
  const dated = (alarm: Alarm): Alarm => {
    const at = since.get(alarm.AlarmName ?? '');
    return at === undefined
      ? alarm
      : { ...alarm, StateUpdatedTimestamp: at / 1000, StateTransitionedTimestamp: at / 1000 };
  };
  return {
    matches: (call) => call.service === 'cloudwatch' && call.protocol === 'json'
      && (call.operation === 'DescribeAlarms' || call.operation === 'SetAlarmState'),
    async answer(call, forward) {
      const answer = await forward();
      if (answer.status !== 200) {
        return answer;
      }
      if (call.operation === 'SetAlarmState') {
        since.set(alarmName(call), clock.now());
        return answer;
      }
      const body = JSON.parse(answer.body.toString('utf8')) as { MetricAlarms?: Alarm[] };
      return withBody(answer, JSON.stringify({ ...body, MetricAlarms: (body.MetricAlarms ?? []).map(dated) }));
    },
  };
}

function alarmName(call: AwsCall): string {
  return (JSON.parse(call.body.toString('utf8')) as Alarm).AlarmName ?? '';
}
