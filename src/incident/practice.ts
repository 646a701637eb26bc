import type { Incident } from './fold.ts';
import { lastDone } from './step-records.ts';

/** How far somebody has practised, in the order of the runbook (4.1, 2.2, 5, 9). */
export const PRACTICE_STAGES = ['declared', 'assessed', 'investigated', 'closed'] as const;
export type PracticeStage = (typeof PRACTICE_STAGES)[number];

/** What the timeline of a drill proves; nothing of an incident that is none. */
export function practiceStages(incident: Incident): readonly PracticeStage[] {
  if (!incident.drill) {
    return [];
  }
  const proven: Readonly<Record<PracticeStage, boolean>> = {
    declared: true,
    // Not by its severity: one that was chosen when it was declared answers no question.
    assessed: incident.events.some((event) => event.type === 'severity.set' && event.answers !== undefined),
    investigated: lastDone(incident, 'investigate') !== undefined,
    closed: incident.status === 'closed',
  };
  return PRACTICE_STAGES.filter((stage) => proven[stage]);
}
