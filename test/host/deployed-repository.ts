/** The workspace as a git repository whose first commit is what runs. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { runStep } from './harness.ts';

export class DeployedRepository {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns the commit with everything as it is now */
  create(): string {
    this.git('init', '-q');
    this.git('add', '.');
    this.git('commit', '-qm', 'As deployed');
    return this.git('rev-parse', 'HEAD');
  }

  /** Tags HEAD with the version that the practice environment says it runs. */
  async tagAsRunning(incident: string): Promise<void> {
    const { evidence } = await runStep(incident, 'compareVersions');
    const [{ running = '' } = {}] = evidence?.data['answers'] as { running?: string }[];
    this.git('tag', `v${running.split(' ')[0]}`);
  }

  git(...args: readonly string[]): string {
    return execFileSync('git', ['-C', this.#folder, '-c', 'user.name=T', '-c', 'user.email=t@example.test', ...args], { encoding: 'utf8', stdio: 'pipe' }).trim();
  }

  remove(): void {
    rmSync(path.join(this.#folder, '.git'), { recursive: true, force: true });
  }
}
