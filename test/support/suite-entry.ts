import { readdir } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runMocha } from './mocha-run.ts';

const testTimeoutMs = 30_000;

/**
 * What the extension host calls. Compiled next to the tests of one suite as `index.mjs`; runs every `*.test.mjs` below
 * its own folder. An `.mjs` file, because every extension host since VS Code 1.100 imports that as an ES module,
 * whatever the extension's package.json says.
 *
 * @throws Error when a test failed or none was found: the host reports that as exit code 1.
 */
export async function run(): Promise<void> {
  // Keeps the source maps, so that a failure can name the line of the TypeScript source.
  process.setSourceMapsEnabled(true);
  const folder = path.dirname(fileURLToPath(import.meta.url));
  const entries = await readdir(folder, { recursive: true });
  const files = entries.filter((name) => name.endsWith('.test.mjs')).sort().map((name) => path.join(folder, name));
  if (files.length === 0) throw new Error(`No compiled test in ${folder}.`);
  const counts = await runMocha(files, { timeoutMs: testTimeoutMs, markReport: true });
  if (counts.failed > 0) throw new Error(`${counts.failed} of ${counts.failed + counts.passed} tests failed.`);
}
