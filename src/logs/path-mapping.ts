/** Which file of the workspace a stack frame means, from the paths alone. */
import type { FrameLanguage } from './frame.ts';

/** Files among which a frame's is looked for. */
export interface SourceTree {
  /** Repository or workspace folder, absolute. */
  readonly folder: string;
  /** Workspace folders in it, relative; empty for the folder itself. */
  readonly roots: readonly string[];
  /** Relative to the folder, with `/`. */
  readonly paths: readonly string[];
}

export interface SourceFile {
  readonly folder: string;
  /** Relative to the folder, with `/`. */
  readonly path: string;
}

/** Code of others: whatever the workspace holds, its frames are not opened in it. */
const DEPENDENCIES = /(?:^|\/)(?:node_modules|site-packages|dist-packages|pkg\/mod|python\d(?:\.\d+)?)\/|^\/usr\/lib\/|^\/usr\/local\/go\/|^node:/i;
const JAVA_RUNTIME = /^(?:java|javax|jdk|sun|com\/sun|kotlin|kotlinx|scala)\//;
/** Of the standard library, below a toolchain or as `-trimpath` prints it, and modules with their version. */
const GO_FOREIGN = /(?:^|\/go\/(?:[\d.]+\/[^/]+\/)?src\/)(?:bufio|bytes|compress|context|crypto|database|debug|encoding|errors|fmt|go|hash|html|image|io|iter|log|math|mime|net|os|path|reflect|regexp|runtime|slices|sort|strconv|strings|sync|syscall|testing|text|time|unicode)\/|@v\d/;
const DOTNET_RUNTIME = /(?:^|\/)(?:System|Microsoft)(?:\.[^/]*)?\//;
/** Where build tools keep sources of the default package. */
const SOURCE_ROOT = /(?:^|\/)src(?:\/[\w-]+\/(?:java|kotlin|scala|groovy))?\/$/;

interface Candidate extends SourceFile {
  readonly tree: SourceTree;
  /** Parts that the ends of both paths have in common. */
  readonly shared: number;
  /** Everything below a workspace folder is part of the frame's path. */
  readonly isWhole: boolean;
}

/** Knows the files, and learns from the frames that leave no doubt where the others lie. */
export class PathMapping {
  readonly #explicit: readonly (readonly [prefix: string, folder: string])[];
  readonly #trees: readonly SourceTree[];
  readonly #byName = new Map<string, { readonly tree: SourceTree; readonly path: string }[]>();
  readonly #files = new Map<SourceTree, ReadonlySet<string>>();
  /** Prefix of frames → folders that were found to lie there. */
  readonly #learned = new Map<string, Map<string, { readonly tree: SourceTree; readonly folder: string }>>();

  /** @param explicit prefix of frames → folder relative to a workspace folder */
  constructor(trees: readonly SourceTree[], explicit: Readonly<Record<string, string>> = {}) {
    this.#trees = trees;
    this.#explicit = Object.entries(explicit)
      .map(([prefix, folder]) => [trimmed(normal(prefix)), trimmed(normal(folder)).replace(/^(?:\.\/|\.$)/, '')] as const)
      .sort(([one], [other]) => other.length - one.length);
    for (const tree of trees) {
      this.#files.set(tree, new Set(tree.paths));
      for (const path of tree.paths) {
        const name = nameOf(path);
        const same = this.#byName.get(name);
        if (same === undefined) {
          this.#byName.set(name, [{ tree, path }]);
        } else {
          same.push({ tree, path });
        }
      }
    }
  }

  /** @returns undefined when no file, or more than one, may be meant */
  find({ language, path: given }: { readonly language: FrameLanguage; readonly path: string }): SourceFile | undefined {
    const path = normal(given);
    if (path.split('/').includes('..')) {
      return undefined;
    }
    const explicit = this.#explicit.find(([prefix]) => isUnder(path, prefix));
    if (explicit !== undefined) {
      return this.#mapped(explicit[1], path.slice(explicit[0].length).replace(/^\//, ''));
    }
    if (isForeign(language, path)) {
      return undefined;
    }
    return language === 'java' ? this.#findClass(path) : this.#findBySuffix(path);
  }

  #mapped(folder: string, rest: string): SourceFile | undefined {
    return only(this.#trees.flatMap((tree) => tree.roots.map((root) => ({ folder: tree.folder, tree, path: joined(root, folder, rest) })))
      .filter(({ tree, path }) => this.#files.get(tree)?.has(path) === true));
  }

  /** The package's folders are part of the path, and a class belongs to one place of them. */
  #findClass(path: string): SourceFile | undefined {
    return only((this.#byName.get(nameOf(path)) ?? [])
      .filter(({ tree, path: file }) => path.includes('/')
        ? file === path || file.endsWith(`/${path}`)
        : tree.roots.includes(trimmed(file.slice(0, -path.length))) || SOURCE_ROOT.test(file.slice(0, -path.length)))
      .map(({ tree, path: file }) => ({ folder: tree.folder, path: file })));
  }

  #findBySuffix(path: string): SourceFile | undefined {
    const candidates = this.#candidates(path);
    const longest = Math.max(...candidates.map(({ shared }) => shared));
    // A container keeps its files in some folder: an end that leaves none may have met that folder's name by chance.
    const isAll = longest >= path.replace(/^(?:[A-Za-z]:)?\//, '').split('/').length;
    const [best, ...others] = candidates.filter(({ shared, isWhole }) => shared === longest || (isAll && isWhole));
    if (best !== undefined && others.length === 0) {
      this.#learn(path, best);
      return { folder: best.folder, path: best.path };
    }
    return this.#findLearned(path);
  }

  #candidates(path: string): Candidate[] {
    const sameCase = (text: string): string => isWindows(path) ? text.toLowerCase() : text;
    const wanted = sameCase(path).split('/');
    return (this.#byName.get(nameOf(path)) ?? []).flatMap(({ tree, path: file }) => {
      const parts = sameCase(file).split('/');
      let shared = 0;
      while (shared < parts.length && shared < wanted.length && parts.at(-1 - shared) === wanted.at(-1 - shared)) {
        shared += 1;
      }
      const isWhole = tree.roots.some((root) => isUnder(file, root) && shared >= parts.length - partsOf(root).length);
      return shared >= 2 || (shared === 1 && isWhole) ? [{ folder: tree.folder, path: file, tree, shared, isWhole }] : [];
    });
  }

  #learn(path: string, { tree, path: file, shared }: Candidate): void {
    const prefix = path.split('/').slice(0, -shared).join('/');
    // A name alone says little of where its folder lies.
    if (shared < 2 || prefix === '') {
      return;
    }
    const folder = file.split('/').slice(0, -shared).join('/');
    const known = this.#learned.get(prefix) ?? new Map<string, { tree: SourceTree; folder: string }>();
    this.#learned.set(prefix, known.set(`${tree.folder}\0${folder}`, { tree, folder }));
  }

  #findLearned(path: string): SourceFile | undefined {
    const [prefix, places] = [...this.#learned].filter(([known]) => isUnder(path, known)).sort(([one], [other]) => other.length - one.length)[0] ?? ['', new Map<string, never>()];
    return only([...places.values()]
      .map(({ tree, folder }) => ({ folder: tree.folder, tree, path: joined(folder, path.slice(prefix.length + 1)) }))
      .filter(({ tree, path: file }) => this.#files.get(tree)?.has(file) === true));
  }
}

function isForeign(language: FrameLanguage, path: string): boolean {
  return DEPENDENCIES.test(path) || (language === 'go' && GO_FOREIGN.test(path)) || (language === 'java' && JAVA_RUNTIME.test(path)) || (language === 'dotnet' && DOTNET_RUNTIME.test(path));
}

function only(files: readonly SourceFile[]): SourceFile | undefined {
  const [{ folder, path } = { folder: '', path: '' }, ...others] = files;
  return files.length === 1 && others.length === 0 ? { folder, path } : undefined;
}

function normal(path: string): string {
  return path.replace(/\\+/g, '/').replace(/\/(?:\.?\/)+/g, '/').replace(/^\.\//, '');
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, '');
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('/');
}

function partsOf(path: string): string[] {
  return path === '' ? [] : path.split('/');
}

/** Also the path itself, and everything under the empty one. */
function isUnder(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}

/** Files are looked up without regard to case; whether it matters is decided by the rest of the path. */
function nameOf(path: string): string {
  return (path.split('/').at(-1) ?? '').toLowerCase();
}

function isWindows(path: string): boolean {
  return /^[A-Za-z]:\//.test(path);
}
