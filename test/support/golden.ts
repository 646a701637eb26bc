import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Compares a document that people read with the file it is kept in. `UPDATE_GOLDEN=1` writes the file instead: look
 * at the difference before you commit it.
 *
 * @param file absolute
 */
export function assertGolden(file: string, actual: string): void {
  const text = `${actual}\n`;
  if (process.env['UPDATE_GOLDEN'] === '1') {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    return;
  }
  assert.ok(existsSync(file), `${file} is missing: run the test with UPDATE_GOLDEN=1`);
  assert.equal(text, readFileSync(file, 'utf8'), `${path.basename(file)} differs: run the test with UPDATE_GOLDEN=1 and look at the difference`);
}
