import '../support/use-fake-vscode.ts';
import assert from 'node:assert/strict';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import type { ConnectionStore } from '../../src/connection-store.ts';
import type { ConnectableService } from '../../src/services/connections.ts';
import { createSecrets, editor } from '../support/fake-vscode.ts';
import { until } from '../support/until.ts';

const SLACK = { url: 'https://slack.com/api/', token: 'xoxb-very-secret' };
const GITHUB = { url: 'https://api.github.com', repository: 'acme/shop' };
const ENTERPRISE = { url: 'https://ghe.acme.example/api/v3', repository: 'acme/shop' };

describe('the store of connections', () => {
  let module: typeof import('../../src/connection-store.ts');
  let secrets: ReturnType<typeof createSecrets>;
  let log: string[];
  let stores: ConnectionStore[];

  before(async () => { module = await import('../../src/connection-store.ts'); });
  beforeEach(() => {
    editor.reset();
    [secrets, log, stores] = [createSecrets(), [], []];
  });
  afterEach(() => { stores.forEach((store) => { store.dispose(); }); });

  function build(): ConnectionStore {
    const store = new module.ConnectionStore(secrets, (message) => { log.push(message); });
    stores.push(store);
    return store;
  }

  async function entry(store: ConnectionStore, service: ConnectableService) {
    return (await store.list()).find((candidate) => candidate.service === service) ?? assert.fail();
  }

  it('keeps address and token together in the secret storage, and forgets them', async () => {
    const store = build();
    assert.equal(await store.get('slack'), undefined);
    await store.set('slack', SLACK);
    assert.deepEqual(JSON.parse(secrets.values.get('incidentRunbook.connection.slack') ?? ''), SLACK);
    assert.deepEqual(await store.get('slack'), SLACK);
    await store.delete('slack');
    assert.deepEqual([...secrets.values], []);
    assert.equal(await store.get('slack'), undefined);
  });

  it('keeps nothing that is wrong', async () => {
    await assert.rejects(build().set('slack', { ...SLACK, token: 'xoxp-1' }), /"Bot token" is missing or wrong/);
    await assert.rejects(build().set('slack', { ...SLACK, url: 'http://slack.com/api/' }), /"API address"/);
    assert.deepEqual([...secrets.values], []);
  });

  it('shows what is connected without the secrets', async () => {
    const store = build();
    await store.set('slack', SLACK);
    await store.set('mail', { host: 'smtp.example.com', port: '587', from: 'a@b.example', user: 'mailer', password: 'very-secret' });
    const list = await store.list();
    assert.deepEqual(list.map(({ service, state }) => [service, state]), [
      ['github', 'not connected'], ['slack', 'connected'], ['pagerduty', 'not connected'], ['datadog', 'not connected'], ['statuspage', 'not connected'], ['mail', 'connected'], ['webhook', 'not connected'],
    ]);
    assert.deepEqual((await entry(store, 'mail')).fields, { host: 'smtp.example.com', port: '587', from: 'a@b.example', user: 'mailer' });
    assert.doesNotMatch(JSON.stringify(list), /very-secret/);
  });

  it('treats what cannot be read as not connected, and does not repeat it in the log', async () => {
    const store = build();
    for (const value of ['very-secret, no JSON', '"very-secret"', '{"token":"xoxb-very-secret"', '{"token":"very-secret"}', '{"token":"xoxb-1","very-secret":"very-secret"}', 'null']) {
      secrets.values.set('incidentRunbook.connection.slack', value);
      assert.equal(await store.get('slack'), undefined, value);
      assert.deepEqual([(await entry(store, 'slack')).state, (await entry(store, 'slack')).problem], ['not connected', 'What is stored cannot be read. Connect it again.']);
    }
    assert.deepEqual(log, ['Slack: What is stored cannot be read. Connect it again.']);
  });

  it('connects nothing in Restricted Mode, and everything once the workspace is trusted', async () => {
    const store = build();
    await store.set('slack', SLACK);
    editor.trusted = false;
    assert.equal(await store.get('slack'), undefined);
    assert.match((await entry(store, 'slack')).problem ?? '', /Restricted Mode/);
    await assert.rejects(store.set('slack', SLACK), /Restricted Mode/);
    await assert.rejects(store.delete('slack'), /Restricted Mode/);
    await store.refreshContexts();
    assert.equal(editor.contexts.get('incidentRunbook.connected.slack'), false);
    editor.trusted = true;
    editor.trust.fire();
    await until('the context', () => editor.contexts.get('incidentRunbook.connected.slack') === true);
  });

  it('tells of changes in other windows, and of nobody else\'s secrets', async () => {
    const [here, there] = [build(), build()];
    let changes = 0;
    here.onDidChange(() => { changes += 1; });
    await there.set('slack', SLACK);
    assert.equal(changes, 1);
    await until('the context', () => editor.contexts.get('incidentRunbook.connected.slack') === true);
    await secrets.store('incidentRunbook.database.production', 'postgres://');
    assert.equal(changes, 1);
    await there.delete('slack');
    await until('the context', () => editor.contexts.get('incidentRunbook.connected.slack') === false);
  });

  describe('for GitHub without a token', () => {
    it('takes VS Code\'s own sign-in, silently, and never keeps its token', async () => {
      const store = build();
      await store.set('github', GITHUB);
      assert.equal(await store.get('github'), undefined);
      const signedOut = await entry(store, 'github');
      assert.deepEqual([signedOut.state, signedOut.problem], ['signed out', 'VS Code is not signed in to GitHub. Sign in, or enter a personal access token.']);
      editor.sessions.set('github', { accessToken: 'gho_session' });
      assert.deepEqual(await store.get('github'), { ...GITHUB, token: 'gho_session' });
      assert.equal((await entry(store, 'github')).state, 'connected');
      assert.deepEqual(await store.stored('github'), GITHUB);
      assert.doesNotMatch([...secrets.values.values()].join(), /gho_session/);
      assert.deepEqual(new Set(editor.sessionRequests.map((request) => JSON.stringify(request))), new Set([JSON.stringify({ provider: 'github', scopes: ['repo'], options: { silent: true } })]));
    });

    it('opens the sign-in only when asked to, and takes no for an answer', async () => {
      const store = build();
      editor.signIn = () => ({ accessToken: 'gho_new' });
      assert.deepEqual(await store.complete('github', GITHUB, 'ask'), { ...GITHUB, token: 'gho_new' });
      assert.deepEqual(editor.sessionRequests.at(-1)?.options, { createIfNone: true });
      editor.signIn = () => { throw new Error('User did not consent to login.'); };
      await assert.rejects(store.complete('github', GITHUB, 'ask'), { name: 'CancelledError' });
      editor.signIn = () => { throw new Error('No authentication provider'); };
      await assert.rejects(store.complete('github', GITHUB, 'ask'), /could not sign in: No authentication provider/);
    });

    it('gives a token to an Enterprise server only when the user\'s own setting names it', async () => {
      const store = build();
      await store.set('github', ENTERPRISE);
      editor.sessions.set('github', { accessToken: 'gho_com' });
      editor.sessions.set('github-enterprise', { accessToken: 'gho_enterprise' });
      editor.settings.set('github-enterprise.uri', { workspaceValue: 'https://ghe.acme.example' });
      assert.equal(await store.get('github'), undefined, 'a workspace cannot say so');
      assert.match((await entry(store, 'github')).problem ?? '', /Set github-enterprise\.uri/);
      assert.deepEqual(editor.sessionRequests, []);
      editor.settings.set('github-enterprise.uri', { globalValue: 'https://ghe.acme.example' });
      assert.equal((await store.get('github'))?.['token'], 'gho_enterprise');
    });

    it('prefers a token that was entered', async () => {
      const store = build();
      editor.sessions.set('github', { accessToken: 'gho_session' });
      await store.set('github', { ...GITHUB, token: 'ghp_entered' });
      assert.equal((await store.get('github'))?.['token'], 'ghp_entered');
      assert.deepEqual(editor.sessionRequests, []);
    });

    it('notices that somebody signs in or out', async () => {
      const store = build();
      let changes = 0;
      store.onDidChange(() => { changes += 1; });
      editor.sessionChange.fire({ provider: { id: 'microsoft' } });
      editor.sessionChange.fire({ provider: { id: 'github' } });
      editor.sessionChange.fire({ provider: { id: 'github-enterprise' } });
      assert.equal(changes, 2);
    });
  });

  describe('while the practice environment is in use', () => {
    let server: Server;
    let url: string;

    beforeEach(async () => {
      server = createServer((_request, response) => { response.end(JSON.stringify({ github: { url, repository: 'practice/shop', token: 'ghp_practice' } })); });
      await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterEach(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
    });

    it('takes connections from it and none from the secret storage', async () => {
      const store = build();
      await store.set('slack', SLACK);
      editor.settings.set('incidentRunbook.practice', { globalValue: url });
      secrets.get = () => assert.fail('A secret was read');
      assert.deepEqual(await store.get('github'), { url, repository: 'practice/shop', token: 'ghp_practice' });
      assert.equal(await store.get('slack'), undefined);
      assert.deepEqual((await store.list()).filter(({ state }) => state !== 'not connected').map(({ service, state }) => [service, state]), [['github', 'practice']]);
      await assert.rejects(store.set('slack', SLACK), /practice environment is in use/);
      await assert.rejects(store.delete('slack'), /practice environment is in use/);
    });

    it('is not put into use by a workspace', async () => {
      const store = build();
      await store.set('slack', SLACK);
      editor.settings.set('incidentRunbook.practice', { workspaceValue: url });
      assert.deepEqual(await store.get('slack'), SLACK);
    });

    it('connects nothing when it is not there: the real services least of all', async () => {
      const store = build();
      await store.set('slack', SLACK);
      for (const setting of ['http://127.0.0.1:1', 'https://practice.example.com', 'nonsense']) {
        editor.settings.set('incidentRunbook.practice', { globalValue: setting });
        assert.equal(await store.get('slack'), undefined, setting);
        assert.match((await entry(store, 'slack')).problem ?? '', /incidentRunbook\.practice/);
      }
    });
  });
});
