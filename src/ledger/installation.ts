import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { UserError, codeOf, messageOf } from '../errors.ts';

/**
 * The id of this installation, the same in all its windows: what it asked to be delivered is sent by it alone.
 *
 * @param directory the folder of the timelines; created when missing
 * @throws UserError when it cannot be written
 */
export async function installationId(directory: string): Promise<string> {
  const file = join(directory, 'installation');
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(file, ulid(), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') {
      throw new UserError(`This installation could not be given an id in ${file}: ${messageOf(error)}. Check the folder's permissions and the free space.`, { cause: error });
    }
  }
  return (await readFile(file, 'utf8')).trim();
}

/** Where the timelines of this installation are. */
export function timelinesIn(globalStorage: string): string {
  return join(globalStorage, 'incidents');
}
