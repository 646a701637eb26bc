/** Certificates for the tests of a `describe`, and servers that present them. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo, Server, Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { type TlsOptions, createServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { after, afterEach, before } from 'mocha';
import { Certificates, type Identity } from './make-certificates.ts';

/** Makes certificates once for the surrounding `describe`. Call the result for what was made. */
export function useCertificates<T>(make: (certificates: Certificates) => T): () => T {
  let folder = '';
  let made: T | undefined;
  before(function () {
    this.timeout(30_000);
    folder = mkdtempSync(path.join(os.tmpdir(), 'certificates-'));
    made = make(new Certificates(folder));
  });
  after(() => { rmSync(folder, { recursive: true, force: true }); });
  return () => {
    if (made === undefined) {
      throw new Error('There are no certificates before the tests begin');
    }
    return made;
  };
}

/** Has this process trust an authority, wherever it does not say whom to trust, for the surrounding `describe`. */
export function useTrust(authority: () => Identity): void {
  let usual: string[] = [];
  before(() => {
    usual = getCACertificates('default');
    setDefaultCACertificates([...usual, authority().certificate]);
  });
  after(() => { setDefaultCACertificates(usual); });
}

/** What a TLS server presents: its own certificate, followed by the others of its chain. */
export function presenting(identity: Identity, chain: readonly Identity[] = []): TlsOptions {
  return { key: identity.key, cert: [identity, ...chain].map(({ certificate }) => certificate).join('\n') };
}

/** Starts servers on free ports; they end with the test. Call the result with a server for its port. */
export function useServers(): (server: Server) => Promise<number> {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  afterEach(async () => {
    sockets.forEach((socket) => { socket.destroy(); });
    sockets.clear();
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => { server.close(resolve); })));
  });
  return async (server) => {
    servers.push(server);
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      // A client that only looks hangs up in the middle.
      socket.on('error', () => undefined);
    });
    server.on('tlsClientError', () => undefined);
    server.on('secureConnection', (socket: Socket) => { socket.on('error', () => undefined); });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return (server.address() as AddressInfo).port;
  };
}

/** A server that presents the identity and does nothing else. */
export function tlsServer(identity: Identity, chain: readonly Identity[] = [], options: TlsOptions = {}): Server {
  return createServer({ ...presenting(identity, chain), ...options });
}
