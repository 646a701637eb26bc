import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { DeployedRepository } from './deployed-repository.ts';
import { advance, call, declare, eventually, runStep, withSetting } from './harness.ts';

interface DrawnLine {
  readonly line: number;
  readonly text: string;
  readonly hover: string;
}

const CONNECT = 'const client = await pool.connect();';
const PING = "await pool.query('SELECT 1');";

describe('lines of code that threw', function () {
  this.timeout(60_000);
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
  const file = path.join(folder, 'src', 'db', 'pool.js');
  const repository = new DeployedRepository(folder);
  const original = readFileSync(file, 'utf8');
  let incident = '';

  const drawn = async (): Promise<readonly DrawnLine[]> => {
    const files = await vscode.commands.executeCommand<[string, DrawnLine[]][]>('_incidentRunbook.drawnLines');
    return files.find(([name]) => name === file)?.[1] ?? [];
  };
  /** The marks by the code that they stand at. */
  const marks = async (): Promise<Readonly<Record<string, DrawnLine>>> => {
    const document = vscode.window.visibleTextEditors.find(({ document: { uri } }) => uri.fsPath === file)?.document;
    const lines = document?.getText().split('\n') ?? [];
    // Right after an edit the last drawn ones are still those of the text before.
    return Object.fromEntries((await drawn()).map((mark) => [lines[mark.line]?.trim() ?? '', mark]));
  };
  const show = async (): Promise<vscode.TextEditor> => await vscode.window.showTextDocument(vscode.Uri.file(file), { viewColumn: vscode.ViewColumn.One });
  const bothMarked = (found: Readonly<Record<string, DrawnLine>>): boolean => CONNECT in found && PING in found;

  before(async () => {
    incident = await declare('Errors in the code');
  });

  after(async () => {
    await vscode.commands.executeCommand('workbench.action.files.revert');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await call('close', { incident, reason: 'Done' });
    writeFileSync(file, original);
    repository.remove();
  });

  it('carry how often and when last, with the shapes of the messages', async () => {
    await runStep(incident, 'tailLogs');
    await show();
    const found = await eventually('The marks', marks, bothMarked);
    assert.deepEqual(Object.keys(found).sort(), [CONNECT, PING].sort());
    assert.match(found[CONNECT]?.text ?? '', /^ERROR ×\d+, last \d+ (s|min)( \d+ s)? ago$/);
    assert.match(found[CONNECT]?.hover ?? '', /errors thrown here in the last 15 min/);
    assert.match(found[CONNECT]?.hover ?? '', /` ERROR \[http\] requestId=<id> FATAL: sorry, too many clients already `/);
  });

  it('lead to the message in the channel', async () => {
    const { hover = '' } = (await marks())[PING] ?? {};
    const link = /\(command:incidentRunbook\.showLogMessage\?([^)]+)\)/.exec(hover)?.[1] ?? assert.fail('no link');
    const [argument] = JSON.parse(decodeURIComponent(link)) as [{ line: number }];
    assert.deepEqual(await call('showLogMessage', argument), { shown: true });
    const editor = vscode.window.visibleTextEditors.find(({ document: { uri } }) => uri.scheme === 'output') ?? assert.fail('no channel');
    assert.match(editor.document.getText(editor.selection), /ERROR \[health\] requestId=- FATAL: sorry, too many clients already/);
  });

  it('keep their marks while people edit', async () => {
    const { document } = await show();
    const before = (await marks())[CONNECT]?.line ?? assert.fail('no mark');
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), '// One.\n// Two.\n');
    edit.insert(document.uri, new vscode.Position(before, 0), '  // Three.\n');
    await vscode.workspace.applyEdit(edit);
    const found = await eventually('The moved marks', marks, bothMarked);
    assert.equal(found[CONNECT]?.line, before + 3);
    await vscode.commands.executeCommand('undo');
    await eventually('The marks where they were', async () => (await marks())[CONNECT]?.line, (line) => line === before);
  });

  it('are plain again as soon as the setting says so', async () => {
    await withSetting('logs.errorLines', false, async () => { await eventually('No marks', drawn, (found) => found.length === 0, 3_000); });
    await eventually('The marks again', marks, bothMarked, 3_000);
  });

  it('are those of the file as deployed, wherever they stand now', async () => {
    repository.create();
    await repository.tagAsRunning(incident);
    writeFileSync(file, `// One.\n// Two.\n// Three.\n${original.replace(PING, "await pool.query('SELECT 2');")}`);
    await eventually('The file as it is on disk now', async () => (await show()).document.lineAt(0).text, (text) => text === '// One.');
    await runStep(incident, 'tailLogs');
    const found = await eventually('The marks', marks, (seen) => CONNECT in seen);
    assert.deepEqual(Object.keys(found), [CONNECT]);
    assert.equal(found[CONNECT]?.line, original.split('\n').findIndex((line) => line.includes(CONNECT)) + 3);
  });

  it('lose their marks when the errors have left the window, also after the stream', async () => {
    await vscode.commands.executeCommand('incidentRunbook.stopLogStream');
    assert.ok((await drawn()).length > 0, 'the marks went with the stream');
    await advance(16);
    await eventually('No marks', drawn, (found) => found.length === 0, 5_000);
  });
});
