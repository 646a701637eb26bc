/** IP addresses and ranges as a firewall's list holds them. Pure: the input box and the step read them with the same words. */
import { isIPv4, isIPv6 } from 'node:net';
import { shorten } from '../incident/shorten.ts';

export type Family = 'IPV4' | 'IPV6';

/** A range of addresses in CIDR notation; one address is a range of its own. */
export interface AddressRange {
  readonly family: Family;
  /** `198.51.100.7/32`, `2001:db8::/48`: lower case, shortest form, always with its length. */
  readonly text: string;
  readonly first: bigint;
  readonly last: bigint;
  /** Bits that are fixed. */
  readonly prefix: number;
}

export interface ReadAddresses {
  /** Each once, in the order given. */
  readonly ranges: readonly AddressRange[];
  /** Why it cannot be taken as it stands, a sentence each; empty when it can. */
  readonly problems: readonly string[];
}

const BITS: Readonly<Record<Family, number>> = { IPV4: 32, IPV6: 128 };
/** Wider ranges hold whole providers: nobody blocks those by accident. */
const WIDEST: Readonly<Record<Family, number>> = { IPV4: 16, IPV6: 32 };

/**
 * Ranges that no client on the internet comes from (IANA special-purpose registries). Those for documentation are left
 * out: drills use them, and blocking them harms nobody.
 */
const RESERVED: readonly (readonly [string, string])[] = [
  ['0.0.0.0/8', 'this network'], ['10.0.0.0/8', 'private'], ['100.64.0.0/10', 'shared by carriers'], ['127.0.0.0/8', 'loopback'], ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'], ['192.0.0.0/24', 'reserved'], ['192.168.0.0/16', 'private'], ['198.18.0.0/15', 'for benchmarks'], ['224.0.0.0/4', 'multicast'], ['240.0.0.0/4', 'reserved'],
];
/** Everything that is routed on the internet (RFC 4291, 2.4). */
const GLOBAL_IPV6 = '2000::/3';

/**
 * What a person typed: addresses and ranges, separated by commas, white space or line breaks.
 *
 * @param allowLarge whether ranges wider than /16 (IPv4) or /32 (IPv6) are meant
 */
export function parseAddresses(text: string, allowLarge = false): ReadAddresses {
  return readAddresses(text.split(/[\s,;]+/).filter((part) => part !== ''), allowLarge);
}

export function readAddresses(texts: readonly string[], allowLarge = false): ReadAddresses {
  const ranges = new Map<string, AddressRange>();
  const problems: string[] = [];
  for (const text of texts) {
    const range = parseRange(text);
    const problem = typeof range === 'string' ? range : objection(range, allowLarge);
    if (problem !== undefined) {
      problems.push(problem);
    } else if (typeof range !== 'string') {
      ranges.set(range.text, range);
    }
  }
  if (texts.length === 0) {
    problems.push('Name at least one address, such as 198.51.100.7 or 198.51.100.0/24.');
  }
  return { ranges: [...ranges.values()], problems };
}

/** @returns why it is none, as a sentence, when it is none */
export function parseRange(text: string): AddressRange | string {
  const [address = '', length, ...more] = text.trim().split('/');
  const shown = `"${shorten(text, 60)}"`;
  const family: Family | undefined = isIPv4(address) ? 'IPV4' : isIPv6(address) && !address.includes('%') ? 'IPV6' : undefined;
  if (family === undefined || more.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) {
    return `${shown} is no IP address or CIDR range. Write it like 198.51.100.7, 198.51.100.0/24 or 2001:db8::/48.`;
  }
  const bits = BITS[family];
  const prefix = length === undefined ? bits : Number(length);
  if (prefix > bits) {
    return `${shown} has a length of ${prefix}; ${nameOf(family)} has ${bits} bits. Write it like ${family === 'IPV4' ? '198.51.100.0/24' : '2001:db8::/48'}.`;
  }
  const value = family === 'IPV4' ? ipv4Value(address) : ipv6Value(address);
  const first = (value >> BigInt(bits - prefix)) << BigInt(bits - prefix);
  const network = family === 'IPV4' ? ipv4Text(first) : ipv6Text(first);
  if (first !== value) {
    return `${shown} is an address inside a range. Write ${network}/${prefix} for the whole range, or ${address} for the one address.`;
  }
  return { family, text: `${network}/${prefix}`, first, last: first + (1n << BigInt(bits - prefix)) - 1n, prefix };
}

/** Whether every address of the inner one is in the outer one. */
export function covers(outer: AddressRange, inner: AddressRange): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

/** An entry of a list that somebody else wrote, in the form that ours have; as it stands when it cannot be read. */
export function normalised(text: string): string {
  const range = parseRange(text);
  return typeof range === 'string' ? text : range.text;
}

/** `IPv4`. */
export function nameOf(family: Family): string {
  return family === 'IPV4' ? 'IPv4' : 'IPv6';
}

/** Why a range is not to be blocked. */
function objection(range: AddressRange, allowLarge: boolean): string | undefined {
  if (range.prefix === 0) {
    return `${range.text} is every address there is. Name the addresses that attack.`;
  }
  const widest = WIDEST[range.family];
  if (range.prefix < widest && !allowLarge) {
    return `${range.text} is wider than /${widest} and would lock out whole providers. Name a narrower range; if it is meant, run the step with "allowLarge": true.`;
  }
  const reserved = RESERVED_RANGES.find(({ range: other }) => overlap(range, other));
  if (reserved !== undefined) {
    return `${range.text} lies in or holds ${reserved.range.text} (${reserved.why}): nothing on the internet comes from there. Look up the address that the load balancer or the distribution saw.`;
  }
  if (range.family === 'IPV6' && !covers(GLOBAL, range)) {
    return `${range.text} is not routed on the internet (that is ${GLOBAL_IPV6}). Look up the address that the load balancer or the distribution saw.`;
  }
  return undefined;
}

function overlap(one: AddressRange, other: AddressRange): boolean {
  return one.family === other.family && one.first <= other.last && other.first <= one.last;
}

function ipv4Value(address: string): bigint {
  return address.split('.').reduce((sum, part) => (sum << 8n) + BigInt(part), 0n);
}

function ipv4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
}

function ipv6Value(address: string): bigint {
  const [head = '', tail] = canonicalIpv6(address).split('::');
  const groups = (part: string): string[] => part.split(':').filter((group) => group !== '');
  const [front, back] = [groups(head), groups(tail ?? '')];
  const all = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => '0'), ...back];
  return all.reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}

function ipv6Text(value: bigint): string {
  return canonicalIpv6(Array.from({ length: 8 }, (_, place) => ((value >> BigInt(112 - 16 * place)) & 0xffffn).toString(16)).join(':'));
}

/** The shortest form, in hexadecimal only (WHATWG URL, 3.5, IPv6 serializer). */
function canonicalIpv6(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

function known(text: string): AddressRange {
  const range = parseRange(text);
  if (typeof range === 'string') {
    throw new Error(range);
  }
  return range;
}

const RESERVED_RANGES = RESERVED.map(([text, why]) => ({ range: known(text), why }));
const GLOBAL = known(GLOBAL_IPV6);
