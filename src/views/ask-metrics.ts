/** The metrics as a file: which time, and where to. */
import * as vscode from 'vscode';
import { UserError, messageOf } from '../errors.ts';
import { t } from '../l10n.ts';
import { type Clock, iso } from '../incident/clock.ts';
import type { MetricWindow } from '../incident/metrics.ts';
import type { MetricsApi } from '../api/metrics-api.ts';

export interface ExportDeps {
  readonly api: MetricsApi;
  readonly clock: Clock;
}

const DAY_MS = 86_400_000;
/** Without it Excel takes UTF-8 for the code page of the machine. */
const BYTE_ORDER_MARK = '\uFEFF';

/** Asks of which time, then as `exportCsv`. */
export async function askExport(deps: ExportDeps): Promise<void> {
  const periods: readonly { readonly label: string; readonly days?: number }[] = [
    { label: t('Last 90 days'), days: 90 }, { label: t('Last 30 days'), days: 30 }, { label: t('Last 12 months'), days: 365 }, { label: t('All incidents') },
  ];
  const chosen = await vscode.window.showQuickPick(periods, { title: t('Export Metrics as CSV'), placeHolder: t('Incidents detected when?') });
  if (chosen !== undefined) {
    await exportCsv(deps, chosen.days === undefined ? {} : { since: iso(deps.clock.now() - chosen.days * DAY_MS) });
  }
}

/**
 * Writes the incidents that the metrics count to a file that a person chooses.
 *
 * @throws UserError when the file cannot be written
 */
export async function exportCsv({ api, clock }: ExportDeps, window: MetricWindow): Promise<void> {
  const answer = await api.metrics({ ...window, format: 'csv' });
  if (!('csv' in answer)) {
    return;
  }
  const name = `incident-metrics-${iso(clock.now()).slice(0, 10)}.csv`;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const file = await vscode.window.showSaveDialog({
    title: t('Export Metrics as CSV'), saveLabel: t('Export'), filters: { [t('Comma-separated values')]: ['csv'] },
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
  });
  if (file === undefined) {
    return;
  }
  try {
    await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(BYTE_ORDER_MARK + answer.csv));
  } catch (error) {
    throw new UserError(t('The metrics could not be written to {0}: {1}. Choose another folder.', file.fsPath, messageOf(error)), { cause: error });
  }
  vscode.window.setStatusBarMessage(`$(check) ${t('The metrics are in {0}', file.fsPath)}`, 5_000);
}
