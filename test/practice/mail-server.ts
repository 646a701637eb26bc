import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { AddressObject } from 'mailparser';
import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import type { Clock } from '../../src/incident/clock.ts';
import { createFakeFaultList, type FakeFault, type FaultKind } from '../support/fakes/fake-faults.ts';
import type { Exchange, Fake } from '../support/fakes/fake-server.ts';

/** Steps of a session at which something can go wrong: the greeting, RCPT TO, the end of DATA. */
const OPERATIONS = ['connect', 'recipient', 'message'] as const;

export type MailOperation = (typeof OPERATIONS)[number];

export interface ReceivedMail {
  /** Epoch ms. */
  readonly at: number;
  /** Who it was really given to, whatever its headers say. */
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

/** Looks like the fakes of the vendors, except that it speaks SMTP: the status of an exchange is the SMTP reply code. */
export interface MailServer extends Pick<Fake<MailOperation>, 'validation' | 'operations' | 'exchanges' | 'violations' | 'fault' | 'clearFaults' | 'clearExchanges' | 'close'> {
  readonly host: string;
  readonly port: number;
  /** Oldest first. */
  readonly state: readonly ReceivedMail[];
}

type Answer = (error?: Error & { readonly responseCode: number }) => void;

const HOST = '127.0.0.1';

/** Starts a real SMTP server, without TLS and without sign-in, that takes every mail and sends none on. */
export async function startMailServer(clock: Clock): Promise<MailServer> {
  const { SMTPServer } = await import('smtp-server');
  const mails: ReceivedMail[] = [];
  const exchanges: Exchange<MailOperation>[] = [];
  const faults = createFakeFaultList<MailOperation>();
  const sockets = new Map<number, Socket>();

  const record = (operation: MailOperation, session: SMTPServerSession, text: string, status: number, acted: boolean, fault: FaultKind | undefined): void => {
    exchanges.push({ operation, at: clock.now(), method: 'SMTP', target: routeOf(session), headers: {}, text, status, reply: undefined, acted, fault });
  };
  /** Lets the fault have its way with the client. */
  const spoil = (fault: FaultKind, operation: MailOperation, session: SMTPServerSession, answer: Answer): void => {
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
  const check = (operation: 'connect' | 'recipient', session: SMTPServerSession, answer: Answer): void => {
    const fault = faults.take(operation);
    if (fault === undefined) {
      answer();
      return;
    }
    record(operation, session, '', statusOf(fault, operation), false, fault);
    spoil(fault, operation, session, answer);
  };
  const receive = async (stream: SMTPServerDataStream, session: SMTPServerSession, answer: Answer): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
    }
    const source = Buffer.concat(chunks);
    const fault = faults.take('message');
    const acted = fault === undefined || (fault.kind !== 'rate-limit' && fault.acted);
    if (acted) {
      mails.push(await parse(source, session, clock.now()));
    }
    record('message', session, source.toString('utf8'), fault === undefined ? 250 : statusOf(fault, 'message'), acted, fault);
    if (fault === undefined) {
      answer();
    } else {
      spoil(fault, 'message', session, answer);
    }
  };

  const smtp = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'], authOptional: true, disableReverseLookup: true, closeTimeout: 1000,
    onConnect: (session, answer) => { check('connect', session, answer); },
    onRcptTo: (_address, session, answer) => { check('recipient', session, answer); },
    onData: (stream, session, answer) => {
      void receive(stream, session, answer).catch((error: unknown) => { answer(error instanceof Error ? error : new Error(String(error))); });
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
    host: HOST, port: (listening.address() as AddressInfo).port, state: mails, exchanges,
    validation: 'skipped', violations: [], operations: OPERATIONS,
    fault: (fault: FakeFault<MailOperation>) => faults.add({ ...fault, operation: fault.operation ?? placeOf(fault) }),
    clearFaults: () => { faults.clear(); },
    clearExchanges: () => { exchanges.length = 0; },
    close: () => new Promise<void>((resolve) => {
      smtp.close(() => { resolve(); });
      sockets.forEach((socket) => socket.destroy());
    }),
  };
}

/** Where a fault strikes that names no step: at the first one, unless the mail is to arrive all the same. */
function placeOf(fault: FaultKind): MailOperation {
  return fault.kind !== 'rate-limit' && fault.acted ? 'message' : 'connect';
}

/** The SMTP reply code; 0 for none. A session is refused with 421, a command with 451 (RFC 5321, 4.2.3). */
function statusOf(fault: FaultKind, operation: MailOperation): number {
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
  const { simpleParser } = await import('mailparser');
  const { from, to, cc, subject, text, html, messageId, attachments } = await simpleParser(source);
  return {
    at, envelope: { from: sender(session), to: recipients(session) }, from: addresses(from)[0] ?? '', to: addresses(to), cc: addresses(cc), subject: subject ?? '',
    text: text ?? '', html: html === false ? undefined : html, messageId: messageId ?? '',
    attachments: attachments.map(({ filename, contentType, content }) => ({ filename, contentType, text: content.toString('utf8') })),
  };
}

function addresses(header: AddressObject | readonly AddressObject[] | undefined): string[] {
  return [header ?? []].flat().flatMap(({ value }) => value.map(({ address }) => address ?? ''));
}
