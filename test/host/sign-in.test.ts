import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { call, messageOf, practice } from './harness.ts';

const SETTING = 'github-enterprise.uri';

/** Where accounts are kept in this test: it must not even be asked. */
class Accounts implements vscode.AuthenticationProvider {
  readonly #changed = new vscode.EventEmitter<vscode.AuthenticationProviderAuthenticationSessionsChangeEvent>();
  readonly asked: (readonly string[] | undefined)[] = [];
  readonly onDidChangeSessions = this.#changed.event;
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  getSessions(scopes: readonly string[] | undefined): Promise<vscode.AuthenticationSession[]> {
    this.asked.push(scopes);
    return Promise.resolve([{ id: 'ada', accessToken: this.#token, account: { id: 'ada', label: 'ada' }, scopes: scopes ?? [] }]);
  }

  createSession(scopes: readonly string[]): Promise<vscode.AuthenticationSession> {
    return Promise.resolve({ id: 'ada', accessToken: this.#token, account: { id: 'ada', label: 'ada' }, scopes });
  }

  removeSession(): Promise<void> {
    return Promise.resolve();
  }
}

describe('GitHub through the sign-in of VS Code', function () {
  this.timeout(60_000);
  let github: { url: string; repository: string; token: string };
  let accounts: Accounts;
  let registration: vscode.Disposable;
  const settings = vscode.workspace.getConfiguration();
  const practiceUrl = settings.inspect<string>('incidentRunbook.practice')?.globalValue;

  before(async () => {
    ({ github } = await practice('GET', 'connections') as { github: typeof github });
    await settings.update('incidentRunbook.practice', undefined, vscode.ConfigurationTarget.Global);
    accounts = new Accounts(github.token);
    registration = vscode.authentication.registerAuthenticationProvider('github-enterprise', 'GitHub Enterprise', accounts);
  });
  after(async () => {
    registration.dispose();
    await settings.update(SETTING, undefined, vscode.ConfigurationTarget.Global);
    await settings.update('incidentRunbook.practice', practiceUrl, vscode.ConfigurationTarget.Global);
  });

  const connect = () => call<{ connected: boolean; detail?: string }>('connectGitHub', { url: github.url, repository: github.repository });

  it('gives no token to a host that the user has not named', async () => {
    assert.match(await messageOf(connect()), /github-enterprise\.uri/);
    await settings.update(SETTING, 'https://github.example.com', vscode.ConfigurationTarget.Global);
    assert.match(await messageOf(connect()), /github-enterprise\.uri/);
    assert.deepEqual(accounts.asked, []);
  });
});
