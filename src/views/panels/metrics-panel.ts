/** The extension's side of the metrics panel (runbook 11). */
import * as vscode from 'vscode';
import { t } from '../../l10n.ts';
import type { MetricsContract, MetricsDoor, MetricsQuery } from '../../protocol/metrics.ts';
import { exportCsv } from '../ask-metrics.ts';
import { coalesce } from '../coalesce.ts';
import { metricsModel } from './metrics-model.ts';
import { queryIn, windowOf } from './metrics-query.ts';
import type { PanelDeps } from './panel-deps.ts';
import type { PanelFactory } from './panels.ts';

const DOORS: Readonly<Record<Extract<MetricsDoor, { to: 'declare' | 'import' | 'problems' }>['to'], string>> = {
  declare: 'incidentRunbook.declare', import: 'incidentRunbook.import', problems: 'workbench.actions.view.problems',
};

export function metricsPanel({ ledger, clock, runbook, metrics }: PanelDeps): PanelFactory<MetricsContract> {
  const all = async (query: MetricsQuery) => ({ incidents: await ledger.list(), query, runbook: await runbook().catch(() => undefined), now: clock.now() });

  async function go(door: MetricsDoor): Promise<void> {
    switch (door.to) {
      case 'review':
        await vscode.commands.executeCommand('incidentRunbook.openReview', { incident: door.incident });
        return;
      case 'correct': {
        const { incident } = door;
        const event = door.event === 'any' ? undefined : (await ledger.read(incident)).times.detected.event;
        // As from a row of the tree: it asks what is to be corrected, and says itself what does not work.
        void vscode.commands.executeCommand('incidentRunbook.amend', { kind: 'event', key: incident, incident, ...(event === undefined ? {} : { event }) });
        return;
      }
      default:
        void vscode.commands.executeCommand(DOORS[door.to]);
    }
  }

  return (session) => {
    const changed = coalesce(() => { if (session.visible()) { session.tell('changed', {}); } });
    const listening = ledger.onDidChange(() => { changed.call(); });
    return {
      title: t('Incident metrics'),
      handlers: {
        load: async ({ query: given }) => {
          const query = queryIn(given ?? session.draft.get());
          if (given !== undefined) {
            session.draft.keep(query);
          }
          return metricsModel(await all(query));
        },
        exportCsv: async ({ query }) => {
          await exportCsv({ api: metrics, clock }, windowOf(queryIn(query), clock.now()));
          return {};
        },
        copyMarkdown: async ({ query: given }) => {
          const { query, ...rest } = await all(queryIn(given));
          const { metricsDocument } = await import('../metrics-document.ts');
          await vscode.env.clipboard.writeText(metricsDocument({ ...rest, window: windowOf(query, rest.now) }));
          return {};
        },
        go: async (door) => {
          await go(door);
          return {};
        },
      },
      dispose: () => {
        listening.dispose();
        changed.dispose();
      },
    };
  };
}
