import type { Chart } from '../incident/evidence.ts';

const WIDTH = 720;
const HEIGHT = 180;
const LEFT = 56;
const RIGHT = 12;
const TOP = 26;
const BOTTOM = 24;
/** Readable on light, dark and high-contrast backgrounds: an image cannot see the theme. */
const TEXT = '#808080';
const SERIES = ['#d18616', '#3794ff', '#388a34', '#b180d7'];
const LIMIT = '#e51400';

/** A chart as a Markdown image: an SVG in a data URI, with the facts as its alternative text. */
export function chartImage(chart: Chart): string {
  const values = chart.series.flatMap(({ points }) => points.map(([, value]) => value));
  const last = chart.series[0]?.points.at(-1)?.[1];
  const alt = `${chart.title}: ${values.length === 0 ? 'no points' : `from ${format(Math.min(...values))} to ${format(Math.max(...values))} ${chart.unit}, last ${format(last ?? 0)}`}${chart.limit === undefined ? '' : `, ${chart.limit.label}`}`;
  // Taken out, not escaped: VS Code's preview drops escaped characters from an alternative text.
  return `![${alt.replace(/[[\]\\`<>\s]+/g, ' ')}](data:image/svg+xml;base64,${Buffer.from(chartSvg(chart)).toString('base64')})`;
}

/** A line chart with axis, limit and legend as a self-contained SVG. */
export function chartSvg(chart: Chart): string {
  const points = chart.series.flatMap((series) => series.points);
  const times = points.map(([at]) => at);
  const from = Math.min(...times);
  const to = Math.max(...times, from + 1);
  const top = Math.max(chart.limit?.value ?? 0, ...points.map(([, value]) => value), 1) * 1.08;
  const x = (at: number): string => (LEFT + ((at - from) / (to - from)) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const y = (value: number): string => (TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const ticks = [0, 0.5, 1].map((share) => share * (chart.limit?.value ?? top / 1.08));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11" fill="${TEXT}">`,
    ...ticks.map((value) => `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}" stroke="${TEXT}" stroke-opacity=".3"/><text x="${LEFT - 6}" y="${Number(y(value)) + 4}" text-anchor="end">${format(value)}</text>`),
    ...chart.series.map(({ points: line }, index) => `<polyline fill="none" stroke="${SERIES[index % SERIES.length]}" stroke-width="2" points="${line.map(([at, value]) => `${x(at)},${y(value)}`).join(' ')}"/>`),
    ...(chart.limit === undefined ? [] : [`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(chart.limit.value)}" y2="${y(chart.limit.value)}" stroke="${LIMIT}" stroke-dasharray="5 4"/>`]),
    ...legend(chart),
    times.length === 0 ? `<text x="${LEFT}" y="${HEIGHT - 6}">no points</text>` : `<text x="${LEFT}" y="${HEIGHT - 6}">${clock(from)}</text><text x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">${clock(to)} UTC</text>`,
    '</svg>',
  ].join('');
}

function legend(chart: Chart): string[] {
  const entries = [
    ...chart.series.map(({ label }, index) => ({ label: `${label} (${chart.unit})`, color: SERIES[index % SERIES.length] ?? TEXT })),
    ...(chart.limit === undefined ? [] : [{ label: chart.limit.label, color: LIMIT }]),
  ];
  let x = LEFT;
  return entries.map(({ label, color }) => {
    const entry = `<rect x="${x}" y="8" width="10" height="10" fill="${color}"/><text x="${x + 15}" y="17">${escapeXml(label)}</text>`;
    x += 30 + label.length * 6.2;
    return entry;
  });
}

function format(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 1 : 0);
}

function clock(ms: number): string {
  return new Date(ms).toISOString().slice(11, 16);
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
