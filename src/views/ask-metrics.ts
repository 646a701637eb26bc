/** What a person sees of the metrics: which time, the document, the file. */
import * as vscode from 'vscode';
import { UserError, messageOf } from '../errors.ts';
import { type Clock, iso } from '../incident/clock.ts';
import type { MetricWindow } from '../incident/metrics.ts';
import type { MetricsApi } from '../api/metrics-api.ts';
import { t } from '../l10n.ts';
import type { DocumentProvider } from './document-provider.ts';

export interface MetricsFlowOptions {
  readonly api: MetricsApi;
  readonly clock: Clock;
  readonly documents: Pick<DocumentProvider, 'openMetrics'>;
}

const DAY_MS = 86_400_000;
/** l10n: table label */
const PERIODS: readonly { readonly label: string; readonly days?: number }[] = [
  { label: 'Last 90 days', days: 90 },
  { label: 'Last 30 days', days: 30 },
  { label: 'Last 12 months', days: 365 },
  { label: 'All incidents' },
];
/** Without it Excel takes UTF-8 for the code page of the machine. */
const BYTE_ORDER_MARK = '\uFEFF';

export function createMetricsFlow({ api, clock, documents }: MetricsFlowOptions) {
  async function askWindow(title: string): Promise<MetricWindow | undefined> {
    const chosen = await vscode.window.showQuickPick(PERIODS.map(({ label, ...period }) => ({ label: t(/* l10n: table */ label), ...period })), { title, placeHolder: t('Incidents detected when?') });
    return chosen === undefined ? undefined : chosen.days === undefined ? {} : { since: iso(clock.now() - chosen.days * DAY_MS) };
  }

  return {
    async open(): Promise<void> {
      const window = await askWindow(t('Metrics'));
      if (window !== undefined) {
        await documents.openMetrics(window);
      }
    },

    /** @throws UserError when the file cannot be written */
    async exportCsv(): Promise<void> {
      const window = await askWindow(t('Export Metrics as CSV'));
      const answer = window === undefined ? undefined : await api.metrics({ ...window, format: 'csv' });
      if (answer === undefined || !('csv' in answer)) {
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
    },
  };
}
