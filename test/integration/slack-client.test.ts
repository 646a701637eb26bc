import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { afterEach, describe, it } from 'mocha';
import { testSlack } from '../../src/services/slack/account.ts';
import type { SlackClient } from '../../src/services/slack/client.ts';
import { SlackRefusal } from '../../src/services/slack/refusals.ts';
import { SLACK_SCOPES } from '../../src/services/connections.ts';
import { closeServer, originOf } from '../practice/http-server.ts';
import { createClock } from '../support/clock.ts';
import { startSlack } from '../support/fakes/slack.ts';
import { ALL_SCOPES, SLACK_TOKEN } from '../support/fakes/slack-model.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { clientOf, failureOf, NEVER } from '../support/slack-deliveries.ts';
import { until } from '../support/until.ts';

const create = (client: SlackClient, signal = NEVER): Promise<unknown> => client.act((web) => web.conversations.create({ name: 'war-room' }), signal, '#war-room');

describe('The client for Slack', () => {
  const slack = useFake(() => startSlack({ clock: createClock() }));

  it('does one thing, once, and does not retry by itself', async () => {
    await create(clientOf(slack()));
    assert.deepEqual(slack().state.channels.map(({ name }) => name), ['war-room']);
    slack().fault({ kind: 'server-error', acted: false });
    const { kind, message } = await failureOf(create(clientOf(slack())));
    assert.deepEqual([kind, message], ['in doubt', 'Slack failed (500).']);
    assert.equal(slack().of('conversations.create').length, 2);
  });

  it('passes on when to come back', async () => {
    slack().fault({ kind: 'rate-limit', retryAfterS: 7 });
    const { kind, retryAfterMs, message } = await failureOf(create(clientOf(slack())));
    assert.deepEqual([kind, retryAfterMs, message], ['not sent', 7_000, 'Slack asks to slow down.']);
    assert.equal(slack().exchanges.length, 1);
  });

  it('takes neither half an answer nor the page of a proxy for one of Slack\'s', async () => {
    for (const body of ['truncated-json', 'html'] as const) {
      slack().fault({ kind: 'malformed', acted: true, body, times: 1 });
      const failure = await failureOf(client().act((web) => web.auth.test(), NEVER));
      assert.deepEqual([failure.kind, failure instanceof SlackRefusal], ['in doubt', false]);
      assert.match(failure.message, /cannot be read/);
      assert.doesNotMatch(failure.message, /doctype|ok/);
    }
  });

  it('stops waiting after its time', async () => {
    slack().fault({ kind: 'time-out', acted: true });
    const { kind, message } = await failureOf(create(clientOf(slack(), 100)));
    assert.deepEqual([kind, message], ['in doubt', 'Slack did not answer within 0.1 s.']);
  });

  it('stops waiting when it is told to, in doubt; and does not begin when it was told before', async () => {
    slack().fault({ kind: 'time-out', acted: true });
    const abort = new AbortController();
    const failed = failureOf(create(client(), abort.signal));
    await until('the call to arrive', () => slack().exchanges.length === 1);
    abort.abort();
    assert.equal((await failed).kind, 'in doubt');
    const { kind } = await failureOf(create(client(), abort.signal));
    assert.deepEqual([kind, slack().exchanges.length], ['not sent', 1]);
  });

  it('leaves no doubt about what only looks', async () => {
    slack().fault({ kind: 'reset', acted: true });
    assert.equal((await failureOf(client().act((web) => web.auth.test(), NEVER))).kind, 'in doubt');
    assert.equal((await failureOf(client().look((web) => web.auth.test(), NEVER))).kind, 'not sent');
  });

  it('says that nothing was sent when there is nobody to send it to', async () => {
    const { url } = slack();
    await slack().close();
    const { kind, message } = await failureOf(create(clientOf({ url })));
    assert.equal(kind, 'not sent');
    assert.match(message, /^Slack could not be reached: .*ECONNREFUSED/);
  });

  it('says what is wrong with the token or its scopes', async () => {
    const wrong = await failureOf(create(clientOf(slack(), 10_000, 'xoxb-wrong')));
    assert.deepEqual([wrong.kind, wrong.message], ['refused', 'Slack does not accept the token. Connect Slack again, then retry.']);
    slack().alter('conversations.create', () => ({ status: 200, body: { ok: false, error: 'missing_scope', needed: 'channels:manage', provided: 'chat:write' } }));
    const scopeless = await failureOf(create(client()));
    assert.ok(scopeless instanceof SlackRefusal);
    assert.match(scopeless.message, /lacks the scope channels:manage/);
  });

  it('is in doubt when Slack itself is', async () => {
    slack().alter('conversations.create', () => ({ status: 200, body: { ok: false, error: 'internal_error' } }));
    assert.equal((await failureOf(create(client()))).kind, 'in doubt');
  });

  it('keeps the token and what is said out of its failures', async () => {
    slack().fault({ kind: 'server-error', acted: false });
    const failure = await failureOf(client().act((web) => web.chat.postMessage({ channel: 'C00000001', text: 'a secret' }), NEVER));
    const everything = `${failure.message} ${String(failure.cause)} ${failure.stack ?? ''}`;
    assert.doesNotMatch(everything, new RegExp(`${SLACK_TOKEN}|a secret`));
  });

  it('tells the workspace and the app', async () => {
    assert.equal(await testSlack(client()), 'Connected to the workspace Acme as incident-runbook.');
    assert.match((await failureOf(testSlack(clientOf(slack(), 10_000, 'xoxb-wrong')))).message, /Connect Slack again/);
  });

  const client = (): SlackClient => clientOf(slack());
});

describe('The test of a connection to Slack', () => {
  const slack = useFake(() => startSlack({ clock: createClock(), scopes: SLACK_SCOPES.filter((scope) => scope !== 'pins:write' && scope !== 'users:read') }));
  const one = useFake(() => startSlack({ clock: createClock(), scopes: ALL_SCOPES.filter((scope) => scope !== 'chat:write') }));

  it('names the scopes that are missing', async () => {
    const found = await testSlack(clientOf(slack()));
    assert.equal(found, 'Connected to the workspace Acme as incident-runbook. The scopes pins:write, users:read are missing: add them under "OAuth & Permissions" of the app and install the app again.');
    assert.match(await testSlack(clientOf(one())), /The scope chat:write is missing: add it under/);
  });

  it('says so when Slack does not tell the scopes', async () => {
    slack().alter('auth.test', ({ status, body }) => ({ status, body }));
    assert.match(await testSlack(clientOf(slack())), /does not say which scopes/);
  });
});

describe('An address of Slack that leads elsewhere', () => {
  const servers: ReturnType<typeof createServer>[] = [];
  const listen = async (handle: Parameters<typeof createServer>[1]): Promise<string> => {
    const server = createServer(handle ?? (() => undefined));
    servers.push(server);
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return originOf(server);
  };
  afterEach(async () => {
    await Promise.all(servers.splice(0).map(closeServer));
  });

  it('is not followed: the token goes nowhere else', async () => {
    const seen: unknown[] = [];
    const other = await listen((request, response) => {
      seen.push(request.headers);
      response.end('{"ok":true}');
    });
    for (const status of [302, 307]) {
      const url = await listen((_, response) => { response.writeHead(status, { location: `${other}/` }).end(); });
      const { kind, message } = await failureOf(create(clientOf({ url: `${url}/api/` })));
      assert.equal(kind, 'refused');
      assert.match(message, /leads elsewhere/);
    }
    assert.deepEqual(seen, []);
  });
});
