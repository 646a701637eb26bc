import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { signInProvider } from '../../../src/services/sign-in.ts';

describe('signing in through VS Code', () => {
  it('is GitHub\'s own for github.com, whatever the enterprise setting holds', () => {
    assert.equal(signInProvider('https://api.github.com', undefined), 'github');
    assert.equal(signInProvider('https://api.github.com/', 'https://ghe.acme.example'), 'github');
  });

  it('is GitHub Enterprise\'s for the server that the user\'s setting names', () => {
    assert.equal(signInProvider('https://ghe.acme.example/api/v3', 'https://ghe.acme.example'), 'github-enterprise');
    assert.equal(signInProvider('https://ghe.acme.example:8443/api/v3', 'https://GHE.acme.example:8443/'), 'github-enterprise');
    assert.equal(signInProvider('https://api.acme.ghe.com', 'https://acme.ghe.com'), 'github-enterprise');
  });

  it('gives no token to another host, and says which setting to set', () => {
    for (const [url, setting] of [
      ['https://ghe.acme.example/api/v3', undefined], ['https://ghe.acme.example/api/v3', ''], ['https://ghe.acme.example/api/v3', 'nonsense'],
      ['https://evil.example/api/v3', 'https://ghe.acme.example'], ['https://ghe.acme.example.evil.example/api/v3', 'https://ghe.acme.example'],
      ['https://ghe.acme.example:8443/api/v3', 'https://ghe.acme.example'], ['http://ghe.acme.example', 'http://ghe.acme.example'],
      ['https://ghe.acme.example/api/v3', 'http://ghe.acme.example'], ['http://api.github.com', undefined], ['https://api.ghe.acme.example', 'https://ghe.acme.example'],
    ] as const) {
      assert.throws(() => signInProvider(url, setting), /Set github-enterprise\.uri in your user settings/, `${url} with ${setting ?? 'nothing'}`);
    }
  });
});
