/** Watches over the stability of what was mitigated (runbook 6.3): a fold of their events. */
import type { WatchSampled } from './change-events.ts';
import type { Actor, TimelineEvent } from './events.ts';
import type { Level } from './evidence.ts';

export interface WatchSample extends Pick<WatchSampled, 'level' | 'reason' | 'values'> {
  /** Epoch ms. */
  readonly at: number;
}

export interface Watch {
  /** Id of the `watch.started`. */
  readonly id: string;
  readonly step: string;
  /** How long it must stay quiet, minutes. */
  readonly minutes: number;
  readonly origin: string;
  readonly actor: Actor;
  /** Epoch ms. */
  readonly startedAt: number;
  /** Since when it is quiet: its beginning, or the last look that was none. Epoch ms. */
  readonly quietSince: number;
  /** In the order of time. Of another machine's watch there are none. */
  readonly samples: readonly WatchSample[];
  readonly restarts: readonly { readonly at: number; readonly reason: string }[];
  /** Unset while it goes on. */
  readonly outcome?: 'stable' | 'stopped';
}

/** What the values of a look are called, and their units. */
export const WATCHED: Readonly<Record<string, readonly [title: string, unit: string]>> = {
  healthMs: ['Health check', 'ms'], errorsPerMinute: ['Errors', 'per minute'], cpuPercent: ['CPU', '%'], memoryPercent: ['Memory', '%'], connections: ['Database connections', 'connections'],
};

/** So many looks in a row may see nothing at all. */
const BLIND = 3;

/** @param events in timeline order */
export function foldWatches(events: readonly TimelineEvent[]): Watch[] {
  const of = <T extends TimelineEvent['type']>(type: T): Extract<TimelineEvent, { type: T }>[] => events.filter((event): event is Extract<TimelineEvent, { type: T }> => event.type === type);
  const [sampled, restarted, ends] = [of('watch.sampled'), of('watch.restarted'), of('watch.ended')];
  return of('watch.started').map(({ id, step, minutes, origin, actor, at }) => {
    const samples = sampled.filter(({ watch }) => watch === id).map(({ at: when, level, reason, values }) => ({ at: Date.parse(when), level, reason, values }));
    const restarts = restarted.filter(({ watch }) => watch === id).map(({ at: when, reason }) => ({ at: Date.parse(when), reason }));
    const disturbed = samples.findLastIndex((_sample, index) => disturbs(samples, index));
    const startedAt = Date.parse(at);
    const end = ends.find(({ watch }) => watch === id);
    return {
      id, step, minutes, origin, actor, startedAt, samples, restarts,
      // While trouble lasts, only its first look is told as a new beginning; the quiet time begins after its last one.
      quietSince: Math.max(startedAt, restarts.at(-1)?.at ?? 0, samples[disturbed]?.at ?? 0),
      ...(end === undefined ? {} : { outcome: end.outcome }),
    };
  });
}

/** Whether a look, the last one by default, is no quiet one: something was wrong, or nothing could be seen for too long. */
export function disturbs(samples: readonly WatchSample[], index = samples.length - 1): boolean {
  const last = samples.slice(Math.max(0, index + 1 - BLIND), index + 1);
  return last.at(-1)?.level === 'bad' || (last.length === BLIND && last.every(sawNothing));
}

/** A look that saw some things and not others is unknown too, but not blind. */
function sawNothing({ level, values }: WatchSample): boolean {
  return level === 'unknown' && Object.values(values).every((value) => value === null);
}

/** The looks of the quiet time. */
export function quietSamples({ samples, startedAt, quietSince }: Watch): readonly WatchSample[] {
  return quietSince === startedAt ? samples.filter(({ level }) => level !== 'bad') : samples.filter(({ at }) => at > quietSince);
}

/** The watch over a step that goes on, of several the first. */
export function runningWatch({ watches }: { readonly watches: readonly Watch[] }, step?: string): Watch | undefined {
  return watches.find((watch) => watch.outcome === undefined && (step === undefined || watch.step === step));
}

/** What counts against stability, as a line of bars: one for each sample. */
export function levelLine(samples: readonly WatchSample[]): string {
  const bars: Readonly<Record<Level, string>> = { ok: '▁', unknown: '▂', warn: '▄', bad: '█' };
  return samples.map(({ level }) => bars[level]).join('');
}

/** Until when it must stay quiet, epoch ms. */
export function stableAt({ quietSince, minutes }: Watch): number {
  return quietSince + minutes * 60_000;
}
