/** As much of PostgreSQL's wire protocol as a connection check needs: accept or refuse, then answer three queries. */
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { afterEach } from 'mocha';

export type PostgresBehaviour =
  | { readonly kind: 'usage'; readonly used: number; readonly max: number; readonly holders?: readonly StubHolder[] }
  | { readonly kind: 'refuse'; readonly code: string; readonly message: string }
  /** Answers the queries with an error. */
  | { readonly kind: 'fail'; readonly code: string; readonly message: string }
  | { readonly kind: 'silent' };

/** A row of pg_stat_activity, grouped; null where the role may not look. */
export interface StubHolder {
  readonly application: string;
  readonly user: string;
  readonly state: string | null;
  readonly hidden: boolean;
  readonly count: number;
  readonly idle: number | null;
}

/** Starts servers on free ports; they end with the test. Call the result for a connection string. */
export function usePostgresStubs(): (behaviour: PostgresBehaviour) => Promise<string> {
  const servers: { readonly server: Server; readonly sockets: Set<Socket> }[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map(({ server, sockets }) => new Promise<void>((resolve) => {
      sockets.forEach((socket) => { socket.destroy(); });
      server.close(() => { resolve(); });
    })));
  });
  return async (behaviour) => {
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: behaviour.kind === 'silent' }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      speak(socket, behaviour);
    });
    servers.push({ server, sockets });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return `postgres://app:hunter2hunter2@127.0.0.1:${(server.address() as AddressInfo).port}/portal`;
  };
}

function speak(socket: Socket, behaviour: PostgresBehaviour): void {
  let pending: Buffer = Buffer.alloc(0);
  let started = false;
  socket.on('data', (bytes: Buffer) => {
    pending = Buffer.concat([pending, bytes]);
    for (;;) {
      // The first message has no type; every one begins (after its type) with its length.
      const head = started ? 1 : 0;
      const length = pending.length < head + 4 ? Infinity : pending.readInt32BE(head) + head;
      if (pending.length < length) {
        return;
      }
      const [type, body] = [started ? String.fromCharCode(pending[0] ?? 0) : 'startup', pending.toString('utf8', head + 4, length)];
      pending = pending.subarray(length);
      started = true;
      answer(socket, behaviour, type, body);
    }
  });
}

function answer(socket: Socket, behaviour: PostgresBehaviour, type: string, body: string): void {
  const ready = message('Z', Buffer.from('I'));
  if (behaviour.kind === 'silent') {
    return;
  }
  if (type === 'X') {
    socket.end();
  } else if (behaviour.kind === 'refuse') {
    socket.end(failure('FATAL', behaviour));
  } else if (type === 'startup') {
    socket.write(Buffer.concat([message('R', int32(0)), ready]));
  } else if (type === 'Q' && behaviour.kind === 'fail') {
    socket.write(Buffer.concat([failure('ERROR', behaviour), ready]));
  } else if (type === 'Q' && behaviour.kind === 'usage' && body.includes('GROUP BY')) {
    const rows = (behaviour.holders ?? []).map(({ application, user, state, hidden, count, idle }) => values([application, user, state, hidden ? 't' : 'f', count, idle]));
    socket.write(Buffer.concat([columns(HOLDER_COLUMNS), ...rows, message('C', text(`SELECT ${rows.length}`)), ready]));
  } else if (type === 'Q' && behaviour.kind === 'usage') {
    const row = body.includes('max_connections') ? { used: behaviour.used, max: behaviour.max } : { one: 1 };
    socket.write(Buffer.concat([columns(Object.keys(row).map((name) => [name, INT4])), values(Object.values(row)), message('C', text('SELECT 1')), ready]));
  }
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`);
const int16 = (value: number): Buffer => { const bytes = Buffer.alloc(2); bytes.writeInt16BE(value); return bytes; };
const int32 = (value: number): Buffer => { const bytes = Buffer.alloc(4); bytes.writeInt32BE(value); return bytes; };

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function failure(severity: string, { code, message: words }: { readonly code: string; readonly message: string }): Buffer {
  return message('E', text(`S${severity}`), text(`C${code}`), text(`M${words}`), Buffer.from('\0'));
}

const INT4 = 23;
const TEXT = 25;
const BOOL = 16;
const HOLDER_COLUMNS = [['application', TEXT], ['user', TEXT], ['state', TEXT], ['hidden', BOOL], ['count', INT4], ['idle', INT4]] as const;

/** Columns by name and the id of their type; values are sent as text. */
function columns(of: readonly (readonly [name: string, type: number])[]): Buffer {
  return message('T', int16(of.length), ...of.flatMap(([name, type]) => [text(name), int32(0), int16(0), int32(type), int16(-1), int32(-1), int16(0)]));
}

function values(row: readonly (string | number | null)[]): Buffer {
  return message('D', int16(row.length), ...row.flatMap((value) => (value === null ? [int32(-1)] : [int32(Buffer.byteLength(String(value))), Buffer.from(String(value))])));
}
