import { execFile } from 'node:child_process';
import { cp, readdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from './paths.ts';

/** What does not come with a checkout, and would take long to copy. */
const NOT_CHECKED_OUT = ['.git', '.vscode-test', 'dist', 'node_modules', 'out'];

const DEADLINE_MS = 120_000;

/**
 * What somebody does who has just cloned the repository and run `npm install`: packages it with `npm run package`, with
 * nobody there to answer a question. In a copy, because the build of the checkout is in use.
 *
 * @param folder an empty folder for the copy
 * @returns absolute path of the .vsix
 * @throws Error with what npm said, when it cannot be packaged
 */
export async function packageExtension(folder: string): Promise<string> {
  for (const entry of await readdir(repositoryRoot)) {
    if (!NOT_CHECKED_OUT.includes(entry) && !entry.endsWith('.vsix')) {
      await cp(path.join(repositoryRoot, entry), path.join(folder, entry), { recursive: true });
    }
  }
  await symlink(path.join(repositoryRoot, 'node_modules'), path.join(folder, 'node_modules'));
  const packaging = promisify(execFile)('npm', ['run', 'package'], { cwd: folder, timeout: DEADLINE_MS, maxBuffer: 16 * 1024 * 1024 });
  // A question would be answered by nobody: with the end of the input it fails instead of waiting.
  packaging.child.stdin?.end();
  const { stdout, stderr } = await packaging;
  const name = (await readdir(folder)).find((file) => file.endsWith('.vsix'));
  if (name === undefined) {
    throw new Error(`npm run package made no .vsix:\n${stdout}\n${stderr}`);
  }
  return path.join(folder, name);
}
