/** A plan and what became of it as a text that is read in an editor: short lines, columns that line up. No vscode here. */
import type { Change } from '../incident/changes.ts';
import { formatDuration, iso, timeOfDay } from '../incident/clock.ts';
import { codeBlock, utc } from '../incident/markdown.ts';
import type { Approval, Difference, Hazard, Plan } from '../incident/plan.ts';
import { onOneLine } from '../incident/shorten.ts';
import { t } from '../l10n.ts';
import { type Sight, approvalOf, awaitsSecond, freshUntil, isAskedToApprove, isFresh } from './change-offers.ts';

/** Columns that fit beside the code without being folded. */
const WIDTH = 72;
const BAR_LENGTH = 20;
const HASH_LENGTH = 12;

/** @param others the changes of the same incident */
export function planDocument(change: Change, sight: Sight, others: readonly Change[] = []): string {
  const { plan } = change;
  return [
    `# Plan: ${legible(plan.title)}`,
    ...(plan.undo.possible ? [] : [`> ${noUndo(plan)}`]),
    `**${legible(plan.summary)}**`,
    legible(standing(change, sight)),
    ...courseSection(change, sight, others),
    codeBlock(aligned(acting(plan)), 'text'),
    '## Before → after',
    codeBlock(comparison(plan.differences), 'text'),
    '## Hazards',
    plan.hazards.length === 0 ? 'None were found by looking.' : hazardsOf(plan).map(({ level, text }) => `- ${HAZARD_MARKS[level]} ${legible(text)}`).join('\n'),
    '## Undo',
    plan.undo.possible ? `It can be undone. ${legible(plan.undo.how)}` : noUndo(plan),
    '## Afterwards',
    legible(plan.follow),
    '## The same by hand',
    codeBlock(plan.command, 'sh'),
    '## This plan',
    codeBlock(aligned(facts(change, sight.now, others)), 'text'),
    ...(plan.details === undefined || plan.details.trim() === '' ? [] : ['## What was seen', plan.details]),
  ].join('\n\n');
}

/** What is asked once more before a change is made. */
export function confirmation({ plan }: Change): { readonly message: string; readonly detail: string; readonly button: string } {
  const dangers = hazardsOf(plan).filter(({ level }) => level !== 'note').map(({ level, text }) => level === 'danger' ? t('DANGER: {0}', onOneLine(text)) : t('Warning: {0}', onOneLine(text)));
  return {
    message: plan.undoes === undefined ? t('Apply to {0}?', plan.target.environment) : t('Undo in {0}?', plan.target.environment),
    detail: [
      ...(plan.undo.possible ? [] : [NO_UNDO.test(plan.undo.how) ? plan.undo.how : t('No undo. {0}', plan.undo.how)]),
      `${plan.summary}\n${plan.target.system}: ${plan.target.resource}`,
      ...(plan.target.account === undefined ? [] : [t('Account {0}, {1}, as {2}', plan.target.account, plan.target.region ?? t('no region'), plan.by)]),
      plan.differences.map(({ name, before, after }) => `${name}: ${onOneLine(before)} → ${onOneLine(after)}`).join('\n'),
      dangers.join('\n'),
      ...(plan.undo.possible ? [t('Undo: {0}', plan.undo.how)] : []),
    ].filter((part) => part !== '').join('\n\n'),
    button: plan.undoes === undefined ? t('Apply') : t('Undo'),
  };
}

/** How far it is, as text: `██████████░░░░░░░░░░  50 %`. @param portion 0 to 1 */
export function progressBar(portion: number): string {
  const part = Math.min(1, Math.max(0, portion));
  const full = Math.floor(part * BAR_LENGTH);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_LENGTH - full)} ${String(Math.floor(part * 100)).padStart(3)} %`;
}

const HAZARD_MARKS: Readonly<Record<Hazard['level'], string>> = { danger: '**DANGER:**', warn: '**Warning:**', note: 'Note:' };
const GRAVITY: readonly Hazard['level'][] = ['danger', 'warn', 'note'];

/** The worst first. */
function hazardsOf({ hazards }: Plan): readonly Hazard[] {
  return hazards.toSorted((a, b) => GRAVITY.indexOf(a.level) - GRAVITY.indexOf(b.level));
}

const APPROVALS: Readonly<Record<Approval, string>> = {
  none: 'none: it is applied without another question',
  confirm: 'yours: you are asked once more',
  twoPeople: 'a second person must approve it on the ticket',
};

/** Who acts, and on what. */
function acting({ by, target: { system, environment, resource, account, region } }: Plan): readonly Row[] {
  return [
    ['Environment', environment],
    ['System', system],
    ['Resource', resource],
    ...(account === undefined ? [] : [['Account', account] as const]),
    ...(region === undefined ? [] : [['Region', region] as const]),
    ['Who acts', by],
  ];
}

function facts({ plan, plannedAt, actor, id, state }: Change, now: number, others: readonly Change[]): readonly Row[] {
  const undone = others.find((other) => other.id === plan.undoes);
  return [
    ['Runbook', `${plan.section}, ${plan.effect}`],
    ['Approval', APPROVALS[plan.approval]],
    ...(undone === undefined ? [] : [['Takes back', `${undone.plan.title}, made ${timeOfDay(undone.made?.at ?? undone.plannedAt)}`] as const]),
    ['Planned', `${utc(Date.parse(plannedAt))} by ${actor.name}${laterPlan(id, plan, others) ? ', there is a newer plan' : ''}`],
    ...(state === 'planned' ? [['Age', formatDuration(now - Date.parse(plannedAt))] as const] : []),
    ['Hash', plan.hash.slice(0, HASH_LENGTH)],
  ];
}

function laterPlan(id: string, { step, undoes }: Plan, others: readonly Change[]): boolean {
  return others.some((other) => other.id > id && other.plan.step === step && other.plan.undoes === undoes);
}

/** What stands in its way, or until when it may be applied. */
function standing(change: Change, sight: Sight): string {
  const { state, request } = change;
  const { now } = sight;
  switch (state) {
    case 'planned': {
      if (sight.followed) {
        return 'It is being applied.';
      }
      const until = timeOfDay(iso(freshUntil(change)));
      const agreed = change.plan.approval === 'twoPeople' ? approvalOf(change, now) : undefined;
      const approved = agreed === undefined ? '' : ` ${agreed.actor.name} has approved it; that holds until ${timeOfDay(iso(agreed.until))}.`;
      if (awaitsSecond(change, now)) {
        return `Nothing has been changed.${approved} ${isAskedToApprove(change, sight)
          ? `${change.actor.name} asks you to look at it and to approve exactly this plan.`
          : agreed === undefined ? 'It waits for a second person: ask somebody to open the ticket and to approve it.' : 'It counts once a second person\'s approval is on the ticket.'}`;
      }
      return isFresh(change, now)
        ? `Nothing has been changed.${approved} It may be applied until ${until}.`
        : `Nothing has been changed.${approved} It could be applied until ${until}; now it is too old. Plan it anew.`;
    }
    case 'applying':
    case 'following':
      return sight.followed ? 'It is under way, and watched from here.' : `${request?.actor.name ?? 'Somebody'} applies it since ${timeOfDay(request?.at ?? change.plannedAt)}. It is not watched from here.`;
    case 'left': return sight.followed ? 'It is watched again.' : 'It was begun, and nobody watches it any more.';
    case 'unclear': return sight.followed ? 'It is looked at again.' : 'It is not known what became of it. Look again, or look yourself and record what you found. Nothing is done again by itself.';
    case 'done': return 'It is done.';
    case 'failed': return 'It failed.';
    case 'undone': return 'It was done, and has been undone.';
  }
}

/** What has happened so far; empty for a plan that nobody applies. */
function courseSection({ request, made, end, undoneBy }: Change, { followed, outlook }: Sight, others: readonly Change[]): string[] {
  if (request === undefined && !followed) {
    return [];
  }
  const undone = others.find(({ id }) => id === undoneBy);
  const live = followed && outlook !== undefined ? outlook : undefined;
  const rows: Row[] = [
    ...(request === undefined ? [] : [['Requested', `${utc(Date.parse(request.at))} by ${request.actor.name}`] as const]),
    ...(made === undefined ? [] : [['Made', utc(Date.parse(made.at))] as const]),
    ...(end === undefined || followed ? [] : [[ENDS[end.outcome], utc(Date.parse(end.at))] as const, ['Outcome', end.summary] as const]),
    ...(live === undefined ? [] : [['Now', live.summary] as const]),
    ...(live?.portion === undefined ? [] : [['Progress', progressBar(live.portion)] as const]),
    ...(undone?.end === undefined ? [] : [['Undone', `${utc(Date.parse(undone.end.at))} by ${undone.actor.name}`] as const]),
  ];
  const isOver = end !== undefined && !followed;
  return [isOver ? '## How it ended' : '## Under way', codeBlock(aligned(rows.length === 0 ? [['Now', 'looking at it']] : rows), 'text')];
}

const ENDS = { done: 'Done', failed: 'Failed', cancelled: 'Left' } as const;

type Row = readonly [name: string, value: string];

function aligned(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${onOneLine(value)}`).join('\n');
}

/** Side by side where that fits, else one below the other. */
function comparison(differences: readonly Difference[]): string {
  if (differences.length === 0) {
    return 'Nothing that is written down changes.';
  }
  const flat = differences.map(({ name, before, after }) => [name, before, after].map(onOneLine));
  const rows = [['What', 'Before', 'After'], ...flat];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((cells) => (cells[column] ?? '').length)));
  if (widths.reduce((sum, width) => sum + width, 4) <= WIDTH) {
    const line = (cells: readonly string[]): string => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd();
    return [line(rows[0] ?? []), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.slice(1).map(line)].join('\n');
  }
  return flat.map(([name, before, after]) => `${name ?? ''}\n  before  ${before ?? ''}\n  after   ${after ?? ''}`).join('\n');
}

/** Most texts say so themselves, and are not to say it twice. */
const NO_UNDO = /^no undo\b[.:;,]?/i;

function noUndo({ undo: { how } }: Plan): string {
  const [said = 'No undo.'] = NO_UNDO.exec(how) ?? [];
  return `**${said.toUpperCase()}** ${legible(how.replace(NO_UNDO, ''))}`;
}

/**
 * Outside text for a document that is read as it stands: only what could draw a link, a picture, HTML or code in a
 * preview is made harmless, so that names keep their dashes and dots.
 */
function legible(text: string): string {
  return onOneLine(text).replace(/[\\`*[\]<$]|(?<!\w)_|_(?!\w)|\/(?=\/)/g, (character) => `\\${character}`);
}
