/**
 * One JSONL file that any number of processes append to. Every record is written as a newline, the JSON and a
 * newline in a single write: whatever a crash left behind ends up on a line of its own, so a torn record can
 * never swallow the next one, and no writer has to look at the file first.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { UserError, codeOf, messageOf } from '../errors.ts';

export interface DamagedLine {
  /** 1-based. */
  readonly line: number;
  readonly text: string;
}

export interface JournalContent<T> {
  readonly records: readonly T[];
  /** Terminated lines that are no record: what a crash, another program or a hand left. */
  readonly damaged: readonly DamagedLine[];
  /** An unterminated last line: torn, or being written this moment by another window. */
  readonly unfinished?: string;
  /** Where the next read goes on. */
  readonly cursor: Cursor;
}

/** How far a journal has been read: up to the last complete line. */
export interface Cursor {
  /** Bytes. */
  readonly position: number;
  readonly lines: number;
}

const START: Cursor = { position: 0, lines: 0 };

/**
 * Appends one record and returns when it is on the disk.
 *
 * @throws UserError when it could not be written whole (disk full, no permission); then it counts as not recorded
 */
export async function appendRecord(file: string, record: unknown): Promise<void> {
  return appendRecords(file, [record]);
}

/** As `appendRecord`, for several at once: a crash in between may leave the first ones only. */
export async function appendRecords(file: string, records: readonly unknown[]): Promise<void> {
  const bytes = Buffer.from(records.map((record) => `\n${JSON.stringify(record)}\n`).join(''), 'utf8');
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
    const { bytesWritten } = await handle.write(bytes);
    if (bytesWritten !== bytes.length) {
      throw Object.assign(new Error(`${bytesWritten} of ${bytes.length} bytes written`), { code: 'ENOSPC' });
    }
    await flush(handle);
  } catch (error) {
    throw writeError(file, error);
  } finally {
    await handle?.close().catch(() => undefined);
  }
}

/**
 * Reads the records from a position on. A file that is not there has none.
 *
 * @param isRecord what counts as a record; other JSON is damage
 * @param from the `cursor` of an earlier read
 * @throws UserError when the file cannot be read
 */
export async function readRecords<T>(file: string, isRecord: (value: unknown) => value is T, from: Cursor = START): Promise<JournalContent<T>> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, constants.O_RDONLY);
    const { size } = await handle.stat();
    const start = from.position <= size ? from : START;
    const buffer = Buffer.alloc(size - start.position);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start.position);
    return parseRecords(buffer.subarray(0, bytesRead), isRecord, start);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return { records: [], damaged: [], cursor: START };
    }
    throw new UserError(`The timeline file ${file} could not be read: ${messageOf(error)}. Check that it is a file and its permissions.`, { cause: error });
  } finally {
    await handle?.close();
  }
}

/** Splits the bytes of a journal into its records; `start` is where in the file they begin. */
export function parseRecords<T>(bytes: Buffer, isRecord: (value: unknown) => value is T, start: Cursor = START): JournalContent<T> {
  const end = bytes.lastIndexOf(0x0a) + 1;
  const records: T[] = [];
  const damaged: DamagedLine[] = [];
  const lines = bytes.toString('utf8', 0, end).split('\n');
  lines.forEach((text, index) => {
    if (text.trim() === '') {
      return;
    }
    const value = parseJson(text);
    if (isRecord(value)) {
      records.push(value);
    } else {
      damaged.push({ line: start.lines + index + 1, text });
    }
  });
  const rest = bytes.toString('utf8', end);
  const cursor = { position: start.position + end, lines: start.lines + Math.max(0, lines.length - 1) };
  return { records, damaged, ...(rest === '' ? {} : { unfinished: rest }), cursor };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Makes a new file's name durable. Directories cannot be flushed on Windows, where the file's own flush does it. */
export async function flushDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') {
    return;
  }
  const handle = await open(directory, constants.O_RDONLY);
  try {
    await flush(handle);
  } finally {
    await handle.close();
  }
}

async function flush(handle: FileHandle): Promise<void> {
  try {
    await handle.datasync();
  } catch (error) {
    // Some file systems (and devices) have nothing to flush; a failed write has been reported before this.
    if (!['EINVAL', 'ENOTSUP', 'EROFS'].includes(codeOf(error) ?? '')) {
      throw error;
    }
  }
}

function writeError(file: string, error: unknown): UserError {
  const reason: Readonly<Record<string, string>> = {
    ENOSPC: 'the disk is full. Free some space and run it again',
    EDQUOT: 'the disk quota is used up. Free some space and run it again',
    EACCES: 'permission is denied. Make the folder writable and run it again',
    EROFS: 'the file system is read-only. Make it writable and run it again',
  };
  const why = reason[codeOf(error) ?? ''] ?? `${messageOf(error)}. Run it again once that is mended`;
  return new UserError(`The timeline could not be written to ${file}: ${why}. Everything recorded before is still there.`, { cause: error });
}
