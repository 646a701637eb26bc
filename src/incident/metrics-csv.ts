import type { IncidentSummary } from './fold.ts';
import { type DurationMetric, type MetricWindow, counted, durationOf, repeatsOf } from './metrics.ts';

const COLUMNS = [
  'incident', 'title', 'severity', 'environment', 'status', 'impactStartedAt', 'detectedAt', 'acknowledgedAt', 'mitigatedAt', 'resolvedAt', 'closedAt',
  'minutesToDetect', 'minutesToAcknowledge', 'minutesToResolve', 'scenario', 'cause', 'repeats',
] as const;

/** A spreadsheet takes a cell that begins like this for a formula, and runs it. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/**
 * The incidents that the metrics count, one a line, the earliest first: RFC 4180, UTF-8, times in ISO 8601 UTC, durations
 * in minutes with a decimal point. A cell is empty where nothing is recorded, and where a duration is implausible.
 * `repeats` names the incident that this one was again.
 *
 * @param incidents every incident there is: those before the window tell what is a recurrence
 */
export function metricsCsv(incidents: readonly IncidentSummary[], window: MetricWindow): string {
  const rows = counted(incidents, window).sort((a, b) => Date.parse(a.detectedAt) - Date.parse(b.detectedAt) || (a.id < b.id ? -1 : 1));
  const repeats = new Map(repeatsOf(incidents, rows).map(({ incident, earlier }) => [incident, earlier]));
  return [COLUMNS, ...rows.map((row) => [
    row.id, row.title, row.severity, row.environment, row.status,
    row.impactStartedAt, row.detectedAt, row.acknowledgedAt, row.mitigatedAt, row.resolvedAt, row.closedAt,
    minutes(row, 'mttd'), minutes(row, 'mtta'), minutes(row, 'mttr'), row.scenario, row.cause, repeats.get(row.id),
  ])].map((cells) => `${cells.map((cell) => quote(cell ?? '')).join(',')}\r\n`).join('');
}

/** To the thousandth, so that a second is not lost. */
function minutes(row: IncidentSummary, metric: DurationMetric): string {
  const duration = durationOf(row, metric);
  return typeof duration === 'number' ? String(Math.round(duration / 60) / 1_000) : '';
}

function quote(cell: string): string {
  // Where a semicolon separates cells, as in much of Europe, what follows one begins a cell.
  const apart = cell.replace(/;\s*(?=[=+\-@＝＋－＠])/g, "$&'");
  const harmless = FORMULA.test(apart) ? `'${apart}` : apart;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
