/**
 * A meeting as calendars exchange it (RFC 5545, RFC 5546): the same UID in every version, a SEQUENCE that rises. The
 * addresses are put in when it is sent or saved, so that none stands on a timeline.
 */
import { messageOf } from '../errors.ts';
import { onOneLine } from '../incident/shorten.ts';
import { DeliveryError, type Parcel } from './courier.ts';
import { fieldsIn } from './delivery-data.ts';

/** REQUEST: invites, or moves. CANCEL: takes it back. PUBLISH: shows it, and invites nobody (a file that a person passes on). */
export const METHODS = ['REQUEST', 'CANCEL', 'PUBLISH'] as const;
export type Method = (typeof METHODS)[number];

/** What is known of a meeting before there are addresses; among the data of a delivery as it is. */
export interface Meeting {
  readonly method: Method;
  readonly uid: string;
  readonly sequence: number;
  /** ISO 8601 UTC. */
  readonly start: string;
  /** ISO 8601 UTC. */
  readonly end: string;
  readonly title: string;
  /** Where people meet: a place or an address. */
  readonly location?: string;
  readonly url?: string;
}

export interface Invitation extends Meeting {
  readonly text: string;
  /** Epoch ms: when this version was made. */
  readonly stamp: number;
  /** Address of who invites; undefined where nobody does. */
  readonly organizer?: string;
  readonly attendees: readonly { readonly name: string; readonly address: string }[];
}

/** Of a line, in octets, its end left out (RFC 5545, 3.1). */
const LONGEST_LINE = 75;
/** An address that every calendar takes; any other stands in the text all the same. */
const PLAIN_URL = /^https:\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{2,5})?(?:[/?#][\x21-\x7e]*)?$/;

/** The meeting that a delivery is about; undefined when it is about none. @throws DeliveryError when it cannot be read */
export function meetingIn({ delivery }: Pick<Parcel, 'delivery'>): Meeting | undefined {
  if (delivery.data['calendar'] === undefined) {
    return undefined;
  }
  const { method, uid, sequence, start, end, title, location, url } = fieldsIn(delivery.data['calendar']);
  const known = METHODS.find((name) => name === method);
  if (known === undefined || typeof uid !== 'string' || typeof sequence !== 'number' || !isTime(start) || !isTime(end) || typeof title !== 'string') {
    throw new DeliveryError('refused', `The invitation to ${delivery.target} cannot be read. Discard it and run the step again.`);
  }
  return {
    method: known, uid, sequence, start, end, title,
    ...(typeof location === 'string' ? { location } : {}), ...(typeof url === 'string' ? { url } : {}),
  };
}

/** The meeting as an .ics file. @throws DeliveryError when it cannot be written, as with an address that is none */
export async function writeInvitation({ method, uid, sequence, start, end, title, text, location, url, stamp, organizer, attendees }: Invitation): Promise<string> {
  // The library takes it, and its types leave it out: the time at which this version was made.
  const made: object = { timestamp: stamp };
  // Bundled, a CommonJS module has a default export only.
  const { default: { createEvent } } = await import('ics');
  const { error, value } = createEvent({
    ...made,
    productId: '-//Incident Runbook//Incident Runbook//EN', method, uid, sequence,
    start: Date.parse(start), end: Date.parse(end), startOutputType: 'utc', endOutputType: 'utc',
    title: onOneLine(plain(title)), description: plain(text).trim(),
    status: method === 'CANCEL' ? 'CANCELLED' : 'CONFIRMED', transp: 'OPAQUE', busyStatus: method === 'CANCEL' ? 'FREE' : 'BUSY',
    ...(location === undefined ? {} : { location: onOneLine(plain(location)) }),
    ...(url === undefined || !PLAIN_URL.test(url) ? {} : { url }),
    ...(organizer === undefined ? {} : { organizer: { name: 'Incident Runbook', email: organizer } }),
    attendees: attendees.map(({ name, address }) => ({
      name: parameter(name), email: address, rsvp: method !== 'CANCEL', cutype: 'INDIVIDUAL', role: 'REQ-PARTICIPANT', partstat: 'NEEDS-ACTION',
    })),
  });
  if (value === null) {
    throw new DeliveryError('refused', `The invitation cannot be written${whyNot(error)}. Check the addresses in the runbook and of the mail connection, then retry.`, { cause: error });
  }
  return refold(value);
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

function whyNot(error: Error | null): string {
  // The library's validator lists what is wrong, and gives a copy of its error without the message.
  const { errors } = fieldsIn(error);
  const why = Array.isArray(errors) ? errors.join(', ') : error === null ? '' : messageOf(error);
  return why === '' ? '' : ` (${why})`;
}

/** Line breaks of one kind, and no other control characters: they have no place in a calendar (RFC 5545, 3.3.11). */
function plain(text: string): string {
  return text.toWellFormed().replace(/\r\n?|[\u2028\u2029\u0085]/g, '\n').replace(/(?![\n\t])\p{Cc}/gu, '');
}

/** A parameter has no way to hold a quote (RFC 5545, 3.2), and some programs take a backslash for the beginning of one. */
function parameter(text: string): string {
  return onOneLine(plain(text)).replaceAll('"', '\'').replaceAll('\\', '/');
}

/**
 * What the library leaves to be desired: it counts characters of a line where octets are meant, and quotes words that
 * calendars know without quotes only (https://github.com/adamgibbons/ics/issues/277).
 */
function refold(file: string): string {
  return file.replace(/\r\n[\t ]/g, '').split('\r\n').map((line) => fold(bare(line))).join('\r\n');
}

function bare(line: string): string {
  return /^(?:ATTENDEE|ORGANIZER);/.test(line)
    ? line.replace(/;(CUTYPE|ROLE|PARTSTAT)="([A-Z-]+)"/g, ';$1=$2').replace(/:MAILTO:(?=[^:]*$)/, ':mailto:')
    : line;
}

function fold(line: string): string {
  const lines = [''];
  let room = LONGEST_LINE;
  for (const character of line) {
    const octets = Buffer.byteLength(character);
    if (octets > room) {
      lines.push('');
      // The blank that says that a line goes on counts.
      room = LONGEST_LINE - 1;
    }
    lines[lines.length - 1] += character;
    room -= octets;
  }
  return lines.join('\r\n ');
}
