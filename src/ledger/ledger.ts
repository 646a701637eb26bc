import type { Actor, NewEvent, TimelineEvent } from '../incident/events.ts';
import type { Incident, IncidentSummary } from '../incident/fold.ts';

/** Where timelines live. Local today; the GitHub issue as a shared ledger implements the same. */
export interface Ledger {
  /**
   * Starts a timeline. On disk when it returns.
   *
   * @throws UserError when it could not be written
   */
  declare(event: Extract<NewEvent, { type: 'incident.declared' }>, actor?: Actor): Promise<Incident>;
  /**
   * Adds an event to a timeline. On disk when it returns.
   *
   * @throws UserError when the incident is unknown or the event could not be written
   */
  append(incident: string, event: NewEvent, actor?: Actor): Promise<TimelineEvent>;
  /** @throws UserError when the incident is unknown or cannot be read */
  read(incident: string): Promise<Incident>;
  /** Open incidents first, then the closed ones; each group with the newest first. */
  list(status?: 'open' | 'closed'): Promise<IncidentSummary[]>;
  /** Called when a timeline changed, here or in another window. */
  onDidChange(listener: (incident: string) => void): { dispose(): void };
}
