import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { LOG_GROUP } from '../practice/resources.ts';
import { DeployedRepository } from './deployed-repository.ts';
import { call, declare, eventually, logs, messageOf, runStep } from './harness.ts';

interface Place {
  readonly folder: string;
  readonly path: string;
  readonly line: number;
  readonly commit?: string;
}

function channel(): vscode.TextDocument | undefined {
  return vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'output' && uri.path.includes('Incident Logs'));
}

function placeOf({ target }: vscode.DocumentLink): Place {
  assert.equal(target?.scheme, 'command');
  assert.equal(target.path, 'incidentRunbook.openFrame');
  const [place] = JSON.parse(target.query) as [Place];
  return place;
}

describe('stack frames in the log stream', function () {
  this.timeout(60_000);
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
  const file = path.join(folder, 'src', 'db', 'pool.js');
  const repository = new DeployedRepository(folder);
  let deployed = '';
  let commit = '';
  let incident = '';
  let links: readonly vscode.DocumentLink[] = [];

  before(() => {
    deployed = readFileSync(file, 'utf8');
    commit = repository.create();
  });

  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    if (incident !== '') {
      await call('close', { incident, reason: 'Done' });
    }
    writeFileSync(file, deployed);
    repository.remove();
  });

  it('are links where they name a file of the workspace, and nowhere else', async () => {
    incident = await declare('Frames');
    await repository.tagAsRunning(incident);
    // The line that throws is another one in the working tree.
    writeFileSync(file, `// One.\n// Two.\n// Three.\n${deployed}`);
    repository.git('commit', '-qam', 'Since then');
    await runStep(incident, 'tailLogs');
    const document = await eventually('A trace in the channel', channel, (seen) => seen?.getText().includes('/app/src/db/pool.js') === true) ?? assert.fail();
    links = await eventually('Links as deployed', async () => await vscode.commands.executeCommand<vscode.DocumentLink[]>('vscode.executeLinkProvider', document.uri),
      (seen) => seen.some(({ target }) => target?.path === 'incidentRunbook.openFrame' && target.query.includes(commit)));
    links = links.filter(({ target }) => target?.scheme === 'command');
    for (const link of links) {
      const words = document.getText(link.range);
      const { path: named, line } = placeOf(link);
      assert.equal(words.replace(/:\d+$/, ''), `/app/${named}:${line}`);
    }
    const places = new Set(links.map((link) => placeOf(link).path));
    assert.ok(places.has('src/db/pool.js') && places.has('src/routes/prescriptions.js'), [...places].join(' '));
    const lines = document.getText().split('\n');
    const linked = new Set(links.map(({ range }) => range.start.line));
    assert.deepEqual(lines.filter((line, index) => /node_modules|node:internal/.test(line) && linked.has(index)), []);
  });

  it('open the file as it was deployed, at its line', async () => {
    const place = links.map(placeOf).find(({ path: named }) => named === 'src/db/pool.js') ?? assert.fail();
    assert.equal(place.commit, commit);
    await vscode.commands.executeCommand('incidentRunbook.openFrame', place);
    const editor = vscode.window.activeTextEditor ?? assert.fail();
    assert.equal(editor.document.uri.scheme, 'incident-runbook-deployed');
    assert.equal(editor.document.languageId, 'javascript');
    assert.equal(editor.document.getText(), deployed);
    assert.equal(editor.selection.active.line, place.line - 1);
    assert.match(editor.document.lineAt(place.line - 1).text, /await pool\./);
    assert.doesNotMatch(readFileSync(file, 'utf8').split('\n')[place.line - 1] ?? '', /await pool\./);
  });

  it('are compared with the working tree, as long as the file is there', async () => {
    await vscode.commands.executeCommand('incidentRunbook.compareWithWorkingTree');
    const { input } = await eventually('The comparison', () => vscode.window.tabGroups.activeTabGroup.activeTab, (tab) => tab?.input instanceof vscode.TabInputTextDiff) ?? {};
    assert.ok(input instanceof vscode.TabInputTextDiff);
    assert.deepEqual([input.original.scheme, input.modified.fsPath], ['incident-runbook-deployed', file]);
    const place = { folder, path: 'src/db/pool.js', commit };
    renameSync(file, `${file}.moved`);
    try {
      assert.match(await messageOf(call('compareWithWorkingTree', place)), /src\/db\/pool\.js is no longer in the working tree/);
    } finally {
      renameSync(`${file}.moved`, file);
    }
  });

  it('become links once a file of theirs is there, whoever has made it', async () => {
    const stream = `late/${Date.now()}`;
    await logs('CreateLogStream', { logGroupName: LOG_GROUP, logStreamName: stream });
    await logs('PutLogEvents', { logGroupName: LOG_GROUP, logStreamName: stream, logEvents: [{ timestamp: Date.now(), message: 'ERROR\n    at load (/app/src/late/fresh.js:2:3)' }] });
    const document = await eventually('The trace in the channel', channel, (seen) => seen?.getText().includes('/app/src/late/fresh.js:2') === true) ?? assert.fail();
    const linked = async (): Promise<readonly string[]> => (await vscode.commands.executeCommand<vscode.DocumentLink[]>('vscode.executeLinkProvider', document.uri))
      .filter(({ target }) => target?.scheme === 'command').map((link) => placeOf(link).path);
    assert.ok(!(await linked()).includes('src/late/fresh.js'));
    const late = path.join(folder, 'src', 'late');
    mkdirSync(late);
    writeFileSync(path.join(late, 'fresh.js'), '// One.\nthrow new Error();\n');
    try {
      await eventually('The link', linked, (seen) => seen.includes('src/late/fresh.js'), 20_000);
    } finally {
      rmSync(late, { recursive: true });
    }
    await eventually('No link', linked, (seen) => !seen.includes('src/late/fresh.js'), 20_000);
  });

  it('that were made up open nothing', async () => {
    const place = { folder, path: 'src/db/pool.js', line: 1, commit };
    for (const wrong of [{ folder: '/etc' }, { path: '../x' }, { path: '/etc/passwd' }, { path: '.git/config' }, { line: 0 }, { line: '1' }, { commit: 'HEAD' }, { commit: '--help' }]) {
      assert.match(await messageOf(call('openFrame', { ...place, ...wrong })), /no place in the files of this workspace/, JSON.stringify(wrong));
    }
  });
});
