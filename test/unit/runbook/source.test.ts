import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import { RunbookSource } from '../../../src/runbook/source.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

describe('RunbookSource', () => {
  const folder = useTemporaryFolder();

  it('keeps the last good runbook for redaction while the file is broken, and runs no step with it', async () => {
    let file: string | undefined;
    const source = new RunbookSource({ file: () => file, bundled: () => Promise.resolve(bundledRunbook()), onProblems: () => undefined });
    await source.get();
    file = path.join(folder(), 'broken.runbook.yaml');
    writeFileSync(file, 'name: [');
    source.reset();
    assert.deepEqual(source.loaded?.redaction, bundledRunbook().redaction, 'before it is read again');
    await assert.rejects(source.get(), UserError);
    assert.deepEqual(source.loaded?.redaction, bundledRunbook().redaction, 'after it could not be read');
  });
});
