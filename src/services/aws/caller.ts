/** Who this machine is to AWS: asked before every change, so that none is made in the wrong account or region. */
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
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
export async function callerOf(aws: AwsSession, signal: AbortSignal): Promise<Caller> {
  try {
    const client = aws.client('sts', (config) => new STSClient(config));
    const { Account = '', Arn = '' } = await client.send(new GetCallerIdentityCommand({}), { abortSignal: signal });
    return { account: Account, arn: Arn, region: await configuredRegion(aws.options.profile) };
  } catch (error) {
    throw aws.explain(error, 'asking who you are', signal);
  }
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
