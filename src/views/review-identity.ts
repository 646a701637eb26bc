/** Which incident a document in the editor is the review of. */
import * as vscode from 'vscode';
import type { Ledger } from '../ledger/ledger.ts';

const REVIEWS: vscode.DocumentFilter = { language: 'markdown', scheme: 'file' };

/** Documents that may be a review. */
export function mayBeReview(document: vscode.TextDocument): boolean {
  return vscode.languages.match(REVIEWS, document) > 0;
}

/**
 * By the mark that the document holds, else by the path that an incident names.
 *
 * @returns id of the incident; undefined when the document is no review
 */
export async function reviewedIn(document: vscode.TextDocument, ledger: Pick<Ledger, 'list'>): Promise<string | undefined> {
  if (!mayBeReview(document)) {
    return undefined;
  }
  const { incidentOf } = await import('../incident/review/merge.ts');
  const marked = incidentOf(document.getText());
  if (marked !== undefined) {
    return marked;
  }
  const file = reviewPath(document);
  return (await ledger.list()).find(({ reviewFile }) => reviewFile === file)?.id;
}

/** The path as events name it: relative to the workspace folder, with slashes. */
export function reviewPath({ uri }: vscode.TextDocument): string {
  return vscode.workspace.asRelativePath(uri, false);
}

/** What stands in the editor is what steps read. @param file as events name it; undefined does nothing */
export async function saveReview(file: string | undefined): Promise<void> {
  await Promise.all(vscode.workspace.textDocuments.filter((document) => document.isDirty && mayBeReview(document) && reviewPath(document) === file).map((document) => document.save()));
}
