/** How the list of incidents and their metrics grow with the number of closed incidents, read through the index. */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { iso, systemClock } from '../../src/incident/clock.ts';
import type { IncidentSummary } from '../../src/incident/fold.ts';
import { randomIds } from '../../src/ledger/ids.ts';
import { LocalLedger } from '../../src/ledger/local-ledger.ts';
import { createMetricsApi } from '../../src/api/metrics-api.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';

const SIZES = [1_000, 10_000, 100_000] as const;
const ROUNDS = 5;
const MINUTE = 60_000;
const FIRST = Date.UTC(2020, 0, 1);

export interface Growth {
  readonly incidents: number;
  /** ms, by round; each by a ledger that has read nothing yet. */
  readonly list: readonly number[];
  readonly metrics: readonly number[];
}

/** @param directory is made for it, and is empty again afterwards */
export async function measureGrowth(directory: string): Promise<readonly Growth[]> {
  const runbook = bundledRunbook();
  const rounds = new Map(SIZES.map((size) => [size, { list: [] as number[], metrics: [] as number[] }]));
  await Promise.all(SIZES.map((size) => mkdir(path.join(directory, String(size)), { recursive: true })));
  for (const size of SIZES) {
    await fill(path.join(directory, String(size)), size);
  }
  // One round after the other, so that a busy moment of the machine meets every size. The first one warms up.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const size of SIZES) {
      const list = await timed(() => open(path.join(directory, String(size))).list());
      const metrics = await timed(async () => {
        const answer = await createMetricsApi({ ledger: open(path.join(directory, String(size))), runbook: () => Promise.resolve(runbook) }).metrics({});
        if (!('mttr' in answer) || answer.mttr.n !== size || answer.recurrence.n !== size) {
          throw new Error(`The metrics of ${size} incidents were not read from the index.`);
        }
      });
      if (round > 0) {
        rounds.get(size)?.list.push(list);
        rounds.get(size)?.metrics.push(metrics);
      }
    }
  }
  await rm(directory, { recursive: true, force: true });
  return SIZES.map((size) => ({ incidents: size, list: rounds.get(size)?.list ?? [], metrics: rounds.get(size)?.metrics ?? [] }));
}

function open(directory: string): LocalLedger {
  return new LocalLedger({ directory, clock: systemClock, ids: randomIds(), redact: (event) => event, actor: () => ({ name: 'bench', kind: 'person' }) });
}

/** Timelines that are empty, so that none of them can be counted, and the index that the ledger would have of them. */
async function fill(directory: string, size: number): Promise<void> {
  const ledger = open(directory);
  const { id } = await ledger.declare({ type: 'incident.declared', title: 'Portals answer 503', environment: 'production', detectedBy: 'phone', drill: false, runbook: { name: 'r', version: '1' } });
  await ledger.append(id, { type: 'incident.closed', reason: 'Over' });
  const index = path.join(directory, 'closed.index');
  const record = JSON.parse((await readFile(index, 'utf8')).trim()) as { readonly closed: IncidentSummary };
  await Promise.all((await readdir(directory)).map((name) => rm(path.join(directory, name))));
  const closed = Array.from({ length: size }, (_, place): IncidentSummary => {
    const detected = FIRST + place * 30 * MINUTE;
    return {
      ...record.closed, id: `INC-${iso(detected).slice(0, 10).replaceAll('-', '')}-${String(place).padStart(6, '0')}`, severity: (['P1', 'P2', 'P3', 'P4'] as const)[place % 4] ?? 'P4',
      impactStartedAt: iso(detected - (place % 13) * MINUTE), detectedAt: iso(detected), acknowledgedAt: iso(detected + (place % 5) * MINUTE),
      resolvedAt: iso(detected + (place % 401) * MINUTE), closedAt: iso(detected + 500 * MINUTE), cause: `cause ${(place * 7_919) % Math.ceil(size / 4)}`,
    };
  });
  await writeFile(index, closed.map((summary) => `\n${JSON.stringify({ ...record, closed: summary })}\n`).join(''));
  for (const summary of closed) {
    await writeFile(path.join(directory, `${summary.id}.jsonl`), '');
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
