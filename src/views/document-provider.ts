import * as vscode from 'vscode';
import type { Clock } from '../incident/clock.ts';
import type { Evidence } from '../incident/evidence.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { stepById } from '../runbook/query.ts';
import type { Runbook } from '../runbook/schema.ts';

export const SCHEME = 'incident-runbook';

/** Serves evidence, step and timeline documents and opens them in the Markdown preview. */
export class DocumentProvider implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #ledger: Ledger;
  readonly #runbook: () => Promise<Runbook>;
  readonly #clock: Clock;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #unrecorded = new Map<string, { readonly title: string; readonly evidence: Evidence }>();
  readonly #disposables: vscode.Disposable[];

  readonly onDidChange = this.#changed.event;

  constructor(ledger: Ledger, runbook: () => Promise<Runbook>, clock: Clock) {
    this.#ledger = ledger;
    this.#runbook = runbook;
    this.#clock = clock;
    this.#disposables = [
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      ledger.onDidChange((incident) => {
        for (const document of vscode.workspace.textDocuments) {
          if (document.uri.scheme === SCHEME && document.uri.path.startsWith(`/${incident}/`)) {
            this.#changed.fire(document.uri);
          }
        }
      }),
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
    const stepId = query.get('step') ?? '';
    if (incident === 'runbook') {
      const runbook = await this.#runbook();
      const step = stepById(runbook, stepId);
      return step === undefined ? `# Nothing here\n\nThe runbook has no step \`${stepId}\`.` : documents.stepDocument(step, runbook);
    }
    const folded = await this.#ledger.read(incident);
    const delivery = query.get('delivery');
    if (delivery !== null) {
      return documents.deliveryDocument(folded, delivery);
    }
    const event = folded.events.find(({ id }) => id === query.get('event'));
    return event === undefined
      ? documents.timelineDocument(folded, await this.#runbook().catch(() => undefined), this.#clock.now())
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

  async #preview(uri: vscode.Uri): Promise<void> {
    await vscode.commands.executeCommand('markdown.showPreview', uri);
  }
}

function fileName(title: string): string {
  return title.replace(/[\\/:*?"<>|#%]+/g, ' ').trim();
}
