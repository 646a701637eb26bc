import { createHash } from 'node:crypto';
import { DescribeListenersCommand, DescribeLoadBalancersCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Clock } from '../../src/incident/clock.ts';
import { type Answer, type AwsCall, type Forward, type Overlay, errorAnswer, withBody } from './aws-request.ts';
import type { AwsClients } from './aws-writer.ts';
import { ControlError } from './control-error.ts';

const DAY_MS = 86_400_000;
/** What ACM has issued since 2019, until 2026. */
const LIFETIME_MS = 395 * DAY_MS;
/** Production's certificate has so long to live when the practice begins. */
const SEEDED_LEFT_MS = 5 * DAY_MS;

/** What is said of a certificate in the place of what moto would say. */
export interface CertificateFacts {
  readonly status: 'PENDING_VALIDATION' | 'ISSUED' | 'EXPIRED' | 'FAILED' | 'VALIDATION_TIMED_OUT' | 'REVOKED' | 'INACTIVE';
  readonly type?: 'AMAZON_ISSUED' | 'IMPORTED' | 'PRIVATE';
  /** Epoch ms. */
  readonly createdAt?: number;
  readonly notAfter?: number;
  readonly keyAlgorithm?: string;
  readonly failure?: string;
  /** Status of ACM's own renewal. */
  readonly renewal?: string;
  /** Names whose CNAME has been seen, while it is pending. */
  readonly validated?: readonly string[];
  /** What uses it besides the load balancers here. */
  readonly inUseBy?: readonly string[];
}

/** Steers the certificates of the practice environment. */
export interface PracticeCertificates {
  /**
   * The CNAMEs have been set: issues the certificates that wait for validation, or only one. Gives their ARNs.
   *
   * @throws ControlError when none waits
   */
  issue(arn?: string): readonly string[];
  /** Says something else of a certificate from now on. */
  tell(arn: string, facts: Partial<CertificateFacts>): void;
}

interface Detail {
  CertificateArn: string;
  DomainName: string;
  SubjectAlternativeNames?: string[];
  [field: string]: unknown;
}

export interface AcmOverlayOptions {
  readonly clock: Clock;
  readonly clients: AwsClients;
}

/**
 * Certificates that expire, fail, and are issued when somebody says so; who uses them; and a refusal to delete what is
 * in use. In moto they live for a year from their request, are issued by themselves, and keep their first users.
 */
export function createAcmOverlay({ clock, clients }: AcmOverlayOptions): Overlay & { readonly certificates: PracticeCertificates } {
  const seeded: CertificateFacts = {
    status: 'ISSUED', renewal: 'PENDING_VALIDATION',
    createdAt: clock.now() + SEEDED_LEFT_MS - LIFETIME_MS, notAfter: clock.now() + SEEDED_LEFT_MS,
  };
  const told = new Map<string, CertificateFacts>();
  /** Described once already: ACM needs some seconds to say what CNAME to set. */
  const described = new Set<string>();
  const factsOf = (arn: string): CertificateFacts => told.get(arn) ?? seeded;

  const shown = async (detail: Detail): Promise<Detail> => ({ ...dress(detail, factsOf(detail.CertificateArn), described.has(detail.CertificateArn)), InUseBy: await usersOf(detail.CertificateArn) });

  const usersOf = async (arn: string): Promise<readonly string[]> => {
    const { LoadBalancers = [] } = await clients.elbv2.send(new DescribeLoadBalancersCommand({}));
    const using = await Promise.all(LoadBalancers.map(async ({ LoadBalancerArn }) => {
      const { Listeners = [] } = await clients.elbv2.send(new DescribeListenersCommand({ LoadBalancerArn }));
      return Listeners.some(({ Certificates = [] }) => Certificates.some(({ CertificateArn }) => CertificateArn === arn)) ? LoadBalancerArn ?? [] : [];
    }));
    return [...using.flat(), ...factsOf(arn).inUseBy ?? []];
  };

  const describe = async (answer: Answer): Promise<Answer> => {
    const { Certificate: detail } = JSON.parse(answer.body.toString('utf8')) as { Certificate: Detail };
    const result = withBody(answer, JSON.stringify({ Certificate: await shown(detail) }));
    described.add(detail.CertificateArn);
    return result;
  };

  const list = async (answer: Answer): Promise<Answer> => {
    const { CertificateSummaryList: details } = JSON.parse(answer.body.toString('utf8')) as { CertificateSummaryList: Detail[] };
    const summaries = (await Promise.all(details.map(shown))).map(({ SubjectAlternativeNames, InUseBy, DomainValidationOptions: _, ...rest }) => ({
      ...rest, SubjectAlternativeNameSummaries: SubjectAlternativeNames, HasAdditionalSubjectAlternativeNames: false, InUse: Array.isArray(InUseBy) && InUseBy.length > 0,
    }));
    return withBody(answer, JSON.stringify({ CertificateSummaryList: summaries }));
  };

  const remove = async (call: AwsCall, forward: Forward): Promise<Answer> => {
    const { CertificateArn: arn } = JSON.parse(call.body.toString('utf8')) as { CertificateArn: string };
    if ((await usersOf(arn)).length > 0) {
      return errorAnswer(call, 400, 'ResourceInUseException', `Certificate ${arn} in account is in use.`);
    }
    told.delete(arn);
    return forward();
  };

  return {
    matches: ({ service, operation, protocol }) => service === 'acm' && protocol === 'json'
      && ['DescribeCertificate', 'ListCertificates', 'RequestCertificate', 'DeleteCertificate'].includes(operation),
    async answer(call, forward) {
      if (call.operation === 'DeleteCertificate') {
        return remove(call, forward);
      }
      const answer = await forward();
      if (answer.status !== 200) {
        return answer;
      }
      if (call.operation === 'RequestCertificate') {
        const { CertificateArn: arn } = JSON.parse(answer.body.toString('utf8')) as { CertificateArn: string };
        const { KeyAlgorithm: keyAlgorithm = 'RSA_2048' } = JSON.parse(call.body.toString('utf8')) as { KeyAlgorithm?: string };
        told.set(arn, told.get(arn) ?? { status: 'PENDING_VALIDATION', keyAlgorithm, createdAt: clock.now() });
        return answer;
      }
      return call.operation === 'DescribeCertificate' ? describe(answer) : list(answer);
    },
    certificates: {
      issue(arn) {
        const waiting = [...told].filter(([known, { status }]) => status === 'PENDING_VALIDATION' && (arn === undefined || arn === known)).map(([known]) => known);
        if (waiting.length === 0) {
          throw new ControlError(404, `No certificate waits for validation${arn === undefined ? '' : ` under ${arn}`}`);
        }
        waiting.forEach((known) => told.set(known, { ...factsOf(known), status: 'ISSUED', notAfter: clock.now() + LIFETIME_MS }));
        return waiting;
      },
      tell: (arn, facts) => { told.set(arn, { ...factsOf(arn), ...facts }); },
    },
  };
}

/** Without the fields that ACM leaves out in this state; times in epoch seconds. */
function dress(detail: Detail, facts: CertificateFacts, settled: boolean): Detail {
  const { NotBefore: _from, NotAfter: _to, IssuedAt: _issued, CreatedAt: _created, ImportedAt: _imported, DomainValidationOptions: _proofs, ...rest } = detail;
  const { status, type = 'AMAZON_ISSUED', createdAt = 0, notAfter, renewal } = facts;
  const validations = (allDone: boolean): object[] => [...new Set([detail.DomainName, ...detail.SubjectAlternativeNames ?? []])].map((name) => ({
    DomainName: name, ValidationDomain: name, ValidationMethod: 'DNS',
    ValidationStatus: allDone || facts.validated?.includes(name) === true ? 'SUCCESS' : status === 'FAILED' ? 'FAILED' : 'PENDING_VALIDATION',
    ...(settled || status !== 'PENDING_VALIDATION' ? { ResourceRecord: recordFor(name) } : {}),
  }));
  return {
    ...rest,
    Status: status, Type: type, KeyAlgorithm: facts.keyAlgorithm ?? detail['KeyAlgorithm'],
    [type === 'IMPORTED' ? 'ImportedAt' : 'CreatedAt']: createdAt / 1000,
    ...(notAfter === undefined ? {} : { NotBefore: createdAt / 1000, NotAfter: notAfter / 1000 }),
    ...(type === 'AMAZON_ISSUED' ? { DomainValidationOptions: validations(!['PENDING_VALIDATION', 'FAILED', 'VALIDATION_TIMED_OUT'].includes(status)) } : {}),
    ...(renewal === undefined || type !== 'AMAZON_ISSUED' ? {} : {
      RenewalSummary: { RenewalStatus: renewal, DomainValidationOptions: validations(renewal === 'SUCCESS'), UpdatedAt: createdAt / 1000 },
    }),
    RenewalEligibility: type === 'AMAZON_ISSUED' && status === 'ISSUED' ? 'ELIGIBLE' : 'INELIGIBLE',
    ...(facts.failure === undefined ? {} : { FailureReason: facts.failure }),
  };
}

/** The same for a domain and its wildcard, another for each domain, as at ACM. */
function recordFor(name: string): object {
  const domain = name.replace(/^\*\./, '');
  const hash = createHash('sha256').update(domain).digest('hex');
  return { Name: `_${hash.slice(0, 32)}.${domain}.`, Type: 'CNAME', Value: `_${hash.slice(32)}.jkddzztszm.acm-validations.aws.` };
}
