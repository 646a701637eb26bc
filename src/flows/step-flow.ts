/** Runs a step for a person: asks which, for which incident and with what, shows what leaves the machine before it does. */
import * as vscode from 'vscode';
import { t, tn } from '../l10n.ts';
import { createChoosing } from './choosing.ts';
import { responder } from '../configuration.ts';
import { UserError } from '../errors.ts';
import { shortTime } from '../incident/clock.ts';
import type { DeliveryReport, DeliveryState } from '../incident/deliveries.ts';
import type { FlowDeps } from './flow-deps.ts';
import { isHttps } from '../incident/links.ts';
import { reviewFileOf } from '../incident/review/path.ts';
import { messageOf } from '../protocol/composer.ts';
import { AFTER_CLOSING_STEPS, STEPS_WITHOUT_INCIDENT } from '../manifest.ts';
import { environmentByKey, stepById } from '../runbook/query.ts';
import type { RunbookStep } from '../runbook/schema.ts';
import { isAutomated, loadAction } from '../steps/catalog.ts';
import type { RunResult } from '../steps/run.ts';
import type { Post } from '../steps/step.ts';
import type { Node } from '../views/nodes.ts';
import { missingFor, previewPost } from '../views/post-preview.ts';

type Inputs = Readonly<Record<string, unknown>>;
type Row = Pick<Node, 'incident' | 'role' | 'inputs'>;

/** Lines of a selection kept with a finding. */
const EXCERPT_LINES = 200;
/** Said at once: what it says and to whom is always the same. */
const WITHOUT_PREVIEW: readonly string[] = ['acknowledge', 'createReview'];

export interface StepFlowOptions {
  readonly declareAs: (declaration: Inputs) => Promise<void>;
  /** Plans a change and shows the plan. */
  readonly planChange: (incident: string, step: string, title: string, inputs: Inputs) => Promise<RunResult>;
}

export function createStepFlow(deps: FlowDeps, { declareAs, planChange }: StepFlowOptions) {
  const { connections, documents, ledger, runbook, runner } = deps;
  const { incidentFor, offer } = createChoosing(deps);
  const asking = () => import('../views/ask.ts');

  /** @returns undefined when the person let it go */
  async function run(stepId: string | undefined, node?: Row): Promise<RunResult | undefined> {
    const book = await runbook.get();
    const { askStep } = await asking();
    const id = stepId ?? await askStep(book);
    const step = id === undefined ? undefined : stepById(book, id);
    if (id === undefined) {
      return undefined;
    }
    if (step === undefined) {
      throw new UserError(t('The runbook in force has no step "{0}".', id), { action: { title: t('Open runbook'), command: 'incidentRunbook.openRunbook' } });
    }
    if (!isAutomated(step.action)) {
      return void await documents.openStep(step.id, step.title);
    }
    const incident = STEPS_WITHOUT_INCIDENT.includes(id) && node?.incident === undefined && (await ledger.list('open')).length === 0
      ? undefined
      : await incidentFor(node, t('{0}: for which incident?', step.title), AFTER_CLOSING_STEPS.includes(id) ? 'recent' : 'open');
    if (incident === undefined && !STEPS_WITHOUT_INCIDENT.includes(id)) {
      return undefined;
    }
    if (step.action === 'assessSeverity' && incident !== undefined && node?.inputs === undefined) {
      // The panel asks, shows what follows and records; whoever waits for a result does not wait for that.
      deps.panels().show('severity', { incident });
      return undefined;
    }
    const message = messageOf(id);
    if (message !== undefined && incident !== undefined && isComposed(node?.inputs)) {
      const contact = node?.inputs?.['contact'];
      return void deps.panels().show('composer', { incident, message, ...(typeof contact === 'string' ? { contact } : {}) });
    }
    if ((step.action === 'createActionItems' || step.action === 'createReview') && incident !== undefined) {
      await saveReviewOf(incident, node?.inputs?.['file']);
    }
    const inputs = await inputsFor(step, { ...node, ...(incident === undefined ? {} : { incident }) });
    const post = inputs === undefined || incident === undefined ? undefined : await previewOf(id, incident, inputs);
    if (inputs === undefined || (post !== undefined && !await agreed(step.title, post))) {
      return undefined;
    }
    if (incident !== undefined && (await loadAction(step.action))?.kind === 'change') {
      return planChange(incident, id, step.title, inputs);
    }
    const result = await withProgress(step, incident, (signal) => runner.run({ step: id, inputs, incident, seen: post }, signal));
    await show(result, incident, id, step.title);
    return result;
  }

  /** The step reads what is on disk. */
  async function saveReviewOf(incident: string, file: unknown): Promise<void> {
    const { saveReview } = await import('../views/review-identity.ts');
    await saveReview(typeof file === 'string' ? file : reviewFileOf(await ledger.read(incident)));
  }

  async function inputsFor(step: RunbookStep, node: Row): Promise<Inputs | undefined> {
    const ask = await asking();
    const book = await runbook.get();
    if (node.inputs !== undefined) {
      return node.inputs;
    }
    switch (step.id) {
      case 'documentFinding': {
        const excerpt = selectedExcerpt();
        const question = excerpt === undefined ? t('What did you find?') : t('What did you find? It is recorded with {0}.', `${excerpt['file']}:${excerpt['startLine']}–${excerpt['endLine']}`);
        const text = await ask.askText(t('Document Finding'), question);
        return text === undefined ? undefined : { text, ...excerpt };
      }
      case 'escalate':
        return ask.askTrigger(book);
      case 'confirmResolution':
        return node.incident === undefined ? undefined : (await import('../views/ask-closure.ts')).askResolution({ incident: await ledger.read(node.incident), runbook: book, clock: deps.clock });
      case 'scheduleReview':
        return node.incident === undefined ? undefined : (await import('../views/ask-review.ts')).askReview({ incident: await ledger.read(node.incident), runbook: book, clock: deps.clock });
      case 'assignRoles': {
        const role = await ask.askRole(book, node.role, responder());
        return role === undefined ? undefined : { role: role.role, ...(role.person === '' ? {} : { person: role.person }) };
      }
      case 'tailLogs': {
        const incident = node.incident === undefined ? undefined : await ledger.read(node.incident);
        const groups = environmentByKey(book, incident?.environment).data.aws?.logGroups ?? [];
        const choice = await (await import('../views/logs/ask-stream.ts')).askStream({ title: step.title, incident, groups, clock: deps.clock, memento: deps.memento });
        return choice === undefined ? undefined : { ...choice, ...(choice.logGroups.length === 0 ? { logGroups: undefined } : {}) };
      }
      default: {
        const environment = node.incident === undefined ? undefined : (await ledger.read(node.incident)).environment;
        return (await import('../views/ask-change.ts')).askChange(step, environmentByKey(book, environment));
      }
    }
  }

  /** Undefined when there is nothing to be shown before it is done. */
  async function previewOf(step: string, incident: string, inputs: Inputs): Promise<Post | undefined> {
    const post = WITHOUT_PREVIEW.includes(step) ? undefined : await runner.preview({ incident, step, inputs }, new AbortController().signal);
    return post === undefined || post.letters.length === 0 ? undefined : post;
  }

  /** What is about to be sent, to whom and by which way; sent only when the person says so. */
  async function agreed(title: string, post: Post): Promise<boolean> {
    const { detail, button } = previewPost(post, await missingFor(post, connections));
    return await vscode.window.showWarningMessage(t('{0}?', title), { modal: true, detail: deps.redact()(detail) }, button) === button;
  }

  /** What is sent or written down takes a moment, and must not stand before the questions about it; the rest can be cancelled. */
  async function withProgress<T>({ action, title }: RunbookStep, incident: string | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const kind = (await loadAction(action))?.kind;
    const isShort = kind === 'post' || kind === 'record';
    return vscode.window.withProgress({ location: isShort ? vscode.ProgressLocation.Window : vscode.ProgressLocation.Notification, title, cancellable: !isShort }, async (progress, token) => {
      const abort = new AbortController();
      const subscriptions = [
        token.onCancellationRequested(() => { abort.abort(); }),
        runner.onProgress(({ incident: of, result }) => {
          if (of === incident && result !== undefined) {
            progress.report({ message: `${result.title}: ${t(/* l10n: table */ result.level)}` });
          }
        }),
      ];
      try {
        return await work(abort.signal);
      } finally {
        subscriptions.forEach((subscription) => { subscription.dispose(); });
      }
    });
  }

  async function show(result: RunResult, incident: string | undefined, step: string, title: string): Promise<void> {
    if (result.status === 'refused') {
      throw new UserError(result.summary);
    }
    if (result.status === 'failed') {
      throw new UserError(`${title}: ${result.summary}`);
    }
    if (result.status === 'cancelled') {
      return;
    }
    if (step === 'createReview' && incident !== undefined && result.deliveries?.every(({ state }) => state === 'done') === true) {
      await (await import('../views/open-review.ts')).openReview(await ledger.read(incident));
    }
    if (step === 'conductReview' && incident !== undefined) {
      await documents.openAgenda(incident);
    } else if (result.deliveries !== undefined && incident !== undefined) {
      void showDeliveries(result, result.deliveries, incident, step);
    } else if (result.evidence !== undefined && step !== 'tailLogs') {
      await openDashboard(step, result.evidence.links?.[0]?.url);
      await (incident === undefined || result.event === undefined
        ? documents.openUnrecorded(title, result.evidence)
        : documents.openEvidence(incident, result.event, step, title));
    } else {
      vscode.window.setStatusBarMessage(`$(check) ${result.summary}`, 5_000);
    }
    if (step === 'listAlarms' && incident === undefined) {
      await declareFromAlarm(result);
    }
  }

  /** What became of it, in a line; what a person has to do is one click away. */
  async function showDeliveries({ summary }: RunResult, deliveries: readonly DeliveryReport[], incident: string, step: string): Promise<void> {
    const of = (...states: readonly DeliveryState[]): readonly DeliveryReport[] => deliveries.filter(({ state }) => states.includes(state));
    const [save, show, copy, done] = [t('Save invitation (.ics)'), t('Show deliveries'), t('Copy text'), t('It is done')];
    const forCalendars = step === 'scheduleReview' ? [save] : [];
    const saveInvitation = () => vscode.commands.executeCommand('incidentRunbook.saveInvitation', { kind: 'step', key: `${incident}/step/${step}`, incident });
    if (deliveries.length === 0 && forCalendars.length > 0) {
      return offer(t('{0}. Nobody has an address that it could be mailed to.', summary), save, async () => saveInvitation());
    }
    // About those of which nobody knows, a question of its own is asked.
    const undone = of('by hand', 'failed');
    const [first] = undone;
    const waiting = of('pending');
    if (first === undefined && of('unknown').length > 0) {
      return;
    }
    if (first === undefined) {
      const way = tn('{0} message waits: {1}', '{0} messages wait: {1}', waiting.length, waiting[0]?.reason ?? t('on the way'));
      if (waiting.length === 0) {
        vscode.window.setStatusBarMessage(`$(check) ${summary}`, 5_000);
      } else if (await vscode.window.showWarningMessage(`${summary}. ${way}`, show) !== undefined) {
        await vscode.commands.executeCommand('incidentRunbook.deliveries');
      }
      return;
    }
    const where = undone.map(({ target }) => target).join(', ');
    const message = t('{0}. For you to do: {1}. {2}', summary, where, first.reason ?? '').trim();
    const chosen = await vscode.window.showInformationMessage(message, copy, ...forCalendars, done, show);
    if (chosen === copy) {
      await vscode.env.clipboard.writeText(first.text);
    } else if (chosen === save) {
      await saveInvitation();
    } else if (chosen === show) {
      await vscode.commands.executeCommand('incidentRunbook.deliveries');
    } else if (chosen === done) {
      for (const { id } of of('by hand')) {
        await ledger.append(incident, { type: 'delivery.done', request: id, how: 'by hand', result: {} });
      }
    }
  }

  /** Any alarm becomes an incident in one action, with the time it began as the start of the impact (runbook 3). */
  async function declareFromAlarm(result: RunResult): Promise<void> {
    const alarms = (result.evidence?.data['alarms'] ?? []) as readonly { name: string; description: string; since: string | null; reason: string; source: string }[];
    if (alarms.length === 0) {
      return;
    }
    const chosen = await vscode.window.showQuickPick(
      alarms.map((alarm) => ({
        label: `$(bell) ${alarm.name}`, description: `${alarm.source}, ${alarm.since === null ? t('since when is not known') : t('since {0}', shortTime(alarm.since, deps.clock.now()))}`,
        detail: alarm.description === '' ? alarm.reason : alarm.description, alarm,
      })),
      { title: t('Declare an incident from an alarm'), placeHolder: t('Its start becomes the start of the impact; Escape declares nothing') },
    );
    if (chosen !== undefined) {
      const { name, description, since, source } = chosen.alarm;
      await declareAs({ title: description === '' ? name : description.trim().replace(/(?<!\.)\.$/, ''), detectedBy: source, ...(since === null ? {} : { impactStartedAt: since }) });
    }
  }

  return { run };
}

/** Whether a message is written in the composer: what a runbook says of it beyond whom it goes to is taken as it is. */
function isComposed(inputs: Inputs | undefined): boolean {
  return Object.keys(inputs ?? {}).every((name) => name === 'contact');
}

/** The two steps that are named for it open the dashboard itself, beside what was read of it. */
async function openDashboard(step: string, url: string | undefined): Promise<void> {
  if (/^open\w+Dashboard$/.test(step) && isHttps(url)) {
    await vscode.env.openExternal(vscode.Uri.parse(url, true));
  }
}

/** The selection of the active editor, if any, as inputs of `documentFinding`. */
function selectedExcerpt(): Inputs | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || editor.selection.isEmpty) {
    return undefined;
  }
  const { document, selection } = editor;
  return {
    file: vscode.workspace.asRelativePath(document.uri),
    language: document.languageId,
    startLine: selection.start.line + 1,
    endLine: selection.end.line + 1,
    selection: document.getText(selection).split('\n').slice(0, EXCERPT_LINES).join('\n'),
  };
}
