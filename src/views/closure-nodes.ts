/** The boxes of the closing checklist as rows that can be ticked (runbook 9.1). No vscode here. */
import { CLOSURE_CHECKLIST, type ClosureBox, closureBoxes, describeBox } from '../incident/closure.ts';
import type { Incident } from '../incident/fold.ts';
import { escapeMarkdown } from '../incident/markdown.ts';
import type { Runbook } from '../runbook/schema.ts';
import { closureRules } from '../runbook/targets.ts';
import type { Node } from './nodes.ts';

/** The boxes in the runbook's order; none while the runbook has no such checklist. @param now epoch ms */
export function boxNodes(incident: Incident, runbook: Runbook, now: number): Node[] {
  return closureBoxes(incident, closureRules(runbook), now).map((box): Node => {
    const { id, text, state, by, request } = box;
    const step = by?.step ?? request?.step;
    return {
      kind: 'box', key: `${incident.id}/box/${id}`, incident: incident.id, checklist: CLOSURE_CHECKLIST, item: id,
      label: text, description: describeBox(box, now), tooltip: tooltipOf(box, now),
      mark: state === 'proved' ? 'ok' : state === 'confirmed' ? 'manual' : 'todo',
      checkbox: state === 'open' ? 'unchecked' : 'checked', context: `box.${state}`,
      ...clickOf(box), ...(step === undefined ? {} : { step }),
    };
  });
}

/** Evidence is opened, and what would prove an open box is run. */
function clickOf({ by, request }: ClosureBox): Pick<Node, 'click' | 'event'> {
  if (by !== undefined) {
    return by.step === undefined || by.step === 'documentFinding' ? { click: 'incidentRunbook.timeline' } : { click: 'incidentRunbook.openStep', event: by.event };
  }
  return request?.step === undefined ? {} : { click: 'incidentRunbook.runStep' };
}

function tooltipOf(box: ClosureBox, now: number): string {
  const { text, state, by } = box;
  return [
    `**${escapeMarkdown(text)}** (runbook 9.1)`,
    `${{ proved: 'Proved by evidence', confirmed: 'A person’s word, no evidence', open: 'Open' }[state]}: ${escapeMarkdown(describeBox(box, now))}`,
    ...(state === 'proved' && by !== undefined ? [escapeMarkdown(by.detail)] : []),
    state === 'open' ? 'Tick it to say yourself that it holds, and why.' : 'Untick it when it does not hold.',
  ].join('\n\n');
}
