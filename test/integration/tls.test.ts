/** Certificates as real TLS servers present them: made here by an authority of the tests' own. */
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type Server, createServer as createTcpServer } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { describe, it } from 'mocha';
import { CancelledError } from '../../src/errors.ts';
import { iso } from '../../src/incident/clock.ts';
import { utc } from '../../src/incident/markdown.ts';
import type { RunbookEndpoint } from '../../src/runbook/schema.ts';
import { probe } from '../../src/services/http.ts';
import { readOcspAnswer } from '../../src/services/ocsp.ts';
import { type Distrust, type SeenTls, type TlsSighting, lookAtCertificate } from '../../src/services/tls.ts';
import { certificateCheck } from '../../src/steps/chapter-12-certificates.ts';
import { checkEndpoints } from '../../src/steps/chapter-3-detection.ts';
import { presenting, tlsServer, useCertificates, useServers, useTrust } from '../support/certificates.ts';
import type { Certificates, Identity } from '../support/make-certificates.ts';
import { createClock } from '../support/clock.ts';
import { closedPort } from '../support/closed-port.ts';
import { runRead } from '../support/run-read.ts';
import { until } from '../support/until.ts';

const NAME = 'api.healthflow.gov.eg';
const DAY = 24 * 3_600_000;
/** When the certificates are made; OpenSSL holds them against the real time, so this is it, in whole seconds. */
const NOW = Math.floor(Date.now() / 1000) * 1000;
const never = new AbortController().signal;

/** Root → intermediate → server; another root that nobody here trusts; the root once more, signed by an old one. */
function makeAll(make: Certificates) {
  const authority = (name: string, issuer?: Identity, to = NOW + 900 * DAY, key?: string): Identity =>
    make.make({ name, from: NOW - 90 * DAY, to, authority: true, ...(key === undefined ? {} : { key }) }, issuer);
  const root = authority('Test Root');
  const intermediate = authority('Test Intermediate', root);
  const stranger = authority('Stranger Root');
  const strangers = authority('Stranger Intermediate', stranger);
  const oldIntermediate = authority('Old Intermediate', root, NOW - DAY);
  const shortIntermediate = authority('Short Intermediate', root, NOW + 2 * DAY);
  const crossRoot = authority('Test Root', authority('Ancient Root', undefined, NOW - DAY), NOW - DAY, root.key);
  const noAuthority = make.make({ name: 'No Authority', from: NOW - 90 * DAY, to: NOW + 90 * DAY }, root);
  const server = (issuer: Identity | undefined, fromDays: number, toDays: number, hosts: readonly string[] = [`DNS:${NAME}`, 'IP:127.0.0.1']): Identity =>
    make.make({ name: NAME, organization: 'HealthFlow', hosts, from: NOW + fromDays * DAY, to: NOW + toDays * DAY }, issuer);
  const good = server(intermediate, -30, 54);
  return {
    root, intermediate, stranger, strangers, oldIntermediate, shortIntermediate, crossRoot, noAuthority, good,
    ten: server(intermediate, -30, 10),
    three: server(intermediate, -30, 3),
    expired: server(intermediate, -30, -2),
    future: server(intermediate, 1, 90),
    selfSigned: server(undefined, -30, 54),
    expiredSelfSigned: server(undefined, -30, -2),
    elsewhere: server(intermediate, -30, 54, ['DNS:*.example.org', 'DNS:b.example', 'IP:10.0.0.1', 'URI:https://b.example/']),
    expiredElsewhere: server(intermediate, -30, -2, ['DNS:b.example']),
    unknown: server(strangers, -30, 54),
    expiredUnknown: server(strangers, -30, -2),
    ofOld: server(oldIntermediate, -30, 54),
    ofShort: server(shortIntermediate, -30, 54),
    ofRoot: server(root, -30, 54),
    ofNoAuthority: server(noAuthority, -30, 54),
    nameless: make.make({ name: '', hosts: [`DNS:${NAME}`], from: NOW - DAY, to: NOW + 6 * DAY }, intermediate),
    hostile: make.make({ name: '"Evil", \\ $HOME\n\u202e\u2028<b>' + 'x'.repeat(30), organization: 'y'.repeat(60), hosts: [`DNS:${NAME}`], from: NOW - DAY, to: NOW + 6 * DAY }, intermediate),
    answers: {
      good: make.ocspResponse(good, intermediate, 'good'),
      revoked: make.ocspResponse(good, intermediate, NOW - 3 * DAY),
      unknown: make.ocspResponse(good, intermediate, 'unknown'),
      ofAnother: make.ocspResponse(intermediate, root, 'good'),
    },
  };
}
type All = ReturnType<typeof makeAll>;
type Name = { [K in keyof All]: All[K] extends Identity ? K : never }[keyof All];

/** Which server presents what, what is wrong with it, and the subjects of the chain. */
const PRESENTED: readonly (readonly [title: string, server: Name, sent: readonly Name[], distrust: readonly Distrust[], chain: readonly string[]])[] = [
  ['a valid chain', 'good', ['intermediate'], [], [NAME, 'Test Intermediate', 'Test Root']],
  ['a valid chain with its root', 'good', ['intermediate', 'root'], [], [NAME, 'Test Intermediate', 'Test Root']],
  ['an expired certificate', 'expired', ['intermediate'], ['expired'], [NAME, 'Test Intermediate', 'Test Root']],
  ['a certificate of the future', 'future', ['intermediate'], ['notYetValid'], [NAME, 'Test Intermediate', 'Test Root']],
  ['a self-signed one', 'selfSigned', [], ['selfSigned'], [NAME]],
  ['an expired self-signed one', 'expiredSelfSigned', [], ['expired', 'selfSigned'], [NAME]],
  ['one for another host', 'elsewhere', ['intermediate'], ['wrongHost'], [NAME, 'Test Intermediate', 'Test Root']],
  ['an expired one for another host', 'expiredElsewhere', ['intermediate'], ['expired', 'wrongHost'], [NAME, 'Test Intermediate', 'Test Root']],
  ['one without its intermediate', 'good', [], ['incompleteChain'], [NAME]],
  ['one of an unknown issuer', 'unknown', ['strangers'], ['unknownIssuer'], [NAME, 'Stranger Intermediate']],
  ['one of an unknown issuer, with its root', 'unknown', ['strangers', 'stranger'], ['unknownIssuer'], [NAME, 'Stranger Intermediate', 'Stranger Root']],
  ['an expired one of an unknown issuer', 'expiredUnknown', ['strangers'], ['expired', 'unknownIssuer'], [NAME, 'Stranger Intermediate']],
  ['one of an expired intermediate', 'ofOld', ['oldIntermediate'], ['expired'], [NAME, 'Old Intermediate', 'Test Root']],
  ['one of a root that an expired one has signed as well', 'ofRoot', ['crossRoot'], [], [NAME, 'Test Root']],
  ['one of an issuer that may not issue', 'ofNoAuthority', ['noAuthority'], ['other'], [NAME, 'No Authority', 'Test Root']],
];

describe('a certificate', () => {
  const all = useCertificates(makeAll);

  describe('a look at the certificate of a TLS server', () => {
    const serve = useServers();

    const look = (port: number, { name = NAME, timeoutMs = 5_000, signal = never } = {}): Promise<TlsSighting> =>
      lookAtCertificate({ host: '127.0.0.1', port, name, timeoutMs, ca: all().root.certificate }, signal);
    const see = async (server: Server, name = NAME): Promise<SeenTls> => {
      const sighting = await look(await serve(server), { name });
      assert.ok(sighting.outcome === 'seen', JSON.stringify(sighting));
      return sighting;
    };

    for (const [title, server, sent, distrust, chain] of PRESENTED) {
      it(`that presents ${title} finds ${distrust.length === 0 ? 'nothing wrong' : distrust.join(' and ')}`, async () => {
        const seen = await see(tlsServer(all()[server], sent.map((name) => all()[name])));
        assert.deepEqual(seen.distrust, distrust);
        assert.deepEqual(seen.chain.map(({ subject }) => subject.replace(', HealthFlow', '')), chain);
      });
    }

    it('reads subject, issuer, names, times, protocol, and that no OCSP answer came', async () => {
      const seen = await see(tlsServer(all().elsewhere, [all().intermediate], { maxVersion: 'TLSv1.2' }), 'shop.example.org');
      assert.deepEqual(seen, {
        outcome: 'seen',
        chain: [
          { subject: `${NAME}, HealthFlow`, issuer: 'Test Intermediate', validFrom: NOW - 30 * DAY, validTo: NOW + 54 * DAY },
          { subject: 'Test Intermediate', issuer: 'Test Root', validFrom: NOW - 90 * DAY, validTo: NOW + 900 * DAY },
          { subject: 'Test Root', issuer: 'Test Root', validFrom: NOW - 90 * DAY, validTo: NOW + 900 * DAY },
        ],
        names: ['*.example.org', 'b.example', 'IP Address:10.0.0.1', 'URI:https://b.example/'],
        distrust: [],
        protocol: 'TLSv1.2',
      });
      assert.equal((await see(tlsServer(all().good, [all().intermediate]))).protocol, 'TLSv1.3');
    });

    it('reads a certificate without a subject, and puts a strange one on one line', async () => {
      const nameless = await see(tlsServer(all().nameless, [all().intermediate]));
      assert.deepEqual([nameless.chain[0].subject, nameless.names, nameless.distrust], ['no name', [NAME], []]);
      const { chain: [{ subject }] } = await see(tlsServer(all().hostile, [all().intermediate]));
      assert.equal(subject, `"Evil", \\ $HOME <b>${'x'.repeat(30)}, ${'y'.repeat(60)}`);
    });

    it('names the code of what is rare', async () => {
      assert.match((await see(tlsServer(all().ofNoAuthority, [all().noAuthority]))).code ?? '', /^INVALID_(CA|PURPOSE)$/);
      assert.equal((await see(tlsServer(all().expired, [all().intermediate]))).code, undefined);
    });

    it('asks for the name, never for an address, shakes hands, sends nothing and hangs up', async () => {
      const asked: (string | false | null)[] = [];
      const received: number[] = [];
      const ends: string[] = [];
      const server = tlsServer(all().good, [all().intermediate]);
      server.on('tlsClientError', (error) => ends.push(error.message));
      server.on('secureConnection', (socket: TLSSocket) => {
        asked.push(socket.servername);
        socket.on('data', (data: Buffer) => received.push(data.length));
        socket.on('close', () => ends.push('closed'));
      });
      const port = await serve(server);
      await look(port);
      const byAddress = await look(port, { name: '127.0.0.1' });
      assert.deepEqual(byAddress.outcome === 'seen' && byAddress.distrust, []);
      await until('both to be over', () => ends.length === 2);
      assert.deepEqual([asked, received, ends], [[NAME, false], [], ['closed', 'closed']]);
    });

    it('trusts only what Node trusts when it is told nothing else', async () => {
      const port = await serve(tlsServer(all().good, [all().intermediate, all().root]));
      const sighting = await lookAtCertificate({ host: '127.0.0.1', port, name: NAME, timeoutMs: 5_000 }, never);
      assert.deepEqual(sighting.outcome === 'seen' && sighting.distrust, ['unknownIssuer']);
    });

    for (const [answer, status] of [['good', 'good'], ['revoked', 'revoked'], ['unknown', 'unknown'], ['ofAnother', 'otherCertificate']] as const) {
      it(`reads a stapled OCSP answer: ${status}`, async () => {
        const server = tlsServer(all().good, [all().intermediate]);
        server.on('OCSPRequest', (_certificate: Buffer, _issuer: Buffer, reply: (error: null, response: Buffer) => void) => { reply(null, all().answers[answer]); });
        const { stapled, distrust } = await see(server);
        assert.deepEqual([stapled?.status, distrust], [status, []]);
        if (stapled !== undefined && 'nextUpdate' in stapled) {
          assert.equal((stapled.nextUpdate ?? 0) - stapled.thisUpdate, DAY);
        }
        assert.equal(stapled !== undefined && 'revokedAt' in stapled ? stapled.revokedAt : undefined, status === 'revoked' ? NOW - 3 * DAY : undefined);
      });
    }

    it('survives an OCSP answer that is none: cut off anywhere, changed anywhere', () => {
      const answer = all().answers.revoked;
      const serial = '01';
      assert.equal(readOcspAnswer(answer, serial).status, 'otherCertificate');
      const cut = Array.from({ length: answer.length }, (_, length) => readOcspAnswer(answer.subarray(0, length), serial).status);
      assert.deepEqual([...new Set(cut)], ['unreadable']);
      const known = new Set(['good', 'revoked', 'unknown', 'error', 'otherCertificate', 'unreadable']);
      for (let at = 0; at < answer.length; at += 1) {
        for (const value of [0x00, 0x7f, 0x80, 0xff]) {
          const changed = Buffer.from(answer);
          changed[at] = value;
          assert.ok(known.has(readOcspAnswer(changed, serial).status));
        }
      }
      // RFC 6960: OCSPResponse { responseStatus tryLater (3) }, without a response.
      assert.deepEqual(readOcspAnswer(Buffer.from([0x30, 3, 0x0a, 1, 3]), serial), { status: 'error', reason: 'tryLater' });
    });

    it('says when a server speaks no TLS, or refuses to', async () => {
      const web = await serve(createHttpServer((_request, response) => { response.end(); }));
      assert.deepEqual(await look(web), { outcome: 'refused', problem: 'does not speak TLS' });
      const greeter = await serve(createTcpServer((socket) => { socket.write('220 mail.example ESMTP\r\n'); }));
      assert.deepEqual(await look(greeter), { outcome: 'refused', problem: 'does not speak TLS' });
      const ancient = await serve(tlsServer(all().good, [], { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }));
      assert.deepEqual(await look(ancient), { outcome: 'refused', problem: 'refuses the TLS handshake (tlsv1 alert protocol version)' });
    });

    it('says when nobody answers', async () => {
      const port = await closedPort();
      assert.deepEqual(await look(port), { outcome: 'unreachable', problem: `127.0.0.1:${port} refused the connection` });
      const silent = await serve(createTcpServer(() => undefined));
      assert.deepEqual(await look(silent, { timeoutMs: 60 }), { outcome: 'unreachable', problem: 'no TLS answer within 60 ms' });
      const rude = await serve(createTcpServer((socket) => { socket.destroy(); }));
      assert.deepEqual(await look(rude), { outcome: 'unreachable', problem: 'the connection was closed during the TLS handshake' });
      const nowhere = await lookAtCertificate({ host: 'nowhere.invalid', port: 443, name: 'nowhere.invalid', timeoutMs: 5_000 }, never);
      assert.match(nowhere.outcome === 'unreachable' ? nowhere.problem : '', /^the name nowhere\.invalid (does not resolve|could not be looked up)$/);
    });

    it('is cancelled, before and while it waits, and hangs up', async () => {
      const abort = new AbortController();
      let open = 0;
      const silent = await serve(createTcpServer((socket) => {
        open += 1;
        socket.on('close', () => { open -= 1; });
        socket.resume();
        abort.abort();
      }));
      await assert.rejects(look(silent, { timeoutMs: 600_000, signal: abort.signal }), CancelledError);
      await until('the connection to be closed', () => open === 0);
      await assert.rejects(look(silent, { timeoutMs: 600_000, signal: abort.signal }), CancelledError);
    });
  });

  describe('checkCertificate', () => {
    const serve = useServers();
    const action = certificateCheck((target, signal) => lookAtCertificate({ ...target, ca: all().root.certificate }, signal));

    it('asks real servers and names the worst first', async () => {
      const silent = await serve(createTcpServer(() => undefined));
      const plain = await serve(createHttpServer());
      const servers: readonly (readonly [name: string, port: number])[] = [
        [NAME, await serve(tlsServer(all().three, [all().intermediate]))],
        ['fine.healthflow.gov.eg', await serve(tlsServer(all().good, [all().intermediate]))],
        ['silent.healthflow.gov.eg', silent],
        ['plain.healthflow.gov.eg', plain],
      ];
      const endpoints = servers.map(([host]): RunbookEndpoint => ({ name: host, url: `https://${host}/health`, kind: 'health', ...(host.startsWith('silent') ? { timeoutMs: 100 } : {}) }));
      const origins = Object.fromEntries(servers.map(([host, port]) => [`https://${host}`, `https://127.0.0.1:${port}`]));
      const { level, summary } = await runRead(action, 'checkCertificate', { endpoints, origins, clock: createClock(NOW) });
      assert.equal(level, 'bad');
      assert.deepEqual(summary.split('; '), [
        `fine.healthflow.gov.eg has a certificate for another host (${NAME}, IP Address:127.0.0.1, not fine.healthflow.gov.eg)`,
        'plain.healthflow.gov.eg does not speak TLS',
        `${NAME} expires in 3 days`,
        'silent.healthflow.gov.eg could not be asked: no TLS answer within 100 ms',
      ]);
    });

    for (const [server, sent, level, verdict] of [
      ['good', 'intermediate', 'ok', 'is trusted and expires in 54 days'],
      ['ten', 'intermediate', 'warn', 'expires in 10 days'],
      ['three', 'intermediate', 'bad', 'expires in 3 days'],
      ['expired', 'intermediate', 'bad', 'expired 2 d 0 h ago'],
      ['future', 'intermediate', 'bad', `is not valid before ${utc(NOW + DAY)}`],
      ['ofShort', 'shortIntermediate', 'bad', 'depends on the certificate of Short Intermediate, which expires in 2 days'],
      ['ofRoot', 'crossRoot', 'warn', 'expires in 54 days, sends a certificate of Test Root that expired 1 d 0 h ago, which older clients may refuse'],
    ] as const) {
      it(`is ${level} about the server "${server}"`, async () => {
        const port = await serve(tlsServer(all()[server], [all()[sent]]));
        const evidence = await runRead(action, 'checkCertificate', {
          endpoints: [{ name: 'API', url: `https://${NAME}/`, kind: 'api' }], origins: { [`https://${NAME}`]: `https://127.0.0.1:${port}` }, clock: createClock(NOW),
        });
        assert.deepEqual([evidence.level, evidence.summary], [level, `${NAME} ${verdict}`]);
      });
    }
  });

  describe('the certificate of an https endpoint', () => {
    const serve = useServers();
    useTrust(() => all().root);
    const answer: RequestListener = (_request, response) => { response.end('{"status":"UP"}'); };
    const serveHttps = async (server: Name, sent: readonly Name[] = ['intermediate']): Promise<string> =>
      `https://127.0.0.1:${await serve(createHttpsServer(presenting(all()[server], sent.map((name) => all()[name])), answer))}`;

    it('is read by the probe, with its expiry', async () => {
      const { status, certificateExpiresAt, problem } = await probe(new URL(await serveHttps('good')), 5_000, never);
      assert.deepEqual([status, certificateExpiresAt, problem], [200, NOW + 54 * DAY, undefined]);
      const plain = await probe(new URL(`http://127.0.0.1:${await serve(createHttpServer(answer))}`), 5_000, never);
      assert.deepEqual([plain.status, 'certificateExpiresAt' in plain], [200, false]);
    });

    for (const [title, server, sent, problem] of [
      ['expired', 'expired', ['intermediate'], /^the TLS certificate has expired$/],
      ['self-signed', 'selfSigned', [], /^the TLS certificate is self-signed$/],
      ['for another host', 'elsewhere', ['intermediate'], /^the TLS certificate is not for 127\.0\.0\.1$/],
      ['without its intermediate', 'good', [], /unable to verify the first certificate/],
    ] as const) {
      it(`keeps the probe from asking when it is ${title}`, async () => {
        const result = await probe(new URL(await serveHttps(server, sent)), 5_000, never);
        assert.match(result.problem ?? '', problem);
        assert.deepEqual([result.status, result.body, result.certificateExpiresAt], [undefined, '', undefined]);
      });
    }

    const check = async (origin: string, now: number): Promise<{ readonly level: string; readonly summary: string; readonly expires: unknown; readonly markdown: string }> => {
      const { level, summary, data, markdown } = await runRead(checkEndpoints, 'checkEndpoints', {
        endpoints: [{ name: 'API', url: `https://${NAME}/`, kind: 'api', slowMs: 60_000 }], origins: { [`https://${NAME}`]: origin }, clock: createClock(now),
      });
      return { level, summary, markdown, expires: (data['endpoints'] as readonly Record<string, unknown>[])[0]?.['certificateExpiresAt'] };
    };

    it('is well for checkEndpoints as long as 30 days are left', async () => {
      const origin = await serveHttps('good');
      const well = await check(origin, NOW + 24 * DAY);
      assert.deepEqual([well.level, well.summary, well.expires], ['ok', 'API answers', iso(NOW + 54 * DAY)]);
      assert.match(well.markdown, new RegExp(`\\| ${utc(NOW + 54 * DAY)} \\|$`, 'm'));
      const soon = await check(origin, NOW + 24 * DAY + 1);
      assert.deepEqual([soon.level, soon.summary, soon.expires], ['warn', `1 of 1 endpoint in trouble: API (TLS certificate expires ${utc(NOW + 54 * DAY)})`, iso(NOW + 54 * DAY)]);
    });

    it('is bad for checkEndpoints once it has expired', async () => {
      const { level, summary, expires } = await check(await serveHttps('expired'), NOW);
      assert.deepEqual([level, summary, expires], ['bad', '1 of 1 endpoint in trouble: API (the TLS certificate has expired)', undefined]);
    });
  });
});
