/** One window of the extension as far as it sends: the timelines of a folder, the outbox, the ticket. */
import type { Clock } from '../../src/incident/clock.ts';
import { createRedactor, redactEvent } from '../../src/incident/redact.ts';
import type { LocalLedger } from '../../src/ledger/local-ledger.ts';
import { Outbox } from '../../src/ledger/outbox.ts';
import { SharedTimeline } from '../../src/ledger/shared/sync.ts';
import type { Runbook } from '../../src/runbook/schema.ts';
import type { ConnectableService, Connection } from '../../src/services/connections.ts';
import { AwsSession } from '../../src/services/aws/session.ts';
import { supportCalls } from '../../src/services/aws/support.ts';
import { Couriers } from '../../src/services/couriers.ts';
import { githubThreads } from '../../src/services/github/issues.ts';
import { ORIGIN } from './build-deliveries.ts';
import { buildLedger } from './build-ledger.ts';

export interface WindowOptions {
  /** Folder of the timelines, the same for all windows of a machine. */
  readonly directory: string;
  /** Folder that is open, with the status page in it. */
  readonly workspace: string;
  readonly connections: Readonly<Partial<Record<ConnectableService, Connection>>>;
  /** Of AWS; the credentials are those of the process. */
  readonly awsEndpoint?: string;
  readonly runbook: () => Promise<Runbook>;
  readonly clock: Clock;
  /** For one call, ms; asked at every attempt. Default: that of the services. */
  readonly timeoutMs?: () => number;
  /** Lets time pass between two requests to Statuspage. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface SendingWindow {
  readonly ledger: LocalLedger;
  readonly outbox: Outbox;
  readonly shared: SharedTimeline;
  dispose(): Promise<void>;
}

/** Nothing happens by itself: a test moves the clock and wakes the outbox. */
export function openWindow({ directory, workspace, connections, awsEndpoint, runbook, clock, timeoutMs, wait }: WindowOptions): SendingWindow {
  const aws = awsEndpoint === undefined ? undefined : new AwsSession({ region: 'eu-central-1', endpoint: awsEndpoint });
  const byTimeout = new Map<number | undefined, Couriers>();
  const couriers = (): Couriers => {
    const ms = timeoutMs?.();
    const made = byTimeout.get(ms) ?? new Couriers({
      connections: { get: (service) => Promise.resolve(connections[service]) }, clock, folder: () => workspace,
      ...(aws === undefined ? {} : { aws: () => Promise.resolve(supportCalls(() => aws, ms)) }), ...(ms === undefined ? {} : { timeoutMs: ms }), ...(wait === undefined ? {} : { wait }),
    });
    byTimeout.set(ms, made);
    return made;
  };
  const redactor = createRedactor();
  const ledger = buildLedger(directory, { clock, redact: (event) => redactEvent(event, redactor) });
  const outbox = new Outbox({
    ledger, clock, runbook,
    wait: (_ms, signal) => new Promise((resolve) => { signal.addEventListener('abort', () => { resolve(); }, { once: true }); }),
    calls: (service) => couriers().calls(service),
    origin: () => Promise.resolve(ORIGIN),
    isTrusted: () => true,
    log: () => undefined,
  });
  const shared = new SharedTimeline({
    store: ledger, clock, redact: (event) => redactEvent(event, redactor), log: () => undefined,
    threads: async () => {
      const client = await couriers().github();
      return client === undefined ? undefined : githubThreads(client);
    },
  });
  return {
    ledger, outbox, shared,
    dispose: async () => {
      await outbox.dispose();
      ledger.dispose();
      aws?.dispose();
    },
  };
}
