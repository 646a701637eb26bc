/** The metrics of the evidence, on the time of the picture. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import { type TemplateResult, html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { t } from '../../l10n.ts';
import type { OverviewChart, OverviewStanding } from '../../protocol/overview.ts';
import { moment } from '../format.ts';
import { lineChart } from '../line-chart.ts';
import type { Range } from './time-range.ts';

/** Of all charts of the page: pointing at a time in one points at it in all. */
const CURSOR = 'overview';

export interface MetricsActions {
  readonly run: (id: string) => void;
  readonly openEvent: (id: string) => void;
}

export function metrics(charts: readonly OverviewChart[], { investigate, standing, now }: OverviewStanding, range: Range, hasSteps: boolean, { run, openEvent }: MetricsActions): TemplateResult {
  if (charts.length === 0) {
    const why = hasSteps ? t('The evidence so far holds no metrics.') : t('No evidence yet.');
    return html`<div class="empty">
      <p>${standing === 'closed' || standing === 'resolved' ? why : `${why} ${t('Investigate: all checks at once, and their metrics appear here.')}`}</p>
      ${investigate === undefined ? nothing : html`<vscode-button @click=${() => { run(investigate); }}>${t('Investigate')}</vscode-button>`}
    </div>`;
  }
  return html`<div class="charts">${repeat(charts, ({ title }) => title, (chart) => html`<div class="metric">
    ${lineChart({ ...chart, range, cursor: CURSOR })}
    <p class="quiet seen">${t('Last looked at {0}', moment(chart.seenAt, now))} · <button type="button" class="link" aria-label=${t('Open evidence of {0}', chart.title)} @click=${() => { openEvent(chart.event); }}>${t('Open evidence')}</button></p>
  </div>`)}</div>`;
}
