import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { type Event, type StepAnswer, call, declare, eventually, practice, timeline } from './harness.ts';

interface ChangeAnswer extends StepAnswer {
  readonly plan?: { readonly hash: string; readonly summary: string; readonly details?: string };
}

const TOKEN = `ghp_${'a1B2'.repeat(9)}`;

describe('tasks', function () {
  this.timeout(60_000);
  let folder = '';
  let incident = '';
  const script = (): string => path.join(folder, 'scripts', 'emergency-rollback.sh');
  const write = async (body: string): Promise<void> => {
    await mkdir(path.dirname(script()), { recursive: true });
    await writeFile(script(), `#!/bin/sh\n${body}\n`);
    await chmod(script(), 0o755);
  };
  const run = (step: string, inputs: Record<string, unknown> = {}, more: Record<string, unknown> = {}): Thenable<ChangeAnswer> => call<ChangeAnswer>('runStep', { incident, step, inputs, ...more });
  const plan = async (): Promise<string> => {
    const planned = await run('rollback');
    assert.equal(planned.status, 'planned', planned.summary);
    return planned.plan?.hash ?? assert.fail();
  };
  const apply = (hash: string): Thenable<ChangeAnswer> => run('rollback', {}, { approve: hash });
  const lastFinished = async (): Promise<Event & { readonly result: { readonly outcome: string; readonly summary: string; readonly evidence: { readonly markdown: string; readonly data: Record<string, unknown> } } }> =>
    (await timeline(incident)).findLast(({ type }) => type === 'step.finished') as Awaited<ReturnType<typeof lastFinished>>;

  before(async () => {
    folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? assert.fail('no folder is open');
    await practice('DELETE', 'faults');
    incident = await declare('The new version fails');
  });
  afterEach(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });
  after(async () => {
    await rm(path.join(folder, 'ran'), { force: true });
  });

  it('carry out the rollback script of the sample service', async () => {
    assert.match(await readFile(script(), 'utf8'), /practice: nothing was changed/);
    const answer = await apply(await plan());
    assert.equal(answer.status, 'done', answer.summary);
    assert.match(answer.summary, /exit code 0.*The tasks of production run 2\.14\.0/);
  });

  it('are run only as they were shown, in a terminal that shows their output, and leave no secret on the timeline', async () => {
    await write('touch ran; echo first');
    const old = await plan();
    await write(`touch ran; echo "Rolling back $1 with ${TOKEN}"; i=0; while [ $i -lt 5 ]; do echo "task $i"; i=$((i+1)); sleep 0.1; done; printf '\\033[32mrolled back\\033[0m\\n'`);
    await rm(path.join(folder, 'ran'), { force: true });
    const refused = await apply(old);
    assert.equal(refused.status, 'refused');
    assert.match(refused.summary, /something has changed \(sha256\)/);
    await assert.rejects(readFile(path.join(folder, 'ran')), 'the altered script was not run');

    const tasks: string[] = [];
    const ended: string[] = [];
    const subscriptions = [
      vscode.tasks.onDidStartTask(({ execution }) => { tasks.push(execution.task.name); }),
      vscode.window.onDidOpenTerminal(({ name }) => { tasks.push(`terminal ${name}`); }),
      vscode.tasks.onDidEndTask(({ execution }) => { ended.push(execution.task.name); }),
    ];
    try {
      const answer = await apply(refused.plan?.hash ?? assert.fail());
      assert.equal(answer.status, 'done', answer.summary);
      // The end of the task before may be told late.
      await eventually('start and end of the task', () => [...tasks, ...ended], () => tasks.length > 1 && ended.length > 0);
    } finally {
      subscriptions.forEach((subscription) => { subscription.dispose(); });
    }
    assert.ok(tasks.includes('Roll back to the previous version'), tasks.join());
    assert.ok(tasks.some((name) => name.startsWith('terminal ') && name.includes('Roll back')), tasks.join());

    const { result } = await lastFinished();
    assert.equal(result.outcome, 'done');
    assert.match(result.evidence.markdown, /Rolling back production with \[redacted: GitHub token\]\ntask 0\n[^]*\nrolled back\n```/);
    assert.doesNotMatch(JSON.stringify(await timeline(incident)), /ghp_/);
    assert.doesNotMatch(JSON.stringify(await timeline(incident)), /\\u001b/);
  });

  it('that fail are recorded with their exit code', async () => {
    await write('echo "cannot reach the cluster"; exit 7');
    const answer = await apply(await plan());
    assert.deepEqual([answer.status, answer.level], ['failed', 'bad']);
    const { result } = await lastFinished();
    assert.match(result.summary, /^The script failed with exit code 7 .*cannot reach the cluster$/);
    assert.equal(result.evidence.data['exitCode'], 7);
  });

  it('end when their task is ended', async () => {
    await write('echo begun; exec sleep 600');
    const hash = await plan();
    const running = (): readonly vscode.TaskExecution[] => vscode.tasks.taskExecutions.filter(({ task }) => task.name.startsWith('Roll back'));
    await eventually('the end of the tasks before', running, ({ length }) => length === 0);
    let answer: ChangeAnswer | undefined;
    void apply(hash).then((ended) => { answer = ended; });
    await eventually('the task', running, ({ length }) => length > 0);
    // Again and again, because VS Code knows of a task before it can end it.
    await eventually('the end of the script', () => {
      running().forEach((execution) => { execution.terminate(); });
      return answer;
    }, (seen) => seen !== undefined);
    assert.equal(answer?.status, 'failed');
    assert.match(answer?.summary ?? '', /^The script was ended by SIGTERM/);
  });

  it('end when their terminal is closed', async () => {
    await write('echo begun; exec sleep 600');
    const hash = await plan();
    const before = new Set(vscode.window.terminals);
    let answer: ChangeAnswer | undefined;
    void apply(hash).then((ended) => { answer = ended; });
    await eventually('the end of the script', () => {
      vscode.window.terminals.filter((terminal) => !before.has(terminal)).forEach((terminal) => { terminal.dispose(); });
      return answer;
    }, (seen) => seen !== undefined);
    assert.match(answer?.summary ?? '', /^The script was ended by SIGTERM/);
  });

  it('are not run while they are edited', async () => {
    await write('echo saved');
    const hash = await plan();
    const editor = await vscode.window.showTextDocument(vscode.Uri.file(script()));
    await editor.edit((edit) => { edit.insert(new vscode.Position(1, 0), 'echo "not saved"\n'); });
    const answer = await apply(hash);
    assert.equal(answer.status, 'failed');
    assert.match(answer.summary, /^Nothing was run\. .*has changes in an editor that are not saved/);
    await vscode.commands.executeCommand('workbench.action.files.revert');
  });

  it('carry out the smoke tests', async () => {
    const answer = await run('verifyMitigation', { userReports: 'none' });
    assert.equal(answer.status, 'done');
    assert.match(answer.summary, /Smoke tests: passed/);
    const { result } = await lastFinished();
    assert.match(result.evidence.markdown, /Smoke tests of production: 3 of 3 passed \(practice\)/);
    assert.equal((result.evidence.data['smokeTest'] as { exitCode: number }).exitCode, 0);
  });
});
