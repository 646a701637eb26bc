/** What a review document takes from a runbook; a loaded runbook is one of these. */
import type { Severity } from '../events.ts';

export interface ReviewRunbook {
  readonly templates: Readonly<Record<string, { readonly body: string }>>;
  readonly phases: readonly { readonly id: string; readonly section: string }[];
  readonly steps: readonly { readonly id: string; readonly phase: string }[];
  readonly scenarios: readonly { readonly id: string; readonly section: string; readonly title: string }[];
  readonly severities: Readonly<Record<Severity, { readonly impact: string; readonly updateEveryMinutes: number }>>;
  readonly environments: Readonly<Record<string, { readonly title: string }>>;
  readonly warRoom: { readonly roles: readonly { readonly id: string; readonly title: string }[] };
  readonly checklists: Readonly<Record<string, { readonly items: readonly { readonly id: string; readonly text: string }[] }>>;
  readonly review: { readonly section: string; readonly topics: readonly { readonly title: string; readonly question: string }[] };
  readonly metrics: readonly {
    readonly id: string;
    readonly targetMinutes?: number;
    readonly targetMinutesBySeverity?: Partial<Readonly<Record<Severity, number>>>;
  }[];
}

export interface ReviewOptions {
  /** For so long nothing has to be recorded before it is marked as a gap, minutes. Default 15. */
  readonly gapMinutes?: number;
}

export const GAP_MINUTES = 15;

/** The phase whose steps look for the cause (runbook 5), and the one that looks back at the incident (runbook 10). */
export function stepsOfSection(runbook: ReviewRunbook, section: '5' | '10'): ReadonlySet<string> {
  const phases = runbook.phases.filter((phase) => phase.section === section || phase.section.startsWith(`${section}.`)).map(({ id }) => id);
  return new Set(runbook.steps.filter(({ phase }) => phases.includes(phase)).map(({ id }) => id));
}
