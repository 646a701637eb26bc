/** The boxes of the closing checklist as rows that can be ticked (runbook 9.1). No vscode here. */
import { CLOSURE_CHECKLIST, type ClosureBox, closureBoxes, describeBox } from '../incident/closure.ts';
import { shortTime } from '../incident/clock.ts';
import type { Incident } from '../incident/fold.ts';
import { escapeMarkdown } from '../incident/markdown.ts';
import { t } from '../l10n.ts';
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
      label: text, description: boxWords(box, now), tooltip: tooltipOf(box, now),
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

/** `proved by Verify the mitigation, 04:10 UTC`; of an open box what would prove it. @param now epoch ms */
export function boxWords(box: ClosureBox, now: number): string {
  const { state, by } = box;
  if (by === undefined || state === 'open') {
    return t(/* l10n: table */ describeBox(box, now));
  }
  const when = shortTime(by.at, now);
  return state === 'proved' ? t('proved by {0}, {1}', by.title, when)
    : by.detail === '' ? t('confirmed by {0}, {1}', by.title, when) : t('confirmed by {0}, {1}: {2}', by.title, when, by.detail);
}

function tooltipOf(box: ClosureBox, now: number): string {
  const { text, state, by } = box;
  const words = escapeMarkdown(boxWords(box, now));
  return [
    `**${escapeMarkdown(text)}** (${t('runbook {0}', '9.1')})`,
    { proved: t('Proved by evidence: {0}', words), confirmed: t('A person’s word, no evidence: {0}', words), open: t('Open: {0}', words) }[state],
    ...(state === 'proved' && by !== undefined ? [escapeMarkdown(by.detail)] : []),
    state === 'open' ? t('Tick it to say yourself that it holds, and why.') : t('Untick it when it does not hold.'),
  ].join('\n\n');
}
