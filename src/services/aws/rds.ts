import { type DBInstance, DescribeDBInstancesCommand, DescribeDBParametersCommand, DescribeOrderableDBInstanceOptionsCommand, RDSClient } from '@aws-sdk/client-rds';
import { UserError } from '../../errors.ts';
import { type ConnectionLimit, connectionLimit } from './db-classes.ts';
import type { AwsSession } from './session.ts';

/** A modification that waits for the maintenance window, or for the next one that is applied immediately. */
export interface PendingModification {
  /** As RDS names it: `EngineVersion`. */
  readonly name: string;
  /** Empty where RDS does not show it. */
  readonly from: string;
  readonly to: string;
}

export interface DatabaseInstance {
  readonly identifier: string;
  readonly arn: string;
  readonly engine: string;
  readonly version: string;
  readonly instanceClass: string;
  /** `available`, `modifying`, `rebooting`, … */
  readonly status: string;
  /** Whether a standby in another zone takes over. */
  readonly multiAz: boolean;
  readonly parameterGroup: string;
  /** `in-sync`, `applying`, `pending-reboot`, `failed-to-apply`; empty where RDS does not say. */
  readonly parameterStatus: string;
  readonly pending: readonly PendingModification[];
  readonly replicas: readonly string[];
  /** `03:00-03:30`, UTC. */
  readonly backupWindow: string;
  /** `sun:04:00-sun:05:00`, UTC. */
  readonly maintenanceWindow: string;
}

/**
 * One RDS instance (DescribeDBInstances).
 *
 * @throws UserError, also when there is none of that name
 */
export async function describeInstance(aws: AwsSession, identifier: string, signal: AbortSignal): Promise<DatabaseInstance> {
  try {
    const answer = await rds(aws).send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier }), { abortSignal: signal });
    if (answer.DBInstances === undefined) {
      throw new UserError(`What answered about the database instance ${identifier} is not RDS. Something between here and AWS answered: check the proxy, VPN or the setting incidentRunbook.aws.endpoint.`);
    }
    const instance = answer.DBInstances[0];
    if (instance === undefined) {
      throw notFound(identifier, aws);
    }
    return { ...read(instance), identifier };
  } catch (error) {
    if (error instanceof Error && /DBInstanceNotFound/.test(error.name)) {
      throw notFound(identifier, aws, error);
    }
    throw aws.explain(error, `describing the database instance ${identifier}`, signal);
  }
}

/** The other instances of the region that take their parameters from the same group. @throws UserError */
export async function sharersOf(aws: AwsSession, { identifier, parameterGroup }: DatabaseInstance, signal: AbortSignal): Promise<readonly string[]> {
  const found: string[] = [];
  try {
    let marker: string | undefined;
    do {
      const page = await rds(aws).send(new DescribeDBInstancesCommand(marker === undefined ? {} : { Marker: marker }), { abortSignal: signal });
      found.push(...(page.DBInstances ?? []).map(read).filter((other) => other.parameterGroup === parameterGroup && other.identifier !== identifier).map((other) => other.identifier));
      marker = page.Marker;
    } while (marker !== undefined && marker !== '');
  } catch (error) {
    throw aws.explain(error, 'listing the database instances', signal);
  }
  return found.sort();
}

function read(instance: DBInstance): DatabaseInstance {
  const group = instance.DBParameterGroups?.[0];
  return {
    identifier: instance.DBInstanceIdentifier ?? '',
    arn: instance.DBInstanceArn ?? '',
    engine: instance.Engine ?? '',
    version: instance.EngineVersion ?? '',
    instanceClass: instance.DBInstanceClass ?? '',
    status: instance.DBInstanceStatus ?? '',
    multiAz: instance.MultiAZ ?? false,
    parameterGroup: group?.DBParameterGroupName ?? '',
    parameterStatus: group?.ParameterApplyStatus ?? '',
    pending: pendingOf(instance),
    replicas: instance.ReadReplicaDBInstanceIdentifiers ?? [],
    backupWindow: instance.PreferredBackupWindow ?? '',
    maintenanceWindow: instance.PreferredMaintenanceWindow ?? '',
  };
}

/** By name, so that the same modifications are always the same list. */
function pendingOf(instance: DBInstance): readonly PendingModification[] {
  const now: Readonly<Record<string, unknown>> = { ...instance };
  return Object.entries(instance.PendingModifiedValues ?? {})
    .filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    // The value is masked, and a name like this one would be hidden on the timeline.
    .map(([name, value]) => (name === 'MasterUserPassword'
      ? { name: 'MasterUserCredential', from: 'as it is', to: 'a new one' }
      : { name, from: shown(now[name]), to: shown(value) }));
}

function shown(value: unknown): string {
  return value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/**
 * Whether RDS offers a class for this instance's engine, version and zones here (DescribeOrderableDBInstanceOptions).
 *
 * @throws UserError
 */
export async function isOffered(aws: AwsSession, { engine, version, multiAz }: DatabaseInstance, instanceClass: string, signal: AbortSignal): Promise<boolean> {
  try {
    const answer = await rds(aws).send(new DescribeOrderableDBInstanceOptionsCommand({ Engine: engine, EngineVersion: version, DBInstanceClass: instanceClass }), { abortSignal: signal });
    return (answer.OrderableDBInstanceOptions ?? []).some((option) => !multiAz || option.MultiAZCapable !== false);
  } catch (error) {
    throw aws.explain(error, `asking whether ${instanceClass} is offered`, signal);
  }
}

/** A parameter of a group (DescribeDBParameters). */
export interface DatabaseParameter {
  /** A number, a formula, or undefined when nothing sets it. */
  readonly value: string | undefined;
  /** `user`: set in this group. `system` or `engine-default`: what RDS or the engine sets. Empty where RDS does not say. */
  readonly source: string;
  /** `static`: takes effect with a reboot. `dynamic`: at once. Empty where RDS does not say. */
  readonly applyType: string;
  /** `6-262143`; empty where RDS does not say. */
  readonly allowed: string;
  readonly modifiable: boolean;
}

/** max_connections of a parameter group; undefined when the group does not know it. @throws UserError */
export async function connectionsParameter(aws: AwsSession, group: string, signal: AbortSignal): Promise<DatabaseParameter | undefined> {
  try {
    let marker: string | undefined;
    do {
      const page = await rds(aws).send(new DescribeDBParametersCommand({
        DBParameterGroupName: group,
        ...(marker === undefined ? {} : { Marker: marker }),
      }), { abortSignal: signal });
      const found = page.Parameters?.find((parameter) => parameter.ParameterName === 'max_connections');
      if (found !== undefined) {
        return {
          value: found.ParameterValue, source: found.Source ?? '', applyType: found.ApplyType ?? '', allowed: found.AllowedValues ?? '',
          modifiable: found.IsModifiable ?? true,
        };
      }
      marker = page.Marker;
    } while (marker !== undefined && marker !== '');
    return undefined;
  } catch (error) {
    throw aws.explain(error, `reading the parameter group ${group}`, signal);
  }
}

/** The limit that an instance has by its parameter group. @throws UserError */
export async function maxConnections(aws: AwsSession, instance: DatabaseInstance, signal: AbortSignal): Promise<ConnectionLimit | undefined> {
  return connectionLimit((await connectionsParameter(aws, instance.parameterGroup, signal))?.value, instance, instance.instanceClass);
}

function rds(aws: AwsSession): RDSClient {
  return aws.client('rds', (config) => new RDSClient(config));
}

function notFound(identifier: string, aws: AwsSession, cause?: unknown): UserError {
  return new UserError(`There is no database instance "${identifier}" in ${aws.options.region}. Correct databaseInstance in the runbook, or the region.`, { cause });
}
