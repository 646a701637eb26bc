/** What every event of a timeline has. */

export interface Actor {
  readonly name: string;
  /** `extension` marks what happened by itself (a reminder, a watch); metrics count people only. */
  readonly kind: 'person' | 'extension';
}

/** Who acts when nobody does: a delivery is tried again, events of others come in, a watch takes a look. */
export const EXTENSION: Actor = { name: 'Incident Runbook', kind: 'extension' };

export interface EventBase<Type extends string> {
  /** ULID: unique, and ordered by the millisecond it was made in. */
  readonly id: string;
  /** The incident's id, e.g. `INC-20261123-7KQ4`. */
  readonly incident: string;
  /** When it happened, ISO 8601 UTC. */
  readonly at: string;
  /** When it was written down, ISO 8601 UTC. */
  readonly recordedAt: string;
  readonly actor: Actor;
  readonly type: Type;
}
