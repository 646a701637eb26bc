/** The review document of an incident as a file of the workspace (runbook 10.3). */
import { mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { UserError, codeOf, messageOf } from '../errors.ts';
import { incidentOf, mergeReview, newerBlocks } from '../incident/review/merge.ts';
import { reviewParts } from '../incident/review/draft.ts';
import { isInside, reviewFileOf } from '../incident/review/path.ts';
import { GAP_MINUTES } from '../incident/review/review-runbook.ts';
import { type Calls, DeliveryError, type Parcel, type Receipt, textOf } from './courier.ts';
import { textsOf } from './delivery-data.ts';
import { replaceFile } from './replace-file.ts';
import { type WorkspaceFile, readWorkspaceFile } from './workspace-file.ts';

export interface ReviewFileOptions {
  /** Of the workspace, absolute; undefined when none is open. */
  readonly folder: string | undefined;
  /** Whether an editor holds changes to the file that are not saved. @param file absolute */
  readonly isUnsaved: (file: string) => boolean;
}

export function reviewFileCalls(options: ReviewFileOptions): Calls {
  return {
    // Written anew from the timeline each time, and what people wrote is kept each time.
    writeReview: { again: 'harmless', send: (parcel, signal) => write(options, parcel, signal) },
  };
}

async function write({ folder, isUnsaved }: ReviewFileOptions, parcel: Parcel, signal: AbortSignal): Promise<Receipt> {
  const { incident, runbook, delivery } = parcel;
  const wanted = textOf(parcel, 'file');
  const root = await rootOf(folder, textOf(parcel, 'folder'));
  const gapMinutes = delivery.data['gapMinutes'];
  const parts = reviewParts(incident, runbook, { gapMinutes: typeof gapMinutes === 'number' ? gapMinutes : GAP_MINUTES });
  try {
    const { file, target, known } = await placeFor(root, wanted, incident.id, reviewFileOf(incident));
    if ([target, path.join(root.given, file)].some(isUnsaved)) {
      throw new DeliveryError('refused', `The review in ${file} has changes in an editor that are not saved, so it was not written. Save it first, then run the step again.`);
    }
    const { text, kept } = mergeReview(known?.text ?? '', incident.id, parts, textsOf(parcel, 'replace'));
    if (text !== known?.text) {
      await replaceFile(target, text, known?.stamp, signal);
    }
    const newer = kept.filter((block) => block.newer).map(({ id }) => id);
    return {
      result: { file, kept: kept.map(({ id }) => id), newer: newerBlocks(text).map(({ id }) => id) },
      ...(newer.length === 0 ? {} : { note: `Kept as somebody wrote it, although the timeline says something newer: ${newer.join(', ')}.` }),
    };
  } catch (error) {
    throw error instanceof DeliveryError ? error : failureOf(wanted, error);
  }
}

interface Root {
  /** As VS Code names it. */
  readonly given: string;
  /** With its links resolved. */
  readonly real: string;
}

async function rootOf(folder: string | undefined, name: string): Promise<Root> {
  if (folder === undefined) {
    throw new DeliveryError('refused', 'No folder is open. Open the folder that the review belongs in, then retry.');
  }
  if (path.basename(folder) !== name) {
    // Every window of this machine sends what is to be sent; this one has another folder open.
    throw new DeliveryError('not sent', `It is written from a window that has the folder "${name}" open.`);
  }
  return { given: folder, real: await realpath(folder) };
}

interface Place {
  /** Relative to the folder, with slashes. */
  readonly file: string;
  /** Absolute, links resolved. */
  readonly target: string;
  /** What is there already. */
  readonly known?: WorkspaceFile;
}

/** The wanted file, or one beside it where another incident's review has that name. @throws DeliveryError for a file that is no review of ours */
async function placeFor(root: Root, wanted: string, incident: string, writtenBefore: string | undefined): Promise<Place> {
  const beside = wanted.replace(/(\.md)$/i, `-${incident.slice(-4).toLowerCase()}$1`);
  for (const file of [wanted, beside]) {
    const { target, exists } = await targetOf(root, file);
    const known = exists ? await readWorkspaceFile(root.given, file) : undefined;
    const owner = known === undefined ? undefined : incidentOf(known.text);
    if (known === undefined || owner === incident || known.text.trim() === '' || (owner === undefined && file === writtenBefore)) {
      return { file, target, ...(known === undefined ? {} : { known }) };
    }
    if (owner === undefined) {
      throw new DeliveryError('refused', `The file ${file} is there already and is no review that was drafted from a timeline, so it was not touched. Rename it, or change the setting incidentRunbook.review.path, then run the step again.`);
    }
  }
  throw new DeliveryError('refused', `Both ${wanted} and ${beside} hold the reviews of other incidents. Change the setting incidentRunbook.review.path, then run the step again.`);
}

/** The real path of a file below the folder, whose directories are made where they are missing. */
async function targetOf({ real }: Root, file: string): Promise<{ readonly target: string; readonly exists: boolean }> {
  if (!isInside(file)) {
    throw new DeliveryError('refused', `The path "${file}" is no Markdown file inside the workspace folder. Change the setting incidentRunbook.review.path, then run the step again.`);
  }
  const parts = file.split('/');
  const name = parts.pop() ?? '';
  let directory = real;
  // One after the other: a directory that leads out of the folder must not be reached even to make another one in it.
  for (const part of parts) {
    const next = path.join(directory, part);
    await mkdir(next).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') {
        throw error;
      }
    });
    directory = insideOf(real, await realpath(next), file);
  }
  const target = path.join(directory, name);
  try {
    return { target: insideOf(real, await realpath(target), file), exists: true };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return { target, exists: false };
    }
    throw error;
  }
}

function insideOf(root: string, resolved: string, file: string): string {
  const relative = path.relative(root, resolved);
  if (relative.startsWith('..') || path.isAbsolute(relative)) {
    throw new DeliveryError('refused', `The path ${file} leads out of the workspace folder, and nothing is written there. Change the setting incidentRunbook.review.path, then run the step again.`);
  }
  return resolved;
}

/** Codes of errors that stay until somebody does something about them. */
const LASTING = ['EACCES', 'EPERM', 'EROFS', 'ELOOP'];

function failureOf(file: string, error: unknown): DeliveryError {
  if (error instanceof UserError) {
    return new DeliveryError('refused', error.message, { cause: error });
  }
  const code = codeOf(error);
  if (code === 'ENOTDIR' || code === 'EISDIR') {
    return new DeliveryError('refused', `The review cannot be written to ${file}: a file stands where a folder is needed, or the other way round. Rename it, or change the setting incidentRunbook.review.path, then run the step again.`, { cause: error });
  }
  return LASTING.includes(code ?? '')
    ? new DeliveryError('refused', `The review cannot be written to ${file} (${code}). Check its permissions, then run the step again.`, { cause: error })
    : new DeliveryError('not sent', `The review could not be written to ${file} (${code ?? messageOf(error)}).`, { cause: error });
}
