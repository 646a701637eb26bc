/** Which incidents a person wants the figures of, and which time that is. No vscode here. */
import { SEVERITIES } from '../../incident/events.ts';
import { iso } from '../../incident/clock.ts';
import type { MetricWindow } from '../../incident/metrics.ts';
import { METRICS_PERIODS, type MetricsQuery } from '../../protocol/metrics.ts';

const DAY_MS = 86_400_000;
const DAYS: Readonly<Partial<Record<MetricsQuery['period'], number>>> = { '30d': 30, '90d': 90, '12m': 365 };
const DAY = /^\d{4}-\d\d-\d\d$/;

/** What a page or VS Code's storage holds: only what a query may be is taken from it; 90 days where it is none. */
export function queryIn(value: unknown): MetricsQuery {
  const given = typeof value === 'object' && value !== null ? value as Readonly<Record<string, unknown>> : {};
  const period = METRICS_PERIODS.find((known) => known === given['period']) ?? '90d';
  const day = (name: 'from' | 'to'): Partial<MetricsQuery> => {
    const text = given[name];
    return typeof text === 'string' && DAY.test(text) && !Number.isNaN(Date.parse(text)) ? { [name]: text } : {};
  };
  const severity = SEVERITIES.find((known) => known === given['severity']);
  const environment = given['environment'];
  return {
    period, ...day('from'), ...day('to'),
    ...(typeof environment === 'string' && environment !== '' ? { environment } : {}),
    ...(severity === undefined ? {} : { severity }),
  };
}

/** @param now epoch ms */
export function windowOf({ period, from, to, environment, severity }: MetricsQuery, now: number): MetricWindow {
  const days = DAYS[period];
  return {
    ...(days !== undefined ? { since: iso(now - days * DAY_MS) } : period !== 'own' ? {} : {
      ...(from === undefined ? {} : { since: iso(Date.parse(from)) }),
      ...(to === undefined ? {} : { until: iso(Date.parse(to) + DAY_MS) }),
    }),
    ...(environment === undefined ? {} : { environment }),
    ...(severity === undefined ? {} : { severity }),
  };
}

/** The time as long before it; undefined where it has no beginning, or would not have one. @param now epoch ms */
export function windowBefore(window: MetricWindow, now: number): { readonly window: MetricWindow; readonly days: number } | undefined {
  const { since, until } = window;
  if (since === undefined) {
    return undefined;
  }
  const start = Date.parse(since);
  const length = (until === undefined ? now : Date.parse(until)) - start;
  return length <= 0 ? undefined : { window: { ...window, since: iso(start - length), until: since }, days: Math.max(1, Math.round(length / DAY_MS)) };
}
