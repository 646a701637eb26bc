import type { AwsSession } from '../services/aws/session.ts';

/** Live log streams into the log channel. */
export interface LogStreams {
  /** Starts a stream and returns once the history up to now has been shown. */
  start(request: LogStreamRequest, signal: AbortSignal): Promise<{ readonly shown: number; readonly errors: number }>;
}

export interface LogStreamRequest {
  readonly aws: AwsSession;
  readonly groups: readonly string[];
  /** CloudWatch filter pattern; empty for everything. */
  readonly pattern: string;
  /** Epoch ms. */
  readonly from: number;
  /** The stream ends when this incident is closed. */
  readonly incident?: string;
}
