/** What a control answers other than success. */
export class ControlError extends Error {
  readonly status: 400 | 404 | 408 | 409;

  /** @param message what was wrong, and what there is instead */
  constructor(status: ControlError['status'], message: string) {
    super(message);
    this.name = 'ControlError';
    this.status = status;
  }
}
