import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadRunbook } from '../../src/runbook/load.ts';
import { formatProblems } from '../../src/runbook/problems.ts';
import type { Runbook } from '../../src/runbook/schema.ts';

const FILE = fileURLToPath(new URL('../../media/healthflow.runbook.yaml', import.meta.url));

let loaded: Runbook | undefined;

/** The runbook that the extension brings along. Read once; do not change it. */
export function bundledRunbook(): Runbook {
  if (loaded === undefined) {
    const result = loadRunbook(readFileSync(FILE, 'utf8'), FILE);
    if (!result.ok) {
      throw new Error(formatProblems(result.problems));
    }
    loaded = result.runbook;
  }
  return loaded;
}
