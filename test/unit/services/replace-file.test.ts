import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { replaceFile, stampOf } from '../../../src/services/replace-file.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

describe('replacing a file', () => {
  const folder = useTemporaryFolder();
  const file = (): string => path.join(folder(), 'issue.md');
  const idle = (): AbortSignal => new AbortController().signal;

  it('puts the new text in the place of the one that was read', async () => {
    writeFileSync(file(), 'old');
    await replaceFile(file(), 'new', await stampOf(file()), idle());
    assert.deepEqual([readFileSync(file(), 'utf8'), readdirSync(folder())], ['new', ['issue.md']]);
  });

  it('does not when somebody saved the file meanwhile', async () => {
    writeFileSync(file(), 'old');
    const stamp = await stampOf(file());
    writeFileSync(file(), 'saved by somebody');
    await assert.rejects(replaceFile(file(), 'new', stamp, idle()), { name: 'DeliveryError', kind: 'not sent', message: /Somebody saved the file/ });
    assert.deepEqual([readFileSync(file(), 'utf8'), readdirSync(folder())], ['saved by somebody', ['issue.md']]);
  });

  it('does not once it was cancelled', async () => {
    await assert.rejects(replaceFile(file(), 'new', undefined, AbortSignal.abort()), { kind: 'not sent' });
    assert.deepEqual(readdirSync(folder()), []);
  });

  it('fails as the file system does where the file is gone', async () => {
    await assert.rejects(replaceFile(file(), 'new', 'old stamp', idle()), { code: 'ENOENT' });
  });
});
