/** A watch over stability as rows while it goes on (runbook 6.3). No vscode here. */
import { formatDuration, iso, timeOfDay } from '../incident/clock.ts';
import type { Incident } from '../incident/fold.ts';
import { escapeMarkdown, table } from '../incident/markdown.ts';
import { type Watch, WATCHED, levelLine, runningWatch, stableAt } from '../incident/watches.ts';
import { t } from '../l10n.ts';
import type { Mark, Node } from './nodes.ts';

const MINUTE_MS = 60_000;
/** Looks drawn in the row; the evidence has them all. */
const SHOWN = 30;

/** @param now epoch ms */
export function watchNodes(incident: Incident, now: number): Node[] {
  return incident.status === 'closed' ? [] : incident.watches.filter(({ outcome }) => outcome === undefined).map((watch): Node => {
    const last = watch.samples.at(-1);
    return {
      kind: 'watch', key: `${incident.id}/watch/${watch.id}`, incident: incident.id, step: watch.step,
      label: t('Stability: {0} of {1} min quiet', quietMinutes(watch, now), watch.minutes),
      description: [levelLine(watch.samples.slice(-SHOWN)), last === undefined ? t('no look yet') : last.reason].filter((part) => part !== '').join(' '),
      tooltip: tooltipOf(watch, now), mark: markOf(watch), context: 'watch', click: 'incidentRunbook.openStep',
    };
  });
}

/** How a step's own row stands while it watches; undefined when its last result says more. */
export function stepWatch(incident: Incident, step: string, now: number): { readonly mark: Mark; readonly description: string } | undefined {
  const watch = incident.status === 'closed' ? undefined : runningWatch(incident, step);
  return watch === undefined ? undefined : { mark: 'running', description: t('watching… {0} of {1} min quiet', quietMinutes(watch, now), watch.minutes) };
}

/** As far as somebody has looked: of the time since nobody can say it. Another machine's looks are not known here. */
function quietMinutes({ minutes, quietSince, samples }: Watch, now: number): number {
  return Math.min(minutes, Math.max(0, Math.floor(((samples.at(-1)?.at ?? now) - quietSince) / MINUTE_MS)));
}

function markOf({ samples }: Watch): Mark {
  const level = samples.at(-1)?.level;
  return level === undefined || level === 'ok' ? 'waiting' : level;
}

function tooltipOf(watch: Watch, now: number): string {
  const { actor, restarts, samples, startedAt } = watch;
  const last = samples.at(-1);
  const values = Object.entries(last?.values ?? {}).map(([name, value]) => {
    const [title, unit] = WATCHED[name] ?? [name, ''];
    return [escapeMarkdown(t(/* l10n: table */ title)), value === null ? t('not known') : `${value} ${unit === '' ? '' : t(/* l10n: table */ unit)}`.trim()];
  });
  const again = restarts.at(-1);
  return [
    t('**Stability watch**, begun by {0} at {1}', escapeMarkdown(actor.name), timeOfDay(iso(startedAt))),
    t('Stable at {0} if nothing goes wrong until then', timeOfDay(iso(stableAt(watch)))),
    ...(last === undefined ? [] : [t('Last look {0} ago: {1}', formatDuration(now - last.at), last.reason === '' ? t('all well') : escapeMarkdown(last.reason))]),
    ...(values.length === 0 ? [] : [table(['', t('Last look')], values)]),
    ...(again === undefined ? [] : [t('Begun again at {0}: {1}', timeOfDay(iso(again.at)), escapeMarkdown(again.reason))]),
  ].join('\n\n');
}
