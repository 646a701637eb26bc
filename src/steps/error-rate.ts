/** Errors per minute in the logs, now against before the first mitigation (runbook 6.2). */
import { iso } from '../incident/clock.ts';
import type { Level } from '../incident/evidence.ts';
import type { Incident } from '../incident/fold.ts';
import { inlineCode, table, utc } from '../incident/markdown.ts';
import type { JsonObject } from '../incident/plan.ts';
import { resultsOf } from '../incident/step-records.ts';
import type { Runbook } from '../runbook/schema.ts';
import type { AwsSession } from '../services/aws/session.ts';
import { findLines } from './chapter-5-logs.ts';
import type { Inputs } from './inputs.ts';
import type { StepContext } from './step.ts';

const MINUTE_MS = 60_000;
/** What counts as now, ms. */
const NOW_MS = 5 * MINUTE_MS;
/** Right after a mitigation "now" is shorter, so that the errors of before do not count, but never shorter than this. */
const MIN_NOW_MS = MINUTE_MS;
const BEFORE_MS = 15 * MINUTE_MS;
/** What is left of the rate of before, at most, for it to be gone, and for it to be better. */
const GONE = 0.1;
const BETTER = 0.5;

/** Errors per minute, and where the number comes from. */
interface Rate {
  readonly perMinute: number;
  readonly words: string;
  /** Not all lines were read. */
  readonly isLeast: boolean;
}

export interface ErrorRates {
  readonly level: Level;
  readonly summary: string;
  readonly markdown: string;
  readonly data: JsonObject;
}

/** @throws UserError when the logs cannot be read, CancelledError */
export async function compareErrorRates({ clock, environment, incident, runbook, services }: StepContext, inputs: Inputs, signal: AbortSignal): Promise<ErrorRates> {
  const groups = inputs.list('logGroups', environment.data.aws?.logGroups);
  const pattern = inputs.text('pattern', 'ERROR');
  const aws = services.aws(environment);
  const now = clock.now();
  const times = incident === undefined ? undefined : mitigationTimes(incident, runbook);
  const from = Math.min(Math.max(now - NOW_MS, times?.last ?? 0), now - MIN_NOW_MS);
  const first = times?.first;
  const [recent, earlier] = await Promise.all([
    findLines(aws, groups, { pattern, from, to: now + 1 }, signal),
    first === undefined ? undefined : findLines(aws, groups, { pattern, from: first - BEFORE_MS, to: first }, signal),
  ]);
  const current = rateOf(recent, now - from, `since ${utc(from)}`);
  const before = earlier === undefined || first === undefined
    ? recordedRate(incident, pattern)
    : rateOf(earlier, BEFORE_MS, `in the ${BEFORE_MS / MINUTE_MS} min before ${utc(first)}, when the mitigation began`);
  const isSilent = current.perMinute === 0 && !await anyLine(aws, groups, { from, to: now + 1 }, signal);
  const judged = isSilent
    ? { level: 'unknown' as const, summary: `no line at all in the logs since ${utc(from)}, so it cannot be told` }
    : judge(current, before);
  return {
    // Where a log group could not be read, no errors elsewhere prove nothing.
    level: judged.level === 'ok' && recent.missing.length > 0 ? 'unknown' : judged.level,
    summary: [judged.summary, ...recent.missing].join('; '),
    markdown: `Lines that match ${inlineCode(pattern)}:\n\n${table(['', 'Per minute', 'Counted'], [
      ['Now', perMinute(current), current.words],
      ['Before', before === undefined ? 'not known' : perMinute(before), before?.words ?? 'no mitigation is on the timeline, and no search for errors'],
    ])}`,
    data: { now: current.perMinute, before: before?.perMinute ?? null, since: iso(from), mitigatedSince: first === undefined ? null : iso(first), pattern },
  };
}

function judge(now: Rate, before: Rate | undefined): { readonly level: Level; readonly summary: string } {
  const against = before === undefined ? 'and nothing to hold it against' : `${perMinute(before)} before`;
  const summary = `${perMinute(now)} now, ${against}`;
  if (now.perMinute === 0) {
    return { level: 'ok', summary };
  }
  if (before === undefined) {
    return { level: 'warn', summary };
  }
  const left = before.perMinute === 0 ? Infinity : now.perMinute / before.perMinute;
  return { level: left <= GONE ? 'ok' : left <= BETTER ? 'warn' : 'bad', summary };
}

/** When the first mitigation began and the last one ended, epoch ms; undefined before there is one. */
export function mitigationTimes(incident: Incident, { steps }: Pick<Runbook, 'steps'>): { readonly first: number; readonly last: number | undefined } | undefined {
  const mitigations = new Set(steps.filter(({ phase, effect }) => phase === 'mitigate' && (effect === 'change' || effect === 'destructive')).map(({ id }) => id));
  const ended = resultsOf(incident).filter(({ step, outcome }) => mitigations.has(step) && outcome === 'done').map(({ time }) => time);
  const begun = incident.changes.flatMap(({ request }) => (request === undefined ? [] : [Date.parse(request.at)]));
  const all = [...begun, ...ended];
  return all.length === 0 ? undefined : { first: Math.min(...all), last: ended.length === 0 ? undefined : Math.max(...ended) };
}

/** As the last search for errors saw it. */
function recordedRate(incident: Incident | undefined, wanted: string): Rate | undefined {
  const found = incident === undefined ? undefined : resultsOf(incident, 'searchErrors').findLast(({ evidence }) => evidence?.data['pattern'] === wanted);
  const { total, minutes, recent, truncated } = found?.evidence?.data ?? {};
  if (found === undefined || typeof total !== 'number' || typeof minutes !== 'number' || typeof recent !== 'number') {
    return undefined;
  }
  // The newest minutes are those that a search which was cut short has not read.
  return truncated === true
    ? { perMinute: rounded(total / minutes), words: `over ${minutes} min, by the search at ${utc(found.time)}`, isLeast: true }
    : { perMinute: rounded(recent / Math.min(5, minutes)), words: `in 5 min, by the search at ${utc(found.time)}`, isLeast: false };
}

function rateOf({ found, cut }: { readonly found: readonly unknown[]; readonly cut: boolean }, ms: number, words: string): Rate {
  return { perMinute: rounded(found.length / (ms / MINUTE_MS)), words, isLeast: cut };
}

/** Whether anything was logged at all: a service that is silent has no errors either. */
async function anyLine(aws: AwsSession, groups: readonly string[], { from, to }: { readonly from: number; readonly to: number }, signal: AbortSignal): Promise<boolean> {
  const { filterLogEvents } = await import('../services/aws/logs.ts');
  for (const group of groups) {
    for await (const page of filterLogEvents(aws, { group, pattern: '', from, to, pageSize: 10 }, signal)) {
      if (page.length > 0) {
        return true;
      }
    }
  }
  return false;
}

function rounded(rate: number): number {
  return Math.round(rate * 10) / 10;
}

function perMinute({ perMinute: rate, isLeast }: Rate): string {
  return `${isLeast ? 'at least ' : ''}${rate} per min`;
}
