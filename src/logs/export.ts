/** The events of a time as a file, written so that an export that was cut off goes on where it stood (runbook 5.1). */
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { CancelledError, UserError, codeOf, messageOf } from '../errors.ts';
import type { LogEvent } from '../services/aws/logs.ts';
import type { AwsSession } from '../services/aws/session.ts';
import { readHistory } from './history.ts';

export type ExportFormat = 'log' | 'ndjson';

export interface ExportQuery {
  /** The runbook's key of the environment. */
  readonly environment: string;
  readonly groups: readonly string[];
  /** CloudWatch filter pattern; empty for everything. */
  readonly pattern: string;
  /** Epoch ms, inclusive. */
  readonly from: number;
  /** Epoch ms, exclusive. */
  readonly to: number;
  readonly format: ExportFormat;
}

/** How far an export has come that was not finished; it lies beside what is written so far. */
export interface ExportState {
  readonly query: ExportQuery;
  /** Time of the last event written, epoch ms. */
  readonly at: number;
  /** Of the events of that very time that are written: others of it may follow. */
  readonly ids: readonly string[];
  /** Length of what is written and known to be whole. */
  readonly bytes: number;
  readonly events: number;
}

export interface ExportOptions {
  readonly aws: AwsSession;
  /** An event as it stands in the file, redacted, without a line break at its end. */
  readonly lineOf: (event: LogEvent) => string;
  readonly onProgress: (state: ExportState) => void;
}

export const partialOf = (file: string): string => `${file}.partial`;
const stateOf = (file: string): string => `${file}.partial.json`;

/** What an earlier export of this file left; undefined when there is nothing to go on with. */
export async function unfinishedExport(file: string): Promise<ExportState | undefined> {
  try {
    const state: unknown = JSON.parse(await readFile(stateOf(file), 'utf8'));
    return isState(state) && (await stat(partialOf(file))).size >= state.bytes ? state : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Writes the events of the query into the file, oldest first. What an earlier export of the same query has written is
 * kept; of another one it is replaced. However it ends before its time, it can be gone on with.
 *
 * @param file absolute path; until everything is there, it is written beside it
 * @throws UserError when the logs cannot be read or the file cannot be written, CancelledError
 */
export async function exportLogs(query: ExportQuery, file: string, options: ExportOptions, signal: AbortSignal): Promise<{ readonly file: string; readonly events: number; readonly resumed: boolean }> {
  const before = await unfinishedExport(file);
  const resumed = before !== undefined && JSON.stringify(before.query) === JSON.stringify(query);
  const begun: ExportState = resumed ? before : { query, at: query.from, ids: [], bytes: 0, events: 0 };
  try {
    const handle = await open(partialOf(file), resumed ? 'r+' : 'w');
    let end: ExportState;
    try {
      // What was written after the state was kept is written again.
      await handle.truncate(begun.bytes);
      await keep(file, begun);
      end = await writeEvents(handle, file, begun, options, signal);
    } finally {
      await handle.close();
    }
    await rename(partialOf(file), file);
    await rm(stateOf(file), { force: true });
    return { file, events: end.events, resumed };
  } catch (error) {
    if (signal.aborted) {
      throw new CancelledError();
    }
    throw codeOf(error)?.startsWith('E') === true
      ? new UserError(`${file} cannot be written (${messageOf(error)}). Make room or choose another place, then export to the same file again: it goes on where it stood.`, { cause: error })
      : error;
  }
}

async function writeEvents(handle: FileHandle, file: string, begun: ExportState, { aws, lineOf, onProgress }: ExportOptions, signal: AbortSignal): Promise<ExportState> {
  let state = begun;
  onProgress(state);
  for await (const batch of readHistory(aws, { groups: state.query.groups, pattern: state.query.pattern, from: state.at, to: state.query.to }, signal)) {
    const written = new Set(state.ids);
    const fresh = batch.filter(({ at, id }) => at > state.at || !written.has(id));
    const text = Buffer.from(fresh.map((event) => `${lineOf(event)}\n`).join(''));
    // A full disk takes a part and says so only the next time.
    for (let done = 0; done < text.length;) {
      done += (await handle.write(text, done, text.length - done, state.bytes + done)).bytesWritten;
    }
    state = after(state, fresh, text.length);
    await keep(file, state);
    onProgress(state);
    if (signal.aborted) {
      throw new CancelledError();
    }
  }
  return state;
}

function after(state: ExportState, fresh: readonly LogEvent[], bytes: number): ExportState {
  const at = fresh.reduce((latest, event) => Math.max(latest, event.at), state.at);
  const ids = fresh.filter((event) => event.at === at).map(({ id }) => id);
  return { query: state.query, at, ids: at === state.at ? [...state.ids, ...ids] : ids, bytes: state.bytes + bytes, events: state.events + fresh.length };
}

/** The whole state or the one before: a window may go at any time. */
async function keep(file: string, state: ExportState): Promise<void> {
  const next = `${stateOf(file)}.new`;
  await writeFile(next, JSON.stringify(state));
  await rename(next, stateOf(file));
}

function isState(value: unknown): value is ExportState {
  const { query, at, ids, bytes, events } = (value ?? {}) as Partial<Record<keyof ExportState, unknown>>;
  return typeof query === 'object' && query !== null && Array.isArray(ids) && [at, bytes, events].every((count) => typeof count === 'number' && count >= 0);
}
