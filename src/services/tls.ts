import { isIP } from 'node:net';
import { type ConnectionOptions, type DetailedPeerCertificate, type TLSSocket, type TLSSocketOptions, checkServerIdentity, connect } from 'node:tls';
import { CancelledError, codeOf, messageOf } from '../errors.ts';
import { type OcspAnswer, readOcspAnswer } from './ocsp.ts';

/** Whose certificate to look at, and where. */
export interface TlsTarget {
  /** Host and port to connect to. */
  readonly host: string;
  readonly port: number;
  /** The name to ask for (SNI) and to hold the certificate against; differs from `host` behind a tunnel. */
  readonly name: string;
  /** Total time allowed, ms. */
  readonly timeoutMs: number;
  /** Authorities to trust, PEM. Default: those that Node trusts. */
  readonly ca?: NonNullable<ConnectionOptions['ca']>;
}

/** A certificate's text comes from outside: on one line and cut to a sensible length, but not escaped. */
export interface SeenCertificate {
  /** Common name and organization, or whatever else the subject has. */
  readonly subject: string;
  readonly issuer: string;
  /** Epoch ms. */
  readonly validFrom: number;
  readonly validTo: number;
}

/** Why a certificate is not trusted. */
export type Distrust = 'expired' | 'notYetValid' | 'selfSigned' | 'unknownIssuer' | 'incompleteChain' | 'wrongHost' | 'other';

export interface SeenTls {
  readonly outcome: 'seen';
  /** The server's own certificate, then that of its issuer and so on, as far as they were sent or are known here. */
  readonly chain: readonly [SeenCertificate, ...SeenCertificate[]];
  /** Subject alternative names: host names as they are, others with their kind, as in `IP Address:10.0.0.1`. */
  readonly names: readonly string[];
  /** Empty when it is trusted. Validity is held against this machine's time. */
  readonly distrust: readonly Distrust[];
  /** OpenSSL's code for `other`. */
  readonly code?: string;
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  /** The OCSP answer that the server staples; unset when it staples none, which says nothing about the certificate. */
  readonly stapled?: OcspAnswer;
}

/** What a look at a server's certificate came to. A failure is a result here, not an exception. */
export type TlsSighting =
  | SeenTls
  /** Something answered, but no TLS client gets in: it speaks no TLS, or refuses the handshake. */
  | { readonly outcome: 'refused'; readonly problem: string }
  /** Nothing can be said about the certificate. */
  | { readonly outcome: 'unreachable'; readonly problem: string };

/** Characters of a name kept. */
const MAX_TEXT = 200;
/** Certificates of a chain and names of a certificate kept: a server may send as many as it likes. */
const MAX_CHAIN = 10;
const MAX_NAMES = 100;

/**
 * Shakes hands, reads the server's certificate and hangs up (runbook 12.4). The handshake succeeds whether or not the
 * certificate is trusted, since a bad one is what the look is for; nothing is ever sent over the connection.
 *
 * @throws CancelledError when the signal fires; never otherwise
 */
export function lookAtCertificate(target: TlsTarget, signal: AbortSignal): Promise<TlsSighting> {
  return new Promise((resolve, reject) => {
    let socket: TLSSocket | undefined;
    let stapled: Uint8Array | undefined;
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    };
    const settle = (sighting: TlsSighting): void => {
      end();
      socket?.destroy();
      resolve(sighting);
    };
    const cancel = (): void => {
      end();
      socket?.destroy();
      reject(new CancelledError());
    };
    const timer = setTimeout(() => { settle({ outcome: 'unreachable', problem: `no TLS answer within ${target.timeoutMs} ms` }); }, target.timeoutMs);
    if (signal.aborted) {
      cancel();
      return;
    }
    signal.addEventListener('abort', cancel, { once: true });
    const { host, port, name, ca } = target;
    const options: ConnectionOptions & Pick<TLSSocketOptions, 'requestOCSP'> = {
      host, port,
      // An address must not be asked for as a name (RFC 6066, section 3).
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(ca === undefined ? {} : { ca }),
      rejectUnauthorized: false,
      requestOCSP: true,
      // Held against the name below: Node does so only when nothing else is wrong.
      checkServerIdentity: () => undefined,
    };
    try {
      socket = connect(options);
    } catch (error) {
      settle({ outcome: 'unreachable', problem: messageOf(error) });
      return;
    }
    const connected = socket;
    // Null when the server staples nothing, whatever the type says.
    connected.on('OCSPResponse', (response: Uint8Array | null) => { stapled = response ?? undefined; });
    // Stays after the end: what breaks while hanging up is nobody's concern.
    connected.on('error', (error) => { settle(explain(error, host, port)); });
    connected.on('secureConnect', () => {
      end();
      try {
        resolve(describe(connected, name, stapled));
      } catch (error) {
        resolve({ outcome: 'refused', problem: `sends a certificate that cannot be read (${messageOf(error)})` });
      }
      // Not at once: the last message of the handshake is yet to leave, and without it the server counts a failed one.
      connected.destroySoon();
    });
  });
}

function describe(socket: TLSSocket, name: string, stapled: Uint8Array | undefined): TlsSighting {
  const [leaf, ...issuers] = chainOf(socket.getPeerCertificate(true));
  if (leaf === undefined) {
    return { outcome: 'refused', problem: 'sends no certificate' };
  }
  const chain = [seen(leaf), ...issuers.map(seen)] as const;
  if (chain.some(({ validFrom, validTo }) => Number.isNaN(validFrom) || Number.isNaN(validTo))) {
    return { outcome: 'refused', problem: 'sends a certificate whose dates cannot be read' };
  }
  // The types call it an Error; it is the code, or null.
  const code = socket.authorized ? undefined : String(socket.authorizationError);
  const chainProblems = code === undefined ? [] : distrustOf(code, [leaf, ...issuers]);
  return {
    outcome: 'seen',
    chain,
    names: namesOf(leaf.subjectaltname ?? ''),
    distrust: [...chainProblems, ...(isFor(name, leaf) ? [] : ['wrongHost' as const])],
    ...(code === undefined || !chainProblems.includes('other') ? {} : { code }),
    protocol: socket.getProtocol() ?? 'unknown',
    ...(stapled === undefined ? {} : { stapled: readOcspAnswer(stapled, leaf.serialNumber) }),
  };
}

/** From the server's own certificate upwards. A root is its own issuer. */
function chainOf(leaf: DetailedPeerCertificate): DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  // Without a certificate Node gives an empty object, whatever the type says.
  let next: Partial<DetailedPeerCertificate> | undefined = leaf;
  while (next?.fingerprint256 !== undefined && chain.length < MAX_CHAIN && !chain.some(({ fingerprint256 }) => fingerprint256 === next?.fingerprint256)) {
    chain.push(next as DetailedPeerCertificate);
    next = next.issuerCertificate;
  }
  return chain;
}

/**
 * OpenSSL reports the last thing it finds, so that an expired certificate of an unknown authority is merely expired;
 * the chain tells the rest, since Node completes it from the authorities it trusts: one without an end has no known issuer.
 */
function distrustOf(code: string, chain: readonly DetailedPeerCertificate[]): Distrust[] {
  const last = chain.at(-1);
  const found = new Set<Distrust>();
  if (code === 'CERT_HAS_EXPIRED') {
    found.add('expired');
  } else if (code === 'CERT_NOT_YET_VALID') {
    found.add('notYetValid');
  }
  if (last !== undefined && !isSelfIssued(last)) {
    found.add(chain.length === 1 ? 'incompleteChain' : 'unknownIssuer');
  } else if (chain.length === 1) {
    found.add('selfSigned');
  } else if (code === 'SELF_SIGNED_CERT_IN_CHAIN') {
    found.add('unknownIssuer');
  }
  return found.size === 0 ? ['other'] : [...found];
}

function isSelfIssued({ fingerprint256, issuerCertificate }: Partial<DetailedPeerCertificate>): boolean {
  return issuerCertificate?.fingerprint256 === fingerprint256;
}

function isFor(name: string, certificate: DetailedPeerCertificate): boolean {
  try {
    return checkServerIdentity(name, certificate) === undefined;
  } catch {
    // Alternative names that cannot be read are for nobody.
    return false;
  }
}

function seen(certificate: DetailedPeerCertificate): SeenCertificate {
  return {
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    validFrom: Date.parse(certificate.valid_from),
    validTo: Date.parse(certificate.valid_to),
  };
}

/** A field that occurs twice is a list, and any may be missing, whatever the type says. */
type DistinguishedName = Readonly<Record<string, string | readonly string[] | undefined>>;

function nameOf(name: object): string {
  const { CN, O, ...others } = name as DistinguishedName;
  const parts = [CN, O].flat().filter((part) => part !== undefined);
  return clean(parts.length > 0 ? parts.join(', ') : Object.entries(others).map(([field, value]) => `${field}=${[value].flat().join(', ')}`).join(', ')) || 'no name';
}

/** Node quotes a name that holds a comma, as JSON does. */
function namesOf(alternativeNames: string): string[] {
  const entries = alternativeNames.match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g) ?? [];
  return entries.slice(0, MAX_NAMES).map((entry) => clean(entry.trim().replace(/^DNS:/, '')));
}

function clean(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return line.length > MAX_TEXT ? `${line.slice(0, MAX_TEXT)}…` : line;
}

function explain(error: Error & { reason?: string }, host: string, port: number): TlsSighting {
  const code = codeOf(error);
  switch (code) {
    case 'ECONNREFUSED': return { outcome: 'unreachable', problem: `${host}:${port} refused the connection` };
    case 'ENOTFOUND': return { outcome: 'unreachable', problem: `the name ${host} does not resolve` };
    case 'EAI_AGAIN': return { outcome: 'unreachable', problem: `the name ${host} could not be looked up` };
    case 'ECONNRESET': return { outcome: 'unreachable', problem: 'the connection was closed during the TLS handshake' };
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG': return { outcome: 'refused', problem: 'does not speak TLS' };
    default: return code?.startsWith('ERR_SSL_') === true
      ? { outcome: 'refused', problem: `refuses the TLS handshake (${error.reason ?? code})` }
      : { outcome: 'unreachable', problem: messageOf(error) };
  }
}
