/** Writes the links of follow-ups into the review document (runbook 10.4). */
import path from 'node:path';
import { codeOf, messageOf } from '../errors.ts';
import { type ActionItem, readActionItems, withLink } from '../incident/action-items.ts';
import { followUpOfKey } from '../incident/follow-ups.ts';
import { isHttps } from '../incident/links.ts';
import { type Calls, DeliveryError, type Parcel, type Receipt, textOf } from './courier.ts';
import { replaceFile } from './replace-file.ts';
import { type WorkspaceFile, readWorkspaceFile } from './workspace-file.ts';

export interface ReviewLinksOptions {
  /** Of the workspace, absolute; undefined when none is open. */
  readonly folder: string | undefined;
  /** Whether an editor holds changes of the file that are not saved. @param file absolute */
  readonly isUnsaved: (file: string) => boolean;
}

export function reviewLinkCalls(options: ReviewLinksOptions): Calls {
  return {
    // A line that has a link gets no second one.
    writeActionLinks: { again: 'harmless', send: (parcel, signal) => write(options, parcel, signal) },
  };
}

async function write({ folder, isUnsaved }: ReviewLinksOptions, parcel: Parcel, signal: AbortSignal): Promise<Receipt> {
  const [file, key, name] = [textOf(parcel, 'file'), textOf(parcel, 'key'), textOf(parcel, 'folder')];
  if (folder === undefined || path.basename(folder) !== name) {
    // Every window of this machine sends what is to be sent; this one has another folder open.
    throw new DeliveryError('not sent', `It is written from a window that has the folder "${name}" open.`);
  }
  const { number, url } = issueOf(parcel, key);
  const known = await open(folder, file);
  const { items } = readActionItems(known.text);
  const item = items.find((candidate) => candidate.key === key);
  // Among the items only: the table of follow-ups in the same document names every issue.
  if (item?.url !== undefined || items.some((candidate) => candidate.url === url)) {
    return { result: { file } };
  }
  if (item === undefined) {
    return { result: { file }, note: `The action item is worded otherwise in ${file} by now, so it was left alone. Its issue is #${number}.` };
  }
  if (isUnsaved(path.join(folder, ...file.split('/'))) || isUnsaved(known.path)) {
    throw new DeliveryError('not sent', `${file} has changes that are not saved. Save it, then the link is added.`);
  }
  try {
    await replaceFile(known.path, linked(known, item, number, url), known.stamp, signal);
  } catch (error) {
    throw error instanceof DeliveryError ? error : new DeliveryError('refused', `${file} cannot be written (${codeOf(error) ?? messageOf(error)}). Check its permissions, then retry.`, { cause: error });
  }
  return { result: { file } };
}

/** What was known when it was asked for, else what came of the delivery that it follows. */
function issueOf({ delivery, incident }: Parcel, key: string): { readonly number: number; readonly url: string } {
  const { number, url } = 'url' in delivery.data ? delivery.data : followUpOfKey(incident.deliveries, key)?.result ?? {};
  if (typeof number !== 'number' || typeof url !== 'string' || !isHttps(url)) {
    throw new DeliveryError('refused', 'The issue has no link that could be written down. Confirm its delivery with the address of the issue, then retry.');
  }
  return { number, url };
}

async function open(folder: string, file: string): Promise<WorkspaceFile> {
  try {
    return await readWorkspaceFile(folder, file);
  } catch (error) {
    throw new DeliveryError('refused', `${messageOf(error)} Then retry.`, { cause: error });
  }
}

function linked({ text }: WorkspaceFile, { line }: ActionItem, number: number, url: string): string {
  return text.split('\n').map((written, place) => (place === line ? withLink(written, number, url) : written)).join('\n');
}
