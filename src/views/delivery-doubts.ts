/** Asks a person, once, about each delivery of which nobody knows whether it arrived. No vscode here. */
import { t } from '../l10n.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { doubtQuestion } from './delivery-nodes.ts';

export interface DeliveryDoubtsOptions {
  readonly ledger: Ledger;
  /** Id of this installation: what another one sent is asked there. */
  readonly origin: () => Promise<string>;
  /** What has been asked already, kept from one session to the next. */
  readonly asked: { has(question: string): boolean; add(question: string): void };
  readonly show: (message: string, buttons: readonly string[]) => PromiseLike<string | undefined>;
  readonly confirm: (incident: string, delivery: string) => PromiseLike<unknown>;
  readonly retry: (incident: string, delivery: string) => PromiseLike<unknown>;
  readonly discard: (incident: string, delivery: string) => PromiseLike<unknown>;
  readonly onError: (error: unknown) => void;
}

export class DeliveryDoubts {
  readonly #options: DeliveryDoubtsOptions;
  readonly #subscription: { dispose(): void };

  constructor(options: DeliveryDoubtsOptions) {
    this.#options = options;
    this.#subscription = options.ledger.onDidChange((incident) => { void this.look(incident).catch(options.onError); });
  }

  /** Asks what an earlier session left open. */
  async start(): Promise<void> {
    const summaries = await this.#options.ledger.list();
    await Promise.all(summaries.filter(({ waiting }) => (waiting ?? 0) > 0).map(({ id }) => this.look(id)));
  }

  /** Asks about the deliveries of an incident; returns when the questions are shown. */
  async look(id: string): Promise<void> {
    const { asked, ledger, origin } = this.#options;
    const incident = await ledger.read(id);
    const doubtful = incident.deliveries.filter(({ state }) => state === 'unknown');
    if (doubtful.length === 0) {
      return;
    }
    const self = await origin();
    for (const delivery of doubtful.filter((candidate) => candidate.origin === self)) {
      // One that is sent again and gets lost again is a question of its own.
      const doubt = incident.events.findLast((event) => event.type === 'delivery.unknown' && event.request === delivery.id)?.id ?? delivery.id;
      if (!asked.has(doubt)) {
        asked.add(doubt);
        void this.#ask(doubtQuestion(incident, delivery), id, delivery.id).catch(this.#options.onError);
      }
    }
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  async #ask(question: string, incident: string, delivery: string): Promise<void> {
    const { confirm, discard, retry, show } = this.#options;
    const [arrived, again, letGo] = [t('It arrived'), t('Send again'), t('Discard…')];
    switch (await show(question, [arrived, again, letGo])) {
      case arrived: await confirm(incident, delivery); break;
      case again: await retry(incident, delivery); break;
      case letGo: await discard(incident, delivery); break;
      default: break;
    }
  }
}
