import type { Actor, NewEvent, StepClaimed, TimelineEvent } from '../incident/events.ts';
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
  /**
   * Takes in events that were made elsewhere, as they are; those that are known already are passed over.
   *
   * @returns those that were new
   * @throws UserError when they could not be written, or are of another incident
   */
  adopt(incident: string, events: readonly TimelineEvent[]): Promise<readonly TimelineEvent[]>;
  /**
   * Writes down that an attempt to deliver begins, and tells for which of the requests it is this one's turn: no other
   * window's attempt is under way.
   *
   * @param until when somebody else may try, ISO 8601 UTC
   */
  claim(incident: string, requests: readonly string[], until: string): Promise<readonly string[]>;
  /** As `claim`, for one delivery. `resumed`: it is its turn, and an earlier attempt was interrupted. */
  claimDelivery(incident: string, request: string, until: string): Promise<'won' | 'resumed' | 'lost'>;
  /** Writes down that a step begins; `won` is false when another window of this machine is at it. */
  claimStep(incident: string, claim: Pick<StepClaimed, 'step' | 'origin' | 'until'>): Promise<{ readonly event: StepClaimed; readonly won: boolean }>;
  /** @throws UserError when the incident is unknown or cannot be read */
  read(incident: string): Promise<Incident>;
  /**
   * Every event as it was recorded: corrections not applied, retracted ones among them.
   *
   * @throws UserError as `read`
   */
  timeline(incident: string): Promise<readonly TimelineEvent[]>;
  /** Open incidents first, then the closed ones; each group with the newest first. */
  list(status?: 'open' | 'closed'): Promise<IncidentSummary[]>;
  /** Called when a timeline changed, here or in another window. */
  onDidChange(listener: (incident: string) => void): { dispose(): void };
}
