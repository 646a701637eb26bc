/** What leaves the machine, for those who draw: it is loaded once somebody needs it, or the trees are drawn. */
import type { OutgoingParts } from './outgoing-parts.ts';
import type { SharedState } from './ledger/shared/exchange.ts';
import type { Outgoing } from './steps/posting.ts';

export interface LazyOutgoing extends Outgoing {
  parts(): Promise<OutgoingParts>;
  /** How the exchange with the ticket stands; undefined before anybody has tried. */
  state(incident: string): SharedState | undefined;
  /** Why a delivery waits, as far as this window knows. */
  reason(delivery: string): string | undefined;
  /** Takes up what earlier windows left. */
  start(): Promise<void>;
  /** Looks again at once. */
  wake(): void;
  dispose(): void;
}

export function lazyOutgoing(load: () => Promise<OutgoingParts>): LazyOutgoing {
  let loading: Promise<OutgoingParts> | undefined;
  let loaded: OutgoingParts | undefined;
  let disposed = false;
  const parts = (): Promise<OutgoingParts> => loading ??= load().then((made) => {
    loaded = made;
    if (disposed) {
      made.dispose();
    }
    return made;
  });
  return {
    parts,
    origin: async () => (await parts()).origin(),
    settle: async (...args) => (await parts()).settle(...args),
    claim: async (...args) => (await parts()).claim(...args),
    state: (incident) => loaded?.shared.state(incident),
    reason: (delivery) => loaded?.outbox.reason(delivery),
    start: async () => (await parts()).start(),
    wake: () => { loaded?.wake(); },
    dispose: () => {
      disposed = true;
      loaded?.dispose();
    },
  };
}
