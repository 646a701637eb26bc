/** Asks which past incidents to take over, after showing what their tickets say and what they do not. */
import * as vscode from 'vscode';
import type { ImportApi } from '../api/import-api.ts';
import type { ImportedIncident } from '../incident/import.ts';
import { t, tn } from '../l10n.ts';
import type { Skipped } from '../ledger/shared/past.ts';
import { withoutPeriod } from '../text.ts';
import { underProgress } from './under-progress.ts';

export interface ImportFlowDeps {
  readonly api: Pick<ImportApi, 'find' | 'keep'>;
  readonly openMetrics: () => Thenable<unknown>;
  /** For what does not fit into a message. */
  readonly log: (message: string) => void;
}

interface Choice extends vscode.QuickPickItem {
  readonly found: ImportedIncident;
}

export function createImportFlow({ api, openMetrics, log }: ImportFlowDeps) {
  return async (): Promise<void> => {
    const found: ImportedIncident[] = [];
    const { known, skipped, stopped } = await underProgress(t('Reading closed incidents from GitHub'), (signal, report) => api.find({
      onFound: (past) => { found.push(past); return Promise.resolve(); },
      onProgress: (looked) => { report(tn('{0} ticket read, {1} to import', '{0} tickets read, {1} to import', looked, found.length)); },
    }, signal));
    skipped.forEach(({ number, reason }) => { log(`#${number} is not imported: ${reason}`); });
    if (found.length === 0) {
      void vscode.window.showInformationMessage(sentences([t('There is nothing to import'), ...rest(known, skipped, stopped)]));
      return;
    }
    const choices = found.map(choiceOf);
    const chosen = await vscode.window.showQuickPick<Choice>(choices, {
      title: t('Import Past Incidents'), canPickMany: true, matchOnDescription: true, matchOnDetail: true, ignoreFocusOut: true,
      placeHolder: stopped === undefined ? t('Nothing is changed on GitHub. Space selects, Enter imports.') : t('Not all could be read. {0}', stopped),
    });
    if (chosen === undefined || chosen.length === 0) {
      return;
    }
    const refused: Skipped[] = [];
    let kept = 0;
    await underProgress(t('Importing past incidents'), async (signal, report) => {
      for (const { found: past } of chosen) {
        if (signal.aborted) {
          return;
        }
        const problem = await api.keep(past);
        if (problem === undefined) {
          kept += 1;
        } else {
          refused.push(problem);
          log(`#${problem.number} is not imported: ${problem.reason}`);
        }
        report(t('{0} of {1}', kept, chosen.length));
      }
    });
    const button = t('Open metrics');
    const summary = sentences([tn('{0} incident imported', '{0} incidents imported', kept), ...rest(known, [...skipped, ...refused], stopped)]);
    void vscode.window.showInformationMessage(summary, button).then((answer) => (answer === button ? openMetrics() : undefined));
  };
}

function choiceOf(found: ImportedIncident): Choice {
  const { incident, missing, number, severity, title } = found;
  const detected = found.events.find(({ type }) => type === 'incident.declared')?.at.slice(0, 10) ?? '';
  return {
    found, picked: true, label: `#${number} ${title}`, description: `${incident} · ${severity ?? t('no severity')} · ${detected}`,
    detail: missing.length === 0 ? t('Everything that the metrics need is in the ticket') : t('Not in the ticket: {0}', missing.map((word) => t(/* l10n: table */ word)).join(', ')),
  };
}

function rest(known: number, skipped: readonly Skipped[], stopped: string | undefined): string[] {
  return [
    ...(known === 0 ? [] : [tn('{0} was here already', '{0} were here already', known)]),
    ...(skipped.length === 0 ? [] : [tn('{0} ticket passed over ({1})', '{0} tickets passed over ({1})', skipped.length, [
      ...skipped.slice(0, 3).map(({ number, reason }) => `#${number}: ${withoutPeriod(reason)}`), ...(skipped.length > 3 ? [t('the others are in the log')] : []),
    ].join('; '))]),
    ...(stopped === undefined ? [] : [withoutPeriod(stopped)]),
  ];
}

function sentences(parts: readonly string[]): string {
  return `${parts.join('. ')}.`;
}
