/**
 * The embedded ledger: one JSONL file per incident below the extension's global storage, and an index of the
 * closed ones so that listing does not read them all. The files are the truth; the index can be deleted.
 */
import { type FSWatcher, watch } from 'node:fs';
import { appendFile, mkdir, open, readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError, codeOf, messageOf } from '../errors.ts';
import { type Clock, iso } from '../incident/clock.ts';
import { EXTENSION } from '../incident/event-base.ts';
import { type Actor, type NewEvent, type StepClaimed, type TimelineEvent, mergeTimelines } from '../incident/events.ts';
import { type Incident, type IncidentSummary, fold, summarize } from '../incident/fold.ts';
import { isTimelineEvent } from '../incident/recognise.ts';
import { ClosedIndex } from './closed-index.ts';
import type { IdSource } from './ids.ts';
import { type Cursor, type DamagedLine, appendRecord, appendRecords, flushDirectory, readRecords } from './journal.ts';
import { Leases } from './leases.ts';
import type { Ledger } from './ledger.ts';

export interface LocalLedgerOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Who acts when a caller names nobody. */
  readonly actor: () => Actor;
  /** Hides secrets and personal data; nothing reaches the disk without it. */
  readonly redact: <T extends NewEvent>(event: T) => T;
  /** Told once for every damaged line found; the line is kept beside the timeline. */
  readonly onDamage?: (file: string, damage: DamagedLine) => void;
  /** Told once for every incident that is left out of lists because its timeline cannot be read. */
  readonly onUnreadable?: (incident: string, error: unknown) => void;
}

interface Timeline {
  cursor: Cursor;
  events: TimelineEvent[];
  incident: Incident | undefined;
  leases: Leases;
  /** Whether a whole line has been read, of whatever kind: a file without one is being declared this moment. */
  written: boolean;
}

/** Nothing is recorded under that id. */
class NoSuchIncident extends UserError {}

const SUFFIX = '.jsonl';
const INCIDENT_ID = /^INC-\d{8}-[0-9A-Z]{4,}$/;

export class LocalLedger implements Ledger {
  readonly #options: LocalLedgerOptions;
  readonly #index: ClosedIndex;
  readonly #timelines = new Map<string, Timeline>();
  readonly #listeners = new Set<(incident: string) => void>();
  readonly #unreadable = new Set<string>();
  readonly #busy = new Map<string, Promise<unknown>>();
  #watcher: FSWatcher | undefined;
  #created: Promise<void> | undefined;

  constructor(options: LocalLedgerOptions) {
    this.#options = options;
    this.#index = new ClosedIndex(join(options.directory, 'closed.index'));
  }

  async declare(event: Extract<NewEvent, { type: 'incident.declared' }>, actor?: Actor): Promise<Incident> {
    await this.#ready();
    const id = await this.#newIncident();
    const stored = this.#complete(id, event, actor);
    try {
      await appendRecord(this.#file(id), stored);
      await flushDirectory(this.#options.directory);
    } catch (error) {
      await rm(this.#file(id), { force: true });
      throw error;
    }
    return this.#exclusively(id, async () => {
      const incident = await this.#load(id);
      this.#emit(id);
      return incident;
    });
  }

  async append(incident: string, event: NewEvent, actor?: Actor): Promise<TimelineEvent> {
    return this.#exclusively(incident, async () => {
      const before = await this.#load(incident);
      const stored = this.#complete(incident, event, actor);
      await this.#write(incident, [stored], before.status);
      return stored;
    });
  }

  async adopt(incident: string, events: readonly TimelineEvent[]): Promise<readonly TimelineEvent[]> {
    const strange = events.find((event) => event.incident !== incident);
    if (strange !== undefined || !INCIDENT_ID.test(incident)) {
      throw new UserError(`These events are of ${strange?.incident ?? `"${incident}"`}, not of ${incident}. Open the ticket of the right incident.`);
    }
    await this.#ready();
    return this.#exclusively(incident, async () => {
      const before = await this.#load(incident).catch((error: unknown) => {
        if (error instanceof NoSuchIncident) {
          return undefined;
        }
        throw error;
      });
      const known = new Set(this.#timelines.get(incident)?.events.map(({ id }) => id));
      const fresh = events.filter(({ id }) => !known.has(id)).map((event) => this.#options.redact(event));
      if (fresh.length > 0) {
        await this.#write(incident, fresh, before?.status ?? 'declared');
        if (before === undefined) {
          await flushDirectory(this.#options.directory);
        }
      }
      return fresh;
    });
  }

  async claim(incident: string, requests: readonly string[], until: string): Promise<readonly string[]> {
    return this.#exclusively(incident, () => this.#take(incident, requests, until));
  }

  async claimDelivery(incident: string, request: string, until: string): Promise<'won' | 'resumed' | 'lost'> {
    return this.#exclusively(incident, async () => {
      const won = await this.#take(incident, [request], until);
      return won.length === 0 ? 'lost' : this.#timelines.get(incident)?.leases.isResumed(request) === true ? 'resumed' : 'won';
    });
  }

  async claimStep(incident: string, claim: Pick<StepClaimed, 'step' | 'origin' | 'until'>): Promise<{ readonly event: StepClaimed; readonly won: boolean }> {
    return this.#exclusively(incident, async () => {
      const before = await this.#load(incident);
      const event = this.#complete(incident, { type: 'step.claimed', ...claim }, undefined) as StepClaimed;
      await this.#write(incident, [event], before.status);
      return { event, won: this.#timelines.get(incident)?.leases.holderOfStep(claim.step) === event.id };
    });
  }

  read(incident: string): Promise<Incident> {
    return this.#exclusively(incident, () => this.#load(incident));
  }

  async timeline(incident: string): Promise<readonly TimelineEvent[]> {
    return this.#exclusively(incident, async () => {
      await this.#load(incident);
      return this.#timelines.get(incident)?.events ?? [];
    });
  }

  async list(status?: 'open' | 'closed'): Promise<IncidentSummary[]> {
    const ids = await this.#ids();
    const closed = await this.#index.read();
    const summaries = await mapLimited(ids, 16, async (id) => {
      const known = closed.get(id);
      if (known !== undefined) {
        return known;
      }
      const incident = await this.#exclusively(id, async () => {
        const read = await this.#load(id);
        if (read.status === 'closed') {
          await this.#remember(read);
        }
        return read;
      }).catch((error: unknown) => { this.#leaveOut(id, error); });
      return incident === undefined ? undefined : summarize(incident);
    });
    return summaries
      .filter((summary) => summary !== undefined)
      .filter((summary) => status === undefined || (summary.status === 'closed') === (status === 'closed'))
      .sort((a, b) => Number(a.status === 'closed') - Number(b.status === 'closed') || (age(a) < age(b) ? 1 : -1));
  }

  onDidChange(listener: (incident: string) => void): { dispose(): void } {
    this.#listeners.add(listener);
    void this.#watch();
    return { dispose: () => { this.#listeners.delete(listener); } };
  }

  dispose(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#listeners.clear();
  }

  async #take(incident: string, requests: readonly string[], until: string): Promise<readonly string[]> {
    const before = await this.#load(incident);
    const attempt = this.#complete(incident, { type: 'delivery.attempted', requests, until }, EXTENSION);
    await this.#write(incident, [attempt], before.status);
    return requests.filter((request) => this.#timelines.get(incident)?.leases.holderOf(request) === attempt.id);
  }

  /** Appends what is complete, and keeps the index of closed incidents right. */
  async #write(incident: string, events: readonly TimelineEvent[], before: Incident['status']): Promise<void> {
    if (before === 'closed') {
      await this.#index.touch(incident);
    }
    await appendRecords(this.#file(incident), events);
    const after = await this.#load(incident);
    if (after.status === 'closed') {
      await this.#remember(after);
    } else if (before === 'closed') {
      // Once more: another window may have remembered the closed incident since the first time.
      await this.#index.touch(incident).catch(() => undefined);
    }
    this.#emit(incident);
  }

  /** An unreadable timeline does not keep the others from being listed, and is told of once. An empty one is being declared. */
  #leaveOut(id: string, error: unknown): void {
    if (!(error instanceof NoSuchIncident) && !this.#unreadable.has(id)) {
      this.#unreadable.add(id);
      this.#options.onUnreadable?.(id, error);
    }
  }

  /**
   * Puts a closed incident into the index. When another window wrote to it since it was read, the index says so:
   * a stale line would hide that the incident is open again. The index only saves work, so a failure is none.
   */
  async #remember(incident: Incident): Promise<void> {
    const read = this.#timelines.get(incident.id)?.cursor.position;
    try {
      await this.#index.put(summarize(incident));
      if ((await stat(this.#file(incident.id))).size !== read) {
        await this.#index.touch(incident.id);
      }
    } catch {
      // The next list reads the timeline itself.
    }
  }

  #file(incident: string): string {
    return join(this.#options.directory, incident + SUFFIX);
  }

  async #ids(): Promise<string[]> {
    const names = await readdir(this.#options.directory).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') {
        return [];
      }
      throw new UserError(`The incidents in ${this.#options.directory} could not be listed: ${messageOf(error)}. Check the folder's permissions.`, { cause: error });
    });
    return names.filter((name) => name.endsWith(SUFFIX)).map((name) => name.slice(0, -SUFFIX.length)).filter((name) => INCIDENT_ID.test(name));
  }

  #complete(incident: string, event: NewEvent, actor: Actor | undefined): TimelineEvent {
    const now = this.#options.clock.now();
    return {
      id: this.#options.ids.event(now),
      incident,
      ...this.#options.redact(event),
      at: event.at ?? iso(now),
      recordedAt: iso(now),
      actor: actor ?? this.#options.actor(),
    };
  }

  /** Creating the file is what claims the id: two windows that declare at once get two incidents. */
  async #newIncident(): Promise<string> {
    for (;;) {
      const id = this.#options.ids.incident(this.#options.clock.now());
      try {
        await (await open(this.#file(id), 'wx', 0o600)).close();
        return id;
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') {
          throw new UserError(`The incident could not be recorded in ${this.#options.directory}: ${messageOf(error)}. Free some space or mend the folder, then declare again.`, { cause: error });
        }
      }
    }
  }

  async #load(id: string): Promise<Incident> {
    const timeline: Timeline = this.#timelines.get(id) ?? { cursor: { position: 0, lines: 0 }, events: [], incident: undefined, leases: new Leases(), written: false };
    const file = this.#file(id);
    const known = INCIDENT_ID.test(id);
    const content = known ? await readRecords(file, isTimelineEvent, timeline.cursor) : undefined;
    if (content !== undefined && content.cursor.position !== timeline.cursor.position) {
      const restarted = content.cursor.position < timeline.cursor.position;
      timeline.leases = restarted ? new Leases() : timeline.leases;
      content.records.forEach((record) => { timeline.leases.read(record); });
      timeline.events = mergeTimelines(restarted ? [] : timeline.events, content.records);
      timeline.cursor = content.cursor;
      timeline.incident = fold(timeline.events);
      timeline.written = (timeline.written && !restarted) || content.records.length + content.damaged.length > 0;
      this.#timelines.set(id, timeline);
      await this.#keepAside(file, content.damaged);
    }
    if (timeline.incident === undefined) {
      throw await this.#unknownIncident(id, timeline.written);
    }
    return timeline.incident;
  }

  async #unknownIncident(id: string, unreadable: boolean): Promise<UserError> {
    if (unreadable) {
      return new UserError(`The timeline of ${id} in ${this.#file(id)} holds no declaration that can be read. The damaged lines are kept in ${id}.damaged beside it; restore the file from a backup.`);
    }
    const open = await this.#ids();
    const hint = open.length === 0 ? 'There is none yet: declare one first.' : `Known: ${open.slice(-5).reverse().join(', ')}${open.length > 5 ? ', …' : ''}.`;
    return new NoSuchIncident(`There is no incident "${id}". ${hint}`);
  }

  async #keepAside(file: string, damaged: readonly DamagedLine[]): Promise<void> {
    if (damaged.length === 0) {
      return;
    }
    const aside = file.replace(/\.jsonl$/, '.damaged');
    const kept = new Set(await readFile(aside, 'utf8').then((text) => text.split('\n'), () => []));
    const fresh = damaged.filter((line) => !kept.has(line.text));
    if (fresh.length > 0) {
      // The damaged line stays in the timeline too, so a failure to copy it loses nothing.
      await appendFile(aside, fresh.map((line) => `${line.text}\n`).join(''), { mode: 0o600 }).catch(() => undefined);
      fresh.forEach((line) => this.#options.onDamage?.(file, line));
    }
  }

  #ready(): Promise<void> {
    this.#created ??= mkdir(this.#options.directory, { recursive: true, mode: 0o700 }).then(
      () => undefined,
      (error: unknown) => {
        this.#created = undefined;
        throw new UserError(`The folder for incidents, ${this.#options.directory}, could not be made: ${messageOf(error)}. Check its permissions and the free space.`, { cause: error });
      },
    );
    return this.#created;
  }

  /** One operation at a time per incident in this window; other windows are kept apart by the append itself. */
  #exclusively<T>(incident: string, work: () => Promise<T>): Promise<T> {
    const previous = this.#busy.get(incident) ?? Promise.resolve();
    const next = previous.then(work, work);
    const settled = next.catch(() => undefined).then(() => {
      if (this.#busy.get(incident) === settled) {
        this.#busy.delete(incident);
      }
    });
    this.#busy.set(incident, settled);
    return next;
  }

  #emit(incident: string): void {
    this.#listeners.forEach((listener) => { listener(incident); });
  }

  async #watch(): Promise<void> {
    await this.#ready().catch(() => undefined);
    if (this.#watcher !== undefined || this.#listeners.size === 0) {
      return;
    }
    try {
      this.#watcher = watch(this.#options.directory, (_event, name) => {
        const id = name?.endsWith(SUFFIX) === true ? name.slice(0, -SUFFIX.length) : undefined;
        if (id !== undefined && INCIDENT_ID.test(id)) {
          this.#emit(id);
        }
      });
      this.#watcher.on('error', () => { this.#watcher?.close(); });
    } catch {
      // Without a watcher other windows' events appear at the next refresh.
    }
  }
}

/** Sorts the older incident first; the id decides between two of one moment. */
function age({ detectedAt, id }: IncidentSummary): string {
  return `${detectedAt} ${id}`;
}

async function mapLimited<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array<R>(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
