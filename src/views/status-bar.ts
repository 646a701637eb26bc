import * as vscode from 'vscode';
import { type Clock, formatDuration } from '../incident/clock.ts';
import { compareSeverity } from '../incident/severity.ts';
import type { IncidentSummary } from '../incident/fold.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** The running time is in minutes; drawn this often, ms. */
const TICK_MS = 10_000;

/** Severity and running time of the gravest open incident; hidden when there is none. */
export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('incidentRunbook.status', vscode.StatusBarAlignment.Left, 1_000);
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #disposables: vscode.Disposable[];
  #open: readonly IncidentSummary[] = [];

  constructor(ledger: Ledger, clock: Clock) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#item.name = 'Incident';
    this.#item.command = 'incidentRunbook.list';
    const timer = setInterval(() => { this.#draw(); }, TICK_MS);
    this.#disposables = [
      this.#item,
      { dispose: () => { clearInterval(timer); } },
      ledger.onDidChange(() => { void this.update(); }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('incidentRunbook.statusBar')) {
          this.#draw();
        }
      }),
    ];
  }

  /** Reads the open incidents anew. */
  async update(): Promise<void> {
    this.#open = await this.#ledger.list('open').catch(() => []);
    this.#draw();
  }

  dispose(): void {
    this.#disposables.forEach((disposable) => { disposable.dispose(); });
  }

  #draw(): void {
    const gravest = [...this.#open].sort((a, b) => compareSeverity(a.severity ?? 'P1', b.severity ?? 'P1') || (a.detectedAt < b.detectedAt ? -1 : 1))[0];
    if (gravest === undefined || !vscode.workspace.getConfiguration('incidentRunbook').get<boolean>('statusBar', true)) {
      this.#item.hide();
      return;
    }
    const age = formatDuration(this.#clock.now() - Date.parse(gravest.detectedAt));
    const others = this.#open.length > 1 ? ` +${this.#open.length - 1}` : '';
    this.#item.text = `$(flame) ${gravest.severity ?? 'Not assessed'} ${age}${others}`;
    this.#item.tooltip = this.#open.map((incident) => `${incident.severity ?? 'not assessed'} ${incident.title} (${incident.id})`).join('\n');
    this.#item.accessibilityInformation = { label: `Incident ${gravest.title}, ${gravest.severity ?? 'not assessed'}, running for ${age}` };
    this.#item.backgroundColor = gravest.severity === 'P1' ? new vscode.ThemeColor('statusBarItem.errorBackground')
      : gravest.severity === 'P2' ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    this.#item.show();
  }
}
