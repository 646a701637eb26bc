import * as vscode from 'vscode';
import type { ReviewEditingOptions } from './review-editing.ts';
import { mayBeReview, reviewedIn } from './review-identity.ts';

/** Brings in what helps to write a review with the first one that is opened: until then nothing of it is loaded. */
export class ReviewDoor implements vscode.Disposable {
  readonly #options: ReviewEditingOptions;
  readonly #watching: vscode.Disposable;
  #editing: Promise<vscode.Disposable> | undefined;

  constructor(options: ReviewEditingOptions) {
    this.#options = options;
    this.#watching = vscode.Disposable.from(
      vscode.workspace.onDidOpenTextDocument((document) => { this.#look(document); }),
      vscode.workspace.onDidSaveTextDocument((document) => { this.#look(document); }),
    );
    vscode.workspace.textDocuments.forEach((document) => { this.#look(document); });
  }

  dispose(): void {
    this.#watching.dispose();
    void this.#editing?.then((editing) => { editing.dispose(); });
  }

  #look(document: vscode.TextDocument): void {
    if (this.#editing === undefined && mayBeReview(document)) {
      this.#open(document).catch(this.#options.onError);
    }
  }

  async #open(document: vscode.TextDocument): Promise<void> {
    if (await reviewedIn(document, this.#options.ledger) !== undefined) {
      await (this.#editing ??= Promise.all([import('./review-editing.ts'), import('./review-document-lenses.ts')])
        .then(([{ ReviewEditing }, { ReviewDocumentLenses }]) => vscode.Disposable.from(new ReviewEditing(this.#options), new ReviewDocumentLenses(this.#options))));
      this.#watching.dispose();
    }
  }
}
