/** Changes production for a person: shows the plan, asks once more, tells how it goes on, and offers the way back (runbook 6, 12). */
import * as vscode from 'vscode';
import type { ChangesApi } from '../api/changes-api.ts';
import { t } from '../l10n.ts';
import { createChoosing } from './choosing.ts';
import { UserError } from '../errors.ts';
import type { Change } from '../incident/changes.ts';
import { type Clock, timeOfDay } from '../incident/clock.ts';
import type { Level } from '../incident/evidence.ts';
import type { StepResult } from '../incident/events.ts';
import { escapeMarkdown } from '../incident/markdown.ts';
import { isIntact } from '../incident/plan.ts';
import type { Redactor } from '../incident/redact.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { Inputs } from '../steps/inputs.ts';
import type { RunResult } from '../steps/run.ts';
import type { StepRunner } from '../steps/runner.ts';
import { type ChangeOffer, OFFERS, offersOf, standingOf } from '../views/change-offers.ts';
import { planOf } from '../views/document-provider.ts';
import type { LiveChanges } from '../views/live-changes.ts';
import type { Node } from '../views/nodes.ts';
import { confirmation } from '../views/plan-document.ts';

type Arguments = Readonly<Record<string, unknown>>;
type Row = Pick<Node, 'incident' | 'change'>;

/** A change of an incident that a person means. */
interface Meant {
  readonly incident: string;
  readonly change: Change;
}

export interface ChangeFlowOptions {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly runner: Pick<StepRunner, 'run' | 'onProgress'>;
  readonly live: LiveChanges;
  readonly redact: () => Redactor;
  /** Id of this installation. */
  readonly origin: () => Promise<string>;
  /** Opens a plan beside the code. */
  readonly show: (incident: string, change: string, title: string) => Promise<void>;
  readonly api: ChangesApi;
  /** Asks for the inputs of a step anew, and plans it. */
  readonly planStep: (step: string, row: Pick<Node, 'incident'>) => Promise<unknown>;
}

export function createChangeFlow({ clock, ledger, runner, live, redact, origin, show, api, planStep }: ChangeFlowOptions) {
  const { incidentFor } = createChoosing({ ledger, clock });
  const asking = () => import('../views/ask.ts');

  /** Plans a step and opens the plan; nothing is changed. */
  async function plan(incident: string, step: string, title: string, inputs: Arguments | undefined): Promise<RunResult> {
    return shown(incident, title, await planning(title, (signal) => runner.run({ incident, step, inputs }, signal)));
  }

  async function apply(row: Row | undefined): Promise<RunResult | undefined> {
    const meant = await changeFor(row, 'apply');
    if (meant === undefined) {
      return undefined;
    }
    const { incident, change } = meant;
    const sight = await sightOf(change);
    if (!offersOf(change, sight).includes('apply')) {
      await open(meant);
      throw new UserError(t('"{0}" is {1}.', change.plan.title, standingOf(change, sight)), offersOf(change, sight).includes('planAnew') ? { action: button('planAnew', meant) } : {});
    }
    if (!await agreed(change)) {
      return undefined;
    }
    const { step, hash, title } = change.plan;
    return ended(incident, title, change.id, await following(change, (signal) => runner.run({ incident, step, approve: hash }, signal)));
  }

  /** Agrees to somebody else's plan. */
  async function approve(row: Row | undefined): Promise<void> {
    const meant = await changeFor(row, 'approve');
    if (meant === undefined) {
      return;
    }
    const { incident, change } = meant;
    const question = t('Approve what {0} plans for {1}?', change.actor.name, change.plan.target.environment);
    const yes = t('Approve');
    const { detail } = confirmation(change);
    if (await vscode.window.showWarningMessage(question, { modal: true, detail: redact()(detail) }, yes) !== yes) {
      return;
    }
    const { until } = await api.approve({ incident, hash: change.plan.hash });
    void vscode.window.showInformationMessage(t('You approved "{0}". {1} may apply exactly this plan until {2}.', change.plan.title, change.actor.name, timeOfDay(until)));
  }

  /** The same wish, looked at again. */
  async function planAnew(row: Row | undefined): Promise<unknown> {
    const meant = await changeFor(row, 'planAnew');
    if (meant === undefined) {
      return undefined;
    }
    const { incident, change: { plan: old } } = meant;
    if (old.undoes !== undefined) {
      return planUndo(incident, old.undoes, old.title);
    }
    // What was hidden when the plan was recorded is asked for again.
    return isIntact(old) ? plan(incident, old.step, old.title, old.inputs) : planStep(old.step, { incident });
  }

  async function undo(row: Row | undefined): Promise<RunResult | undefined> {
    const meant = await changeFor(row, 'undo');
    return meant === undefined ? undefined : planUndo(meant.incident, meant.change.id, t('Undo: {0}', meant.change.plan.title));
  }

  async function planUndo(incident: string, event: string, title: string): Promise<RunResult> {
    return shown(incident, title, await planning(title, (signal) => api.undo({ incident, event }, signal)));
  }

  /** Looks what became of it; makes nothing. */
  async function follow(row: Row | undefined): Promise<RunResult | undefined> {
    const meant = await changeFor(row, 'look');
    if (meant === undefined) {
      return undefined;
    }
    const { incident, change } = meant;
    return ended(incident, change.plan.title, change.id, await following(change, (signal) => api.follow({ incident, event: change.id }, signal)));
  }

  async function stop(row: Row | undefined): Promise<void> {
    const meant = await changeFor(row, 'stop');
    if (meant !== undefined) {
      live.stop(meant.change.id);
    }
  }

  /** A person looked, and says what became of it. */
  async function record(row: Row | undefined): Promise<void> {
    const meant = await changeFor(row, 'record');
    if (meant !== undefined && !offersOf(meant.change, await sightOf(meant.change)).includes('record')) {
      throw new UserError(t('"{0}" is {1}, so there is nothing to record.', meant.change.plan.title, standingOf(meant.change, await sightOf(meant.change))));
    }
    const outcome = meant === undefined ? undefined : await vscode.window.showQuickPick(outcomes(), { title: meant.change.plan.title, placeHolder: t('What became of it? Look at the real thing first.') });
    const { askText } = await asking();
    const note = outcome === undefined ? undefined : await askText(t('Record What Became of It'), t('What did you see, and where?'));
    if (meant === undefined || outcome === undefined || note === undefined) {
      return;
    }
    const { step, title, section } = meant.change.plan;
    const summary = `${outcome.said}, seen by a person: ${note.trim()}`;
    const result: StepResult = {
      step, title, section, outcome: outcome.outcome, level: outcome.level, summary, durationMs: 0,
      evidence: { level: outcome.level, summary, markdown: escapeMarkdown(note.trim()), data: { byHand: true } },
    };
    await ledger.append(meant.incident, { type: 'step.finished', result, change: meant.change.id });
  }

  async function openPlan(row: Row | undefined): Promise<void> {
    const meant = await changeFor(row, undefined);
    if (meant !== undefined) {
      await open(meant);
    }
  }

  /** `{ incident, event }`, any event of a change → `{ change }`: opens its plan. */
  async function openPlanOf(args: Arguments): Promise<{ readonly change: string }> {
    const given = new Inputs('incidentRunbook.openPlan', args);
    const [incident, event] = [given.text('incident'), given.text('event')];
    const change = (await ledger.read(incident)).changes.find(({ id, request, end }) => [id, request?.event, end?.event].includes(event));
    if (change === undefined) {
      throw new UserError(`The event "${event}" of ${incident} belongs to no change.`);
    }
    await open({ incident, change });
    return { change: change.id };
  }

  function open({ incident, change }: Meant): Promise<void> {
    return show(incident, change.id, change.plan.title);
  }

  /** The change of the row, of the plan in the editor, the only one, or the one chosen. */
  async function changeFor(row: Row | undefined, offer: ChangeOffer | undefined): Promise<Meant | undefined> {
    const uri = vscode.window.activeTextEditor?.document.uri;
    const inEditor = row !== undefined || uri === undefined ? undefined : planOf(uri);
    const incident = inEditor?.incident ?? await incidentFor(row, t('A change of which incident?'));
    if (incident === undefined) {
      return undefined;
    }
    const { changes } = await ledger.read(incident);
    const named = changes.find(({ id }) => id === (row?.change ?? inEditor?.change));
    if (named !== undefined) {
      return { incident, change: named };
    }
    const sights = await Promise.all(changes.map(async (change) => ({ change, sight: await sightOf(change) })));
    const possible = sights.filter(({ change, sight }) => offer === undefined || offersOf(change, sight).includes(offer)).toReversed();
    if (possible.length === 0) {
      throw new UserError(NOTHING[offer ?? 'planAnew']?.() ?? t('No change of {0} can be treated like that.', incident));
    }
    const chosen = possible.length === 1 ? possible[0] : await vscode.window.showQuickPick(
      possible.map(({ change, sight }) => ({ label: change.plan.title, description: `${timeOfDay(change.plannedAt)} · ${standingOf(change, sight)}`, detail: change.plan.summary, change })),
      { title: t('Changes'), placeHolder: t('Which one?'), matchOnDescription: true, matchOnDetail: true },
    );
    return chosen === undefined ? undefined : { incident, change: chosen.change };
  }

  async function sightOf({ id }: Change) {
    return { now: clock.now(), origin: await origin(), ...live.seen(id) };
  }

  async function agreed(change: Change): Promise<boolean> {
    // Whoever planned it was shown the plan; anybody else is asked.
    if (change.plan.approval === 'none' && change.origin === await origin()) {
      return true;
    }
    const { message, detail, button: verb } = confirmation(change);
    return await vscode.window.showWarningMessage(message, { modal: true, detail: redact()(detail) }, verb) === verb;
  }

  /** Looking can be given up at any time. */
  function planning(title: string, work: (signal: AbortSignal) => Promise<RunResult>): Thenable<RunResult> {
    return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: t('Planning: {0}', title), cancellable: true }, (_progress, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => { abort.abort(); });
      return work(abort.signal);
    });
  }

  /** Tells how a change goes on; what is begun goes on though nobody watches. */
  function following({ id, plan: { title } }: Change, work: (signal: AbortSignal) => Promise<RunResult>): Thenable<RunResult> {
    return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: t('{0} (Cancel only stops watching)', title), cancellable: true }, async (progress, token) => {
      const abort = new AbortController();
      const finish = live.begin(id, abort);
      let reported = 0;
      const subscriptions = [
        token.onCancellationRequested(() => { abort.abort(); }),
        runner.onProgress(({ change, outlook }) => {
          if (change === id && outlook !== undefined) {
            const percent = Math.max(reported, (outlook.portion ?? 0) * 100);
            progress.report({ message: outlook.summary, increment: percent - reported });
            reported = percent;
          }
        }),
      ];
      try {
        return await work(abort.signal);
      } finally {
        subscriptions.forEach((subscription) => { subscription.dispose(); });
        finish();
      }
    });
  }

  /** What came of planning. @throws UserError when it was refused */
  async function shown(incident: string, title: string, result: RunResult): Promise<RunResult> {
    if (result.status === 'planned' && result.change !== undefined) {
      await show(incident, result.change, result.plan?.title ?? title);
    } else if (result.status === 'refused' || result.status === 'failed') {
      throw refusal(title, result);
    }
    return result;
  }

  /** What came of applying or following, said once, with what can be done next. */
  async function ended(incident: string, title: string, change: string, result: RunResult): Promise<RunResult> {
    if (result.status === 'refused') {
      if (result.change === undefined || result.change === change) {
        throw refusal(title, result);
      }
      await show(incident, result.change, result.plan?.title ?? title);
      void offer({ incident, change: result.change, message: result.summary, level: 'warn' });
      return result;
    }
    // Cancelled before anything was asked for: there is nothing to tell.
    if (result.event !== undefined) {
      void offer({ incident, change, message: `${title}: ${result.summary}`, level: result.status === 'done' ? 'ok' : result.status === 'failed' && result.level === 'bad' ? 'bad' : 'warn' });
    }
    return result;
  }

  async function offer({ incident, change: id, message, level }: { readonly incident: string; readonly change: string; readonly message: string; readonly level: Level }): Promise<void> {
    const change = (await ledger.read(incident)).changes.find((candidate) => candidate.id === id);
    const offers = change === undefined ? [] : offersOf(change, await sightOf(change)).filter((each) => IN_MESSAGE.includes(each));
    const buttons = change === undefined ? [] : offers.map((each) => OFFERS[each].title(change));
    const tell = level === 'ok' ? vscode.window.showInformationMessage : level === 'bad' ? vscode.window.showErrorMessage : vscode.window.showWarningMessage;
    const chosen = await tell(redact()(message), ...buttons);
    const what = offers[buttons.indexOf(chosen ?? '')];
    if (what !== undefined && change !== undefined) {
      const { command, args } = button(what, { incident, change });
      await vscode.commands.executeCommand(command, ...args);
    }
  }

  return { plan, apply, approve, planAnew, undo, follow, stop, record, openPlan, openPlanOf };
}

/** `said` is recorded. */
const outcomes = () => [
  { label: t('It was made'), said: 'It was made', description: t('and all is as planned'), outcome: 'done', level: 'ok' },
  { label: t('It was not made'), said: 'It was not made', description: t('the world is as it was before'), outcome: 'failed', level: 'bad' },
  { label: t('It failed half way'), said: 'It failed half way', description: t('somebody has to put it right'), outcome: 'failed', level: 'bad' },
] as const;

/** What a message offers; the rest is on the row and in the document. */
const IN_MESSAGE: readonly ChangeOffer[] = ['apply', 'look', 'record', 'undo', 'evidence'];

const NOTHING: Readonly<Partial<Record<ChangeOffer, () => string>>> = {
  apply: () => t('No plan waits to be applied. Run a step of the mitigation first: it makes a plan.'),
  approve: () => t('Nobody asks you to approve a plan. Open the shared incident of whoever asked.'),
  planAnew: () => t('There is no plan yet. Run a step of the mitigation: it makes one.'),
  look: () => t('No change has to be looked at.'),
  record: () => t('Of no change it is unknown what became of it.'),
  stop: () => t('No change is watched from here.'),
  undo: () => t('There is no change that can be undone.'),
};

function button(what: ChangeOffer, { incident, change }: Meant) {
  const row: Pick<Node, 'kind' | 'key' | 'incident' | 'change' | 'step' | 'event'> = {
    kind: 'change', key: `${incident}/change/${change.id}`, incident, change: change.id, step: change.plan.step, ...(change.end === undefined ? {} : { event: change.end.event }),
  };
  return { title: OFFERS[what].title(change), command: OFFERS[what].command, args: [row] };
}

function refusal(title: string, { summary, fix }: RunResult): UserError {
  return new UserError(`${title}: ${summary}`, fix === undefined ? {} : { action: fix });
}
