import type { StepResult } from './events.ts';
import type { Incident } from './fold.ts';

/** A result of a step, with the time of the event that holds it. */
export interface TimedResult extends StepResult {
  /** Epoch ms. */
  readonly time: number;
  /** Id of the event that holds it. */
  readonly event: string;
  /** Name of whoever recorded it. */
  readonly by: string;
}

/** Every result of a step in timeline order, run alone or inside another one; of all steps when none is named. */
export function resultsOf(incident: Incident, step?: string): TimedResult[] {
  return incident.events
    .flatMap((event) => event.type === 'step.finished' ? [event.result, ...(event.parts ?? [])].map((result) => ({ ...result, time: Date.parse(event.at), event: event.id, by: event.actor.name })) : [])
    .filter((result) => step === undefined || result.step === step);
}

/** When a step was last done, epoch ms; an attempt that failed or was cancelled did nothing. */
export function lastDone(incident: Incident, step: string): number | undefined {
  return resultsOf(incident, step).findLast(({ outcome }) => outcome === 'done')?.time;
}
