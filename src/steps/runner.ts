/** Runs a step of the runbook and puts what came of it on the timeline, before it returns. */
import { CancelledError, UserError, messageOf } from '../errors.ts';
import type { Clock } from '../incident/clock.ts';
import type { DeliveryReport } from '../incident/deliveries.ts';
import type { NewEvent, StepResult, TimelineEvent } from '../incident/events.ts';
import { type Evidence, type Level, compareLevels, worstLevel } from '../incident/evidence.ts';
import type { Incident } from '../incident/fold.ts';
import type { Redactor } from '../incident/redact.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { environmentByKey, investigationSteps, stepById } from '../runbook/query.ts';
import { resolveInputs } from '../runbook/resolve.ts';
import type { Runbook, RunbookStep } from '../runbook/schema.ts';
import { loadAction } from './catalog.ts';
import { Inputs } from './inputs.ts';
import { escapeMarkdown, levelMark, table } from '../incident/markdown.ts';
import { type Outgoing, carryOut } from './posting.ts';
import type { Post, PostAction, ReadAction, RecordAction, Services, StepContext } from './step.ts';

export interface RunRequest {
  /** Unset for a check before anything is declared: then nothing is recorded. */
  readonly incident?: string | undefined;
  readonly step: string;
  readonly inputs?: Readonly<Record<string, unknown>> | undefined;
  /** What `preview` gave and a person agreed to. */
  readonly seen?: Post | undefined;
}

export type RunStatus = 'done' | 'failed' | 'refused' | 'planned' | 'cancelled';

/** What `incidentRunbook.runStep` returns. */
export interface RunResult {
  readonly status: RunStatus;
  readonly level?: Level;
  readonly summary: string;
  readonly evidence?: Evidence;
  /** The timeline event that holds the result, when one was recorded. */
  readonly event?: string;
  /** Worst first; of `investigate` only. */
  readonly parts?: readonly StepResult[];
  /** What was to leave the machine, and how far it got; of steps that reach people only. */
  readonly deliveries?: readonly DeliveryReport[];
}

/** Told when a step begins (no result yet) and when it ends: with its result, or without one worth showing. */
export type RunListener = (progress: { readonly incident: string | undefined; readonly step: string; readonly result?: StepResult; readonly ended?: boolean }) => void;

export interface RunnerOptions {
  readonly ledger: Ledger;
  /** @throws UserError when the runbook has problems */
  readonly runbook: () => Promise<Runbook>;
  readonly services: () => Services;
  readonly outgoing: Outgoing;
  readonly clock: Clock;
  /** False in Restricted Mode: then no step runs. */
  readonly isTrusted: () => boolean;
  readonly redact: () => Redactor;
  readonly log: (message: string, error?: unknown) => void;
}

export class StepRunner {
  readonly #options: RunnerOptions;
  readonly #listeners = new Set<RunListener>();

  constructor(options: RunnerOptions) {
    this.#options = options;
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
      return { status: 'refused', summary: 'This workspace is in Restricted Mode, so no step runs. Trust it with "Workspaces: Manage Workspace Trust" and run the step again.' };
    }
    const runbook = await this.#options.runbook();
    const step = findStep(runbook, request.step);
    const incident = request.incident === undefined ? undefined : await this.#options.ledger.read(request.incident);
    if (incident?.status === 'closed') {
      return { status: 'refused', summary: `${incident.id} is closed. Reopen it to run "${step.title}".` };
    }
    const context = this.#context(runbook, step, incident);
    const action = await loadAction(step.action);
    switch (action?.kind) {
      case undefined:
        return this.#byHand(step, incident, request.inputs);
      case 'record':
        return this.#record(action, context, request.inputs);
      case 'post':
        return this.#post(action, context, request, signal);
      case 'investigate':
        return this.#investigate(context, request.inputs, signal);
      case 'read': {
        const result = await this.#check(action, context, request.inputs, signal);
        return this.#finish(incident, result);
      }
    }
  }

  /**
   * What a step would tell whom, without doing it; undefined for steps that tell nobody.
   *
   * @throws UserError when there would be nothing to send, or not yet
   */
  async preview({ incident, step: id, inputs }: RunRequest, signal: AbortSignal): Promise<Post | undefined> {
    const runbook = await this.#options.runbook();
    const step = findStep(runbook, id);
    const action = await loadAction(step.action);
    if (action?.kind !== 'post' || incident === undefined || !this.#options.isTrusted()) {
      return undefined;
    }
    const context = this.#context(runbook, step, await this.#options.ledger.read(incident));
    const given = needed(context, inputs);
    return action.compose({ ...context, incident: given.incident }, given.inputs, signal);
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
        return { status: 'refused', summary: `${posted} is at "${step.title}" this moment. Look at the timeline before you run it again.` };
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

  #tell(progress: Parameters<RunListener>[0]): void {
    this.#listeners.forEach((listener) => { listener(progress); });
  }
}

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
