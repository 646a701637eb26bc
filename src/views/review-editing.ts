/** Helps to write a review: completion, what an action item lacks, and the issues to be created from it (runbook 10.3, 10.4). */
import * as vscode from 'vscode';
import { type ActionItem, type ActionItemProblem, dueColumn, ownerColumn, problemsOf, readActionItems } from '../incident/action-items.ts';
import { type Clock, iso } from '../incident/clock.ts';
import { isFollowUp } from '../incident/follow-ups.ts';
import type { Incident } from '../incident/fold.ts';
import { t, tn } from '../l10n.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Runbook } from '../runbook/schema.ts';
import { coalesce } from './coalesce.ts';
import { mayBeReview, reviewPath, reviewedIn } from './review-identity.ts';
import { type Suggestion, reviewSuggestions } from './review-suggestions.ts';

export interface ReviewEditingOptions {
  readonly ledger: Pick<Ledger, 'list' | 'read' | 'onDidChange'>;
  readonly runbook: () => Promise<Runbook>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

const SELECTOR: vscode.DocumentSelector = { language: 'markdown', scheme: 'file' };
const SOURCE = 'Incident Runbook';
const STEP = 'createActionItems';
/** What a quick fix suggests, days. */
const DUE_IN_DAYS = 14;
const DAY_MS = 86_400_000;

const KINDS: Readonly<Record<Suggestion['kind'], vscode.CompletionItemKind>> = {
  event: vscode.CompletionItemKind.Event, owner: vscode.CompletionItemKind.User, severity: vscode.CompletionItemKind.EnumMember, date: vscode.CompletionItemKind.Value,
};

export class ReviewEditing implements vscode.Disposable, vscode.CompletionItemProvider, vscode.CodeActionProvider, vscode.CodeLensProvider {
  readonly #options: ReviewEditingOptions;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly #diagnostics = vscode.languages.createDiagnosticCollection('incident-runbook-review');
  /** Document → id of the incident that it reviews. */
  #reviewed = new WeakMap<vscode.TextDocument, Promise<string | undefined>>();
  readonly #refresh = coalesce(() => { this.#checkAll(); });
  readonly #disposables: vscode.Disposable[];

  constructor(options: ReviewEditingOptions) {
    this.#options = options;
    this.#disposables = [
      this.#changed, this.#diagnostics, this.#refresh,
      vscode.languages.registerCompletionItemProvider(SELECTOR, this, ':', ' ', '@'),
      vscode.languages.registerCodeActionsProvider(SELECTOR, this, { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] }),
      vscode.languages.registerCodeLensProvider(SELECTOR, this),
      vscode.workspace.onDidOpenTextDocument((document) => { this.#check(document); }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => { this.#changedIn(document); }),
      vscode.workspace.onDidSaveTextDocument((document) => {
        this.#reviewed.delete(document);
        this.#check(document);
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => { this.#diagnostics.delete(uri); }),
      // A review may have got its incident, and an item its issue.
      options.ledger.onDidChange(() => {
        this.#reviewed = new WeakMap();
        this.#refresh.call();
      }),
    ];
    this.#checkAll();
  }

  dispose(): void {
    this.#disposables.forEach((disposable) => { disposable.dispose(); });
  }

  async provideCompletionItems(document: vscode.TextDocument, position: vscode.Position): Promise<vscode.CompletionItem[]> {
    const id = await this.#incidentOf(document);
    if (id === undefined) {
      return [];
    }
    const { clock, runbook } = this.#options;
    const [incident, book] = await Promise.all([this.#read(id), runbook().catch(() => undefined)]);
    const before = document.lineAt(position.line).text.slice(0, position.character);
    return reviewSuggestions(before, { incident, runbook: book, now: clock.now() }).map((suggestion, place) => {
      const item = new vscode.CompletionItem({ label: suggestion.text, description: suggestion.detail }, KINDS[suggestion.kind]);
      item.range = new vscode.Range(position.line, suggestion.from, position.line, position.character);
      item.insertText = suggestion.text;
      item.filterText = suggestion.text;
      item.sortText = String(place).padStart(5, '0');
      return item;
    });
  }

  provideCodeActions(document: vscode.TextDocument, _range: vscode.Range, { diagnostics }: vscode.CodeActionContext): vscode.CodeAction[] {
    return diagnostics.filter(({ source }) => source === SOURCE).flatMap((diagnostic) => {
      const { text } = document.lineAt(diagnostic.range.start.line);
      switch (diagnostic.code as ActionItemProblem) {
        case 'no owner': return [insertion(document, diagnostic, t('Add owner'), ownerColumn(text), ' - Owner: @${1:login}')];
        case 'no due date': return [insertion(document, diagnostic, t('Add due date'), dueColumn(text), ` - Due: \${1:${iso(this.#options.clock.now() + DUE_IN_DAYS * DAY_MS).slice(0, 10)}}`)];
        default: return [];
      }
    });
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const id = await this.#incidentOf(document);
    if (id === undefined) {
      return [];
    }
    const { heading, items } = readActionItems(document.getText());
    const waiting = withoutIssue(items, await this.#read(id));
    return heading === undefined || waiting.length === 0 ? [] : [new vscode.CodeLens(new vscode.Range(heading, 0, heading, 0), {
      title: tn('Create {0} issue', 'Create {0} issues', waiting.length), command: `incidentRunbook.step.${STEP}`,
      arguments: [{ kind: 'step', key: `${id}/step/${STEP}`, incident: id, step: STEP, inputs: { file: reviewPath(document) } }],
    })];
  }

  #changedIn(document: vscode.TextDocument): void {
    if (mayBeReview(document)) {
      this.#refresh.call();
    }
  }

  #checkAll(): void {
    this.#changed.fire();
    vscode.workspace.textDocuments.forEach((document) => { this.#check(document); });
  }

  #check(document: vscode.TextDocument): void {
    this.#incidentOf(document).then((id) => {
      if (!document.isClosed) {
        this.#diagnostics.set(document.uri, id === undefined ? [] : this.#problemsIn(document));
      }
    }).catch(this.#options.onError);
  }

  #problemsIn(document: vscode.TextDocument): vscode.Diagnostic[] {
    const today = iso(this.#options.clock.now()).slice(0, 10);
    return readActionItems(document.getText()).items.flatMap((item) => problemsOf(item, today).map((problem) => {
      const { text, firstNonWhitespaceCharacterIndex } = document.lineAt(item.line);
      const diagnostic = new vscode.Diagnostic(new vscode.Range(item.line, firstNonWhitespaceCharacterIndex, item.line, text.trimEnd().length), wordsFor(problem, item, today), vscode.DiagnosticSeverity.Warning);
      diagnostic.source = SOURCE;
      diagnostic.code = problem;
      return diagnostic;
    }));
  }

  #incidentOf(document: vscode.TextDocument): Promise<string | undefined> {
    const known = this.#reviewed.get(document) ?? reviewedIn(document, this.#options.ledger);
    this.#reviewed.set(document, known);
    return known;
  }

  /** Undefined when the timeline is not on this machine: a colleague's review can be written all the same. */
  #read(incident: string): Promise<Incident | undefined> {
    return this.#options.ledger.read(incident).catch(() => undefined);
  }
}

/** Items that "Create action items" would open an issue for. */
function withoutIssue(items: readonly ActionItem[], incident: Incident | undefined): ActionItem[] {
  const asked = new Set(incident?.deliveries.filter((delivery) => isFollowUp(delivery) && delivery.state !== 'discarded').map(({ data }) => data['key']));
  return incident === undefined ? [] : items.filter(({ url, done, key }) => url === undefined && !done && !asked.has(key));
}

function wordsFor(problem: ActionItemProblem, { due, unreadableDue }: ActionItem, today: string): string {
  switch (problem) {
    case 'no owner': return t('Nobody owns this action item. Add "- Owner: @login".');
    case 'no due date': return t('This action item is never due. Add "- Due: {0}" with its date.', today);
    case 'unreadable due date': return t('"{0}" is no date. Write it like {1}.', unreadableDue ?? '', today);
    case 'overdue': return t('This action item was due on {0}. Tick it off, or set a later date.', due ?? '');
  }
}

function insertion({ uri }: vscode.TextDocument, diagnostic: vscode.Diagnostic, title: string, column: number, snippet: string): vscode.CodeAction {
  const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
  const at = new vscode.Position(diagnostic.range.start.line, column);
  action.edit = new vscode.WorkspaceEdit();
  action.edit.set(uri, [new vscode.SnippetTextEdit(new vscode.Range(at, at), new vscode.SnippetString(snippet))]);
  action.diagnostics = [diagnostic];
  action.isPreferred = true;
  return action;
}
