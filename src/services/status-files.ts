/** The status page that is kept as files in the workspace: one Markdown file for each incident, below content/issues (cState). */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, messageOf } from '../errors.ts';
import { type Calls, DeliveryError, type Parcel, type Receipt, textOf } from './courier.ts';
import { textsOf, wordOf } from './delivery-data.ts';
import { replaceFile, stampOf } from './replace-file.ts';
import { type Announced, ISSUE_SEVERITIES, type IssueUpdate, issueName, newIssue, readMarker, withUpdate } from './status-page-text.ts';

/** Where cState keeps its issues, relative to the folder of the page. */
const ISSUES = 'content/issues';
/** What is larger is no issue that somebody wrote, bytes. */
const LARGEST = 1024 * 1024;

/** Codes of errors that stay until somebody does something about them. */
const LASTING = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR'];

/** @param folder of the workspace, absolute; undefined when none is open */
export function statusFileCalls(folder: string | undefined): Calls {
  return {
    // The file says which deliveries it holds, so writing again changes nothing.
    writeStatusPage: { again: 'harmless', send: (parcel, signal) => write(folder, parcel, signal) },
  };
}

async function write(folder: string | undefined, parcel: Parcel, signal: AbortSignal): Promise<Receipt> {
  const update = updateOf(parcel);
  const issues = await issuesIn(folder);
  let file = ISSUES;
  try {
    const known = await existing(issues, parcel);
    const name = known?.name ?? await freeName(issues, issueName(update));
    file = `${ISSUES}/${name}`;
    const text = known === undefined ? await newIssue(update) : await withUpdate(known.text, update, announcedBefore(parcel));
    if (text !== known?.text) {
      await replaceFile(path.join(issues, name), text, known?.stamp, signal);
    }
    return { result: { file } };
  } catch (error) {
    throw error instanceof DeliveryError ? new DeliveryError(error.kind, `${file}: ${error.message}`, { cause: error }) : failureOf(file, error);
  }
}

function updateOf(parcel: Parcel): IssueUpdate {
  const { delivery, incident } = parcel;
  if (!/^[\w-]+$/.test(delivery.id)) {
    throw new DeliveryError('refused', 'The delivery has no proper id. Discard it and run the step again.');
  }
  return {
    incident: incident.id, delivery: delivery.id, at: delivery.at, startedAt: (incident.times.impactStarted ?? incident.times.detected).at,
    title: textOf(parcel, 'title'), state: textOf(parcel, 'state'), text: delivery.text, severity: wordOf(parcel, 'severity', ISSUE_SEVERITIES),
    affected: textsOf(parcel, 'affected'), resolved: delivery.data['resolved'] === true,
  };
}

/** What the update before this one announced. */
function announcedBefore({ delivery, incident }: Parcel): Announced {
  const before = incident.deliveries.findLast(({ id, service, call, state }) => id !== delivery.id && service === 'workspace' && call === delivery.call && state === 'done');
  if (before === undefined) {
    return {};
  }
  const severity = ISSUE_SEVERITIES.find((word) => word === before.data['severity']);
  return { ...(severity === undefined ? {} : { severity }), affected: textsOf({ delivery: before }, 'affected'), resolved: before.data['resolved'] === true };
}

/** The folder of the issues, which has to be inside the workspace whatever links lead to it. */
async function issuesIn(folder: string | undefined): Promise<string> {
  if (folder === undefined) {
    throw new DeliveryError('refused', 'No folder is open. Open the folder of the status page, then retry.');
  }
  let root: string;
  let issues: string;
  try {
    root = await realpath(folder);
    issues = await realpath(path.join(folder, ...ISSUES.split('/')));
    if (!(await stat(issues)).isDirectory()) {
      throw new DeliveryError('refused', `${ISSUES} is no folder. Make it one, then retry.`);
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') {
      throw new DeliveryError('refused', `This workspace has no folder ${ISSUES}, where a cState status page keeps its issues. Open the folder of the page, or make it with "mkdir -p ${ISSUES}", then retry; or connect Statuspage.`, { cause: error });
    }
    throw error instanceof DeliveryError ? error : failureOf(ISSUES, error);
  }
  const relative = path.relative(root, issues);
  if (relative.startsWith('..') || path.isAbsolute(relative)) {
    throw new DeliveryError('refused', `${ISSUES} leads out of the workspace, and nothing is written there. Make it a folder of its own, then retry.`);
  }
  return issues;
}

interface KnownIssue {
  readonly name: string;
  readonly text: string;
  /** Tells whether somebody saved the file meanwhile. */
  readonly stamp: string;
}

/** The incident's file: the one with its marker, or, where the marker was taken out, the one that was written before. */
async function existing(issues: string, { delivery, incident }: Parcel): Promise<KnownIssue | undefined> {
  const writtenBefore = new Set(incident.deliveries.filter(({ service, call }) => service === 'workspace' && call === delivery.call).map(({ result }) => result?.['file']));
  let named: KnownIssue | undefined;
  // Links are left out: where they lead is not ours to write to.
  const names = (await readdir(issues, { withFileTypes: true })).filter((entry) => entry.isFile() && entry.name.endsWith('.md')).map((entry) => entry.name).sort();
  for (const name of names) {
    const file = path.join(issues, name);
    if ((await stat(file)).size > LARGEST) {
      continue;
    }
    const known: KnownIssue = { name, stamp: await stampOf(file), text: await readFile(file, 'utf8') };
    const marker = readMarker(known.text);
    if (marker?.incident === incident.id) {
      return known;
    }
    if (marker === undefined && writtenBefore.has(`${ISSUES}/${name}`)) {
      named = known;
    }
  }
  return named;
}

async function freeName(issues: string, name: string): Promise<string> {
  const taken = new Set((await readdir(issues)).map((entry) => entry.toLowerCase()));
  let candidate = `${name}.md`;
  for (let number = 2; taken.has(candidate); number++) {
    candidate = `${name}-${number}.md`;
  }
  return candidate;
}

function failureOf(what: string, error: unknown): DeliveryError {
  const code = codeOf(error);
  return LASTING.includes(code ?? '')
    ? new DeliveryError('refused', `${what} cannot be written (${code}). Check its permissions, then retry.`, { cause: error })
    : new DeliveryError('not sent', `${what} could not be written (${code ?? messageOf(error)}).`, { cause: error });
}
