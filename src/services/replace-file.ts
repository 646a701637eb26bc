/** Writes a file that people and programs read and change at the same time. */
import { randomUUID } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { DeliveryError } from './courier.ts';

/** What tells whether somebody has saved the file meanwhile. @throws as stat */
export async function stampOf(file: string): Promise<string> {
  const { ino, mtimeMs, size } = await stat(file);
  return `${ino} ${mtimeMs} ${size}`;
}

/**
 * Puts the whole text there or nothing, and keeps the permissions of what it replaces.
 *
 * @param stamp of the file as it was read; undefined for a new one
 * @throws DeliveryError when somebody else saved the file, or the signal fired; otherwise as the file system
 */
export async function replaceFile(file: string, text: string, stamp: string | undefined, signal: AbortSignal): Promise<void> {
  // Static-site generators do not look at names that begin with a dot.
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}.tmp`);
  const mode = stamp === undefined ? 0o666 : (await stat(file)).mode & 0o777;
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (signal.aborted) {
      throw new DeliveryError('not sent', 'Cancelled before it was written.');
    }
    if (stamp !== undefined && stamp !== await stampOf(file)) {
      throw new DeliveryError('not sent', 'Somebody saved the file while the update was being written.');
    }
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}
