/** What goes wrong with a call. `acted`: whether the vendor did what was asked before it went wrong. */
export type FaultKind =
  /** Accepts the request and never answers. */
  | { readonly kind: 'time-out'; readonly acted: boolean }
  /** Resets the connection (ECONNRESET). */
  | { readonly kind: 'reset'; readonly acted: boolean }
  /** The vendor's own refusal of too many requests, with Retry-After in seconds. */
  | { readonly kind: 'rate-limit'; readonly retryAfterS: number }
  /** 500 when no status is given. */
  | { readonly kind: 'server-error'; readonly acted: boolean; readonly status?: number }
  /** The status of the real answer with half of its JSON, or with the HTML page of a proxy on the way. */
  | { readonly kind: 'malformed'; readonly acted: boolean; readonly body: 'truncated-json' | 'html' };

export type FakeFault<Operation extends string> = FaultKind & {
  /** Absent: every operation. */
  readonly operation?: Operation;
  /** How many calls it strikes; absent: until cleared. */
  readonly times?: number;
};

/** Every kind of fault, for tables of calls × faults. */
export const FAULT_KINDS: readonly FaultKind[] = [
  { kind: 'time-out', acted: false },
  { kind: 'time-out', acted: true },
  { kind: 'reset', acted: false },
  { kind: 'reset', acted: true },
  { kind: 'rate-limit', retryAfterS: 7 },
  { kind: 'server-error', acted: false },
  { kind: 'server-error', acted: true },
  { kind: 'malformed', acted: true, body: 'truncated-json' },
  { kind: 'malformed', acted: true, body: 'html' },
];

export interface FakeFaultList<Operation extends string> {
  /** Returns a function that takes this fault back. */
  add(fault: FakeFault<Operation>): () => void;
  clear(): void;
  /** The first fault that strikes this operation, counted as used. */
  take(operation: Operation): FaultKind | undefined;
}

export function createFakeFaultList<Operation extends string>(): FakeFaultList<Operation> {
  let entries: { fault: FakeFault<Operation>; left: number }[] = [];
  return {
    add(fault) {
      const entry = { fault, left: fault.times ?? Number.POSITIVE_INFINITY };
      entries.push(entry);
      return () => { entries = entries.filter((other) => other !== entry); };
    },
    clear() { entries = []; },
    take(operation) {
      const entry = entries.find(({ fault, left }) => left > 0 && (fault.operation === undefined || fault.operation === operation));
      if (entry !== undefined) {
        entry.left--;
      }
      return entry?.fault;
    },
  };
}
