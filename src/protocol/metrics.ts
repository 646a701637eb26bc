/** What the metrics panel and the extension say to each other (runbook 11). */
import type { Severity } from '../incident/events.ts';
import type { DurationFigures, DurationMetric, MonthMean, MonthRate } from '../incident/metrics.ts';
import type { CommonCalls, CommonEvents, Nothing } from './panel.ts';

export type MetricsContract = {
  readonly calls: CommonCalls & {
    /** All that the page shows; without a query what the last one to look wanted to see. */
    readonly load: readonly [{ readonly query?: MetricsQuery }, MetricsModel];
    /** Asks where to, and writes the incidents of the query there; as long as a person takes. */
    readonly exportCsv: readonly [{ readonly query: MetricsQuery }, Nothing];
    /** The figures as a Markdown document, into the clipboard. */
    readonly copyMarkdown: readonly [{ readonly query: MetricsQuery }, Nothing];
    /** Begins something else; does not wait for its end. */
    readonly go: readonly [MetricsDoor, Nothing];
  };
  readonly events: CommonEvents & {
    /** An incident has changed: what the page shows may no longer hold. */
    readonly changed: Nothing;
  };
};

export const METRICS_PERIODS = ['30d', '90d', '12m', 'all', 'own'] as const;
export type MetricsPeriod = (typeof METRICS_PERIODS)[number];

/** Which incidents the figures are of. */
export interface MetricsQuery {
  readonly period: MetricsPeriod;
  /** Days of an own period, `2026-11-23`, UTC; both count. Unset: as far as there are incidents, until now. */
  readonly from?: string;
  readonly to?: string;
  /** Key of the runbook. */
  readonly environment?: string;
  readonly severity?: Severity;
}

export type MetricsDoor =
  | { readonly to: 'declare' | 'import' | 'problems' }
  | { readonly to: 'review'; readonly incident: string }
  /** Corrects an event of the incident: its declaration, where a title and the start of the impact stand, or one that is asked for. */
  | { readonly to: 'correct'; readonly incident: string; readonly event: 'declaration' | 'any' };

/** Times are epoch ms, durations ms. */
export interface MetricsModel {
  readonly now: number;
  readonly query: MetricsQuery;
  /** From when, and up to when, the incidents were detected; unset without a bound. */
  readonly since?: number;
  readonly until?: number;
  /** What the figures are compared with: the days as long before; unset where the period has no beginning. */
  readonly daysBefore?: number;
  /** Why there are no figures: nothing recorded at all, drills only, or nothing that fits the query. */
  readonly empty?: 'nothing' | 'drills' | 'query';
  /** The runbook cannot be used, so there are no targets. */
  readonly untargeted: boolean;
  readonly environments: readonly { readonly key: string; readonly title: string }[];
  readonly incidents: number;
  readonly drills: number;
  readonly unassessed: number;
  readonly durations: readonly DurationModel[];
  readonly recurrence: RecurrenceModel;
  readonly charts: readonly ChartModel[];
  readonly months: readonly MonthModel[];
  /** Months of the period that are too long ago to be shown. */
  readonly earlierMonths: number;
  /** Without severities that had no incident. */
  readonly shares: readonly { readonly severity: Severity | 'none'; readonly count: number }[];
  readonly slowest: readonly SlowModel[];
  readonly gaps: readonly GapModel[];
  /** Of all, those shown among them. */
  readonly gapCount: number;
}

export type Figures = Omit<DurationFigures, 'trend'>;

export interface DurationModel {
  readonly metric: DurationMetric;
  readonly figures: Figures;
  /** Those that the runbook gives: over all, or for a severity. */
  readonly targets: readonly { readonly severity?: Severity; readonly figures: Figures }[];
  readonly bySeverity: readonly { readonly severity: Severity; readonly figures: Figures }[];
  readonly before?: { readonly n: number; readonly mean?: number };
}

export interface RecurrenceModel {
  readonly n: number;
  readonly missing: number;
  readonly percent?: number;
  readonly target?: number;
  readonly met?: boolean;
  readonly count: number;
  readonly before?: { readonly n: number; readonly percent?: number };
  /** The newest first. */
  readonly repeats: readonly RepeatModel[];
}

/** A trend: the mean of each month that has one, against its target. */
export type ChartModel =
  | { readonly of: DurationMetric; readonly severity?: Severity; readonly target?: number; readonly points: readonly MonthMean[] }
  | { readonly of: 'recurrence'; readonly target?: number; readonly points: readonly MonthRate[] };

export interface MonthModel {
  /** `2026-11`, UTC. */
  readonly month: string;
  readonly counts: Readonly<Record<Severity | 'none', number>>;
}

/** An incident as the lists name it. */
export interface IncidentRef {
  readonly id: string;
  readonly title: string;
  readonly severity?: Severity;
  readonly detectedAt: number;
  /** There is a review document. */
  readonly reviewed: boolean;
}

export interface RepeatModel {
  readonly incident: IncidentRef;
  readonly earlier: IncidentRef;
  /** Title of the scenario, and the cause, that both share. */
  readonly scenario?: string;
  readonly cause?: string;
}

export interface SlowModel {
  readonly incident: IncidentRef;
  readonly took: number;
  readonly target?: number;
}

export type Gap = 'impact' | 'acknowledgement' | 'severity' | 'cause';

export interface GapModel {
  readonly incident: IncidentRef;
  /** Durations whose end is before their beginning. */
  readonly implausible: readonly DurationMetric[];
  readonly missing: readonly Gap[];
}
