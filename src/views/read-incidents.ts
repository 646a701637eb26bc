import type { Incident, IncidentSummary } from '../incident/fold.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** The incidents as they are on disk now; one that cannot be read is told of and left out. */
export async function readIncidents(ledger: Pick<Ledger, 'read'>, summaries: readonly IncidentSummary[], onError: (error: unknown) => void): Promise<Incident[]> {
  const read = await Promise.all(summaries.map(({ id }) => ledger.read(id).catch((error: unknown) => { onError(error); })));
  return read.filter((incident) => incident !== undefined);
}
