/** The extension's side of the severity panel. */
import type { SeverityContract } from '../../protocol/severity.ts';
import type { PanelDeps } from './panel-deps.ts';
import type { PanelFactory } from './panels.ts';

export function severityPanel({ ledger }: PanelDeps): PanelFactory<SeverityContract> {
  return (session) => ({
    title: 'Severity',
    handlers: {
      load: async () => ({ title: session.subject().incident === undefined ? '' : (await ledger.read(session.subject().incident ?? '')).title }),
    },
  });
}
