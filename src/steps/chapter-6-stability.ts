/** Runbook 6.3: whether what was mitigated stays so. */
import { CancelledError, messageOf } from '../errors.ts';
import { iso } from '../incident/clock.ts';
import { type Chart, type Evidence, type Level, worstLevel } from '../incident/evidence.ts';
import { escapeMarkdown, levelMark, table, utc } from '../incident/markdown.ts';
import { type Watch, type WatchSample, WATCHED, levelLine } from '../incident/watches.ts';
import { stepById } from '../runbook/query.ts';
import { resolveInputs } from '../runbook/resolve.ts';
import { checkServiceHealth } from './chapter-3-detection.ts';
import { checkConnectionPool } from './chapter-5-database.ts';
import { findLines } from './chapter-5-logs.ts';
import { checkCpuMemory } from './chapter-5-services.ts';
import { Inputs } from './inputs.ts';
import type { ChangeContext, WatchAction } from './step.ts';

const EVERY_MS = 60_000;
/** A part of a look takes so long at most, ms: it must be over before the next one. */
const PART_MS = 30_000;
/** Lines of the logs are counted over this time, ms: they arrive some seconds late. */
const LOGS_MS = 2 * 60_000;
/** Over less time a count says nothing, ms. */
const LEAST_LOGS_MS = EVERY_MS / 2;
/** Metrics lag behind: for so long after the beginning none is missed, ms. */
const LAG_MS = 5 * 60_000;
/** Fewer errors a minute are never a spike. */
const FEW_ERRORS = 5;
/** So many times as many errors as usual are one. */
const SPIKE = 3;
/** More than this share of the errors of before the mitigation, and it has mended nothing. */
const NOT_BETTER = 0.5;

interface Part {
  readonly level: Level;
  /** What is wrong, in words; empty when nothing is. */
  readonly reason: string;
  readonly values: Readonly<Record<string, number | null>>;
}

/**
 * Health, errors, CPU and memory, and connections, every minute; what is bad begins the quiet time anew. What happened
 * before the watch counts for nothing: the mitigation may have ended it.
 * Inputs: minutes.
 */
export const monitorStability: WatchAction = {
  kind: 'watch',
  everyMs: EVERY_MS,
  async sample(context, watch, signal) {
    const { aws } = context.environment.data;
    const seen = await Promise.all([
      partOf(signal, (within) => health(context, within)),
      ...(aws === undefined ? [] : [
        ...(aws.logGroups.length === 0 ? [] : [partOf(signal, (within) => errors(context, watch, within))]),
        partOf(signal, (within) => cpuAndMemory(context, watch, within)),
        partOf(signal, (within) => connections(context, watch, within)),
      ]),
    ]);
    const parts = seen.filter((part) => part !== undefined);
    const level = worstLevel(parts.map((part) => part.level));
    return {
      level,
      reason: parts.filter((part) => part.level === level && level !== 'ok').map(({ reason }) => reason).join('; '),
      values: Object.assign({}, ...parts.map(({ values }) => values)) as Part['values'],
    };
  },
  conclude(watch) {
    return {
      markdown: [
        `${levelLine(watch.samples)}`,
        table(['', 'Looks'], (['ok', 'warn', 'bad', 'unknown'] as const).map((level) => [levelMark(level), String(watch.samples.filter((sample) => sample.level === level).length)])),
        watch.restarts.length === 0 ? 'Nothing began the quiet time anew.' : table(['Begun anew at', 'Because'], watch.restarts.map(({ at, reason }) => [utc(at), escapeMarkdown(reason)])),
      ].join('\n\n'),
      data: {
        minutes: watch.minutes, since: iso(watch.quietSince), samples: watch.samples.length,
        restarts: watch.restarts.map(({ at, reason }) => ({ at: iso(at), reason })),
      },
      charts: chartsOf(watch.samples),
    } satisfies Omit<Evidence, 'level' | 'summary'>;
  },
};

/** A part that cannot be seen is unknown, and keeps no other from being seen; one that is not due yet is undefined. */
async function partOf(signal: AbortSignal, look: (within: AbortSignal) => Promise<Part | undefined>): Promise<Part | undefined> {
  const late = AbortSignal.timeout(PART_MS);
  try {
    return await look(AbortSignal.any([signal, late]));
  } catch (error) {
    if (signal.aborted) {
      throw new CancelledError();
    }
    return { level: 'unknown', reason: late.aborted ? `no answer within ${PART_MS / 1000} s` : messageOf(error), values: {} };
  }
}

async function health(context: ChangeContext, signal: AbortSignal): Promise<Part> {
  const { level, summary, data } = await checkServiceHealth.run(context, new Inputs('checkServiceHealth', {}), signal);
  const latencies = ((data['endpoints'] ?? []) as readonly { readonly latencyMs: number }[]).map(({ latencyMs }) => latencyMs);
  return { level, reason: level === 'ok' ? '' : summary, values: { healthMs: latencies.length === 0 ? null : Math.max(...latencies) } };
}

/** Errors a minute, against what is usual since the watch began and what was before the mitigation. */
async function errors(context: ChangeContext, watch: Watch, signal: AbortSignal): Promise<Part | undefined> {
  const { clock, environment, incident, services } = context;
  const now = clock.now();
  const from = Math.max(now - LOGS_MS, watch.startedAt);
  if (now - from < LEAST_LOGS_MS) {
    return undefined;
  }
  const inputs = inputsOf(context, 'searchErrors');
  const query = { pattern: inputs.text('pattern', 'ERROR'), from, to: now + 1 };
  const { found, missing } = await findLines(services.aws(environment), inputs.list('logGroups', environment.data.aws?.logGroups), query, signal);
  const perMinute = Math.round((found.length / (now - from)) * 60_000 * 10) / 10;
  const usual = median(watch.samples.flatMap(({ values }) => values['errorsPerMinute'] ?? []));
  const before = errorsBefore(incident);
  const rate = `${perMinute} errors a minute`;
  const wrong = perMinute < FEW_ERRORS ? undefined
    : before !== undefined && perMinute > before * NOT_BETTER ? `${rate}, ${before} were there before the mitigation`
    : usual !== undefined && perMinute > SPIKE * usual ? `${rate}, ${usual} are usual` : undefined;
  return {
    level: wrong !== undefined ? 'bad' : perMinute >= FEW_ERRORS ? 'warn' : missing.length > 0 ? 'unknown' : 'ok',
    reason: wrong ?? (perMinute >= FEW_ERRORS ? rate : missing.join('; ')),
    values: { errorsPerMinute: perMinute },
  };
}

/** Errors a minute before the mitigation, as its verification counted them. */
function errorsBefore({ steps }: ChangeContext['incident']): number | undefined {
  const rate = steps.get('verifyMitigation')?.evidence?.data['errorRate'];
  const before = typeof rate === 'object' && rate !== null && 'before' in rate ? rate['before'] : undefined;
  return typeof before === 'number' && before >= FEW_ERRORS ? before : undefined;
}

/** The newest point of a metric, as the checks of chapter 5 tell it. */
interface Reading {
  readonly level: Level;
  readonly last: number | null;
  /** ISO 8601 UTC. */
  readonly lastAt: string | null;
}

async function cpuAndMemory(context: ChangeContext, watch: Watch, signal: AbortSignal): Promise<Part | undefined> {
  const { summary, data } = await checkCpuMemory.run(context, inputsOf(context, 'checkCpuMemory'), signal);
  const readings = (data['readings'] ?? []) as unknown as readonly (Reading & { readonly metric: string })[];
  return judged(readings, summary, watch, context.clock.now(), (fresh) => ({
    cpuPercent: highestOf(fresh.filter(({ metric }) => metric === 'CPUUtilization')),
    memoryPercent: highestOf(fresh.filter(({ metric }) => metric === 'MemoryUtilization')),
  }));
}

async function connections(context: ChangeContext, watch: Watch, signal: AbortSignal): Promise<Part | undefined> {
  const { level, summary, data } = await checkConnectionPool.run(context, inputsOf(context, 'checkConnectionPool'), signal);
  return judged([{ ...data as Pick<Reading, 'last' | 'lastAt'>, level }], summary, watch, context.clock.now(), (fresh) => ({ connections: highestOf(fresh) }));
}

/** Only points of the time since the watch began count; undefined while there can be none yet. */
function judged<R extends Reading>(readings: readonly R[], summary: string, { startedAt }: Watch, now: number, valuesOf: (fresh: readonly R[]) => Part['values']): Part | undefined {
  const fresh = readings.filter(({ lastAt }) => lastAt !== null && Date.parse(lastAt) >= startedAt);
  const isEarly = now - startedAt < LAG_MS;
  if (isEarly && fresh.length === 0) {
    return undefined;
  }
  const level = worstLevel([...fresh.map((reading) => reading.level), ...(isEarly || fresh.length === readings.length ? [] : ['unknown' as const])]);
  return { level, reason: level === 'ok' ? '' : summary, values: valuesOf(fresh) };
}

function highestOf(readings: readonly Reading[]): number | null {
  return readings.reduce<number | null>((most, { last }) => (last !== null && last > (most ?? -Infinity) ? last : most), null);
}

/** As the runbook has the check made, over the last minutes. */
function inputsOf({ environment, runbook }: ChangeContext, id: string): Inputs {
  const step = stepById(runbook, id);
  return new Inputs(`Step "${id}"`, { ...(step === undefined ? {} : resolveInputs(step, environment)), minutes: LAG_MS / 60_000, periodSeconds: 60 });
}

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function chartsOf(samples: readonly WatchSample[]): Chart[] {
  return Object.entries(WATCHED).flatMap(([name, [title, unit]]) => {
    const points = samples.flatMap(({ at, values }) => (typeof values[name] === 'number' ? [[at, values[name]] as const] : []));
    return points.length === 0 ? [] : [{ title, unit, series: [{ label: title, points }] }];
  });
}
