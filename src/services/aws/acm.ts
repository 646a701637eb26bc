/** Certificates of AWS Certificate Manager (runbook 12.4), in the region of the session. */
import {
  ACMClient, type CertificateDetail, DeleteCertificateCommand, DescribeCertificateCommand, type DomainValidation, KeyAlgorithm, ListCertificatesCommand,
  RequestCertificateCommand, ResourceNotFoundException,
} from '@aws-sdk/client-acm';
import { UserError } from '../../errors.ts';
import type { AwsSession } from './session.ts';

/** A CNAME that proves to ACM whose domain it is. */
export interface DnsRecord {
  readonly name: string;
  readonly value: string;
}

/** How far the proof for one name is. */
export interface Validation {
  readonly name: string;
  /** PENDING_VALIDATION, SUCCESS or FAILED; empty where ACM does not say. */
  readonly status: string;
  /** DNS, EMAIL or HTTP; empty where ACM does not say. */
  readonly method: string;
  /** Unset for the first seconds after a request, and when it is not validated by DNS. */
  readonly record?: DnsRecord;
}

/** ACM's own attempt to renew a certificate before it expires. */
export interface ManagedRenewal {
  /** PENDING_AUTO_RENEWAL, PENDING_VALIDATION, SUCCESS or FAILED. */
  readonly status: string;
  readonly reason: string;
  readonly validations: readonly Validation[];
}

export interface Certificate {
  readonly arn: string;
  /** The name it was asked for. */
  readonly domain: string;
  /** All names it is for, `domain` first. */
  readonly names: readonly string[];
  /** PENDING_VALIDATION, ISSUED, INACTIVE, EXPIRED, VALIDATION_TIMED_OUT, REVOKED or FAILED. */
  readonly status: string;
  /** AMAZON_ISSUED, IMPORTED or PRIVATE. */
  readonly type: string;
  readonly keyAlgorithm: string;
  /** Epoch ms; unset until it is issued. */
  readonly notAfter?: number;
  /** When it was requested or imported, epoch ms; 0 where ACM does not say. */
  readonly createdAt: number;
  /** ARNs of what uses it. */
  readonly inUseBy: readonly string[];
  /** Whether ACM renews it by itself. */
  readonly renewable: boolean;
  readonly renewal?: ManagedRenewal;
  readonly validations: readonly Validation[];
  /** Why it was not issued; empty otherwise. */
  readonly failure: string;
}

/**
 * All certificates that are for one of the names `wanted` accepts, whatever their state (ListCertificates,
 * DescribeCertificate). Newest first.
 *
 * @throws UserError in words a responder can act on
 */
export async function certificatesFor(aws: AwsSession, wanted: (name: string) => boolean, signal: AbortSignal): Promise<readonly Certificate[]> {
  const arns: string[] = [];
  try {
    let next: string | undefined;
    do {
      const page = await acm(aws).send(new ListCertificatesCommand({
        // Without this, ACM leaves out all but the RSA keys of up to 2048 bits.
        Includes: { keyTypes: Object.values(KeyAlgorithm) },
        ...(next === undefined ? {} : { NextToken: next }),
      }), { abortSignal: signal });
      if (page.CertificateSummaryList === undefined) {
        throw new UserError('What answered about the certificates is not AWS Certificate Manager. Something between here and AWS answered: check the proxy, VPN or the setting incidentRunbook.aws.endpoint.');
      }
      arns.push(...page.CertificateSummaryList
        .filter(({ DomainName = '', SubjectAlternativeNameSummaries = [], HasAdditionalSubjectAlternativeNames }) =>
          // The summary holds 100 names at most.
          [DomainName, ...SubjectAlternativeNameSummaries].some(wanted) || HasAdditionalSubjectAlternativeNames === true)
        .flatMap(({ CertificateArn }) => CertificateArn ?? []));
      next = page.NextToken;
    } while (next !== undefined && next !== '');
  } catch (error) {
    throw aws.explain(error, 'listing the certificates', signal);
  }
  const found: Certificate[] = [];
  // One after the other: ACM throttles at a few calls a second.
  for (const arn of arns) {
    const certificate = await describeCertificate(aws, arn, signal);
    if (certificate?.names.some(wanted) === true) {
      found.push(certificate);
    }
  }
  return found.sort((a, b) => b.createdAt - a.createdAt);
}

/**
 * One certificate (ACM DescribeCertificate); undefined when there is none of that ARN.
 *
 * @throws UserError in words a responder can act on
 */
export async function describeCertificate(aws: AwsSession, arn: string, signal: AbortSignal): Promise<Certificate | undefined> {
  try {
    const { Certificate: detail } = await acm(aws).send(new DescribeCertificateCommand({ CertificateArn: arn }), { abortSignal: signal });
    return detail === undefined ? undefined : certificateOf(arn, detail);
  } catch (error) {
    if (error instanceof ResourceNotFoundException) {
      return undefined;
    }
    throw aws.explain(error, `describing the certificate ${arn}`, signal);
  }
}

export interface CertificateRequest {
  readonly domain: string;
  /** All names, `domain` among them. */
  readonly names: readonly string[];
  readonly keyAlgorithm: string;
  /** At most 32 word characters; requests with the same one within an hour give the same certificate. */
  readonly idempotency: string;
}

/** Requests a public certificate with DNS validation, once (ACM RequestCertificate). Gives its ARN. @throws UserError */
export async function requestCertificate(aws: AwsSession, { domain, names, keyAlgorithm, idempotency }: CertificateRequest): Promise<string> {
  const { signal } = new AbortController();
  try {
    const { CertificateArn } = await acmWriter(aws).send(new RequestCertificateCommand({
      DomainName: domain,
      SubjectAlternativeNames: [...names],
      ValidationMethod: 'DNS',
      KeyAlgorithm: Object.values(KeyAlgorithm).find((known) => known === keyAlgorithm),
      IdempotencyToken: idempotency,
    }), { abortSignal: signal });
    if (CertificateArn === undefined) {
      throw new UserError('AWS Certificate Manager took the request and named no certificate. Look at the certificates in its console.');
    }
    return CertificateArn;
  } catch (error) {
    throw aws.explain(error, `requesting a certificate for ${domain}`, signal);
  }
}

/** Deletes a certificate, once (ACM DeleteCertificate). @throws UserError, also while something uses it */
export async function deleteCertificate(aws: AwsSession, arn: string): Promise<void> {
  const { signal } = new AbortController();
  try {
    await acmWriter(aws).send(new DeleteCertificateCommand({ CertificateArn: arn }), { abortSignal: signal });
  } catch (error) {
    throw aws.explain(error, `deleting the certificate ${arn}`, signal);
  }
}

function acm(aws: AwsSession): ACMClient {
  return aws.client('acm', (config) => new ACMClient(config));
}

function acmWriter(aws: AwsSession): ACMClient {
  return aws.writer('acm', (config) => new ACMClient(config));
}

function certificateOf(arn: string, detail: CertificateDetail): Certificate {
  const { DomainName: domain = '', SubjectAlternativeNames: names = [], NotAfter, RenewalSummary } = detail;
  return {
    arn, domain,
    names: [...new Set([domain, ...[...names].sort()])],
    status: detail.Status ?? '',
    type: detail.Type ?? '',
    // ACM answers RSA-2048 where it asks for RSA_2048.
    keyAlgorithm: (detail.KeyAlgorithm ?? '').replaceAll('-', '_'),
    ...(NotAfter === undefined ? {} : { notAfter: NotAfter.getTime() }),
    createdAt: (detail.CreatedAt ?? detail.ImportedAt)?.getTime() ?? 0,
    inUseBy: detail.InUseBy ?? [],
    renewable: detail.RenewalEligibility === 'ELIGIBLE',
    ...(RenewalSummary === undefined ? {} : {
      renewal: {
        status: RenewalSummary.RenewalStatus ?? '',
        reason: RenewalSummary.RenewalStatusReason ?? '',
        validations: (RenewalSummary.DomainValidationOptions ?? []).map(validationOf),
      },
    }),
    validations: (detail.DomainValidationOptions ?? []).map(validationOf),
    failure: detail.FailureReason ?? '',
  };
}

function validationOf({ DomainName, ValidationStatus, ValidationMethod, ResourceRecord }: DomainValidation): Validation {
  const { Name: name, Value: value } = ResourceRecord ?? {};
  return { name: DomainName ?? '', status: ValidationStatus ?? '', method: ValidationMethod ?? '', ...(name === undefined || value === undefined ? {} : { record: { name, value } }) };
}
