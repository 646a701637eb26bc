/** What a timeline says about how an incident went: milestones, durations, gaps, updates that were late. */
import type { Severity, TimelineEvent } from '../events.ts';
import type { Incident, Milestone } from '../fold.ts';
import { isTold } from '../told.ts';
import { type ReviewRunbook, stepsOfSection } from './review-runbook.ts';

const MINUTE = 60_000;
/** How late an update may be before it is called late, ms: people write in minutes. */
const LATE_MS = MINUTE;

/** `1 h 05 min 12 s`: a duration in ms to the second, nothing left out; negative counts as zero. */
export function exactDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts = [[Math.floor(seconds / 86_400), 'd'], [Math.floor(seconds / 3600) % 24, 'h'], [Math.floor(seconds / 60) % 60, 'min'], [seconds % 60, 's']] as const;
  const first = parts.findIndex(([count]) => count > 0);
  return first === -1 ? '0 s' : parts.slice(first).filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`).join(' ');
}

/** From one time to another, ms; undefined while one of them is not known. */
export function between(from: Pick<Milestone, 'at'> | undefined, to: Pick<Milestone, 'at'> | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : Date.parse(to.at) - Date.parse(from.at);
}

/** One of the six moments of runbook 10.3. */
export interface Moment {
  readonly at: string;
  readonly event: string;
  /** What has to be said with it. Plain text. */
  readonly note?: string;
}

/** A moment, or why it is missing. Plain text. */
export type MomentOrWhy = Moment | { readonly missing: string };

/** By the name that the template of runbook 10.3 gives it, in lower case. */
export function moments(incident: Incident, runbook: ReviewRunbook): Readonly<Record<string, MomentOrWhy>> {
  const { times } = incident;
  return {
    'incident detected': momentOf(times.detected),
    'team notified': teamNotified(incident),
    'investigation began': investigationBegan(incident, runbook),
    'root cause identified': rootCauseIdentified(incident),
    'mitigation implemented': times.mitigated === undefined ? { missing: 'no change that worked and no verified mitigation is on the timeline' } : momentOf(times.mitigated),
    'incident resolved': times.resolved === undefined ? { missing: 'the incident is still open' } : momentOf(times.resolved, incident.resolution === undefined ? 'closed without confirming the resolution' : undefined),
  };
}

function momentOf({ at, event, corrected }: Milestone, said?: string): Moment {
  const note = [said, corrected ? 'time corrected' : undefined].filter((part) => part !== undefined).join(', ');
  return { at, event, ...(note === '' ? {} : { note }) };
}

const NOTIFYING: readonly string[] = ['notifyTeam', 'pageOnCall'];

/** Asked for is not notified: the first message that arrived counts, or a person's word. */
function teamNotified({ deliveries, events }: Incident): MomentOrWhy {
  const telling = deliveries.filter(({ step }) => NOTIFYING.includes(step));
  const first = events.find((event) => (event.type === 'delivery.done' && telling.some(({ id }) => id === event.request))
    || (event.type === 'step.finished' && NOTIFYING.includes(event.result.step) && isByHand(event)));
  return first !== undefined ? { at: first.at, event: first.id }
    : { missing: telling.length === 0 ? 'no notification is on the timeline' : 'no notification is known to have arrived' };
}

function isByHand(event: TimelineEvent): boolean {
  return event.type === 'step.finished' && event.result.evidence?.data['byHand'] === true;
}

function investigationBegan({ events }: Incident, runbook: ReviewRunbook): MomentOrWhy {
  const steps = stepsOfSection(runbook, '5');
  const first = events.find((event) => event.type === 'finding.documented' || (event.type === 'step.finished' && event.result.outcome === 'done' && steps.has(event.result.step)));
  return first === undefined ? { missing: 'no step of the investigation is on the timeline' } : { at: first.at, event: first.id };
}

/** What somebody ticked, with the evidence behind it; else what was said at the end. A finding alone is not the cause. */
function rootCauseIdentified({ events, findings, marks, resolution }: Incident): MomentOrWhy {
  const mark = marks.get('confirmResolution/rootCauseIdentified');
  if (mark?.checked === true) {
    const proof = events.find(({ id }) => id === mark.evidence);
    return { at: (proof ?? mark).at, event: (proof ?? mark).id };
  }
  if (resolution !== undefined) {
    return { at: resolution.at, event: resolution.id, note: 'stated with the resolution' };
  }
  return { missing: findings.length === 0 ? 'nobody has documented a finding' : 'findings are documented, and none is confirmed as the cause' };
}

/** A duration of runbook 11, of this incident. */
export interface Duration {
  readonly id: 'detect' | 'acknowledge' | 'mitigate' | 'resolve';
  readonly title: string;
  readonly from: Milestone | undefined;
  readonly to: Milestone | undefined;
  /** Undefined while one of them is not known. */
  readonly ms?: number;
  /** Undefined where the runbook has none. */
  readonly targetMs?: number;
  /** Why it is not known. Plain text. */
  readonly missing: string;
}

export function durations({ severity, times }: Incident, { metrics }: ReviewRunbook): Duration[] {
  const target = (id: string): number | undefined => {
    const metric = metrics.find((candidate) => candidate.id === id);
    const minutes = (severity === undefined ? undefined : metric?.targetMinutesBySeverity?.[severity]) ?? metric?.targetMinutes;
    return minutes === undefined ? undefined : minutes * MINUTE;
  };
  const of = (duration: Omit<Duration, 'ms' | 'targetMs'>, targetMs?: number): Duration => {
    const ms = between(duration.from, duration.to);
    return { ...duration, ...(ms === undefined ? {} : { ms }), ...(targetMs === undefined ? {} : { targetMs }) };
  };
  const { detected } = times;
  return [
    of({ id: 'detect', title: 'Time to detect', from: times.impactStarted, to: detected, missing: 'since when users felt it is not recorded' }, target('mttd')),
    of({ id: 'acknowledge', title: 'Time to acknowledge', from: detected, to: times.acknowledged, missing: 'nobody acknowledged it' }, target('mtta')),
    of({ id: 'mitigate', title: 'Time to mitigate', from: detected, to: times.mitigated, missing: 'no mitigation is recorded' }),
    of({ id: 'resolve', title: 'Time to resolve', from: detected, to: times.resolved, missing: 'the incident is still open' }, target('mttr')),
  ];
}

/** Since users felt it, or else since it was detected, until it was resolved. */
export function wholeDuration({ times }: Incident): { readonly from: Milestone; readonly to: Milestone; readonly ms: number } | undefined {
  const from = times.impactStarted ?? times.detected;
  const ms = between(from, times.resolved);
  return times.resolved === undefined || ms === undefined ? undefined : { from, to: times.resolved, ms };
}

/** Events that a review tells of; how they were carried out, and the review itself, are left out. */
export function narrated(incident: Incident, runbook: ReviewRunbook): TimelineEvent[] {
  const reviewing = stepsOfSection(runbook, '10');
  const ofReview = new Set(incident.deliveries.filter(({ step }) => reviewing.has(step)).map(({ id }) => id));
  return incident.events.filter((event) => {
    if (!isTold(event) || ('request' in event && ofReview.has(event.request))) {
      return false;
    }
    switch (event.type) {
      case 'delivery.requested':
      case 'delivery.retried':
      case 'reminder.snoozed':
      case 'event.amended':
      case 'review.scheduled':
      case 'review.written':
      case 'followup.seen':
      case 'incident.imported':
        return false;
      case 'step.finished':
        // The update itself is there, word for word.
        return !reviewing.has(event.result.step) && (event.result.step !== 'postUpdate' || isByHand(event));
      default:
        return true;
    }
  });
}

/** A time in which nothing was recorded. */
export interface Gap {
  readonly after: TimelineEvent;
  readonly before: TimelineEvent;
  readonly ms: number;
}

/** Gaps longer than the threshold between events, up to the resolution: afterwards nobody has to write anything down. */
export function gaps(events: readonly TimelineEvent[], { times }: Incident, gapMinutes: number): Gap[] {
  const end = times.resolved?.at;
  return events.slice(1).flatMap((before, index) => {
    const after = events[index];
    const ms = after === undefined ? 0 : Date.parse(before.at) - Date.parse(after.at);
    return after === undefined || before.type === 'incident.reopened' || ms <= gapMinutes * MINUTE || (end !== undefined && after.at >= end) ? [] : [{ after, before, ms }];
  });
}

/** An update that came too late, or the resolution without the update that was due. */
export interface LateUpdate {
  readonly event: string;
  readonly at: string;
  readonly lateMs: number;
  /** False: none came before the resolution. */
  readonly posted: boolean;
}

/** By the clocks of runbook 7.1, which start with a severity, anew with another one, and are wound by each update. */
export function lateUpdates({ events, times }: Incident, { severities }: ReviewRunbook): LateUpdate[] {
  const late: LateUpdate[] = [];
  let severity: Severity | undefined;
  let due: number | undefined;
  for (const event of events) {
    const at = Date.parse(event.at);
    const lateMs = due === undefined ? 0 : at - due;
    if (event.id === times.resolved?.event) {
      return lateMs > LATE_MS ? [...late, { event: event.id, at: event.at, lateMs, posted: false }] : late;
    }
    if (event.type === 'incident.resolved' || event.type === 'incident.closed') {
      due = undefined;
    } else if (event.type === 'incident.reopened') {
      due = severity === undefined ? undefined : at + severities[severity].updateEveryMinutes * MINUTE;
    } else if (event.type === 'update.posted') {
      if (lateMs > LATE_MS) {
        late.push({ event: event.id, at: event.at, lateMs, posted: true });
      }
      due = severity === undefined ? undefined : at + severities[severity].updateEveryMinutes * MINUTE;
    } else if (event.type === 'severity.set' && event.severity !== severity) {
      severity = event.severity;
      due = at + severities[severity].updateEveryMinutes * MINUTE;
    }
  }
  return late;
}
