/** The runbook's targets and clocks as the domain reads them. */
import type { ClockRules } from '../incident/clocks.ts';
import type { Severity } from '../incident/events.ts';
import type { GuideTargets } from '../incident/guide.ts';
import { contactById } from './query.ts';
import type { Runbook } from './schema.ts';

/** What the guide holds an incident against (runbook 2.1, 11). */
export function guideTargets(runbook: Runbook): GuideTargets {
  const acknowledgeMinutes = runbook.metrics.find(({ id }) => id === 'mtta')?.targetMinutes;
  return {
    ...(acknowledgeMinutes === undefined ? {} : { acknowledgeMinutes }),
    responseMinutes: bySeverity(runbook, ({ responseMinutes }) => responseMinutes),
    clocks: clockRules(runbook),
    scenarios: { list: runbook.scenarios, steps: runbook.steps },
  };
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
      mitigations: runbook.steps.filter(({ section, effect }) => MITIGATION.test(section) && (effect === 'change' || effect === 'destructive')).map(({ id }) => id),
      securityAnswers: gravestAnswers(runbook, 'security'),
    },
  };
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
