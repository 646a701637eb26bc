import path from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../../errors.ts';
import { t } from '../../l10n.ts';
import type { Place } from '../../logs/frame.ts';
import { COMMIT } from '../../services/git.ts';
import { type DeployedFile, deployedFileOf, deployedUri } from './deployed-files.ts';
import type { SourceFolder } from './frame-locator.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** Opens the files of stack frames, and compares what was deployed with what is in the working tree. */
export class FrameDoors implements vscode.Disposable {
  readonly #folders: () => Promise<readonly SourceFolder[]>;
  readonly #mark = vscode.window.createTextEditorDecorationType({
    isWholeLine: true, backgroundColor: new vscode.ThemeColor('editor.stackFrameHighlightBackground'), overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.errorForeground'),
  });

  #marked: vscode.TextEditor | undefined;

  constructor(folders: () => Promise<readonly SourceFolder[]>) {
    this.#folders = folders;
  }

  /** @throws UserError when the place is none of this workspace */
  async open(args: Arguments): Promise<{ readonly opened: string; readonly line: number }> {
    const { commit, line, column = 1, ...file } = await this.#checked(args);
    const uri = commit === undefined ? fileUri(file) : deployedUri({ ...file, commit });
    const document = await vscode.workspace.openTextDocument(uri);
    const position = document.validatePosition(new vscode.Position(line - 1, column - 1));
    const editor = await vscode.window.showTextDocument(document, { preview: true, selection: new vscode.Range(position, position) });
    editor.revealRange(new vscode.Range(position, position), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    this.#marked?.setDecorations(this.#mark, []);
    this.#marked = editor;
    editor.setDecorations(this.#mark, [document.lineAt(position).range]);
    return { opened: uri.toString(), line: position.line + 1 };
  }

  /**
   * Shows the deployed file against that of the working tree. Without arguments: the one in the active editor, at its line.
   *
   * @throws UserError when the file is no more
   */
  async compare(args: Arguments): Promise<{ readonly left: string; readonly right: string }> {
    const editor = vscode.window.activeTextEditor;
    const shown = args['commit'] !== undefined || editor === undefined ? undefined : deployedFileOf(editor.document.uri);
    const { folder, path: file, commit, line } = await this.#checked(shown === undefined ? args : { ...shown, line: (editor?.selection.active.line ?? 0) + 1 });
    if (commit === undefined) {
      throw new UserError(t('Open a stack frame as deployed first, then compare it.'));
    }
    const [left, right] = [deployedUri({ folder, path: file, commit }), fileUri({ folder, path: file })];
    try {
      await vscode.workspace.fs.stat(right);
    } catch (error) {
      throw new UserError(t('{0} is no longer in the working tree: it was moved or deleted after commit {1}.', file, commit.slice(0, 7)), { cause: error });
    }
    const selection = new vscode.Range(line - 1, 0, line - 1, 0);
    await vscode.commands.executeCommand('vscode.diff', left, right, t('{0}: deployed {1} ↔ working tree', path.posix.basename(file), commit.slice(0, 7)), { preview: true, selection });
    return { left: left.toString(), right: right.toString() };
  }

  dispose(): void {
    this.#mark.dispose();
  }

  /** A command's address can be written by anybody, so only places of the workspace are opened. */
  async #checked({ folder, path: file, line = 1, column, commit }: Arguments): Promise<Place> {
    const source = (await this.#folders()).find((known) => known.folder === folder);
    if (source === undefined || typeof file !== 'string' || !isInside(file) || !isCount(line) || (column !== undefined && !isCount(column))
      || (commit !== undefined && (!source.isRepository || typeof commit !== 'string' || !COMMIT.test(commit)))) {
      throw new UserError(t('This is no place in the files of this workspace.'));
    }
    return { folder: source.folder, path: file, line, ...(column === undefined ? {} : { column }), ...(typeof commit === 'string' ? { commit } : {}) };
  }
}

function isInside(file: string): boolean {
  return file !== '' && !file.includes('\\') && !file.includes('\0') && !path.posix.isAbsolute(file) && !/^[A-Za-z]:/.test(file) && !file.split('/').some((part) => part === '..' || part.toLowerCase() === '.git');
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
}

function fileUri({ folder, path: file }: Pick<DeployedFile, 'folder' | 'path'>): vscode.Uri {
  return vscode.Uri.joinPath(vscode.Uri.file(folder), ...file.split('/'));
}
