/**
 * The metrics of runbook 11. A time that nobody recorded is missing and counts nowhere: every figure says how many
 * incidents it stands on. Drills are left out.
 */
import type { Severity } from './events.ts';

/** What the metrics need of an incident; times are ISO 8601 UTC. `IncidentSummary` is one. */
export interface MetricRecord {
  readonly id: string;
  readonly severity?: Severity;
  readonly environment?: string;
  readonly drill: boolean;
  readonly detectedAt: string;
  readonly impactStartedAt?: string;
  readonly acknowledgedAt?: string;
  readonly resolvedAt?: string;
  readonly scenario?: string;
  readonly cause?: string;
}

export const DURATION_METRICS = ['mttd', 'mtta', 'mttr'] as const;
/** Mean time to detect (impact → detected), to acknowledge (detected → first person) and to resolve (detected → resolved). */
export type DurationMetric = (typeof DURATION_METRICS)[number];

/** A target is met by a mean below it. */
export interface DurationTarget {
  /** ms; of incidents of every severity that has no target of its own. */
  readonly overall?: number;
  /** ms. */
  readonly bySeverity?: Readonly<Partial<Record<Severity, number>>>;
}

export interface MetricTargets extends Readonly<Partial<Record<DurationMetric, DurationTarget>>> {
  /** Per cent; met by a rate below it. */
  readonly recurrence?: number;
}

/** Incidents detected from `since` up to, but not at, `until`; ISO 8601 UTC. */
export interface MetricWindow {
  readonly since?: string;
  readonly until?: string;
  /** Only those of this environment; of this severity. What was there before is a recurrence whatever it was. */
  readonly environment?: string;
  readonly severity?: Severity;
}

export interface MonthMean {
  /** `2026-11`, of the detection, UTC. */
  readonly month: string;
  readonly n: number;
  /** ms. */
  readonly mean: number;
}

/** `n` + `missing` + `implausible` are the incidents that count. */
export interface DurationFigures {
  /** Incidents whose duration is known. */
  readonly n: number;
  /** Incidents of which one of the two times is not recorded, or has not come yet. */
  readonly missing: number;
  /** Incidents whose end is before its beginning: a wrong time that nobody has corrected yet. */
  readonly implausible: number;
  /** ms; unset when n is 0, as are the next two. */
  readonly mean?: number;
  /** ms; of an even number the mean of the two in the middle. */
  readonly median?: number;
  /** ms; the smallest duration that nine of ten do not exceed (nearest rank). */
  readonly p90?: number;
  /** ms. */
  readonly target?: number;
  /** Unset when there is no target, or n is 0. */
  readonly met?: boolean;
  /** Months that have an n, the earliest first. */
  readonly trend: readonly MonthMean[];
}

export interface DurationReport extends DurationFigures {
  readonly bySeverity: Readonly<Record<Severity, DurationFigures>>;
}

/** An incident that was one again. */
export interface Repeat {
  readonly incident: string;
  /** ISO 8601 UTC. */
  readonly detectedAt: string;
  /** The last one before it with the same scenario; where there is none, with the same cause. */
  readonly earlier: string;
  /** Set when it is the scenario that both share, and `cause` when it is the cause. */
  readonly scenario?: string;
  readonly cause?: string;
}

export interface MonthRate {
  readonly month: string;
  readonly n: number;
  readonly percent: number;
}

export interface RecurrenceReport {
  /** Resolved incidents of which the scenario or the cause is known. */
  readonly n: number;
  readonly missing: number;
  /** Those of the n that had been there before, in or before the window; the earliest first. */
  readonly repeats: readonly Repeat[];
  /** Repeats of the n; unset when n is 0. */
  readonly percent?: number;
  /** Per cent. */
  readonly target?: number;
  readonly met?: boolean;
  readonly trend: readonly MonthRate[];
}

/** The answer of the command `incidentRunbook.metrics`. Durations are in ms. */
export interface Metrics extends MetricWindow, Readonly<Record<DurationMetric, DurationReport>> {
  /** Incidents detected in the window, drills left out. */
  readonly incidents: number;
  /** Drills detected in the window, which count nowhere. */
  readonly drills: number;
  /** Incidents whose severity nobody has assessed: they are in the figures over all, and in none by severity. */
  readonly unassessed: number;
  readonly recurrence: RecurrenceReport;
}

const ENDS: Readonly<Record<DurationMetric, (record: MetricRecord) => readonly [string | undefined, string | undefined]>> = {
  mttd: ({ impactStartedAt, detectedAt }) => [impactStartedAt, detectedAt],
  mtta: ({ detectedAt, acknowledgedAt }) => [detectedAt, acknowledgedAt],
  mttr: ({ detectedAt, resolvedAt }) => [detectedAt, resolvedAt],
};

/** How long it took, ms; `missing` and `implausible` as in `DurationFigures`. */
export function durationOf(record: MetricRecord, metric: DurationMetric): number | 'missing' | 'implausible' {
  const [from, to] = ENDS[metric](record);
  if (from === undefined || to === undefined) {
    return 'missing';
  }
  const duration = Date.parse(to) - Date.parse(from);
  return duration >= 0 ? duration : 'implausible';
}

/** The incidents that count in a window: no drills. */
export function counted<T extends MetricRecord>(records: readonly T[], window: MetricWindow): T[] {
  return inWindow(records, window).filter(({ drill }) => !drill);
}

/**
 * The metrics of the incidents detected in a window (runbook 11).
 *
 * @param records every incident there is: those before the window tell what is a recurrence
 */
export function computeMetrics(records: readonly MetricRecord[], { targets, ...window }: MetricWindow & { readonly targets: MetricTargets }): Metrics {
  const incidents = counted(records, window);
  const report = (metric: DurationMetric): DurationReport => {
    const target = targets[metric] ?? {};
    const measured = incidents.map((record): Measured => ({ severity: record.severity, month: monthOf(record), duration: durationOf(record, metric) }));
    const figures = (severity: Severity): DurationFigures =>
      figuresOf(measured.filter((one) => one.severity === severity), target.bySeverity?.[severity] ?? target.overall);
    return {
      ...figuresOf(measured, target.overall),
      bySeverity: { P1: figures('P1'), P2: figures('P2'), P3: figures('P3'), P4: figures('P4') },
    };
  };
  return {
    ...window,
    incidents: incidents.length,
    drills: inWindow(records, window).filter(({ drill }) => drill).length,
    unassessed: incidents.filter(({ severity }) => severity === undefined).length,
    mttd: report('mttd'),
    mtta: report('mtta'),
    mttr: report('mttr'),
    recurrence: recurrenceOf(records, incidents, targets.recurrence),
  };
}

/** Which of the incidents had been there before, the earliest first; `known` are all that there are. */
export function repeatsOf(known: readonly MetricRecord[], incidents: readonly MetricRecord[]): Repeat[] {
  const asked = new Set(incidents);
  const last = new Map<string, string>();
  const repeats: Repeat[] = [];
  for (const { record } of inOrder(known.filter((candidate) => !candidate.drill && isTagged(candidate)))) {
    const { id, detectedAt, scenario, cause } = record;
    const keys = { scenario: keyOf('scenario', scenario), cause: keyOf('cause', cause) };
    const before = { scenario: keys.scenario === undefined ? undefined : last.get(keys.scenario), cause: keys.cause === undefined ? undefined : last.get(keys.cause) };
    const earlier = before.scenario ?? before.cause;
    if (earlier !== undefined && asked.has(record)) {
      repeats.push({
        incident: id, detectedAt, earlier,
        ...(before.scenario === undefined || scenario === undefined ? {} : { scenario }),
        ...(before.cause === undefined || before.cause !== earlier || cause === undefined ? {} : { cause }),
      });
    }
    [keys.scenario, keys.cause].filter((key) => key !== undefined).forEach((key) => { last.set(key, id); });
  }
  return repeats;
}

function inWindow<T extends MetricRecord>(records: readonly T[], { since, until, environment, severity }: MetricWindow): T[] {
  const [from, to] = [since === undefined ? -Infinity : Date.parse(since), until === undefined ? Infinity : Date.parse(until)];
  return records.filter((record) => {
    const at = Date.parse(record.detectedAt);
    return at >= from && at < to && (environment === undefined || record.environment === environment) && (severity === undefined || record.severity === severity);
  });
}

interface Measured {
  readonly severity: Severity | undefined;
  readonly month: string;
  readonly duration: ReturnType<typeof durationOf>;
}

function figuresOf(measured: readonly Measured[], target: number | undefined): DurationFigures {
  const durations: number[] = [];
  const months = new Map<string, number[]>();
  let [missing, implausible] = [0, 0];
  for (const { month, duration } of measured) {
    if (duration === 'missing') {
      missing += 1;
    } else if (duration === 'implausible') {
      implausible += 1;
    } else {
      durations.push(duration);
      into(months, month, duration);
    }
  }
  const n = durations.length;
  const sorted = Float64Array.from(durations).sort();
  const rank = (place: number): number => sorted[Math.min(n, Math.max(1, place)) - 1] ?? 0;
  const mean = meanOf(durations);
  return {
    n, missing, implausible,
    ...(n === 0 ? {} : { mean, median: (rank(Math.floor((n + 1) / 2)) + rank(Math.ceil((n + 1) / 2))) / 2, p90: rank(Math.ceil((n * 9) / 10)) }),
    ...(target === undefined ? {} : { target, ...(n === 0 ? {} : { met: mean < target }) }),
    trend: byMonth(months, (values) => ({ mean: meanOf(values) })),
  };
}

function recurrenceOf(known: readonly MetricRecord[], incidents: readonly MetricRecord[], target: number | undefined): RecurrenceReport {
  const told = incidents.filter((record) => record.resolvedAt !== undefined && isTagged(record));
  const repeats = repeatsOf(known, told);
  const repeated = new Set(repeats.map(({ incident }) => incident));
  const months = new Map<string, number[]>();
  told.forEach((record) => { into(months, monthOf(record), repeated.has(record.id) ? 100 : 0); });
  const percent = (repeats.length * 100) / told.length;
  return {
    n: told.length, missing: incidents.length - told.length, repeats,
    ...(told.length === 0 ? {} : { percent }),
    ...(target === undefined ? {} : { target, ...(told.length === 0 ? {} : { met: percent < target }) }),
    trend: byMonth(months, (values) => ({ percent: meanOf(values) })),
  };
}

function isTagged({ scenario, cause }: MetricRecord): boolean {
  return keyOf('scenario', scenario) !== undefined || keyOf('cause', cause) !== undefined;
}

/** People write the same cause in capitals or with blanks around it. */
function keyOf(kind: 'scenario' | 'cause', tag: string | undefined): string | undefined {
  const normal = tag?.trim().replace(/\s+/g, ' ').toLowerCase() ?? '';
  return normal === '' ? undefined : `${kind} ${normal}`;
}

function inOrder(records: readonly MetricRecord[]): { readonly record: MetricRecord; readonly at: number }[] {
  return records.map((record) => ({ record, at: Date.parse(record.detectedAt) }))
    .sort((a, b) => a.at - b.at || (a.record.id < b.record.id ? -1 : 1));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function monthOf({ detectedAt }: MetricRecord): string {
  return detectedAt.slice(0, 7);
}

function into(months: Map<string, number[]>, month: string, value: number): void {
  const values = months.get(month);
  if (values === undefined) {
    months.set(month, [value]);
  } else {
    values.push(value);
  }
}

function byMonth<T extends object>(months: ReadonlyMap<string, readonly number[]>, figure: (values: readonly number[]) => T): ({ month: string; n: number } & T)[] {
  return [...months].sort(([a], [b]) => (a < b ? -1 : 1)).map(([month, values]) => ({ month, n: values.length, ...figure(values) }));
}
