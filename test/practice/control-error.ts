/** What a control answers other than success. */
export class ControlError extends Error {
  readonly status: 400 | 404;

  /** @param message what was wrong, and what there is instead */
  constructor(status: 400 | 404, message: string) {
    super(message);
    this.name = 'ControlError';
    this.status = status;
  }
}
