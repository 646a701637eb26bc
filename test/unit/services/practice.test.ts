import assert from 'node:assert/strict';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { PracticeConnections } from '../../../src/services/practice.ts';

describe('connections to the practice environment', () => {
  let server: Server;
  let url: string;
  let answer: { status: number; body: string; location?: string };
  let asked: string[];

  beforeEach(async () => {
    asked = [];
    answer = { status: 200, body: '{}' };
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(answer.status, { 'content-type': 'application/json', ...(answer.location === undefined ? {} : { location: answer.location }) }).end(answer.body);
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
  });

  const serve = (connections: unknown): void => { answer = { status: 200, body: JSON.stringify(connections) }; };

  it('are asked for once, and read like any other', async () => {
    serve({ slack: { url: `${url}/slack/api/`, token: 'xoxb-practice' }, mail: { host: '127.0.0.1', port: '2525', from: 'practice@healthflow.example' } });
    const practice = new PracticeConnections();
    const [one, other] = await Promise.all([practice.get(`${url}/`), practice.get(`${url}/`)]);
    assert.equal(one, other);
    assert.deepEqual(one, {
      slack: { url: `${url}/slack/api/`, token: 'xoxb-practice' }, mail: { host: '127.0.0.1', port: '2525', from: 'practice@healthflow.example' },
    });
    assert.deepEqual(asked, ['GET /_practice/connections']);
  });

  it('are those of whoever the address names', async () => {
    serve({});
    const practice = new PracticeConnections();
    await practice.get(`${url}?as=grace`);
    await practice.get(`${url}/base/?as=ada`);
    assert.deepEqual(asked, ['GET /_practice/connections?as=grace', 'GET /base/_practice/connections?as=ada']);
  });

  it('lead to this machine and nowhere else: what was left out does not fall back on the real service', async () => {
    for (const [connections, host] of [
      [{ slack: { url: 'https://slack.com/api/', token: 'xoxb-practice' } }, 'slack.com'],
      [{ slack: { token: 'xoxb-practice' } }, 'slack.com'],
      [{ pagerduty: { eventsUrl: `${url}/v2`, routingKey: 'practice-key' } }, 'api.pagerduty.com'],
      [{ mail: { host: 'smtp.example.com', port: '25', from: 'a@b.example' } }, 'smtp.example.com'],
      [{ webhook: { url: 'https://127.0.0.1.example.com/' } }, '127.0.0.1.example.com'],
    ] as const) {
      serve(connections);
      await assert.rejects(new PracticeConnections().get(url), (error: Error) => error.message.includes(host) && /is refused/.test(error.message), host);
    }
  });

  it('are not asked for elsewhere', async () => {
    for (const elsewhere of ['https://127.0.0.1:1', 'http://practice.example.com', 'http://localhost.example.com', 'http://user:pw@127.0.0.1', 'http://practice.example.com?as=127.0.0.1', 'nonsense']) {
      await assert.rejects(new PracticeConnections().get(elsewhere), /not an http address on this machine/, elsewhere);
    }
  });

  it('are not followed elsewhere', async () => {
    answer = { status: 302, body: '', location: 'http://127.0.0.1:1/elsewhere' };
    await assert.rejects(new PracticeConnections().get(url), /cannot be asked for its connections/);
  });

  it('say what is wrong, and are asked for again once the environment is there', async () => {
    const practice = new PracticeConnections();
    answer = { status: 500, body: '' };
    await assert.rejects(practice.get(url), /cannot be asked for its connections \(it answered 500\)\. Start it, or clear the setting incidentRunbook\.practice/);
    answer = { status: 200, body: 'no JSON' };
    await assert.rejects(practice.get(url), /cannot be asked/);
    serve(['slack']);
    await assert.rejects(practice.get(url), /something other than connections/);
    serve({ teams: {} });
    await assert.rejects(practice.get(url), /"teams", which cannot be connected/);
    serve({ slack: { url, token: 'wrong' } });
    await assert.rejects(practice.get(url), (error: Error) => /Slack: "Bot token"/.test(error.message) && !error.message.includes('wrong "'));
    serve({});
    assert.deepEqual(await practice.get(url), {});
  });
});
