import * as vscode from 'vscode';
import type { Frame, FrameLocator, Place } from '../../logs/frame.ts';
import { PathMapping, type SourceTree } from '../../logs/path-mapping.ts';

/** Folders left out where there is no repository that says what is source. */
const NO_SOURCE: readonly string[] = ['node_modules', '.git', '.venv', 'venv', 'site-packages', 'dist', 'build', 'target', 'bin', 'obj', 'out'];
const EXCLUDED = `**/{${NO_SOURCE.join(',')}}/**`;
/** A checkout of another branch makes and deletes many files, ms. */
const SETTLE_MS = 1_000;
/** Files of a folder without a repository. */
const MAX_FILES = 50_000;
/** Frames whose place is remembered. */
const MAX_REMEMBERED = 5_000;

/** A repository, or a workspace folder outside of any. */
export interface SourceFolder {
  readonly folder: string;
  /** Workspace folders in it, relative, with `/`. */
  readonly roots: readonly string[];
  readonly isRepository: boolean;
}

interface Index {
  /** The files as they were deployed, for the repositories that know the commit. */
  readonly deployed: PathMapping;
  readonly commits: ReadonlyMap<string, string>;
  readonly working: PathMapping;
  readonly places: Map<string, Pick<Place, 'folder' | 'path' | 'commit'> | undefined>;
}

/** Finds the files of stack frames in the workspace: as they were deployed where that is known, else as they are. */
export class WorkspaceFrameLocator implements FrameLocator, vscode.Disposable {
  readonly #isTrusted: () => boolean;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable;
  #settling: NodeJS.Timeout | undefined;
  /** What is found may be another file from now on. */
  readonly onDidChange = this.#changed.event;
  #refs: readonly string[] = [];
  #folders: Promise<readonly SourceFolder[]> | undefined;
  #index: Promise<Index> | undefined;

  /** @param isTrusted git runs in trusted workspaces only: a repository's configuration is somebody's program */
  constructor(isTrusted: () => boolean) {
    this.#isTrusted = isTrusted;
    const forget = (): void => { this.#forget(); };
    // Whoever makes them: git, a terminal, another program. What a file holds does not matter.
    const files = vscode.workspace.createFileSystemWatcher('**/*', false, true, false);
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      files, files.onDidCreate((uri) => { this.#forgetSoon(uri); }), files.onDidDelete((uri) => { this.#forgetSoon(uri); }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => { this.#folders = undefined; forget(); }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => { this.#folders = undefined; forget(); }),
      vscode.workspace.onDidChangeConfiguration((event) => { if (event.affectsConfiguration('incidentRunbook.logs.pathMappings')) { forget(); } }),
    );
  }

  async locate(frame: Frame): Promise<Place | undefined> {
    const index = await this.#indexed();
    const key = `${frame.language} ${frame.path}`;
    if (!index.places.has(key)) {
      if (index.places.size >= MAX_REMEMBERED) {
        index.places.clear();
      }
      const deployed = index.deployed.find(frame);
      const commit = deployed === undefined ? undefined : index.commits.get(deployed.folder);
      index.places.set(key, deployed !== undefined && commit !== undefined ? { ...deployed, commit } : index.working.find(frame));
    }
    const file = index.places.get(key);
    return file === undefined ? undefined : { ...file, line: frame.line, ...(frame.column === undefined ? {} : { column: frame.column }) };
  }

  /**
   * From now on files are looked for in this commit first.
   *
   * @param refs names of what runs, the surest first
   * @returns the commit, and whether a repository has one of the names; undefined without repositories or names
   */
  async deployed(refs: readonly string[]): Promise<{ readonly name: string; readonly isKnown: boolean } | undefined> {
    this.#refs = refs;
    // A repository may have been made or cloned since the last stream.
    this.#folders = undefined;
    this.#forget();
    const hasRepository = (await this.folders()).some(({ isRepository }) => isRepository);
    const [name] = refs;
    if (name === undefined || !hasRepository) {
      return undefined;
    }
    const [commit] = (await this.#indexed()).commits.values();
    return { name: commit ?? name, isKnown: commit !== undefined };
  }

  /** The repositories of the workspace, and the workspace folders without one. */
  folders(): Promise<readonly SourceFolder[]> {
    return this.#folders ??= this.#findFolders();
  }

  dispose(): void {
    clearTimeout(this.#settling);
    this.#subscriptions.dispose();
  }

  #forgetSoon(uri: vscode.Uri): void {
    if (this.#settling === undefined && !vscode.workspace.asRelativePath(uri, false).split('/').some((part) => NO_SOURCE.includes(part))) {
      this.#settling = setTimeout(() => {
        this.#settling = undefined;
        this.#forget();
      }, SETTLE_MS);
    }
  }

  #forget(): void {
    this.#index = undefined;
    this.#changed.fire();
  }

  #indexed(): Promise<Index> {
    return this.#index ??= this.#build();
  }

  async #findFolders(): Promise<readonly SourceFolder[]> {
    const [{ repositoryOf }, { realpath }, path] = await Promise.all([import('../../services/git.ts'), import('node:fs/promises'), import('node:path')]);
    const found = new Map<string, { roots: string[]; isRepository: boolean }>();
    for (const { uri } of vscode.workspace.workspaceFolders ?? []) {
      if (uri.scheme !== 'file') {
        continue;
      }
      const repository = this.#isTrusted() ? await repositoryOf(uri.fsPath, new AbortController().signal) : undefined;
      const folder = repository ?? uri.fsPath;
      const root = repository === undefined ? '' : path.relative(repository, await realpath(uri.fsPath)).split(path.sep).join('/');
      const known = found.get(folder) ?? { roots: [], isRepository: repository !== undefined };
      known.roots.push(root);
      found.set(folder, known);
    }
    return [...found].map(([folder, { roots, isRepository }]) => ({ folder, roots, isRepository }));
  }

  async #build(): Promise<Index> {
    const { signal } = new AbortController();
    const { filesOfCommit, resolveCommit } = await import('../../services/git.ts');
    const folders = await this.folders();
    const commits = new Map<string, string>();
    const deployed: SourceTree[] = [];
    for (const { folder, roots } of folders.filter(({ isRepository }) => isRepository)) {
      for (const ref of this.#refs) {
        const commit = await resolveCommit(folder, ref, signal);
        const paths = commit === undefined ? undefined : await filesOfCommit(folder, commit, signal);
        if (commit !== undefined && paths !== undefined) {
          commits.set(folder, commit);
          deployed.push({ folder, roots, paths });
          break;
        }
      }
    }
    const working = await Promise.all(folders.map(async (source) => ({ ...source, paths: await this.#filesOf(source, signal) })));
    const explicit = vscode.workspace.getConfiguration('incidentRunbook').get<Record<string, string>>('logs.pathMappings', {});
    return { deployed: new PathMapping(deployed, explicit), commits, working: new PathMapping(working, explicit), places: new Map() };
  }

  async #filesOf({ folder, isRepository }: SourceFolder, signal: AbortSignal): Promise<readonly string[]> {
    const { filesOfWorkingTree } = await import('../../services/git.ts');
    const known = isRepository ? await filesOfWorkingTree(folder, signal) : undefined;
    if (known !== undefined) {
      return known;
    }
    const base = vscode.Uri.file(folder);
    const files = await vscode.workspace.findFiles(new vscode.RelativePattern(base, '**/*'), EXCLUDED, MAX_FILES);
    return files.map(({ path }) => path.slice(base.path.length).replace(/^\//, ''));
  }
}
