/** What a step is asked for and what it gives: the shapes of `incidentRunbook.runStep` and `undoStep`. */
import type { ErrorAction } from '../errors.ts';
import type { DeliveryReport } from '../incident/deliveries.ts';
import type { StepResult } from '../incident/events.ts';
import type { Evidence, Level } from '../incident/evidence.ts';
import type { Plan } from '../incident/plan.ts';
import type { Outlook, Post } from './step.ts';

export interface RunRequest {
  /** Unset for a check before anything is declared: then nothing is recorded. */
  readonly incident?: string | undefined;
  readonly step: string;
  readonly inputs?: Readonly<Record<string, unknown>> | undefined;
  /** What `preview` gave and a person agreed to. */
  readonly seen?: Post | undefined;
  /** Hash of the plan that is to be applied; without one a change is only planned. */
  readonly approve?: string | undefined;
}

export interface UndoRequest {
  readonly incident: string;
  /** Id of any event of the change: its plan, or its end. */
  readonly event: string;
  readonly approve?: string | undefined;
}

export type RunStatus = 'done' | 'failed' | 'refused' | 'planned' | 'cancelled';

/** What `incidentRunbook.runStep` returns. */
export interface RunResult {
  readonly status: RunStatus;
  readonly level?: Level;
  readonly summary: string;
  readonly evidence?: Evidence;
  /** The timeline event that holds the result or the plan, when one was recorded. */
  readonly event?: string;
  /** Worst first; of `investigate` only. */
  readonly parts?: readonly StepResult[];
  /** What was to leave the machine, and how far it got; of steps that reach people only. */
  readonly deliveries?: readonly DeliveryReport[];
  /** Of changes: what would be done, or what was. */
  readonly plan?: Plan;
  /** Id of the change, which is that of its `change.planned`. */
  readonly change?: string;
  /** What a refused caller can do about it. */
  readonly fix?: ErrorAction;
}

export interface RunProgress {
  readonly incident: string | undefined;
  readonly step: string;
  readonly result?: StepResult;
  readonly ended?: boolean;
  /** Id of the change that is followed, and how far it is. */
  readonly change?: string;
  readonly outlook?: Outlook;
}

/** Told when a step begins (no result yet), how it goes on, and when it ends: with its result, or without one worth showing. */
export type RunListener = (progress: RunProgress) => void;
