/** Keeps the incidents of one window and their tickets the same, for as long as there is something to share. */
import type { Clock } from '../../incident/clock.ts';
import { unshared } from '../../incident/markers.ts';
import type { Ledger } from '../ledger.ts';
import type { SharedTimeline } from './sync.ts';

export interface SyncLoopOptions {
  readonly ledger: Pick<Ledger, 'list' | 'read' | 'onDidChange'>;
  readonly shared: Pick<SharedTimeline, 'sync' | 'state'>;
  readonly clock: Clock;
  /** Resolves after ms, or as soon as the signal fires. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** False in Restricted Mode: then nothing is read or posted. */
  readonly isTrusted: () => boolean;
  /** How often a ticket is looked at, ms. */
  readonly intervalMs?: number;
  /** How long events are collected for one comment, ms. */
  readonly collectMs?: number;
}

/** A ticket that did not change costs nothing of GitHub's limit, so this is about how soon others see something. */
const INTERVAL_MS = 15_000;
const COLLECT_MS = 1_000;
/** For so long after the end others may still add what they were about, or reopen the incident, ms. */
const AFTER_END_MS = 3_600_000;

export class SyncLoop {
  readonly #options: SyncLoopOptions;
  readonly #abort = new AbortController();
  /** Incident → epoch ms when it is looked at next. */
  readonly #due = new Map<string, number>();
  /** Looked at although it failed a moment ago. */
  readonly #forced = new Set<string>();
  #alarm = new AbortController();
  #subscription: { dispose(): void } | undefined;
  #running: Promise<void> | undefined;

  constructor(options: SyncLoopOptions) {
    this.#options = options;
  }

  /** Takes up what is open or was closed a moment ago, and closed incidents that still have something to share. */
  async start(): Promise<void> {
    const { ledger } = this.#options;
    this.#subscription = ledger.onDidChange((incident) => { void this.#changed(incident); });
    for (const { id, closedAt, waiting } of await ledger.list()) {
      if (!this.#isOver(closedAt) || (waiting ?? 0) > 0) {
        this.wake(id);
      }
    }
    this.#running ??= this.#run();
  }

  /** Looks at an incident now, or at all of them: GitHub was connected, the workspace is trusted now, somebody asks. */
  wake(incident?: string): void {
    const now = this.#options.clock.now();
    (incident === undefined ? [...this.#due.keys()] : [incident]).forEach((id) => {
      this.#due.set(id, now);
      this.#forced.add(id);
    });
    this.#alarm.abort();
  }

  /** Ends when what is under way has ended. */
  async dispose(): Promise<void> {
    this.#abort.abort();
    this.#alarm.abort();
    this.#subscription?.dispose();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, isTrusted, wait } = this.#options;
    while (!this.#abort.signal.aborted) {
      this.#alarm = new AbortController();
      const due = isTrusted() ? [...this.#due].filter(([, at]) => at <= clock.now()) : [];
      for (const [incident] of due) {
        await this.#look(incident);
      }
      const next = isTrusted() ? Math.min(...this.#due.values(), clock.now() + this.#interval) : clock.now() + this.#interval;
      await wait(Math.max(0, next - clock.now()), AbortSignal.any([this.#alarm.signal, this.#abort.signal]));
    }
  }

  async #look(incident: string): Promise<void> {
    const { clock, ledger, shared } = this.#options;
    // Before the exchange: what changes meanwhile makes it due again.
    this.#due.set(incident, clock.now() + this.#interval);
    await shared.sync(incident, this.#abort.signal, { isForced: this.#forced.delete(incident) });
    const read = await ledger.read(incident).catch(() => undefined);
    const retryAt = shared.state(incident)?.retryAt;
    if (retryAt !== undefined) {
      this.#due.set(incident, retryAt);
    } else if (read?.ticket === undefined || read.imported !== undefined || (this.#isOver(read.times.closed?.at) && unshared(read.events).length === 0)) {
      this.#due.delete(incident);
    }
  }

  /** Only what others do not know yet is a reason to talk to GitHub before it is time. */
  async #changed(incident: string): Promise<void> {
    const read = await this.#options.ledger.read(incident).catch(() => undefined);
    if (read?.ticket === undefined || read.imported !== undefined) {
      return;
    }
    const known = this.#due.get(incident);
    const soon = this.#options.clock.now() + (this.#options.collectMs ?? COLLECT_MS);
    const at = unshared(read.events).length > 0 ? soon : read.status === 'closed' ? known : soon + this.#interval;
    if (at !== undefined && at < (known ?? Infinity)) {
      this.#due.set(incident, at);
      this.#alarm.abort();
    }
  }

  /** Whether nobody is expected to add anything. @param closedAt ISO 8601; undefined while the incident is open */
  #isOver(closedAt: string | undefined): boolean {
    return closedAt !== undefined && Date.parse(closedAt) + AFTER_END_MS <= this.#options.clock.now();
  }

  get #interval(): number {
    return this.#options.intervalMs ?? INTERVAL_MS;
  }
}
