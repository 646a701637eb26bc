/** What git says of a checkout, without changing anything in it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface Checkout {
  /** Commit that is checked out. */
  readonly head: string;
  /** Whether the file differs from that commit, or git does not know it. */
  readonly isChanged: boolean;
  /** The branch it follows, `origin/main`; undefined when it follows none. */
  readonly upstream: string | undefined;
  /** Commits that the upstream had and the checkout has not, when it was last fetched. */
  readonly behind: number | undefined;
}

const TIMEOUT_MS = 10_000;
/** What is larger is no source that somebody reads, bytes. */
const LARGEST_FILE = 4 * 1024 * 1024;
/** Names of the files of a large repository, bytes. */
const LARGEST_LIST = 64 * 1024 * 1024;
/** A repository's own configuration may name programs; none of them is needed to look at it. */
const NO_PROGRAMS = ['--no-pager', '--literal-pathspecs', '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'protocol.allow=never'];
const run = promisify(execFile);

/** A commit by its whole name. */
export const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** @returns what git prints; undefined where it fails, or is not there */
async function git(folder: string, args: readonly string[], signal: AbortSignal, maxBuffer = 1024 * 1024): Promise<string | undefined> {
  try {
    // Without locks, because somebody may be at work in the same checkout; without fetching what a partial clone has not.
    const env = { ...process.env, GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', GIT_NO_LAZY_FETCH: '1' };
    const { stdout } = await run('git', [...NO_PROGRAMS, '-C', folder, ...args], { timeout: TIMEOUT_MS, signal, maxBuffer, env });
    return stdout;
  } catch {
    return undefined;
  }
}

/**
 * @param file absolute path
 * @returns undefined where there is no repository, no commit or no git
 */
export async function checkoutOf(folder: string, file: string, signal: AbortSignal): Promise<Checkout | undefined> {
  const ask = async (...args: readonly string[]): Promise<string | undefined> => (await git(folder, args, signal))?.trim();
  const [head, status, upstream] = await Promise.all([
    ask('rev-parse', '--verify', 'HEAD'), ask('status', '--porcelain', '--ignored', '--', file), ask('rev-parse', '--abbrev-ref', '--symbolic-full-name', '@{upstream}'),
  ]);
  if (head === undefined) {
    return undefined;
  }
  const behind = upstream === undefined ? undefined : await ask('rev-list', '--count', 'HEAD..@{upstream}');
  return { head, isChanged: status !== '', upstream, behind: behind === undefined ? undefined : Number(behind) };
}

/** The folder of the checkout that a folder lies in, absolute, links followed; undefined where it lies in none. */
export async function repositoryOf(folder: string, signal: AbortSignal): Promise<string | undefined> {
  const root = (await git(folder, ['rev-parse', '--show-toplevel'], signal))?.replace(/\r?\n$/, '');
  return root === '' ? undefined : root;
}

/**
 * The commit that a ref from outside means: a commit, a tag, or a version whose tag begins with `v`.
 *
 * @returns undefined when the repository has none of it
 */
export async function resolveCommit(repository: string, ref: string, signal: AbortSignal): Promise<string | undefined> {
  // Only plain names: git reads much into others, such as `HEAD@{1 day ago}` or `:/text`.
  if (!/^(?!.*\.\.)[A-Za-z0-9][\w.+/-]{0,199}$/.test(ref)) {
    return undefined;
  }
  const isHash = /^[0-9a-f]{7,64}$/.test(ref);
  for (const name of isHash ? [ref] : [`refs/tags/${ref}`, `refs/tags/v${ref}`]) {
    const commit = (await git(repository, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`], signal))?.trim();
    if (commit !== undefined && COMMIT.test(commit)) {
      return commit;
    }
  }
  return undefined;
}

/** The files of a commit, relative to the repository; undefined when it cannot be listed. */
export async function filesOfCommit(repository: string, commit: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
  return COMMIT.test(commit) ? listed(await git(repository, ['ls-tree', '-r', '-z', '--name-only', '--full-tree', '--end-of-options', commit], signal, LARGEST_LIST)) : undefined;
}

/** The files of the working tree that git knows or would take, relative to the repository; undefined when it cannot be listed. */
export async function filesOfWorkingTree(repository: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
  return listed(await git(repository, ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], signal, LARGEST_LIST));
}

function listed(output: string | undefined): readonly string[] | undefined {
  return output?.split('\0').filter((path) => path !== '');
}

/**
 * A file as it was in a commit.
 *
 * @param path relative to the repository, with `/`
 * @returns undefined when the commit has no such file, or it is larger than 4 MB
 */
export async function fileOfCommit(repository: string, commit: string, path: string, signal: AbortSignal): Promise<string | undefined> {
  return COMMIT.test(commit) ? git(repository, ['cat-file', 'blob', `${commit}:${path}`], signal, LARGEST_FILE) : undefined;
}

/** Where the text of a file comes from. */
export interface FileOrigin {
  readonly commit: string;
  /** Relative to the repository, with `/`. */
  readonly path: string;
  /** Address of `origin`; undefined where there is none. */
  readonly remote: string | undefined;
  /** Whether the file differs from the commit. */
  readonly isChanged: boolean;
  /** Whether a branch of a remote has the commit, as far as it was fetched. */
  readonly isPushed: boolean;
}

/**
 * @param folder that the file lies in; @param file its absolute path
 * @returns undefined where there is no repository, no commit or no git
 */
export async function fileOrigin(folder: string, file: string, signal: AbortSignal): Promise<FileOrigin | undefined> {
  const ask = async (...args: readonly string[]): Promise<string | undefined> => (await git(folder, args, signal))?.trim();
  const [checkout, path, remote, branches] = await Promise.all([
    checkoutOf(folder, file, signal), ask('ls-files', '--full-name', '--', file), ask('remote', 'get-url', 'origin'), ask('branch', '--remotes', '--contains', 'HEAD'),
  ]);
  return checkout === undefined || path === undefined || path === ''
    ? undefined
    : { commit: checkout.head, path, remote: remote === '' ? undefined : remote, isChanged: checkout.isChanged, isPushed: branches !== undefined && branches !== '' };
}
