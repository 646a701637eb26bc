import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository, which is also the root of the extension under development. */
export const repositoryRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Everything that a test run writes for people to look at: compiled suites, screenshots, logs. Ignored by git. */
export const outDirectory = path.join(repositoryRoot, 'out');

/** Where `setup.mjs` put the headless VS Code's entry point. */
export const serverMain = path.join(
  repositoryRoot, '.vscode-test', 'server', 'node_modules', 'code-server', 'lib', 'vscode', 'out', 'server-main.js',
);
