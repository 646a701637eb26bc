export const UPDATE_STATUSES = ['Investigating', 'Mitigating', 'Resolved'] as const;
export type UpdateStatus = (typeof UPDATE_STATUSES)[number];

/** What an update says; `eta` is the expected resolution time in words. */
export interface UpdateFields {
  readonly status: UpdateStatus;
  readonly impact: string;
  readonly actions: string;
  readonly next: string;
  readonly eta: string;
}
