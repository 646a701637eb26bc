/** Mail by SMTP. A second copy can be recognised by its Message-ID, but no server says whether it has taken the first one: a person decides. */
import { Readable } from 'node:stream';
import type { SMTPTransportOptions } from 'nodemailer/lib/smtp-transport';
import { codeOf, messageOf } from '../errors.ts';
import { onOneLine, shorten } from '../incident/shorten.ts';
import { plural } from '../text.ts';
import { type Connection, isLoopback } from './connections.ts';
import { CALL_TIMEOUT_MS, type Calls, DeliveryError, type Parcel, type Receipt, textOf } from './courier.ts';
import { textsOf } from './delivery-data.ts';
import { type Invitation, meetingIn, writeInvitation } from './invitation.ts';

/** How long a mail server may take, ms. */
export interface MailTimeouts {
  /** To connect, to greet and to agree on encryption. */
  readonly connectMs: number;
  /** For each of its answers: some look through a message before they take it. */
  readonly answerMs: number;
}

const TIMEOUTS: MailTimeouts = { connectMs: CALL_TIMEOUT_MS, answerMs: 30_000 };
/** A server that defers wants to be left alone for about that long, ms (greylisting). */
const DEFERRED_MS = 60_000;
/** TLS from the first byte (RFC 8314); on other ports the connection is upgraded by STARTTLS. */
const IMPLICIT_TLS_PORT = 465;
const SUBJECT_LENGTH = 200;
/** In the place of contacts: the runbook's list of users to notify (runbook 7.2). */
const USERS = 'users';

export function mailCalls(connection: Connection, timeouts: MailTimeouts = TIMEOUTS): Calls {
  return { send: { again: 'ask', send: (parcel, signal) => send(connection, timeouts, parcel, signal) } };
}

/** Connects and signs in; sends nothing. @throws DeliveryError */
export async function testMail(connection: Connection, signal: AbortSignal, timeouts: MailTimeouts = TIMEOUTS): Promise<string> {
  const { createTransport } = await import('nodemailer');
  const options = transportOptions(connection, timeouts);
  let cancel = (): void => undefined;
  try {
    signal.throwIfAborted();
    // nodemailer cannot cancel this; what it leaves open ends by its own time-outs.
    const cancelled = new Promise<never>((_resolve, reject) => { cancel = () => { reject(new Error('cancelled')); }; });
    signal.addEventListener('abort', cancel, { once: true });
    await Promise.race([createTransport(options).verify(), cancelled]);
  } catch (error) {
    throw failureOf(error, false, options);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
  const { host = '', port = '', user, from = '' } = connection;
  return `Connected to ${host}:${port}${user === undefined ? '' : ` as ${user}`}. Mail is sent from ${from}.`;
}

/** What nodemailer is told. A server elsewhere has to offer encryption, whatever it says itself. */
export function transportOptions({ host = '', port = '', user, password = '' }: Connection, { connectMs, answerMs }: MailTimeouts = TIMEOUTS): SMTPTransportOptions {
  const secure = Number(port) === IMPLICIT_TLS_PORT;
  return {
    host, port: Number(port), secure,
    // A relay on this machine seldom has a certificate that anybody could verify, and nothing leaves the machine.
    ...(secure ? {} : isLoopback(host) ? { ignoreTLS: true } : { requireTLS: true }),
    // Without forceAuth, a server that offers no sign-in would be sent the mail as if there were no user.
    ...(user === undefined ? {} : { auth: { user, pass: password }, forceAuth: true }),
    connectionTimeout: connectMs, greetingTimeout: connectMs, dnsTimeout: connectMs, socketTimeout: answerMs,
    disableFileAccess: true, disableUrlAccess: true,
  };
}

interface Recipients {
  readonly to: readonly { readonly name: string; readonly address: string }[];
  /** Users never see each other's addresses. */
  readonly bcc: readonly string[];
  /** Whom it should reach and there is no address of. */
  readonly missing: readonly string[];
}

async function send(connection: Connection, timeouts: MailTimeouts, parcel: Parcel, signal: AbortSignal): Promise<Receipt> {
  const subject = headerText(textOf(parcel, 'subject'));
  const { to, bcc, missing } = recipientsOf(parcel);
  const invitation = await invitationOf(parcel, connection, to);
  const { createTransport } = await import('nodemailer');
  const options = transportOptions(connection, timeouts);
  const transport = createTransport(options);
  let begun = false;
  // The message is read only once the server has said that it takes it: until then nothing can have arrived.
  transport.use('stream', ({ message }, done) => {
    const read = message.createReadStream.bind(message);
    message.createReadStream = () => Readable.from((async function* () {
      begun = true;
      yield* read();
    })(), { objectMode: false });
    done();
  });
  try {
    const { accepted, rejected } = await transport.sendMail({
      from: connection['from'] ?? '', to: to.length === 0 ? 'undisclosed-recipients:;' : [...to], bcc: [...bcc], subject, text: parcel.delivery.text,
      messageId: `<${parcel.delivery.id.replace(/[^\w-]/g, '')}@incident-runbook>`, signal,
      // Twice: beside the text, where mail programs look for it, and as a file.
      ...(invitation === undefined ? {} : { icalEvent: { ...invitation, filename: 'invite.ics' } }),
    });
    const note = [rejectedNote(rejected, to), missingNote(missing)].filter((part) => part !== '').join(' ');
    return { result: { accepted: accepted.length, rejected: rejected.length }, ...(note === '' ? {} : { note }) };
  } catch (error) {
    throw failureOf(error, begun, options);
  } finally {
    transport.close();
  }
}

function recipientsOf(parcel: Parcel): Recipients {
  const { delivery: { target }, runbook } = parcel;
  const ids = textsOf(parcel, 'to');
  const known = ids.filter((id) => id !== USERS).map((id) => ({ id, contact: runbook.contacts[id] }));
  const to = known.flatMap(({ contact }) => (contact?.email === undefined ? [] : [{ name: contact.title, address: contact.email }]));
  const missing = known.filter(({ contact }) => contact?.email === undefined).map(({ id, contact }) => contact?.title ?? id);
  const shown = new Set(to.map(({ address }) => address.toLowerCase()));
  const bcc = ids.includes(USERS) ? (runbook.userNotifications.recipients ?? []).filter((address) => !shown.has(address.toLowerCase())) : [];
  if (to.length > 0 || bcc.length > 0) {
    return { to: onceEach(to, ({ address }) => address), bcc: onceEach(bcc, (address) => address), missing };
  }
  throw new DeliveryError('refused', ids.includes(USERS)
    ? 'The runbook names no users to mail. Add their addresses to userNotifications.recipients, then retry, or send it by hand.'
    : `The runbook has no e-mail address for ${missing.length === 0 ? target : missing.join(', ')}. Add it to the contacts, then retry, or reach them another way.`);
}

/** @throws DeliveryError when it cannot be written */
async function invitationOf(parcel: Parcel, { from }: Connection, attendees: Recipients['to']): Promise<{ readonly method: Invitation['method']; readonly content: string } | undefined> {
  const meeting = meetingIn(parcel);
  if (meeting === undefined) {
    return undefined;
  }
  const { text, at } = parcel.delivery;
  return { method: meeting.method, content: await writeInvitation({ ...meeting, text, stamp: Date.parse(at), attendees, ...(from === undefined ? {} : { organizer: from }) }) };
}

function onceEach<T>(items: readonly T[], addressOf: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [addressOf(item).toLowerCase(), item])).values()];
}

/** One line: a line break in a header would begin another one. */
function headerText(text: string): string {
  return shorten(text.replace(/[\s\p{Cc}]+/gu, ' ').trim(), SUBJECT_LENGTH);
}

function rejectedNote(rejected: readonly string[], to: Recipients['to']): string {
  if (rejected.length === 0) {
    return '';
  }
  const names = to.filter(({ address }) => rejected.includes(address)).map(({ name }) => name);
  const others = rejected.length - names.length;
  return `The mail server refused ${[...names, ...(others === 0 ? [] : [plural(others, names.length === 0 ? 'recipient' : 'other recipient')])].join(', ')}. Check the addresses, and reach them another way.`;
}

function missingNote(missing: readonly string[]): string {
  return missing.length === 0 ? '' : `The runbook has no e-mail address for ${missing.join(', ')}.`;
}

/**
 * A reply of the server is final, whenever it comes; without one it depends on how far the mail had got.
 *
 * @param begun whether the server had said that it takes the message
 */
function failureOf(error: unknown, begun: boolean, { host = '', port = 0 }: SMTPTransportOptions): DeliveryError {
  const server = `${host}:${port}`;
  const code = codeOf(error);
  const { reply, status, command } = smtpReply(error);
  const why = reply ?? messageOf(error);
  const fail = (kind: DeliveryError['kind'], message: string, retryAfterMs?: number): DeliveryError => new DeliveryError(kind, message, { retryAfterMs, cause: error });
  if (status !== undefined && status >= 400 && status < 500) {
    return fail('not sent', `The mail server ${server} does not take it now (${why}).`, DEFERRED_MS);
  }
  if (code === 'EAUTH' && (status !== undefined || command === 'API')) {
    return fail('refused', `The mail server ${server} refused the user or the password (${why}). Connect mail again, then retry.`);
  }
  if (command === 'STARTTLS' && status !== undefined) {
    return fail('refused', `The mail server ${server} offers no encryption (${why}), and mail is not sent through the open. Connect mail again with a server or a port that does, such as ${IMPLICIT_TLS_PORT}.`);
  }
  // A greeting or a hello that fails says nothing about this mail.
  if (status !== undefined && status >= 500 && command !== 'CONN' && command !== 'EHLO') {
    return fail('refused', `The mail server ${server} refused it (${why}).`);
  }
  if (!begun && (code === 'EENVELOPE' || code === 'EMESSAGE')) {
    return fail('refused', `The mail cannot be sent: ${why}. Check the addresses in the runbook, then retry.`);
  }
  return begun
    ? fail('in doubt', `The connection to the mail server ${server} broke before it said whether it has the mail (${why}).`)
    : fail('not sent', `The mail server ${server} could not be used: ${why}.`);
}

/** What the server said, on one line; `command` is what it was answering, in nodemailer's words. */
function smtpReply(error: unknown): { readonly reply?: string; readonly status?: number; readonly command?: string } {
  if (!(error instanceof Error)) {
    return {};
  }
  const { response, responseCode, command } = error as Error & { readonly response?: unknown; readonly responseCode?: unknown; readonly command?: unknown };
  return {
    ...(typeof response === 'string' ? { reply: shorten(onOneLine(response), 200) } : {}),
    ...(typeof responseCode === 'number' ? { status: responseCode } : {}),
    ...(typeof command === 'string' ? { command } : {}),
  };
}
