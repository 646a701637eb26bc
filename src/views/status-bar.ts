import * as vscode from 'vscode';
import { type Clock, formatDuration } from '../incident/clock.ts';
import { type ClockRules, type DueStep, dueSteps } from '../incident/clocks.ts';
import { compareSeverity } from '../incident/severity.ts';
import type { IncidentSummary } from '../incident/fold.ts';
import { t } from '../l10n.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { lowerFirst } from '../text.ts';
import { coalesce } from './coalesce.ts';

/** The running time is in minutes; drawn this often, ms. */
const TICK_MS = 10_000;
const MINUTE_MS = 60_000;

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
    this.#item.name = t('Incident');
    const now = this.#clock.now();
    const age = formatDuration(now - Date.parse(gravest.detectedAt));
    const next = this.#next === undefined ? '' : `, ${lowerFirst(t(/* l10n: table */ this.#next.title))}: ${dueWords(this.#next, now)}`;
    const others = this.#open.length > 1 ? ` +${this.#open.length - 1}` : '';
    this.#item.text = `$(flame) ${gravest.severity ?? t('Not assessed')} ${age}${others}${next}`;
    this.#item.tooltip = this.#open.map((incident) => `${incident.severity ?? t('not assessed')} ${incident.title} (${incident.id})`).join('\n');
    this.#item.accessibilityInformation = { label: t('Incident {0}, {1}, running for {2}', gravest.title, gravest.severity ?? t('not assessed'), age) + next };
    this.#item.backgroundColor = gravest.severity === 'P1' ? new vscode.ThemeColor('statusBarItem.errorBackground')
      : gravest.severity === 'P2' ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    this.#item.show();
  }
}

/** `in 4 min` (of minutes begun), `due now`, `7 min overdue`. */
function dueWords({ at }: DueStep, now: number): string {
  const left = at - now;
  if (left > 0) {
    return t('in {0}', formatDuration(Math.ceil(left / MINUTE_MS) * MINUTE_MS));
  }
  return left > -MINUTE_MS ? t('due now') : t('{0} overdue', formatDuration(-left));
}
