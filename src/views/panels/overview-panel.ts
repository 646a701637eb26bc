/** The extension's side of the overview panel. */
import type { OverviewContract } from '../../protocol/overview.ts';
import type { PanelDeps } from './panel-deps.ts';
import type { PanelFactory } from './panels.ts';

export function overviewPanel({ ledger }: PanelDeps): PanelFactory<OverviewContract> {
  return (session) => ({
    title: 'Overview',
    handlers: {
      load: async () => ({ title: session.subject().incident === undefined ? '' : (await ledger.read(session.subject().incident ?? '')).title }),
    },
  });
}
