/** What can be done with a plan, at the top of its document and in the title of its editor. */
import * as vscode from 'vscode';
import type { Clock } from '../incident/clock.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type ChangesInput, changeNode } from './change-nodes.ts';
import { type ChangeOffer, OFFERS, offersOf } from './change-offers.ts';
import { type DocumentProvider, SCHEME, planOf } from './document-provider.ts';
import type { LiveChanges } from './live-changes.ts';
import type { Node } from './nodes.ts';

/** How often plans are drawn anew, ms: they grow old. */
const AGE_REFRESH_MS = 10_000;

export interface PlanLensesOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly live: LiveChanges;
  /** Id of this installation. */
  readonly origin: () => Promise<string>;
  readonly documents: DocumentProvider;
  readonly onError: (error: unknown) => void;
}

interface Offered {
  readonly title: string;
  readonly offer: ChangeOffer;
  readonly row: Node;
}

export class PlanLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #options: PlanLensesOptions;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #disposables: readonly { dispose(): void }[];
  #shown = '';

  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(options: PlanLensesOptions) {
    this.#options = options;
    const timer = setInterval(() => { this.refresh(); }, AGE_REFRESH_MS);
    this.#disposables = [
      this.#changed,
      { dispose: () => { clearInterval(timer); } },
      vscode.languages.registerCodeLensProvider({ scheme: SCHEME }, this),
      vscode.window.onDidChangeActiveTextEditor(() => { this.#showInTitle(); }),
      options.ledger.onDidChange(() => { this.#redraw(); }),
      options.live.onDidChange(() => { this.#redraw(); }),
    ];
    // A window that is opened again may show a plan from the start.
    this.#showInTitle();
  }

  async provideCodeLenses({ uri }: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const top = new vscode.Range(0, 0, 0, 0);
    return (await this.#offered(uri)).map(({ title, offer, row }) => new vscode.CodeLens(top, {
      // The space of a template would be lost between the icon and the words.
      title: `$(${OFFERS[offer].icon})\u00a0${title}`, command: OFFERS[offer].command, arguments: [row],
    }));
  }

  /** Draws the open plans anew, with what can be done with them. */
  refresh(): void {
    if (vscode.workspace.textDocuments.some(({ uri }) => planOf(uri) !== undefined)) {
      this.#options.documents.refreshPlans();
      this.#redraw();
    }
  }

  dispose(): void {
    this.#disposables.forEach((disposable) => { disposable.dispose(); });
  }

  #redraw(): void {
    this.#changed.fire();
    this.#showInTitle();
  }

  async #offered(uri: vscode.Uri): Promise<readonly Offered[]> {
    const { ledger, clock, live, origin } = this.#options;
    const plan = planOf(uri);
    const change = plan === undefined ? undefined : (await ledger.read(plan.incident)).changes.find(({ id }) => id === plan.change);
    if (plan === undefined || change === undefined) {
      return [];
    }
    const input: ChangesInput = { now: clock.now(), origin: await origin(), seen: (id) => live.seen(id) };
    const row = changeNode(plan.incident, change, input);
    return offersOf(change, { now: input.now, origin: input.origin, ...live.seen(change.id) })
      .map((offer) => ({ offer, title: OFFERS[offer].title(change), row }));
  }

  /** The buttons in the title of the editor go by what the active plan offers. */
  #showInTitle(): void {
    const uri = vscode.window.activeTextEditor?.document.uri;
    (uri === undefined ? Promise.resolve([]) : this.#offered(uri)).then((offered) => {
      const offers = offered.map(({ offer }) => offer).join(' ');
      if (offers !== this.#shown) {
        this.#shown = offers;
        void vscode.commands.executeCommand('setContext', 'incidentRunbook.planOffers', offers);
      }
    }).catch(this.#options.onError);
  }
}
