/** Runbook 6.1, database issues: a bigger instance. */
import { CancelledError, UserError, messageOf } from '../errors.ts';
import { commandLine } from '../incident/command-line.ts';
import type { Difference, Draft, Hazard } from '../incident/plan.ts';
import { type ConnectionLimit, connectionLimit, isSmaller, sizeOf, sizeText } from '../services/aws/db-classes.ts';
import type { DatabaseInstance, DatabaseParameter, PendingModification } from '../services/aws/rds.ts';
import { RDS, brokenMeaning, hazardIf, instanceOf, instanceTable, isInWindow, isOperable, requireAvailable } from './database-instance.ts';
import type { ChangeAction, Outlook } from './step.ts';

/**
 * Changes the instance class at once (RDS ModifyDBInstance, ApplyImmediately): an outage, in which everything that is
 * pending is applied too.
 */
export const scaleDatabase: ChangeAction = {
  kind: 'change',
  effect: 'destructive',
  system: 'aws',
  followMs: 60 * 60_000,

  async plan(context, inputs, signal) {
    const identifier = instanceOf(context, inputs);
    const wanted = inputs.text('instanceClass');
    const allowSmaller = inputs.flag('allowSmaller');
    if (!/^db\.[a-z0-9.-]+$/.test(wanted)) {
      throw new UserError(`"${wanted}" is no instance class. Give one like db.r5.2xlarge as the input "instanceClass".`);
    }
    const { connectionsParameter, describeInstance } = await import('../services/aws/rds.ts');
    const aws = context.services.aws(context.environment);
    const instance = await describeInstance(aws, identifier, signal);
    requireAvailable(instance, aws.options.region, 'A change of the class');
    refuseClass(instance.instanceClass, wanted, allowSmaller);
    const [parameter, offered] = await Promise.all([
      connectionsParameter(aws, instance.parameterGroup, signal),
      offeredProblem(context, instance, wanted, signal),
    ]);
    return scaleDraft(instance, wanted, { parameter, region: aws.options.region, now: context.clock.now(), offered });
  },

  async apply(context, { after }) {
    const { modifyInstanceClass } = await import('../services/aws/rds-changes.ts');
    const status = await modifyInstanceClass(context.services.aws(context.environment), String(after['instance']), String(after['instanceClass']));
    return { status };
  },

  async look(context, { before, after }, made, signal) {
    const { describeInstance } = await import('../services/aws/rds.ts');
    const instance = await describeInstance(context.services.aws(context.environment), String(after['instance']), signal);
    return scaleOutlook(instance, {
      was: String(before['instanceClass']), wanted: String(after['instanceClass']), pendingBefore: before['pendingClass'] === after['instanceClass'], made: made !== undefined,
    });
  },
};

function refuseClass(now: string, wanted: string, allowSmaller: boolean): void {
  if (wanted === now) {
    throw new UserError(`The instance is ${now} already. Give another class as the input "instanceClass".`);
  }
  const smaller = isSmaller(wanted, now);
  if (smaller === undefined && !allowSmaller) {
    throw new UserError(`${wanted} cannot be compared with today's ${now}: the size of ${sizeOf(now) === undefined ? now : wanted} is not known here. Look both up, and if it is meant, set the input "allowSmaller" to true.`);
  }
  if (smaller === true && !allowSmaller) {
    throw new UserError(`${wanted} (${sized(wanted)}) is smaller than today's ${now} (${sized(now)}). If that is meant, set the input "allowSmaller" to true.`);
  }
}

/** Why it cannot be said that the class is offered; undefined when it is. @throws UserError when it is not */
async function offeredProblem({ services, environment }: Parameters<ChangeAction['plan']>[0], instance: DatabaseInstance, wanted: string, signal: AbortSignal): Promise<string | undefined> {
  const { isOffered } = await import('../services/aws/rds.ts');
  const aws = services.aws(environment);
  let offered: boolean;
  try {
    offered = await isOffered(aws, instance, wanted, signal);
  } catch (error) {
    if (error instanceof CancelledError) {
      throw error;
    }
    // A right that is missing for this question must not stop the change: RDS itself refuses what it does not offer.
    return messageOf(error);
  }
  if (!offered) {
    const list = commandLine('aws', 'rds', 'describe-orderable-db-instance-options', '--engine', instance.engine, '--engine-version', instance.version, '--region', aws.options.region);
    throw new UserError(`RDS does not offer ${wanted} for ${instance.engine} ${instance.version}${instance.multiAz ? ' with Multi-AZ' : ''} in ${aws.options.region}. Choose another class; "${list}" lists them.`);
  }
  return undefined;
}

/** What the plan says besides the instance. */
export interface ScaleFacts {
  readonly parameter: DatabaseParameter | undefined;
  readonly region: string;
  /** Epoch ms. */
  readonly now: number;
  /** Why it is not known whether the class is offered. */
  readonly offered?: string | undefined;
}

/** The plan of a change of the class, from what was found. */
export function scaleDraft(instance: DatabaseInstance, wanted: string, facts: ScaleFacts): Draft {
  const { identifier, instanceClass, pending, multiAz, parameterGroup } = instance;
  const [limit, later] = [instanceClass, wanted].map((name) => connectionLimit(facts.parameter?.value, instance, name));
  const others = pending.filter(({ name }) => name !== 'DBInstanceClass');
  const pendingClass = pending.find(({ name }) => name === 'DBInstanceClass')?.to;
  const rebootPending = instance.parameterStatus === 'pending-reboot';
  const differences: Difference[] = [
    { name: 'Instance class', before: `${instanceClass} (${sized(instanceClass)})`, after: `${wanted} (${sized(wanted)})` },
    ...(limit?.computed === true && later !== undefined ? [{ name: 'max_connections by the default formula', before: `${limit.value} at most`, after: `${later.value} at most` }] : []),
    ...others.map(({ name, from, to }) => ({ name: `Pending: ${name}`, before: from === '' ? 'not shown' : from, after: to })),
    ...(rebootPending ? [{ name: `Parameters of ${parameterGroup}`, before: 'wait for a reboot', after: 'in effect' }] : []),
  ];
  return {
    system: RDS, resource: identifier, ...(instance.arn === '' ? {} : { arn: instance.arn }),
    summary: `Change ${identifier} from ${instanceClass} to ${wanted} at once${others.length === 0 ? '' : ` and apply ${others.length} pending modification${others.length === 1 ? '' : 's'}`}`,
    differences,
    before: {
      instance: identifier, instanceClass, multiAz, pendingClass: pendingClass ?? null, rebootPending,
      pending: others.map(({ name, from, to }) => `${name}: ${from} → ${to}`),
    },
    after: { instance: identifier, instanceClass: wanted },
    command: commandLine('aws', 'rds', 'modify-db-instance', '--db-instance-identifier', identifier, '--db-instance-class', wanted, '--apply-immediately', '--region', facts.region),
    hazards: scaleHazards(instance, wanted, { limit, later, others, pendingClass, facts }),
    undo: { possible: false, how: 'No undo: going back is another outage. Plan it as a change of its own.' },
    follow: `The state of ${identifier} until it is available as ${wanted}, usually 5 to 20 minutes; at most an hour.`,
  };
}

interface Found {
  readonly limit: ConnectionLimit | undefined;
  /** With the wanted class. */
  readonly later: ConnectionLimit | undefined;
  /** Pending modifications besides that of the class. */
  readonly others: readonly PendingModification[];
  readonly pendingClass: string | undefined;
  readonly facts: ScaleFacts;
}

function scaleHazards(instance: DatabaseInstance, wanted: string, { limit, later, others, pendingClass, facts }: Found): readonly Hazard[] {
  const { identifier, instanceClass, multiAz, parameterGroup, replicas, backupWindow, maintenanceWindow } = instance;
  const smaller = isSmaller(wanted, instanceClass);
  const upgrades = others.some(({ name }) => name === 'EngineVersion');
  const list = others.map(({ name, from, to }) => `${name} ${from === '' ? '' : `from ${from} `}to ${to}`).join(', ');
  return [
    { level: 'danger', text: multiAz
      ? `An outage: ${identifier} is Multi-AZ, so the standby is changed first and then takes over. The failover usually takes 1 to 2 minutes, in which every connection drops.`
      : `An outage: ${identifier} is in a single zone and has no standby, so the database is down while it is changed, usually for 5 to 15 minutes. Every connection drops.` },
    ...hazardIf(smaller !== false, 'danger', `${wanted} is ${smaller === true ? 'smaller than' : 'of a size that cannot be compared with'} ${instanceClass}: the database may run short of memory and CPU.`),
    ...hazardIf(others.length > 0, upgrades ? 'danger' : 'warn',
      `Everything that is pending is applied at once too: ${list}.${upgrades ? ' An upgrade of the engine makes the outage longer and cannot be taken back.' : ''}`),
    ...hazardIf(pendingClass !== undefined, 'note', pendingClass === wanted
      ? `${wanted} was asked for already and waits for the maintenance window; this applies it now.`
      : `The class ${pendingClass ?? ''} waits for the maintenance window; this replaces it.`),
    ...hazardIf(instance.parameterStatus === 'pending-reboot', 'warn', `The parameter group ${parameterGroup} has changes that wait for a reboot. The change of the class restarts the instance, so they take effect too.`),
    { level: 'note', text: limitText(limit, later, parameterGroup) },
    ...hazardIf(replicas.length > 0, 'note', `Its read replicas (${replicas.join(', ')}) keep their class.`),
    ...hazardIf(isInWindow(backupWindow, facts.now), 'warn', `Its backup window (${backupWindow} UTC) is open now: a backup may begin and hold the change up.`),
    ...hazardIf(isInWindow(maintenanceWindow, facts.now), 'warn', `Its maintenance window (${maintenanceWindow} UTC) is open now: maintenance may begin at the same time.`),
    ...hazardIf(facts.offered !== undefined, 'note', `Whether RDS offers ${wanted} here could not be checked: ${facts.offered ?? ''}`),
  ];
}

function limitText(limit: ConnectionLimit | undefined, later: ConnectionLimit | undefined, parameterGroup: string): string {
  if (limit?.computed === false) {
    return `The parameter group ${parameterGroup} sets max_connections to ${limit.value}: another class does not change it.`;
  }
  return limit === undefined || later === undefined ? 'How max_connections changes with the class is not known here.'
    : `max_connections follows from the memory by the default formula: it goes from at most ${limit.value} to at most ${later.value} by itself.`;
}

/** What a class change is held against. */
export interface ScaleProgress {
  readonly was: string;
  readonly wanted: string;
  /** Whether the wanted class was pending before the change was made. */
  readonly pendingBefore: boolean;
  /** Whether RDS is known to have taken the change. */
  readonly made: boolean;
}

/** Where a change of the class stands, from one look. */
export function scaleOutlook(instance: DatabaseInstance, { was, wanted, pendingBefore, made }: ScaleProgress): Outlook {
  const { identifier, instanceClass, status, pending } = instance;
  const waits = pending.some(({ name, to }) => name === 'DBInstanceClass' && to === wanted);
  const seen = { markdown: instanceTable(instance), data: { status, instanceClass, pending: pending.map(({ name, to }) => `${name}: ${to}`) } };
  const broken = brokenMeaning(status);
  if (broken !== undefined) {
    return { ...seen, state: 'failed', summary: `${identifier} is "${status}" (${instanceClass}): ${broken}` };
  }
  if (instanceClass === wanted && !waits) {
    return isOperable(status)
      ? { ...seen, state: 'done', summary: `${identifier} is ${wanted} and ${status}` }
      : { ...seen, state: 'underway', summary: `${identifier} is ${wanted} already, and still ${status}`, portion: 0.9 };
  }
  if (instanceClass !== was && instanceClass !== wanted) {
    return { ...seen, state: 'unclear', summary: `${identifier} is ${instanceClass}, which is neither the class of before (${was}) nor the wanted one (${wanted}): somebody else has changed it` };
  }
  if (!isOperable(status)) {
    return { ...seen, state: 'underway', summary: `${identifier} is ${status}, still ${instanceClass}` };
  }
  if (waits && (made || !pendingBefore)) {
    return { ...seen, state: 'underway', summary: `${identifier} is still ${instanceClass} and ${status}; ${wanted} is pending` };
  }
  if (waits) {
    return { ...seen, state: 'unclear', summary: `${identifier} is ${instanceClass} and ${status}, and ${wanted} is pending, as it was before. Whether RDS took the change cannot be told yet: look again in a minute` };
  }
  return made
    ? { ...seen, state: 'failed', summary: `${identifier} is ${status} and still ${instanceClass}, and ${wanted} is not pending any more: RDS gave the change up. Its events say why (aws rds describe-events)` }
    : { ...seen, state: 'not made', summary: `${identifier} is ${status} and ${instanceClass}, as before` };
}

function sized(instanceClass: string): string {
  const size = sizeOf(instanceClass);
  return size === undefined ? 'size not known' : sizeText(size);
}
