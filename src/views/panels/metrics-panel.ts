/** The extension's side of the metrics panel. */
import type { MetricsContract } from '../../protocol/metrics.ts';
import type { PanelDeps } from './panel-deps.ts';
import type { PanelFactory } from './panels.ts';

export function metricsPanel({ ledger }: PanelDeps): PanelFactory<MetricsContract> {
  return (session) => ({
    title: 'Metrics',
    handlers: {
      load: async () => ({ title: session.subject().incident === undefined ? '' : (await ledger.read(session.subject().incident ?? '')).title }),
    },
  });
}
