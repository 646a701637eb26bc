/** Takes past incidents over from the closed tickets of the connected repository (runbook 11). Nothing is posted there. */
import { UserError, messageOf } from '../errors.ts';
import type { Clock } from '../incident/clock.ts';
import type { Severity } from '../incident/events.ts';
import type { ImportedIncident } from '../incident/import.ts';
import { type Redactor, redactEvent } from '../incident/redact.ts';
import type { ListedBefore } from '../ledger/issue-thread.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { PastSearch, Skipped } from '../ledger/shared/past.ts';
import type { OutgoingParts } from '../outgoing-parts.ts';
import { environmentsOf } from '../runbook/query.ts';
import type { RunbookSource } from '../runbook/source.ts';
import { connected } from './shared-api.ts';
import { Inputs } from '../steps/inputs.ts';

export interface ImportDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly outgoing: Pick<OutgoingParts, 'threads'>;
  readonly runbook: Pick<RunbookSource, 'get'>;
  readonly redact: () => Redactor;
}

export interface ImportReport {
  readonly imported: readonly {
    readonly incident: string;
    readonly title: string;
    readonly number: number;
    readonly severity?: Severity;
    /** What the ticket does not say. */
    readonly missing: readonly string[];
  }[];
  /** Tickets whose incident was here already. */
  readonly known: number;
  readonly skipped: readonly Skipped[];
  /** Why it ended before its end, and what to do. */
  readonly stopped?: string;
}

export interface FindOptions {
  /** Only incidents that were closed at or after it, ISO 8601 UTC. */
  readonly since?: string | undefined;
  readonly limit?: number | undefined;
  readonly onFound: (found: ImportedIncident) => Promise<void>;
  readonly onProgress?: (looked: number) => void;
}

export interface ImportApi {
  /** `{ since?, limit?, dryRun? }` → the report; what was read is on disk as soon as it is read. */
  import(args: Readonly<Record<string, unknown>>): Promise<ImportReport>;
  /** Reads, and writes nothing. @throws UserError when GitHub is not connected or cannot be asked @throws CancelledError */
  find(options: FindOptions, signal: AbortSignal): Promise<PastSearch>;
  /** Writes one down. @returns why it could not be written */
  keep(found: ImportedIncident): Promise<Skipped | undefined>;
}

export function createImportApi({ clock, ledger, outgoing, redact, runbook }: ImportDeps): ImportApi {
  /** Of the last search: what GitHub was asked, and its pages. */
  let before: { readonly question: string; readonly known: ListedBefore } | undefined;
  const api: ImportApi = {
    async find({ since, limit, onFound, onProgress }, signal) {
      const [threads, book] = [await connected(outgoing), await runbook.get()];
      const question = JSON.stringify([threads.repository, since]);
      before = before?.question === question ? before : { question, known: new Map() };
      const { findPast } = await import('../ledger/shared/past.ts');
      return findPast({
        ledger, threads, known: before.known, onFound, redact: (event) => redactEvent(event, redact()),
        defaults: {
          environments: environmentsOf(book).map(({ key }) => key), scenarios: book.scenarios.map(({ id }) => id), runbook: { name: book.name, version: book.version }, now: clock.now(),
        },
        ...(since === undefined ? {} : { since }), ...(limit === undefined ? {} : { limit }), ...(onProgress === undefined ? {} : { onProgress }),
      }, signal);
    },
    async keep({ incident, number, events }) {
      try {
        await ledger.adopt(incident, events);
        return undefined;
      } catch (error) {
        if (error instanceof UserError) {
          return { number, reason: messageOf(error) };
        }
        throw error;
      }
    },
    async import(args) {
      const inputs = new Inputs('incidentRunbook.import', args);
      const since = inputs.time('since');
      const limit = inputs.optionalCount('limit', { min: 1, max: 10_000 });
      const isDry = inputs.flag('dryRun');
      const imported: ImportedIncident[] = [];
      const refused: Skipped[] = [];
      const { skipped, ...search } = await api.find({
        since, limit,
        onFound: async (found) => {
          const problem = isDry ? undefined : await api.keep(found);
          if (problem === undefined) {
            imported.push(found);
          } else {
            refused.push(problem);
          }
        },
      }, new AbortController().signal);
      return { imported: imported.map(({ events: _events, ...told }) => told), ...search, skipped: [...skipped, ...refused] };
    },
  };
  return api;
}
