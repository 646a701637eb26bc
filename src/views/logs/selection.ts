/** What is selected where the focus is, as evidence: in the log channel, in an editor, in the terminal. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { Clock } from '../../incident/clock.ts';
import { type Selected, originOfMessages } from '../../logs/evidence.ts';
import type { ShownMessage } from '../../logs/log-entry.ts';
import { gitHubLink } from '../../logs/permalinks.ts';
import { LOG_LANGUAGE } from '../../manifest-logs.ts';
import { fileOrigin } from '../../services/git.ts';

export interface SelectionDeps {
  readonly clock: Clock;
  /** The message that a line of the channel's document (from 0) belongs to. */
  readonly messageAt: (line: number) => ShownMessage | undefined;
  /** AWS region of the log groups in the channel. */
  readonly region: () => Promise<string | undefined>;
}

/** Undefined when nothing is selected in the active editor. */
export async function selectedInEditor({ messageAt, region }: SelectionDeps): Promise<Selected | undefined> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    return undefined;
  }
  const { document, selection } = editor;
  // A selection that ends before the first character of a line has nothing of it.
  const last = selection.end.character === 0 && selection.end.line > selection.start.line ? selection.end.line - 1 : selection.end.line;
  const lines = { source: vscode.workspace.asRelativePath(document.uri), language: document.languageId, startLine: selection.start.line + 1, endLine: last + 1 };
  if (document.languageId === LOG_LANGUAGE) {
    const messages = [...new Set(Array.from({ length: last - selection.start.line + 1 }, (_, index) => messageAt(selection.start.line + index)).filter((message) => message !== undefined))];
    // Without a selection it is the message at the cursor.
    const text = selection.isEmpty ? messages[0]?.text ?? '' : document.getText(selection);
    const known = originOfMessages(messages, await region());
    return text.trim() === '' ? undefined : { ...lines, text, source: 'Incident Logs', language: 'log', origin: known?.origin ?? 'Incident Logs', at: known?.at, link: known?.link };
  }
  const text = document.getText(selection);
  return text.trim() === '' ? undefined : { ...lines, text, ...await originOfFile(document, lines) };
}

async function originOfFile({ uri, isDirty }: vscode.TextDocument, { source, startLine, endLine }: Pick<Selected, 'source' | 'startLine' | 'endLine'>): Promise<Pick<Selected, 'origin' | 'link'>> {
  const place = `${source}:${startLine}${endLine === startLine ? '' : `–${endLine}`}`;
  // In Restricted Mode no program runs in the folder.
  const found = uri.scheme === 'file' && vscode.workspace.isTrusted ? await fileOrigin(path.dirname(uri.fsPath), uri.fsPath, AbortSignal.timeout(5_000)) : undefined;
  if (found === undefined) {
    return { origin: place };
  }
  const commit = found.commit.slice(0, 7);
  if (isDirty || found.isChanged) {
    return { origin: `${place}, changed since ${commit}` };
  }
  const link = found.remote === undefined || !found.isPushed ? undefined : gitHubLink(found.remote, { commit: found.commit, path: found.path, startLine, endLine });
  return { origin: `${place} at ${commit}${found.isPushed ? '' : ', not pushed'}`, link };
}

/** Undefined when nothing is selected in the active terminal. What was on the clipboard is there again afterwards, as text. */
export async function selectedInTerminal(): Promise<Selected | undefined> {
  const terminal = vscode.window.activeTerminal;
  if (terminal === undefined) {
    return undefined;
  }
  const { clipboard } = vscode.env;
  const before = await clipboard.readText();
  let text = '';
  try {
    await clipboard.writeText('');
    await vscode.commands.executeCommand('workbench.action.terminal.copySelection');
    text = await clipboard.readText();
  } finally {
    await clipboard.writeText(before);
  }
  const folder = terminal.shellIntegration?.cwd?.fsPath;
  return text.trim() === '' ? undefined : {
    text, source: terminal.name, language: 'console', origin: `terminal ${terminal.name}${folder === undefined ? '' : ` in ${folder}`}`,
    startLine: 1, endLine: text.trimEnd().split('\n').length,
  };
}
