import type { Clock } from '../../../src/incident/clock.ts';
import { ACCOUNT } from '../../practice/resources.ts';
import { type Api, type Fake, startFake } from './fake-server.ts';

/** Of AWS Support, and the question whose account it is, which comes first. */
export type AwsSupportOperation = 'GetCallerIdentity' | 'CreateCase' | 'DescribeCases';

export interface SupportCase {
  readonly caseId: string;
  readonly displayId: string;
  readonly subject: string;
  readonly body: string;
}

export interface AwsSupportFake extends Fake<AwsSupportOperation> {
  readonly cases: readonly SupportCase[];
}

/** AWS as far as support cases need it. It opens a second case for what is asked twice. */
export async function startAwsSupport({ clock }: { readonly clock: Clock }): Promise<AwsSupportFake> {
  const own: Api = { basePath: '', description: undefined };
  const cases: SupportCase[] = [];
  const fake = await startFake<AwsSupportOperation>({
    name: 'AWS Support', clock,
    // Every call of AWS is a POST to the root: a header names the operation, or else a form.
    pathOf: ({ 'x-amz-target': target }) => `/${target?.split('.').at(-1) ?? 'GetCallerIdentity'}`,
    routes: {
      GetCallerIdentity: {
        api: own, on: 'POST /GetCallerIdentity',
        handle: () => ({
          status: 200,
          xml: `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::${ACCOUNT}:user/ada</Arn><UserId>AIDA</UserId><Account>${ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
        }),
      },
      CreateCase: {
        api: own, on: 'POST /CreateCase',
        handle: ({ body: { subject, communicationBody } }) => {
          const number = cases.length + 1;
          const caseId = `case-${ACCOUNT}-muen-2026-${number}`;
          cases.push({ caseId, displayId: String(17_000_000_000 + number), subject: String(subject), body: String(communicationBody) });
          return { status: 200, body: { caseId } };
        },
      },
      DescribeCases: {
        api: own, on: 'POST /DescribeCases',
        handle: ({ body: { caseIdList, includeCommunications } }) => ({
          status: 200,
          body: {
            cases: cases.filter(({ caseId }) => !Array.isArray(caseIdList) || caseIdList.includes(caseId))
              .map(({ caseId, displayId, subject, body }) => ({ caseId, displayId, subject, status: 'opened', ...(includeCommunications === false ? {} : { recentCommunications: { communications: [{ caseId, body }] } }) })),
          },
        }),
      },
    },
    rateLimited: (retryAfterS) => ({ status: 400, headers: { 'retry-after': String(retryAfterS), 'x-amzn-errortype': 'ThrottlingException' }, body: { __type: 'ThrottlingException', message: 'Rate exceeded' } }),
  });
  return { ...fake, cases };
}
