/** Where alarms come from: CloudWatch, the monitors of Datadog and its synthetic tests (runbook 3.1). Each answers for itself. */
import { CancelledError, UserError, messageOf } from '../errors.ts';
import type { Level, Link } from '../incident/evidence.ts';
import type { Connection } from '../services/connections.ts';
import type { Monitor, SyntheticRun } from '../services/datadog.ts';
import { plural, withoutPeriod } from '../text.ts';
import { inlineCode } from '../incident/markdown.ts';
import type { StepContext } from './step.ts';

/** Also what an incident declared from the alarm is detected by. */
export type AlarmSource = 'cloudwatch' | 'datadog' | 'synthetic';

export interface FoundAlarm {
  readonly source: AlarmSource;
  readonly name: string;
  /** What is wrong, as a title of an incident says it; empty when the name has to do. */
  readonly description: string;
  /** Epoch ms since which it is so; unset when nobody says. */
  readonly since?: number;
  /** What is watched. */
  readonly metric: string;
  readonly threshold: string;
  readonly reason: string;
  readonly level: Level;
}

/** What came of asking one source. */
export interface Listing {
  readonly alarms: readonly FoundAlarm[];
  /** Part of the summary; unset when the source is not in use, or has told nothing. */
  readonly verdict?: string;
  /** What nobody could tell; each makes the evidence at least `unknown`. */
  readonly gaps?: readonly string[];
  /** How it was asked, in Markdown. */
  readonly notes?: readonly string[];
  readonly links?: readonly Link[];
}

/** A source that could not be asked. */
export interface Failure {
  readonly source: string;
  readonly error: unknown;
}

/** A synthetic test that has not run for this long is not watching any more, ms. */
const STALE_RUN_MS = 24 * 3_600_000;
/** Names in a summary, which somebody may have to read out. */
const MAX_NAMES = 5;

/** Asks every source at once; one that fails does not hide the others. @throws CancelledError when the signal fired */
export async function listAll(context: StepContext, prefix: string, signal: AbortSignal): Promise<(Listing | Failure)[]> {
  const attempt = (source: string, ask: () => Promise<Listing | (Listing | Failure)[]>): Promise<(Listing | Failure)[]> => ask().then((found) => [found].flat(), (error: unknown) => {
    if (signal.aborted) {
      throw new CancelledError();
    }
    return [{ source, error }];
  });
  const datadog = async (): Promise<Listing | (Listing | Failure)[]> => {
    const connection = await context.services.connections.get('datadog');
    return connection === undefined
      ? { alarms: [], notes: ['Datadog is not connected, so its monitors and synthetic tests were not asked.'] }
      : (await Promise.all([
        attempt('Datadog', () => monitorAlarms(connection, context, signal)),
        attempt('The synthetic tests', () => syntheticAlarms(connection, context, signal)),
      ])).flat();
  };
  return (await Promise.all([attempt('CloudWatch', () => cloudWatchAlarms(context, prefix, signal)), attempt('Datadog', datadog)])).flat();
}

async function cloudWatchAlarms({ services, environment }: StepContext, prefix: string, signal: AbortSignal): Promise<Listing> {
  if (environment.data.aws === undefined) {
    return { alarms: [], notes: ['The environment names no AWS resources, so CloudWatch was not asked.'] };
  }
  const { alarmsInAlarm } = await import('../services/aws/cloudwatch.ts');
  const alarms = await alarmsInAlarm(services.aws(environment), prefix, signal);
  const scope = prefix === '' ? '' : ` among those that begin with ${inlineCode(prefix)}`;
  return {
    alarms: alarms.map(({ name, description, since, metric, threshold, reason }) => ({ source: 'cloudwatch', name, description, since, metric, threshold, reason, level: 'bad' })),
    verdict: alarms.length === 0 ? 'no alarm is in ALARM' : `${plural(alarms.length, 'alarm')} in ALARM: ${namesOf(alarms)}`,
    notes: alarms.length === 0 ? [`No CloudWatch alarm is in ALARM${scope}.`] : [],
    links: [{ title: 'CloudWatch alarms', url: `https://${environment.data.aws.region}.console.aws.amazon.com/cloudwatch/home#alarmsV2:?~(alarmStateFilter~'ALARM)` }],
  };
}

/** Monitors in Alert and Warn are alarms; one without data cannot tell, which is not the same as being fine. */
async function monitorAlarms(connection: Connection, { runbook }: StepContext, signal: AbortSignal): Promise<Listing> {
  const { monitorsIn, webAddress } = await import('../services/datadog.ts');
  const query = runbook.datadog?.monitorQuery ?? '';
  const [alert = [], warn = [], silent = []] = await Promise.all((['Alert', 'Warn', 'No Data'] as const).map((state) => monitorsIn(connection, state, query, signal)));
  const scope = query === '' ? '' : ` among those that ${inlineCode(query)} finds`;
  const counted = (monitors: readonly Monitor[], state: string): string[] => (monitors.length === 0 ? [] : [`${plural(monitors.length, 'monitor')} in ${state}: ${namesOf(monitors)}`]);
  const verdicts = [...counted(alert, 'Alert'), ...counted(warn, 'Warn')];
  return {
    alarms: [...alert, ...warn].map(({ name, state, query: metric, since }) => ({
      source: 'datadog', name, description: '', metric, threshold: '', reason: `The monitor is in ${state}`, level: state === 'Alert' ? 'bad' : 'warn', ...(since === undefined ? {} : { since }),
    })),
    verdict: verdicts.join('; ') || 'no monitor is in Alert or Warn',
    gaps: counted(silent, 'No Data'),
    notes: verdicts.length === 0 ? [`No Datadog monitor is in Alert or Warn${scope}.`] : [],
    links: [{ title: 'Datadog monitors', url: `${webAddress(connection)}/monitors/manage` }],
  };
}

async function syntheticAlarms(connection: Connection, { runbook, clock }: StepContext, signal: AbortSignal): Promise<Listing> {
  const { syntheticRuns, webAddress } = await import('../services/datadog.ts');
  const ids = runbook.datadog?.synthetics ?? [];
  if (ids.length === 0) {
    return { alarms: [], notes: ['The runbook names no synthetic tests of Datadog (`datadog.synthetics`).'] };
  }
  const judged = await Promise.all(ids.map((id) => syntheticRuns(connection, id, signal).then((runs) => judgeRuns(id, runs, clock.now()), (error: unknown) => {
    if (error instanceof CancelledError) {
      throw error;
    }
    return `synthetic test ${id} could not be asked: ${withoutPeriod(messageOf(error))} (datadog.synthetics in the runbook)`;
  })));
  const gaps = judged.filter((one) => typeof one === 'string');
  const alarms = judged.filter((one) => typeof one === 'object');
  const passing = ids.length - gaps.length - alarms.length;
  return {
    alarms, gaps,
    ...(gaps.length === ids.length ? {} : { verdict: alarms.length === 0 ? `${passing} of ${plural(ids.length, 'synthetic test')} ${passing === 1 ? 'passes' : 'pass'}` : `${plural(alarms.length, 'synthetic test')} failing: ${namesOf(alarms)}` }),
    notes: alarms.length === 0 && gaps.length === 0 ? [`The synthetic tests pass: ${ids.map(inlineCode).join(', ')}.`] : [],
    links: alarms.map(({ name }) => ({ title: `Synthetic test ${name}`, url: `${webAddress(connection)}/synthetics/details/${name}` })),
  };
}

/**
 * What the runs of a synthetic test say. It fails when its alert is on; where a location fails and the alert is off
 * (retries, other locations), that is a warning. It began with the first of the runs that have failed without a break.
 *
 * @param runs the newest first
 * @returns the alarm; undefined when the test passes; as text why nobody can tell
 */
export function judgeRuns(publicId: string, runs: readonly SyntheticRun[], now: number): FoundAlarm | string | undefined {
  const recent = runs.filter(({ at }) => now - at < STALE_RUN_MS);
  const [newest] = recent;
  if (newest === undefined) {
    return `synthetic test ${publicId} has not run within a day`;
  }
  const locations = [...new Set(recent.map(({ location }) => location))].map((location) => ({ location, ran: recent.filter((run) => run.location === location) }));
  const streaks = locations.map(({ location, ran }) => ({ location, failed: leading(ran, ({ passed }) => passed === false) })).filter(({ failed }) => failed.length > 0);
  const alarm = { source: 'synthetic', name: publicId, metric: 'synthetic test', threshold: '' } as const;
  if (streaks.length > 0) {
    return {
      ...alarm, description: `Synthetic test ${publicId} fails from ${streaks.length} of ${plural(locations.length, 'location')}`,
      since: Math.min(...streaks.flatMap(({ failed }) => failed.map(({ at }) => at))),
      reason: `Fails from ${streaks.map(({ location }) => location).join(', ')}${newest.alerting ? '' : '; its alert is off'}`, level: newest.alerting ? 'bad' : 'warn',
    };
  }
  if (newest.alerting) {
    const since = leading(recent, ({ alerting }) => alerting).at(-1)?.at ?? newest.at;
    return { ...alarm, description: `Synthetic test ${publicId} is in alert`, since, reason: 'Its alert is on, although no location fails any more', level: 'warn' };
  }
  return locations.every(({ ran: [latest] }) => latest?.passed === true) ? undefined : `synthetic test ${publicId} does not say whether it passed`;
}

/** The entries at the beginning of a list for which it holds without a break. */
function leading<T>(list: readonly T[], holds: (entry: T) => boolean): readonly T[] {
  const end = list.findIndex((entry) => !holds(entry));
  return end === -1 ? list : list.slice(0, end);
}

/** What could not be asked, as a part of a sentence. */
export function describeFailure({ source, error }: Failure): string {
  return `${source} could not be asked: ${withoutPeriod(error instanceof UserError ? error.message : messageOf(error))}`;
}

function namesOf(named: readonly { readonly name: string }[]): string {
  const shown = named.slice(0, MAX_NAMES).map(({ name }) => name).join(', ');
  return named.length > MAX_NAMES ? `${shown} and ${named.length - MAX_NAMES} more` : shown;
}
