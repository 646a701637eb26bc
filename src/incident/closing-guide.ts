/** What is to be done once an incident is over: confirm it, tell everybody, close it, learn from it (runbook 9, 10). */
import { type ClosureRules, closureBoxes, openBoxes } from './closure.ts';
import type { Incident } from './fold.ts';
import { lastDone } from './step-records.ts';

export interface ClosingAction {
  readonly step: string;
  readonly title: string;
  readonly reason: string;
  readonly urgent: boolean;
  /** Only where the extension carries the step out: by hand it is on nobody's list. */
  readonly ifAutomated?: true;
}

/** For so long after it was closed something is left to do about an incident, ms; then it is history. */
const RECENT_MS = 14 * 24 * 3_600_000;

/** Whether an incident is open or was closed a short while ago. @param closedAt ISO 8601 UTC @param now epoch ms */
export function isRecent(closedAt: string | undefined, now: number): boolean {
  return closedAt === undefined || now - Date.parse(closedAt) <= RECENT_MS;
}

/** Once it is stable: whether all boxes hold. @param now epoch ms */
export function confirmAction(incident: Incident, rules: ClosureRules, now: number): ClosingAction {
  const boxes = closureBoxes(incident, rules, now);
  const open = openBoxes(boxes);
  return {
    step: 'confirmResolution', title: 'Confirm the resolution', urgent: false,
    reason: open.length === 0 ? `All ${boxes.length} boxes hold` : `${boxes.length - open.length} of ${boxes.length} boxes hold; open: ${open.map(({ text }) => text).join(', ')}`,
  };
}

/** Of an incident that is resolved or closed. @param now epoch ms */
export function closingActions(incident: Incident, now: number): ClosingAction[] {
  const { closed, resolved } = incident.times;
  if (resolved === undefined || incident.imported !== undefined || !isRecent((closed ?? resolved).at, now)) {
    return [];
  }
  const notified = lastDone(incident, 'sendResolutionNotice');
  const isNotified = notified !== undefined && notified >= Date.parse(resolved.at);
  return [
    ...(incident.resolution === undefined || isNotified ? [] : [{ step: 'sendResolutionNotice', title: 'Send the resolution notice', reason: 'Stakeholders have not heard that it is over', urgent: false }]),
    ...(closed === undefined ? [{ step: 'closeTicket', title: 'Close the ticket', reason: 'Root cause, resolution and duration are known', urgent: false }] : []),
    ...(incident.review === undefined ? [{ step: 'scheduleReview', title: 'Schedule the review', reason: 'Nobody has been invited yet', urgent: false, ifAutomated: true } as const] : []),
    ...(incident.reviewFile === undefined ? [{ step: 'createReview', title: 'Create the review document', reason: 'Drafted from the timeline', urgent: false, ifAutomated: true } as const] : []),
  ];
}
