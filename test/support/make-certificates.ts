/** Certificates made while the tests or the practice environment run, by `openssl`. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface Identity {
  /** Common name. */
  readonly name: string;
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** Epoch ms. */
  readonly to: number;
}

export interface Wanted {
  /** Common name of the subject; empty for a certificate without a subject. */
  readonly name: string;
  readonly organization?: string;
  /** Subject alternative names as OpenSSL writes them: `DNS:api.example.org`, `IP:127.0.0.1`. */
  readonly hosts?: readonly string[];
  /** Epoch ms; a certificate knows whole seconds only. */
  readonly from: number;
  readonly to: number;
  /** Whether it may sign others. */
  readonly authority?: boolean;
  /** PEM of a key to use again, as a cross-signed authority does. Default: a new one. */
  readonly key?: string;
}

/** Makes certificates; its files lie in a folder that the caller removes. */
export class Certificates {
  readonly #folder: string;
  #made = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A certificate signed by the issuer, or by itself. */
  make(wanted: Wanted, issuer?: Identity): Identity {
    const key = wanted.key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const place = path.join(this.#folder, String(this.#made += 1));
    const file = (kind: string, content: string): string => write(`${place}.${kind}`, content);
    // `openssl ca` takes any beginning and end, where `openssl x509` learned it with 3.4 only.
    const config = file('cnf', [
      '[ca]', 'default_ca = tests',
      '[tests]', `database = ${file('index', '')}`, `serial = ${file('serial', newSerial())}`, `new_certs_dir = ${this.#folder}`,
      'default_md = sha256', 'policy = policy', 'unique_subject = no', 'x509_extensions = extensions',
      '[policy]', 'commonName = optional', 'organizationName = optional',
      '[req]', 'distinguished_name = subject', 'prompt = no', 'string_mask = utf8only', 'utf8 = yes',
      '[subject]', ...(wanted.name === '' ? [] : [`CN = ${configValue(wanted.name)}`]), ...(wanted.organization === undefined ? [] : [`O = ${configValue(wanted.organization)}`]),
      '[extensions]', `basicConstraints = critical,CA:${wanted.authority === true ? 'TRUE' : 'FALSE'}`,
      ...(wanted.hosts === undefined ? [] : [`subjectAltName = ${wanted.hosts.join(',')}`]),
      '',
    ].join('\n'));
    const keyFile = file('key', key);
    const request = `${place}.csr`;
    openssl('req', '-new', '-config', config, '-key', keyFile, '-out', request, ...(wanted.name === '' ? ['-subj', '/'] : []));
    const signer = issuer === undefined
      ? ['-selfsign', '-keyfile', keyFile]
      : ['-cert', file('issuer.pem', issuer.certificate), '-keyfile', file('issuer.key', issuer.key)];
    openssl('ca', '-batch', '-notext', '-config', config, ...signer, '-in', request, '-out', `${place}.pem`, '-startdate', time(wanted.from), '-enddate', time(wanted.to));
    return { name: wanted.name, certificate: readFileSync(`${place}.pem`, 'utf8'), key, to: wanted.to };
  }

  /**
   * What the issuer's responder would answer about a certificate, as DER. Fresh from now on for a day.
   *
   * @param status `unknown`, `good`, or since when it is revoked, epoch ms
   */
  ocspResponse(identity: Identity, issuer: Identity, status: 'good' | 'unknown' | number): Buffer {
    const place = path.join(this.#folder, String(this.#made += 1));
    const issuerFile = write(`${place}.issuer.pem`, issuer.certificate);
    const certificate = write(`${place}.pem`, identity.certificate);
    const serial = openssl('x509', '-in', certificate, '-noout', '-serial').trim().replace('serial=', '');
    const [mark, revoked] = typeof status === 'number' ? ['R', `${shortTime(status)},keyCompromise`] : ['V', ''];
    const entry = `${[mark, shortTime(identity.to), revoked, serial, 'unknown', '/CN=x'].join('\t')}\n`;
    openssl('ocsp', '-no_nonce', '-issuer', issuerFile, '-cert', certificate, '-reqout', `${place}.req`);
    openssl('ocsp', '-index', write(`${place}.index`, status === 'unknown' ? '' : entry), '-CA', issuerFile, '-rsigner', issuerFile,
      '-rkey', write(`${place}.key`, issuer.key), '-reqin', `${place}.req`, '-respout', `${place}.resp`, '-ndays', '1');
    return readFileSync(`${place}.resp`);
  }
}

function openssl(...args: readonly string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function write(file: string, content: string): string {
  writeFileSync(file, content);
  return file;
}

function newSerial(): string {
  return `01${randomBytes(15).toString('hex').toUpperCase()}\n`;
}

/** A value of an OpenSSL configuration file, whatever it holds. */
function configValue(text: string): string {
  return text.replace(/["'\\$#; ]/g, (character) => `\\${character}`).replaceAll('\n', '\\n');
}

/** `20261123030000Z`, whole seconds. */
function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
}

function shortTime(ms: number): string {
  return time(ms).slice(2);
}
