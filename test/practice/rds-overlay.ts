import type { Clock } from '../../src/incident/clock.ts';
import { withBody, type Answer, type AwsCall, type Forward, type Overlay } from './aws-request.ts';

/** Modifications that RDS keeps back for the maintenance window unless they are to be applied immediately. */
const DEFERRED = ['DBInstanceClass', 'AllocatedStorage', 'EngineVersion'] as const;

interface Pending {
  /** The values asked for, by parameter name. */
  readonly values: ReadonlyMap<string, string>;
  /** When they take effect, epoch ms; absent: in the maintenance window, which never comes here. */
  readonly appliesAt?: number;
}

/**
 * Pending modifications of a DB instance: moto applies everything at once. Without ApplyImmediately they are shown as
 * PendingModifiedValues; with it the instance is `modifying` for `durationMs`, and everything pending is applied.
 */
export function createRdsOverlay(clock: Clock, durationMs: () => number): Overlay {
  const pending = new Map<string, Pending>();

  /** Hands modifications whose time has come over to moto. */
  const settle = async (instance: string, forward: Forward): Promise<void> => {
    const waiting = pending.get(instance);
    if (waiting?.appliesAt === undefined || waiting.appliesAt > clock.now()) {
      return;
    }
    pending.delete(instance);
    await forward(form({ Action: 'ModifyDBInstance', DBInstanceIdentifier: instance, ...Object.fromEntries(waiting.values) }));
  };

  const decorate = (xml: string): string => xml
    // moto leaves out what tells a static parameter from a dynamic one.
    .replace(/<ParameterName>max_connections<\/ParameterName>/g,
      '$&<ApplyType>static</ApplyType><DataType>integer</DataType><IsModifiable>true</IsModifiable><Source>user</Source>')
    .replace(/<DBInstance>.*?<\/DBInstance>/gs, (instance) => {
      const waiting = pending.get(/<DBInstanceIdentifier>([^<]+)</.exec(instance)?.[1] ?? '');
      if (waiting === undefined) {
        return instance;
      }
      const values = [...waiting.values].map(([name, value]) => `<${name}>${value}</${name}>`).join('');
      return instance
        .replace(/<PendingModifiedValues\s*\/>|<PendingModifiedValues>.*?<\/PendingModifiedValues>/s, '')
        .replace(/<DBInstanceStatus>[^<]*</, waiting.appliesAt === undefined ? '$&' : '<DBInstanceStatus>modifying<')
        .replace(/<\/DBInstance>$/, `<PendingModifiedValues>${values}</PendingModifiedValues></DBInstance>`);
    });

  const modify = async (call: AwsCall, forward: Forward): Promise<Answer> => {
    const request = new URLSearchParams(call.body.toString('utf8'));
    const instance = request.get('DBInstanceIdentifier') ?? '';
    const values = new Map(pending.get(instance)?.values);
    let asked = false;
    for (const name of DEFERRED) {
      const value = request.get(name);
      if (value !== null) {
        asked = true;
        values.set(name, value);
        request.delete(name);
      }
    }
    const immediately = request.get('ApplyImmediately') === 'true';
    const answer = await forward(Buffer.from(request.toString()));
    if (answer.status === 200 && (asked || (immediately && values.size > 0))) {
      pending.set(instance, immediately ? { values, appliesAt: clock.now() + durationMs() } : { values });
    }
    return answer;
  };

  return {
    matches: (call) => call.service === 'rds' && call.protocol === 'query'
      && ['DescribeDBInstances', 'DescribeDBParameters', 'ModifyDBInstance'].includes(call.operation),
    async answer(call, forward) {
      for (const instance of pending.keys()) {
        await settle(instance, forward);
      }
      const answer = call.operation === 'ModifyDBInstance' ? await modify(call, forward) : await forward();
      return answer.status === 200 ? withBody(answer, decorate(answer.body.toString('utf8'))) : answer;
    },
  };
}

function form(values: Readonly<Record<string, string>>): Buffer {
  return Buffer.from(new URLSearchParams({ Version: '2014-10-31', ...values }).toString());
}
