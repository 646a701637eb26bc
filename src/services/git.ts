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
const run = promisify(execFile);

/**
 * @param file absolute path
 * @returns undefined where there is no repository, no commit or no git
 */
export async function checkoutOf(folder: string, file: string, signal: AbortSignal): Promise<Checkout | undefined> {
  const git = async (...args: readonly string[]): Promise<string | undefined> => {
    try {
      // Without locks, because somebody may be at work in the same checkout.
      const { stdout } = await run('git', ['-C', folder, ...args], { timeout: TIMEOUT_MS, signal, env: { ...process.env, GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' } });
      return stdout.trim();
    } catch {
      return undefined;
    }
  };
  const [head, status, upstream] = await Promise.all([
    git('rev-parse', '--verify', 'HEAD'), git('status', '--porcelain', '--ignored', '--', file), git('rev-parse', '--abbrev-ref', '--symbolic-full-name', '@{upstream}'),
  ]);
  if (head === undefined) {
    return undefined;
  }
  const behind = upstream === undefined ? undefined : await git('rev-list', '--count', 'HEAD..@{upstream}');
  return { head, isChanged: status !== '', upstream, behind: behind === undefined ? undefined : Number(behind) };
}
