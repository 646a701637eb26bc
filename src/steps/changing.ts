/** Makes changes: shows them first, makes exactly what was shown, and watches until the world has settled (runbook 6, 12). */
import { CancelledError, GoneError, UserError, messageOf } from '../errors.ts';
import { type Change, validApprovals } from '../incident/changes.ts';
import { type Clock, formatDuration, iso } from '../incident/clock.ts';
import type { NewEvent, StepResult, TimelineEvent } from '../incident/events.ts';
import type { Level } from '../incident/evidence.ts';
import type { Incident } from '../incident/fold.ts';
import type { Redactor } from '../incident/redact.ts';
import { type JsonObject, PLAN_FRESH_MS, type Plan, isIntact } from '../incident/plan.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { withoutPeriod } from '../text.ts';
import { changeEvidence, makePlan, whatChanged } from './planning.ts';
import type { Outgoing } from './posting.ts';
import type { RunListener, RunResult } from './run.ts';
import type { ChangeAction, ChangeContext, Outlook } from './step.ts';

export interface ChangingOptions {
  readonly ledger: Ledger;
  readonly outgoing: Outgoing;
  readonly clock: Clock;
  /** Resolves after ms, or as soon as the signal fires. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: (message: string, error?: unknown) => void;
  readonly redact: () => Redactor;
  readonly tell: RunListener;
}

/** What is asked for: a step with its inputs, or the way back from a change. */
export interface Wish {
  readonly action: ChangeAction;
  readonly context: ChangeContext;
  /** As the caller gave them; unset when only a hash was given. */
  readonly inputs?: JsonObject | undefined;
  readonly undoes?: Change | undefined;
}

/** For so long a window follows a change before it says again that it does, ms; another takes over after that. */
const LEASE_MS = 30_000;
/** For so long a call may be on its way that nobody has written down as made, ms: as long as a step stays claimed. */
const MAKING_MS = 120_000;
const LOOK_EVERY_MS = 2_000;
const FOLLOW_MS = 30 * 60_000;
/** So many looks in a row may fail: a network comes back. */
const BLIND_LOOKS = 5;

export class Changing {
  readonly #options: ChangingOptions;
  /** Ids of the changes that this window makes or follows. */
  readonly #live = new Set<string>();

  constructor(options: ChangingOptions) {
    // What is said to people is hidden as what is written down.
    this.#options = { ...options, tell: (progress) => { options.tell(options.redact()(progress)); } };
  }

  /** Plans and records the plan; nothing is changed. */
  async plan(wish: Wish, signal: AbortSignal, why?: string): Promise<RunResult> {
    return refusing(async () => this.#recorded(wish, await makePlan(wish, signal), why));
  }

  /**
   * Makes the change that a plan on the timeline says, if it is fresh, if the world is still the one that was shown, and
   * if everybody who must agree has.
   */
  async apply(wish: Wish, hash: string, signal: AbortSignal): Promise<RunResult> {
    const { context: { incident, step } } = wish;
    const { clock, ledger, log, outgoing } = this.#options;
    const known = planned(incident, step.id, hash);
    if (typeof known === 'string') {
      return { status: 'refused', summary: known };
    }
    const age = clock.now() - Date.parse(known.plannedAt);
    if (age > PLAN_FRESH_MS) {
      return this.#anew(wish, known, `The plan is ${formatDuration(age)} old, so it was not applied`, signal);
    }
    return refusing(async () => {
      const turn = await outgoing.claim(incident, step.id);
      if (!turn.won) {
        return { status: 'refused', summary: `${turn.by} is at "${step.title}", or ended it this moment. Look at the timeline before you apply it.` };
      }
      let made: Made | RunResult;
      try {
        // What somebody else did while this one waited for its turn is seen.
        const context = { ...wish.context, incident: await ledger.read(incident.id) };
        const change = planned(context.incident, step.id, hash);
        if (typeof change === 'string') {
          return { status: 'refused', summary: change };
        }
        const plan = await makePlan({ ...wish, context, inputs: wish.inputs ?? inputsOf(change) }, signal);
        if (plan.hash !== hash) {
          return await this.#recorded(wish, plan, `Not applied: ${whatChanged(change.plan, plan)}. This is a new plan`, 'refused');
        }
        const unseen = this.#unseen(change.plan, plan);
        if (unseen !== undefined) {
          return await this.#recorded(wish, plan, `Not applied: ${unseen}. This is a new plan`, 'refused');
        }
        const missing = agreementMissing(plan, change, clock.now());
        if (missing !== undefined) {
          return { status: 'refused', summary: missing, plan, change: change.id };
        }
        if (signal.aborted) {
          throw new CancelledError();
        }
        made = await this.#make({ ...wish, context }, change.id, plan);
      } finally {
        // What was made is not taken back by this: the claim runs out by itself.
        await turn.release().catch((error: unknown) => { log(`${step.id} could not be released`, error); });
      }
      if ('status' in made) {
        return made;
      }
      const { id, end, trouble } = made;
      const told = [trouble, turn.note].filter((note) => note !== undefined).join(' ');
      return end ?? await this.#follow(wish, { ...made, ...(told === '' ? {} : { trouble: told }) }, signal).catch((error: unknown) => this.#unrecorded(wish, { id, plan: made.plan }, error));
    });
  }

  /**
   * Looks what became of a change and follows it to its end; makes nothing.
   *
   * @returns undefined when another window is at it
   */
  async followUp(wish: Wish, change: Change, signal: AbortSignal): Promise<RunResult | undefined> {
    const { incident } = wish.context;
    if (this.#live.has(change.id) || await this.#lease(incident.id, change.id) === 'lost') {
      return undefined;
    }
    return this.#follow(wish, {
      id: change.id, plan: change.plan, result: change.made?.result, interrupted: change.end === undefined, endedBefore: change.end?.event,
      ...(change.made === undefined && change.request !== undefined ? { makingUntil: Date.parse(change.request.at) + MAKING_MS } : {}),
    }, signal);
  }

  /** What a person was not shown, although it is the same change. Numbers move by themselves. */
  #unseen(shown: Plan, now: Plan): string | undefined {
    const dangers = ({ hazards }: Plan): string[] => hazards.filter(({ level }) => level === 'danger').map(({ text }) => text.replace(/\d+/g, '0'));
    const known = dangers(shown);
    return shown.undo.possible && !now.undo.possible ? 'it can no longer be undone'
      : dangers(this.#options.redact()(now)).some((text) => !known.includes(text)) ? 'since the plan was shown, a danger was found' : undefined;
  }

  async #recorded({ context: { incident, step } }: Wish, plan: Plan, why?: string, status: 'planned' | 'refused' = 'planned'): Promise<RunResult> {
    const { ledger, outgoing } = this.#options;
    const { id } = await ledger.append(incident.id, { type: 'change.planned', plan, origin: await outgoing.origin() });
    this.#options.tell({ incident: incident.id, step: step.id, change: id });
    return { status, summary: why === undefined ? plan.summary : `${why}: ${plan.summary}`, plan, event: id, change: id };
  }

  #anew(wish: Wish, change: Change, why: string, signal: AbortSignal): Promise<RunResult> {
    return refusing(async () => this.#recorded(wish, await makePlan({ ...wish, inputs: wish.inputs ?? inputsOf(change) }, signal), `${why}. This is a new plan`, 'refused'));
  }

  /** From here on nothing is cancelled: a change half made is worse than one made. */
  async #make({ action, context }: Wish, id: string, plan: Plan): Promise<Made | RunResult> {
    const { ledger, log, outgoing } = this.#options;
    const { incident, step } = context;
    this.#live.add(id);
    try {
      await this.#lease(incident.id, id);
      // Should this fail, nothing has been sent: it is refused.
      await ledger.append(incident.id, { type: 'change.requested', plan: id, hash: plan.hash, origin: await outgoing.origin() });
      try {
        this.#options.tell({ incident: incident.id, step: step.id, change: id });
        const result = await action.apply(context, plan).catch((error: unknown) => {
          log(`${step.id} could not be applied`, error);
          return new Failure(error);
        });
        if (result instanceof Failure) {
          return await this.#afterFailure({ action, context }, id, plan, result.error);
        }
        const record = () => ledger.append(incident.id, { type: 'change.made', plan: id, result });
        // Following and undoing need the answer, which nobody can ask for again.
        await record().catch(record);
        return { id, plan, result, interrupted: false };
      } catch (error) {
        return this.#unrecorded({ action, context }, { id, plan }, error);
      }
    } finally {
      this.#live.delete(id);
    }
  }

  /** Once it was asked for, no error is a refusal: it was made, or may have been. */
  #unrecorded({ context: { step } }: Wish, { id, plan }: Pick<Made, 'id' | 'plan'>, error: unknown): RunResult {
    this.#options.log(`${step.id} could not be recorded`, error);
    return { status: 'failed', level: 'unknown', summary: `It was asked for, and what became of it could not be written down: ${messageOf(error)} Look at it again from the tree before you plan it anew.`, plan, change: id };
  }

  /** A call that failed may have been carried out: the world is asked, and nothing is called again. */
  async #afterFailure({ action, context }: Wish, id: string, plan: Plan, error: unknown): Promise<Made> {
    const why = error instanceof UserError ? error.message : `It failed unexpectedly: ${messageOf(error).replace(/\.*$/, '.')}`;
    const outlook = await action.look(context, plan, undefined, new AbortController().signal)
      .catch((failure: unknown): Outlook => ({ state: 'unclear', summary: `What became of it could not be seen either: ${messageOf(failure)}` }));
    if (outlook.state === 'underway' || outlook.state === 'done') {
      await this.#options.ledger.append(context.incident.id, { type: 'change.made', plan: id, result: {} });
      return { id, plan, result: undefined, interrupted: false, trouble: why };
    }
    const nothing = outlook.state === 'not made' ? `Nothing was changed. ${why}` : `${why} ${outlook.summary}`;
    return { id, plan, result: undefined, interrupted: false, end: await this.#end(context, id, plan, { ...outlook, summary: nothing, state: outlook.state === 'not made' ? 'failed' : outlook.state }, 0) };
  }

  async #follow({ action, context }: Wish, { id, plan, result, interrupted, trouble, makingUntil = 0, endedBefore }: Made, signal: AbortSignal): Promise<RunResult> {
    const { clock, log, wait } = this.#options;
    const { incident, step } = context;
    const started = clock.now();
    let leased = started;
    let blind = 0;
    let last: Outlook = { state: 'underway', summary: 'nothing seen yet' };
    this.#live.add(id);
    try {
      for (;;) {
        try {
          last = await action.look(context, plan, result, signal);
          blind = 0;
        } catch (error) {
          blind += 1;
          log(`${step.id} could not be looked at`, error);
          last = blind < BLIND_LOOKS ? last : { state: 'unclear', summary: `What became of it cannot be seen: ${messageOf(error)}` };
        }
        this.#options.tell({ incident: incident.id, step: step.id, change: id, outlook: last });
        if (last.state === 'not made' && clock.now() < makingUntil) {
          // Whoever asked for it may be alive, in another window or on another machine.
          last = { ...last, state: 'underway', summary: `Not made yet, and perhaps being made this moment. ${last.summary}` };
        }
        if (last.state === 'not made') {
          last = { ...last, state: 'failed', summary: interrupted ? `It was interrupted before it was made, and nothing has changed. ${last.summary}` : last.summary };
        }
        if (last.state !== 'underway') {
          const begun = interrupted && last.state === 'done' ? 'Looked at again after an interruption: ' : '';
          const failed = trouble === undefined ? '' : `${last.summary.endsWith('.') ? '' : '.'} While it was made: ${trouble}`;
          return await this.#end(context, id, plan, { ...last, summary: `${begun}${last.summary}${failed}` }, clock.now() - started);
        }
        if (signal.reason instanceof GoneError) {
          // The next window goes on: nobody chose to stop watching.
          return { status: 'cancelled', summary: last.summary, plan, change: id };
        }
        if (signal.aborted || clock.now() - started > (action.followMs ?? FOLLOW_MS)) {
          return await this.#left(context, id, plan, last, clock.now() - started, signal.aborted);
        }
        if (clock.now() - leased > LEASE_MS) {
          const taken = await this.#lease(incident.id, id) === 'lost';
          if (taken || (await this.#options.ledger.read(incident.id)).changes.find((change) => change.id === id)?.end?.event !== endedBefore) {
            return { status: 'cancelled', summary: `Another window follows it now: ${last.summary}`, plan, change: id };
          }
          leased = clock.now();
        }
        await wait(action.lookEveryMs ?? LOOK_EVERY_MS, signal);
      }
    } finally {
      this.#live.delete(id);
    }
  }

  #lease(incident: string, change: string): Promise<'won' | 'resumed' | 'lost'> {
    const { clock, ledger } = this.#options;
    return ledger.claimDelivery(incident, change, iso(clock.now() + LEASE_MS));
  }

  /** Nobody watches any more; what was begun goes on. */
  #left(context: ChangeContext, id: string, plan: Plan, last: Outlook, took: number, cancelled: boolean): Promise<RunResult> {
    const why = cancelled ? 'No longer watched' : `Not settled after ${formatDuration(took)}`;
    return this.#record(context, id, plan, { ...last, summary: `${why}: ${withoutPeriod(last.summary)}. What was begun goes on by itself; look at it again from the tree` }, 'cancelled', 'warn', took);
  }

  #end(context: ChangeContext, id: string, plan: Plan, outlook: Outlook, took: number): Promise<RunResult> {
    const [outcome, level] = outlook.state === 'done' ? ['done', 'ok'] as const : outlook.state === 'unclear' ? ['failed', 'unknown'] as const : ['failed', 'bad'] as const;
    return this.#record(context, id, plan, outlook, outcome, level, took);
  }

  async #record({ step, incident }: ChangeContext, id: string, plan: Plan, outlook: Outlook, outcome: StepResult['outcome'], level: Level, durationMs: number): Promise<RunResult> {
    const evidence = changeEvidence(plan, outlook, level);
    const result = this.#options.redact()<StepResult>({ step: step.id, title: step.title, section: step.section, outcome, level, summary: outlook.summary, evidence, durationMs });
    const { id: event } = await this.#append(incident, { type: 'step.finished', result, change: id });
    this.#options.tell({ incident: incident.id, step: step.id, change: id, result });
    return { status: outcome, level, summary: result.summary, evidence: result.evidence ?? evidence, event, plan, change: id };
  }

  #append(incident: Incident, event: NewEvent): Promise<TimelineEvent> {
    return this.#options.ledger.append(incident.id, event);
  }
}

/** Why a call failed, whatever was thrown. */
class Failure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

interface Made {
  readonly id: string;
  readonly plan: Plan;
  readonly result: JsonObject | undefined;
  /** Whether the window that made it is gone. */
  readonly interrupted: boolean;
  /** Until when somebody may still be making it, epoch ms. */
  readonly makingUntil?: number;
  /** The event that says how it ended so far. */
  readonly endedBefore?: string | undefined;
  /** What went wrong while it was made, although it was, or a part of it. A sentence. */
  readonly trouble?: string;
  /** Set when it has ended already. */
  readonly end?: RunResult;
}

/** The newest plan with this hash that nobody has applied, or why there is none. */
function planned({ changes }: Incident, step: string, hash: string): Change | string {
  const found = changes.findLast(({ plan }) => plan.step === step && plan.hash === hash);
  if (found === undefined) {
    return `No plan of "${step}" with the hash ${hash.slice(0, 8)} is on the timeline, so nothing was applied. Plan it first, and approve the hash of that plan.`;
  }
  const twin = changes.find(({ id, plan, request, end }) => id !== found.id && plan.step === step && plan.hash === hash && request !== undefined && (end === undefined || end.at >= found.plannedAt));
  if (found.request === undefined && twin?.request !== undefined) {
    return `${twin.request.actor.name} has applied the same plan at ${twin.request.at.slice(11, 19)} UTC${twin.end === undefined ? ', and it is under way' : ', after this one was shown'}. Look what became of that first, then plan it anew to do it once more.`;
  }
  return found.request === undefined ? found : `${found.request.actor.name} has applied this plan at ${found.request.at.slice(11, 19)} UTC already. Plan it anew to do it once more.`;
}

/** @throws UserError when the plan was recorded with something hidden, so that nobody can say what it was made of */
function inputsOf({ plan }: Change): JsonObject {
  if (!isIntact(plan)) {
    throw new UserError('The plan holds something that was hidden when it was recorded. Plan it again, and apply it with the same inputs.');
  }
  return plan.inputs;
}

function agreementMissing(plan: Plan, change: Change, now: number): string | undefined {
  if ((plan.approval !== 'twoPeople' && change.plan.approval !== 'twoPeople') || validApprovals(change, now).length > 0) {
    return undefined;
  }
  if (change.login === undefined) {
    return 'A second person must approve this plan on the ticket, and it is on no ticket yet. Create the ticket and connect GitHub, or plan again once GitHub can be reached.';
  }
  const own = change.approvals.some(({ login }) => login === change.login);
  const expired = change.approvals.some(({ login, until }) => login !== change.login && until <= now);
  return own ? 'You cannot approve your own plan: a second person, with another GitHub account, must.'
    : expired ? 'The approval has expired. Ask for it again.'
      : 'A second person must approve this plan first. It is on the ticket; ask somebody to open it and approve it.';
}

/** What must not be done is a result, with its fix; what goes wrong unexpectedly is thrown. */
async function refusing(work: () => Promise<RunResult>): Promise<RunResult> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CancelledError) {
      return { status: 'cancelled', summary: 'Cancelled before anything was changed' };
    }
    if (error instanceof UserError) {
      return { status: 'refused', summary: error.message, ...(error.action === undefined ? {} : { fix: error.action }) };
    }
    throw error;
  }
}
