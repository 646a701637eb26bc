import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { transportOptions } from '../../../src/services/mail.ts';

describe('the way to a mail server', () => {
  for (const [host, port, expected] of [
    ['smtp.example.com', '587', { secure: false, requireTLS: true, ignoreTLS: undefined }],
    ['smtp.example.com', '25', { secure: false, requireTLS: true, ignoreTLS: undefined }],
    ['smtp.example.com', '465', { secure: true, requireTLS: undefined, ignoreTLS: undefined }],
    ['localhost', '25', { secure: false, requireTLS: undefined, ignoreTLS: true }],
    ['127.0.0.53', '1025', { secure: false, requireTLS: undefined, ignoreTLS: true }],
    ['localhost', '465', { secure: true, requireTLS: undefined, ignoreTLS: undefined }],
    ['127.0.0.1.example.com', '587', { secure: false, requireTLS: true, ignoreTLS: undefined }],
    ['localhost.example.com', '587', { secure: false, requireTLS: true, ignoreTLS: undefined }],
  ] as const) {
    it(`is encrypted unless it stays on this machine: ${host}:${port}`, () => {
      const { secure, requireTLS, ignoreTLS } = transportOptions({ host, port, from: 'incidents@example.com' });
      assert.deepEqual({ secure, requireTLS, ignoreTLS }, expected);
    });
  }

  it('signs in only with a user, and then insists on it', () => {
    const signIn = ({ auth, forceAuth }: ReturnType<typeof transportOptions>): unknown => ({ auth, forceAuth });
    assert.deepEqual(signIn(transportOptions({ host: 'h', port: '587', from: 'f@x' })), { auth: undefined, forceAuth: undefined });
    assert.deepEqual(signIn(transportOptions({ host: 'h', port: '587', from: 'f@x', user: 'ada', password: 'p' })), { auth: { user: 'ada', pass: 'p' }, forceAuth: true });
  });
});
