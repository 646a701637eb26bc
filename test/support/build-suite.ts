import { globSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

/**
 * Compiles the tests of one folder for the extension host: every `*.test.ts`, and `index.mjs` to run them.
 *
 * @param suiteFolder for instance `test/host`, absolute
 * @param outFolder below the extension, so that the extension host gives the tests the extension's own `vscode`;
 *   emptied first
 * @returns the path of the entry, or undefined when the folder holds no test
 */
export async function buildSuite(suiteFolder: string, outFolder: string): Promise<string | undefined> {
  const tests = globSync('**/*.test.ts', { cwd: suiteFolder });
  await rm(outFolder, { recursive: true, force: true });
  if (tests.length === 0) return undefined;
  await build({
    absWorkingDir: suiteFolder,
    entryPoints: {
      index: path.join(import.meta.dirname, 'suite-entry.ts'),
      ...Object.fromEntries(tests.map((file) => [file.replace(/\.ts$/, ''), path.join(suiteFolder, file)])),
    },
    outdir: outFolder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    splitting: true,
    platform: 'node',
    target: 'node22',
    mainFields: ['module', 'main'],
    sourcemap: 'inline',
    external: ['vscode', 'mocha'],
    // CommonJS dependencies bundled into an ES module still call require for Node's own modules.
    banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  return path.join(outFolder, 'index.mjs');
}
