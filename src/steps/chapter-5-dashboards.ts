/** Runbook 5.2: the dashboards of Datadog, and what their metrics say. */
import { UserError, messageOf } from '../errors.ts';
import { formatDuration, iso } from '../incident/clock.ts';
import { type Chart, type Level, worstLevel } from '../incident/evidence.ts';
import type { Runbook, RunbookDashboard } from '../runbook/schema.ts';
import type { Connection } from '../services/connections.ts';
import type { MetricSeries } from '../services/datadog.ts';
import { escapeMarkdown, inlineCode, levelMark, sparkline, table, utc } from '../incident/markdown.ts';
import { withoutPeriod } from '../text.ts';
import type { ReadAction } from './step.ts';

type Query = NonNullable<RunbookDashboard['queries']>[number];

/** Older than this, a last point says nothing about now: metrics of cloud providers arrive a quarter of an hour late. ms. */
const STALE_POINT_MS = 20 * 60_000;
/** Lines that can be told apart in one chart. */
const MAX_SERIES = 4;

/** Dashboards > Error Rates (runbook 5.2, high error rates). */
export const openErrorDashboard: ReadAction = dashboardAction('errorRates');
/** Dashboards > Performance (runbook 5.2, performance degradation). */
export const openPerformanceDashboard: ReadAction = dashboardAction('performance');

/**
 * The link, which is only shown, and with Datadog connected the points of the dashboard's metrics. Keys go to the
 * address of the connection alone. No points is unknown, never ok.
 */
function dashboardAction(usual: string): ReadAction {
  return {
    kind: 'read',
    async run({ runbook, services, clock }, inputs, signal) {
      const key = inputs.text('dashboard', usual);
      const minutes = inputs.count('minutes', { min: 5, max: 1440, fallback: 60 });
      const dashboard = dashboardOf(runbook, key);
      const [{ webAddress }, connection] = await Promise.all([import('../services/datadog.ts'), services.connections.get('datadog')]);
      const url = dashboard.url ?? `${webAddress(connection)}/dashboard/${dashboard.id ?? ''}`;
      const queries = dashboard.queries ?? [];
      const now = clock.now();
      const readings = connection === undefined ? [] : await Promise.all(queries.map((query) => read(connection, query, { from: now - minutes * 60_000, to: now }, signal)));
      const why = queries.length === 0
        ? `the runbook names no metrics for it (datadog.dashboards.${key}.queries)`
        : 'Datadog is not connected, so its metrics were not read';
      return {
        level: worstLevel(readings.map(({ level }) => level)),
        summary: readings.length === 0 ? `${dashboard.title}: ${why}` : readings.map(({ query, verdict }) => `${query.title} ${verdict}`).join('; '),
        markdown: readings.length === 0 ? `Open the dashboard: ${escapeMarkdown(why)}.` : [
          table(['Metric', 'Last', `Peak, ${minutes} min`, 'Latest point', 'Trend'], readings.map((reading) => row(reading, now))),
          ...readings.map(({ query }) => `${escapeMarkdown(query.title)}: ${inlineCode(query.query)}`),
          ...(readings.some(({ query, series }) => series.length > 0 && !isJudged(query)) ? ['Where the runbook sets no threshold (`warnAbove`, `badAbove`), judge the values yourself.'] : []),
        ].join('\n\n'),
        charts: readings.filter(({ series }) => series.length > 0).map(chartOf),
        data: {
          dashboard: key, url,
          readings: readings.map(({ query, level, last, peak, verdict }) => ({
            title: query.title, unit: query.unit, level, verdict, last: last?.value ?? null, at: last === undefined ? null : iso(last.at), peak: peak ?? null,
          })),
        },
        links: [{ title: dashboard.title, url }],
      };
    },
  };
}

/** @throws UserError naming the key to add */
function dashboardOf({ datadog }: Runbook, key: string): RunbookDashboard {
  const dashboards = datadog?.dashboards ?? {};
  const found = Object.hasOwn(dashboards, key) ? dashboards[key] : undefined;
  if (found === undefined) {
    throw new UserError(`The runbook has no dashboard "${key}". Add datadog.dashboards.${key} to it, with a title, a section and the id or url of the dashboard in Datadog.`, {
      action: { title: 'Open runbook', command: 'incidentRunbook.openRunbook' },
    });
  }
  return found;
}

interface Reading {
  readonly query: Query;
  readonly level: Level;
  /** A few words: `last 12 %, peak 41 %`. */
  readonly verdict: string;
  /** The highest first. */
  readonly series: readonly MetricSeries[];
  /** The highest of the last values, and when, epoch ms; unset when none of them is of now. */
  readonly last?: { readonly at: number; readonly value: number };
  readonly peak?: number;
}

async function read(connection: Connection, query: Query, range: { readonly from: number; readonly to: number }, signal: AbortSignal): Promise<Reading> {
  const { queryMetric } = await import('../services/datadog.ts');
  try {
    return judge(query, await queryMetric(connection, query.query, range, signal), range.to);
  } catch (error) {
    if (!(error instanceof UserError)) {
      throw error;
    }
    return { query, series: [], level: 'unknown', verdict: `could not be read: ${withoutPeriod(messageOf(error))}` };
  }
}

function judge(query: Query, found: readonly MetricSeries[], now: number): Reading {
  const series = found.filter(({ points }) => points.length > 0).toSorted((a, b) => peakOf(b) - peakOf(a));
  const ends = series.flatMap(({ points }) => points.slice(-1)).map(([at, value]) => ({ at, value })).sort((a, b) => b.value - a.value);
  // A series that has ended, of a host that is gone, says nothing about now.
  const [last] = ends.filter(({ at }) => now - at < STALE_POINT_MS);
  const [first] = series;
  if (first === undefined) {
    return { query, series, level: 'unknown', verdict: 'no points' };
  }
  const peak = peakOf(first);
  const many = series.length > 1 ? `, highest of ${series.length}` : '';
  if (last === undefined) {
    const newest = Math.max(...ends.map(({ at }) => at));
    return { query, series, peak, level: 'unknown', verdict: `no points for ${formatDuration(now - newest)}, peak ${amount(peak, query)} before that` };
  }
  return { query, series, peak, last, level: levelOf(query, last.value), verdict: `last ${amount(last.value, query)}, peak ${amount(peak, query)}${many}` };
}

/** Without thresholds nobody can tell. */
function levelOf(query: Query, value: number): Level {
  if (query.badAbove !== undefined && value > query.badAbove) {
    return 'bad';
  }
  if (query.warnAbove !== undefined && value > query.warnAbove) {
    return 'warn';
  }
  return isJudged(query) ? 'ok' : 'unknown';
}

function isJudged({ warnAbove, badAbove }: Query): boolean {
  return warnAbove !== undefined || badAbove !== undefined;
}

function peakOf({ points }: MetricSeries): number {
  return Math.max(...points.map(([, value]) => value));
}

function row({ query, level, verdict, series, last, peak }: Reading, now: number): string[] {
  return [
    escapeMarkdown(query.title),
    `${levelMark(level)} ${escapeMarkdown(last === undefined ? verdict : amount(last.value, query))}`,
    peak === undefined ? '–' : escapeMarkdown(amount(peak, query)),
    last === undefined ? '–' : `${utc(last.at)} (${formatDuration(now - last.at)} ago)`,
    sparkline(series[0]?.points.map(([, value]) => value) ?? []),
  ];
}

function chartOf({ query, series }: Reading): Chart {
  const limit = query.badAbove ?? query.warnAbove;
  const left = series.length - MAX_SERIES;
  return {
    title: left > 0 ? `${query.title} (the highest ${MAX_SERIES} of ${series.length})` : query.title,
    unit: query.unit,
    series: series.slice(0, MAX_SERIES).map(({ scope, points }) => ({ label: scope === '*' ? query.title : scope, points })),
    ...(limit === undefined ? {} : { limit: { label: `${query.badAbove === undefined ? 'warning' : 'bad'} above ${amount(limit, query)}`, value: limit } }),
  };
}

/** At most three significant digits: `0.123 %`, `12.3 ms`, `1234 errors`. */
function amount(value: number, { unit }: Query): string {
  return `${Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))} ${unit}`;
}
