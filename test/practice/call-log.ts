/** One call to the emulated AWS, as the proxy saw it. */
export interface CallRecord {
  /** e.g. "ecs". */
  readonly service: string;
  /** e.g. "UpdateService". */
  readonly operation: string;
  /** Epoch ms. */
  readonly at: number;
  /** Whether the operation changes something. */
  readonly write: boolean;
  /** HTTP status answered; 0 when the connection was reset or cut, or the caller went away. */
  readonly status: number;
}

export interface CallLog {
  add(call: CallRecord): void;
  /** Oldest first. */
  list(): readonly CallRecord[];
  clear(): void;
}

/** Keeps the last `limit` calls. */
export function createCallLog(limit = 50_000): CallLog {
  let calls: CallRecord[] = [];
  return {
    add(call) {
      calls.push(call);
      if (calls.length > limit) {
        calls.shift();
      }
    },
    list: () => [...calls],
    clear() {
      calls = [];
    },
  };
}
