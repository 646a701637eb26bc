/** The processes of this machine, as `ps` lists them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Running {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Every process that is not a zombie waiting for its parent. */
export async function processes(): Promise<Running[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,stat=,args=']);
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, state = '', command = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || state.startsWith('Z') ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** Children of a process, their children, and so on; without the `ps` that looks. */
export async function descendants(root: number): Promise<Running[]> {
  const all = await processes();
  const found: Running[] = [];
  for (let level = [root]; level.length > 0;) {
    const next = all.filter((one) => level.includes(one.parent) && !one.command.startsWith('ps -A'));
    found.push(...next);
    level = next.map((one) => one.pid);
  }
  return found;
}
