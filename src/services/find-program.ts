/** The program that a command means, before it is run. */
import { createHash } from 'node:crypto';
import { access, constants, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { UserError, codeOf, messageOf } from '../errors.ts';

export interface Program {
  /** Absolute. */
  readonly path: string;
  /** Of its content. */
  readonly sha256: string;
  /** Its content; undefined when it is no text. */
  readonly text: string | undefined;
}

/**
 * A name with a slash is a file of the folder and must lie in it, links followed; a bare name is looked up in PATH.
 *
 * @param folder absolute path of the workspace
 * @param searchPath list of folders as in the variable PATH
 * @returns its absolute path, as it is to be started: some programs go by the name they are called, so a link stays one
 * @throws UserError when there is no such program, when it may not be run or lies elsewhere
 */
export async function findProgram(name: string, folder: string, searchPath: string): Promise<string> {
  if (name.trim() === '' || name.trim() !== name || name.includes('\0')) {
    throw new UserError(`The command begins with ${JSON.stringify(name)}, which names no program. Give the program and its arguments as a list, in the step's input in the runbook.`);
  }
  return /[/\\]/.test(name) ? inFolder(name, folder) : onPath(name, searchPath);
}

/** @throws UserError when it cannot be read */
export async function readProgram(file: string): Promise<Program> {
  try {
    const content = await readFile(file);
    return { path: file, sha256: createHash('sha256').update(content).digest('hex'), text: content.includes(0) ? undefined : content.toString('utf8') };
  } catch (error) {
    throw new UserError(`${file} cannot be read (${codeOf(error) ?? messageOf(error)}), so nobody can be shown what would run. Make it readable and try again.`, { cause: error });
  }
}

async function inFolder(name: string, folder: string): Promise<string> {
  const wanted = path.resolve(folder, name);
  const outside = new UserError(`${name} is not in the workspace folder ${folder}, and only programs of the workspace are run. Correct the command, or open the folder that holds it.`);
  if (!isInside(wanted, folder)) {
    throw outside;
  }
  let real: string;
  try {
    real = await realpath(wanted);
  } catch (error) {
    throw new UserError(`There is no ${name} in ${folder}. Add the program there, correct the command in the runbook, or open the folder that holds it.`, { cause: error });
  }
  if (!isInside(real, await realpath(folder))) {
    throw outside;
  }
  if (!(await stat(real)).isFile()) {
    throw new UserError(`${name} is not a file that can be run. Correct the command in the runbook.`);
  }
  if (!await isExecutable(real)) {
    throw new UserError(`${name} may not be run. Allow it with "chmod +x ${name}", and commit that, so that it is so for everybody.`);
  }
  return wanted;
}

async function onPath(name: string, searchPath: string): Promise<string> {
  const endings = process.platform === 'win32' ? ['', '.exe'] : [''];
  for (const folder of searchPath.split(path.delimiter).filter((entry) => path.isAbsolute(entry))) {
    for (const ending of endings) {
      const candidate = path.join(folder, name + ending);
      if (await isExecutable(candidate) && (await stat(candidate)).isFile()) {
        return candidate;
      }
    }
  }
  const hint = process.platform === 'win32' ? ' On Windows only .exe programs are found: .cmd shims such as npm\'s need a shell, which is never used.' : '';
  throw new UserError(`There is no program "${name}" in PATH. Install it, or give its place in the workspace, such as ./scripts/${name}.${hint}`);
}

function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '' && relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
