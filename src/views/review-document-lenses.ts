/** What can be done with a review document, at its top and above the blocks that somebody changed (runbook 10.2, 10.3). */
import * as vscode from 'vscode';
import { newerBlocks } from '../incident/review/merge.ts';
import { t } from '../l10n.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { reviewPath, reviewedIn } from './review-identity.ts';

export class ReviewDocumentLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #ledger: Pick<Ledger, 'list' | 'read' | 'onDidChange'>;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #disposables: readonly { dispose(): void }[];

  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor({ ledger }: { readonly ledger: Pick<Ledger, 'list' | 'read' | 'onDidChange'> }) {
    this.#ledger = ledger;
    this.#disposables = [
      this.#changed,
      vscode.languages.registerCodeLensProvider({ language: 'markdown', scheme: 'file' }, this),
      ledger.onDidChange(() => { this.#changed.fire(); }),
    ];
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const incident = await reviewedIn(document, this.#ledger);
    // A colleague's review can be read without its timeline, and not be drafted anew.
    if (incident === undefined || !await this.#ledger.read(incident).then(() => true, () => false)) {
      return [];
    }
    const lens = (line: number, title: string, step: string, inputs?: Readonly<Record<string, unknown>>): vscode.CodeLens => new vscode.CodeLens(new vscode.Range(line, 0, line, 0), {
      title, command: `incidentRunbook.step.${step}`,
      arguments: [{ kind: 'step', key: `${incident}/step/${step}`, incident, step, ...(inputs === undefined ? {} : { inputs }) }],
    });
    const file = reviewPath(document);
    return [
      lens(0, `$(sync)\u00a0${t('Update from the timeline')}`, 'createReview', { file }),
      lens(0, `$(checklist)\u00a0${t('Agenda')}`, 'conductReview'),
      ...newerBlocks(document.getText()).map(({ id, line }) => lens(line, `$(arrow-down)\u00a0${t('Take the newer text, which replaces yours')}`, 'createReview', { file, replace: [id] })),
    ];
  }

  dispose(): void {
    this.#disposables.forEach((disposable) => { disposable.dispose(); });
  }
}
