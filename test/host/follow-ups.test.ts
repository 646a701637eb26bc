import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { type StepAnswer, call, declare, deliveriesOf, eventually, mendServices, practice, runStep, service, timeline, violations } from './harness.ts';

interface GitHub {
  readonly issues: readonly { readonly number: number; readonly title: string; readonly labels: readonly string[]; readonly assignees: readonly string[]; readonly state: string }[];
}

interface FollowUp {
  readonly incident: string;
  readonly text: string;
  readonly owner: string;
  readonly due?: string;
  readonly number: number;
  readonly url: string;
  readonly state: string;
  readonly overdue: boolean;
}

const ITEMS = ['- [ ] Alert on pool usage - Owner: @ada - Due: 2020-01-31', '- [ ] Fix the leak - Owner: @grace - Due: 2099-12-08', '- [ ] Test the pool under load - Owner: @linus - Due: 2099-12-15'] as const;

describe('follow-ups in the extension host', function () {
  this.timeout(60_000);
  let incident = '';
  let uri: vscode.Uri;
  const text = (): string => readFileSync(uri.fsPath, 'utf8');
  const file = (): string => vscode.workspace.asRelativePath(uri, false);
  const content = (lines: readonly string[]): string => ['# Post-Incident Review', '', '## Incident Summary', '- **Severity:** ', '', '## Timeline', '- ', '', '## Action Items', ...lines, '', `<!-- incident-runbook:review ${incident} -->`, ''].join('\n');
  const titles = (): string[] => ITEMS.map((line) => `Action Item: ${/\] (.*?) -/.exec(line)?.[1] ?? ''}`);
  const opened = async (): Promise<GitHub['issues']> => (await service<GitHub>('github')).issues.filter(({ title }) => titles().includes(title));
  const problems = (): string[] => vscode.languages.getDiagnostics(uri).map(({ code, range }) => `${range.start.line} ${String(code)}`).sort();
  const show = async (): Promise<vscode.TextDocument> => {
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document);
    return document;
  };
  /** The document in the editor, written and saved there: how soon VS Code sees what others write is not its business. */
  const shown = async (...lines: readonly string[]): Promise<vscode.TextDocument> => {
    if (!existsSync(uri.fsPath)) {
      writeFileSync(uri.fsPath, content(lines));
    }
    const document = await show();
    const edit = new vscode.WorkspaceEdit();
    edit.replace(uri, new vscode.Range(0, 0, document.lineCount, 0), content(lines));
    assert.ok(await vscode.workspace.applyEdit(edit));
    await document.save();
    assert.equal(text(), content(lines));
    return document;
  };
  const followUps = async (): Promise<readonly FollowUp[]> => (await call<{ followUps: readonly FollowUp[] }>('followUps', {})).followUps.filter((followUp) => followUp.incident === incident);
  const complete = async (line: number): Promise<string[]> => {
    const document = await show();
    const list = await vscode.commands.executeCommand<vscode.CompletionList>('vscode.executeCompletionItemProvider', uri, document.lineAt(line).range.end);
    return list.items.map(({ insertText }) => (typeof insertText === 'string' ? insertText : '')).filter((insert) => insert !== '');
  };

  before(async () => {
    await mendServices();
    const folder = vscode.workspace.workspaceFolders?.[0] ?? assert.fail('No folder is open');
    uri = vscode.Uri.joinPath(folder.uri, 'docs', 'follow-ups', 'review.md');
    mkdirSync(path.dirname(uri.fsPath), { recursive: true });
    incident = await declare('Follow-ups', { severity: 'P2' });
    await runStep(incident, 'documentFinding', { text: 'The pool was exhausted' });
    await call('close', { incident, reason: 'Restarted' });
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    rmSync(path.dirname(uri.fsPath), { recursive: true, force: true });
    assert.deepEqual(await violations(), []);
  });

  it('are asked for with owner and due date: what lacks them is marked, and mended with a quick fix', async () => {
    await shown('- [ ] Alert on pool usage', '- [ ] Fix the leak - Owner: @grace - Due: next week', '- [ ] Old - Owner: @ada - Due: 2020-01-31');
    await eventually('the marks', problems, (all) => all.length === 4);
    assert.deepEqual(problems(), ['10 unreadable due date', '11 overdue', '9 no due date', '9 no owner']);
    const fixes = async (): Promise<vscode.CodeAction[]> => vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', uri, new vscode.Range(9, 0, 9, 10), vscode.CodeActionKind.QuickFix.value);
    const actions = await eventually('the fixes', fixes, (all) => ['Add due date', 'Add owner'].every((wanted) => all.some(({ title }) => title === wanted)));
    const fix = actions.find(({ title }) => title === 'Add due date')?.edit ?? assert.fail('It has no edit');
    assert.ok(await vscode.workspace.applyEdit(fix));
    await eventually('the mark to go', problems, (all) => !all.includes('9 no due date'));
    await vscode.commands.executeCommand('workbench.action.files.revert');
  });

  it('are refused without them, naming the lines', async () => {
    await shown('- [ ] Alert on pool usage', ITEMS[1]);
    const { status, summary } = await runStep(incident, 'createActionItems', { file: file() }).then((answer) => answer, (error: unknown): StepAnswer => ({ status: 'refused', summary: String(error) }));
    assert.equal(status, 'refused', summary);
    assert.match(summary, /line 10 has no owner and no due date/);
    assert.deepEqual(await opened(), []);
  });

  it('complete times, severities, owners and dates in the review', async () => {
    await shown('- [ ] Alert - Due: ');
    assert.ok((await complete(6)).some((insert) => /^\d\d:\d\d UTC: Finding: The pool was exhausted/.test(insert)));
    assert.deepEqual((await complete(3)).slice(0, 4), ['P2', 'P1', 'P3', 'P4']);
    assert.ok((await complete(9)).every((insert) => /^\d{4}-\d\d-\d\d$/.test(insert)));
  });

  it('become issues, labelled, assigned and linked in the document, from the lens above them', async () => {
    await shown(...ITEMS);
    const lenses = async (): Promise<vscode.Command[]> => (await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri)).flatMap(({ command, range }) => (command !== undefined && range.start.line === 8 ? [command] : []));
    const [lens] = await eventually('the lens', lenses, (all) => all.length === 1 && all[0]?.title === 'Create 3 issues');
    assert.equal(lens?.command, 'incidentRunbook.step.createActionItems');
    const { status, summary } = await runStep(incident, 'createActionItems', (lens.arguments?.[0] as { inputs: Record<string, unknown> }).inputs);
    assert.equal(status, 'done', summary);
    await eventually('everything to be delivered', () => deliveriesOf(incident), (all) => all.every(({ state }) => state === 'done'));
    const issues = (await opened()).toSorted((one, other) => one.number - other.number);
    assert.deepEqual(issues.map(({ title, labels, assignees }) => [title, labels, assignees]), titles().map((title, place) => [title, ['incident-followup'], [['ada'], ['grace'], ['linus']][place]]));
    const written = text().split('\n').slice(9, 12);
    assert.deepEqual(written.map((line) => /\(\[#(\d+)\]\(https:\/\/\S+\)\)$/.exec(line)?.[1]), issues.map(({ number }) => String(number)));
    assert.deepEqual(written.map((line) => line.replace(/ \(\[#.*$/, '')), [...ITEMS]);
    await eventually('the lens to go', lenses, (all) => all.length === 0);
  });

  it('are created once', async () => {
    const { status } = await runStep(incident, 'createActionItems', { file: file() });
    assert.deepEqual([status, (await opened()).length], ['done', 3]);
  });

  it('are listed across incidents until GitHub has them closed', async () => {
    assert.deepEqual((await followUps()).map(({ text: action, owner, due, state, overdue }) => [action, owner, due, state, overdue]), [
      ['Alert on pool usage', 'ada', '2020-01-31', 'open', true], ['Fix the leak', 'grace', '2099-12-08', 'open', false], ['Test the pool under load', 'linus', '2099-12-15', 'open', false],
    ]);
    await vscode.commands.executeCommand('incidentRunbook.followUps.focus');
    const { github } = await practice('GET', 'connections') as { github: { url: string; repository: string; token: string } };
    const [first] = await followUps();
    const answer = await fetch(`${github.url}/repos/${github.repository}/issues/${first?.number ?? 0}`, { method: 'PATCH', body: JSON.stringify({ state: 'closed' }), headers: { authorization: `Bearer ${github.token}`, 'content-type': 'application/json', accept: 'application/vnd.github+json', 'user-agent': 'test' } });
    assert.equal(answer.status, 200, await answer.text());
    assert.ok((await call<{ changed: number }>('refreshFollowUps', {})).changed <= 1, 'only what changed is recorded, by whoever looks first');
    assert.deepEqual((await eventually('it to be gone', followUps, (all) => all.length === 2)).map(({ text: action }) => action), ['Fix the leak', 'Test the pool under load']);
    assert.equal((await timeline(incident)).filter(({ type }) => type === 'followup.seen').length, 1);
  });
});
