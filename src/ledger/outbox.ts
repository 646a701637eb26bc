/**
 * Sends what the timelines say is to leave the machine: each delivery once, those of one target in order, one at a
 * time for each service. Nothing is kept here that is not on the timeline, so a crash, a reload or another window
 * goes on where this one stopped.
 */
import { messageOf } from '../errors.ts';
import { type Clock, iso } from '../incident/clock.ts';
import type { Delivery } from '../incident/deliveries.ts';
import { EXTENSION } from '../incident/event-base.ts';
import type { DeliveryService, NewEvent, TimelineEvent } from '../incident/events.ts';
import type { Incident } from '../incident/fold.ts';
import { serviceName } from '../incident/service-names.ts';
import type { Runbook } from '../runbook/schema.ts';
import { type Call, type Calls, DeliveryError, type Receipt } from '../services/courier.ts';
import type { Ledger } from './ledger.ts';

export interface OutboxOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Resolves after ms, or as soon as the signal fires. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly runbook: () => Promise<Runbook>;
  /** What a service can be asked to do; undefined when it is not connected. */
  readonly calls: (service: DeliveryService) => Promise<Calls | undefined>;
  /** Why a service has none, where there is more to say than that it is not connected. A sentence. */
  readonly absence?: (service: DeliveryService) => Promise<string | undefined>;
  /** Id of this installation: deliveries of others are theirs to send. */
  readonly origin: () => Promise<string>;
  /** False in Restricted Mode: then nothing leaves the machine. */
  readonly isTrusted: () => boolean;
  readonly log: (message: string, error?: unknown) => void;
}

/** How long one attempt may take, its questions and answers together, ms. */
const ATTEMPT_MS = 45_000;
/** For so long nobody else tries, ms: longer than an attempt can take. */
const LEASE_MS = 60_000;
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 300_000;
/** How long a command waits for its deliveries, ms; then they go on without it. */
const SETTLE_MS = 20_000;

interface Item {
  readonly incident: Incident;
  readonly delivery: Delivery;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #abort = new AbortController();
  /** Services that are being talked to. */
  readonly #busy = new Set<DeliveryService>();
  /** Service → epoch ms before which it wants to hear nothing. */
  readonly #pausedUntil = new Map<DeliveryService, number>();
  /** Delivery → epoch ms before which another window is at it. */
  readonly #elsewhere = new Map<string, number>();
  /** Delivery → why it waits. */
  readonly #reasons = new Map<string, string>();
  readonly #incidents = new Set<string>();
  readonly #attempts = new Set<Promise<void>>();
  #pumping: Promise<void> | undefined;
  #again = false;
  #alarm = new AbortController();
  #subscription: { dispose(): void } | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Takes up what earlier windows left, and from now on whatever is asked for. */
  async start(): Promise<void> {
    this.#subscription = this.#options.ledger.onDidChange((incident) => {
      this.#incidents.add(incident);
      this.wake();
    });
    for (const { id, status, waiting } of await this.#options.ledger.list()) {
      if (status !== 'closed' || (waiting ?? 0) > 0) {
        this.#incidents.add(id);
      }
    }
    this.wake();
  }

  /** Looks again: a service was connected, the clock was moved, the workspace is trusted now. */
  wake(): void {
    if (this.#abort.signal.aborted) {
      return;
    }
    this.#again = true;
    this.#pumping ??= this.#pump().catch((error: unknown) => { this.#options.log('Deliveries could not be looked through', error); }).finally(() => {
      this.#pumping = undefined;
      if (this.#again) {
        this.wake();
      }
    });
  }

  /**
   * Waits until nothing more can be done for these deliveries at once: they are done, wait for a person, or for a
   * later attempt.
   */
  async settle(incident: string, deliveries: readonly string[], signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.any([signal, this.#abort.signal, AbortSignal.timeout(SETTLE_MS)]);
    this.#incidents.add(incident);
    this.wake();
    for (;;) {
      const changed = this.#nextChange(incident, limit);
      const read = await this.#options.ledger.read(incident);
      const going = this.#goingNow(read);
      if (limit.aborted || !deliveries.some((id) => going.has(id))) {
        return;
      }
      await changed;
    }
  }

  /** Why a pending delivery is not on its way, as far as this window knows. */
  reason(delivery: string): string | undefined {
    return this.#options.isTrusted() ? this.#reasons.get(delivery) : 'Nothing is sent in Restricted Mode';
  }

  /** Ends when what is under way has ended; what is not stays pending. */
  async dispose(): Promise<void> {
    this.#abort.abort();
    this.#alarm.abort();
    this.#subscription?.dispose();
    await Promise.allSettled([this.#pumping, ...this.#attempts]);
  }

  #nextChange(incident: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const subscription = this.#options.ledger.onDidChange((changed) => {
        if (changed === incident) {
          end();
        }
      });
      const end = (): void => {
        subscription.dispose();
        signal.removeEventListener('abort', end);
        resolve();
      };
      signal.addEventListener('abort', end, { once: true });
      if (signal.aborted) {
        end();
      }
    });
  }

  async #pump(): Promise<void> {
    const { clock, isTrusted, ledger, origin } = this.#options;
    this.#again = false;
    if (!isTrusted() || this.#incidents.size === 0) {
      return;
    }
    const self = await origin();
    const items: Item[] = [];
    for (const id of [...this.#incidents]) {
      const incident = await ledger.read(id).catch(() => undefined);
      const pending = incident?.deliveries.filter((delivery) => delivery.state === 'pending' && delivery.origin === self) ?? [];
      if (incident === undefined || (pending.length === 0 && incident.status === 'closed')) {
        this.#incidents.delete(id);
      } else {
        items.push(...pending.map((delivery) => ({ incident, delivery })));
      }
    }
    items.sort((a, b) => (a.delivery.id < b.delivery.id ? -1 : 1));
    const now = clock.now();
    let next = Number.POSITIVE_INFINITY;
    this.#reasons.clear();
    for (const item of items) {
      const at = this.#dueAt(item, items, now);
      this.#note(item.delivery, at, now);
      if (at <= now && !this.#busy.has(item.delivery.service) && !this.#abort.signal.aborted) {
        this.#begin(item);
      } else if (at > now) {
        next = Math.min(next, at);
      }
    }
    if (!this.#abort.signal.aborted) {
      this.#wakeAt(next - now);
    }
  }

  #note({ id, service }: Delivery, at: number, now: number): void {
    const why = at === Number.POSITIVE_INFINITY ? 'It waits for an earlier one'
      : (this.#elsewhere.get(id) ?? 0) > now ? 'Another window is sending it'
        : (this.#pausedUntil.get(service) ?? 0) > now ? `${serviceName(service)} asked to wait` : undefined;
    if (why !== undefined) {
      this.#reasons.set(id, why);
    }
  }

  /** Epoch ms when a delivery can be tried; infinite while another one has to end first. */
  #dueAt({ incident, delivery }: Item, items: readonly Item[], now: number): number {
    const blocked = (delivery.after ?? []).some((id) => incident.deliveries.find((other) => other.id === id)?.state === 'pending')
      || items.some((other) => other.delivery.id < delivery.id && other.incident.id === incident.id && other.delivery.service === delivery.service && other.delivery.target === delivery.target);
    return blocked ? Number.POSITIVE_INFINITY
      : Math.max(delivery.retryAt ?? now, this.#pausedUntil.get(delivery.service) ?? now, this.#elsewhere.get(delivery.id) ?? now);
  }

  /** Deliveries with which something is about to happen: they do not wait for a later time, nor for one that does, through however many. */
  #goingNow({ deliveries }: Incident): ReadonlySet<string> {
    const pending = deliveries.filter(({ state }) => state === 'pending');
    const waiting = new Set(pending.filter(({ retryAt, service }) => retryAt !== undefined || (this.#pausedUntil.get(service) ?? 0) > this.#options.clock.now()).map(({ id }) => id));
    for (let before = -1; before !== waiting.size;) {
      before = waiting.size;
      for (const { id, after = [], service, target } of pending) {
        if (pending.some((other) => waiting.has(other.id) && (after.includes(other.id) || (other.id < id && other.service === service && other.target === target)))) {
          waiting.add(id);
        }
      }
    }
    return new Set(pending.map(({ id }) => id).filter((id) => !waiting.has(id)));
  }

  #wakeAt(ms: number): void {
    this.#alarm.abort();
    this.#alarm = new AbortController();
    const { signal } = this.#alarm;
    if (Number.isFinite(ms)) {
      void this.#options.wait(ms, signal).then(() => {
        if (!signal.aborted) {
          this.wake();
        }
      });
    }
  }

  #begin(item: Item): void {
    const { service } = item.delivery;
    this.#busy.add(service);
    const attempt = this.#attempt(item)
      .catch((error: unknown) => {
        // It could not even be written down: the disk is full, the incident unreadable. Nothing is lost by waiting.
        this.#options.log(`The delivery to ${item.delivery.target} is put off`, error);
        this.#pausedUntil.set(service, this.#options.clock.now() + LONGEST_RETRY_MS / 10);
      })
      .finally(() => {
        this.#busy.delete(service);
        this.#attempts.delete(attempt);
        this.wake();
      });
    this.#attempts.add(attempt);
  }

  async #attempt({ incident: { id }, delivery: before }: Item): Promise<void> {
    const { clock, ledger, calls, runbook } = this.#options;
    const available = await calls(before.service);
    const call = available?.[before.call];
    const failedBefore = (before.after ?? []).length > 0 ? await this.#unmetBy(id, before) : undefined;
    if (failedBefore !== undefined) {
      return this.#write(id, { type: 'delivery.held', request: before.id, reason: failedBefore });
    }
    if (call === undefined) {
      const name = serviceName(before.service);
      const why = available !== undefined ? `${name} cannot be asked for "${before.call}".` : await this.#options.absence?.(before.service) ?? `${name} is not connected.`;
      return this.#write(id, before.inDoubt || before.attempted
        ? { type: 'delivery.unknown', request: before.id, reason: `${why} So it cannot be asked whether this arrived.` }
        : { type: 'delivery.held', request: before.id, reason: why });
    }
    const until = clock.now() + LEASE_MS;
    const turn = await ledger.claimDelivery(id, before.id, iso(until));
    const incident = await ledger.read(id);
    const delivery = incident.deliveries.find((candidate) => candidate.id === before.id);
    if (turn === 'lost') {
      this.#elsewhere.set(before.id, until);
      return;
    }
    if (delivery?.state !== 'pending') {
      return;
    }
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(ATTEMPT_MS)]);
    const inDoubt = delivery.inDoubt || turn === 'resumed';
    if (inDoubt && call.again === 'ask' && (turn === 'resumed' || !isWantedAllTheSame(incident, before.id))) {
      return this.#write(id, { type: 'delivery.unknown', request: before.id, reason: 'It was being sent when the work was interrupted.' });
    }
    let doubt = inDoubt;
    try {
      const parcel = { delivery, incident, runbook: await runbook() };
      const found = inDoubt && call.again === 'look' ? await call.find(parcel, signal) : undefined;
      doubt = found !== undefined;
      const receipt = found ?? await call.send(parcel, signal);
      await this.#delivered(id, delivery, found === undefined ? 'sent' : 'found', receipt);
    } catch (error) {
      if (!this.#abort.signal.aborted) {
        await this.#notDelivered(id, delivery, call, error, doubt);
      }
    }
  }

  async #delivered(incident: string, delivery: Delivery, how: 'sent' | 'found', receipt: Receipt): Promise<void> {
    const { repository, number } = receipt.result;
    // Linked before it is done: whoever is interrupted in between looks for the issue again, and nobody would for the link.
    if (delivery.service === 'github' && delivery.call === 'createIssue' && typeof repository === 'string' && typeof number === 'number'
      && (await this.#options.ledger.read(incident)).ticket === undefined) {
      await this.#options.ledger.append(incident, { type: 'ticket.linked', repository, number, url: receipt.url ?? '' }, EXTENSION);
    }
    await this.#write(incident, {
      type: 'delivery.done', request: delivery.id, how, result: receipt.result,
      ...(receipt.url === undefined ? {} : { url: receipt.url }), ...(receipt.note === undefined ? {} : { note: receipt.note }),
    });
  }

  async #notDelivered(incident: string, { id, target, service, failures }: Delivery, call: Call, error: unknown, doubt: boolean): Promise<void> {
    const { clock, log } = this.#options;
    const failure = error instanceof DeliveryError ? error : new DeliveryError('in doubt', `It failed unexpectedly: ${messageOf(error)}. See the log.`, { cause: error });
    log(`The delivery to ${target} failed (${failure.kind})`, failure.cause ?? failure);
    const reason = failure.message;
    if (failure.kind === 'refused') {
      // The look itself was refused, and that does not change by itself either.
      return this.#write(incident, doubt ? { type: 'delivery.unknown', request: id, reason: `It could not be looked up: ${reason}` } : { type: 'delivery.failed', request: id, reason });
    }
    if (failure.kind === 'in doubt' && call.again === 'ask') {
      return this.#write(incident, { type: 'delivery.unknown', request: id, reason });
    }
    const now = clock.now();
    const retryAt = now + Math.max(Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures, 10), LONGEST_RETRY_MS), failure.retryAfterMs ?? 0);
    if (failure.retryAfterMs !== undefined) {
      this.#pausedUntil.set(service, now + failure.retryAfterMs);
    }
    const inDoubt = doubt || failure.kind === 'in doubt';
    await this.#write(incident, { type: 'delivery.failed', request: id, reason, retryAt: iso(retryAt), ...(inDoubt ? { inDoubt } : {}) });
  }

  /** Why a delivery cannot go: one that it follows did not. */
  async #unmetBy(incident: string, { after = [] }: Delivery): Promise<string | undefined> {
    const { deliveries } = await this.#options.ledger.read(incident);
    const unmet = deliveries.find(({ id, state }) => after.includes(id) && state !== 'done');
    return unmet === undefined ? undefined : `It follows the delivery to ${unmet.target}, which was not made.`;
  }

  /**
   * Records an outcome. Timelines go by the clock, which may be set back while a call is under way: an outcome that came
   * before what it is the outcome of would count for nothing, and the same would be sent again and again.
   */
  async #write(incident: string, event: Extract<NewEvent, { readonly request: string }>): Promise<void> {
    const { clock, ledger } = this.#options;
    const latest = Math.max(...(await ledger.read(incident)).events.filter((earlier) => concerns(earlier, event.request)).map(({ at }) => Date.parse(at)));
    await ledger.append(incident, latest > clock.now() ? { ...event, at: iso(latest + 1) } : event, EXTENSION);
  }
}

function concerns(event: TimelineEvent, request: string): boolean {
  return event.id === request || ('request' in event && event.request === request) || ('requests' in event && event.requests.includes(request));
}

/** Whether a person was asked last, and had it sent again although it may stand there twice. */
function isWantedAllTheSame({ events }: Incident, delivery: string): boolean {
  const about = events.filter((event) => 'request' in event && event.request === delivery);
  return about.at(-1)?.type === 'delivery.retried' && about.findLast(({ type }) => type !== 'delivery.retried')?.type === 'delivery.unknown';
}
