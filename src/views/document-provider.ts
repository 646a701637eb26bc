import * as vscode from 'vscode';
import type { Clock } from '../incident/clock.ts';
import type { Evidence } from '../incident/evidence.ts';
import { reviewFileOf } from '../incident/review/path.ts';
import { GAP_MINUTES } from '../incident/review/review-runbook.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { stepById } from '../runbook/query.ts';
import type { Runbook } from '../runbook/schema.ts';
import type { LiveChanges } from './live-changes.ts';

export const SCHEME = 'incident-runbook';

/** Of the documents of plans: what they are named begins with it, and menus go by that. */
const PLAN_PREFIX = 'Plan ';

export interface DocumentOptions {
  readonly ledger: Ledger;
  readonly runbook: () => Promise<Runbook>;
  readonly clock: Clock;
  readonly live: LiveChanges;
  /** Id of this installation. */
  readonly origin: () => Promise<string>;
}

/** Serves evidence, step and timeline documents and opens them in the Markdown preview; plans are opened as text, beside the code. */
export class DocumentProvider implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #options: DocumentOptions;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #unrecorded = new Map<string, { readonly title: string; readonly evidence: Evidence }>();
  readonly #disposables: vscode.Disposable[];

  readonly onDidChange = this.#changed.event;

  constructor(options: DocumentOptions) {
    const { ledger, live } = options;
    this.#options = options;
    this.#disposables = [
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      ledger.onDidChange((incident) => { this.#redraw(incident); }),
      live.onDidChange(() => { this.refreshPlans(); }),
    ];
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const documents = await import('./documents.ts');
    const [, incident = '', ] = uri.path.split('/');
    const query = new URLSearchParams(uri.query);
    const unrecorded = this.#unrecorded.get(uri.path);
    if (unrecorded !== undefined) {
      return documents.unrecordedDocument(unrecorded.title, unrecorded.evidence);
    }
    const { ledger, runbook: source, clock, live, origin } = this.#options;
    const stepId = query.get('step') ?? '';
    if (incident === 'runbook') {
      const runbook = await source();
      const step = stepById(runbook, stepId);
      return step === undefined ? `# Nothing here\n\nThe runbook has no step \`${stepId}\`.` : documents.stepDocument(step, runbook);
    }
    const folded = await ledger.read(incident);
    const plan = planOf(uri);
    if (plan !== undefined) {
      const change = folded.changes.find(({ id }) => id === plan.change);
      const { planDocument } = await import('./plan-document.ts');
      return change === undefined ? '# Nothing here\n\nThe timeline holds no such plan.' : planDocument(change, {
        now: clock.now(), origin: await origin(), ...live.seen(change.id),
      }, folded.changes);
    }
    if (query.has('agenda')) {
      const { agendaDocument } = await import('../incident/review/agenda.ts');
      return agendaDocument(folded, await source(), reviewFileOf(folded), { gapMinutes: vscode.workspace.getConfiguration('incidentRunbook').get<number>('review.gapMinutes', GAP_MINUTES) });
    }
    const delivery = query.get('delivery');
    if (delivery !== null) {
      return documents.deliveryDocument(folded, delivery);
    }
    const event = folded.events.find(({ id }) => id === query.get('event'));
    return event === undefined
      ? documents.timelineDocument(folded, await source().catch(() => undefined), clock.now())
      : documents.evidenceDocument(folded, event, stepId);
  }

  openTimeline(incident: string): Promise<void> {
    return this.#preview(vscode.Uri.from({ scheme: SCHEME, path: `/${incident}/Timeline ${incident}.md` }));
  }

  openEvidence(incident: string, event: string, step: string, title: string): Promise<void> {
    return this.#preview(vscode.Uri.from({ scheme: SCHEME, path: `/${incident}/${fileName(title)}.md`, query: new URLSearchParams({ event, step }).toString() }));
  }

  openStep(step: string, title: string): Promise<void> {
    return this.#preview(vscode.Uri.from({ scheme: SCHEME, path: `/runbook/${fileName(title)}.md`, query: new URLSearchParams({ step }).toString() }));
  }

  openDelivery(incident: string, delivery: string, target: string): Promise<void> {
    return this.#preview(vscode.Uri.from({ scheme: SCHEME, path: `/${incident}/To ${fileName(target)}.md`, query: new URLSearchParams({ delivery }).toString() }));
  }

  /** Opens the agenda of the review beside the document, where there is one (runbook 10.2). */
  async openAgenda(incident: string): Promise<void> {
    const folded = await this.#options.ledger.read(incident);
    const { openReview } = await import('./open-review.ts');
    const isThere = reviewFileOf(folded) !== undefined && await openReview(folded).then(() => true, () => false);
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${incident}/Agenda ${incident}.md`, query: 'agenda=1' });
    // Locked: it must not turn into a preview of the document as soon as somebody writes in that.
    await vscode.commands.executeCommand(isThere ? 'markdown.showLockedPreviewToSide' : 'markdown.showPreview', uri);
  }

  /** Opens a plan beside what is edited, where the plan before it is already. */
  async openPlan(incident: string, change: string, title: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${incident}/${PLAN_PREFIX}${fileName(title)}.md`, query: new URLSearchParams({ change }).toString() });
    const open = vscode.window.tabGroups.all.find(({ tabs }) => tabs.some(({ input }) => input instanceof vscode.TabInputText && planOf(input.uri) !== undefined));
    const editor = await vscode.window.showTextDocument(uri, { viewColumn: open?.viewColumn ?? vscode.ViewColumn.Beside, preserveFocus: false, preview: true });
    editor.options = { lineNumbers: vscode.TextEditorLineNumbersStyle.Off };
  }

  /** Draws the plans that are open anew: what is said of them changes with the time. */
  refreshPlans(): void {
    vscode.workspace.textDocuments.filter(({ uri }) => planOf(uri) !== undefined).forEach(({ uri }) => { this.#changed.fire(uri); });
  }

  /** Shows evidence that is on no timeline. */
  openUnrecorded(title: string, evidence: Evidence): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/unrecorded/${fileName(title)}.md` });
    this.#unrecorded.set(uri.path, { title, evidence });
    this.#changed.fire(uri);
    return this.#preview(uri);
  }

  dispose(): void {
    this.#disposables.forEach((disposable) => { disposable.dispose(); });
  }

  /** Draws the open documents of an incident anew. */
  #redraw(incident: string): void {
    vscode.workspace.textDocuments.filter(({ uri }) => uri.scheme === SCHEME && uri.path.startsWith(`/${incident}/`)).forEach(({ uri }) => { this.#changed.fire(uri); });
  }

  async #preview(uri: vscode.Uri): Promise<void> {
    await vscode.commands.executeCommand('markdown.showPreview', uri);
  }
}

/** Which plan a document shows; undefined when it is none. */
export function planOf({ scheme, path, query }: vscode.Uri): { readonly incident: string; readonly change: string } | undefined {
  const [, incident = '', name = ''] = path.split('/');
  const change = new URLSearchParams(query).get('change');
  return scheme === SCHEME && name.startsWith(PLAN_PREFIX) && change !== null ? { incident, change } : undefined;
}

function fileName(title: string): string {
  return title.replace(/[\\/:*?"<>|#%\s]+/g, ' ').trim();
}
