/** Settings of VS Code. */
import { userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';
import { UserError } from './errors.ts';

/** Prefix of every setting. */
export const SECTION = 'incidentRunbook';

/** Path of the team's own runbook, absolute; undefined for the bundled one. */
export function runbookFile(): string | undefined {
  const file = setting('file');
  if (file === undefined || isAbsolute(file)) {
    return file;
  }
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined) {
    throw new UserError(`The setting incidentRunbook.file holds the relative path "${file}", but no folder is open. Use an absolute path, or open the folder.`, {
      action: { title: 'Open setting', command: 'workbench.action.openSettings', args: ['incidentRunbook.file'] },
    });
  }
  return join(folder.uri.fsPath, file);
}

/** The name on the timeline. */
export function responder(): string {
  return setting('responder') ?? userInfo().username;
}

/** Undefined when it is empty. */
export function setting(name: string): string | undefined {
  return vscode.workspace.getConfiguration(SECTION).get<string>(name)?.trim() || undefined;
}
