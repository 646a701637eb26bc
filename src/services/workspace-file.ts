/** A text file of the workspace that people edit while steps read and write it. */
import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { UserError, codeOf, messageOf } from '../errors.ts';
import { stampOf } from './replace-file.ts';

/** What is larger is no document that somebody wrote, bytes. */
const LARGEST = 4 * 1024 * 1024;

export interface WorkspaceFile {
  /** Absolute, with links followed. */
  readonly path: string;
  readonly text: string;
  /** Tells whether somebody saved the file meanwhile; for `replaceFile`. */
  readonly stamp: string;
}

/**
 * @param folder of the workspace, absolute; undefined when none is open
 * @param file relative to the folder, with slashes
 * @throws UserError when it cannot be read, or leads out of the folder
 */
export async function readWorkspaceFile(folder: string | undefined, file: string): Promise<WorkspaceFile> {
  if (folder === undefined) {
    throw new UserError(`No folder is open. Open the folder that holds ${file}.`);
  }
  try {
    const root = await realpath(folder);
    const found = await realpath(path.resolve(root, ...file.split('/')));
    const relative = path.relative(root, found);
    if (path.isAbsolute(file) || relative.startsWith('..') || path.isAbsolute(relative)) {
      throw new UserError(`${file} leads out of the workspace, so it is not read. Give a path inside the folder that is open.`);
    }
    const [stamp, { size }] = await Promise.all([stampOf(found), stat(found)]);
    if (size > LARGEST) {
      throw new UserError(`${file} is larger than ${LARGEST / 1024 / 1024} MB, so it is not read. Give the path of a document.`);
    }
    return { path: found, text: await readFile(found, 'utf8'), stamp };
  } catch (error) {
    if (error instanceof UserError) {
      throw error;
    }
    throw codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR'
      ? new UserError(`There is no file ${file} in the folder that is open.`, { cause: error })
      : new UserError(`${file} cannot be read (${codeOf(error) ?? messageOf(error)}). Check its permissions.`, { cause: error });
  }
}
