import { DescribeDBInstancesCommand, DescribeDBParametersCommand, RDSClient } from '@aws-sdk/client-rds';
import { UserError } from '../../errors.ts';
import type { AwsSession } from './session.ts';

export interface DatabaseInstance {
  readonly identifier: string;
  readonly engine: string;
  readonly version: string;
  readonly instanceClass: string;
  /** `available`, `modifying`, `rebooting`, … */
  readonly status: string;
  readonly parameterGroup: string;
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
    return {
      identifier,
      engine: instance.Engine ?? '',
      version: instance.EngineVersion ?? '',
      instanceClass: instance.DBInstanceClass ?? '',
      status: instance.DBInstanceStatus ?? '',
      parameterGroup: instance.DBParameterGroups?.[0]?.DBParameterGroupName ?? '',
    };
  } catch (error) {
    if (error instanceof Error && /DBInstanceNotFound/.test(error.name)) {
      throw notFound(identifier, aws, error);
    }
    throw aws.explain(error, `describing the database instance ${identifier}`, signal);
  }
}

/** A limit and where it comes from. */
export interface ConnectionLimit {
  readonly value: number;
  readonly source: string;
}

/** Memory by instance size in GiB for the classes the default formula is asked about; r and m families. */
const MEMORY_GIB: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  r: { large: 16, xlarge: 32, '2xlarge': 64, '4xlarge': 128, '8xlarge': 256, '12xlarge': 384, '16xlarge': 512, '24xlarge': 768 },
  m: { large: 8, xlarge: 16, '2xlarge': 32, '4xlarge': 64, '8xlarge': 128, '12xlarge': 192, '16xlarge': 256, '24xlarge': 384 },
  t: { micro: 1, small: 2, medium: 4, large: 8, xlarge: 16, '2xlarge': 32 },
};

/**
 * max_connections as the parameter group sets it; for PostgreSQL's default formula
 * (`LEAST({DBInstanceClassMemory/9531392},5000)`) computed from the class's memory, an upper bound because RDS
 * takes its own share of the memory first.
 *
 * @returns undefined when neither is known: then there is nothing to hold the connections against
 */
export async function maxConnections(aws: AwsSession, instance: DatabaseInstance, signal: AbortSignal): Promise<ConnectionLimit | undefined> {
  try {
    let marker: string | undefined;
    do {
      const page = await rds(aws).send(new DescribeDBParametersCommand({
        DBParameterGroupName: instance.parameterGroup,
        ...(marker === undefined ? {} : { Marker: marker }),
      }), { abortSignal: signal });
      const value = page.Parameters?.find((parameter) => parameter.ParameterName === 'max_connections')?.ParameterValue;
      if (value !== undefined && /^\d+$/.test(value)) {
        return { value: Number(value), source: `parameter group ${instance.parameterGroup}` };
      }
      marker = page.Marker;
    } while (marker !== undefined && marker !== '');
  } catch (error) {
    throw aws.explain(error, `reading the parameter group ${instance.parameterGroup}`, signal);
  }
  const [, family, size] = /^db\.([a-z])\w*\.(\w+)$/.exec(instance.instanceClass) ?? [];
  const memory = MEMORY_GIB[family ?? '']?.[size ?? ''];
  if (memory === undefined || !instance.engine.includes('postgres')) {
    return undefined;
  }
  return { value: Math.min(Math.floor((memory * 2 ** 30) / 9_531_392), 5000), source: `default formula for ${instance.instanceClass}, an upper bound` };
}

function rds(aws: AwsSession): RDSClient {
  return aws.client('rds', (config) => new RDSClient(config));
}

function notFound(identifier: string, aws: AwsSession, cause?: unknown): UserError {
  return new UserError(`There is no database instance "${identifier}" in ${aws.options.region}. Correct databaseInstance in the runbook, or the region.`, { cause });
}
