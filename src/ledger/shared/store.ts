import type { Ledger } from '../ledger.ts';

/** What sharing needs of the ledger on this machine. */
export type SharedStore = Pick<Ledger, 'append' | 'adopt' | 'claim' | 'claimStep' | 'read' | 'timeline'>;
