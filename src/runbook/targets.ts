/** The runbook's targets and clocks as the domain reads them. */
import { CLOSURE_CHECKLIST, type ClosureRules } from '../incident/closure.ts';
import type { ClockRules } from '../incident/clocks.ts';
import type { Severity } from '../incident/events.ts';
import type { GuideTargets } from '../incident/guide.ts';
import type { DurationTarget, MetricTargets } from '../incident/metrics.ts';
import { contactById } from './query.ts';
import type { Runbook } from './schema.ts';

/** What the guide holds an incident against (runbook 2.1, 11). */
export function guideTargets(runbook: Runbook): GuideTargets {
  const acknowledgeMinutes = runbook.metrics.find(({ id }) => id === 'mtta')?.targetMinutes;
  return {
    ...(acknowledgeMinutes === undefined ? {} : { acknowledgeMinutes }),
    responseMinutes: bySeverity(runbook, ({ responseMinutes }) => responseMinutes),
    clocks: clockRules(runbook),
    closure: closureRules(runbook),
    scenarios: { list: runbook.scenarios, steps: runbook.steps },
  };
}

/** What the metrics are held against (runbook 11). */
export function metricTargets({ metrics }: Runbook): MetricTargets {
  const duration = (id: 'mttd' | 'mtta' | 'mttr'): DurationTarget => {
    const { targetMinutes, targetMinutesBySeverity = {} } = metrics.find((metric) => metric.id === id) ?? {};
    return {
      ...(targetMinutes === undefined ? {} : { overall: targetMinutes * 60_000 }),
      bySeverity: Object.fromEntries(Object.entries(targetMinutesBySeverity).map(([severity, minutes]) => [severity, minutes * 60_000])),
    };
  };
  const recurrence = metrics.find(({ id }) => id === 'recurrence')?.targetPercent;
  return { mttd: duration('mttd'), mtta: duration('mtta'), mttr: duration('mttr'), ...(recurrence === undefined ? {} : { recurrence }) };
}

/** The runbook's clocks (7.1, 7.3, 8.1, 8.3). */
export function clockRules(runbook: Runbook): ClockRules {
  return {
    updateEvery: bySeverity(runbook, ({ updateEveryMinutes }) => updateEveryMinutes),
    stakeholders: bySeverity(runbook, ({ stakeholders }) => stakeholders.map(({ contact, withinMinutes, everyMinutes }) => ({
      contact, title: contactById(runbook, contact)?.title ?? contact, within: withinMinutes, ...(everyMinutes === undefined ? {} : { every: everyMinutes }),
    }))),
    resolveWithin: runbook.metrics.find(({ id }) => id === 'mttr')?.targetMinutesBySeverity ?? {},
    warRoom: { severities: runbook.warRoom.severities, after: runbook.warRoom.afterMinutes },
    escalation: {
      triggers: runbook.escalation.triggers.filter(({ seen }) => seen),
      path: runbook.escalation.path,
      mitigations: mitigationsOf(runbook),
      securityAnswers: gravestAnswers(runbook, 'security'),
    },
  };
}

/** What must hold before an incident is closed (runbook 9.1). */
export function closureRules(runbook: Runbook): ClosureRules {
  return {
    items: runbook.checklists[CLOSURE_CHECKLIST]?.items ?? [],
    steps: runbook.steps,
    mitigations: mitigationsOf(runbook),
    stakeholders: bySeverity(runbook, ({ stakeholders }) => stakeholders.map(({ contact }) => ({ contact, title: contactById(runbook, contact)?.title ?? contact }))),
  };
}

/** Steps that change production in order to mend it. */
function mitigationsOf({ steps }: Runbook): string[] {
  return steps.filter(({ section, effect }) => MITIGATION.test(section) && (effect === 'change' || effect === 'destructive')).map(({ id }) => id);
}

/** The chapters that mitigate: in general, and by scenario. */
const MITIGATION = /^(6|12)(\.|$)/;

/** The gravest answer to a question of the assessment, and the doubtful ones that count as it (2.2). */
function gravestAnswers({ assessment: { questions } }: Runbook, question: string): string[] {
  const options = questions.find(({ id }) => id === question)?.options ?? [];
  return options.filter(({ id, countsAs }) => (countsAs ?? id) === options[0]?.id).map(({ id }) => id);
}

function bySeverity<T>({ severities: { P1, P2, P3, P4 } }: Runbook, pick: (level: Runbook['severities']['P1']) => T): Readonly<Record<Severity, T>> {
  return { P1: pick(P1), P2: pick(P2), P3: pick(P3), P4: pick(P4) };
}
