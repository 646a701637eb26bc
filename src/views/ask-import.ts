/** Asks which past incidents to take over, after showing what their tickets say and what they do not. */
import * as vscode from 'vscode';
import type { ImportApi } from '../api/import-api.ts';
import type { ImportedIncident } from '../incident/import.ts';
import type { Skipped } from '../ledger/shared/past.ts';
import { plural } from '../text.ts';
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

const TITLE = 'Import Past Incidents';

export function createImportFlow({ api, openMetrics, log }: ImportFlowDeps) {
  return async (): Promise<void> => {
    const found: ImportedIncident[] = [];
    const { known, skipped, stopped } = await underProgress('Reading closed incidents from GitHub', (signal, report) => api.find({
      onFound: (past) => { found.push(past); return Promise.resolve(); },
      onProgress: (looked) => { report(`${plural(looked, 'ticket')} read, ${found.length} to import`); },
    }, signal));
    skipped.forEach(({ number, reason }) => { log(`#${number} is not imported: ${reason}`); });
    if (found.length === 0) {
      void vscode.window.showInformationMessage(sentences(['There is nothing to import', ...rest(known, skipped, stopped)]));
      return;
    }
    const choices = found.map(choiceOf);
    const chosen = await vscode.window.showQuickPick<Choice>(choices, {
      title: TITLE, canPickMany: true, matchOnDescription: true, matchOnDetail: true, ignoreFocusOut: true,
      placeHolder: stopped === undefined ? 'Nothing is changed on GitHub. Space selects, Enter imports.' : `Not all could be read. ${stopped}`,
    });
    if (chosen === undefined || chosen.length === 0) {
      return;
    }
    const refused: Skipped[] = [];
    let kept = 0;
    await underProgress('Importing past incidents', async (signal, report) => {
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
        report(`${kept} of ${chosen.length}`);
      }
    });
    const button = 'Open metrics';
    const summary = sentences([`${plural(kept, 'incident')} imported`, ...rest(known, [...skipped, ...refused], stopped)]);
    void vscode.window.showInformationMessage(summary, button).then((answer) => (answer === button ? openMetrics() : undefined));
  };
}

function choiceOf(found: ImportedIncident): Choice {
  const { incident, missing, number, severity, title } = found;
  const detected = found.events.find(({ type }) => type === 'incident.declared')?.at.slice(0, 10) ?? '';
  return {
    found, picked: true, label: `#${number} ${title}`, description: `${incident} · ${severity ?? 'no severity'} · ${detected}`,
    detail: missing.length === 0 ? 'Everything that the metrics need is in the ticket' : `Not in the ticket: ${missing.join(', ')}`,
  };
}

function rest(known: number, skipped: readonly Skipped[], stopped: string | undefined): string[] {
  return [
    ...(known === 0 ? [] : [`${known} ${known === 1 ? 'was' : 'were'} here already`]),
    ...(skipped.length === 0 ? [] : [`${plural(skipped.length, 'ticket')} passed over (${skipped.slice(0, 3).map(({ number, reason }) => `#${number}: ${reason.replace(/\.$/, '')}`).join('; ')}${skipped.length > 3 ? '; the others are in the log' : ''})`]),
    ...(stopped === undefined ? [] : [stopped.replace(/\.$/, '')]),
  ];
}

function sentences(parts: readonly string[]): string {
  return `${parts.join('. ')}.`;
}
