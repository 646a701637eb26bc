import * as vscode from 'vscode';
import { UserError } from '../../errors.ts';
import { t } from '../../l10n.ts';
import { DEPLOYED_SCHEME } from '../../manifest-logs.ts';

/** A file of a commit. */
export interface DeployedFile {
  /** The repository, absolute. */
  readonly folder: string;
  /** Relative to it, with `/`. */
  readonly path: string;
  /** Whole name. */
  readonly commit: string;
}

/** Names the document by the file, so that its language is known, and by the commit, so that it is seen in the title. */
export function deployedUri({ folder, path, commit }: DeployedFile): vscode.Uri {
  return vscode.Uri.from({ scheme: DEPLOYED_SCHEME, path: `/${commit.slice(0, 7)}/${path}`, query: new URLSearchParams({ folder, commit }).toString() });
}

/** Undefined when it is no document of a deployed file. */
export function deployedFileOf({ scheme, path, query }: vscode.Uri): DeployedFile | undefined {
  const values = new URLSearchParams(query);
  const [folder, commit] = [values.get('folder'), values.get('commit')];
  return scheme !== DEPLOYED_SCHEME || folder === null || commit === null ? undefined : { folder, commit, path: path.split('/').slice(2).join('/') };
}

/** Serves files as they were deployed. */
export class DeployedFiles implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #isRepository: (folder: string) => Promise<boolean>;
  readonly #registration = vscode.workspace.registerTextDocumentContentProvider(DEPLOYED_SCHEME, this);

  /** @param isRepository whether a folder is a repository of the workspace: a link may come from anywhere */
  constructor(isRepository: (folder: string) => Promise<boolean>) {
    this.#isRepository = isRepository;
  }

  /** @throws UserError when there is no such file, which is shown in its place */
  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const file = deployedFileOf(uri);
    if (file === undefined || !await this.#isRepository(file.folder)) {
      throw new UserError(t('This is no file of a repository of this workspace.'));
    }
    const { fileOfCommit } = await import('../../services/git.ts');
    const text = await fileOfCommit(file.folder, file.commit, file.path, new AbortController().signal);
    if (text === undefined) {
      throw new UserError(t('Commit {0} has no file {1} that can be shown. Fetch the commit, or open the file of the working tree.', file.commit.slice(0, 7), file.path));
    }
    return text;
  }

  dispose(): void {
    this.#registration.dispose();
  }
}
