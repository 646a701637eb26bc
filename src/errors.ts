/** An error a person can act on: the message says what happened and the fix, in one or two sentences. */
export class UserError extends Error {
  readonly docs: string | undefined;
  readonly action: ErrorAction | undefined;

  /**
   * @param message what happened and what to do next; shown as it stands
   * @param options `cause` goes to the log only; `docs` is a link; `action` is a button on the message
   */
  constructor(message: string, options: { cause?: unknown; docs?: string; action?: ErrorAction } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'UserError';
    this.docs = options.docs;
    this.action = options.action;
  }
}

export interface ErrorAction {
  readonly title: string;
  readonly command: string;
  readonly args?: readonly unknown[];
}

/** Thrown when the user or the caller cancelled; never shown. */
export class CancelledError extends Error {
  constructor() {
    super('Cancelled');
    this.name = 'CancelledError';
  }
}

/** The message of anything thrown, for the log. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code of a system, driver or SDK error, such as ENOSPC or 53300. */
export function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The window goes away; nobody chose to cancel. */
export class GoneError extends CancelledError {}
