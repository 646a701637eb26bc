import * as vscode from 'vscode';
import { UserError, messageOf } from '../errors.ts';
import { t } from '../l10n.ts';
import type { Programs, RunningProgram } from '../services/run-program.ts';
import type { RunningTask, TaskEnd, TaskRequest, Tasks } from '../services/tasks.ts';

const CONTROL_C = '\x03';

/** Runs programs of the workspace as tasks of VS Code, each in a terminal of its own. */
export class WorkspaceTasks implements Tasks {
  #programs: Programs | undefined;
  #started = 0;

  folder(): string | undefined {
    return vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  }

  /** @throws UserError in Restricted Mode, and while the program is being edited: what would run is not what is shown */
  async start(request: TaskRequest): Promise<RunningTask> {
    if (!vscode.workspace.isTrusted) {
      throw new UserError('This workspace is in Restricted Mode, so no program of it runs. Trust it with "Workspaces: Manage Workspace Trust" and try again.');
    }
    const [path] = request.command;
    if (vscode.workspace.textDocuments.some(({ isDirty, uri }) => isDirty && uri.scheme === 'file' && uri.fsPath === path)) {
      throw new UserError(`${path} has changes in an editor that are not saved, so it was not run. Save or revert them and try again.`);
    }
    this.#programs ??= new (await import('../services/run-program.ts')).Programs();
    const program = this.#programs.start(request);
    try {
      await this.#show(request, program);
    } catch (error) {
      // It runs, and its output is kept.
      void vscode.window.showWarningMessage(t('"{0}" runs without a terminal: {1}', request.title, messageOf(error)));
    }
    return program;
  }

  find(key: string): RunningTask | undefined {
    return this.#programs?.find(key);
  }

  async #show({ title }: TaskRequest, program: RunningProgram): Promise<void> {
    this.#started += 1;
    // Each is a task of its own: VS Code would offer to end a running one before it starts it again.
    const task = new vscode.Task(
      { type: 'incidentRunbook', run: `${this.#started}` }, vscode.TaskScope.Workspace, title, 'Incident Runbook',
      new vscode.CustomExecution(() => Promise.resolve(new ProgramTerminal(program))),
    );
    task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, focus: false, panel: vscode.TaskPanelKind.New, showReuseMessage: false };
    await vscode.tasks.executeTask(task);
  }
}

/** The output of a program as it comes. Closing the terminal, ending the task or Ctrl+C ends the program. */
class ProgramTerminal implements vscode.Pseudoterminal {
  readonly #program: RunningProgram;
  readonly #write = new vscode.EventEmitter<string>();
  readonly #close = new vscode.EventEmitter<number>();
  readonly onDidWrite = this.#write.event;
  readonly onDidClose = this.#close.event;
  #output: vscode.Disposable | undefined;

  constructor(program: RunningProgram) {
    this.#program = program;
  }

  open(): void {
    this.#output = this.#program.onOutput((text) => { this.#print(text); });
    void this.#program.ended.then((end) => {
      this.#print(`\n\x1b[1m${closingLine(end)}\x1b[0m\n`);
      this.#close.fire(end.exitCode ?? 1);
    });
  }

  close(): void {
    this.#output?.dispose();
    this.#program.stop();
  }

  handleInput(data: string): void {
    if (data === CONTROL_C) {
      this.#program.stop();
    }
  }

  #print(text: string): void {
    this.#write.fire(text.replace(/\r?\n/g, '\r\n'));
  }
}

function closingLine({ exitCode, reason }: TaskEnd): string {
  if (exitCode !== undefined) {
    return t('It ended with exit code {0}', exitCode);
  }
  return reason?.startsWith('ended by') === true ? `It ${reason}` : t('It could not be started: {0}', reason ?? t('no reason given'));
}
