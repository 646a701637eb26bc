import type { Clock } from '../../src/incident/clock.ts';
import { errorAnswer, withBody, type Answer, type AwsCall, type Forward, type Overlay } from './aws-request.ts';
import { createRdsParameters } from './rds-parameters.ts';
import type { RolloutBehaviour } from './rollouts.ts';

/** Modifications that RDS keeps back for the maintenance window unless they are to be applied immediately. */
const DEFERRED = ['DBInstanceClass', 'AllocatedStorage', 'EngineVersion'] as const;

interface Pending {
  /** The values asked for, by parameter name. */
  readonly values: ReadonlyMap<string, string>;
  /** When they take effect, epoch ms; absent: in the maintenance window, which never comes here. */
  readonly appliesAt?: number;
  readonly fails: boolean;
}

interface Reboot {
  /** Epoch ms. */
  readonly endsAt: number;
  readonly fails: boolean;
}

const HANDLED = new Set([
  'DescribeDBInstances', 'DescribeDBParameters', 'DescribeOrderableDBInstanceOptions', 'ModifyDBInstance', 'ModifyDBParameterGroup', 'RebootDBInstance', 'ResetDBParameterGroup',
]);

/** What can be ordered here: moto knows the classes of two other engines only. */
const OFFERED = /^db\.(?:[rm](?:5|6g|6i|7g)\.(?:large|(?:|2|4|8|12|16)xlarge)|t4?3?g?\.(?:micro|small|medium|large|2?xlarge))$/;

/**
 * Pending modifications, reboots and parameters of a DB instance: moto applies everything at once. Without
 * ApplyImmediately modifications are shown as PendingModifiedValues; with it the instance is `modifying` for a time, and
 * everything pending is applied. A rollout that is to fail leaves the instance `incompatible-parameters`, until a reboot.
 */
export function createRdsOverlay(clock: Clock, behaviour: () => RolloutBehaviour): Overlay {
  const pending = new Map<string, Pending>();
  const reboots = new Map<string, Reboot>();
  const broken = new Set<string>();
  const parameters = createRdsParameters();

  /** Hands modifications whose time has come over to moto, and ends reboots. */
  const settle = async (forward: Forward): Promise<void> => {
    for (const [instance, { endsAt, fails }] of reboots) {
      if (endsAt <= clock.now()) {
        reboots.delete(instance);
        parameters.restarted(instance);
        broken[fails ? 'add' : 'delete'](instance);
      }
    }
    for (const [instance, { appliesAt, fails, values }] of pending) {
      if (appliesAt === undefined || appliesAt > clock.now()) {
        continue;
      }
      pending.delete(instance);
      if (fails) {
        broken.add(instance);
      } else {
        await forward(form({ Action: 'ModifyDBInstance', DBInstanceIdentifier: instance, ...Object.fromEntries(values) }));
        if (values.has('DBInstanceClass')) {
          parameters.restarted(instance);
        }
      }
    }
  };

  const statusOf = (instance: string): string | undefined =>
    reboots.has(instance) ? 'rebooting' : pending.get(instance)?.appliesAt !== undefined ? 'modifying' : broken.has(instance) ? 'incompatible-parameters' : undefined;

  const decorate = (xml: string): string => xml.replace(/<DBInstance>.*?<\/DBInstance>/gs, (found) => {
    const name = /<DBInstanceIdentifier>([^<]+)</.exec(found)?.[1] ?? '';
    const status = statusOf(name);
    const values = [...pending.get(name)?.values ?? []].map(([key, value]) => `<${key}>${value}</${key}>`).join('');
    return parameters.statusIn(name, found)
      .replace(/<DBInstanceStatus>[^<]*</, status === undefined ? '$&' : `<DBInstanceStatus>${status}<`)
      .replace(/<PendingModifiedValues\s*\/>|<PendingModifiedValues>.*?<\/PendingModifiedValues>/s, values === '' ? '$&' : '')
      .replace(/<\/DBInstance>$/, values === '' ? '$&' : `<PendingModifiedValues>${values}</PendingModifiedValues></DBInstance>`);
  });

  const modify = async (request: URLSearchParams, forward: Forward): Promise<Answer> => {
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
      const { durationMs, outcome } = behaviour();
      pending.set(instance, { values, fails: immediately && outcome === 'failed', ...(immediately ? { appliesAt: clock.now() + durationMs } : {}) });
    }
    return answer;
  };

  const reboot = async (call: AwsCall, request: URLSearchParams, forward: Forward): Promise<Answer> => {
    const instance = request.get('DBInstanceIdentifier') ?? '';
    const status = statusOf(instance);
    if (status === 'rebooting' || status === 'modifying') {
      return errorAnswer(call, 400, 'InvalidDBInstanceState', `Instance ${instance} is not in available state.`);
    }
    const answer = await forward();
    if (answer.status === 200) {
      const { durationMs, outcome } = behaviour();
      reboots.set(instance, { endsAt: clock.now() + durationMs, fails: outcome === 'failed' });
    }
    return answer;
  };

  return {
    matches: (call) => call.service === 'rds' && call.protocol === 'query' && HANDLED.has(call.operation),
    async answer(call, forward) {
      await settle(forward);
      const request = new URLSearchParams(call.body.toString('utf8'));
      switch (call.operation) {
        case 'DescribeDBParameters':
        case 'ModifyDBParameterGroup':
        case 'ResetDBParameterGroup':
          return parameters.answer(call, request, forward);
        case 'DescribeOrderableDBInstanceOptions':
          return orderable(request, await forward());
        default: {
          const answer = call.operation === 'ModifyDBInstance' ? await modify(request, forward)
            : call.operation === 'RebootDBInstance' ? await reboot(call, request, forward) : await forward();
          return answer.status === 200 ? withBody(answer, decorate(answer.body.toString('utf8'))) : answer;
        }
      }
    },
  };
}

function orderable(request: URLSearchParams, answer: Answer): Answer {
  const wanted = request.get('DBInstanceClass') ?? '';
  const option = `<OrderableDBInstanceOption><Engine>${request.get('Engine') ?? ''}</Engine><DBInstanceClass>${wanted}</DBInstanceClass><MultiAZCapable>true</MultiAZCapable></OrderableDBInstanceOption>`;
  return answer.status !== 200 || !OFFERED.test(wanted) ? answer
    : withBody(answer, answer.body.toString('utf8').replace(/<OrderableDBInstanceOptions\s*\/>/, `<OrderableDBInstanceOptions>${option}</OrderableDBInstanceOptions>`));
}

function form(values: Readonly<Record<string, string>>): Buffer {
  return Buffer.from(new URLSearchParams({ Version: '2014-10-31', ...values }).toString());
}
