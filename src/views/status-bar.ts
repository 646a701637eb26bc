import * as vscode from 'vscode';
import { type Clock, formatDuration } from '../incident/clock.ts';
import { type ClockRules, type DueStep, dueSteps, untilDue } from '../incident/clocks.ts';
import { compareSeverity } from '../incident/severity.ts';
import type { IncidentSummary } from '../incident/fold.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { lowerFirst } from '../text.ts';
import { coalesce } from './coalesce.ts';

/** The running time is in minutes; drawn this often, ms. */
const TICK_MS = 10_000;

/** Severity, running time and next clock of the gravest open incident; hidden when there is none. */
export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('incidentRunbook.status', vscode.StatusBarAlignment.Left, 1_000);
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #rules: () => ClockRules | undefined;
  readonly #disposables: vscode.Disposable[];
  #open: readonly IncidentSummary[] = [];
  #next: DueStep | undefined;

  /** @param rules the runbook's clocks, once it has been read */
  constructor(ledger: Ledger, clock: Clock, rules: () => ClockRules | undefined) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#rules = rules;
    this.#item.name = 'Incident';
    this.#item.command = 'incidentRunbook.list';
    const timer = setInterval(() => { this.#draw(); }, TICK_MS);
    const changed = coalesce(() => { void this.update(); });
    this.#disposables = [
      this.#item,
      changed,
      { dispose: () => { clearInterval(timer); } },
      ledger.onDidChange(() => { changed.call(); }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('incidentRunbook.statusBar')) {
          this.#draw();
        }
      }),
    ];
  }

  /** Reads the open incidents anew. */
  async update(): Promise<void> {
    const open = await this.#ledger.list('open').catch(() => []);
    this.#open = [...open].sort((a, b) => compareSeverity(a.severity ?? 'P1', b.severity ?? 'P1') || (a.detectedAt < b.detectedAt ? -1 : 1));
    const [gravest] = this.#open;
    const rules = this.#rules();
    this.#next = gravest === undefined || rules === undefined
      ? undefined
      : await this.#ledger.read(gravest.id).then((incident) => dueSteps(incident, rules)[0], () => undefined);
    this.#draw();
  }

  dispose(): void {
    this.#disposables.forEach((disposable) => { disposable.dispose(); });
  }

  #draw(): void {
    const [gravest] = this.#open;
    if (gravest === undefined || !vscode.workspace.getConfiguration('incidentRunbook').get<boolean>('statusBar', true)) {
      this.#item.hide();
      return;
    }
    const now = this.#clock.now();
    const age = formatDuration(now - Date.parse(gravest.detectedAt));
    const next = this.#next === undefined ? '' : `, ${lowerFirst(this.#next.title)}: ${untilDue(this.#next, now)}`;
    const others = this.#open.length > 1 ? ` +${this.#open.length - 1}` : '';
    this.#item.text = `$(flame) ${gravest.severity ?? 'Not assessed'} ${age}${others}${next}`;
    this.#item.tooltip = this.#open.map((incident) => `${incident.severity ?? 'not assessed'} ${incident.title} (${incident.id})`).join('\n');
    this.#item.accessibilityInformation = { label: `Incident ${gravest.title}, ${gravest.severity ?? 'not assessed'}, running for ${age}${next}` };
    this.#item.backgroundColor = gravest.severity === 'P1' ? new vscode.ThemeColor('statusBarItem.errorBackground')
      : gravest.severity === 'P2' ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    this.#item.show();
  }
}
