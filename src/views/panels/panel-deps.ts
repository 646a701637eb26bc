/** What the panels are made of. */
import type { Api } from '../../api/api.ts';
import type { MetricsApi } from '../../api/metrics-api.ts';
import type { ConnectionStore } from '../../connection-store.ts';
import type { Clock } from '../../incident/clock.ts';
import type { Redactor } from '../../incident/redact.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Runbook } from '../../runbook/schema.ts';
import type { StepRunner } from '../../steps/runner.ts';

export interface PanelDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly runbook: () => Promise<Runbook>;
  readonly runner: StepRunner;
  readonly api: Api;
  readonly metrics: MetricsApi;
  readonly connections: ConnectionStore;
  readonly redact: () => Redactor;
  readonly onError: (error: unknown) => void;
}
