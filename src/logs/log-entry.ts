/** What the log stream is made of, from the source to the channel. */
import type { LogEvent } from '../services/aws/logs.ts';

/** One thing that the stream shows, in the order in which it is shown. */
export type LogEntry =
  | ShownEvent
  /** What the stream says of itself: `sampled`, `gap of 12 s, backfilled`. `at` is epoch ms. */
  | { readonly kind: 'note'; readonly at: number; readonly text: string }
  | ({ readonly kind: 'marker'; /** It came after younger ones were shown. */ readonly late?: true } & Marker);

/** An event as it is: hundreds of thousands pass without a copy. */
export type ShownEvent = LogEvent & { /** It came after younger ones were shown. */ readonly late?: true };

/** A deployment or rollout, as a line in the stream. */
export interface Marker {
  /** Names it, so that it is shown once: the deployment and what became of it. */
  readonly key: string;
  /** Epoch ms. */
  readonly at: number;
  /** Plain text without a line break: `healthflow-backend-service: rollout of healthflow-backend:7 (2.14.1) completed`. */
  readonly text: string;
}

/** Deployments and rollouts that began or ended in a time, oldest first. Bounds in epoch ms, `from` inclusive. */
export type MarkerSource = (from: number, to: number, signal: AbortSignal) => Promise<readonly Marker[]>;

/** `running` also while it looks for a way to the service again. */
export type StreamState = 'stopped' | 'running' | 'paused';

/** Where the entries go. */
export interface LogSink {
  show(entries: readonly LogEntry[]): void;
  /** Brings the stream in front of the user without taking the focus. */
  reveal(): void;
  /** Told whenever a stream begins, rests or ends; with its groups when it begins. */
  streaming(state: StreamState, groups?: readonly string[]): void;
}

/** Orders what has happened, the oldest first. */
export function byTime(one: { readonly at: number }, other: { readonly at: number }): number {
  return one.at - other.at;
}

/** A message as it stands in the channel: several events when a runtime has sent a trace line by line. */
export interface ShownMessage {
  /** Epoch ms of its first event. */
  readonly at: number;
  readonly group: string;
  readonly stream: string;
  /** Redacted, without colours; lines end with `\n`, the last one does not. */
  readonly text: string;
  /** Its first line, counted from 0 since the channel was made, also those that have left it since. */
  readonly line: number;
  /** 0: so much came at once that it was gone before it could be shown. */
  readonly lines: number;
}
