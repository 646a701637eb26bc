/** The metrics of the evidence: all looks at the same one as one line. No vscode here. */
import type { ChartSeries } from '../../incident/evidence.ts';
import type { TimelineEvent } from '../../incident/events.ts';
import type { OverviewChart } from '../../protocol/overview.ts';

/** Points of a line: more than a screen has pixels. */
const POINTS = 1_500;

/**
 * Charts of the same title in one, in the order in which they first came: of a time that was seen twice the later look
 * counts, and so do its unit and limit.
 */
export function chartsOf(events: readonly TimelineEvent[]): OverviewChart[] {
  const merged = new Map<string, { readonly chart: Omit<OverviewChart, 'series'>; readonly lines: Map<string, Map<number, number>> }>();
  for (const event of events) {
    for (const { evidence } of event.type === 'step.finished' ? [event.result, ...(event.parts ?? [])] : []) {
      for (const { series, ...chart } of evidence?.charts ?? []) {
        const lines = merged.get(chart.title)?.lines ?? new Map<string, Map<number, number>>();
        for (const { label, points } of series) {
          const line = lines.get(label) ?? new Map<number, number>();
          points.forEach(([at, value]) => { line.set(at, value); });
          lines.set(label, line);
        }
        merged.set(chart.title, { chart: { ...chart, event: event.id, seenAt: Date.parse(event.at) }, lines });
      }
    }
  }
  return [...merged.values()].map(({ chart, lines }) => ({ ...chart, series: [...lines].map(([label, line]): ChartSeries => ({ label, points: thinned([...line].sort(([a], [b]) => a - b)) })) }));
}

/** Of neighbours the highest stays: a peak is what matters. */
function thinned(points: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  if (points.length <= POINTS) {
    return points;
  }
  const size = Math.ceil(points.length / POINTS);
  return Array.from({ length: Math.ceil(points.length / size) }, (_none, group) => points.slice(group * size, (group + 1) * size)
    .reduce((highest, point) => (point[1] > highest[1] ? point : highest)));
}
