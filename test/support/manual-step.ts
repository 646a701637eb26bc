import type { Runbook, RunbookStep } from '../../src/runbook/schema.ts';
import { bundledRunbook } from './bundled-runbook.ts';

/** A step of a team's own that the extension does not carry out. */
export const MANUAL = {
  id: 'callTheDataCentre', section: '6.1', phase: 'mitigate', effect: 'read', title: 'Call the data centre', action: 'callTheDataCentre',
  description: 'Asks whether the power is out.', runbookCommand: 'dial the number on the wall',
} as const satisfies RunbookStep;

/** The bundled runbook with it as the last step. */
export function runbookWithManualStep(): Runbook {
  const runbook = bundledRunbook();
  return { ...runbook, steps: [...runbook.steps, MANUAL] };
}
