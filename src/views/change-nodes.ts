/** The changes of an incident as rows: what is planned, under way, done and undone (runbook 6, 12). No vscode here. */
import { APPROVAL_MS, type Change, type ChangeState } from '../incident/changes.ts';
import { timeOfDay } from '../incident/clock.ts';
import type { Incident } from '../incident/fold.ts';
import { escapeMarkdown } from '../incident/markdown.ts';
import { t } from '../l10n.ts';
import { type Seen, type Sight, awaitsSecond, isAskedToApprove, isFresh, offersOf, standingOf } from './change-offers.ts';
import type { Mark, Node } from './nodes.ts';

export interface ChangesInput {
  /** Epoch ms. */
  readonly now: number;
  /** This installation. */
  readonly origin: string;
  /** What this window knows of a change besides the timeline. */
  readonly seen: (change: string) => Seen;
}

/** The group "Changes", the newest first; empty while there are none. */
export function changeNodes(incident: Incident, input: ChangesInput): Node[] {
  const shown = shownChanges(incident, input.now).toReversed();
  const live = shown.filter(({ id, state }) => state === 'applying' || state === 'following' || input.seen(id).followed).length;
  return shown.length === 0 ? [] : [{
    kind: 'change-group', key: `${incident.id}/changes`, incident: incident.id, label: t('Changes'),
    description: [String(shown.length), ...(live === 0 ? [] : [t('{0} under way', live)])].join(' · '), mark: 'phase', context: 'changes', expanded: true,
    children: () => shown.map((change) => changeNode(incident.id, change, input)),
  }];
}

/** What others ask of whoever sits here: to look at a plan and agree to it. */
export function approvalNodes(incident: Incident, input: ChangesInput): Node[] {
  return incident.status === 'closed' ? [] : shownChanges(incident, input.now).filter((change) => isAskedToApprove(change, input)).map((change): Node => ({
    kind: 'next', key: `${incident.id}/next/approve/${change.id}`, incident: incident.id, change: change.id,
    label: asksForSecond(change), description: change.plan.summary, tooltip: tooltipOf(change, sightOf(change, input)),
    mark: 'urgent', context: 'next.approve', click: 'incidentRunbook.openPlan',
  }));
}

/** How a step's own row stands while a plan of it waits or is under way; undefined when its last result says more. */
export function stepChange(incident: Incident, step: string, input: ChangesInput): { readonly mark: Mark; readonly description: string } | undefined {
  const change = shownChanges(incident, input.now).findLast(({ plan }) => plan.step === step);
  if (change === undefined) {
    return undefined;
  }
  const sight = sightOf(change, input);
  const isUndo = change.plan.undoes !== undefined;
  if (sight.followed || change.state === 'applying' || change.state === 'following') {
    return { mark: sight.followed ? 'running' : 'waiting', description: `${isUndo ? t('undo under way') : t('under way')} · ${standingOf(change, sight)}` };
  }
  const isWaiting = change.state === 'planned' && (isFresh(change, input.now) || awaitsSecond(change, input.now));
  const at = timeOfDay(change.plannedAt);
  return isWaiting ? { mark: 'planned', description: isUndo ? t('undo planned {0}', at) : t('planned {0}', at) } : undefined;
}

/** Everything that was applied, and of what was only planned the newest of its kind while somebody may still want it. */
function shownChanges({ changes }: Incident, now: number): readonly Change[] {
  return changes.filter(({ state, plan, plannedAt }, place) => {
    if (state !== 'planned') {
      return true;
    }
    const isSuperseded = changes.some((other, index) => index > place && other.plan.step === plan.step && other.plan.undoes === plan.undoes);
    const isUndone = plan.undoes !== undefined && changes.find(({ id }) => id === plan.undoes)?.state === 'undone';
    return !isSuperseded && !isUndone && now - Date.parse(plannedAt) <= APPROVAL_MS;
  });
}

/** The row of a change, which is what its commands take. */
export function changeNode(incident: string, change: Change, input: ChangesInput): Node {
  const sight = sightOf(change, input);
  const { plan, end, request, state } = change;
  const isAsked = isAskedToApprove(change, input);
  return {
    kind: 'change', key: `${incident}/change/${change.id}`, incident, change: change.id, step: plan.step,
    label: isAsked ? asksForSecond(change) : plan.title,
    description: `${timeOfDay((sight.followed ? undefined : end?.at) ?? request?.at ?? change.plannedAt)} · ${standingOf(change, sight)}`,
    tooltip: tooltipOf(change, sight),
    mark: sight.followed ? 'running' : isAsked ? 'urgent' : MARKS[state],
    context: ['change', state, ...offersOf(change, sight)].join('.'),
    click: 'incidentRunbook.openPlan',
    ...(end === undefined ? {} : { event: end.event }),
  };
}

const MARKS: Readonly<Record<ChangeState, Mark>> = {
  planned: 'planned', applying: 'waiting', following: 'waiting', left: 'warn', unclear: 'doubt', done: 'ok', failed: 'bad', undone: 'undone',
};

function asksForSecond({ actor, plan }: Change): string {
  return t('{0} asks for a second person: {1}', actor.name, plan.title);
}

function sightOf({ id }: Change, { now, origin, seen }: ChangesInput): Sight {
  return { now, origin, ...seen(id) };
}

function tooltipOf(change: Change, sight: Sight): string {
  const { plan: { title, section, summary, target, differences, undo } } = change;
  return [
    `**${escapeMarkdown(title)}** (${t('runbook {0}', escapeMarkdown(section))})`,
    escapeMarkdown(summary),
    `${escapeMarkdown(target.environment)}: ${escapeMarkdown(target.system)}, ${escapeMarkdown(target.resource)}`,
    differences.map(({ name, before, after }) => `- ${escapeMarkdown(name)}: ${escapeMarkdown(before)} → ${escapeMarkdown(after)}`).join('\n'),
    escapeMarkdown(undo.possible ? t('Undo: {0}', undo.how) : undo.how),
    escapeMarkdown(standingOf(change, sight)),
  ].filter((part) => part !== '').join('\n\n');
}
