/** The commands as functions: one argument object in, JSON out. What each takes and returns is fixed in DESIGN. */
import { UserError } from '../errors.ts';
import { type Clock, iso } from '../incident/clock.ts';
import { dueSteps } from '../incident/clocks.ts';
import { closureBoxes, openBoxes } from '../incident/closure.ts';
import type { DeliveryReport } from '../incident/deliveries.ts';
import { DETECTION_SOURCES, type EventAmended, SEVERITIES, type Severity, type TimelineEvent } from '../incident/events.ts';
import type { IncidentSummary } from '../incident/fold.ts';
import { runningWatch } from '../incident/watches.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { environmentByKey } from '../runbook/query.ts';
import type { RunbookSource } from '../runbook/source.ts';
import { clockRules, closureRules } from '../runbook/targets.ts';
import { preload } from '../steps/catalog.ts';
import { Inputs } from '../steps/inputs.ts';
import type { StepRunner } from '../steps/runner.ts';
import type { RunResult } from '../steps/run.ts';

export interface ApiDeps {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly runbook: RunbookSource;
  readonly runner: StepRunner;
}

type Arguments = Readonly<Record<string, unknown>>;

/** A clock of an incident (runbook 7.1, 7.3, 8). */
export interface ClockReport {
  readonly id: string;
  readonly step: string;
  readonly title: string;
  /** ISO 8601 UTC. */
  readonly dueAt: string;
  readonly overdue: boolean;
  readonly snoozedUntil?: string;
}

export interface Api {
  /** `{ title, severity?, environment?, detectedBy?, impactStartedAt?, drill? }` → `{ incident }`, its id. */
  declare(args: Arguments): Promise<{ incident: string }>;
  /** `{ incident }` → `{ at }`: of the first acknowledgement, however often it is called. */
  acknowledge(args: Arguments): Promise<{ at: string }>;
  /** `{ incident, answers, override?, overrideReason? }` → `{ severity, reasons }`. */
  assessSeverity(args: Arguments): Promise<{ severity: Severity; reasons: readonly string[] }>;
  /** `{ incident, status, impact, actions, next, eta }` → `{ deliveries }`: where the text belongs, and whether it got there. */
  postUpdate(args: Arguments): Promise<{ deliveries: readonly DeliveryReport[] }>;
  /**
   * `{ incident, step, inputs?, approve? }` → the result; `incident` may be left out for the checks of runbook 3. A
   * change without `approve`, the hash of its plan, is only planned.
   */
  runStep(args: Arguments, signal?: AbortSignal): Promise<RunResult>;
  /** `{ incident, step? }` → as `runStep`: ends a stability watch before its time (runbook 6.3). */
  stopWatch(args: Arguments): Promise<RunResult>;
  /** `{ incident, step, note }` → as `runStep`: a person did it, in their words. */
  recordByHand(args: Arguments): Promise<RunResult>;
  /** `{ incident }` → `{ incident, events }`, in timeline order, corrections applied. */
  timeline(args: Arguments): Promise<{ incident: string; events: readonly TimelineEvent[] }>;
  /** `{ status?: "open" | "closed" }` → `{ incidents }`, open ones first. */
  list(args: Arguments): Promise<{ incidents: IncidentSummary[] }>;
  /** `{ incident }` → `{ clocks }`: what is due when, the earliest first. */
  clocks(args: Arguments): Promise<{ clocks: readonly ClockReport[] }>;
  /** `{ incident, clock, minutes? }` → `{ until }`: its reminder keeps quiet until then; 5 minutes unless it is said. */
  snooze(args: Arguments): Promise<{ until: string }>;
  /**
   * `{ incident, event, at?, text?, title?, impactStartedAt?, retracted? }` → `{ event }`, the id of the correction. `text`
   * is of a finding, `title` and `impactStartedAt` of the declaration.
   */
  amend(args: Arguments): Promise<{ event: string }>;
  /** `{ incident, reason }` → `{ at }`; what nobody confirmed and nothing proves is recorded with it (runbook 9.1). */
  close(args: Arguments): Promise<{ at: string }>;
  /** `{ incident, reason }` → `{ at }`. */
  reopen(args: Arguments): Promise<{ at: string }>;
}

export function createApi({ clock, ledger, runbook, runner }: ApiDeps): Api {
  const read = (command: string, args: Arguments) => new Inputs(`incidentRunbook.${command}`, args);
  const step = async (id: string, incident: string, inputs: Arguments): Promise<RunResult> => {
    const result = await runner.run({ incident, step: id, inputs }, new AbortController().signal);
    if (result.status !== 'done') {
      throw new UserError(result.summary);
    }
    return result;
  };
  const api: Api = {
    async declare(args) {
      const inputs = read('declare', args);
      const book = await runbook.get();
      const title = inputs.text('title').trim();
      const severity = inputs.choice('severity', SEVERITIES);
      const environment = environmentByKey(book, inputs.optionalText('environment')).key;
      const impactStartedAt = impactIn(inputs, 'declare', clock);
      const { id } = await ledger.declare({
        type: 'incident.declared', title, environment,
        detectedBy: inputs.choice('detectedBy', DETECTION_SOURCES) ?? 'monitoring',
        drill: inputs.flag('drill'),
        runbook: { name: book.name, version: book.version },
        ...(impactStartedAt === undefined ? {} : { impactStartedAt }),
      });
      if (severity !== undefined) {
        await ledger.append(id, { type: 'severity.set', severity, reasons: ['Chosen when the incident was declared.'] });
      }
      void preload().catch(() => undefined);
      return { incident: id };
    },
    async acknowledge(args) {
      const incident = read('acknowledge', args).text('incident');
      await step('acknowledge', incident, {});
      const { times } = await ledger.read(incident);
      return { at: times.acknowledged?.at ?? '' };
    },
    async assessSeverity(args) {
      const inputs = read('assessSeverity', args);
      const incident = inputs.text('incident');
      const { override, overrideReason } = args;
      await step('assessSeverity', incident, {
        ...inputs.record('answers'),
        ...(override === undefined ? {} : { override }),
        ...(overrideReason === undefined ? {} : { overrideReason }),
      });
      const { severity, severityReasons } = await ledger.read(incident);
      if (severity === undefined) {
        throw new UserError(`The severity of ${incident} could not be read back. Assess it again.`);
      }
      return { severity, reasons: severityReasons };
    },
    async postUpdate(args) {
      const { incident: _incident, ...inputs } = args;
      const incident = read('postUpdate', args).text('incident');
      return { deliveries: (await step('postUpdate', incident, inputs)).deliveries ?? [] };
    },
    async runStep(args, signal = new AbortController().signal) {
      const inputs = read('runStep', args);
      return runner.run({
        incident: inputs.optionalText('incident'), step: inputs.text('step'), approve: inputs.optionalText('approve'),
        inputs: args['inputs'] === undefined ? undefined : inputs.record('inputs'),
      }, signal);
    },
    async stopWatch(args) {
      const inputs = read('stopWatch', args);
      const incident = inputs.text('incident');
      const going = inputs.optionalText('step') ?? runningWatch(await ledger.read(incident))?.step;
      if (going === undefined) {
        throw new UserError(`Nobody watches the stability of ${incident} at this moment. Start a watch with the step monitorStability.`);
      }
      return runner.stopWatch(incident, going);
    },
    async recordByHand(args) {
      const inputs = read('recordByHand', args);
      return runner.recordByHand(inputs.text('incident'), inputs.text('step'), inputs.text('note'));
    },
    async timeline(args) {
      const incident = read('timeline', args).text('incident');
      return { incident, events: (await ledger.read(incident)).events };
    },
    async list(args) {
      return { incidents: await ledger.list(read('list', args).choice('status', ['open', 'closed'] as const)) };
    },
    async clocks(args) {
      const incident = await ledger.read(read('clocks', args).text('incident'));
      const now = clock.now();
      return {
        clocks: dueSteps(incident, clockRules(await runbook.get())).map(({ id, step: due, title, at }) => {
          const until = Math.max(incident.snoozed.get(id) ?? 0, incident.snoozed.get(due) ?? 0);
          return { id, step: due, title, dueAt: iso(at), overdue: at <= now, ...(until > now ? { snoozedUntil: iso(until) } : {}) };
        }),
      };
    },
    async snooze(args) {
      const inputs = read('snooze', args);
      const incident = inputs.text('incident');
      const until = iso(clock.now() + inputs.count('minutes', { min: 1, max: 1_440, fallback: 5 }) * 60_000);
      await ledger.append(incident, { type: 'reminder.snoozed', step: inputs.text('clock'), until });
      return { until };
    },
    async amend(args) {
      const inputs = read('amend', args);
      const incident = inputs.text('incident');
      const target = inputs.text('event');
      const { events } = await ledger.read(incident);
      const amended = events.find(({ id }) => id === target);
      if (amended === undefined) {
        throw new UserError(`The timeline of ${incident} has no event "${target}".`);
      }
      const event = await ledger.append(incident, { type: 'event.amended', amends: target, changes: amendmentOf(amended, inputs, clock) });
      return { event: event.id };
    },
    async close(args) {
      const inputs = read('close', args);
      const incident = inputs.text('incident');
      const reason = inputs.text('reason');
      const before = await ledger.read(incident);
      if (before.status === 'closed') {
        return { at: before.times.closed?.at ?? '' };
      }
      // A runbook that cannot be read keeps nobody from closing an incident.
      const book = before.resolution === undefined ? await runbook.get().catch(() => undefined) : undefined;
      const unproved = book === undefined ? [] : openBoxes(closureBoxes(before, closureRules(book), clock.now())).map(({ text }) => text);
      const event = await ledger.append(incident, { type: 'incident.closed', reason, ...(unproved.length === 0 ? {} : { unproved }) });
      return { at: event.at };
    },
    async reopen(args) {
      const inputs = read('reopen', args);
      const incident = inputs.text('incident');
      const reason = inputs.text('reason');
      const { times } = await ledger.read(incident);
      if (times.resolved === undefined) {
        throw new UserError(`${incident} is neither closed nor resolved, so it cannot be reopened.`);
      }
      return { at: (await ledger.append(incident, { type: 'incident.reopened', reason })).at };
    },
  };
  return api;
}

/** A minute is left to clocks that differ. @throws UserError when it is in the future */
function impactIn(inputs: Inputs, command: string, clock: Clock): string | undefined {
  const impactStartedAt = inputs.time('impactStartedAt');
  if (impactStartedAt !== undefined && Date.parse(impactStartedAt) > clock.now() + 60_000) {
    throw new UserError(`incidentRunbook.${command}: "impactStartedAt" (${impactStartedAt}) is in the future. Give the time the impact began.`);
  }
  return impactStartedAt;
}

/** What a correction changes. @throws UserError when it changes nothing, or what that event does not have */
function amendmentOf({ type }: TimelineEvent, inputs: Inputs, clock: Clock): EventAmended['changes'] {
  const at = inputs.time('at');
  const text = inputs.optionalText('text');
  const title = inputs.optionalText('title')?.trim();
  const impactStartedAt = impactIn(inputs, 'amend', clock);
  const retracted = inputs.flag('retracted');
  if (at === undefined && text === undefined && title === undefined && impactStartedAt === undefined && !retracted) {
    throw new UserError('incidentRunbook.amend: nothing to correct. Give "at", "text", "title", "impactStartedAt" or "retracted".');
  }
  if ((title !== undefined || impactStartedAt !== undefined) && type !== 'incident.declared') {
    throw new UserError('incidentRunbook.amend: only the declaration has a "title" and an "impactStartedAt". Give its event, the one of type incident.declared.');
  }
  if (text !== undefined && type !== 'finding.documented' && type !== 'event.amended') {
    throw new UserError(`incidentRunbook.amend: only a finding has a "text", not an event of type ${type}.`);
  }
  if (type.startsWith('change.')) {
    throw new UserError('incidentRunbook.amend: what was planned and made is not corrected: whether a change may be made hangs on it. Document a finding that says what is wrong.');
  }
  if (retracted && type === 'incident.declared') {
    throw new UserError('The declaration cannot be retracted. Close the incident instead, and say why.');
  }
  return {
    ...(at === undefined ? {} : { at }), ...(text === undefined ? {} : { text }), ...(title === undefined ? {} : { title }),
    ...(impactStartedAt === undefined ? {} : { impactStartedAt }), ...(retracted ? { retracted } : {}),
  };
}
