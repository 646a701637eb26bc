import type { AwsSession } from '../services/aws/session.ts';
import type { MarkerSource } from './log-entry.ts';

/** Live log streams into the log channel. */
export interface LogStreams {
  /** Starts a stream and returns once the history up to now has been shown. */
  start(request: LogStreamRequest, signal: AbortSignal): Promise<{ readonly shown: number; readonly errors: number }>;
}

export interface LogStreamRequest {
  readonly aws: AwsSession;
  /** The runbook's key of the environment. */
  readonly environment: string;
  readonly groups: readonly string[];
  /** CloudWatch filter pattern; empty for everything. */
  readonly pattern: string;
  /** Epoch ms. */
  readonly from: number;
  /** The stream ends when this incident is closed. */
  readonly incident?: string;
  /** What was deployed meanwhile. */
  readonly markers?: MarkerSource;
  /** Commits, tags or versions that name what runs, the surest first; as far as the version endpoint, the image or the task definition tell. */
  readonly deployedRefs?: (signal: AbortSignal) => Promise<readonly string[]>;
}
