/** Trends by month, how many incidents there were, and how they are spread over the severities. */
import { type TemplateResult, html } from 'lit';
import { styleMap } from 'lit/directives/style-map.js';
import { t, tn } from '../l10n.ts';
import type { ChartModel, MetricsModel, MonthModel } from '../protocol/metrics.ts';
import { monthName, number } from './format.ts';
import { type LineChart, lineChart } from './line-chart.ts';
import { meanTime, metricTitle, severityName } from './metrics-words.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Labels below an axis that have room beside each other. */
const LABELS = 6;
const SEVERITIES = ['P1', 'P2', 'P3', 'P4', 'none'] as const;

export function trends({ charts, months, earlierMonths }: MetricsModel): TemplateResult {
  const [drawn, without] = [charts.filter(({ points }) => points.length > 0), charts.filter(({ points }) => points.length === 0)];
  return html`<section aria-labelledby="trend">
    <h2 id="trend">${t('Trend by month')}</h2>
    ${earlierMonths === 0 ? '' : html`<p class="quiet">${tn('{0} earlier month is not drawn; the CSV has all of them.', '{0} earlier months are not drawn; the CSV has all of them.', earlierMonths)}</p>`}
    <div class="charts">${drawn.map((chart) => lineChart(trendOf(chart, months)))}</div>
    ${without.length === 0 ? '' : html`<p class="quiet">${t('No figure in any month: {0}', without.map(chartTitle).join(', '))}</p>`}
  </section>`;
}

function chartTitle(chart: ChartModel): string {
  return chart.of === 'recurrence' || chart.severity === undefined ? metricTitle(chart.of) : `${metricTitle(chart.of)} · ${chart.severity}`;
}

function trendOf(chart: ChartModel, months: readonly MonthModel[]): LineChart {
  const starts = months.map(({ month }) => startOf(month));
  const [first = 0, last = 0] = [starts[0], starts.at(-1)];
  const every = Math.ceil(starts.length / LABELS);
  const isLong = chart.of !== 'recurrence' && Math.max(chart.target ?? 0, ...chart.points.map(({ mean }) => mean)) >= 3 * HOUR_MS;
  const scale = chart.of === 'recurrence' ? 1 : isLong ? HOUR_MS : MINUTE_MS;
  const value = (figure: number): string => (chart.of === 'recurrence' ? t('{0} %', number(figure)) : meanTime(figure * scale));
  const unit = chart.of === 'recurrence' ? t('per cent') : isLong ? t('hours') : t('minutes');
  const counts = new Map(chart.points.map(({ month, n }) => [startOf(month), n]));
  const points = chart.of === 'recurrence' ? chart.points.map(({ month, percent }) => [startOf(month), percent] as const) : chart.points.map(({ month, mean }) => [startOf(month), mean / scale] as const);
  const pad = 12 * 24 * HOUR_MS;
  return {
    title: `${chartTitle(chart)} (${unit})`, unit, value,
    series: [{ label: chart.of === 'recurrence' ? t('Rate') : t('Mean'), points }],
    ...(chart.target === undefined ? {} : { limit: { label: t('Target: under {0}', value(chart.target / scale)), value: chart.target / scale } }),
    range: [first - pad, last + pad],
    ticks: starts.filter((_start, index) => (starts.length - 1 - index) % every === 0),
    tick: (at) => monthName(new Date(at).toISOString().slice(0, 7)),
    columns: [{ label: 'n', value: (at) => String(counts.get(at) ?? '') }],
  };
}

function startOf(month: string): number {
  return Date.parse(`${month}-01T00:00:00Z`);
}

export function distribution({ months, shares, incidents }: MetricsModel): TemplateResult {
  return html`<div class="pair">
    <section aria-labelledby="months">
      <h2 id="months">${t('Incidents per month')}</h2>
      ${columns(months, shares.map(({ severity }) => severity))}
    </section>
    <section aria-labelledby="shares">
      <h2 id="shares">${t('By severity')}</h2>
      <ul class="shares">${shares.map(({ severity, count }) => html`<li>
        <span class="severity ${severity}">${severityName(severity)}</span>
        <span class="track" aria-hidden="true"><span class="bar ${severity}" style=${styleMap({ inlineSize: `${(count * 100) / incidents}%` })}></span></span>
        <span class="number">${t('{0} ({1} %)', count, number((count * 100) / incidents, 0))}</span>
      </li>`)}</ul>
    </section>
  </div>`;
}

/** A column for each month, and the same as a table on demand. */
function columns(months: readonly MonthModel[], shown: readonly (typeof SEVERITIES)[number][]): TemplateResult {
  const totals = months.map(({ counts }) => SEVERITIES.reduce((sum, severity) => sum + counts[severity], 0));
  const top = Math.max(1, ...totals);
  const every = Math.ceil(months.length / 12);
  return html`<div class="columns" dir="ltr" aria-hidden="true">${months.map(({ month, counts }, index) => html`<div class="column">
      <span class="number count">${totals[index] === 0 ? '' : totals[index]}</span>
      <div class="stack" style=${styleMap({ blockSize: `${((totals[index] ?? 0) * 110) / top}px` })}>
        ${SEVERITIES.filter((severity) => counts[severity] > 0).map((severity) => html`<div class="bar ${severity}" style=${styleMap({ flexGrow: String(counts[severity]) })}></div>`)}
      </div>
      <bdi class="quiet label">${(months.length - 1 - index) % every === 0 ? monthName(month) : ''}</bdi>
    </div>`)}</div>
    <details>
      <summary>${t('Figures')}</summary>
      <div class="wide" tabindex="0" role="region" aria-label=${t('Figures of {0}', t('Incidents per month'))}>
        <table>
          <thead><tr><th scope="col">${t('Month')}</th><th scope="col">${t('Incidents')}</th>${shown.map((severity) => html`<th scope="col">${severityName(severity)}</th>`)}</tr></thead>
          <tbody>${months.map(({ month, counts }, index) => html`<tr><th scope="row">${monthName(month)}</th><td class="number">${totals[index]}</td>${shown.map((severity) => html`<td class="number">${counts[severity]}</td>`)}</tr>`)}</tbody>
        </table>
      </div>
    </details>`;
}
