/**
 * What an OCSP answer says, as a server staples it to its handshake (RFC 6960, section 4.2.1). Only what it says: its
 * signature is not verified, so nothing may be called good because of it.
 */
export type OcspAnswer =
  /** Times in epoch ms. `nextUpdate` is when the answer goes out of date. */
  | { readonly status: 'good' | 'revoked' | 'unknown'; readonly thisUpdate: number; readonly nextUpdate?: number; readonly revokedAt?: number }
  /** The responder answered with an error, by its name in the RFC. */
  | { readonly status: 'error'; readonly reason: string }
  | { readonly status: 'otherCertificate' }
  | { readonly status: 'unreadable' };

const ERRORS: Readonly<Record<number, string>> = { 1: 'malformedRequest', 2: 'internalError', 3: 'tryLater', 5: 'sigRequired', 6: 'unauthorized' };

const SEQUENCE = 0x30;
const OCTET_STRING = 0x04;
const ENUMERATED = 0x0a;
const INTEGER = 0x02;
const OBJECT_ID = 0x06;
const GENERALIZED_TIME = 0x18;
/** Context-specific tags: explicit or constructed, and primitive. */
const CONSTRUCTED = 0xa0;
const PRIMITIVE = 0x80;
/** id-pkix-ocsp-basic, 1.3.6.1.5.5.7.48.1.1. */
const BASIC_RESPONSE = '2b0601050507300101';

/**
 * @param der the answer as it came; may be anything
 * @param serialNumber of the certificate it should be about, hexadecimal
 */
export function readOcspAnswer(der: Uint8Array, serialNumber: string): OcspAnswer {
  try {
    return read(der, serialNumber);
  } catch {
    return { status: 'unreadable' };
  }
}

function read(der: Uint8Array, serialNumber: string): OcspAnswer {
  const response = new Der(der).into(SEQUENCE);
  const status = response.take(ENUMERATED)[0] ?? 0;
  if (status !== 0) {
    return { status: 'error', reason: ERRORS[status] ?? `error ${status}` };
  }
  const typed = response.into(CONSTRUCTED).into(SEQUENCE);
  if (hex(typed.take(OBJECT_ID)) !== BASIC_RESPONSE) {
    return { status: 'unreadable' };
  }
  const data = new Der(typed.take(OCTET_STRING)).into(SEQUENCE).into(SEQUENCE);
  data.skipIf(CONSTRUCTED); // version
  data.skip(); // responderID
  data.take(GENERALIZED_TIME); // producedAt
  const answers = data.into(SEQUENCE);
  while (!answers.atEnd) {
    const answer = answers.into(SEQUENCE);
    if (serialOf(answer.into(SEQUENCE)) === plain(serialNumber)) {
      return readSingle(answer);
    }
  }
  return { status: 'otherCertificate' };
}

/** The rest of a SingleResponse, after the id of the certificate. */
function readSingle(answer: Der): OcspAnswer {
  const tag = answer.tag;
  let revokedAt: number | undefined;
  if (tag === (CONSTRUCTED | 1)) {
    revokedAt = timeOf(answer.into(tag).take(GENERALIZED_TIME));
  } else if (tag === PRIMITIVE || tag === (PRIMITIVE | 2)) {
    answer.skip();
  } else {
    return { status: 'unreadable' };
  }
  const thisUpdate = timeOf(answer.take(GENERALIZED_TIME));
  const nextUpdate = answer.atEnd || answer.tag !== CONSTRUCTED ? undefined : timeOf(answer.into(CONSTRUCTED).take(GENERALIZED_TIME));
  return {
    status: revokedAt !== undefined ? 'revoked' : tag === PRIMITIVE ? 'good' : 'unknown',
    thisUpdate,
    ...(nextUpdate === undefined ? {} : { nextUpdate }),
    ...(revokedAt === undefined ? {} : { revokedAt }),
  };
}

function serialOf(certificateId: Der): string {
  certificateId.skip(); // hashAlgorithm
  certificateId.skip(); // issuerNameHash
  certificateId.skip(); // issuerKeyHash
  return plain(hex(certificateId.take(INTEGER)));
}

/** Without the zeroes in front, with which some begin and others do not. */
function plain(serial: string): string {
  return serial.toLowerCase().replace(/^0+/, '');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** `20261123030000Z`; RFC 6960 allows no other form. */
function timeOf(bytes: Uint8Array): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(Buffer.from(bytes).toString('latin1'));
  if (parts === null) {
    throw new RangeError('Not a time');
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** Reads one DER value after the other. Each method throws RangeError when the bytes are not what is expected. */
class Der {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Of the next value. */
  get tag(): number {
    return this.#byte(this.#at);
  }

  take(tag: number): Uint8Array {
    if (this.tag !== tag) {
      throw new RangeError(`Tag ${this.tag} instead of ${tag}`);
    }
    return this.skip();
  }

  into(tag: number): Der {
    return new Der(this.take(tag));
  }

  skipIf(tag: number): void {
    if (this.tag === tag) {
      this.skip();
    }
  }

  /** @returns the content of what is skipped */
  skip(): Uint8Array {
    const first = this.#byte(this.#at + 1);
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    if (first === 0x80 || lengthBytes > 3) {
      throw new RangeError('A length that DER does not have, or far too much');
    }
    let length = first < 0x80 ? first : 0;
    for (let index = 0; index < lengthBytes; index += 1) {
      length = length * 256 + this.#byte(this.#at + 2 + index);
    }
    const start = this.#at + 2 + lengthBytes;
    if (start + length > this.#bytes.length) {
      throw new RangeError('Ends too early');
    }
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }

  #byte(at: number): number {
    const byte = this.#bytes[at];
    if (byte === undefined) {
      throw new RangeError('Ends too early');
    }
    return byte;
  }
}
