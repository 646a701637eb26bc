/** Watches that nothing goes wrong again (runbook 6.3): whichever window of this machine is there takes the next look. */
import { UserError, messageOf } from '../errors.ts';
import { type Clock, formatDuration, iso, timeOfDay } from '../incident/clock.ts';
import { EXTENSION } from '../incident/event-base.ts';
import type { StepResult } from '../incident/events.ts';
import type { Level } from '../incident/evidence.ts';
import type { Incident } from '../incident/fold.ts';
import { type Watch, type WatchSample, disturbs, quietSamples, runningWatch, stableAt } from '../incident/watches.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { plural } from '../text.ts';
import { Inputs } from './inputs.ts';
import type { RunListener, RunResult } from './run.ts';
import type { ChangeContext, WatchAction } from './step.ts';

export interface WatchingOptions {
  readonly ledger: Ledger;
  readonly origin: () => Promise<string>;
  readonly clock: Clock;
  /** Resolves after ms, or as soon as the signal fires. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: (message: string, error?: unknown) => void;
  readonly tell: RunListener;
}

export interface WatchWish {
  readonly action: WatchAction;
  readonly context: ChangeContext;
}

/** After so many missed looks nobody can say that it was quiet. */
const MISSED = 5;
/** A window that takes a look has this share of the time until the next one for it. */
const LEASE = 0.9;

export class Watching {
  readonly #options: WatchingOptions;
  /** Ids of the watches that this window is at. */
  readonly #live = new Set<string>();

  constructor(options: WatchingOptions) {
    this.#options = options;
  }

  /** Begins a watch; `follow` takes its looks. @throws UserError when the inputs are none */
  async start({ context: { incident, runbook, step } }: WatchWish, given: Readonly<Record<string, unknown>>): Promise<RunResult> {
    const { clock, ledger, origin } = this.#options;
    const minutes = new Inputs(`Step "${step.id}"`, given).count('minutes', { min: 1, max: 1_440, fallback: runbook.stability.minutes });
    const going = runningWatch(incident, step.id);
    if (going !== undefined) {
      return refusal(going);
    }
    const { id } = await ledger.append(incident.id, { type: 'watch.started', step: step.id, minutes, origin: await origin() });
    // Somebody else may have begun one between the look and the writing: the first one holds.
    const first = runningWatch(await ledger.read(incident.id), step.id);
    if (first !== undefined && first.id !== id) {
      await ledger.append(incident.id, { type: 'watch.ended', watch: id, outcome: 'stopped' });
      return refusal(first);
    }
    return { status: 'done', summary: `Watching until ${timeOfDay(iso(clock.now() + minutes * 60_000))}, longer when something goes wrong`, event: id };
  }

  /**
   * Takes the looks of a watch until it has been quiet for long enough, somebody ended it, the incident is closed, or
   * the signal fires.
   *
   * @returns undefined when this window is at it already, or did not see the end
   */
  async follow({ action, context }: WatchWish, id: string, signal: AbortSignal): Promise<RunResult | undefined> {
    if (this.#live.has(id)) {
      return undefined;
    }
    const { clock, ledger, wait } = this.#options;
    this.#live.add(id);
    try {
      while (!signal.aborted) {
        const incident = await ledger.read(context.incident.id);
        const watch = goingOn(incident, id);
        if (watch === undefined) {
          return undefined;
        }
        const last = watch.samples.at(-1)?.at;
        const due = last === undefined ? watch.startedAt : last + action.everyMs;
        if (due > clock.now() + action.everyMs) {
          // The clock was put back: nobody waits for the time that it showed before, which leases and looks are of.
          await wait(action.everyMs, signal);
        } else if (due > clock.now()) {
          await wait(due - clock.now(), signal);
          continue;
        } else if (await ledger.claimDelivery(incident.id, id, iso(clock.now() + action.everyMs * LEASE)) === 'lost') {
          await wait(action.everyMs / 10, signal);
          continue;
        }
        const end = await this.#look({ action, context: { ...context, incident } }, watch, signal);
        if (end !== undefined) {
          return end;
        }
      }
      return undefined;
    } finally {
      this.#live.delete(id);
    }
  }

  /** Ends a watch before its time, with what it has seen. @throws UserError when none is going on */
  async stop({ action, context }: WatchWish): Promise<RunResult> {
    const watch = runningWatch(context.incident, context.step.id);
    if (watch === undefined) {
      throw new UserError(`Nobody watches ${context.incident.id} at this moment. Start it with the step "${context.step.title}".`);
    }
    return this.#end({ action, context }, watch, 'stopped');
  }

  async #look(wish: WatchWish, watch: Watch, signal: AbortSignal): Promise<RunResult | undefined> {
    const { clock, ledger, log } = this.#options;
    const { action, context: { incident, step } } = wish;
    const { id } = watch;
    if (signal.aborted) {
      return undefined;
    }
    const sample = await action.sample(wish.context, watch, signal).catch((error: unknown) => {
      log(`${step.id} could not look`, error);
      return { level: 'unknown' as const, reason: messageOf(error), values: {} };
    });
    // It may have been stopped, or the incident closed, while this one looked.
    const before = signal.aborted ? undefined : goingOn(await ledger.read(incident.id), id);
    if (before === undefined) {
      return undefined;
    }
    await ledger.append(incident.id, { type: 'watch.sampled', watch: id, ...sample }, EXTENSION);
    const reason = whyAnew(before, { ...sample, at: clock.now() }, action.everyMs);
    if (reason !== undefined) {
      await ledger.append(incident.id, { type: 'watch.restarted', watch: id, reason }, EXTENSION);
    }
    const now = await ledger.read(incident.id);
    const after = goingOn(now, id);
    return after !== undefined && stableAt(after) <= clock.now() ? this.#end({ action, context: { ...wish.context, incident: now } }, after, 'stable') : undefined;
  }

  /** The result is written before the end: should the window go in between, the end is written by the next one. */
  async #end({ action, context }: WatchWish, watch: Watch, outcome: 'stable' | 'stopped'): Promise<RunResult> {
    const { clock, ledger } = this.#options;
    const { incident, step } = context;
    const actor = outcome === 'stable' ? EXTENSION : undefined;
    const quiet = quietSamples(watch);
    const unclear = quiet.filter(({ level }) => level !== 'ok').length;
    const level: Level = outcome === 'stopped' ? 'unknown' : unclear > 0 ? 'warn' : 'ok';
    const restarts = watch.restarts.length === 0 ? '' : `, begun again ${plural(watch.restarts.length, 'time')}`;
    const summary = outcome === 'stable'
      ? `Stable for ${watch.minutes} min: ${plural(quiet.length, 'look')}${unclear === 0 ? '' : `, ${unclear} of them not quite well or not clear`}${restarts}`
      : `Stopped after ${formatDuration(clock.now() - watch.quietSince)} of quiet, ${watch.minutes} min were asked for${restarts}`;
    const seen = action.conclude(watch, clock.now());
    const evidence = { ...seen, data: { ...seen.data, watch: watch.id, outcome }, level, summary };
    const result: StepResult = {
      step: step.id, title: step.title, section: step.section, outcome: outcome === 'stable' ? 'done' : 'cancelled', level, summary, evidence, durationMs: clock.now() - watch.startedAt,
    };
    const told = incident.events.find((event) => event.type === 'step.finished' && event.result.evidence?.data['watch'] === watch.id);
    const { id: event } = told ?? await ledger.append(incident.id, { type: 'step.finished', result }, actor);
    await ledger.append(incident.id, { type: 'watch.ended', watch: watch.id, outcome }, actor);
    this.#options.tell({ incident: incident.id, step: step.id, result });
    return { status: result.outcome, level, summary, evidence, event };
  }
}

/** Undefined when nobody has to look any more; a closed incident's watch goes on once it is open again. */
function goingOn({ status, watches }: Incident, id: string): Watch | undefined {
  return status === 'closed' ? undefined : watches.find((watch) => watch.id === id && watch.outcome === undefined);
}

/** Why the quiet time begins anew with this look, told once for as long as the trouble lasts; undefined when it does not. */
function whyAnew({ samples, startedAt }: Watch, sample: WatchSample, everyMs: number): string | undefined {
  const gap = sample.at - (samples.at(-1)?.at ?? startedAt);
  if (gap > MISSED * everyMs && sample.level !== 'bad') {
    return `nobody looked for ${formatDuration(gap)}`;
  }
  if (!disturbs([...samples, sample]) || disturbs(samples)) {
    return undefined;
  }
  return sample.level === 'bad' ? sample.reason : `nothing could be seen: ${sample.reason}`;
}

function refusal(watch: Watch): RunResult {
  const [since, until] = [watch.startedAt, stableAt(watch)].map((at) => timeOfDay(iso(at)));
  return { status: 'refused', summary: `${watch.actor.name} began to watch at ${since}; it must stay quiet until ${until}. To begin anew, stop it first.` };
}
