/** Runbook 6.1 and 12.1: a higher max_connections, and the reboot with which PostgreSQL takes it. */
import { UserError } from '../errors.ts';
import type { Change } from '../incident/changes.ts';
import { iso } from '../incident/clock.ts';
import { commandLine } from '../incident/command-line.ts';
import type { Draft, Hazard } from '../incident/plan.ts';
import { type ConnectionLimit, connectionLimit, sizeOf } from '../services/aws/db-classes.ts';
import type { DatabaseInstance, DatabaseParameter } from '../services/aws/rds.ts';
import { RDS, hazardIf, instanceOf, isSet, requireAvailable } from './database-instance.ts';
import { parameterOutlook, rebootOutlook } from './database-outlook.ts';
import type { Inputs } from './inputs.ts';
import type { ChangeAction, ChangeContext } from './step.ts';

/** What a connection of PostgreSQL takes, roughly, MB. */
const MB_PER_CONNECTION = 10;
/** More than any engine takes. */
const HIGHEST = 8_388_607;

interface Found {
  readonly instance: DatabaseInstance;
  readonly parameter: DatabaseParameter;
  readonly sharers: readonly string[];
  readonly region: string;
}

/**
 * Raises max_connections in the instance's parameter group (RDS ModifyDBParameterGroup). PostgreSQL takes it with a
 * reboot only, which is a plan of its own: the input `reboot`.
 */
export const raiseDatabaseConnections: ChangeAction = {
  kind: 'change',
  effect: 'destructive',
  system: 'aws',

  async plan(context, inputs, signal) {
    const identifier = instanceOf(context, inputs);
    if (inputs.flag('reboot')) {
      return planReboot(context, identifier, signal);
    }
    const found = await look(context, identifier, signal);
    refuseGroup(found, context, inputs);
    const { instance, parameter } = found;
    const limit = connectionLimit(parameter.value, instance, instance.instanceClass);
    const wanted = wantedLimit(inputs, limit, rangeOf(parameter.allowed));
    return parameterDraft(found, String(wanted), limit);
  },

  async planUndo(context, change, signal) {
    const { after, before } = change.plan;
    const found = await look(context, String(after['instance']), signal);
    const { instance, parameter } = found;
    if (instance.parameterGroup !== after['parameterGroup']) {
      throw new UserError(`${instance.identifier} takes its parameters from ${instance.parameterGroup} now, no longer from ${String(after['parameterGroup'])}. Nothing was changed. Set max_connections there by hand.`);
    }
    if (!isSet(parameter) || parameter.value !== after['value']) {
      throw new UserError(`max_connections in ${instance.parameterGroup} is ${parameter.value ?? 'not set'} now, no longer ${String(after['value'])}: somebody else has changed it. Nothing was changed. Look who did, and set it by hand.`);
    }
    const old = before['set'] === true ? String(before['value']) : null;
    return parameterDraft(found, old, connectionLimit(parameter.value, instance, instance.instanceClass), change);
  },

  async apply(context, { after }) {
    const { rebootInstance, setConnections } = await import('../services/aws/rds-changes.ts');
    const aws = context.services.aws(context.environment);
    if (after['kind'] === 'reboot') {
      return { status: await rebootInstance(aws, String(after['instance'])), at: iso(context.clock.now()) };
    }
    const value = after['value'];
    await setConnections(aws, String(after['parameterGroup']), typeof value === 'string' ? value : undefined, after['method'] === 'immediate' ? 'immediate' : 'pending-reboot');
    return { at: iso(context.clock.now()) };
  },

  async look(context, { before, after }, made, signal) {
    const { connectionsParameter, describeInstance } = await import('../services/aws/rds.ts');
    const aws = context.services.aws(context.environment);
    const instance = await describeInstance(aws, String(after['instance']), signal);
    const group = after['kind'] === 'reboot' ? instance.parameterGroup : String(after['parameterGroup']);
    const parameter = await connectionsParameter(aws, group, signal);
    const sinceMs = typeof made?.['at'] === 'string' ? context.clock.now() - Date.parse(made['at']) : undefined;
    return after['kind'] === 'reboot'
      ? rebootOutlook({ instance, parameter, sinceMs })
      : parameterOutlook({ instance, parameter, sinceMs, before, after });
  },
};

async function look({ services, environment }: ChangeContext, identifier: string, signal: AbortSignal): Promise<Found> {
  const { connectionsParameter, describeInstance, sharersOf } = await import('../services/aws/rds.ts');
  const aws = services.aws(environment);
  const instance = await describeInstance(aws, identifier, signal);
  const [parameter, sharers] = await Promise.all([connectionsParameter(aws, instance.parameterGroup, signal), sharersOf(aws, instance, signal)]);
  if (parameter === undefined) {
    throw new UserError(`The parameter group ${instance.parameterGroup} (${instance.engine}) has no max_connections, so there is nothing to raise here. Check the engine's own limit.`);
  }
  return { instance, parameter, sharers, region: aws.options.region };
}

/** @throws UserError when the group cannot be edited, with the commands that make one that can */
function refuseGroup({ instance, parameter, region }: Found, { step }: ChangeContext, inputs: Inputs): void {
  const { identifier, parameterGroup } = instance;
  if (/^default[.:]/.test(parameterGroup)) {
    const limit = connectionLimit(parameter.value, instance, instance.instanceClass);
    const wanted = wantedLimit(inputs, limit, rangeOf(parameter.allowed));
    const own = `${identifier}-parameters`;
    const aws = (...words: readonly string[]): string => commandLine('aws', 'rds', ...words, '--region', region);
    // A default group cannot be copied either: a new one of its family begins with the same values.
    const commands = [
      aws('create-db-parameter-group', '--db-parameter-group-name', own, '--db-parameter-group-family', parameterGroup.replace(/^default[.:]/, ''), '--description', `Parameters of ${identifier}`),
      aws('modify-db-parameter-group', '--db-parameter-group-name', own, '--parameters', `ParameterName=max_connections,ParameterValue=${wanted},ApplyMethod=${methodOf(instance, parameter)}`),
      aws('modify-db-instance', '--db-instance-identifier', identifier, '--db-parameter-group-name', own, '--apply-immediately'),
      aws('wait', 'db-instance-available', '--db-instance-identifier', identifier),
      aws('reboot-db-instance', '--db-instance-identifier', identifier),
    ].join(' && ');
    throw new UserError(`${parameterGroup} is a default parameter group, which nobody can edit. Make a group of its own, attach it and reboot ${identifier} (an outage of about a minute): ${commands}. Afterwards "${step.title}" works.`, {
      action: { title: 'Copy the commands', command: 'incidentRunbook.copyText', args: [commands] },
    });
  }
  if (!parameter.modifiable) {
    throw new UserError(`RDS does not let max_connections be changed in ${parameterGroup}. Scale the instance instead: a bigger class has a higher limit.`);
  }
}

/** @throws UserError for a value that is no raise, or out of range */
function wantedLimit(inputs: Inputs, limit: ConnectionLimit | undefined, { min, max }: Range): number {
  const half = limit === undefined ? undefined : Math.min(max, Math.round((limit.value * 1.5) / 10) * 10);
  const wanted = inputs.count('maxConnections', { min: 1, max: HIGHEST, ...(half === undefined ? {} : { fallback: half }) });
  if (wanted < min || wanted > max) {
    throw new UserError(`max_connections may be from ${min} to ${max} here, not ${wanted}. Give another value as the input "maxConnections".`);
  }
  if (limit !== undefined && wanted <= limit.value) {
    throw new UserError(`max_connections is ${limit.value} already (${limit.source}), and this step only raises it: ${wanted} is not more. Give a higher value as the input "maxConnections".`);
  }
  return wanted;
}

interface Range {
  readonly min: number;
  readonly max: number;
}

/** Of RDS's AllowedValues, e.g. `6-262143`; anything goes where RDS does not say. */
export function rangeOf(allowed: string): Range {
  const [, min, max] = /^(\d+)-(\d+)$/.exec(allowed) ?? [];
  return { min: Number(min ?? 1), max: Number(max ?? HIGHEST) };
}

/** What RDS says, else what the engine is known to do: PostgreSQL takes it with a restart only, MySQL and MariaDB at once. */
function methodOf({ engine }: DatabaseInstance, { applyType }: DatabaseParameter): 'immediate' | 'pending-reboot' {
  return applyType === 'dynamic' || (applyType === '' && /mysql|mariadb/.test(engine)) ? 'immediate' : 'pending-reboot';
}

/** @param value null to take it out of the group again @param undone the change that is taken back */
function parameterDraft(found: Found, value: string | null, limit: ConnectionLimit | undefined, undone?: Change): Draft {
  const { instance, parameter, sharers, region } = found;
  const { identifier, parameterGroup, arn } = instance;
  const method = methodOf(instance, parameter);
  const isStatic = method === 'pending-reboot';
  const shown = value ?? 'not set: the default of RDS';
  const now = limit === undefined ? parameter.value ?? 'not set' : limit.computed ? `at most ${limit.value} (default formula)` : String(limit.value);
  const takes = isStatic
    ? 'It is a static parameter: it takes effect with a reboot, which is a plan of its own (input reboot: true).'
    : 'It is a dynamic parameter: it takes effect at once, without a reboot.';
  return {
    system: RDS, resource: `${parameterGroup}/max_connections`, ...(arn === '' ? {} : { arn }),
    summary: `${undone === undefined ? 'Raise' : 'Set'} max_connections of ${identifier} ${undone === undefined ? `from ${now} to ${shown}` : `back to ${value ?? 'the default of RDS'}`}${isStatic ? '; it takes effect after a reboot' : ''}`,
    differences: [
      { name: `max_connections in ${parameterGroup}`, before: now, after: shown },
      { name: 'Takes effect', before: '–', after: isStatic ? 'after a reboot (static parameter)' : 'at once (dynamic parameter)' },
    ],
    before: { instance: identifier, parameterGroup, value: parameter.value ?? null, set: isSet(parameter), sharedWith: sharers },
    after: { kind: 'parameter', instance: identifier, parameterGroup, value, method },
    command: parameterCommand(parameterGroup, value, method, region),
    hazards: [
      { level: isStatic ? 'warn' : 'note', text: takes },
      ...hazardIf(sharers.length > 0, 'warn', `The parameter group ${parameterGroup} is used by ${sharers.join(', ')} too: ${isStatic ? 'they take the value with their next reboot' : 'they take the value at once'}.`),
      ...parameterHazards(instance, value),
      ...hazardIf(undone === undefined, 'note', 'A higher limit does not end a leak of connections: "Check database connectivity" shows who holds them.'),
    ],
    undo: undone === undefined
      ? { possible: true, how: `Can be undone: ${isSet(parameter) ? `max_connections is set back to ${parameter.value ?? ''}` : 'max_connections is taken out of the group again, so that the default of RDS counts'}${isStatic ? ', which again takes effect after a reboot' : ''}.` }
      : { possible: false, how: 'No undo of the undo: raise it again instead.' },
    follow: `The parameter group, and whether ${identifier} reports it as ${isStatic ? 'waiting for a reboot' : 'applied'}; a minute or two.`,
  };
}

function parameterHazards({ engine, instanceClass, identifier, parameterGroup, parameterStatus, replicas, status }: DatabaseInstance, value: string | null): readonly Hazard[] {
  const postgres = engine.includes('postgres');
  return [
    ...(postgres && value !== null && /^\d+$/.test(value) ? [memoryHazard(Number(value), instanceClass)] : []),
    ...hazardIf(parameterStatus === 'pending-reboot', 'warn', `Other changes of ${parameterGroup} wait for a reboot of ${identifier} already: they take effect with the same reboot.`),
    ...hazardIf(postgres && replicas.length > 0 && value !== null, 'warn',
      `A read replica of PostgreSQL must allow at least as many connections as its source, or it stops replaying. Raise it on ${replicas.join(', ')} first.`),
    ...hazardIf(status !== 'available', 'warn', `${identifier} is "${status}" now.`),
  ];
}

/** What so many connections of PostgreSQL may take of the instance's memory. */
export function memoryHazard(connections: number, instanceClass: string): Hazard {
  const gib = (connections * MB_PER_CONNECTION * 1e6) / 2 ** 30;
  const each = `${connections} connections of about ${MB_PER_CONNECTION} MB each may take ${gib.toFixed(1)}`;
  const size = sizeOf(instanceClass);
  if (size === undefined) {
    return { level: 'note', text: `${each} GiB; how much memory ${instanceClass} has is not known here.` };
  }
  const share = gib / size.memoryGib;
  return {
    level: share > 0.5 ? 'danger' : share > 0.25 ? 'warn' : 'note',
    text: `${each} of the ${size.memoryGib} GiB of ${instanceClass} (${Math.round(share * 100)} %).${share > 0.5 ? ' The instance may run out of memory and restart.' : ''}`,
  };
}

function parameterCommand(group: string, value: string | null, method: string, region: string): string {
  const parameters = value === null ? `ParameterName=max_connections,ApplyMethod=${method}`
    // A formula holds commas, which the short form takes for the next field.
    : /^\d+$/.test(value) ? `ParameterName=max_connections,ParameterValue=${value},ApplyMethod=${method}`
      : JSON.stringify([{ ParameterName: 'max_connections', ParameterValue: value, ApplyMethod: method }]);
  return commandLine('aws', 'rds', value === null ? 'reset-db-parameter-group' : 'modify-db-parameter-group', '--db-parameter-group-name', group, '--parameters', parameters, '--region', region);
}

async function planReboot(context: ChangeContext, identifier: string, signal: AbortSignal): Promise<Draft> {
  const { connectionsParameter, describeInstance } = await import('../services/aws/rds.ts');
  const aws = context.services.aws(context.environment);
  const instance = await describeInstance(aws, identifier, signal);
  const { arn, multiAz, parameterGroup, parameterStatus, status } = instance;
  if (status === 'available' && parameterStatus !== 'pending-reboot') {
    throw new UserError(`Nothing of ${identifier} waits for a reboot: its parameter group ${parameterGroup} is "${parameterStatus}". ${parameterStatus === 'applying' ? 'Wait a minute and plan it again.' : 'If max_connections was raised a moment ago, wait a minute; otherwise raise it first.'}`);
  }
  requireAvailable(instance, aws.options.region, 'A reboot');
  const value = (await connectionsParameter(aws, parameterGroup, signal))?.value ?? null;
  return {
    system: RDS, resource: identifier, ...(arn === '' ? {} : { arn }),
    summary: `Reboot ${identifier}, so that max_connections ${value ?? ''} takes effect`,
    differences: [{ name: `Parameters of ${parameterGroup}`, before: 'wait for a reboot', after: `in effect${value === null ? '' : ` (max_connections ${value})`}` }],
    before: { instance: identifier, parameterGroup, parameterStatus, multiAz, value },
    after: { kind: 'reboot', instance: identifier },
    command: commandLine('aws', 'rds', 'reboot-db-instance', '--db-instance-identifier', identifier, '--region', aws.options.region),
    hazards: [
      { level: 'danger', text: `An outage of about a minute, longer when the database was busy: every connection to ${identifier} drops and open transactions are rolled back.` },
      ...hazardIf(multiAz, 'note', 'The instance is Multi-AZ and is restarted where it is: ForceFailover is not used.'),
      { level: 'warn', text: `Every changed static parameter of ${parameterGroup} takes effect with it, not only max_connections.` },
      { level: 'note', text: 'Services that do not connect again by themselves have to be restarted afterwards.' },
    ],
    undo: { possible: false, how: 'No undo: a reboot cannot be taken back. The value of before comes back by undoing the change of the parameter and another reboot.' },
    follow: `The state of ${identifier} until it is available and its parameters are in-sync, usually 1 to 5 minutes.`,
  };
}
