import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, realpathSync, renameSync, writeFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, it } from 'mocha';
import { framesIn } from '../../src/logs/frames.ts';
import { PathMapping } from '../../src/logs/path-mapping.ts';
import { fileOfCommit, filesOfCommit, filesOfWorkingTree, repositoryOf, resolveCommit } from '../../src/services/git.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const { signal } = new AbortController();
const BEFORE = 'export function take() {\n  throw new Error("no connection");\n}\n';
const AFTER = `// A line more.\n// And another.\n${BEFORE}`;

describe('a repository whose code has moved since it was deployed', () => {
  const folder = useTemporaryFolder();
  const git = (...args: readonly string[]): string => execFileSync('git', ['-C', folder(), '-c', 'user.name=T', '-c', 'user.email=t@example.test', ...args], { encoding: 'utf8', stdio: 'pipe' }).trim();
  let deployed = '';

  beforeEach(() => {
    git('init', '-q');
    mkdirSync(path.join(folder(), 'backend', 'src', 'db'), { recursive: true });
    writeFileSync(path.join(folder(), 'backend', 'src', 'db', 'pool.js'), BEFORE);
    writeFileSync(path.join(folder(), 'backend', 'räksmörgås 1.js'), '');
    git('add', '.');
    git('commit', '-qm', 'One');
    git('tag', '-am', 'Release', 'v2.14.1');
    deployed = git('rev-parse', 'HEAD');
    mkdirSync(path.join(folder(), 'backend', 'src', 'data'));
    renameSync(path.join(folder(), 'backend', 'src', 'db', 'pool.js'), path.join(folder(), 'backend', 'src', 'data', 'pool.js'));
    writeFileSync(path.join(folder(), 'backend', 'src', 'data', 'pool.js'), AFTER);
    git('add', '.');
    git('commit', '-qm', 'Two');
  });

  it('a frame leads to the text and line that were deployed', async () => {
    const repository = await repositoryOf(path.join(folder(), 'backend'), signal) ?? '';
    assert.equal(repository, realpathSync(folder()));
    const commit = await resolveCommit(repository, deployed.slice(0, 8), signal) ?? '';
    assert.equal(commit, deployed);
    const paths = await filesOfCommit(repository, commit, signal) ?? [];
    assert.deepEqual([...paths].sort(), ['backend/räksmörgås 1.js', 'backend/src/db/pool.js']);
    const [frame = assert.fail()] = framesIn('Error: no connection\n    at take (/app/src/db/pool.js:2:9)');
    const found = new PathMapping([{ folder: repository, roots: ['backend'], paths }]).find(frame);
    const text = await fileOfCommit(repository, commit, found?.path ?? '', signal);
    assert.equal(text, BEFORE);
    assert.match(text?.split('\n')[frame.line - 1] ?? '', /throw new Error/);
  });

  it('a version is its tag, with or without the v', async () => {
    assert.equal(await resolveCommit(folder(), '2.14.1', signal), deployed);
    assert.equal(await resolveCommit(folder(), 'v2.14.1', signal), deployed);
    assert.equal(await resolveCommit(folder(), '2.14.2', signal), undefined);
    assert.equal(await resolveCommit(folder(), '0123456789012345678901234567890123456789', signal), undefined);
  });

  it('names that are no plain refs are not given to git', async () => {
    for (const ref of ['--version', '-v', 'HEAD@{0}', ':/One', 'HEAD', 'a..b', 'v2.14.1^{tree}', '', 'v2.14.1 x', '@']) {
      assert.equal(await resolveCommit(folder(), ref, signal), undefined, ref);
    }
    assert.equal(await fileOfCommit(folder(), '--help', 'x', signal), undefined);
    assert.equal(await filesOfCommit(folder(), 'HEAD', signal), undefined);
  });

  it('the working tree is what git knows and would take', async () => {
    writeFileSync(path.join(folder(), '.gitignore'), 'ignored.js\n');
    writeFileSync(path.join(folder(), 'ignored.js'), '');
    writeFileSync(path.join(folder(), 'new.js'), '');
    assert.deepEqual([...await filesOfWorkingTree(folder(), signal) ?? []].sort(), ['.gitignore', 'backend/räksmörgås 1.js', 'backend/src/data/pool.js', 'new.js']);
  });

  it('a file that the commit has not, or that is too large, is not shown', async () => {
    assert.equal(await fileOfCommit(folder(), deployed, 'backend/src/data/pool.js', signal), undefined);
    assert.equal(await fileOfCommit(folder(), deployed, 'backend', signal), undefined);
    writeFileSync(path.join(folder(), 'large.js'), 'x'.repeat(5 * 1024 * 1024));
    git('add', '.');
    git('commit', '-qm', 'Large');
    assert.equal(await fileOfCommit(folder(), git('rev-parse', 'HEAD'), 'large.js', signal), undefined);
  });

  it('programs that the repository configures are not run', async () => {
    const mark = path.join(folder(), 'ran');
    const program = path.join(folder(), 'program.sh');
    writeFileSync(program, `#!/bin/sh\ntouch '${mark}'\n`, { mode: 0o755 });
    writeFileSync(path.join(folder(), '.gitattributes'), '*.js diff=evil filter=evil\n');
    for (const key of ['core.fsmonitor', 'core.pager', 'diff.evil.textconv', 'filter.evil.smudge', 'filter.evil.clean', 'core.sshCommand']) {
      git('config', key, program);
    }
    assert.equal(await fileOfCommit(folder(), deployed, 'backend/src/db/pool.js', signal), BEFORE);
    await filesOfCommit(folder(), deployed, signal);
    await filesOfWorkingTree(folder(), signal);
    await repositoryOf(folder(), signal);
    assert.equal(existsSync(mark), false);
  });
});

describe('a folder without a repository', () => {
  const folder = useTemporaryFolder();

  it('has none', async () => {
    assert.equal(await repositoryOf(folder(), signal), undefined);
    assert.equal(await filesOfWorkingTree(folder(), signal), undefined);
  });
});
