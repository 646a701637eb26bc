/** The metrics as a function: one argument object in, JSON out (DESIGN, commands; runbook 11). */
import { UserError } from '../errors.ts';
import { SEVERITIES } from '../incident/events.ts';
import { type MetricWindow, type Metrics, computeMetrics } from '../incident/metrics.ts';
import { metricsCsv } from '../incident/metrics-csv.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Runbook } from '../runbook/schema.ts';
import { metricTargets } from '../runbook/targets.ts';
import { Inputs } from '../steps/inputs.ts';

export interface MetricsApiDeps {
  readonly ledger: Pick<Ledger, 'list'>;
  readonly runbook: () => Promise<Runbook>;
}

export interface MetricsApi {
  /**
   * `{ since?, until?, environment?, severity?, format?: "json" | "csv" }` → `Metrics`, or `{ csv }`: of the incidents
   * detected from `since` up to, but not at, `until`; of all without them. What is not recorded is missing, never zero, and drills are left out.
   */
  metrics(args: Readonly<Record<string, unknown>>): Promise<Metrics | { readonly csv: string }>;
}

export function createMetricsApi({ ledger, runbook }: MetricsApiDeps): MetricsApi {
  return {
    async metrics(args) {
      const inputs = new Inputs('incidentRunbook.metrics', args);
      const [since, until] = [inputs.time('since'), inputs.time('until')];
      const [environment, severity] = [inputs.optionalText('environment'), inputs.choice('severity', SEVERITIES)];
      const format = inputs.choice('format', ['json', 'csv']);
      if (since !== undefined && until !== undefined && since >= until) {
        throw new UserError(`incidentRunbook.metrics: "until" (${until}) must be later than "since" (${since}).`);
      }
      const window: MetricWindow = { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }), ...(environment === undefined ? {} : { environment }), ...(severity === undefined ? {} : { severity }) };
      if (format === 'csv') {
        return { csv: metricsCsv(await ledger.list(), window) };
      }
      const targets = metricTargets(await runbook());
      return computeMetrics(await ledger.list(), { ...window, targets });
    },
  };
}
