import '../../support/use-fake-vscode.ts';
import assert from 'node:assert/strict';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import type { ConnectionStore } from '../../../src/connection-store.ts';
import { DeliveryError } from '../../../src/services/courier.ts';
import type { Connection } from '../../../src/services/connections.ts';
import { createSecrets, editor } from '../../support/fake-vscode.ts';

const SLACK = { url: 'https://slack.com/api/', token: 'xoxb-very-secret' };

describe('connecting a service', () => {
  let modules: { store: typeof import('../../../src/connection-store.ts'); flow: typeof import('../../../src/views/ask-connection.ts') };
  let store: ConnectionStore;
  let flow: ReturnType<typeof modules.flow.createConnectionFlow>;
  let tested: Connection[];
  let test: (connection: Connection) => string;

  before(async () => {
    modules = { store: await import('../../../src/connection-store.ts'), flow: await import('../../../src/views/ask-connection.ts') };
  });
  beforeEach(() => {
    editor.reset();
    tested = [];
    test = () => 'Signed in to Acme as incident-bot.';
    store = new modules.store.ConnectionStore(createSecrets(), () => undefined);
    flow = modules.flow.createConnectionFlow({
      store,
      test: async (_service, connection) => {
        tested.push(connection);
        return Promise.resolve(test(connection));
      },
    });
  });
  afterEach(() => { store.dispose(); });

  const refuse = (): string => { throw new DeliveryError('refused', 'Slack refused the credentials (invalid_auth).'); };

  it('asks for each field, tests it, keeps it and says so', async () => {
    editor.inputs = [SLACK.url, `  ${SLACK.token}\n`];
    await flow.ask('slack');
    assert.deepEqual(await store.get('slack'), SLACK);
    assert.deepEqual(tested, [SLACK]);
    assert.deepEqual(editor.seen, [
      'Connect Slack (1/2): API address [https://slack.com/api/]', 'Connect Slack (2/2): Bot token [secret]', 'Slack is connected. Signed in to Acme as incident-bot.',
    ]);
  });

  it('keeps nothing when a question is passed over, or the test fails and nobody insists', async () => {
    editor.inputs = [SLACK.url, undefined];
    await flow.ask('slack');
    test = refuse;
    [editor.inputs, editor.buttons] = [[SLACK.url, SLACK.token], [undefined]];
    await flow.ask('slack');
    assert.equal(await store.get('slack'), undefined);
    assert.equal(editor.seen.at(-1), 'Slack does not work with these values: Slack refused the credentials (invalid_auth).');
  });

  it('keeps what does not work when a person says so', async () => {
    test = refuse;
    [editor.inputs, editor.buttons] = [[SLACK.url, SLACK.token], ['Save anyway']];
    await flow.ask('slack');
    assert.deepEqual(await store.get('slack'), SLACK);
    assert.equal(editor.seen.at(-1), 'Slack is saved. Test it again from the Connections view.');
  });

  it('lets a person change what does not work, without entering the token again', async () => {
    test = ({ url }) => (url === 'https://slack.com/api/' ? 'Works.' : refuse());
    [editor.inputs, editor.buttons] = [['https://slak.com/api/', SLACK.token, 'https://slak.com/api/', ''], ['Change', 'Save anyway']];
    await flow.ask('slack');
    assert.equal((await store.get('slack'))?.['token'], SLACK.token);
    assert.equal(tested.length, 2);
  });

  it('signs in to GitHub through VS Code where no token is entered, and keeps none', async () => {
    editor.signIn = () => ({ accessToken: 'gho_session' });
    editor.inputs = ['https://api.github.com', 'acme/shop', ''];
    await flow.ask('github');
    assert.deepEqual(tested, [{ url: 'https://api.github.com', repository: 'acme/shop', token: 'gho_session' }]);
    assert.deepEqual(await store.stored('github'), { url: 'https://api.github.com', repository: 'acme/shop' });
  });

  it('offers to test, change or disconnect what is connected', async () => {
    await store.set('slack', SLACK);
    editor.picks = ['$(beaker) Test'];
    await flow.ask('slack');
    assert.deepEqual(editor.seen, ['Slack: slack.com: $(beaker) Test | $(edit) Change… | $(debug-disconnect) Disconnect', 'Slack works. Signed in to Acme as incident-bot.']);
    test = refuse;
    editor.picks = ['$(beaker) Test'];
    await assert.rejects(flow.ask('slack'), /Slack does not work: Slack refused the credentials/);
    [editor.picks, editor.inputs] = [['$(edit) Change…'], ['https://slack-gov.com/api/', '']];
    await assert.rejects(flow.ask('slack'), /"Bot token" is missing/, 'another address, another token');
    assert.deepEqual(await store.get('slack'), SLACK);
  });

  it('puts back what was disconnected by mistake', async () => {
    await store.set('slack', SLACK);
    [editor.picks, editor.buttons] = [['$(debug-disconnect) Disconnect'], ['Undo']];
    await flow.ask('slack');
    assert.deepEqual(await store.get('slack'), SLACK);
    editor.buttons = [undefined];
    await flow.disconnectOne('slack');
    assert.equal(await store.get('slack'), undefined);
  });

  it('asks for no secret that could not be kept', async () => {
    editor.settings.set('incidentRunbook.practice', { globalValue: 'http://127.0.0.1:1' });
    await assert.rejects(flow.ask('slack'), /practice environment is in use/);
    await assert.rejects(flow.connect({ service: 'slack', ...SLACK }), /practice environment is in use/);
    editor.trusted = false;
    await assert.rejects(flow.ask('slack'), /Restricted Mode/);
    assert.deepEqual([editor.seen, tested], [[], []]);
  });

  describe('as a command with arguments', () => {
    it('asks nothing, and answers without a secret', async () => {
      assert.deepEqual(await flow.connect({ service: 'slack', token: SLACK.token }), { service: 'slack', connected: true, detail: 'Signed in to Acme as incident-bot.' });
      assert.deepEqual(await store.get('slack'), SLACK);
      assert.deepEqual(await flow.connect({ service: 'slack', action: 'test' }), { service: 'slack', connected: true, detail: 'Signed in to Acme as incident-bot.' });
      assert.deepEqual(await flow.connect({ service: 'slack', action: 'disconnect' }), { service: 'slack', connected: false });
      assert.deepEqual(await flow.connect({ service: 'slack', action: 'test' }), { service: 'slack', connected: false });
      assert.deepEqual(editor.seen, []);
    });

    it('keeps nothing that the service refuses, unless it is told not to ask', async () => {
      test = refuse;
      await assert.rejects(flow.connect({ service: 'slack', token: SLACK.token }), /refused the credentials/);
      assert.equal(await store.get('slack'), undefined);
      assert.deepEqual(await flow.connect({ service: 'slack', token: SLACK.token, untested: true }), { service: 'slack', connected: true });
      assert.deepEqual(await flow.connect({ service: 'slack', action: 'test' }), { service: 'slack', connected: false, detail: 'Slack refused the credentials (invalid_auth).' });
    });

    it('says what is missing or wrong, without the value', async () => {
      await assert.rejects(flow.connect({}), /"service" is missing\. Give one of github, slack/);
      await assert.rejects(flow.connect({ service: 'teams' }), /"service" must be one of github, slack/);
      await assert.rejects(flow.connect({ service: 'slack', action: 'steal' }), /"action" must be one of connect, test, disconnect/);
      await assert.rejects(flow.connect({ service: 'slack', token: 'xoxp-very-secret' }), (error: Error) => /"Bot token"/.test(error.message) && !error.message.includes('very-secret'));
      await assert.rejects(flow.connect({ service: 'slack', token: SLACK.token, password: 'very-secret' }), (error: Error) => /no field "password"/.test(error.message) && !error.message.includes('very-secret'));
    });

    it('does not open a sign-in', async () => {
      await assert.rejects(flow.connect({ service: 'github', repository: 'acme/shop' }), /not signed in to GitHub/);
      assert.deepEqual(editor.sessionRequests.map(({ options }) => options), [{ silent: true }]);
    });
  });
});
