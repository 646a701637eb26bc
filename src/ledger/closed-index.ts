import type { IncidentSummary } from '../incident/fold.ts';
import { type Cursor, appendRecord, readRecords } from './journal.ts';

/**
 * Which fields a summary brings. Raise it whenever `IncidentSummary` gets one: what an older version wrote does not
 * have it, and that must not be read as "the incident has none".
 */
const VERSION = 3;

type IndexRecord = { readonly v?: number; readonly closed: IncidentSummary } | { readonly touched: string };

/**
 * The closed incidents, so that listing them reads one file. It only ever saves work: an incident that is not
 * in it is read from its own file. Written ahead: `touch` before anything is appended to a closed incident, so
 * a crash in between leaves "look at the file", never a stale line. For the same reason it is never rewritten.
 */
export class ClosedIndex {
  readonly #file: string;
  #cursor: Cursor = { position: 0, lines: 0 };
  #closed = new Map<string, IncidentSummary>();

  constructor(file: string) {
    this.#file = file;
  }

  /** Incident id → summary as it was when the incident was last written to. */
  async read(): Promise<ReadonlyMap<string, IncidentSummary>> {
    const content = await readRecords(this.#file, isIndexRecord, this.#cursor);
    if (content.cursor.position < this.#cursor.position) {
      this.#closed = new Map();
    }
    this.#cursor = content.cursor;
    for (const record of content.records) {
      if ('closed' in record && (record.v ?? 1) >= VERSION) {
        this.#closed.set(record.closed.id, record.closed);
      } else {
        // Written by an older version: the timeline is read once, and put anew.
        this.#closed.delete('closed' in record ? record.closed.id : record.touched);
      }
    }
    return this.#closed;
  }

  async put(closed: IncidentSummary): Promise<void> {
    await appendRecord(this.#file, { v: VERSION, closed } satisfies IndexRecord);
  }

  async touch(incident: string): Promise<void> {
    await appendRecord(this.#file, { touched: incident } satisfies IndexRecord);
  }
}

/** Anything else in the file is passed over: the timelines are the truth. */
function isIndexRecord(value: unknown): value is IndexRecord {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  if ('touched' in value) {
    return typeof value.touched === 'string';
  }
  const closed = 'closed' in value ? value.closed : undefined;
  return typeof closed === 'object' && closed !== null
    && ['id', 'title', 'environment', 'detectedAt'].every((key) => typeof (closed as Readonly<Record<string, unknown>>)[key] === 'string')
    && (closed as Readonly<Record<string, unknown>>)['status'] === 'closed';
}
