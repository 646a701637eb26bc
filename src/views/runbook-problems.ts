import * as vscode from 'vscode';
import { runbookFile } from '../configuration.ts';
import type { Problem } from '../runbook/problems.ts';

/** Shows the problems of the team's runbook where they are, and tells when the file or the setting changes. */
export class RunbookProblems implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('incident-runbook');
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable[];

  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#subscriptions = [
      this.#collection,
      this.#changed,
      vscode.workspace.onDidSaveTextDocument((document) => {
        if (document.uri.fsPath === fileOrNone()) {
          this.#changed.fire();
        }
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('incidentRunbook.file')) {
          this.#collection.clear();
          this.#changed.fire();
        }
      }),
    ];
  }

  show(file: string, problems: readonly Problem[]): void {
    this.#collection.set(vscode.Uri.file(file), problems.map(({ line, column, message }) => {
      const start = new vscode.Position(line - 1, column - 1);
      const diagnostic = new vscode.Diagnostic(new vscode.Range(start, start.translate(0, 1)), message, vscode.DiagnosticSeverity.Error);
      diagnostic.source = 'Incident Runbook';
      return diagnostic;
    }));
  }

  dispose(): void {
    this.#subscriptions.forEach((subscription) => { subscription.dispose(); });
  }
}

function fileOrNone(): string | undefined {
  try {
    return runbookFile();
  } catch {
    return undefined;
  }
}
