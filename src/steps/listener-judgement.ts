/** Judging what a listener would present with another certificate (runbook 12.4). */
import { UserError } from '../errors.ts';
import type { Hazard } from '../incident/plan.ts';
import type { Certificate } from '../services/aws/acm.ts';
import type { Listener } from '../services/aws/elb.ts';
import { describeShort, expiryOf, isExpired, isFor, isUsable, note, openRecords, askForRecords, statusWords, warn } from './certificate-judgement.ts';
import { daysLeft } from './expiry.ts';

/** So few days are worth a warning. */
const FEW_DAYS = 14;

/** A listener and what is around it. */
export interface Place {
  /** Name of the load balancer. */
  readonly balancer: string;
  readonly listener: Listener;
  readonly others: readonly Listener[];
  /** The default certificate now; unset when it is none of ACM's. */
  readonly old: Certificate | undefined;
  /** Those chosen by SNI, as far as ACM knows them. */
  readonly extra: readonly Certificate[];
  readonly domain: string;
  /** Hosts of the environment's https endpoints. */
  readonly hosts: readonly string[];
  /** Names of the ciphers of the listener's security policy; unset where they were not asked for. */
  readonly ciphers?: readonly string[];
  /** Epoch ms. */
  readonly now: number;
}

/**
 * The hosts that the new certificate has to be for: the domain and all that the old one is for, because these are
 * asked for here; not those for which a usable certificate is chosen by SNI.
 */
export function neededHosts({ old, extra, domain, hosts, now }: Place): readonly string[] {
  const bySni = extra.filter((certificate) => isUsable(certificate, now));
  return hosts.filter((host) => (host === domain || (old !== undefined && isFor(old.names, host))) && !bySni.some(({ names }) => isFor(names, host)));
}

/** The newest that could take the place of the old one. @throws UserError when there is none, with what to do */
export function chooseCertificate(place: Place, known: readonly Certificate[]): Certificate {
  const { listener, domain, now } = place;
  const others = known.filter(({ arn }) => arn !== listener.certificate);
  const needed = neededHosts(place);
  const usable = others.filter((certificate) => isUsable(certificate, now));
  const found = usable.find(({ names }) => needed.every((host) => isFor(names, host)));
  if (found !== undefined) {
    return found;
  }
  const pending = others.find(({ status }) => status === 'PENDING_VALIDATION');
  if (pending !== undefined) {
    const records = openRecords(pending.validations);
    throw new UserError(`The new certificate ${pending.arn} is not issued yet, so it was not set. ${records.length === 0 ? 'Look again in some minutes' : askForRecords(records, records.length)}.`);
  }
  const partial = usable[0];
  throw new UserError(partial === undefined
    ? `ACM has no issued certificate for ${domain} besides the one in place. Request one with renewCertificate first.`
    : `No issued certificate is for all of ${needed.join(', ')}: ${partial.arn} is only for ${partial.names.join(', ')}. Request one with renewCertificate first.`);
}

/** @throws UserError when people would be turned away with it */
export function refuseUnfit(place: Place, wanted: Certificate): void {
  const { listener, balancer, now } = place;
  if (wanted.arn === listener.certificate) {
    throw new UserError(`${balancer}:${listener.port} has the certificate ${wanted.arn} already, so there is nothing to change. Run checkCertificate to see what is really presented.`);
  }
  if (isExpired(wanted, now)) {
    throw new UserError(`${wanted.arn} ${expiryOf(wanted, now)}, so it was not set. Request a new one with renewCertificate.`);
  }
  if (wanted.status !== 'ISSUED') {
    const records = openRecords(wanted.validations);
    throw new UserError(`${wanted.arn} is ${statusWords(wanted.status)}, not issued, so it was not set. ${wanted.status !== 'PENDING_VALIDATION' ? 'Request a new one with renewCertificate' : records.length === 0 ? 'Look again in some minutes' : askForRecords(records, records.length)}.`);
  }
  const missing = neededHosts(place).filter((host) => !isFor(wanted.names, host));
  if (missing.length > 0) {
    throw new UserError(`${wanted.arn} is not for ${missing.join(', ')}, only for ${wanted.names.join(', ')}: browsers would refuse it. Request one for all of them with renewCertificate.`);
  }
}

/** What a person should know before the certificate is set. */
export function listenerHazards(place: Place, wanted: Certificate): readonly Hazard[] {
  const { balancer, listener, others, old, extra, hosts, ciphers, now } = place;
  const left = daysLeft(wanted.notAfter ?? now, now);
  const elsewhere = hosts.filter((host) => !isFor(wanted.names, host) && !extra.some(({ names }) => isFor(names, host)));
  const preferred = extra.filter((certificate) => isExpired(certificate, now) && hosts.some((host) => isFor(certificate.names, host)));
  const encrypted = others.filter(({ certificate }) => certificate !== undefined);
  const sharing = encrypted.filter(({ certificate }) => certificate === listener.certificate);
  const different = encrypted.filter(({ certificate }) => certificate !== listener.certificate && certificate !== wanted.arn);
  return [
    left <= FEW_DAYS ? warn(`The new certificate ${expiryOf(wanted, now)} itself.`) : note(`The new certificate ${expiryOf(wanted, now)}.`),
    ...preferred.map((certificate) => warn(`${certificate.arn} is chosen by SNI before the default one for ${hosts.filter((host) => isFor(certificate.names, host)).join(', ')}, and ${expiryOf(certificate, now)}: these hosts go on presenting it until it is removed from the listener.`)),
    ...(elsewhere.length === 0 ? [] : [warn(`The new certificate is not for ${elsewhere.join(', ')}, nor is the old one. If they lead to ${balancer}, browsers refuse them.`)]),
    ...(sharing.length === 0 ? [] : [warn(`The old certificate stays on port ${sharing.map(({ port }) => port).join(', ')} of ${balancer}: run this again for ${sharing.length === 1 ? 'it' : 'each'}, with the input port.`)]),
    ...(different.length === 0 ? [] : [note(`Other listeners of ${balancer} have certificates of their own, which stay: ${different.map(({ port, certificate }) => `port ${port}: ${certificate ?? ''}`).join('; ')}.`)]),
    ...(extra.length === 0 ? [] : [note(`Certificates chosen by SNI stay: ${extra.map((certificate) => describeShort(certificate, now)).join('; ')}.`)]),
    ...(old === undefined ? [warn(`The certificate in place is not in ACM of this region (${listener.certificate ?? 'none'}), so which hosts it is for is not known.`)] : []),
    ...algorithmHazards(place, wanted, ciphers),
  ];
}

function algorithmHazards({ listener, old }: Place, wanted: Certificate, ciphers: readonly string[] | undefined): readonly Hazard[] {
  const isElliptic = wanted.keyAlgorithm.startsWith('EC_');
  const fits = ciphers === undefined || ciphers.some((cipher) => cipher.startsWith('TLS_') || cipher.includes(isElliptic ? 'ECDSA' : 'RSA'));
  return [
    ...(fits ? [] : [warn(`The security policy ${listener.policy} has no cipher for ${wanted.keyAlgorithm} keys: no client could connect. Choose another policy first.`)]),
    ...(old === undefined || old.keyAlgorithm === wanted.keyAlgorithm ? [] : [note(`The key algorithm changes from ${old.keyAlgorithm} to ${wanted.keyAlgorithm} (security policy ${listener.policy}): clients that know only the old one, or pin the key, would fail.`)]),
  ];
}
