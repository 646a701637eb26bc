/**
 * Builds the extension. Runs on the Node in node_modules/.bin, which reads TypeScript as it is.
 *
 *   node esbuild.mjs              dist/ with source maps
 *   node esbuild.mjs --production dist/ minified, as it is packaged
 *   node esbuild.mjs --watch      dist/, again whenever a source changes
 *   node esbuild.mjs --manifest   package.json's contributes and media/runbook.schema.json from their sources
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { context } from 'esbuild';
import { PANEL_KINDS } from './src/protocol/panel.ts';
import { contributes } from './src/manifest.ts';
import { loadRunbook } from './src/runbook/load.ts';
import { formatProblems } from './src/runbook/problems.ts';
import { automatedActions } from './src/steps/catalog.ts';
import { SCHEMA_FILE, renderSchema } from './test/support/generate-schema.ts';

const production = process.argv.includes('--production');
const RUNBOOK = 'media/healthflow.runbook.yaml';

/** A runbook as data, so that the bundled one is neither parsed nor validated at run time. */
function runbookOf(file) {
  const result = loadRunbook(readFileSync(file, 'utf8'), file);
  if (!result.ok) {
    throw new Error(formatProblems(result.problems));
  }
  return result.runbook;
}

if (process.argv.includes('--manifest')) {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
  manifest.contributes = contributes(runbookOf(RUNBOOK).steps);
  writeFileSync('package.json', `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(SCHEMA_FILE, renderSchema());
} else {
  rmSync('dist', { recursive: true, force: true });
  const common = {
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    target: 'node22',
    minify: production,
    sourcemap: production ? false : 'linked',
    metafile: true,
    logLevel: 'warning',
    legalComments: production ? 'linked' : 'none',
  };
  const builds = await Promise.all([
    // The entry is CommonJS: VS Code loads that in two thirds of the time of the smallest ES module (npm run bench).
    context({
      ...common,
      entryPoints: { extension: 'src/extension.ts' },
      format: 'cjs',
      outExtension: { '.js': '.cjs' },
      external: ['vscode'],
      plugins: [{
        name: 'house',
        setup(plugin) {
          plugin.onResolve({ filter: /\/house\.ts$/ }, () => ({ path: './house.js', external: true }));
        },
      }],
    }),
    context({
      ...common,
      entryPoints: { house: 'src/house.ts' },
      splitting: true,
      format: 'esm',
      mainFields: ['module', 'main'],
      external: ['vscode', 'pg-native'],
      chunkNames: 'chunks/[name]-[hash]',
      // CommonJS dependencies inside an ES module still ask for Node's own modules with require.
      banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
      plugins: [{
        name: 'runbook',
        setup(plugin) {
          plugin.onLoad({ filter: /\.runbook\.yaml$/ }, ({ path }) => ({ contents: JSON.stringify(runbookOf(path)), loader: 'json' }));
        },
      }],
    }),
    // The pages of the panels, which run in a browser: what they share stands in chunks of their own.
    context({
      outdir: 'dist/webview',
      entryPoints: { ...Object.fromEntries(PANEL_KINDS.map((kind) => [kind, `src/webview/${kind}.ts`])), codicon: '@vscode/codicons/dist/codicon.css' },
      bundle: true,
      platform: 'browser',
      // That of the oldest VS Code that is supported: 1.101.
      target: 'chrome134',
      format: 'esm',
      splitting: true,
      chunkNames: 'chunks/[name]-[hash]',
      assetNames: '[name]',
      loader: { '.ttf': 'file' },
      minify: production,
      sourcemap: production ? false : 'inline',
      metafile: true,
      logLevel: 'warning',
      legalComments: production ? 'linked' : 'none',
    }),
  ]);
  if (process.argv.includes('--watch')) {
    await Promise.all(builds.map((build) => build.watch()));
  } else {
    const results = await Promise.all(builds.map((build) => build.rebuild()));
    writeFileSync('dist/meta.json', JSON.stringify({ outputs: Object.assign({}, ...results.map(({ metafile }) => metafile.outputs)) }));
    await Promise.all(builds.map((build) => build.dispose()));
  }
}
