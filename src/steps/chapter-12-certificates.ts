/** Runbook 12.4: the certificates of the environment's endpoints. */
import { iso } from '../incident/clock.ts';
import { type Evidence, type Json, type Level, compareLevels, worstLevel } from '../incident/evidence.ts';
import { escapeMarkdown, inlineCode, levelMark, table, utc } from '../incident/markdown.ts';
import type { RunbookEndpoint } from '../runbook/schema.ts';
import type { Endpoints } from '../services/endpoints.ts';
import type { OcspAnswer } from '../services/ocsp.ts';
import type { Distrust, SeenCertificate, SeenTls, TlsSighting, TlsTarget } from '../services/tls.ts';
import { plural } from '../text.ts';
import { ago, daysLeft, listNames, timeLeft } from './expiry.ts';
import type { ReadAction } from './step.ts';

const DEFAULT_TIMEOUT_MS = 5_000;
const HTTPS_PORT = '443';
/** Alternative names shown of a certificate; the data holds them all. */
const MAX_NAMES_SHOWN = 10;

/** Looks at one server's certificate; what `services/tls.ts` does, unless a test does something else. */
export type Look = (target: TlsTarget, signal: AbortSignal) => Promise<TlsSighting>;

/** One name at one address, whichever endpoints it stands for. */
interface Host {
  /** As people know it: the runbook's host name, with the port unless it is 443. */
  readonly title: string;
  readonly endpoints: readonly string[];
  /** Unset when it is asked over plain http, where there is nothing to look at. */
  readonly target?: TlsTarget;
  /** Host and port really asked, where the settings replace the runbook's. */
  readonly askedAt?: string;
}

interface Check extends Host {
  /** Unset where the runbook itself asks for plain http: that is no finding about a certificate. */
  readonly level?: Level;
  /** Completes a sentence that begins with the title: `expires in 3 days`. */
  readonly verdict: string;
  readonly sighting?: TlsSighting;
  /** When the first certificate of the chain expires, epoch ms. */
  readonly expiresAt?: number;
  /** From when on clients are turned away, epoch ms; unset when nobody can tell. */
  readonly failsAt?: number;
}

type Judgement = Pick<Check, 'level' | 'verdict' | 'sighting' | 'expiresAt' | 'failsAt'>;

interface Limits {
  readonly now: number;
  /** Days left at which a certificate is `warn` and `bad`. */
  readonly warnDays: number;
  readonly badDays: number;
}

/**
 * Subject, issuer, days left, chain and OCSP stapling of the certificate of every https endpoint. Unlike the runbook's
 * `openssl s_client`, it does not wait for input, and an expired or untrusted certificate is bad (runbook 12.4).
 */
export const checkCertificate: ReadAction = certificateCheck(async (target, signal) => (await import('../services/tls.ts')).lookAtCertificate(target, signal));

export function certificateCheck(look: Look): ReadAction {
  return {
    kind: 'read',
    async run({ environment, services, clock }, inputs, signal) {
      const warnDays = inputs.count('warnDays', { min: 0, max: 398, fallback: 14 });
      const badDays = inputs.count('badDays', { min: 0, max: 398, fallback: 3 });
      const hosts = hostsOf(environment.data.endpoints, services.endpoints);
      const sightings = await Promise.all(hosts.map(({ target }) => (target === undefined ? undefined : look(target, signal))));
      const limits = { now: clock.now(), warnDays, badDays };
      const checks = hosts.map((host, index): Check => ({ ...host, ...judge(host, sightings[index], limits) })).sort(worstFirst);
      return evidenceOf(checks, limits.now);
    },
  };
}

function hostsOf(endpoints: readonly RunbookEndpoint[], origins: Endpoints): Host[] {
  const hosts = new Map<string, Host>();
  for (const endpoint of endpoints) {
    const named = new URL(endpoint.url);
    const asked = origins.resolve(endpoint.url);
    const key = `${named.host} ${asked.origin}`;
    const known = hosts.get(key);
    const timeoutMs = Math.max(endpoint.timeoutMs ?? DEFAULT_TIMEOUT_MS, known?.target?.timeoutMs ?? 0);
    hosts.set(key, {
      title: named.host,
      endpoints: [...known?.endpoints ?? [], endpoint.name],
      // The runbook's name, even behind a tunnel: its users' clients ask for that name, and a load balancer chooses by it.
      ...(asked.protocol === 'https:'
        ? { target: { host: withoutBrackets(asked.hostname), port: Number(asked.port || HTTPS_PORT), name: withoutBrackets(named.hostname), timeoutMs } }
        : {}),
      ...(asked.origin === named.origin ? {} : { askedAt: asked.origin }),
    });
  }
  return [...hosts.values()];
}

/** An IPv6 address as sockets take it. */
function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

function judge(host: Host, sighting: TlsSighting | undefined, limits: Limits): Judgement {
  if (sighting === undefined) {
    return host.askedAt === undefined ? { verdict: 'has no TLS' } : { level: 'unknown', verdict: `is asked at ${host.askedAt}, where there is no TLS` };
  }
  switch (sighting.outcome) {
    case 'unreachable': return { level: 'unknown', verdict: `could not be asked: ${sighting.problem}`, sighting };
    case 'refused': return { level: 'bad', verdict: sighting.problem, sighting, failsAt: limits.now };
    case 'seen': return { ...judgeCertificate(sighting, host.title, limits), sighting };
  }
}

function judgeCertificate(tls: SeenTls, title: string, { now, warnDays, badDays }: Limits): Judgement {
  const [leaf, ...issuers] = tls.chain;
  const chainTrusted = tls.distrust.every((reason) => reason === 'wrongHost');
  // Trusted in spite of an expired issuer: a newer certificate of that issuer is known here, which others may lack.
  const bypassed = chainTrusted ? issuers.filter(({ validTo }) => validTo <= now) : [];
  const needed = tls.chain.filter((certificate) => !bypassed.includes(certificate));
  const first = needed.reduce((earliest, certificate) => (certificate.validTo < earliest.validTo ? certificate : earliest), leaf);
  const early = (chainTrusted ? [leaf] : needed).find(({ validFrom }) => validFrom > now);
  const about = (certificate: SeenCertificate, what: string): string => (certificate === leaf ? what : `depends on the certificate of ${certificate.subject}, which ${what}`);
  const expiresAt = first.validTo;
  // What the injected clock says, and then what only this machine's clock says.
  const expired = expiresAt <= now ? [about(first, `expired ${ago(expiresAt, now)}`)] : tls.distrust.includes('expired') ? ['has expired by the time of this machine'] : [];
  const notYetValid = early !== undefined ? [about(early, `is not valid before ${utc(early.validFrom)}`)] : tls.distrust.includes('notYetValid') ? ['is not valid yet by the time of this machine'] : [];
  const problems = [
    ...expired,
    ...notYetValid,
    ...tls.distrust.flatMap((reason) => explainDistrust(reason, tls, title)),
    ...(tls.stapled?.status === 'revoked' ? [`was revoked on ${utc(tls.stapled.revokedAt ?? tls.stapled.thisUpdate)}`] : []),
  ];
  if (problems.length > 0) {
    return { level: 'bad', verdict: problems.join(', '), expiresAt, failsAt: Math.min(expiresAt, now) };
  }
  const left = daysLeft(expiresAt, now);
  const level = left <= badDays ? 'bad' : left <= warnDays || bypassed.length > 0 ? 'warn' : 'ok';
  return {
    level, expiresAt, failsAt: expiresAt,
    verdict: [
      about(first, `expires in ${timeLeft(expiresAt, now)}`),
      ...bypassed.map(({ subject, validTo }) => `sends a certificate of ${subject} that expired ${ago(validTo, now)}, which older clients may refuse`),
    ].join(', '),
  };
}

function explainDistrust(reason: Distrust, { chain, names, code }: SeenTls, title: string): string[] {
  const last = chain.at(-1)?.issuer ?? '';
  switch (reason) {
    // Said with their times by the caller.
    case 'expired':
    case 'notYetValid': return [];
    case 'selfSigned': return ['is self-signed'];
    case 'unknownIssuer': return [`has an unknown issuer (${last})`];
    case 'incompleteChain': return [`has an incomplete chain (the certificate of its issuer ${last} is neither sent nor known here)`];
    case 'wrongHost': return [`has a certificate for another host (${listNames(names.length > 0 ? names : [chain[0].subject], 3)}, not ${title})`];
    case 'other': return [`is not trusted (${code ?? 'no reason given'})`];
  }
}

function worstFirst(a: Check, b: Check): number {
  if (a.level === undefined || b.level === undefined) {
    return Number(a.level === undefined) - Number(b.level === undefined);
  }
  return compareLevels(a.level, b.level) || (a.failsAt ?? Number.MAX_VALUE) - (b.failsAt ?? Number.MAX_VALUE);
}

function evidenceOf(checks: readonly Check[], now: number): Evidence {
  return {
    level: worstLevel(checks.flatMap(({ level }) => level ?? [])),
    summary: summaryOf(checks, now),
    markdown: [
      ...(checks.length === 0 ? ['Add the endpoints of the environment to the runbook.'] : [overview(checks, now)]),
      ...checks.flatMap((check) => (check.sighting?.outcome === 'seen' ? [detail(check.title, check.sighting, now)] : [])),
    ].join('\n\n'),
    data: { endpoints: checks.map((check) => dataOf(check, now)) },
  };
}

function summaryOf(checks: readonly Check[], now: number): string {
  const counted = checks.filter(({ level }) => level !== undefined);
  const plain = checks.length - counted.length;
  if (counted.length === 0) {
    return plain === 0 ? 'The runbook names no endpoint' : `No certificate to check: ${plural(plain, 'host')} without TLS`;
  }
  const wrong = counted.filter(({ level }) => level !== 'ok');
  const [first] = counted;
  const found = wrong.length > 0
    ? wrong.map(({ title, verdict }) => `${title} ${verdict}`).join('; ')
    : counted.length === 1 ? `${first?.title ?? ''} is trusted and ${first?.verdict ?? ''}`
      : `All ${counted.length} certificates are trusted, the first expires in ${timeLeft(first?.expiresAt ?? now, now)} (${first?.title ?? ''})`;
  return plain === 0 ? found : `${found}; ${plural(plain, 'host')} without TLS`;
}

function overview(checks: readonly Check[], now: number): string {
  return table(['Host', 'Result', 'Subject', 'Issuer', 'Valid from', 'Valid to', 'Days left', 'Protocol', 'OCSP'], checks.map((check) => {
    const { title, endpoints, askedAt, level, verdict, sighting } = check;
    const host = `${inlineCode(title)} ${escapeMarkdown(endpoints.join(', '))}${askedAt === undefined ? '' : `, asked at ${inlineCode(askedAt)}`}`;
    const result = level === undefined ? 'no TLS' : `${levelMark(level)} ${escapeMarkdown(verdict)}`;
    if (sighting?.outcome !== 'seen') {
      return [host, result, ...Array.from({ length: 7 }, () => '–')];
    }
    const { chain: [leaf], protocol, stapled } = sighting;
    return [
      host, result, escapeMarkdown(leaf.subject), escapeMarkdown(leaf.issuer), utc(leaf.validFrom), utc(leaf.validTo),
      String(daysLeft(leaf.validTo, now)), escapeMarkdown(protocol), escapeMarkdown(describeStapling(stapled, now)),
    ];
  }));
}

function detail(title: string, { chain, names }: SeenTls, now: number): string {
  return [
    `### ${escapeMarkdown(title)}`,
    `For ${names.length === 0 ? 'no alternative names' : escapeMarkdown(listNames(names, MAX_NAMES_SHOWN))}.`,
    table(['Certificate', 'Issuer', 'Expires', 'Days left'], chain.map(({ subject, issuer, validTo }) => [
      escapeMarkdown(subject), escapeMarkdown(issuer), utc(validTo), String(daysLeft(validTo, now)),
    ])),
  ].join('\n\n');
}

function dataOf({ title, endpoints, askedAt, level, verdict, sighting, expiresAt }: Check, now: number): Json {
  return {
    host: title, endpoints, verdict, outcome: sighting?.outcome ?? 'noTls',
    ...(level === undefined ? {} : { level }),
    ...(askedAt === undefined ? {} : { askedAt }),
    ...(sighting?.outcome !== 'seen' || expiresAt === undefined ? {} : {
      ...certificateData(sighting.chain[0], now),
      alternativeNames: sighting.names,
      earliestExpiry: iso(expiresAt),
      daysToEarliestExpiry: daysLeft(expiresAt, now),
      trusted: sighting.distrust.length === 0,
      distrust: sighting.distrust,
      chain: sighting.chain.map((certificate) => certificateData(certificate, now)),
      protocol: sighting.protocol,
      ocspStapling: sighting.stapled?.status ?? 'not stapled',
    }),
  };
}

function certificateData({ subject, issuer, validFrom, validTo }: SeenCertificate, now: number): { readonly [key: string]: Json } {
  return { subject, issuer, validFrom: iso(validFrom), validTo: iso(validTo), daysLeft: daysLeft(validTo, now) };
}

/** In the words of an answer that nobody has verified; no answer is no good news. */
function describeStapling(stapled: OcspAnswer | undefined, now: number): string {
  if (stapled === undefined) {
    return 'not stapled';
  }
  switch (stapled.status) {
    case 'unreadable': return 'stapled, but cannot be read';
    case 'otherCertificate': return 'stapled, but about another certificate';
    case 'error': return `stapled, but the responder answered ${stapled.reason}`;
    default: {
      const { status, nextUpdate } = stapled;
      return `stapled, says ${status}${nextUpdate === undefined ? '' : nextUpdate <= now ? `, but out of date since ${utc(nextUpdate)}` : ` until ${utc(nextUpdate)}`}`;
    }
  }
}
