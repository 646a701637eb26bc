/** What can be done with a change now, and how it stands in words: the same for its row, its document and its buttons. */
import { APPROVAL_MS, type Change, type ChangeApproval, validApprovals } from '../incident/changes.ts';
import { iso, timeOfDay } from '../incident/clock.ts';
import { PLAN_FRESH_MS } from '../incident/plan.ts';
import { t } from '../l10n.ts';
import type { Outlook } from '../steps/step.ts';

export type ChangeOffer = 'apply' | 'approve' | 'planAnew' | 'stop' | 'look' | 'record' | 'undo' | 'evidence';

/** The button of each: its words, its icon, and its command, which takes the row of the change. */
export const OFFERS: Readonly<Record<ChangeOffer, { readonly title: (change: Change) => string; readonly icon: string; readonly command: string }>> = {
  apply: { title: ({ plan }) => (plan.undoes === undefined ? t('Apply to {0}…', plan.target.environment) : t('Undo in {0}…', plan.target.environment)), icon: 'play', command: 'incidentRunbook.applyChange' },
  approve: { title: () => t('Approve'), icon: 'check', command: 'incidentRunbook.approveChange' },
  planAnew: { title: () => t('Plan anew'), icon: 'refresh', command: 'incidentRunbook.planAnew' },
  stop: { title: () => t('Stop watching'), icon: 'eye-closed', command: 'incidentRunbook.stopFollowing' },
  look: { title: () => t('Look again'), icon: 'eye', command: 'incidentRunbook.followChange' },
  record: { title: () => t('Record what became of it…'), icon: 'edit', command: 'incidentRunbook.recordChange' },
  undo: { title: () => t('Undo…'), icon: 'discard', command: 'incidentRunbook.undoStep' },
  evidence: { title: () => t('Open evidence'), icon: 'open-preview', command: 'incidentRunbook.openStep' },
};

/** What this window knows of a change besides the timeline. */
export interface Seen {
  /** Whether this window makes or follows it. */
  readonly followed: boolean;
  /** Whether a person follows it, who can give that up: what was left behind by another window is followed by itself. */
  readonly stoppable: boolean;
  /** What was seen of it last, while this window follows it. */
  readonly outlook?: Outlook | undefined;
}

/** From where and when a change is looked at. */
export interface Sight extends Seen {
  /** Epoch ms. */
  readonly now: number;
  /** This installation. */
  readonly origin: string;
}

/** The most obvious one first. */
export function offersOf(change: Change, sight: Sight): readonly ChangeOffer[] {
  if (sight.followed) {
    return sight.stoppable ? ['stop'] : [];
  }
  const undo: readonly ChangeOffer[] = change.plan.undo.possible ? ['undo'] : [];
  switch (change.state) {
    case 'planned':
      return [
        ...(isFresh(change, sight.now) && !awaitsSecond(change, sight.now) ? ['apply'] as const : []),
        ...(isAskedToApprove(change, sight) ? ['approve'] as const : []),
        'planAnew',
      ];
    case 'applying':
    case 'following':
      return ['look'];
    case 'left': return ['look', 'record', ...undo, 'evidence'];
    case 'unclear': return ['look', 'record', 'evidence'];
    case 'done':
    case 'failed':
      return [...undo, 'evidence'];
    case 'undone': return ['evidence'];
  }
}

/** Whether a plan may still be applied as it is. @param now epoch ms */
export function isFresh({ plannedAt }: Change, now: number): boolean {
  return now - Date.parse(plannedAt) <= PLAN_FRESH_MS;
}

/** Epoch ms until which a plan may be applied. */
export function freshUntil({ plannedAt }: Change): number {
  return Date.parse(plannedAt) + PLAN_FRESH_MS;
}

/** Nobody else has agreed yet, and somebody must. @param now epoch ms */
export function awaitsSecond(change: Change, now: number): boolean {
  return change.state === 'planned' && change.plan.approval === 'twoPeople' && validApprovals(change, now).length === 0;
}

/** Whether whoever sits here can be the second person. A plan made anew has the same hash, so an old one is worth agreeing to. */
export function isAskedToApprove(change: Change, { now, origin }: Pick<Sight, 'now' | 'origin'>): boolean {
  const isAgreed = change.approvals.some(({ login, until }) => until > now && (login === undefined || login !== change.login));
  return awaitsSecond(change, now) && change.origin !== origin && now - Date.parse(change.plannedAt) <= APPROVAL_MS && !isAgreed;
}

/** The agreement that holds the longest, whether or not the ticket has it already. @param now epoch ms */
export function approvalOf({ approvals }: Change, now: number): ChangeApproval | undefined {
  return approvals.filter(({ until }) => until > now).toSorted((a, b) => b.until - a.until)[0];
}

/** How it stands, in a line without the time: `2 of 4 new tasks run`, `planned, apply until 16:07 UTC`. */
export function standingOf(change: Change, sight: Sight): string {
  const { state, request, end } = change;
  if (sight.followed) {
    return sight.outlook?.summary ?? (state === 'applying' || state === 'planned' ? t('being made') : t('made, looking what becomes of it'));
  }
  switch (state) {
    case 'planned': return plannedStanding(change, sight);
    case 'applying':
    case 'following':
      return t('{0} applies it since {1}', request?.actor.name ?? t('somebody'), timeOfDay(request?.at ?? change.plannedAt));
    case 'left': return end?.summary ?? t('no longer watched');
    case 'unclear': return t('not known what became of it: {0}', end?.summary ?? '');
    case 'done': return end?.summary ?? t('done');
    case 'failed': return t('failed: {0}', end?.summary ?? '');
    case 'undone': return t('undone. It had ended: {0}', end?.summary ?? t('done'));
  }
}

function plannedStanding(change: Change, sight: Sight): string {
  const { now } = sight;
  const agreed = change.plan.approval === 'twoPeople' ? approvalOf(change, now) : undefined;
  if (agreed !== undefined && awaitsSecond(change, now)) {
    return agreed.login !== undefined && agreed.login === change.login
      ? t('planned, waits for a second person: its own author approved it')
      : t('planned, approved by {0}, not on the ticket yet', agreed.actor.name);
  }
  if (awaitsSecond(change, now)) {
    return isAskedToApprove(change, sight) ? t('planned by {0}, needs your approval', change.actor.name) : t('planned, waits for a second person');
  }
  const until = timeOfDay(iso(freshUntil(change)));
  if (agreed === undefined) {
    return isFresh(change, now) ? t('planned, apply until {0}', until) : t('planned, too old to be applied');
  }
  return isFresh(change, now) ? t('planned, approved by {0}, apply until {1}', agreed.actor.name, until) : t('planned, approved by {0}, too old to be applied', agreed.actor.name);
}
