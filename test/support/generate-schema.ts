/** Writes media/runbook.schema.json, which editors use to complete and check runbook files: `node test/support/generate-schema.ts`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RunbookSchema } from '../../src/runbook/schema.ts';

export const SCHEMA_FILE = fileURLToPath(new URL('../../media/runbook.schema.json', import.meta.url));

/** The published JSON schema (draft 7) as text. */
export function renderSchema(): string {
  return `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...RunbookSchema }, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(SCHEMA_FILE, renderSchema());
}
