import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { type AddressObject, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';

/** Places in a session, in its order. `message`: once the server has the whole of it. */
export type SmtpPlace = 'connect' | 'sender' | 'recipient' | 'message';

export interface SmtpFault {
  readonly at: SmtpPlace;
  /** What the client gets: a reply code, nothing at all, or the end of the connection. */
  readonly answer: number | 'silence' | 'reset';
  /** Whether the server keeps the message that it does not confirm. Default false. */
  readonly kept?: boolean;
  /** Of `recipient`: this one only. */
  readonly address?: string;
}

export interface ReceivedMail {
  /** Whom it was really given to, whatever its headers say. */
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  /** By name in lower case, decoded. */
  readonly header: (name: string) => string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** With its angle brackets. */
  readonly messageId: string;
  /** As it came over the wire. */
  readonly source: string;
}

export interface SmtpOptions {
  /** Asks for a user and a password. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** Offers STARTTLS, with a certificate that nobody trusts. */
  readonly startTls?: boolean;
}

export interface SmtpFake {
  readonly host: string;
  readonly port: number;
  /** Mails it keeps, oldest first. */
  readonly mails: readonly ReceivedMail[];
  /** Places that were reached, over all sessions. */
  readonly reached: readonly SmtpPlace[];
  /** Passwords that were tried. */
  readonly passwords: readonly string[];
  /** Strikes once. */
  fault(fault: SmtpFault): void;
  assertClean(): void;
  close(): Promise<void>;
}

type Answer = (error?: (Error & { readonly responseCode: number }) | null) => void;

const HOST = '127.0.0.1';

/** A real SMTP server on a free port of this machine, which sends nothing on. */
export async function startSmtp({ credentials, startTls = false }: SmtpOptions = {}): Promise<SmtpFake> {
  const mails: ReceivedMail[] = [];
  const reached: SmtpPlace[] = [];
  const passwords: string[] = [];
  const faults: SmtpFault[] = [];
  const errors: unknown[] = [];
  const sockets = new Map<number, Socket>();

  const strikes = (at: SmtpPlace, session: SMTPServerSession, answer: Answer, address?: string): SmtpFault | undefined => {
    reached.push(at);
    const index = faults.findIndex((fault) => fault.at === at && (fault.address === undefined || fault.address === address));
    const [fault] = index < 0 ? [] : faults.splice(index, 1);
    if (fault === undefined) {
      answer();
    } else if (fault.answer === 'reset') {
      sockets.get(session.remotePort)?.resetAndDestroy();
    } else if (fault.answer !== 'silence') {
      answer(Object.assign(new Error(fault.answer < 500 ? 'Try again later' : 'Not accepted here'), { responseCode: fault.answer }));
    }
    return fault;
  };
  const receive = async (stream: SMTPServerDataStream, session: SMTPServerSession, answer: Answer): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
    }
    const mail = await parse(Buffer.concat(chunks), session);
    const kept = faults.find(({ at }) => at === 'message')?.kept ?? !faults.some(({ at }) => at === 'message');
    if (kept) {
      mails.push(mail);
    }
    strikes('message', session, answer);
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
    onConnect: (session, answer) => { strikes('connect', session, answer); },
    onMailFrom: (_address, session, answer) => { strikes('sender', session, answer); },
    onRcptTo: ({ address }, session, answer) => { strikes('recipient', session, answer, address); },
    onData: (stream, session, answer) => {
      void receive(stream, session, answer).catch((error: unknown) => { errors.push(error); });
    },
  });
  // A client that goes away in the middle is reported here.
  smtp.on('error', () => undefined);
  smtp.server.on('connection', (socket: Socket) => {
    const port = socket.remotePort ?? 0;
    sockets.set(port, socket);
    socket.once('close', () => { sockets.delete(port); });
  });
  const listening = smtp.listen(0, HOST);
  await once(listening, 'listening');

  return {
    host: HOST, port: (listening.address() as AddressInfo).port, mails, reached, passwords,
    fault: (fault) => { faults.push(fault); },
    assertClean() {
      if (errors.length > 0) {
        throw new AggregateError(errors, 'A mail could not be read');
      }
    },
    close: () => new Promise<void>((resolve) => {
      smtp.close(() => { resolve(); });
      sockets.forEach((socket) => { socket.destroy(); });
    }),
  };
}

async function parse(source: Buffer, { envelope: { mailFrom, rcptTo } }: SMTPServerSession): Promise<ReceivedMail> {
  const { to, subject = '', text = '', messageId = '', headerLines } = await simpleParser(source);
  return {
    envelope: { from: mailFrom === false ? '' : mailFrom.address, to: rcptTo.map(({ address }) => address) },
    header: (name) => headerLines.filter(({ key }) => key === name).map(({ line }) => line).join('\n'),
    to: addresses(to), subject, text, messageId, source: source.toString('utf8'),
  };
}

function addresses(header: AddressObject | readonly AddressObject[] | undefined): string[] {
  return [header ?? []].flat().flatMap(({ value }) => value.flatMap(({ address }) => address ?? []));
}
