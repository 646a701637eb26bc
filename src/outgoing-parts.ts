/** Wires together what leaves the machine: deliveries, the ticket shared with other responders, and whose turn a step is. */
import type { Clock } from './incident/clock.ts';
import type { DeliveryService, NewEvent } from './incident/events.ts';
import { installationId } from './ledger/installation.ts';
import type { IssueThreads } from './ledger/issue-thread.ts';
import type { LocalLedger } from './ledger/local-ledger.ts';
import { Outbox } from './ledger/outbox.ts';
import { StepClaims } from './ledger/shared/claims.ts';
import { SharedTimeline } from './ledger/shared/sync.ts';
import { SyncLoop } from './ledger/shared/sync-loop.ts';
import type { Runbook } from './runbook/schema.ts';
import { type Connections, isConnectable } from './services/connections.ts';
import type { Calls } from './services/courier.ts';
import { Couriers } from './services/couriers.ts';
import type { Outgoing } from './steps/posting.ts';
import { wait } from './wait.ts';

export interface OutgoingDeps {
  readonly ledger: LocalLedger;
  /** Folder of the timelines. */
  readonly directory: string;
  readonly clock: Clock;
  readonly connections: Connections;
  readonly runbook: () => Promise<Runbook>;
  readonly redact: <T extends NewEvent>(event: T) => T;
  readonly isTrusted: () => boolean;
  /** What AWS can be asked to do besides the steps: support cases. */
  readonly aws?: () => Promise<Calls>;
  /** Folder of the workspace; undefined when none is open. */
  readonly folder: () => string | undefined;
  /** Whether an editor holds changes of a file that are not saved. Default: none does. @param file absolute */
  readonly isUnsaved?: (file: string) => boolean;
  /** The exchange with a ticket stands otherwise than before. */
  readonly onChange: (incident: string) => void;
  readonly onStranger: (incident: string, author: string) => void;
  readonly log: (message: string, error?: unknown) => void;
}

/** For so long a step is one responder's, should their window disappear, ms. */
const CLAIM_MS = 120_000;

export interface OutgoingParts extends Outgoing {
  readonly couriers: Couriers;
  readonly outbox: Outbox;
  readonly shared: SharedTimeline;
  readonly loop: SyncLoop;
  /** The tickets of the connected repository; undefined when GitHub is not connected. */
  threads(): Promise<IssueThreads | undefined>;
  /** Takes up what earlier windows left. */
  start(): Promise<void>;
  /** Looks again at once: something was connected, the workspace is trusted, the clock was moved. */
  wake(): void;
  dispose(): void;
}

export function createOutgoing({ ledger, directory, clock, connections, runbook, redact, isTrusted, folder, isUnsaved, aws, onChange, onStranger, log }: OutgoingDeps): OutgoingParts {
  let id: Promise<string> | undefined;
  const origin = (): Promise<string> => id ??= installationId(directory).catch((error: unknown) => {
    id = undefined;
    throw error;
  });
  const couriers = new Couriers({ connections, clock, folder, ...(isUnsaved === undefined ? {} : { isUnsaved }), ...(aws === undefined ? {} : { aws }) });
  const threads = async (): Promise<IssueThreads | undefined> => {
    const client = await couriers.github();
    return client === undefined ? undefined : (await import('./services/github/issues.ts')).githubThreads(client);
  };
  const absence = async (service: DeliveryService): Promise<string | undefined> => (isConnectable(service) ? connections.problem?.(service) : undefined);
  const outbox = new Outbox({ ledger, clock, wait, runbook, calls: (service) => couriers.calls(service), absence, origin, isTrusted, log });
  const shared = new SharedTimeline({ store: ledger, clock, threads, redact, onChange, onStranger, log });
  const loop = new SyncLoop({ ledger, shared, clock, wait, isTrusted });
  const claims = new StepClaims({ store: ledger, shared, clock, origin, wait });
  return {
    couriers, outbox, shared, loop, threads, origin,
    settle: (incident, deliveries, signal) => outbox.settle(incident, deliveries, signal),
    claim: async (incident, step) => {
      const turn = await claims.claim(incident.id, step, CLAIM_MS);
      return turn.won ? { won: true, release: () => turn.release(), ...(turn.note === undefined ? {} : { note: turn.note }) } : { won: false, by: turn.by };
    },
    start: async () => { await Promise.all([outbox.start(), loop.start()]); },
    wake: () => {
      outbox.wake();
      loop.wake();
    },
    dispose: () => {
      void outbox.dispose();
      void loop.dispose();
    },
  };
}
