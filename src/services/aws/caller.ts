/** Who this machine is to AWS: asked before every change, so that none is made in the wrong account or region. */
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { UserError } from '../../errors.ts';
import type { AwsSession } from './session.ts';

export interface Caller {
  /** 12 digits. */
  readonly account: string;
  /** e.g. arn:aws:sts::123456789012:assumed-role/oncall/ada */
  readonly arn: string;
  /** The region that the environment or the profile of this machine is set to; undefined when neither names one. */
  readonly region: string | undefined;
}

/** STS GetCallerIdentity. @throws UserError in words a responder can act on */
async function callerOf(aws: AwsSession, signal: AbortSignal): Promise<Caller> {
  try {
    const client = aws.client('sts', (config) => new STSClient(config));
    const { Account = '', Arn = '' } = await client.send(new GetCallerIdentityCommand({}), { abortSignal: signal });
    return { account: Account, arn: Arn, region: await configuredRegion(aws.options.profile) };
  } catch (error) {
    throw aws.explain(error, 'asking who you are', signal);
  }
}

/**
 * Who asks, once it is certain that the calls go to the account that the runbook means.
 *
 * @param environment its key
 * @param wanted account of the environment; undefined when the runbook names none
 * @throws UserError when they go elsewhere, or it cannot be told
 */
export async function callerIn(aws: AwsSession, environment: string, wanted: string | undefined, signal: AbortSignal): Promise<Caller> {
  if (wanted === undefined) {
    throw new UserError(`The runbook names no AWS account for "${environment}", so nothing is changed there. Add environments.${environment}.aws.account, 12 digits, to the runbook.`);
  }
  const caller = await callerOf(aws, signal);
  if (caller.account !== wanted) {
    throw new UserError(`${sessionName(aws)} is in account ${caller.account}, and the runbook's "${environment}" is account ${wanted}. Nothing was changed. Choose the right profile in the setting incidentRunbook.aws.profile, or sign in to the right account.`, {
      action: { title: 'Open setting', command: 'workbench.action.openSettings', args: ['incidentRunbook.aws.profile'] },
    });
  }
  return caller;
}

/** For the beginning of a sentence. */
export function sessionName({ options: { profile } }: AwsSession): string {
  return profile === undefined ? 'Your AWS session' : `The profile "${profile}"`;
}

async function configuredRegion(profile: string | undefined): Promise<string | undefined> {
  const client = new STSClient(profile === undefined ? {} : { profile });
  try {
    return await client.config.region();
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}
