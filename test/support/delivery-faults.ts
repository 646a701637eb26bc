/** A machine with an incident, one outside system that can fail, and the windows and processes that send to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Delivery } from '../../src/incident/deliveries.ts';
import type { DeliveryService, TimelineEvent } from '../../src/incident/events.ts';
import { ticketKey } from '../../src/incident/markers.ts';
import { doubtQuestion } from '../../src/views/delivery-nodes.ts';
import { ORIGIN } from './build-deliveries.ts';
import { buildLedger, declaration } from './build-ledger.ts';
import { bundledRunbook } from './bundled-runbook.ts';
import { type TestClock, createClock } from './clock.ts';
import { type OutgoingCall, nameOf, outgoing } from './delivery-faults-calls.ts';
import { type Station, closeStation, startStation } from './delivery-faults-stations.ts';
import { type SendingWindow, type WindowOptions, openWindow } from './delivery-faults-window.ts';
import type { FaultKind } from './fakes/fake-faults.ts';
import type { ChildOrder } from './outbox-child.ts';
import { until } from './until.ts';

/** Where the fake says nothing, ms. A mail server of any kind takes its time for the greeting. */
const IMPATIENT_MS: Readonly<Partial<Record<DeliveryService, number>>> = { mail: 500 };
const DEFAULT_IMPATIENT_MS = 150;
/** Where the fake answers, however busy the machine is, ms. */
const PATIENT_MS = 30_000;
/** For whatever should happen by itself, ms. */
const DEADLINE_MS = 30_000;
/** More are never needed; what still waits after them waits for ever. */
const MOST_ATTEMPTS = 15;
const NEVER = new AbortController().signal;

export type Progress =
  | { readonly state: 'pending'; readonly reason: string; readonly retryAt: number }
  | { readonly state: 'done'; readonly how: 'sent' | 'found' | 'by hand' }
  | { readonly state: 'failed'; readonly reason: string }
  | { readonly state: 'unknown'; readonly reason: string; /** As the user is asked it. */ readonly question: string }
  | { readonly state: 'by hand' | 'discarded' };

/** One thing that is to arrive once. */
export interface Job {
  /** Id of the event that asked for it. */
  readonly id: string;
  /** Sends the windows off; returns when something has come of it. */
  attempt(windows: readonly SendingWindow[]): Promise<Progress>;
  progress(): Promise<Progress>;
  /** How often it is there. */
  effects(): number;
  /** A person wants it sent again. */
  retry(): Promise<void>;
}

export class FaultWorld {
  readonly clock: TestClock;
  readonly station: Station;
  readonly #service: DeliveryService;
  readonly #root: string;
  /** Sends nothing: what is recorded with it is there for windows and processes. */
  readonly #ledger: ReturnType<typeof buildLedger>;
  readonly #incident: string;
  readonly #closing: (() => Promise<void>)[] = [];
  #struck: { readonly isTimeOut: boolean; readonly before: number } = { isTimeOut: false, before: 0 };

  private constructor(service: DeliveryService, root: string, station: Station, clock: TestClock, ledger: ReturnType<typeof buildLedger>, incident: string) {
    this.#service = service;
    this.#root = root;
    this.#ledger = ledger;
    this.#incident = incident;
    this.station = station;
    this.clock = clock;
  }

  static async start(service: DeliveryService, root: string): Promise<FaultWorld> {
    const clock = createClock();
    ['incidents', 'workspace'].forEach((name) => { mkdirSync(path.join(root, name)); });
    const station = await startStation(service, clock, path.join(root, 'workspace'));
    const ledger = buildLedger(path.join(root, 'incidents'), { clock });
    const { id } = await ledger.declare(declaration());
    return new FaultWorld(service, root, station, clock, ledger, id);
  }

  /** The next call of that operation goes wrong. */
  strike(fault: FaultKind, operation: string): void {
    this.#struck = { isTimeOut: fault.kind === 'time-out', before: this.#strikes };
    this.station.fake?.fault({ ...fault, operation, times: 1 });
  }

  get hasStruck(): boolean {
    return this.#strikes > this.#struck.before;
  }

  /** A window that takes up what is there. */
  async window(change: Partial<Pick<WindowOptions, 'runbook'>> = {}): Promise<SendingWindow> {
    const window = openWindow({
      ...this.#place, ...change, clock: this.clock, wait: (ms) => {
        this.clock.advance(ms);
        return Promise.resolve();
      },
      timeoutMs: () => (this.#struck.isTimeOut && !this.hasStruck ? IMPATIENT_MS[this.#service] ?? DEFAULT_IMPATIENT_MS : PATIENT_MS),
    });
    this.#closing.push(() => window.dispose());
    await window.outbox.start();
    return window;
  }

  /** What the call follows is done by now; the call itself is asked for. */
  async ask(call: OutgoingCall): Promise<Job> {
    const after: string[] = [];
    if (call.follows !== undefined) {
      const before = await this.ask(outgoing(call.service, call.follows));
      await this.#finish(before);
      after.push(before.id);
    }
    const { service, text, data } = call;
    const delivery = { service, call: call.call, target: nameOf(call), text, data, step: 'notifyTeam', after };
    const { id } = await this.#ledger.append(this.#incident, { type: 'delivery.requested', origin: ORIGIN, delivery });
    this.clock.advance(1_000);
    let failures = 0;
    const state = async (): Promise<Delivery> => {
      const found = (await this.#ledger.read(this.#incident)).deliveries.find((candidate) => candidate.id === id);
      if (found === undefined) {
        throw new Error(`${delivery.target} is lost`);
      }
      return found;
    };
    const progress = async (): Promise<Progress> => this.#progressOf(await state());
    return {
      id, progress,
      effects: () => this.station.effects[call.call]?.(delivery) ?? Number.NaN,
      attempt: async (windows) => {
        windows.forEach(({ outbox }) => { outbox.wake(); });
        const now = await until(`something to come of ${delivery.target}`, async () => {
          const current = await state();
          return current.state === 'pending' && current.failures <= failures ? undefined : current;
        }, DEADLINE_MS);
        ({ failures } = now);
        return this.#progressOf(now);
      },
      retry: async () => {
        failures = 0;
        this.clock.advance(1_000);
        await this.#ledger.append(this.#incident, { type: 'delivery.retried', request: id });
      },
    };
  }

  /** The incident has a ticket by now; what is asked for is that an event of it be on the ticket. */
  async askForComment(): Promise<Job> {
    await this.#finish(await this.ask(outgoing('github', 'createIssue')));
    const { ticket } = await this.#ledger.read(this.#incident);
    const window = await this.window();
    await window.shared.sync(this.#incident, NEVER);
    await window.dispose();
    this.clock.advance(15_000);
    const { id } = await this.#ledger.append(this.#incident, { type: 'finding.documented', text: 'The pool is exhausted' });
    this.clock.advance(1_000);
    let last: SendingWindow | undefined;
    const progress = async (): Promise<Progress> => {
      const receipt = (await this.#ledger.timeline(this.#incident)).find((event) => event.type === 'delivery.done' && event.request === ticketKey(id));
      const { reason = '', retryAt = this.clock.now() + 15_000 } = last?.shared.state(this.#incident) ?? {};
      return receipt?.type === 'delivery.done' ? { state: 'done', how: receipt.how } : { state: 'pending', reason, retryAt };
    };
    return {
      id, progress,
      effects: () => this.station.onTicket?.(ticket?.number ?? 0, id) ?? Number.NaN,
      attempt: async (windows) => {
        last = windows[0];
        await Promise.all(windows.map(({ shared }) => shared.sync(this.#incident, NEVER)));
        return progress();
      },
      retry: () => Promise.resolve(),
    };
  }

  /**
   * Tries whenever it is time to.
   *
   * @param from what is known already
   * @throws Error when it waits for ever
   */
  async persist(job: Job, windows: readonly SendingWindow[], from?: Progress): Promise<Progress> {
    return this.#tryOn(job, windows, from ?? await job.attempt(windows), () => false);
  }

  /** Tries until the fault has struck, as it may take more than one attempt to get there when nobody waits long. */
  async untilStruck(job: Job, windows: readonly SendingWindow[]): Promise<Progress> {
    return this.#tryOn(job, windows, await job.attempt(windows), () => this.hasStruck);
  }

  /** How often an attempt began. */
  async attempts({ id }: Job): Promise<number> {
    return (await this.#timeline()).filter((event) => event.type === 'delivery.attempted' && event.requests.some((request) => request === id || request === ticketKey(id))).length;
  }

  /** Whether the incident is linked to its ticket. */
  async isLinked(): Promise<boolean> {
    return (await this.#ledger.read(this.#incident)).ticket !== undefined;
  }

  /**
   * Starts a process that sends, and kills it with SIGKILL where it is held: by the fake, which was told not to answer,
   * or where the order says so.
   *
   * @param program what the child is, as JavaScript
   */
  async killSender(program: string, order: Pick<ChildOrder, 'hold'> & { readonly shares: boolean }): Promise<void> {
    const file = path.join(this.#root, 'order.json');
    const { hold, shares } = order;
    const whole: ChildOrder = { ...this.#place, runbook: bundledRunbook(), now: this.clock.now(), ...(hold === undefined ? {} : { hold }), ...(shares ? { share: this.#incident } : {}) };
    writeFileSync(file, JSON.stringify(whole));
    const child = spawn(process.execPath, [program, file], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#closing.push(() => end(child));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text; });
    await until('the process to be in the middle of it', () => {
      if (child.exitCode !== null) {
        throw new Error(`The process ended with ${child.exitCode}`);
      }
      return hold === undefined ? this.hasStruck : output.includes('held\n');
    }, DEADLINE_MS);
    await end(child);
  }

  async close(): Promise<void> {
    await Promise.all(this.#closing.map((close) => close()));
    this.#ledger.dispose();
    await closeStation(this.station);
  }

  get #strikes(): number {
    return this.station.fake?.exchanges.filter(({ fault }) => fault !== undefined).length ?? 0;
  }

  get #place(): Pick<WindowOptions, 'directory' | 'workspace' | 'connections' | 'runbook' | 'awsEndpoint'> {
    const { awsEndpoint, connection } = this.station;
    return {
      directory: path.join(this.#root, 'incidents'), workspace: path.join(this.#root, 'workspace'), runbook: () => Promise.resolve(bundledRunbook()),
      connections: connection === undefined ? {} : { [this.#service]: connection },
      ...(awsEndpoint === undefined ? {} : { awsEndpoint }),
    };
  }

  /** Some time passes afterwards: Statuspage takes one request a second. */
  async #finish(job: Job): Promise<void> {
    const window = await this.window();
    await this.persist(job, [window]);
    await window.dispose();
    this.clock.advance(5_000);
  }

  async #progressOf(delivery: Delivery): Promise<Progress> {
    const { id, state, reason = '', retryAt = this.clock.now() } = delivery;
    switch (state) {
      case 'pending': return { state, reason, retryAt };
      case 'failed': return { state, reason };
      case 'unknown': return { state, reason, question: doubtQuestion(await this.#ledger.read(this.#incident), delivery) };
      case 'done': {
        const done = (await this.#timeline()).findLast((event) => event.type === 'delivery.done' && event.request === id);
        return { state, how: done?.type === 'delivery.done' ? done.how : 'by hand' };
      }
      default: return { state };
    }
  }

  async #tryOn(job: Job, windows: readonly SendingWindow[], from: Progress, isEnough: () => boolean): Promise<Progress> {
    let progress = from;
    for (let attempt = 0; progress.state === 'pending' && !isEnough(); attempt += 1) {
      if (attempt === MOST_ATTEMPTS) {
        throw new Error(`It is pending for ever: ${JSON.stringify(progress)}`);
      }
      this.clock.advance(Math.max(0, progress.retryAt - this.clock.now()));
      progress = await job.attempt(windows);
    }
    return progress;
  }

  #timeline(): Promise<readonly TimelineEvent[]> {
    return this.#ledger.timeline(this.#incident);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }
}
