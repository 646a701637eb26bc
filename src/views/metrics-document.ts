/** The metrics of runbook 11 as a Markdown document. */
import { shortTime } from '../incident/clock.ts';
import type { IncidentSummary } from '../incident/fold.ts';
import { escapeMarkdown, sparkline, table, utc } from '../incident/markdown.ts';
import { DURATION_METRICS, type DurationFigures, type DurationMetric, type MetricWindow, type Metrics, type RecurrenceReport, type Repeat, computeMetrics, counted, durationOf } from '../incident/metrics.ts';
import { SEVERITIES } from '../incident/events.ts';
import type { Runbook } from '../runbook/schema.ts';
import { metricTargets } from '../runbook/targets.ts';
import { plural } from '../text.ts';

export interface MetricsInput {
  /** Every incident there is. */
  readonly incidents: readonly IncidentSummary[];
  readonly window: MetricWindow;
  /** Unset when it cannot be used: then there are no targets. */
  readonly runbook: Runbook | undefined;
  /** Epoch ms. */
  readonly now: number;
}

/** Bars of a trend: the last year. */
const MONTHS_SHOWN = 12;
/** A month without an incident that counts, in a row of bars. */
const NO_BAR = '·';
const NOTHING = '–';

/** What the figures say, what they stand on, and what to do about what is missing. */
export function metricsDocument({ incidents, window, runbook, now }: MetricsInput): string {
  const metrics = computeMetrics(incidents, { ...window, targets: runbook === undefined ? {} : metricTargets(runbook) });
  const titleOf = (metric: DurationMetric | 'recurrence'): string => escapeMarkdown(runbook?.metrics.find(({ id }) => id === metric)?.title ?? metric.toUpperCase());
  return [
    '# Incident metrics',
    [`Detected ${period(window)}`, ...[window.environment, window.severity].flatMap((only) => (only === undefined ? [] : [`only ${escapeMarkdown(only)}`])), plural(metrics.incidents, 'incident'), ...(metrics.drills === 0 ? [] : [`${plural(metrics.drills, 'drill')} left out`])].join(' · '),
    ...(runbook === undefined ? ['**The runbook cannot be used, so there are no targets.** Mend what the Problems panel says about it, and they are back.'] : []),
    ...(metrics.incidents === 0 ? [emptyState(incidents)] : [
      table(['Metric', 'Mean', 'Median', '9 of 10 within', 'n', 'Target', 'Met', 'Missing', `Last ${MONTHS_SHOWN} months`], [
        ...DURATION_METRICS.flatMap((metric) => durationRows(metrics, metric, titleOf(metric), lastMonth(window, now))),
        recurrenceRow(metrics.recurrence, titleOf('recurrence'), lastMonth(window, now)),
      ]),
      ...notes(counted(incidents, window), metrics, now),
      '## Recurrences',
      recurrences(metrics.recurrence.repeats, incidents, runbook),
      'To take the incidents with their times elsewhere, run "Incident: Export Metrics as CSV…".',
    ]),
  ].join('\n\n');
}

function emptyState(incidents: readonly IncidentSummary[]): string {
  if (incidents.some(({ drill }) => !drill)) {
    return 'No incident was detected in this time. Choose a longer one in the metrics panel, or leave the filter out.';
  }
  return [
    `${incidents.length === 0 ? 'No incident is recorded yet' : 'Only drills are recorded yet, and those do not count'}, so there is nothing to measure. To begin:`,
    '',
    '- declare the next incident with "Incident: Declare Incident…": its times are kept as it runs, or',
    '- take in past ones from the closed issues of your GitHub repository with "Incident: Import Past Incidents…", so that the metrics start with history.',
  ].join('\n');
}

function durationRows(metrics: Metrics, metric: DurationMetric, title: string, month: string): string[][] {
  const report = metrics[metric];
  return [
    durationRow(`**${title}**`, report, month),
    ...SEVERITIES.map((severity) => [severity, report.bySeverity[severity]] as const)
      .filter(([, { n, missing, implausible }]) => n + missing + implausible > 0)
      .map(([severity, figures]) => durationRow(severity, figures, month)),
  ];
}

function durationRow(title: string, { n, mean, median, p90, target, met, missing, implausible, trend }: DurationFigures, month: string): string[] {
  return [
    title, ...[mean, median, p90].map(duration), String(n), target === undefined ? NOTHING : `under ${duration(target)}`, mark(met),
    `${missing}${implausible === 0 ? '' : `, ${implausible} implausible`}`,
    bars(new Map(trend.map((entry) => [entry.month, entry.mean])), month),
  ];
}

function recurrenceRow({ n, percent, target, met, missing, repeats, trend }: RecurrenceReport, title: string, month: string): string[] {
  return [
    `**${title}**`, percent === undefined ? NOTHING : `${round(percent)} % (${repeats.length} of ${n})`, NOTHING, NOTHING, String(n),
    target === undefined ? NOTHING : `under ${target} %`, mark(met), String(missing), bars(new Map(trend.map((entry) => [entry.month, entry.percent])), month),
  ];
}

/** What the figures leave out, and how to put it right. */
function notes(incidents: readonly IncidentSummary[], { unassessed, mttd, mtta, mttr, recurrence }: Metrics, now: number): string[] {
  const wrong = incidents.filter((incident) => DURATION_METRICS.some((metric) => durationOf(incident, metric) === 'implausible'));
  const lines = [
    ...(mttd.missing + mtta.missing + mttr.missing === 0 ? [] : ['Missing: a time that nobody recorded, or that has not come yet. It counts nowhere. Put a wrong time, or a missing start of the impact, right with "Correct…" in the menu of the incident.']),
    ...(recurrence.missing === 0 ? [] : [`${plural(recurrence.missing, 'incident')} without a scenario or a cause, or not resolved yet: not in the rate of recurrence.`]),
    ...(unassessed === 0 ? [] : [`${plural(unassessed, 'incident')} without a severity ${unassessed === 1 ? 'is' : 'are'} only in the figures over all.`]),
    ...(wrong.length === 0 ? [] : [`Implausible, so left out until the times are corrected: ${wrong.slice(0, 10).map((incident) => `${escapeMarkdown(incident.id)} (detected ${shortTime(incident.detectedAt, now)})`).join(', ')}${wrong.length > 10 ? ` and ${wrong.length - 10} more` : ''}.`]),
  ];
  return lines.length === 0 ? [] : [lines.map((line) => `- ${line}`).join('\n')];
}

function recurrences(repeats: readonly Repeat[], incidents: readonly IncidentSummary[], runbook: Runbook | undefined): string {
  if (repeats.length === 0) {
    return 'No incident was one again.';
  }
  const titles = new Map(incidents.map(({ id, title }) => [id, title]));
  const named = (id: string): string => `${escapeMarkdown(id)} ${escapeMarkdown(titles.get(id) ?? '')}`;
  return table(['Detected', 'Incident', 'Again', 'Was there before as'], repeats.toReversed().map(({ incident, detectedAt, earlier, scenario, cause }) => [
    detectedAt.slice(0, 10), named(incident),
    escapeMarkdown([scenario === undefined ? undefined : runbook?.scenarios.find(({ id }) => id === scenario)?.title ?? scenario, cause].filter((part) => part !== undefined).join(', ')),
    named(earlier),
  ]));
}

function period({ since, until }: MetricWindow): string {
  const from = since === undefined ? '' : `from ${utc(Date.parse(since))} `;
  return since === undefined && until === undefined ? 'at any time' : `${from}${until === undefined ? 'until now' : `up to ${utc(Date.parse(until))}`}`;
}

function mark(met: boolean | undefined): string {
  return met === undefined ? NOTHING : met ? '✓ met' : '✗ not met';
}

/** `4 min 30 s`: seconds count where the target is a few minutes. */
function duration(ms: number | undefined): string {
  if (ms === undefined) {
    return NOTHING;
  }
  const seconds = Math.round(ms / 1_000);
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60];
  const parts = [[days, 'd'], [hours, 'h'], [minutes, 'min'], [seconds % 60, 's']] as const;
  const first = parts.findIndex(([value]) => value > 0);
  return first < 0 ? '0 s' : parts.slice(first, first + 2).filter(([value]) => value > 0).map(([value, unit]) => `${value} ${unit}`).join(' ');
}

function round(percent: number): string {
  return String(Math.round(percent * 10) / 10);
}

/** The last month of the trends: that of the window's end. */
function lastMonth({ until }: MetricWindow, now: number): string {
  const end = until === undefined ? now : Math.min(now, Date.parse(until) - 1);
  return new Date(end).toISOString().slice(0, 7);
}

function bars(values: ReadonlyMap<string, number>, last: string): string {
  const [year = 0, month = 1] = last.split('-').map(Number);
  const shown = Array.from({ length: MONTHS_SHOWN }, (_, index) => values.get(new Date(Date.UTC(year, month - MONTHS_SHOWN + index, 1)).toISOString().slice(0, 7)));
  const top = Math.max(0, ...shown.filter((value) => value !== undefined));
  return shown.map((value) => (value === undefined ? NO_BAR : sparkline([value], top))).join('');
}
