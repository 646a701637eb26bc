/** What the timeline says went well and what did not: suggestions for the people who review it (runbook 10.2, 10.3). */
import { durations, exactDuration, lateUpdates } from './facts.ts';
import { stepsOfSection } from './review-runbook.ts';
import { type Writing, boxOf, clockOf, gapsOf, isMet, plain } from './sections.ts';

/** Lines of Markdown, each with its citation. */
export interface Hints {
  readonly well: readonly string[];
  readonly improve: readonly string[];
}

export function hintsOf(writing: Writing): Hints {
  const parts = [durationHints(writing), updateHints(writing), gapHints(writing), changeHints(writing), deliveryHints(writing), closingHints(writing)];
  return { well: parts.flatMap(({ well }) => well), improve: parts.flatMap(({ improve }) => improve) };
}

/** The block of a section: suggestions in italics, which people take over, change or delete. */
export function hintsBlock(hints: readonly string[]): string {
  return hints.length === 0 ? '*The timeline suggests nothing here.*' : ['*Suggested by the timeline:*', '', ...hints.map((hint) => `- ${hint}`)].join('\n');
}

const TOOK = { detect: 'Detected', acknowledge: 'Acknowledged', mitigate: 'Mitigated', resolve: 'Resolved' } as const;
const SINCE = { detect: 'it began', acknowledge: 'it was detected', mitigate: 'it was detected', resolve: 'it was detected' } as const;

function durationHints({ incident, runbook, cite }: Writing): Hints {
  const well: string[] = [];
  const improve: string[] = [];
  for (const duration of durations(incident, runbook)) {
    const { id, ms, targetMs, to, from, missing } = duration;
    const met = isMet(duration);
    if (ms !== undefined && targetMs !== undefined && met !== undefined && to !== undefined) {
      (met ? well : improve).push(`*${TOOK[id]} ${exactDuration(ms)} after ${SINCE[id]}; the target is less than ${exactDuration(targetMs)}.* ${cite(to.event)}`);
    } else if (targetMs !== undefined && (id !== 'resolve' || to !== undefined)) {
      improve.push(`*${duration.title} is ${ms === undefined ? `not known: ${missing}` : 'not plausible: a time is wrong and can be corrected on the timeline'}.* ${cite((to ?? from ?? incident.times.detected).event)}`);
    }
  }
  return { well, improve };
}

function updateHints(writing: Writing): Hints {
  const { incident, runbook, cite } = writing;
  const late = lateUpdates(incident, runbook);
  const last = incident.updates.at(-1);
  return {
    well: last === undefined || late.length > 0 ? [] : [`*Every update was posted in time (${incident.updates.length}).* ${cite(last.id)}`],
    improve: late.map(({ event, at, lateMs, posted }) => (posted
      ? `*The update of ${clockOf(writing, at)} was ${exactDuration(lateMs)} late.* ${cite(event)}`
      : `*An update had been due for ${exactDuration(lateMs)} when it was resolved at ${clockOf(writing, at)}.* ${cite(event)}`)),
  };
}

function gapHints(writing: Writing): Hints {
  return {
    well: [],
    improve: gapsOf(writing).map(({ after, before, ms }) => `*Nothing was recorded for ${exactDuration(ms)} from ${clockOf(writing, after.at)}: what was done then?* ${writing.cite(before.id)}`),
  };
}

function changeHints(writing: Writing): Hints {
  const { incident: { changes, times }, cite } = writing;
  const worked = changes.find(({ end }) => end !== undefined && end.event === times.mitigated?.event);
  return {
    well: worked === undefined ? [] : [`*"${plain(worked.plan.title)}" at ${clockOf(writing, worked.request?.at ?? worked.plannedAt)} mitigated it.* ${cite(worked.end?.event ?? worked.id)}`],
    improve: changes.filter(({ state }) => ['failed', 'undone', 'left', 'unclear', 'applying'].includes(state)).map(({ id, plan, state, request, end }) =>
      `*"${plain(plan.title)}" ${{ failed: 'failed', undone: 'was undone again' }[state as 'failed'] ?? 'was not followed to its end'}${request === undefined ? '' : ` (${clockOf(writing, request.at)})`}.* ${cite(end?.event ?? request?.event ?? id)}`),
  };
}

function deliveryHints({ incident: { deliveries }, runbook, cite }: Writing): Hints {
  const reviewing = stepsOfSection(runbook, '10');
  const lost = deliveries.filter(({ state, step }) => (state === 'failed' || state === 'unknown' || state === 'by hand') && !reviewing.has(step));
  return { well: [], improve: lost.map(({ id, target, state, reason }) => `*The message to ${plain(target)} is ${{ failed: 'not delivered', unknown: 'in doubt', 'by hand': 'still to be sent by hand' }[state as 'failed']}${reason === undefined ? '' : `: ${plain(reason)}`}* ${cite(id)}`) };
}

function closingHints(writing: Writing): Hints {
  const { incident: { resolution, watches, severity, roles, times }, runbook, cite } = writing;
  const stable = watches.findLast(({ outcome }) => outcome === 'stable');
  return {
    well: [
      ...(stable === undefined ? [] : [`*It stayed quiet for ${stable.minutes} min before it was called over.* ${cite(stable.id)}`]),
      ...(resolution !== undefined && (resolution.unproved ?? []).length === 0 ? [`*Every box of the resolution was proved.* ${cite(resolution.id)}`] : []),
    ],
    improve: [
      ...(resolution?.unproved ?? []).map(({ item, reason }) => `*"${boxOf(runbook, item)}" was not proved: ${plain(reason)}* ${cite(resolution?.id ?? '')}`),
      ...(severity === 'P1' && Object.keys(roles).length === 0 ? [`*Nobody was given a role in a P1.* ${cite((times.severitySince ?? times.detected).event)}`] : []),
    ],
  };
}
