/** Opens review documents (runbook 10.3). */
import * as vscode from 'vscode';
import { UserError } from '../errors.ts';
import type { Incident } from '../incident/fold.ts';
import { reviewFileOf } from '../incident/review/path.ts';
import { t } from '../l10n.ts';

/**
 * Shows the review of an incident in an editor.
 *
 * @returns its path, relative to the workspace folder, with slashes
 * @throws UserError when there is none, or not in the folder that is open
 */
export async function openReview(incident: Incident): Promise<string> {
  const file = reviewFileOf(incident);
  const write = { title: t('Create review'), command: 'incidentRunbook.step.createReview', args: [{ kind: 'step', key: `${incident.id}/step/createReview`, incident: incident.id, step: 'createReview' }] };
  if (file === undefined) {
    throw new UserError(t('{0} has no review document yet. Create it first.', incident.id), { action: write });
  }
  const uri = uriOf(file);
  if (uri === undefined || !await exists(uri)) {
    throw new UserError(t('{0} is not in the folder that is open. Open the folder that holds it, or create it here.', file), { action: write });
  }
  await vscode.window.showTextDocument(uri, { preview: false });
  return file;
}

function uriOf(file: string): vscode.Uri | undefined {
  const folder = vscode.workspace.workspaceFolders?.[0];
  return folder === undefined ? undefined : vscode.Uri.joinPath(folder.uri, ...file.split('/'));
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(() => true, () => false);
}
