import { formatDuration } from './clock.ts';
import type { Severity } from './events.ts';
import type { Incident } from './fold.ts';

/** What the runbook says is due when; minutes everywhere. */
export interface ClockRules {
  /** Between two internal updates (runbook 7.1). */
  readonly updateEvery: Readonly<Record<Severity, number>>;
  /** Who hears of it, by when, and how often after that (runbook 7.3). */
  readonly stakeholders: Readonly<Record<Severity, readonly { readonly title: string; readonly within: number; readonly every?: number }[]>>;
  /** How long an incident may last before it is escalated (runbook 8.1, 11). */
  readonly resolveWithin: Readonly<Partial<Record<Severity, number>>>;
  /** When a war room is to be opened (runbook 8.3). */
  readonly warRoom: { readonly severities: readonly Severity[]; readonly after: number };
}

/** A step that is due at a time, whether or not that has come. */
export interface DueStep {
  readonly step: string;
  readonly title: string;
  /** Epoch ms. */
  readonly at: number;
}

const MINUTE = 60_000;

/**
 * The clocks of an open incident, the earliest first. They start with the severity, so a change of severity starts
 * them anew; doing the step winds its clock up again, or ends it.
 *
 * @returns nothing for a closed incident and for one without a severity
 */
export function dueSteps(incident: Incident, rules: ClockRules): DueStep[] {
  const { severity } = incident;
  const since = incident.times.severitySince;
  if (severity === undefined || since === undefined || incident.status === 'closed') {
    return [];
  }
  const start = Date.parse(since.at);
  const detected = Date.parse(incident.times.detected.at);
  /** When the step was last done since the clock started. */
  const doneAt = (step: string): number | undefined => {
    const at = lastDone(incident, step);
    return at !== undefined && at >= start ? at : undefined;
  };
  const updated = Math.max(start, lastDone(incident, 'postUpdate') ?? start, Date.parse(incident.updates.at(-1)?.at ?? since.at));
  const due: DueStep[] = [{ step: 'postUpdate', title: 'Post an update', at: updated + rules.updateEvery[severity] * MINUTE }];
  const told = doneAt('notifyStakeholders');
  for (const { title, within, every } of rules.stakeholders[severity]) {
    if (told === undefined) {
      due.push({ step: 'notifyStakeholders', title: `Notify ${title}`, at: start + within * MINUTE });
    } else if (every !== undefined) {
      due.push({ step: 'notifyStakeholders', title: `Update ${title}`, at: told + every * MINUTE });
    }
  }
  if (rules.warRoom.severities.includes(severity) && lastDone(incident, 'openWarRoom') === undefined) {
    due.push({ step: 'openWarRoom', title: 'Open a war room', at: detected + rules.warRoom.after * MINUTE });
  }
  const limit = rules.resolveWithin[severity];
  if (limit !== undefined && doneAt('escalate') === undefined) {
    due.push({ step: 'escalate', title: 'Escalate', at: detected + limit * MINUTE });
  }
  return due.sort((a, b) => a.at - b.at);
}

/** Epoch ms; an attempt that failed or was cancelled did nothing. */
function lastDone(incident: Incident, step: string): number | undefined {
  const record = incident.steps.get(step);
  return record?.outcome === 'done' ? Date.parse(record.at) : undefined;
}

/** `in 4 min`, `due now`, `7 min overdue`. */
export function untilDue(due: DueStep, now: number): string {
  const left = due.at - now;
  if (Math.abs(left) < MINUTE) {
    return 'due now';
  }
  return left > 0 ? `in ${formatDuration(left)}` : `${formatDuration(-left)} overdue`;
}
