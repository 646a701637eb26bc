/** The four panels. */
import { composerPanel } from './composer-panel.ts';
import { metricsPanel } from './metrics-panel.ts';
import { overviewPanel } from './overview-panel.ts';
import type { PanelDeps } from './panel-deps.ts';
import { Panels, type PanelsOptions } from './panels.ts';
import { severityPanel } from './severity-panel.ts';

export function createPanels(deps: PanelDeps, options: Omit<PanelsOptions, 'factories' | 'redact' | 'onError'>): Panels {
  return new Panels({
    ...options,
    redact: (text) => deps.redact()(text),
    onError: deps.onError,
    factories: { severity: severityPanel(deps), composer: composerPanel(deps), overview: overviewPanel(deps), metrics: metricsPanel(deps) },
  });
}
