import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'mocha';

/** A folder of its own for each test of the surrounding `describe`, removed afterwards. Call the result for its path. */
export function useTemporaryFolder(): () => string {
  let folder = '';
  beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'incident-runbook-')); });
  afterEach(() => { rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }); });
  return () => folder;
}
