import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { type AddressObject, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { Clock } from '../../../src/incident/clock.ts';
import { createFakeFaultList, type FakeFault, type FaultKind } from './fake-faults.ts';
import { type Exchange, type Fake, formatProblem } from './fake-server.ts';
import type { Problem } from './openapi.ts';

/** Places in a session, in its order: the greeting, MAIL FROM, RCPT TO, and once the server has the whole message. */
const OPERATIONS = ['connect', 'sender', 'recipient', 'message'] as const;

export type SmtpOperation = (typeof OPERATIONS)[number];

/**
 * Without `operation` it strikes at the first place where it can: at `message` when the mail is to be kept all the same.
 * `acted` counts at `message` only: whether the server keeps the mail that it does not confirm.
 */
export type SmtpFault = FakeFault<SmtpOperation> & {
  /** Of `recipient`: this one only. */
  readonly address?: string;
};

export interface ReceivedMail {
  /** Epoch ms. */
  readonly at: number;
  /** Whom it was really given to, whatever its headers say. */
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string | undefined;
  /** With its angle brackets. */
  readonly messageId: string;
  /** A calendar invitation is one of them. */
  readonly attachments: readonly { readonly filename: string | undefined; readonly contentType: string; readonly text: string }[];
}

export interface SmtpOptions {
  /** Asks for a user and a password. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** Offers STARTTLS, with a certificate that nobody trusts. */
  readonly startTls?: boolean;
}

type LikeOtherFakes = Pick<Fake<SmtpOperation>, 'validation' | 'operations' | 'exchanges' | 'violations' | 'clearFaults' | 'clearExchanges' | 'assertClean' | 'close'>;

/**
 * Looks like the fakes of the vendors, except that it speaks SMTP. An exchange is a message or a fault: its status is
 * the SMTP reply code, its text the message as it came over the wire.
 */
export interface SmtpFake extends LikeOtherFakes {
  readonly host: string;
  readonly port: number;
  /** Mails it keeps, oldest first. */
  readonly state: readonly ReceivedMail[];
  /** Places that were reached, over all sessions. */
  readonly reached: readonly SmtpOperation[];
  /** Passwords that were tried. */
  readonly passwords: readonly string[];
  fault(fault: SmtpFault): () => void;
}

type Answer = (error?: (Error & { readonly responseCode: number }) | null) => void;

const HOST = '127.0.0.1';

/** A real SMTP server on a free port of this machine, which takes every mail and sends none on. */
export async function startSmtp({ clock, credentials, startTls = false }: SmtpOptions & { readonly clock: Clock }): Promise<SmtpFake> {
  const mails: ReceivedMail[] = [];
  const exchanges: Exchange<SmtpOperation>[] = [];
  const reached: SmtpOperation[] = [];
  const passwords: string[] = [];
  const violations: Problem[] = [];
  const faults = createFakeFaultList<FaultTarget>();
  const sockets = new Map<number, Socket>();

  const record = (operation: SmtpOperation, session: SMTPServerSession, text: string, acted: boolean, fault: FaultKind | undefined): void => {
    const status = fault === undefined ? 250 : statusOf(fault, operation);
    exchanges.push({ operation, at: clock.now(), method: 'SMTP', target: routeOf(session), headers: {}, text, status, reply: undefined, acted, fault });
  };
  /** Lets the fault have its way with the client. */
  const spoil = (fault: FaultKind, operation: SmtpOperation, session: SMTPServerSession, answer: Answer): void => {
    const socket = sockets.get(session.remotePort);
    switch (fault.kind) {
      case 'time-out':
        return;
      case 'reset':
        socket?.resetAndDestroy();
        return;
      case 'malformed':
        socket?.write(fault.body === 'html' ? '<!doctype html><title>Bad gateway</title>\r\n' : '25');
        socket?.end();
        return;
      case 'rate-limit':
      case 'server-error':
        answer(refusal(statusOf(fault, operation)));
    }
  };
  const pass = (operation: Exclude<SmtpOperation, 'message'>, session: SMTPServerSession, answer: Answer, address = ''): void => {
    reached.push(operation);
    const fault = faults.take(targetOf(operation, address)) ?? faults.take(operation);
    if (fault === undefined) {
      answer();
    } else {
      record(operation, session, '', false, fault);
      spoil(fault, operation, session, answer);
    }
  };
  const receive = async (stream: SMTPServerDataStream, session: SMTPServerSession, answer: Answer): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
    }
    const source = Buffer.concat(chunks);
    const mail = await parse(source, session, clock.now());
    const fault = faults.take('message');
    const acted = fault === undefined || keeps(fault);
    if (acted) {
      mails.push(mail);
    }
    record('message', session, source.toString('utf8'), acted, fault);
    reached.push('message');
    if (fault === undefined) {
      answer();
    } else {
      spoil(fault, 'message', session, answer);
    }
  };

  const smtp = new SMTPServer({
    disabledCommands: [...(credentials === undefined ? ['AUTH'] : []), ...(startTls ? [] : ['STARTTLS'])],
    // Without it, the server writes a warning about its certificate.
    logger: false,
    authOptional: credentials === undefined, allowInsecureAuth: true, disableReverseLookup: true, closeTimeout: 100,
    onAuth: ({ username, password }, _session, answer) => {
      passwords.push(password ?? '');
      if (username === credentials?.user && password === credentials?.password) {
        answer(null, { user: username });
      } else {
        answer(Object.assign(new Error('Authentication credentials invalid'), { responseCode: 535 }));
      }
    },
    onConnect: (session, answer) => { pass('connect', session, answer); },
    onMailFrom: (_address, session, answer) => { pass('sender', session, answer); },
    onRcptTo: ({ address }, session, answer) => { pass('recipient', session, answer, address); },
    onData: (stream, session, answer) => {
      void receive(stream, session, answer).catch((error: unknown) => {
        violations.push({ side: 'request', operation: 'SMTP message', pointer: '/body', message: error instanceof Error ? error.message : String(error) });
        answer(refusal(554));
      });
    },
  });
  // Clients that go away in the middle, and sockets that a fault has reset, are reported here.
  smtp.on('error', () => undefined);
  smtp.server.on('connection', (socket: Socket) => {
    const port = socket.remotePort ?? 0;
    sockets.set(port, socket);
    socket.once('close', () => { sockets.delete(port); });
  });
  const listening = smtp.listen(0, HOST);
  await once(listening, 'listening');

  return {
    host: HOST, port: (listening.address() as AddressInfo).port, state: mails, exchanges, reached, passwords, violations,
    validation: 'skipped', operations: OPERATIONS,
    fault: ({ address = '', ...fault }) => faults.add({ ...fault, operation: targetOf(fault.operation ?? placeOf(fault, address), address) }),
    clearFaults: () => { faults.clear(); },
    clearExchanges: () => { exchanges.length = 0; },
    assertClean() {
      if (violations.length > 0) {
        throw new Error(`A mail could not be read:\n${violations.map(formatProblem).join('\n')}`);
      }
    },
    close: () => new Promise<void>((resolve) => {
      smtp.close(() => { resolve(); });
      sockets.forEach((socket) => { socket.destroy(); });
    }),
  };
}

/** What a fault is kept under: a place, or one recipient. */
type FaultTarget = SmtpOperation | `recipient ${string}`;

function targetOf(operation: SmtpOperation, address: string): FaultTarget {
  return operation === 'recipient' && address !== '' ? `recipient ${address}` : operation;
}

function placeOf(fault: FaultKind, address: string): SmtpOperation {
  return address !== '' ? 'recipient' : keeps(fault) ? 'message' : 'connect';
}

const keeps = (fault: FaultKind): boolean => fault.kind !== 'rate-limit' && fault.acted;

/** The SMTP reply code; 0 for none. A session is refused with 421, a command with 451 (RFC 5321, 4.2.3). */
function statusOf(fault: FaultKind, operation: SmtpOperation): number {
  const usual = operation === 'connect' ? 421 : 451;
  return fault.kind === 'server-error' ? fault.status ?? usual : fault.kind === 'rate-limit' ? usual : 0;
}

function refusal(responseCode: number): Error & { readonly responseCode: number } {
  return Object.assign(new Error(responseCode < 500 ? 'Try again later' : 'Not accepted here'), { responseCode });
}

const sender = ({ envelope: { mailFrom } }: SMTPServerSession): string => mailFrom === false ? '' : mailFrom.address;

const recipients = ({ envelope: { rcptTo } }: SMTPServerSession): string[] => rcptTo.map(({ address }) => address);

const routeOf = (session: SMTPServerSession): string => `${sender(session)} → ${recipients(session).join(', ')}`;

async function parse(source: Buffer, session: SMTPServerSession, at: number): Promise<ReceivedMail> {
  const { from, to, cc, subject = '', text = '', html, messageId = '', attachments } = await simpleParser(source);
  return {
    at, envelope: { from: sender(session), to: recipients(session) }, from: addresses(from)[0] ?? '', to: addresses(to), cc: addresses(cc),
    subject, text, html: html === false ? undefined : html, messageId,
    attachments: attachments.map(({ filename, contentType, content }) => ({ filename, contentType, text: content.toString('utf8') })),
  };
}

function addresses(header: AddressObject | readonly AddressObject[] | undefined): string[] {
  return [header ?? []].flat().flatMap(({ value }) => value.flatMap(({ address }) => address ?? []));
}
