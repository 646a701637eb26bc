import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import { findProgram, readProgram } from '../../../src/services/find-program.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

const refused = (pattern: RegExp) => (error: unknown): boolean => error instanceof UserError && pattern.test(error.message);

describe('the program of a command', function () {
  if (process.platform === 'win32') {
    this.pending = true;
  }
  const temporary = useTemporaryFolder();
  const workspace = (): string => {
    const folder = path.join(temporary(), 'workspace');
    mkdirSync(folder, { recursive: true });
    return folder;
  };
  const write = (file: string, mode: number, content: string | Buffer = '#!/bin/sh\n'): string => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    chmodSync(file, mode);
    return file;
  };

  it('is a file of the workspace when it has a slash', async () => {
    const file = write(path.join(workspace(), 'scripts', 'go.sh'), 0o755);
    for (const name of ['./scripts/go.sh', 'scripts/go.sh', file, './other/../scripts/go.sh']) {
      assert.equal(await findProgram(name, workspace(), ''), file, name);
    }
  });

  it('lies in the workspace, whatever links say', async () => {
    const outside = write(path.join(temporary(), 'outside.sh'), 0o755);
    write(path.join(temporary(), 'workspace-2', 'near.sh'), 0o755);
    symlinkSync(outside, path.join(workspace(), 'link.sh'));
    symlinkSync(temporary(), path.join(workspace(), 'up'));
    for (const name of ['../outside.sh', outside, './link.sh', 'up/outside.sh', '../workspace-2/near.sh', './scripts/../../outside.sh', '/bin/sh', './', './..', '../missing.sh']) {
      await assert.rejects(findProgram(name, workspace(), ''), refused(/is not in the workspace folder .*open the folder that holds it/), name);
    }
    const inside = write(path.join(workspace(), 'inside.sh'), 0o755);
    symlinkSync(inside, path.join(workspace(), 'alias.sh'));
    assert.equal(await findProgram('./alias.sh', workspace(), ''), path.join(workspace(), 'alias.sh'), 'a link to a file of the workspace is one');
    symlinkSync(workspace(), path.join(temporary(), 'linked-workspace'));
    assert.equal(await findProgram('./inside.sh', path.join(temporary(), 'linked-workspace'), ''), path.join(temporary(), 'linked-workspace', 'inside.sh'));
  });

  it('is there, is a file, and may be run', async () => {
    write(path.join(workspace(), 'go.sh'), 0o644);
    mkdirSync(path.join(workspace(), 'folder'));
    symlinkSync(path.join(workspace(), 'nowhere'), path.join(workspace(), 'broken.sh'));
    await assert.rejects(findProgram('./missing.sh', workspace(), ''), refused(/^There is no \.\/missing\.sh in .*Add the program there/));
    await assert.rejects(findProgram('./broken.sh', workspace(), ''), refused(/^There is no \.\/broken\.sh/));
    await assert.rejects(findProgram('./folder', workspace(), ''), refused(/\.\/folder is not a file/));
    await assert.rejects(findProgram('./go.sh', workspace(), ''), refused(/"chmod \+x \.\/go\.sh"/));
  });

  it('is looked up in PATH when it is a bare name, and not in the workspace', async () => {
    const [first, second] = [path.join(temporary(), 'first'), path.join(temporary(), 'second')];
    write(path.join(first, 'deploy'), 0o644);
    mkdirSync(path.join(first, 'tool'), { recursive: true });
    const [deploy, tool] = [write(path.join(second, 'deploy'), 0o755), write(path.join(second, 'tool'), 0o755)];
    write(path.join(workspace(), 'only-here'), 0o755);
    // Where a relative entry leads depends on who asks.
    const search = ['', '.', path.relative(process.cwd(), workspace()), first, second].join(path.delimiter);
    assert.equal(await findProgram('deploy', workspace(), search), deploy);
    assert.equal(await findProgram('tool', workspace(), search), tool);
    await assert.rejects(findProgram('only-here', workspace(), search), refused(/no program "only-here" in PATH/));
  });

  it('has a name', async () => {
    for (const name of ['', ' ', '\t', ' ls', 'ls ', 'l\0s']) {
      await assert.rejects(findProgram(name, workspace(), process.env['PATH'] ?? ''), refused(/names no program/), JSON.stringify(name));
    }
  });

  it('is known by what it holds', async () => {
    const file = write(path.join(workspace(), 'go.sh'), 0o755, 'abc');
    assert.deepEqual(await readProgram(file), { path: file, sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', text: 'abc' });
    assert.equal((await readProgram(write(file, 0o755, Buffer.from([127, 69, 0, 1])))).text, undefined);
    await assert.rejects(readProgram(path.join(workspace(), 'missing')), refused(/cannot be read \(ENOENT\)/));
  });
});
