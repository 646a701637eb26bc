/** What the metrics panel shows, of every incident there is: computed here, so that only what is shown is sent. No vscode here. */
import { SEVERITIES, type Severity } from '../../incident/events.ts';
import type { IncidentSummary } from '../../incident/fold.ts';
import { DURATION_METRICS, type DurationFigures, type DurationMetric, type MetricTargets, type MetricWindow, type Metrics, computeMetrics, counted, durationOf } from '../../incident/metrics.ts';
import type { ChartModel, DurationModel, Figures, Gap, GapModel, IncidentRef, MetricsModel, MetricsQuery, MonthModel, RecurrenceModel, SlowModel } from '../../protocol/metrics.ts';
import { environmentsOf } from '../../runbook/query.ts';
import type { Runbook } from '../../runbook/schema.ts';
import { metricTargets } from '../../runbook/targets.ts';
import { windowBefore, windowOf } from './metrics-query.ts';

export interface MetricsModelInput {
  /** Every incident there is. */
  readonly incidents: readonly IncidentSummary[];
  readonly query: MetricsQuery;
  /** Unset when it cannot be used: then there are no targets. */
  readonly runbook: Runbook | undefined;
  /** Epoch ms. */
  readonly now: number;
}

/** As many as can be taken in; the CSV has all of them. */
const MONTHS = 24;
const SLOWEST = 5;
const ROWS = 20;

export function metricsModel({ incidents, query, runbook, now }: MetricsModelInput): MetricsModel {
  const targets = runbook === undefined ? {} : metricTargets(runbook);
  const window = windowOf(query, now);
  const metrics = computeMetrics(incidents, { ...window, targets });
  const before = windowBefore(window, now);
  const earlier = before === undefined ? undefined : computeMetrics(incidents, { ...before.window, targets: {} });
  const inside = counted(incidents, window);
  const { months, earlierMonths } = monthsOf(inside, window, now);
  const gaps = gapsOf(inside);
  const empty = metrics.incidents > 0 ? undefined : incidents.some(({ drill }) => !drill) ? 'query' : incidents.length === 0 ? 'nothing' : 'drills';
  return {
    now, query,
    ...(window.since === undefined ? {} : { since: Date.parse(window.since) }),
    ...(window.until === undefined ? {} : { until: Date.parse(window.until) }),
    ...(before === undefined ? {} : { daysBefore: before.days }),
    ...(empty === undefined ? {} : { empty }),
    untargeted: runbook === undefined,
    environments: environmentsIn(incidents, query, runbook),
    incidents: metrics.incidents, drills: metrics.drills, unassessed: metrics.unassessed,
    durations: DURATION_METRICS.map((metric) => durationModel(metric, metrics, earlier, targets)),
    recurrence: recurrenceModel(metrics, earlier, incidents, runbook),
    charts: chartsOf(metrics, targets, months[0]?.month ?? ''),
    months, earlierMonths,
    shares: ([...SEVERITIES, 'none'] as const).map((severity) => ({ severity, count: inside.filter((one) => (one.severity ?? 'none') === severity).length })).filter(({ count }) => count > 0),
    slowest: slowestOf(inside, targets),
    gaps: gaps.slice(0, ROWS), gapCount: gaps.length,
  };
}

/** Those of the runbook, and those of incidents that it no longer has. */
function environmentsIn(incidents: readonly IncidentSummary[], { environment }: MetricsQuery, runbook: Runbook | undefined): MetricsModel['environments'] {
  const titles = new Map((runbook === undefined ? [] : environmentsOf(runbook)).map(({ key, data }) => [key, data.title]));
  const keys = new Set([...titles.keys(), ...incidents.map((incident) => incident.environment), ...(environment === undefined ? [] : [environment])]);
  return [...keys].map((key) => ({ key, title: titles.get(key) ?? key }));
}

function durationModel(metric: DurationMetric, metrics: Metrics, earlier: Metrics | undefined, targets: MetricTargets): DurationModel {
  const report = metrics[metric];
  const bySeverity = SEVERITIES.map((severity) => ({ severity, figures: figuresOf(report.bySeverity[severity]) }));
  const own = ownTargets(metric, metrics, targets);
  const before = earlier?.[metric];
  return {
    metric, figures: figuresOf(report),
    targets: [...(report.target === undefined ? [] : [{ figures: figuresOf(report) }]), ...bySeverity.filter(({ severity }) => own.includes(severity))],
    bySeverity: bySeverity.filter(({ figures: { n, missing, implausible } }) => n + missing + implausible > 0),
    ...(before === undefined ? {} : { before: { n: before.n, ...(before.mean === undefined ? {} : { mean: before.mean }) } }),
  };
}

/** Severities with a target of their own, of those that are asked for. */
function ownTargets(metric: DurationMetric, { severity: only }: Metrics, targets: MetricTargets): Severity[] {
  return SEVERITIES.filter((severity) => targets[metric]?.bySeverity?.[severity] !== undefined && (only ?? severity) === severity);
}

function figuresOf({ trend: _trend, bySeverity: _bySeverity, ...figures }: DurationFigures & { readonly bySeverity?: unknown }): Figures {
  return figures;
}

function recurrenceModel({ recurrence }: Metrics, earlier: Metrics | undefined, incidents: readonly IncidentSummary[], runbook: Runbook | undefined): RecurrenceModel {
  const { repeats, trend: _trend, ...figures } = recurrence;
  const known = new Map(incidents.map((incident) => [incident.id, incident]));
  const before = earlier?.recurrence;
  return {
    ...figures, count: repeats.length,
    ...(before === undefined ? {} : { before: { n: before.n, ...(before.percent === undefined ? {} : { percent: before.percent }) } }),
    repeats: repeats.slice(-ROWS).reverse().flatMap((repeat) => {
      const [incident, other] = [known.get(repeat.incident), known.get(repeat.earlier)];
      return incident === undefined || other === undefined ? [] : [{
        incident: refOf(incident), earlier: refOf(other),
        ...(repeat.scenario === undefined ? {} : { scenario: runbook?.scenarios.find(({ id }) => id === repeat.scenario)?.title ?? repeat.scenario }),
        ...(repeat.cause === undefined ? {} : { cause: repeat.cause }),
      }];
    }),
  };
}

/** One for each target, so that each stands beside its own limit; where there is none, one over all. */
function chartsOf(metrics: Metrics, targets: MetricTargets, first: string): ChartModel[] {
  const shown = <T extends { readonly month: string }>(points: readonly T[]): T[] => points.filter(({ month }) => month >= first);
  const durations = DURATION_METRICS.flatMap((metric): ChartModel[] => {
    const { target, trend, bySeverity } = metrics[metric];
    const own = ownTargets(metric, metrics, targets);
    return [
      ...(target !== undefined || own.length === 0 ? [{ of: metric, ...(target === undefined ? {} : { target }), points: shown(trend) }] : []),
      ...own.map((severity) => ({ of: metric, severity, ...targetOf(bySeverity[severity].target), points: shown(bySeverity[severity].trend) })),
    ];
  });
  return [...durations, { of: 'recurrence', ...targetOf(metrics.recurrence.target), points: shown(metrics.recurrence.trend) }];
}

function targetOf(target: number | undefined): { readonly target?: number } {
  return target === undefined ? {} : { target };
}

/** Every month of the time, also one without an incident, up to the last; the newest of them. */
function monthsOf(inside: readonly IncidentSummary[], { since, until }: MetricWindow, now: number): { months: MonthModel[]; earlierMonths: number } {
  const end = until === undefined ? now : Math.min(now, Date.parse(until) - 1);
  const start = since === undefined ? inside.reduce((earliest, { detectedAt }) => Math.min(earliest, Date.parse(detectedAt)), end) : Date.parse(since);
  const [first, last] = [monthNumber(start), monthNumber(end)];
  const shown = Math.min(MONTHS, last - first + 1);
  const counts = new Map<string, Record<Severity | 'none', number>>(Array.from({ length: Math.max(0, shown) }, (_, index) => {
    const month = last - shown + 1 + index;
    return [new Date(Date.UTC(Math.floor(month / 12), month % 12, 1)).toISOString().slice(0, 7), { P1: 0, P2: 0, P3: 0, P4: 0, none: 0 }];
  }));
  inside.forEach(({ detectedAt, severity }) => {
    const count = counts.get(detectedAt.slice(0, 7));
    if (count !== undefined) {
      count[severity ?? 'none'] += 1;
    }
  });
  return { months: [...counts].map(([month, count]) => ({ month, counts: count })), earlierMonths: Math.max(0, last - first + 1 - shown) };
}

/** Months since the year 0. @param at epoch ms */
function monthNumber(at: number): number {
  const date = new Date(at);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

function slowestOf(inside: readonly IncidentSummary[], { mttr }: MetricTargets): SlowModel[] {
  return inside
    .flatMap((incident) => {
      const took = durationOf(incident, 'mttr');
      return typeof took === 'number' ? [{ incident, took }] : [];
    })
    .sort((a, b) => b.took - a.took)
    .slice(0, SLOWEST)
    .map(({ incident, took }) => ({
      incident: refOf(incident), took,
      ...targetOf(incident.severity === undefined ? mttr?.overall : mttr?.bySeverity?.[incident.severity] ?? mttr?.overall),
    }));
}

/** What can be mended: the implausible ones first, then the newest. What has not come yet is no gap. */
function gapsOf(inside: readonly IncidentSummary[]): GapModel[] {
  return inside
    .map((incident) => ({ incident, implausible: DURATION_METRICS.filter((metric) => durationOf(incident, metric) === 'implausible'), missing: missingOf(incident) }))
    .filter(({ implausible, missing }) => implausible.length + missing.length > 0)
    .sort((a, b) => Number(b.implausible.length > 0) - Number(a.implausible.length > 0) || Date.parse(b.incident.detectedAt) - Date.parse(a.incident.detectedAt))
    .map((gap) => ({ ...gap, incident: refOf(gap.incident) }));
}

function missingOf({ impactStartedAt, acknowledgedAt, resolvedAt, severity, scenario, cause }: IncidentSummary): Gap[] {
  const isOver = resolvedAt !== undefined;
  return [
    ...(impactStartedAt === undefined ? ['impact' as const] : []),
    ...(isOver && acknowledgedAt === undefined ? ['acknowledgement' as const] : []),
    ...(isOver && severity === undefined ? ['severity' as const] : []),
    ...(isOver && scenario === undefined && cause === undefined ? ['cause' as const] : []),
  ];
}

function refOf({ id, title, severity, detectedAt, reviewFile }: IncidentSummary): IncidentRef {
  return { id, title, ...(severity === undefined ? {} : { severity }), detectedAt: Date.parse(detectedAt), reviewed: reviewFile !== undefined };
}
