/** The first minutes: an incident to practise on, and the runbook of one's own team. */
import { constants } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import * as vscode from 'vscode';
import type { Api } from '../api/api.ts';
import { SECTION, runbookFile } from '../configuration.ts';
import { UserError, codeOf, messageOf } from '../errors.ts';
import { t } from '../l10n.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RunbookSource } from '../runbook/source.ts';
import { Inputs } from '../steps/inputs.ts';
import type { IncidentsView } from '../views/incidents-view.ts';
import type { WalkthroughProgress } from '../views/walkthrough-progress.ts';

/** Recorded as it stands: a timeline is read by people of several languages. */
const PRACTICE_TITLE = 'Practice: portals answer 503';
/** What a copy of the bundled runbook is called, in the first workspace folder. */
const COPY = 'incident.runbook.yaml';
/** So many files of the workspace are offered at most. */
const MOST_FILES = 20;

export interface StartingDeps {
  readonly api: Pick<Api, 'declare'>;
  readonly ledger: Pick<Ledger, 'list'>;
  readonly runbook: RunbookSource;
  readonly view: Pick<IncidentsView, 'reveal'>;
  readonly progress: WalkthroughProgress;
  readonly extensionUri: vscode.Uri;
  /** Asks a person for the severity. */
  readonly assess: (incident: string) => Promise<unknown>;
}

type Arguments = Readonly<Record<string, unknown>>;

export interface RunbookInForce {
  readonly name: string;
  readonly version: string;
  /** Absolute path; unset for the bundled one. */
  readonly file?: string;
}

export function createStartingFlow({ api, ledger, runbook, view, progress, extensionUri, assess }: StartingDeps) {
  const bundled = vscode.Uri.joinPath(extensionUri, 'media', 'healthflow.runbook.yaml');

  /** `{}` → `{ incident }`: the drill that is open already, or a new one. */
  async function practise(): Promise<{ incident: string }> {
    const open = (await ledger.list('open')).find(({ drill }) => drill);
    return open === undefined ? api.declare({ title: PRACTICE_TITLE, drill: true }) : { incident: open.id };
  }

  async function startPractice(): Promise<void> {
    const { incident } = await practise();
    await view.reveal(incident);
    const button = t('Assess severity');
    void vscode.window.showInformationMessage(t('{0} is a drill: marked as such everywhere, and left out of the metrics. Assess its severity first.', incident), button)
      .then((chosen) => (chosen === button ? assess(incident) : undefined));
  }

  /** `{ file }` → `{ name, version, file? }`: the runbook that is in force then; an empty path keeps the bundled one. */
  async function useRunbook(args: Arguments): Promise<RunbookInForce> {
    const file = new Inputs('incidentRunbook.chooseRunbook', args).anyText('file').trim();
    assertTrusted();
    await set(file);
    if (file === '') {
      await progress.keepBundled();
    }
    const { name, version } = await runbook.get();
    const own = runbookFile();
    return { name, version, ...(own === undefined ? {} : { file: own }) };
  }

  async function chooseRunbook(): Promise<void> {
    assertTrusted();
    const chosen = await askRunbook();
    if (chosen === undefined) {
      return;
    }
    const file = chosen === 'copy' ? await copyBundled(bundled) : chosen === 'other' ? await askFile() : chosen.file;
    if (file === undefined) {
      return;
    }
    await show(file === '' ? bundled : vscode.Uri.file(absolute(file)));
    const { name, version } = await useRunbook({ file });
    vscode.window.setStatusBarMessage(t('$(check) The runbook {0} {1} is in force', name, version), 5_000);
  }

  async function openRunbook(): Promise<void> {
    const file = runbookFile();
    await show(file === undefined ? bundled : vscode.Uri.file(file));
  }

  return { practise, startPractice, useRunbook, chooseRunbook, openRunbook };
}

/** @returns `file` is '' for the bundled one */
async function askRunbook(): Promise<{ readonly file: string } | 'copy' | 'other' | undefined> {
  const found = (await vscode.workspace.findFiles('**/*.runbook.{yaml,yml}', '**/node_modules/**', MOST_FILES)).map(({ fsPath }) => shorten(fsPath));
  const choices = [
    ...found.map((file) => ({ label: `$(file) ${file}`, description: t('in this workspace'), value: { file } })),
    ...(firstFolder() === undefined || found.includes(COPY) ? [] : [{ label: `$(new-file) ${t('Start with a copy of the bundled runbook')}`, description: COPY, value: 'copy' as const }]),
    { label: `$(folder-opened) ${t('Another file…')}`, value: 'other' as const },
    { label: `$(check) ${t('Keep the bundled runbook for now')}`, description: t('and look at it'), value: { file: '' } },
  ];
  // A walkthrough takes the focus back once a button of it was pressed by keyboard.
  const options = { title: t('Choose Runbook'), placeHolder: t('Which runbook do incidents follow in this workspace?'), ignoreFocusOut: true };
  const chosen = await vscode.window.showQuickPick(choices, options);
  return chosen?.value;
}

async function askFile(): Promise<string | undefined> {
  const [chosen] = await vscode.window.showOpenDialog({ title: t('Choose Runbook'), openLabel: t('Use this runbook'), filters: { YAML: ['yaml', 'yml'] } }) ?? [];
  return chosen === undefined ? undefined : shorten(chosen.fsPath);
}

/** @throws UserError when it cannot be written, or a file of that name is there */
async function copyBundled({ fsPath }: vscode.Uri): Promise<string> {
  try {
    await copyFile(fsPath, absolute(COPY), constants.COPYFILE_EXCL);
  } catch (error) {
    throw new UserError(codeOf(error) === 'EEXIST' ? t('{0} is there already. Choose it, or rename it first.', COPY) : t('{0} could not be written: {1}. Make room for it, or choose another file.', COPY, messageOf(error)), { cause: error });
  }
  return COPY;
}

async function show(uri: vscode.Uri): Promise<void> {
  try {
    await vscode.window.showTextDocument(uri, { preview: true });
  } catch (error) {
    throw new UserError(t('The runbook {0} could not be opened. Choose another one, or correct the setting incidentRunbook.file.', uri.fsPath), {
      cause: error, action: { title: t('Choose runbook'), command: 'incidentRunbook.chooseRunbook' },
    });
  }
}

/** An empty path holds against that of the user's settings, too. */
async function set(file: string): Promise<void> {
  if (file !== '' || runbookFile() !== undefined) {
    await vscode.workspace.getConfiguration(SECTION).update('file', file, firstFolder() === undefined ? vscode.ConfigurationTarget.Global : vscode.ConfigurationTarget.Workspace);
  }
}

function assertTrusted(): void {
  if (!vscode.workspace.isTrusted) {
    throw new UserError(t('This workspace is in Restricted Mode, where its runbook is not used. Trust it to choose one.'), { action: { title: t('Manage Workspace Trust'), command: 'workbench.trust.manage' } });
  }
}

function firstFolder(): string | undefined {
  return vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
}

function absolute(file: string): string {
  return isAbsolute(file) ? file : join(firstFolder() ?? '', file);
}

/** Relative to the first workspace folder where it lies in there, so that it holds on every machine. */
function shorten(file: string): string {
  const folder = firstFolder();
  const inside = folder === undefined ? file : relative(folder, file);
  return inside.startsWith('..') ? file : inside;
}
