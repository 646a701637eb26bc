/** A line chart over time, drawn by uPlot in the colours of the theme, with its figures as text for those who do not see it. */
import { type TemplateResult, html } from 'lit';
import { type DirectiveParameters, type ElementPart, type PartInfo, AsyncDirective, PartType, directive } from 'lit/async-directive.js';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { t } from '../l10n.ts';
import { number, timeOfDay } from './format.ts';
import './line-chart.css';

export interface LineChart {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly { readonly label: string; /** [epoch ms, value], by time. */ readonly points: readonly (readonly [number, number])[] }[];
  /** What must not be exceeded. */
  readonly limit?: { readonly label: string; readonly value: number };
  /** Epoch ms; without it as far as the points go. */
  readonly range?: readonly [number, number];
  /** Charts with the same name here point at the same time together. */
  readonly cursor?: string;
  /** How a time is written below the axis; by default `14:05`. */
  readonly tick?: (at: number) => string;
  /** How a value is written; by default with its unit. */
  readonly value?: (value: number) => string;
  /** Epoch ms at which the axis is labelled; by default where there is room. */
  readonly ticks?: readonly number[];
  /** What the table tells besides. */
  readonly columns?: readonly { readonly label: string; readonly value: (at: number) => string }[];
}

const HEIGHT = 150;
const PALETTE = ['blue', 'yellow', 'green', 'purple'] as const;
const DASHES: readonly (number[] | undefined)[] = [undefined, [8, 4], [2, 3], [10, 3, 2, 3]];

/** The chart under its heading, what it amounts to in words, and its figures as a table on demand. */
export function lineChart(chart: LineChart): TemplateResult {
  const value = chart.value ?? ((figure: number) => `${number(figure)} ${chart.unit}`);
  const { tick = timeOfDay, columns = [] } = chart;
  return html`<figure class="chart">
    <figcaption><strong dir="auto">${chart.title}</strong> <span class="quiet" dir="auto">${inWords(chart, value)}</span></figcaption>
    <ul class="legend">
      ${chart.series.map(({ label }, index) => html`<li><span class="key key-${index % PALETTE.length}" aria-hidden="true"></span><span dir="auto">${label}</span></li>`)}
      ${chart.limit === undefined ? '' : html`<li><span class="key key-limit" aria-hidden="true"></span><span dir="auto">${chart.limit.label}</span></li>`}
    </ul>
    <div class="plot" dir="ltr" role="img" aria-label="${chart.title}: ${inWords(chart, value)}" ${plotted(chart)}></div>
    <details>
      <summary>${t('Figures')}</summary>
      <div class="wide" tabindex="0" role="region" aria-label=${t('Figures of {0}', chart.title)}>
        <table>
          <thead><tr><th scope="col">${t('Time')}</th>${chart.series.map(({ label }) => html`<th scope="col" dir="auto">${label}</th>`)}${columns.map(({ label }) => html`<th scope="col" dir="auto">${label}</th>`)}</tr></thead>
          <tbody>${rowsOf(chart).map(([at, values]) => html`<tr><th scope="row" class="number">${tick(at)}</th>${values.map((figure) => html`<td class="number">${figure === undefined ? '' : value(figure)}</td>`)}${columns.map((column) => html`<td class="number">${column.value(at)}</td>`)}</tr>`)}</tbody>
        </table>
      </div>
    </details>
  </figure>`;
}

function inWords({ series, limit }: LineChart, value: (figure: number) => string): string {
  const values = series.flatMap(({ points }) => points.map(([, figure]) => figure));
  if (values.length === 0) {
    return t('no points');
  }
  const last = series[0]?.points.at(-1)?.[1];
  const span = t('from {0} to {1}', value(values.reduce((a, b) => Math.min(a, b))), value(values.reduce((a, b) => Math.max(a, b))));
  return [span, ...(last === undefined ? [] : [t('last {0}', value(last))]), ...(limit === undefined ? [] : [limit.label])].join(' · ');
}

/** Rows of the table: as many as can be read. */
const ROWS = 200;

function rowsOf({ series }: LineChart): [number, (number | undefined)[]][] {
  const times = [...new Set(series.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b).slice(-ROWS);
  const maps = series.map(({ points }) => new Map(points));
  return times.map((at) => [at, maps.map((map) => map.get(at))]);
}

function aligned(series: LineChart['series']): uPlot.AlignedData {
  const times = [...new Set(series.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
  const columns = series.map(({ points }) => {
    const map = new Map(points);
    return times.map((at) => map.get(at) ?? null);
  });
  return [times.map((at) => at / 1_000), ...columns];
}

function color(name: string, fallback: string): string {
  return getComputedStyle(document.body).getPropertyValue(name).trim() || fallback;
}

/** Draws into its element, and again when the chart, the room or the theme changes. */
class PlotDirective extends AsyncDirective {
  #plot: uPlot | undefined;
  #element: HTMLElement | undefined;
  #chart: LineChart | undefined;
  readonly #room = new ResizeObserver(() => { this.#resize(); });
  readonly #theme = new MutationObserver(() => { this.#draw(); });

  constructor(info: PartInfo) {
    super(info);
    if (info.type !== PartType.ELEMENT) {
      throw new Error('A chart is drawn into an element');
    }
  }

  render(_chart: LineChart): void {
    // Drawn in update, where there is an element.
  }

  override update(part: ElementPart, [chart]: DirectiveParameters<this>): void {
    const isSame = JSON.stringify(chart) === JSON.stringify(this.#chart);
    this.#chart = chart;
    if (this.#element === undefined) {
      this.#element = part.element as HTMLElement;
      this.#watch();
    }
    if (!isSame || this.#plot === undefined) {
      this.#draw();
    }
  }

  protected override disconnected(): void {
    this.#room.disconnect();
    this.#theme.disconnect();
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  protected override reconnected(): void {
    this.#watch();
    this.#draw();
  }

  #watch(): void {
    if (this.#element !== undefined) {
      this.#room.observe(this.#element);
      this.#theme.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
    }
  }

  #resize(): void {
    const width = this.#element?.clientWidth ?? 0;
    if (this.#plot !== undefined && width > 0 && width !== this.#plot.width) {
      this.#plot.setSize({ width, height: HEIGHT });
    }
  }

  #draw(): void {
    const [element, chart] = [this.#element, this.#chart];
    if (element === undefined || chart === undefined) {
      return;
    }
    this.#plot?.destroy();
    const text = color('--vscode-descriptionForeground', '#888');
    const axis = { stroke: text, font: `11px ${color('--vscode-font-family', 'sans-serif')}`, grid: { stroke: color('--vscode-editorIndentGuide-background1', '#8884'), width: 1 }, ticks: { show: false } };
    const { limit, range, ticks, tick = timeOfDay } = chart;
    this.#plot = new uPlot({
      width: element.clientWidth || 600,
      height: HEIGHT,
      legend: { show: false },
      // As it is written: in UTC, wherever the window is.
      tzDate: (at) => uPlot.tzDate(new Date(at * 1_000), 'Etc/UTC'),
      cursor: { y: false, points: { size: 6 }, ...(chart.cursor === undefined ? {} : { sync: { key: chart.cursor } }) },
      padding: [8, 12, 0, 0],
      scales: {
        x: { time: true, ...(range === undefined ? {} : { range: () => [range[0] / 1_000, range[1] / 1_000] as [number, number] }) },
        y: { range: (_plot, _min, max) => [0, Math.max(limit?.value ?? 0, max, 1) * 1.08] },
      },
      axes: [
        { ...axis, size: 28, ...(ticks === undefined ? {} : { splits: ticks.map((at) => at / 1_000) }), values: (_plot, splits) => splits.map((at) => tick(at * 1_000)) },
        { ...axis, size: 56, values: (_plot, splits) => splits.map((figure) => number(figure)) },
      ],
      series: [{}, ...chart.series.map(({ label, points }, index) => ({
        label, width: 2, stroke: color(`--vscode-charts-${PALETTE[index % PALETTE.length] ?? 'blue'}`, text), spanGaps: true,
        points: { show: points.length < 40 },
        ...(DASHES[index % DASHES.length] === undefined ? {} : { dash: DASHES[index % DASHES.length] as number[] }),
      }))],
      hooks: limit === undefined ? {} : { draw: [(plot) => { drawLimit(plot, limit.value); }] },
    }, aligned(chart.series), element);
  }
}

function drawLimit(plot: uPlot, value: number): void {
  const y = Math.round(plot.valToPos(value, 'y', true));
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = color('--vscode-charts-red', '#e51400');
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

const plotted = directive(PlotDirective);
