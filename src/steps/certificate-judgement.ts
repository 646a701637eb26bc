/** Judging the certificates of AWS Certificate Manager: which is for whom, and what a new one has to be (runbook 12.4). */
import { createHash } from 'node:crypto';
import { UserError } from '../errors.ts';
import { escapeMarkdown, inlineCode, table, utc } from '../incident/markdown.ts';
import { type Hazard, canonical } from '../incident/plan.ts';
import type { NamedEnvironment } from '../runbook/references.ts';
import type { Certificate, DnsRecord, Validation } from '../services/aws/acm.ts';
import { plural } from '../text.ts';
import { ago, listNames, timeLeft } from './expiry.ts';
import type { Inputs } from './inputs.ts';
import type { Outlook } from './step.ts';

/** Names shown in a line. */
export const SHOWN_NAMES = 5;
/** Records shown in a summary; the table holds them all. */
const SHOWN_RECORDS = 3;
/** ACM's quota of names unless it was raised. */
const USUAL_NAMES = 10;
/** By then, before it expires, ACM has begun to renew a certificate, ms. */
const RENEWAL_MS = 60 * 24 * 3_600_000;
/** What ACM issues; the others can only be imported. */
const ISSUED_ALGORITHMS: readonly string[] = ['RSA_2048', 'EC_prime256v1', 'EC_secp384r1'];

/** Whether a certificate with these names is for the host: a wildcard stands for one label (RFC 6125, 6.4.3). */
export function isFor(names: readonly string[], host: string): boolean {
  const [, parent] = /^[^.]+(\..+)$/.exec(host.toLowerCase()) ?? [];
  return names.some((name) => [host.toLowerCase(), ...(parent === undefined ? [] : [`*${parent}`])].includes(name.toLowerCase()));
}

/** Hosts of the environment's https endpoints, those of kind health first. ACM issues for no addresses. */
export function hostsOf({ data }: NamedEnvironment): readonly string[] {
  const endpoints = data.endpoints.flatMap(({ url, kind }) => {
    const { protocol, hostname } = new URL(url);
    return protocol === 'https:' && isDnsName(hostname) ? [{ hostname, first: kind === 'health' }] : [];
  });
  return [...new Set([...endpoints.filter(({ first }) => first), ...endpoints.filter(({ first }) => !first)].map(({ hostname }) => hostname))];
}

/** The host that the change is about. @throws UserError when it is none of the environment's */
export function domainOf(environment: NamedEnvironment, inputs: Inputs): string {
  const hosts = hostsOf(environment);
  const [first] = hosts;
  if (first === undefined) {
    throw new UserError(`The runbook names no https endpoint for "${environment.key}", so there is no host to have a certificate for. Add one to environments.${environment.key}.endpoints.`);
  }
  const domain = inputs.text('domain', first).toLowerCase();
  if (!hosts.includes(domain)) {
    throw new UserError(`"${domain}" is no host of an https endpoint of "${environment.key}": ${hosts.join(', ')}. Give one of these, or add the endpoint to the runbook.`);
  }
  return domain;
}

/** Two labels at least, which excludes IPv4 addresses by its last one. */
export function isDnsName(name: string): boolean {
  return name.length <= 253 && /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/i.test(name);
}

export function isExpired({ status, notAfter }: Certificate, now: number): boolean {
  return status === 'EXPIRED' || (notAfter !== undefined && notAfter <= now);
}

/** Whether it can be presented to anybody: issued, and not expired. @param now epoch ms */
export function isUsable(certificate: Certificate, now: number): boolean {
  return certificate.status === 'ISSUED' && !isExpired(certificate, now);
}

export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return canonical([...new Set(a)].sort()) === canonical([...new Set(b)].sort());
}

/** The one that is to be replaced: what the listener presents for the domain, else what anything uses, else what lives longest. */
export function currentOf(known: readonly Certificate[], presented: readonly string[]): Certificate | undefined {
  const lived = known.filter(({ status }) => !['PENDING_VALIDATION', 'FAILED', 'VALIDATION_TIMED_OUT'].includes(status));
  return presented.flatMap((arn) => lived.find((certificate) => certificate.arn === arn) ?? [])[0]
    ?? lived.find(({ inUseBy }) => inUseBy.length > 0)
    ?? [...lived].sort((a, b) => (b.notAfter ?? 0) - (a.notAfter ?? 0))[0];
}

/** `expires in 5 days`. @param now epoch ms */
export function expiryOf(certificate: Certificate, now: number): string {
  const { notAfter, status } = certificate;
  return notAfter === undefined ? `is ${statusWords(status)}` : isExpired(certificate, now) ? `expired ${ago(notAfter, now)}` : `expires in ${timeLeft(notAfter, now)}`;
}

/** `arn (Amazon, expires in 5 days)`. @param now epoch ms */
export function describeShort(certificate: Certificate, now: number): string {
  const state = certificate.status === 'ISSUED' || certificate.status === 'EXPIRED' ? '' : `, ${statusWords(certificate.status)}`;
  return `${certificate.arn} (${typeWords(certificate.type)}${state}, ${expiryOf(certificate, now)})`;
}

export function statusWords(status: string): string {
  return status === '' ? 'in an unknown state' : status.toLowerCase().replaceAll('_', ' ');
}

function typeWords(type: string): string {
  switch (type) {
    case 'AMAZON_ISSUED': return 'issued by Amazon';
    case 'IMPORTED': return 'imported';
    case 'PRIVATE': return 'of a private authority';
    default: return type;
  }
}

/** The key algorithm to ask for: that of the certificate in place, if ACM issues such. */
export function algorithmFor(current: Certificate | undefined): string {
  const wanted = current?.keyAlgorithm ?? 'RSA_2048';
  return ISSUED_ALGORITHMS.includes(wanted) ? wanted : wanted.startsWith('EC_') ? 'EC_secp384r1' : 'RSA_2048';
}

/**
 * Names the request: the same wish in the same world gives the same, so that ACM makes one certificate of two calls
 * within an hour. Letters only: digits might be taken for personal data and hidden.
 */
export function idempotencyOf(wish: unknown): string {
  return createHash('sha256').update(canonical(wish)).digest('hex').slice(0, 32).replace(/\d/g, (digit) => 'ghijklmnop'.charAt(Number(digit)));
}

/** CNAMEs that are still to be set; a domain and its wildcard share one. */
export function openRecords(validations: readonly Validation[]): readonly DnsRecord[] {
  const open = validations.flatMap(({ status, record }) => (status === 'SUCCESS' || record === undefined ? [] : [record]));
  return [...new Map(open.map((record) => [record.name, record])).values()];
}

/** `Set this CNAME: a → b`, for at most a few of them; without the last dots, which would look like those of a sentence. */
export function askForRecords(records: readonly DnsRecord[], shown = SHOWN_RECORDS): string {
  const lines = records.slice(0, shown).map((record) => [record.name, record.value].map((part) => part.replace(/\.$/, '')).join(' → '));
  return `Set ${records.length === 1 ? 'this CNAME' : `these ${records.length} CNAMEs`}: ${lines.join('; ')}${records.length > shown ? `; and ${records.length - shown} more in the table` : ''}`;
}

export interface Found {
  readonly domain: string;
  /** Hosts of the environment's https endpoints. */
  readonly hosts: readonly string[];
  readonly current: Certificate | undefined;
  /** All for the domain, newest first. */
  readonly known: readonly Certificate[];
  /** What is asked for. */
  readonly names: readonly string[];
  /** The load balancer and what its HTTPS listener presents; unset when the runbook names none. */
  readonly balancer: { readonly arn: string; readonly name: string; readonly presented: readonly string[] } | undefined;
  readonly region: string;
  /** Epoch ms. */
  readonly now: number;
}

/** What a person should know before a new certificate is asked for. */
export function requestHazards(found: Found): readonly Hazard[] {
  const { domain, hosts, current, known, names, balancer, region, now } = found;
  const missing = hosts.filter((host) => !isFor(names, host));
  const dropped = (current?.names ?? []).filter((name) => !names.includes(name));
  const spare = known.find((certificate) => certificate !== current && isUsable(certificate, now) && names.every((name) => isFor(certificate.names, name) || certificate.names.includes(name)));
  const algorithm = algorithmFor(current);
  return [
    ...(current === undefined ? [warn(`ACM has no certificate for ${domain} in ${region}, so one is asked for with the hosts of all https endpoints. What is presented now is not in ACM, or in another region.`)] : renewalHazards(current, now)),
    ...(spare === undefined ? [] : [warn(`${spare.arn} is issued already, is for the same names and ${expiryOf(spare, now)}: updateListener can set it at once, without a new request.`)]),
    ...(current === undefined || balancer === undefined || balancer.presented.includes(current.arn) ? [] : [warn(`The HTTPS listener of ${balancer.name} does not present this certificate but ${balancer.presented.join(', ')}. See with checkCertificate which one people get.`)]),
    ...(balancer === undefined ? [note('The runbook names no load balancer (aws.loadBalancer), so whether one uses the certificate was not looked at.')] : []),
    ...usersHazards(current, balancer?.arn),
    ...(missing.length === 0 ? [] : [warn(`The new certificate is for the names of the one in place, and not for ${missing.join(', ')}.`)]),
    ...(dropped.length === 0 ? [] : [warn(`ACM issues for DNS names only, so these are left out: ${dropped.join(', ')}.`)]),
    ...(names.length <= USUAL_NAMES ? [] : [warn(`${names.length} names are more than the ${USUAL_NAMES} that ACM allows unless the quota was raised.`)]),
    ...(current === undefined || current.keyAlgorithm === algorithm ? [] : [warn(`ACM issues no ${current.keyAlgorithm} keys, so it is ${algorithm}.`)]),
    ...(names.some((name) => name.startsWith('*.')) ? [note('A wildcard is for one label: *.example.org is for a.example.org, neither for example.org nor for a.b.example.org. A domain and its wildcard share one CNAME.')] : []),
    note(`It is requested in ${region}${balancer === undefined ? '' : `, the region of ${balancer.name}`}; CloudFront takes certificates of us-east-1 only.`),
    note('Nothing is issued before every name has its CNAME in the public DNS: usually some minutes after it is set. After 72 hours without, the request times out.'),
    note('A CAA record of the domain that does not name amazon.com, amazontrust.com, awstrust.com or amazonaws.com forbids it.'),
  ];
}

/** Why ACM's own renewal does not do, or that it would. */
function renewalHazards(current: Certificate, now: number): readonly Hazard[] {
  const { type, renewal, renewable, notAfter = 0 } = current;
  if (type === 'IMPORTED') {
    return [note('The certificate in place was imported: ACM renews no such certificate. If its owner sends a new one, importing that under the same ARN needs no change of the listener.')];
  }
  if (type === 'PRIVATE') {
    return [warn('The certificate in place is of a private authority; the new one is a public one. Clients that trust only the private authority will refuse it.')];
  }
  if (isExpired(current, now)) {
    return [note(`The certificate in place ${expiryOf(current, now)}: ACM renews none that has expired.`)];
  }
  const open = openRecords(renewal?.validations ?? []);
  switch (renewal?.status) {
    case 'PENDING_VALIDATION': return [warn(`ACM is renewing the certificate in place and waits for DNS. ${open.length === 0 ? 'Set its CNAMEs again' : askForRecords(open, open.length)}. That is all it needs: the listener then presents the renewed certificate by itself, and no new one has to be requested.`)];
    case 'FAILED': return [note(`ACM could not renew the certificate in place${renewal.reason === '' ? '' : ` (${failureWords(renewal.reason)})`}.`)];
    case 'PENDING_AUTO_RENEWAL': return [warn('ACM is renewing the certificate in place by itself and waits for nothing: look again before a new one is requested.')];
    default: return renewable && notAfter - now > RENEWAL_MS
      ? [warn(`The certificate in place ${expiryOf(current, now)}, and ACM renews it by itself some weeks before. A new one is needed only if this one must no longer be trusted.`)]
      : [];
  }
}

function usersHazards(current: Certificate | undefined, balancer: string | undefined): readonly Hazard[] {
  const others = (current?.inUseBy ?? []).filter((arn) => arn !== balancer);
  const cloudFront = others.filter((arn) => arn.includes(':cloudfront:'));
  return [
    ...(others.length === 0 ? [] : [note(`The certificate in place is also used by ${listNames(others, SHOWN_NAMES)}: each keeps it until it is changed there.`)]),
    ...(cloudFront.length === 0 ? [] : [warn(`CloudFront uses the certificate in place (${cloudFront.join(', ')}), and takes only certificates of us-east-1.`)]),
  ];
}

/** Where a requested certificate stands. */
export function judgeRequest(certificate: Certificate, now: number): Outlook {
  const { arn, names, status, validations, failure, notAfter } = certificate;
  const validated = names.filter((name) => validations.some((validation) => validation.name === name && validation.status === 'SUCCESS'));
  const records = openRecords(validations);
  const seen = {
    markdown: validationTable(names, validations),
    data: { certificate: arn, status, validated, records: records.map(({ name, value }) => ({ name, value })), ...(notAfter === undefined ? {} : { notAfter: new Date(notAfter).toISOString() }) },
  };
  switch (status) {
    case 'PENDING_VALIDATION': {
      const far = `${validated.length} of ${plural(names.length, 'name')} validated`;
      const portion = names.length === 0 ? 0 : validated.length / names.length;
      return { ...seen, state: 'underway', portion, summary: records.length === 0 ? `${far}. ${portion === 1 ? 'ACM is issuing it' : 'ACM has not said yet which CNAMEs to set, which takes some seconds'}` : `${askForRecords(records)} (${far})` };
    }
    case 'ISSUED': return { ...seen, state: 'done', summary: `${arn} is issued for ${listNames(names, SHOWN_NAMES)}${notAfter === undefined ? '' : ` and ${expiryOf(certificate, now)}`}. Next: updateListener, which sets it on the load balancer` };
    case 'FAILED': return { ...seen, state: 'failed', summary: `ACM did not issue it: ${failureWords(failure)}` };
    case 'VALIDATION_TIMED_OUT': return { ...seen, state: 'failed', summary: `The request timed out: ${records.length === 0 ? 'the CNAMEs were' : `${records.map(({ name }) => name.replace(/\.$/, '')).join(', ')} ${records.length === 1 ? 'was' : 'were'}`} not found in the public DNS within 72 hours. Set the CNAMEs, then request again` };
    default: return { ...seen, state: 'failed', summary: `${arn} is ${statusWords(status)} and cannot be used. Request another one` };
  }
}

/** Which CNAME to set for which name. */
function validationTable(names: readonly string[], validations: readonly Validation[]): string {
  return table(['Name', 'Validated', 'CNAME name', 'CNAME value'], names.map((name) => {
    const found = validations.find((validation) => validation.name === name);
    const state = found?.status === 'SUCCESS' ? 'yes' : found?.status === 'FAILED' ? 'failed' : 'not yet';
    return [escapeMarkdown(name), state, ...(found?.record === undefined ? ['–', '–'] : [inlineCode(found.record.name), inlineCode(found.record.value)])];
  }));
}

/** All that was found for a domain. @param now epoch ms */
export function certificateTable(known: readonly Certificate[], now: number): string {
  return table(['Certificate', 'Names', 'Status', 'From', 'Key', 'Valid to', 'Used by', 'ACM renews it'], known.map((certificate) => [
    inlineCode(certificate.arn), escapeMarkdown(listNames(certificate.names, SHOWN_NAMES)), escapeMarkdown(statusWords(certificate.status)), escapeMarkdown(typeWords(certificate.type)),
    escapeMarkdown(certificate.keyAlgorithm), certificate.notAfter === undefined ? '–' : `${utc(certificate.notAfter)} (${escapeMarkdown(expiryOf(certificate, now))})`,
    certificate.inUseBy.length === 0 ? 'nobody' : certificate.inUseBy.map(inlineCode).join(' '),
    certificate.renewal === undefined ? (certificate.renewable ? 'yes' : 'no') : escapeMarkdown(statusWords(certificate.renewal.status)),
  ]));
}

/** ACM's reasons (API reference, CertificateDetail.FailureReason), and what to do. */
function failureWords(reason: string): string {
  switch (reason) {
    case 'CAA_ERROR': return 'a CAA record of the domain forbids Amazon. Add one with the value 0 issue "amazon.com", then request again';
    case 'ADDITIONAL_VERIFICATION_REQUIRED': return 'Amazon wants to verify the domain further. Contact AWS Support';
    case 'DOMAIN_NOT_ALLOWED': return 'the domain is on a list of unsafe ones. Contact AWS Support';
    case 'INVALID_PUBLIC_DOMAIN': return 'one of the names is no public domain';
    case 'DOMAIN_VALIDATION_DENIED': return 'the owner of the domain denied it';
    case '': return 'it gives no reason';
    default: return statusWords(reason);
  }
}

export const note = (text: string): Hazard => ({ level: 'note', text });
export const warn = (text: string): Hazard => ({ level: 'warn', text });
