/** Runs a step of the runbook and puts what came of it on the timeline, before it returns. */
import { CancelledError, UserError, messageOf } from '../errors.ts';
import type { Clock } from '../incident/clock.ts';
import type { NewEvent, StepResult, TimelineEvent } from '../incident/events.ts';
import { type Evidence, compareLevels, worstLevel } from '../incident/evidence.ts';
import type { Change } from '../incident/changes.ts';
import type { Incident } from '../incident/fold.ts';
import type { JsonObject } from '../incident/plan.ts';
import type { Redactor } from '../incident/redact.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { environmentByKey, investigationSteps, stepById } from '../runbook/query.ts';
import { resolveInputs } from '../runbook/resolve.ts';
import type { Runbook, RunbookStep } from '../runbook/schema.ts';
import { loadAction } from './catalog.ts';
import { Inputs } from './inputs.ts';
import { escapeMarkdown, levelMark, table } from '../incident/markdown.ts';
import { Changing, type Wish } from './changing.ts';
import { type WatchWish, Watching } from './watching.ts';
import { type Outgoing, carryOut } from './posting.ts';
import type { RunListener, RunProgress, RunRequest, RunResult, UndoRequest } from './run.ts';
import type { ChangeAction, Post, PostAction, ReadAction, RecordAction, Services, StepContext } from './step.ts';

export interface RunnerOptions {
  readonly ledger: Ledger;
  /** @throws UserError when the runbook has problems */
  readonly runbook: () => Promise<Runbook>;
  readonly services: () => Services;
  readonly outgoing: Outgoing;
  readonly clock: Clock;
  /** Resolves after ms, or as soon as the signal fires. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** False in Restricted Mode: then no step runs. */
  readonly isTrusted: () => boolean;
  readonly redact: () => Redactor;
  readonly log: (message: string, error?: unknown) => void;
}

export class StepRunner {
  readonly #options: RunnerOptions;
  readonly #listeners = new Set<RunListener>();
  readonly #changing: Changing;
  readonly #watching: Watching;

  constructor(options: RunnerOptions) {
    this.#options = options;
    const { ledger, outgoing, clock, wait, log } = options;
    const tell: RunListener = (progress) => { this.#tell(progress); };
    this.#changing = new Changing({ ledger, outgoing, clock, wait, log, tell, redact: options.redact });
    this.#watching = new Watching({ ledger, origin: () => outgoing.origin(), clock, wait, log, tell });
  }

  onProgress(listener: RunListener): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => { this.#listeners.delete(listener); } };
  }

  /**
   * @throws UserError when incident or step are unknown or the result could not be recorded; what goes wrong
   * inside the step is its result, recorded like any other
   */
  async run(request: RunRequest, signal: AbortSignal): Promise<RunResult> {
    if (!this.#options.isTrusted()) {
      return RESTRICTED;
    }
    const runbook = await this.#options.runbook();
    const step = findStep(runbook, request.step);
    const incident = request.incident === undefined ? undefined : await this.#options.ledger.read(request.incident);
    const context = this.#context(runbook, step, incident);
    const action = await loadAction(step.action);
    if (incident?.status === 'closed' && (action === undefined || !('afterClosing' in action))) {
      return { status: 'refused', summary: `${incident.id} is closed. Reopen it to run "${step.title}".` };
    }
    switch (action?.kind) {
      case undefined:
        return this.#byHand(step, incident, request.inputs);
      case 'record':
        return this.#record(action, context, request.inputs);
      case 'post':
        return this.#post(action, context, request, signal);
      case 'change':
        return this.#change(action, context, request, signal);
      case 'watch':
        return this.#watching.start({ action, context: { ...context, incident: needed(context, request.inputs).incident } }, { ...resolveInputs(step, context.environment), ...request.inputs });
      case 'investigate':
        return this.#investigate(context, request.inputs, signal);
      case 'read': {
        const result = await this.#check(action, context, request.inputs, signal);
        return this.#finish(action.unrecorded === true ? undefined : incident, result);
      }
    }
  }

  /**
   * Plans, and with a hash makes, the way back from a change.
   *
   * @throws UserError when incident or change are unknown
   */
  async undo({ incident, event, approve }: UndoRequest, signal: AbortSignal): Promise<RunResult> {
    const { wish, change } = await this.#changeOf(incident, event);
    if (!this.#options.isTrusted()) {
      return RESTRICTED;
    }
    if (wish.context.incident.status === 'closed') {
      return { status: 'refused', summary: `${incident} is closed. Reopen it to undo "${change.plan.title}".` };
    }
    if (change.state !== 'done' && change.state !== 'left' && change.state !== 'failed') {
      return { status: 'refused', summary: change.state === 'undone' ? `"${change.plan.title}" has been undone already.` : `"${change.plan.title}" has not been made, so there is nothing to undo.` };
    }
    const back = { ...wish, undoes: change, inputs: {} };
    return approve === undefined ? this.#changing.plan(back, signal) : this.#changing.apply(back, approve, signal);
  }

  /** Ends a watch before its time. @throws UserError when none is going on */
  async stopWatch(incident: string, step: string): Promise<RunResult> {
    return this.#watching.stop(await this.#watchOf(incident, step));
  }

  /**
   * Looks what became of a change and follows it to its end, or takes the looks of a watch. Makes nothing.
   *
   * @param event id of any event of the change, or of the watch
   * @returns undefined when another window is at it
   */
  async followUp(incident: string, event: string, signal: AbortSignal): Promise<RunResult | undefined> {
    const watch = (await this.#options.ledger.read(incident)).watches.find(({ id }) => id === event);
    if (watch !== undefined) {
      return this.#options.isTrusted() ? this.#watching.follow(await this.#watchOf(incident, watch.step), watch.id, signal) : RESTRICTED;
    }
    const { wish, change } = await this.#changeOf(incident, event);
    if (!this.#options.isTrusted()) {
      return RESTRICTED;
    }
    if (change.request === undefined) {
      return { status: 'refused', summary: `"${change.plan.title}" has not been applied, so there is nothing to follow.` };
    }
    return this.#changing.followUp(wish, change, signal);
  }

  /**
   * What a step would tell whom, without doing it; undefined for steps that tell nobody.
   *
   * @param assume the incident as it would be then; by default as it is
   * @throws UserError when there would be nothing to send, or not yet
   */
  async preview({ incident, step: id, inputs }: RunRequest, signal: AbortSignal, assume: (incident: Incident) => Incident = (found) => found): Promise<Post | undefined> {
    const runbook = await this.#options.runbook();
    const step = findStep(runbook, id);
    const action = await loadAction(step.action);
    if (action?.kind !== 'post' || incident === undefined || !this.#options.isTrusted()) {
      return undefined;
    }
    const context = this.#context(runbook, step, assume(await this.#options.ledger.read(incident)));
    const given = needed(context, inputs);
    return action.compose({ ...context, incident: given.incident }, given.inputs, signal);
  }

  #change(action: ChangeAction, context: StepContext, { inputs: given, approve }: RunRequest, signal: AbortSignal): Promise<RunResult> {
    const { incident } = needed(context, given);
    const merged = { ...resolveInputs(context.step, context.environment), ...given } as JsonObject;
    const change = incident.changes.findLast(({ plan }) => plan.step === context.step.id && plan.hash === approve);
    const undoes = incident.changes.find(({ id }) => id === change?.plan.undoes);
    const wish: Wish = { action, context: { ...context, incident }, undoes, inputs: undoes !== undefined ? {} : approve !== undefined && given === undefined ? undefined : merged };
    return approve === undefined ? this.#changing.plan(wish, signal) : this.#changing.apply(wish, approve, signal);
  }

  async #changeOf(id: string, event: string): Promise<{ readonly wish: Wish; readonly change: Change }> {
    const [runbook, incident] = await Promise.all([this.#options.runbook(), this.#options.ledger.read(id)]);
    const change = incident.changes.find((candidate) => [candidate.id, candidate.request?.event, candidate.end?.event].includes(event));
    const step = change === undefined ? undefined : findStep(runbook, change.plan.step);
    const action = step === undefined ? undefined : await loadAction(step.action);
    if (change === undefined || step === undefined || action?.kind !== 'change') {
      throw new UserError(`The event "${event}" of ${id} belongs to no change. Give the id of a plan or of the result of a change.`);
    }
    return { change, wish: { action, context: { ...this.#context(runbook, step, incident), incident }, inputs: change.plan.inputs } };
  }

  async #watchOf(id: string, name: string): Promise<WatchWish> {
    const [runbook, incident] = await Promise.all([this.#options.runbook(), this.#options.ledger.read(id)]);
    const step = findStep(runbook, name);
    const action = await loadAction(step.action);
    if (action?.kind !== 'watch') {
      throw new UserError(`"${step.title}" is no step that watches. Name one that does, e.g. monitorStability.`);
    }
    return { action, context: { ...this.#context(runbook, step, incident), incident } };
  }

  #context(runbook: Runbook, step: RunbookStep, incident: Incident | undefined): StepContext {
    const environment = environmentByKey(runbook, incident?.environment);
    return { incident, step, runbook, environment, services: this.#options.services(), clock: this.#options.clock };
  }

  async #check(action: ReadAction, context: StepContext, given: RunRequest['inputs'], signal: AbortSignal): Promise<StepResult> {
    const { step, clock } = context;
    const head = { step: step.id, title: step.title, section: step.section };
    const incident = context.incident?.id;
    const started = clock.now();
    const finished = (result: Omit<StepResult, keyof typeof head | 'durationMs'>): StepResult => {
      const whole = this.#options.redact()<StepResult>({ ...head, ...result, durationMs: clock.now() - started });
      this.#tell({ incident, step: step.id, result: whole });
      return whole;
    };
    this.#tell({ incident, step: step.id });
    try {
      const inputs = new Inputs(`Step "${step.id}"`, { ...resolveInputs(step, context.environment), ...given });
      if (signal.aborted) {
        throw new CancelledError();
      }
      const evidence = await action.run(context, inputs, signal);
      return finished({ outcome: 'done', level: evidence.level, summary: evidence.summary, evidence });
    } catch (error) {
      if (signal.aborted || error instanceof CancelledError) {
        return finished({ outcome: 'cancelled', level: 'unknown', summary: 'Cancelled before it ended' });
      }
      this.#options.log(`${step.id} failed`, error);
      const summary = error instanceof UserError ? error.message : `The step failed unexpectedly: ${messageOf(error)}. See the log, then run it again.`;
      return finished({ outcome: 'failed', level: 'unknown', summary });
    }
  }

  async #investigate(context: StepContext, given: RunRequest['inputs'], signal: AbortSignal): Promise<RunResult> {
    const { runbook, step, incident, clock } = context;
    const started = clock.now();
    const checks = await this.#applicable(context, investigationSteps(runbook));
    const only = new Inputs(`Step "${step.id}"`, { ...given }).list('only', checks.map(({ step: { id } }) => id));
    const unknown = only.filter((id) => !checks.some((check) => check.step.id === id));
    if (unknown.length > 0) {
      throw new UserError(`The investigation has no check "${unknown.join('", "')}". Known: ${checks.map(({ step: { id } }) => id).join(', ')}.`);
    }
    this.#tell({ incident: incident?.id, step: step.id });
    const parts = await Promise.all(checks
      .filter(({ step: { id } }) => only.includes(id))
      .map(({ step: check, action }) => this.#check(action, { ...context, step: check }, undefined, signal)));
    const worstFirst = parts.sort((a, b) =>
      // Of equal gravity, what the investigation itself looked at says more than an alarm about it.
      compareLevels(a.level, b.level) || Number(b.section.startsWith(step.section)) - Number(a.section.startsWith(step.section)));
    const evidence = overview(worstFirst);
    const result: StepResult = {
      step: step.id, title: step.title, section: step.section, outcome: signal.aborted ? 'cancelled' : 'done',
      level: evidence.level, summary: evidence.summary, evidence, durationMs: clock.now() - started,
    };
    this.#tell({ incident: incident?.id, step: step.id, result });
    return this.#finish(incident, result, worstFirst);
  }

  /** The checks that can be made: automated, and their service connected. */
  async #applicable({ services }: StepContext, steps: readonly RunbookStep[]): Promise<{ readonly step: RunbookStep; readonly action: ReadAction }[]> {
    const found = await Promise.all(steps.map(async (step) => {
      const action = await loadAction(step.action);
      const applies = action?.kind === 'read' && (action.needs === undefined || await services.connections.get(action.needs) !== undefined);
      return applies ? { step, action } : undefined;
    }));
    return found.filter((check) => check !== undefined);
  }

  async #finish(incident: Incident | undefined, result: StepResult, parts?: readonly StepResult[]): Promise<RunResult> {
    const recorded = incident === undefined ? undefined : await this.#append(incident, {
      type: 'step.finished', result, ...(parts === undefined ? {} : { parts }),
    });
    return {
      status: result.outcome, level: result.level, summary: result.summary,
      ...(result.evidence === undefined ? {} : { evidence: result.evidence }),
      ...(recorded === undefined ? {} : { event: recorded.id }),
      ...(parts === undefined ? {} : { parts }),
    };
  }

  async #post(action: PostAction, context: StepContext, { inputs: given, seen }: RunRequest, signal: AbortSignal): Promise<RunResult> {
    const { step } = context;
    const { incident, inputs } = needed(context, given);
    const { ledger, outgoing } = this.#options;
    this.#tell({ incident: incident.id, step: step.id });
    try {
      const posted = await carryOut(action, { ...context, incident }, { inputs, seen }, {
        outgoing, append: (event) => this.#append(incident, event), read: () => ledger.read(incident.id),
      }, signal);
      if (typeof posted === 'string') {
        return { status: 'refused', summary: `${posted} is at "${step.title}", or ended it this moment. Look at the timeline before you run it again.` };
      }
      const { result, event, deliveries } = posted;
      return { status: 'done', level: result.level, summary: result.summary, deliveries, ...(event === undefined ? {} : { event }), ...(result.evidence === undefined ? {} : { evidence: result.evidence }) };
    } catch (error) {
      if (signal.aborted || error instanceof CancelledError) {
        return { status: 'cancelled', summary: 'Cancelled before anything was asked for' };
      }
      throw error;
    } finally {
      this.#tell({ incident: incident.id, step: step.id, ended: true });
    }
  }

  async #record(action: RecordAction, context: StepContext, given: RunRequest['inputs']): Promise<RunResult> {
    const { incident, inputs } = needed(context, given);
    const { events, summary } = action.record({ ...context, incident }, inputs);
    let last: TimelineEvent | undefined;
    for (const event of events) {
      last = await this.#append(incident, event);
    }
    return { status: 'done', level: 'ok', summary, ...(last === undefined ? {} : { event: last.id }) };
  }

  /**
   * Records that a person did a step by hand, in their words: what the extension does not carry out itself is
   * on the timeline all the same.
   *
   * @throws UserError when incident or step are unknown or it could not be recorded
   */
  async recordByHand(incident: string, step: string, note: string): Promise<RunResult> {
    const [runbook, folded] = await Promise.all([this.#options.runbook(), this.#options.ledger.read(incident)]);
    const { id, title, section } = findStep(runbook, step);
    const evidence = this.#options.redact()<Evidence>({ level: 'ok', summary: `By hand: ${note.trim()}`, markdown: escapeMarkdown(note.trim()), data: { byHand: true } });
    return this.#finish(folded, { step: id, title, section, outcome: 'done', level: 'ok', summary: evidence.summary, evidence, durationMs: 0 });
  }

  #byHand(step: RunbookStep, incident: Incident | undefined, given: RunRequest['inputs']): Promise<RunResult> {
    const note = given?.['note'];
    if (incident !== undefined && typeof note === 'string' && note.trim() !== '') {
      return this.recordByHand(incident.id, step.id, note);
    }
    return Promise.resolve({
      status: 'refused',
      summary: `"${step.title}" (${step.section}) is done by hand${step.runbookCommand === undefined ? '' : `: ${step.runbookCommand.trim()}`}. Give what came of it as input "note" to record it.`,
    });
  }

  #append(incident: Incident, event: NewEvent): Promise<TimelineEvent> {
    return this.#options.ledger.append(incident.id, event);
  }

  #tell(progress: RunProgress): void {
    this.#listeners.forEach((listener) => { listener(progress); });
  }
}

const RESTRICTED: RunResult = { status: 'refused', summary: 'This workspace is in Restricted Mode, so no step runs. Trust it with "Workspaces: Manage Workspace Trust" and run the step again.' };

/** What a step that writes on the timeline needs. @throws UserError when there is no incident */
function needed({ incident, step, environment }: StepContext, given: RunRequest['inputs']): { readonly incident: Incident; readonly inputs: Inputs } {
  if (incident === undefined) {
    throw new UserError(`"${step.title}" needs an incident. Declare one first.`);
  }
  return { incident, inputs: new Inputs(`Step "${step.id}"`, { ...resolveInputs(step, environment), ...given }) };
}

function findStep(runbook: Runbook, id: string): RunbookStep {
  const step = stepById(runbook, id);
  if (step === undefined) {
    throw new UserError(`The runbook has no step "${id}". Known: ${runbook.steps.map((candidate) => candidate.id).join(', ')}.`);
  }
  return step;
}

function overview(parts: readonly StepResult[]): Evidence {
  const counts = (['bad', 'warn', 'unknown', 'ok'] as const).map((level) => [level, parts.filter((part) => part.level === level).length] as const).filter(([, count]) => count > 0);
  const worst = parts[0];
  const level = worstLevel(parts.map((part) => part.level));
  const verdict = counts.map(([name, count]) => `${count} ${name}`).join(', ');
  return {
    level,
    summary: worst === undefined ? 'The runbook marks no check for the investigation' : `${verdict}${level === 'ok' ? '' : `. Worst: ${worst.title}: ${worst.summary}`}`,
    markdown: table(['', 'Check', 'Section', 'Result', 'Took'], parts.map((part) => [
      levelMark(part.level), escapeMarkdown(part.title), part.section,
      escapeMarkdown(part.outcome === 'failed' ? `Could not run: ${part.summary}` : part.summary), `${part.durationMs}\u00a0ms`,
    ])),
    data: { levels: Object.fromEntries(parts.map((part) => [part.step, part.level])) },
  };
}
