/** What changes RDS. Every call is sent once: one that got no answer may have been carried out. */
import { ModifyDBInstanceCommand, ModifyDBParameterGroupCommand, RDSClient, RebootDBInstanceCommand, ResetDBParameterGroupCommand } from '@aws-sdk/client-rds';
import type { AwsSession } from './session.ts';

/** When a parameter takes effect: `immediate` only for a dynamic one. */
export type ApplyMethod = 'immediate' | 'pending-reboot';

/** Changes the class at once, and with it everything that is pending (ModifyDBInstance). @returns the status RDS answered. @throws UserError */
export async function modifyInstanceClass(aws: AwsSession, identifier: string, instanceClass: string): Promise<string> {
  return writing(aws, `changing the class of ${identifier}`, async (client) => {
    const { DBInstance } = await client.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: identifier, DBInstanceClass: instanceClass, ApplyImmediately: true }));
    return DBInstance?.DBInstanceStatus ?? '';
  });
}

/** Restarts the database where it is, without a failover (RebootDBInstance). @returns the status RDS answered. @throws UserError */
export async function rebootInstance(aws: AwsSession, identifier: string): Promise<string> {
  return writing(aws, `rebooting ${identifier}`, async (client) => {
    const { DBInstance } = await client.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: identifier, ForceFailover: false }));
    return DBInstance?.DBInstanceStatus ?? '';
  });
}

/** Sets max_connections in a parameter group, or takes it out again so that RDS's own value counts. @param value undefined to take it out. @throws UserError */
export async function setConnections(aws: AwsSession, group: string, value: string | undefined, method: ApplyMethod): Promise<void> {
  const parameter = { ParameterName: 'max_connections', ApplyMethod: method };
  await writing(aws, `changing max_connections in the parameter group ${group}`, (client) => (value === undefined
    ? client.send(new ResetDBParameterGroupCommand({ DBParameterGroupName: group, ResetAllParameters: false, Parameters: [parameter] }))
    : client.send(new ModifyDBParameterGroupCommand({ DBParameterGroupName: group, Parameters: [{ ...parameter, ParameterValue: value }] }))));
}

/** A change is never cancelled half way. */
async function writing<T>(aws: AwsSession, doing: string, work: (client: RDSClient) => Promise<T>): Promise<T> {
  try {
    return await work(aws.writer('rds', (config) => new RDSClient(config)));
  } catch (error) {
    throw aws.explain(error, doing, new AbortController().signal);
  }
}
