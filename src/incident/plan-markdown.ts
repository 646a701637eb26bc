/** A plan as Markdown: on the ticket, where a second person reads it, and in the evidence of the change. */
import { codeBlock, escapeMarkdown, inlineCode, table } from './markdown.ts';
import type { Hazard, Plan } from './plan.ts';

const GRAVITY: readonly Hazard['level'][] = ['danger', 'warn', 'note'];
const MARKS: Readonly<Record<Hazard['level'], string>> = { danger: '🛑', warn: '⚠️', note: 'ℹ️' };

/** The gravest first. */
export function worstFirst(hazards: readonly Hazard[]): Hazard[] {
  return [...hazards].sort((a, b) => GRAVITY.indexOf(a.level) - GRAVITY.indexOf(b.level));
}

/** Before and after as a table. */
export function differenceTable({ differences }: Pick<Plan, 'differences'>): string {
  return table(['', 'Before', 'After'], differences.map(({ name, before, after }) => [name, before, after].map(escapeMarkdown)));
}

export function planMarkdown(plan: Plan): string {
  const { target: { system, resource, account, region, environment }, by, summary, hazards, undo, command, approval, hash } = plan;
  const place = [environment, ...(account === undefined ? [] : [`account ${account}`]), ...(region === undefined ? [] : [region])].join(', ');
  return [
    `**${escapeMarkdown(summary)}**`,
    `${escapeMarkdown(system)}: ${inlineCode(resource)} in ${escapeMarkdown(place)}, as ${inlineCode(by)}.`,
    differenceTable(plan),
    ...(hazards.length === 0 ? [] : [worstFirst(hazards).map(({ level, text }) => `- ${MARKS[level]} ${escapeMarkdown(text)}`).join('\n')]),
    `${undo.possible ? 'Undo' : '**No undo**'}: ${escapeMarkdown(undo.how)}`,
    codeBlock(command, 'sh'),
    `Plan ${inlineCode(hash.slice(0, 8))}, nothing has been changed.${approval === 'twoPeople' ? ' **A second person must approve it**: open this incident in the editor, open the plan and choose "Approve".' : ''}`,
  ].join('\n\n');
}
