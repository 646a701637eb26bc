/** AWS Support (docs.aws.amazon.com/awssupport/latest/APIReference). Its API is in us-east-1 and only there for Business plans and above. */
import {
  CreateCaseCommand, DescribeCasesCommand, type CaseDetails, DescribeCommunicationsCommand, DescribeServicesCommand, DescribeSeverityLevelsCommand, SupportClient,
} from '@aws-sdk/client-support';
import { CancelledError, messageOf } from '../../errors.ts';
import { iso } from '../../incident/clock.ts';
import { firstLine, onOneLine, shorten } from '../../incident/shorten.ts';
import { CALL_TIMEOUT_MS, CLOCK_SKEW_MS, type Calls, DeliveryError, type Parcel, type Receipt, textOf } from '../courier.ts';
import { lostCall, refusedCall } from '../http-call.ts';
import { callerIn } from './caller.ts';
import { isCredentialError } from './errors.ts';
import type { AwsSession } from './session.ts';

/** Where a person opens a case. */
export const NEW_CASE_URL = 'https://console.aws.amazon.com/support/home#/case/create';

/** What a case can be about and how grave it can be, by the account's support plan. */
export interface SupportOffer {
  /** Codes such as `urgent`. */
  readonly levels: readonly string[];
  readonly services: readonly { readonly code: string; readonly name: string; readonly categories: readonly { readonly code: string; readonly name: string }[] }[];
}

const REGION = 'us-east-1';
const NAME = 'AWS Support';
/** Of the API, in characters. */
const SUBJECT_LENGTH = 250;
const BODY_LENGTH = 8000;
const PAGE = 100;

/** @returns undefined when the account's support plan has no API. @throws UserError */
export async function supportOffer(aws: AwsSession, signal: AbortSignal): Promise<SupportOffer | undefined> {
  try {
    const client = reader(aws);
    const [{ severityLevels = [] }, { services = [] }] = await Promise.all([
      client.send(new DescribeSeverityLevelsCommand({ language: 'en' }), { abortSignal: signal }),
      client.send(new DescribeServicesCommand({ language: 'en' }), { abortSignal: signal }),
    ]);
    return {
      levels: severityLevels.flatMap(({ code }) => code ?? []),
      services: services.map(({ code = '', name = '', categories = [] }) => ({ code, name, categories: categories.map((category) => ({ code: category.code ?? '', name: category.name ?? '' })) })),
    };
  } catch (error) {
    if (error instanceof Error && error.name === 'SubscriptionRequiredException') {
      return undefined;
    }
    throw aws.explain(error, 'asking what AWS Support offers', signal);
  }
}

/**
 * What AWS Support can be asked to do.
 *
 * @param session of an environment, by its key
 * @param timeoutMs how long one call may take
 */
export function supportCalls(session: (environment: string) => AwsSession, timeoutMs = CALL_TIMEOUT_MS): Calls {
  /** One call, and what its failure means for the case. */
  const within = async <T>(signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      return await call(AbortSignal.any([signal, limit]));
    } catch (error) {
      throw failureOf(error, limit.aborted ? timeoutMs : undefined);
    }
  };

  const open = async ({ incident: { environment }, runbook }: Parcel, signal: AbortSignal): Promise<AwsSession> => {
    try {
      const aws = session(environment);
      await callerIn(aws, environment, runbook.environments[environment]?.aws?.account, signal);
      return aws;
    } catch (error) {
      // Nothing was asked of AWS Support yet. A network comes back; a session that has expired needs a person.
      if (error instanceof CancelledError) {
        throw new DeliveryError('not sent', 'AWS did not say in time whose account it is.', { cause: error });
      }
      const cause = error instanceof Error ? error.cause : undefined;
      const passes = cause !== undefined && !isCredentialError(cause);
      throw new DeliveryError(passes ? 'not sent' : 'refused', messageOf(error), { cause: error });
    }
  };

  return {
    createCase: {
      again: 'look',
      async send(parcel, signal) {
        const aws = await open(parcel, signal);
        const { delivery } = parcel;
        const command = new CreateCaseCommand({
          subject: shorten(onOneLine(textOf(parcel, 'subject')), SUBJECT_LENGTH),
          serviceCode: textOf(parcel, 'serviceCode'), categoryCode: textOf(parcel, 'categoryCode'), severityCode: textOf(parcel, 'severityCode'),
          issueType: 'technical', language: 'en', communicationBody: bodyOf(delivery.text, delivery.id),
        });
        const { caseId } = await within(signal, (limited) => once(aws).send(command, { abortSignal: limited }));
        if (caseId === undefined) {
          throw new DeliveryError('in doubt', `${NAME} answered without naming the case.`);
        }
        // Only the number that people see leads to the console's page; the case is open without it.
        const { cases = [] } = await within(signal, (limited) => once(aws).send(new DescribeCasesCommand({ caseIdList: [caseId], includeCommunications: false }), { abortSignal: limited })).catch(() => ({ cases: [] }));
        return receiptOf(cases[0] ?? { caseId });
      },
      async find(parcel, signal) {
        const aws = await open(parcel, signal);
        const { at, id } = parcel.delivery;
        const subject = shorten(onOneLine(textOf(parcel, 'subject')), SUBJECT_LENGTH);
        const afterTime = iso(Date.parse(at) - CLOCK_SKEW_MS);
        let nextToken: string | undefined;
        do {
          const page = await within(signal, (limited) => once(aws).send(new DescribeCasesCommand({
            includeResolvedCases: true, includeCommunications: true, afterTime, maxResults: PAGE, ...(nextToken === undefined ? {} : { nextToken }),
          }), { abortSignal: limited }));
          if (page.cases === undefined) {
            throw new DeliveryError('in doubt', `What answered is not ${NAME}: check the proxy, the VPN or the setting incidentRunbook.aws.endpoint.`);
          }
          for (const found of page.cases) {
            if (found.subject === subject && await holds(aws, found, id, (call) => within(signal, call))) {
              return receiptOf(found);
            }
          }
          nextToken = page.nextToken;
        } while (nextToken !== undefined && nextToken !== '');
        return undefined;
      },
    },
  };
}

/** Whether a case is the one that a delivery opened. It comes with its latest five messages; ours is the first. */
async function holds(aws: AwsSession, { caseId = '', recentCommunications }: CaseDetails, delivery: string, ask: <T>(call: (signal: AbortSignal) => Promise<T>) => Promise<T>): Promise<boolean> {
  let { communications = [], nextToken } = recentCommunications ?? {};
  for (;;) {
    if (communications.some(({ body }) => body?.includes(markOf(delivery)) === true)) {
      return true;
    }
    if (nextToken === undefined || nextToken === '') {
      return false;
    }
    const token = nextToken;
    ({ communications = [], nextToken } = await ask((signal) => once(aws).send(new DescribeCommunicationsCommand({ caseId, nextToken: token }), { abortSignal: signal })));
  }
}

function bodyOf(text: string, delivery: string): string {
  const mark = `\n\n${markOf(delivery)}`;
  return shorten(text, BODY_LENGTH - mark.length) + mark;
}

/** By which a case is recognised. */
function markOf(delivery: string): string {
  return `Reference: ${delivery}`;
}

function receiptOf({ caseId = '', displayId = '' }: CaseDetails): Receipt {
  return { result: { caseId, ...(displayId === '' ? {} : { displayId }) }, ...(displayId === '' ? {} : { url: `https://console.aws.amazon.com/support/home#/case/?displayId=${encodeURIComponent(displayId)}` }) };
}

/** @param timedOutMs how long was waited, when that was it */
function failureOf(error: unknown, timedOutMs: number | undefined): DeliveryError {
  if (error instanceof DeliveryError) {
    return error;
  }
  const { status, headers } = answerOf(error);
  const name = error instanceof Error ? error.name : '';
  const why = shorten(firstLine(messageOf(error)), 100).replace(/[.\s]+$/, '');
  if (timedOutMs === undefined && (isCredentialError(error) || status === 401 || status === 403 || /AccessDenied|NotAuthorized/.test(name))) {
    return new DeliveryError('refused', `${NAME} refused your AWS session (${why}). Sign in, or ask for support:CreateCase and support:DescribeCases, then retry.`, { status, cause: error });
  }
  if (status === undefined || status < 400) {
    return timedOutMs === undefined && status !== undefined ? new DeliveryError('in doubt', `${NAME} answered with something that cannot be read (a proxy on the way?).`, { status, cause: error }) : lostCall(NAME, error, timedOutMs);
  }
  if (name === 'SubscriptionRequiredException') {
    return new DeliveryError('refused', `The account's support plan has no API. Open the case by hand: ${NEW_CASE_URL}`, { status, cause: error });
  }
  return refusedCall(NAME, /Throttl|TooManyRequests/.test(name) ? 429 : status, headers, why);
}

/** Of the answer behind an SDK error; the SDK keeps it beside the error. */
function answerOf(error: unknown): { readonly status?: number; readonly headers: Headers } {
  const response = typeof error === 'object' && error !== null && '$response' in error ? error.$response : undefined;
  if (typeof response !== 'object' || response === null) {
    return { headers: new Headers() };
  }
  const { statusCode, headers = {} } = response as { readonly statusCode?: unknown; readonly headers?: Readonly<Record<string, string>> };
  return { ...(typeof statusCode === 'number' ? { status: statusCode } : {}), headers: new Headers(headers) };
}

function reader(aws: AwsSession): SupportClient {
  return aws.client('support', (config) => new SupportClient({ ...config, region: REGION }));
}

/** Whoever sends deliveries repeats them by itself, as long as it takes. */
function once(aws: AwsSession): SupportClient {
  return aws.writer('support', (config) => new SupportClient({ ...config, region: REGION }));
}
