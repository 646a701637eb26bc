/**
 * Keeps a timeline and its ticket the same. The ticket is the meeting point: what is on it is taken in, what is not
 * on it is posted there, once, by one of this machine's windows.
 */
import { type Clock, iso } from '../../incident/clock.ts';
import type { NewEvent, TimelineEvent } from '../../incident/events.ts';
import { SEVERITIES } from '../../incident/events.ts';
import type { Incident } from '../../incident/fold.ts';
import { ticketKey, unshared } from '../../incident/markers.ts';
import { CALL_TIMEOUT_MS, DeliveryError } from '../../services/courier.ts';
import type { IssueThreads } from '../issue-thread.ts';
import { formatComments } from './comment.ts';
import { Exchange, type SharedState } from './exchange.ts';
import type { SharedStore } from './store.ts';
import { isBelieved, readThread, receiptOf } from './thread.ts';

export interface SharedTimelineOptions {
  readonly store: SharedStore;
  readonly clock: Clock;
  /** The tickets of the connected repository; undefined when GitHub is not connected. */
  readonly threads: () => Promise<IssueThreads | undefined>;
  /** Hides secrets and personal data; nothing leaves the machine without it. */
  readonly redact: <T extends NewEvent>(event: T) => T;
  /** Told when `state` says something else. */
  readonly onChange?: (incident: string) => void;
  /** Told once for every incident: somebody who may not write to the repository posts events. */
  readonly onStranger?: (incident: string, author: string) => void;
  readonly log: (message: string, error?: unknown) => void;
}

/** For so long no other window of this machine posts the same events, ms. */
const LEASE_MS = 60_000;
/** What is left of it must be enough for one call that gets no answer. */
const LEASE_MARGIN_MS = CALL_TIMEOUT_MS + 5_000;
const LABEL_TRIES = 5;

export class SharedTimeline {
  readonly #options: SharedTimelineOptions;
  readonly #exchanges = new Map<string, Exchange>();

  constructor(options: SharedTimelineOptions) {
    this.#options = options;
  }

  /**
   * Takes in what is on the ticket and posts what is not, one call after the other for one incident. What goes wrong
   * is in `state` and in the log; nothing is lost by it.
   *
   * @param isForced tries although it failed a moment ago
   * @returns whether both are the same now; false as well for an incident without a ticket, and for an imported one
   */
  sync(incident: string, signal: AbortSignal, { isForced = false }: { readonly isForced?: boolean } = {}): Promise<boolean> {
    const exchange = this.#exchange(incident);
    const turn = exchange.queue.then(() => this.#sync(incident, exchange, isForced, signal));
    exchange.queue = turn.catch(() => undefined);
    return turn;
  }

  /** Undefined when this window has not tried yet. */
  state(incident: string): SharedState | undefined {
    return this.#exchanges.get(incident)?.state;
  }

  /** Whether the server has shown a comment in its list, after those before it. */
  hasRead(incident: string, comment: number): boolean {
    return this.#exchanges.get(incident)?.hasRead(comment) ?? false;
  }

  async #sync(id: string, exchange: Exchange, isForced: boolean, signal: AbortSignal): Promise<boolean> {
    const { clock, log, onChange, store } = this.#options;
    if (signal.aborted || !exchange.mayTry(clock.now(), isForced)) {
      return false;
    }
    const before = JSON.stringify(exchange.state);
    try {
      const incident = await store.read(id);
      if (incident.ticket === undefined || incident.imported !== undefined) {
        return false;
      }
      const threads = await this.#threadsOf(incident.ticket);
      // The turn is taken first: whatever an earlier holder posted is on the ticket by the time it is read.
      await this.#takeTurns(id, exchange);
      await this.#pull(id, incident.ticket.number, exchange, threads, signal);
      await this.#push(id, incident.ticket.number, exchange, threads, signal);
      await this.#label(id, incident.ticket.number, exchange, threads, signal);
      exchange.succeeded();
      return true;
    } catch (error) {
      exchange.failed(signal.aborted ? new DeliveryError('in doubt', 'GitHub did not answer in time.', { cause: error }) : error, clock.now());
      log(`${id} and its ticket are not the same yet`, error);
      return false;
    } finally {
      exchange.pending = await this.#pending(id).then((pending) => pending.length, () => exchange.pending);
      if (JSON.stringify(exchange.state) !== before) {
        onChange?.(id);
      }
    }
  }

  #exchange(incident: string): Exchange {
    const exchange = this.#exchanges.get(incident) ?? new Exchange();
    this.#exchanges.set(incident, exchange);
    return exchange;
  }

  async #threadsOf({ repository }: NonNullable<Incident['ticket']>): Promise<IssueThreads> {
    const threads = await this.#options.threads();
    if (threads === undefined) {
      throw new DeliveryError('refused', 'GitHub is not connected. Connect it to share the incident.');
    }
    if (threads.repository.toLowerCase() !== repository.toLowerCase()) {
      throw new DeliveryError('refused', `The ticket is in ${repository}, and GitHub is connected to ${threads.repository}. Connect it to ${repository} to share the incident.`);
    }
    return threads;
  }

  /** What is to be posted, as it was recorded; what was taken back before anybody saw it stays here. */
  async #pending(id: string): Promise<TimelineEvent[]> {
    const { store } = this.#options;
    const timeline = await store.timeline(id);
    const valid = new Set((await store.read(id)).events.map((event) => event.id));
    return unshared(timeline).filter((event) => valid.has(event.id)).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async #takeTurns(id: string, { turns }: Exchange): Promise<void> {
    const { clock, store } = this.#options;
    const now = clock.now();
    const pending = (await this.#pending(id)).map((event) => event.id);
    [...turns.keys()].filter((event) => !pending.includes(event)).forEach((event) => { turns.delete(event); });
    const free = pending.filter((event) => (turns.get(event)?.until ?? 0) <= now);
    if (free.length > 0) {
      const until = now + LEASE_MS;
      const won = await store.claim(id, free.map(ticketKey), iso(until));
      free.forEach((event) => { turns.set(event, { until, isMine: won.includes(ticketKey(event)) }); });
    }
  }

  async #pull(id: string, number: number, exchange: Exchange, threads: IssueThreads, signal: AbortSignal): Promise<void> {
    const { clock, onStranger, redact, store } = this.#options;
    const now = clock.now();
    const answer = await exchange.ask(() => threads.readIssue(number, exchange.etag(now), signal));
    if (answer === undefined) {
      exchange.requests.unchanged += 1;
      return;
    }
    const comments = await exchange.ask(() => threads.readComments(number, exchange.since, signal));
    const { events, receipts, strangers } = readThread(id, answer.issue, exchange.fresh(comments), redact);
    // The receipts go in with the events, so that nobody posts what came from the ticket.
    await store.adopt(id, [...events, ...receipts]);
    exchange.took(answer.etag, answer.issue, comments, now);
    if (exchange.ignore(strangers)) {
      onStranger?.(id, strangers[0] ?? '');
    }
  }

  async #push(id: string, number: number, exchange: Exchange, threads: IssueThreads, signal: AbortSignal): Promise<void> {
    const { clock, redact, store } = this.#options;
    const { turns } = exchange;
    const mine = (await this.#pending(id)).filter((event) => turns.get(event.id)?.isMine === true);
    const timeline = new Map((await store.timeline(id)).map((event) => [event.id, event]));
    const find = (named: string): TimelineEvent | undefined => {
      const event = timeline.get(named);
      return event === undefined ? undefined : redact(event);
    };
    for (const { body, events } of formatComments(mine.map((event) => redact(event)), find)) {
      if (events.some((event) => (turns.get(event.id)?.until ?? 0) < clock.now() + LEASE_MARGIN_MS)) {
        return;
      }
      // Before it is posted: in doubt it may be found later, and the label follows all the same.
      if (events.some((event) => event.type === 'severity.set' || (event.type === 'event.amended' && timeline.get(event.amends)?.type === 'severity.set'))) {
        exchange.labelTries = LABEL_TRIES;
      }
      const comment = await exchange.ask(() => threads.postComment(number, body, signal));
      exchange.posted(comment);
      await store.adopt(id, events.map((event, index) => receiptOf(event, comment, index, 'sent')));
      events.forEach((event) => { turns.delete(event.id); });
      exchange.note = isBelieved(comment) ? undefined
        : `Others do not see what you record: ${comment.author} may not write to ${threads.repository}. Ask somebody who may to invite you as a collaborator.`;
    }
  }

  /**
   * The window that shared a severity has the label follow it, until it reads so: another responder may have set one at
   * the same moment.
   */
  async #label(id: string, number: number, exchange: Exchange, threads: IssueThreads, signal: AbortSignal): Promise<void> {
    const { issue, labelTries } = exchange;
    const { severity } = await this.#options.store.read(id);
    if (issue === undefined || labelTries === 0) {
      return;
    }
    const others = issue.labels.filter((label) => label !== severity && (SEVERITIES as readonly string[]).includes(label));
    // One that was taken back, and had none before it, leaves no label.
    const missing = severity === undefined || issue.labels.includes(severity) ? [] : [severity];
    if (missing.length + others.length === 0) {
      exchange.labelTries = 0;
      return;
    }
    exchange.labelTries -= 1;
    try {
      await exchange.ask(() => threads.setLabels(number, missing, others, signal));
    } catch (error) {
      // The severity itself is on the ticket; without the right to label it nothing more can be done.
      if (!(error instanceof DeliveryError && error.kind === 'refused')) {
        throw error;
      }
      exchange.labelTries = 0;
      this.#options.log(`The label of the ticket could not be set to ${severity ?? 'none'}`, error);
    }
  }
}
