import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { FrameLanguage } from '../../../src/logs/frame.ts';
import { PathMapping, type SourceTree } from '../../../src/logs/path-mapping.ts';

const tree = (...paths: readonly string[]): SourceTree => ({ folder: '/work', roots: [''], paths });

function find(mapping: PathMapping, path: string, language: FrameLanguage = 'node'): string | undefined {
  return mapping.find({ language, path })?.path;
}

describe('the file that a frame means', () => {
  it('is the one with the longest end in common', () => {
    const mapping = new PathMapping([tree('backend/src/db/pool.js', 'worker/src/jobs/pool.js', 'pool.js')]);
    assert.equal(find(mapping, '/srv/backend/src/db/pool.js'), 'backend/src/db/pool.js');
    assert.equal(find(mapping, '/app/src/jobs/pool.js'), 'worker/src/jobs/pool.js');
  });

  it('is none where several may be meant', () => {
    assert.equal(find(new PathMapping([tree('a/src/x.js', 'b/src/x.js')]), '/app/src/x.js'), undefined);
    assert.equal(find(new PathMapping([tree('src/x.js'), { ...tree('src/x.js'), folder: '/other' }]), '/app/src/x.js'), undefined);
  });

  it('a whole path against a longer end of another one leaves a doubt', () => {
    assert.equal(find(new PathMapping([tree('server.js', 'web/app/server.js')]), '/app/server.js'), undefined);
  });

  it('a name alone counts only for what lies at the top of a workspace folder', () => {
    assert.equal(find(new PathMapping([tree('server.js', 'lib/server.js')]), '/app/server.js'), 'server.js');
    assert.equal(find(new PathMapping([tree('lib/index.js')]), '/opt/other/index.js'), undefined);
    assert.equal(find(new PathMapping([{ folder: '/work', roots: ['backend'], paths: ['backend/server.js', 'web/server.js'] }]), '/app/server.js'), 'backend/server.js');
  });

  it('learns from what is clear where the rest lies', () => {
    const mapping = new PathMapping([tree('backend/src/db/pool.js', 'backend/src/index.js', 'web/src/index.js', 'backend/server.js', 'web/server.js')]);
    assert.equal(find(mapping, '/app/src/index.js'), undefined);
    assert.equal(find(mapping, '/app/server.js'), undefined);
    assert.equal(find(mapping, '/app/src/db/pool.js'), 'backend/src/db/pool.js');
    assert.equal(find(mapping, '/app/src/index.js'), 'backend/src/index.js');
    assert.equal(find(mapping, '/app/server.js'), 'backend/server.js');
    assert.equal(find(mapping, '/application/server.js'), undefined);
  });

  it('of two folders that lie under the same prefix, the one that has the file is meant', () => {
    const mapping = new PathMapping([tree('backend/src/db/pool.js', 'shared/lib/log.js', 'shared/util/a.js', 'web/util/a.js', 'x/lib/b.js', 'y/lib/b.js')]);
    find(mapping, '/app/src/db/pool.js');
    find(mapping, '/app/lib/log.js');
    assert.equal(find(mapping, '/app/util/a.js'), 'shared/util/a.js');
    assert.equal(find(mapping, '/app/lib/b.js'), undefined);
  });

  it('is never in code of others', () => {
    const mapping = new PathMapping([tree('index.js', 'pg-pool/index.js', 'asyncio/base.py', 'flask/app.py', 'http/server.go', 'gin/gin.go', 'java/lang/Thread.java', 'System/Thing.cs', 'internal/process/task.js')]);
    const foreign: readonly (readonly [FrameLanguage, string])[] = [
      ['node', '/app/node_modules/pg-pool/index.js'], ['node', 'node:internal/process/task.js'],
      ['python', '/usr/lib/python3/asyncio/base.py'], ['python', '/usr/local/lib/python3.12/asyncio/base.py'], ['python', '/app/.venv/lib/python3.12/site-packages/flask/app.py'], ['python', '/usr/lib/python3/dist-packages/flask/app.py'],
      ['go', '/usr/local/go/src/net/http/server.go'], ['go', '/go/pkg/mod/github.com/gin-gonic/gin/gin.go'],
      ['java', 'java/lang/Thread.java'], ['dotnet', '/_/src/libraries/System.Private.CoreLib/System/Thing.cs'],
    ];
    for (const [language, path] of foreign) {
      assert.equal(find(mapping, path, language), undefined, path);
    }
  });

  it('of Java lies in the folders of its package, all of them', () => {
    const mapping = new PathMapping([tree('svc/src/main/java/com/acme/Pool.java', 'svc/src/main/java/org/acme/Other.java', 'src/main/java/Main.java', 'docs/Note.java')]);
    assert.equal(find(mapping, 'com/acme/Pool.java', 'java'), 'svc/src/main/java/com/acme/Pool.java');
    assert.equal(find(mapping, 'com/acme/Other.java', 'java'), undefined);
    assert.equal(find(mapping, 'Main.java', 'java'), 'src/main/java/Main.java');
    assert.equal(find(mapping, 'Note.java', 'java'), undefined);
    assert.equal(find(new PathMapping([tree('a/com/acme/Pool.java', 'b/com/acme/Pool.java')]), 'com/acme/Pool.java', 'java'), undefined);
  });

  it('is where the setting says, whatever else would fit', () => {
    const mapping = new PathMapping([tree('backend/src/x.js', 'web/src/x.js', 'src/y.js')], { '/app': 'web', '/app/special/': './backend', 'C:\\svc': '.' });
    assert.equal(find(mapping, '/app/src/x.js'), 'web/src/x.js');
    assert.equal(find(mapping, '/app/special/src/x.js'), 'backend/src/x.js');
    assert.equal(find(mapping, 'C:/svc/src/y.js'), 'src/y.js');
    assert.equal(find(mapping, '/app/src/y.js'), undefined, 'it says web, and there is none');
  });

  it('Windows writes names in any case, others do not', () => {
    const mapping = new PathMapping([tree('Shop/Orders.cs')]);
    assert.equal(find(mapping, 'C:/agents/s/shop/orders.cs', 'dotnet'), 'Shop/Orders.cs');
    assert.equal(find(mapping, '/src/shop/orders.cs', 'dotnet'), undefined);
  });

  it('does not leave the workspace', () => {
    assert.equal(find(new PathMapping([tree('src/x.js')], { '/app': '' }), '/app/../src/x.js'), undefined);
  });
});

describe('random trees', () => {
  /** The same numbers in every run. */
  function random(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor(state / 2 ** 32 * below);
    };
  }

  it('of a container that holds the tree, the file found is the right one, or none', () => {
    let [right, open] = [0, 0];
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed);
      const name = (): string => 'abcd'.charAt(next(4));
      const paths = [...new Set(Array.from({ length: 1 + next(25) }, () => [...Array.from({ length: next(4) }, name), `${name()}.js`].join('/')))];
      const mapping = new PathMapping([tree(...paths)]);
      const root = ['/app', '/srv/x/y', '/a', 'C:/b'][next(4)] ?? '';
      for (const path of [...paths, ...paths]) {
        const found = find(mapping, `${root}/${path}`);
        assert.ok(found === undefined || found === path, `seed ${seed}: ${root}/${path} gave ${found} among ${paths.join(' ')}`);
        right += found === undefined ? 0 : 1;
        open += found === undefined ? 1 : 0;
      }
    }
    assert.ok(right > open, `${right} found, ${open} left open`);
  });

  it('of two equal trees none is found', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const next = random(seed);
      const paths = [...new Set(Array.from({ length: 1 + next(10) }, () => `src/${'abc'.charAt(next(3))}/${'xyz'.charAt(next(3))}.js`))];
      const mapping = new PathMapping([tree(...paths.flatMap((path) => [`one/${path}`, `two/${path}`]))]);
      paths.forEach((path) => { assert.equal(find(mapping, `/app/${path}`), undefined); });
    }
  });
});
