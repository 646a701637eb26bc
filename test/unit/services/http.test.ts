import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CancelledError } from '../../../src/errors.ts';
import { MAX_BODY_BYTES, probe } from '../../../src/services/http.ts';
import { useHttpServers } from '../../support/http-stub.ts';

const never = new AbortController().signal;

describe('probe', () => {
  const serve = useHttpServers();

  it('gives status and body, and asks without credentials', async () => {
    let asked: Record<string, unknown> = {};
    const origin = await serve((request, response) => { asked = { ...request.headers, method: request.method, url: request.url }; response.writeHead(503).end('{"status":"down"}'); });
    const result = await probe(new URL('/health?deep=1', origin), 5_000, never);
    assert.deepEqual([result.url, result.status, result.body, result.problem], [`${origin}/health?deep=1`, 503, '{"status":"down"}', undefined]);
    assert.deepEqual([asked['method'], asked['url'], asked['authorization'], asked['cookie']], ['GET', '/health?deep=1', undefined, undefined]);
  });

  it('does not follow a redirect', async () => {
    let requests = 0;
    const origin = await serve((_request, response) => { requests += 1; response.writeHead(302, { location: '/login' }).end(); });
    assert.deepEqual([(await probe(new URL(origin), 5_000, never)).status, requests], [302, 1]);
  });

  it('gives up when nothing is answered, or the answer does not end', async () => {
    const silent = await serve(() => undefined);
    assert.equal((await probe(new URL(silent), 50, never)).problem, 'no answer within 50 ms');
    const endless = await serve((_request, response) => { response.write('beginning'); });
    const result = await probe(new URL(endless), 100, never);
    assert.deepEqual([result.status, result.body, result.problem], [200, 'beginning', 'the answer did not end within 100 ms']);
  });

  it('reads no more than the beginning of a large answer', async () => {
    const origin = await serve((_request, response) => {
      const more = (): void => { while (response.write('x'.repeat(16_384)) && !response.destroyed); };
      response.on('drain', more);
      more();
    });
    const result = await probe(new URL(origin), 5_000, never);
    assert.deepEqual([result.body.length, result.problem], [MAX_BODY_BYTES, undefined]);
  });

  it('says in words why there is no answer', async () => {
    const origin = await serve((request) => { request.socket.destroy(); });
    const host = new URL(origin).host;
    assert.equal((await probe(new URL(origin), 5_000, never)).problem, `${host} closed the connection without an answer`);
    assert.equal((await probe(new URL('http://127.0.0.1:1/'), 5_000, never)).problem, '127.0.0.1:1 refused the connection');
    assert.match((await probe(new URL('http://nowhere.invalid/'), 5_000, never)).problem ?? '', /^the name nowhere\.invalid (does not resolve|could not be looked up)$/);
    // Plain HTTP where TLS was expected.
    assert.notEqual((await probe(new URL(origin.replace('http:', 'https:')), 5_000, never)).problem, undefined);
  });

  it('is cancelled, before and while it asks', async () => {
    const abort = new AbortController();
    const origin = await serve(() => { abort.abort(); });
    await assert.rejects(probe(new URL(origin), 600_000, abort.signal), CancelledError);
    await assert.rejects(probe(new URL(origin), 600_000, abort.signal), CancelledError);
  });
});
