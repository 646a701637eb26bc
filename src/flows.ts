/** What each command asks a person, before it does what the API does. Lets go quietly when the person cancels. */
import * as vscode from 'vscode';
import { type Api, type ApiDeps, updateDeliveries } from './api.ts';
import { type ServiceFactory, responder, runbookFile } from './configuration.ts';
import { UserError } from './errors.ts';
import { draftUpdate } from './incident/update.ts';
import { STEPS_WITHOUT_INCIDENT } from './manifest.ts';
import { environmentsOf, stepById } from './runbook/query.ts';
import { isAutomated } from './steps/catalog.ts';
import type { RunResult } from './steps/runner.ts';
import type { DocumentProvider } from './views/document-provider.ts';
import type { IncidentsView } from './views/incidents-view.ts';
import type { Node } from './views/nodes.ts';

export interface Deps extends ApiDeps {
  readonly extensionUri: vscode.Uri;
  readonly services: ServiceFactory;
  readonly documents: DocumentProvider;
  readonly view: IncidentsView;
  readonly log: vscode.LogOutputChannel;
  readonly redact: () => (text: string) => string;
}

/** Lines of a selection kept with a finding. */
const EXCERPT_LINES = 200;

export function createFlows(deps: Deps, api: Api) {
  const { clock, documents, ledger, runbook, runner, services, view } = deps;
  const asking = () => import('./views/ask.ts');

  /** The incident of the row, the only open one, or the one chosen. */
  async function incidentFor(node: Pick<Node, 'incident'> | undefined, placeHolder: string, status: 'open' | 'closed' = 'open'): Promise<string | undefined> {
    if (node?.incident !== undefined) {
      return node.incident;
    }
    const { askIncident } = await asking();
    const chosen = await askIncident(ledger, clock, placeHolder, status);
    if (chosen === 'none') {
      throw new UserError(status === 'open' ? 'No incident is open. Declare one first.' : 'There is no closed incident.', status === 'open'
        ? { action: { title: 'Declare incident', command: 'incidentRunbook.declare' } } : {});
    }
    return chosen?.id;
  }

  async function declareAs(declaration: Readonly<Record<string, unknown>>): Promise<void> {
    const { incident } = await api.declare(declaration);
    await view.reveal(incident);
    void offer(`${incident} is declared and recorded.`, 'Investigate', () => run('investigate', { incident }));
  }

  async function declare(): Promise<void> {
    const { askDeclaration } = await asking();
    const declaration = await askDeclaration(await runbook.get());
    if (declaration !== undefined) {
      await declareAs({ ...declaration });
    }
  }

  /** Runs a step: asks which, for which incident and for its inputs, shows progress, opens the evidence. */
  async function run(stepId: string | undefined, node?: Pick<Node, 'incident' | 'role'>): Promise<RunResult | undefined> {
    const book = await runbook.get();
    const { askStep } = await asking();
    const id = stepId ?? await askStep(book);
    const step = id === undefined ? undefined : stepById(book, id);
    if (id === undefined) {
      return undefined;
    }
    if (step === undefined) {
      throw new UserError(`The runbook in force has no step "${id}".`, { action: { title: 'Open runbook', command: 'incidentRunbook.openRunbook' } });
    }
    if (!isAutomated(step.action)) {
      return void await documents.openStep(step.id, step.title);
    }
    const incident = STEPS_WITHOUT_INCIDENT.includes(id) && node?.incident === undefined && (await ledger.list('open')).length === 0
      ? undefined
      : await incidentFor(node, `${step.title}: for which incident?`);
    if (incident === undefined && !STEPS_WITHOUT_INCIDENT.includes(id)) {
      return undefined;
    }
    const inputs = await inputsFor(id, { ...node, ...(incident === undefined ? {} : { incident }) });
    if (inputs === undefined) {
      return undefined;
    }
    const result = await withProgress(step.title, incident, (signal) => api.runStep({ step: id, inputs, ...(incident === undefined ? {} : { incident }) }, signal));
    await show(result, incident, id, step.title);
    return result;
  }

  async function inputsFor(step: string, node: Pick<Node, 'incident' | 'role'> | undefined): Promise<Readonly<Record<string, unknown>> | undefined> {
    const ask = await asking();
    switch (step) {
      case 'assessSeverity': {
        const answer = await ask.askAssessment(await runbook.get());
        return answer === undefined ? undefined : {
          ...answer.answers, ...(answer.override === undefined ? {} : { override: answer.override, overrideReason: answer.overrideReason }),
        };
      }
      case 'documentFinding': {
        const excerpt = selectedExcerpt();
        const where = excerpt === undefined ? '' : ` It is recorded with ${excerpt['file']}:${excerpt['startLine']}–${excerpt['endLine']}.`;
        const text = await ask.askText('Document Finding', `What did you find?${where}`);
        return text === undefined ? undefined : { text, ...excerpt };
      }
      case 'postUpdate': {
        const incident = node?.incident;
        return incident === undefined ? undefined : ask.askUpdate(draftUpdate(await ledger.read(incident)));
      }
      case 'assignRoles': {
        const role = await ask.askRole(await runbook.get(), node?.role, responder());
        return role === undefined ? undefined : { role: role.role, ...(role.person === '' ? {} : { person: role.person }) };
      }
      default:
        return {};
    }
  }

  function withProgress<T>(title: string, incident: string | undefined, work: (signal: AbortSignal) => Promise<T>): Thenable<T> {
    return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, async (progress, token) => {
      const abort = new AbortController();
      const subscriptions = [
        token.onCancellationRequested(() => { abort.abort(); }),
        runner.onProgress(({ incident: of, result }) => {
          if (of === incident && result !== undefined) {
            progress.report({ message: `${result.title}: ${result.level}` });
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
    if (result.evidence !== undefined && step !== 'tailLogs') {
      await (incident === undefined || result.event === undefined
        ? documents.openUnrecorded(title, result.evidence)
        : documents.openEvidence(incident, result.event, step, title));
    } else {
      vscode.window.setStatusBarMessage(`$(check) ${result.summary}`, 5_000);
    }
    if (step === 'postUpdate' && incident !== undefined) {
      void offerUpdate(incident);
    }
    if (step === 'listAlarms' && incident === undefined) {
      await declareFromAlarm(result);
    }
  }

  /** No channel is connected: the text is one click away from being pasted where it belongs. */
  async function offerUpdate(incident: string): Promise<void> {
    const deliveries = updateDeliveries(await runbook.get(), await ledger.read(incident));
    const channels = deliveries.map(({ target }) => target).join(', ');
    await offer(`The update is recorded. Slack is not connected: copy the text and paste it in ${channels} and the ticket.`, 'Copy text', async () => {
      await vscode.env.clipboard.writeText(deliveries[0]?.text ?? '');
    });
  }

  /** Any alarm becomes an incident in one action, with the time it began as the start of the impact (runbook 3). */
  async function declareFromAlarm(result: RunResult): Promise<void> {
    const alarms = (result.evidence?.data['alarms'] ?? []) as readonly { name: string; description: string; since: string; reason: string }[];
    if (alarms.length === 0) {
      return;
    }
    const chosen = await vscode.window.showQuickPick(
      alarms.map((alarm) => ({ label: `$(bell) ${alarm.name}`, description: `since ${alarm.since}`, detail: alarm.description === '' ? alarm.reason : alarm.description, alarm })),
      { title: 'Declare an incident from an alarm', placeHolder: 'Its start becomes the start of the impact; Escape declares nothing' },
    );
    if (chosen !== undefined) {
      const { name, description, since } = chosen.alarm;
      await declareAs({ title: description === '' ? name : description, detectedBy: 'cloudwatch', impactStartedAt: since });
    }
  }

  async function recordByHand(node: Node | undefined): Promise<void> {
    const { askStep, askText } = await asking();
    const step = node?.step ?? await askStep(await runbook.get());
    const incident = step === undefined ? undefined : await incidentFor(node, 'Done for which incident?');
    if (step === undefined || incident === undefined) {
      return;
    }
    const title = stepById(await runbook.get(), step)?.title ?? step;
    const note = await askText(title, 'What was done by hand, and what came of it?');
    if (note !== undefined) {
      await runner.recordByHand(incident, step, note);
    }
  }

  async function openStep(node: Node | undefined): Promise<void> {
    if (node?.step === undefined) {
      return;
    }
    const title = stepById(await runbook.get(), node.step)?.title ?? node.step;
    await (node.event === undefined || node.incident === undefined
      ? documents.openStep(node.step, title)
      : documents.openEvidence(node.incident, node.event, node.step, title));
  }

  async function copyRunbookCommand(node: Node | undefined): Promise<void> {
    const command = node?.step === undefined ? undefined : stepById(await runbook.get(), node.step)?.runbookCommand;
    if (command !== undefined) {
      await vscode.env.clipboard.writeText(command);
      vscode.window.setStatusBarMessage('$(check) Copied the runbook command', 3_000);
    }
  }

  async function timeline(node: Node | undefined): Promise<void> {
    const incident = await incidentFor(node, 'Timeline of which incident?');
    if (incident !== undefined) {
      await documents.openTimeline(incident);
    }
  }

  async function goTo(): Promise<void> {
    const { askIncident } = await asking();
    const chosen = await askIncident(ledger, clock, 'Go to incident');
    if (chosen === 'none') {
      return declare();
    }
    if (chosen !== undefined) {
      await (chosen.status === 'closed' ? documents.openTimeline(chosen.id) : view.reveal(chosen.id));
    }
  }

  async function amend(node: Node | undefined): Promise<void> {
    const event = node?.incident === undefined ? undefined : (await ledger.read(node.incident)).events.find(({ id }) => id === node.event);
    if (node?.incident === undefined || event === undefined) {
      return;
    }
    const { askText } = await asking();
    const what = await vscode.window.showQuickPick([
      { label: '$(clock) Correct the time', value: 'at' as const, description: event.at },
      ...(event.type === 'finding.documented' ? [{ label: '$(edit) Correct the text', value: 'text' as const, description: event.text }] : []),
      ...(event.type === 'incident.declared' ? [] : [{ label: '$(discard) Retract', value: 'retracted' as const, description: 'it stays in the record and counts no more' }]),
    ], { placeHolder: 'The event stays as it was written; the correction is an event of its own' });
    if (what === undefined) {
      return;
    }
    const value = what.value === 'retracted' ? true : await askText('Correct', what.value === 'at' ? 'When did it happen? ISO 8601, e.g. 2026-11-23T03:00:00Z' : 'The text as it should be', what.description);
    if (value !== undefined) {
      await api.amend({ incident: node.incident, event: event.id, [what.value]: value });
    }
  }

  async function close(node: Node | undefined): Promise<void> {
    const incident = await incidentFor(node, 'Close which incident?');
    const { askText } = await asking();
    const reason = incident === undefined ? undefined : await askText(`Close ${incident}`, 'How was it resolved? Recorded with the closure.');
    if (incident !== undefined && reason !== undefined) {
      await api.close({ incident, reason });
      void offer(`${incident} is closed.`, 'Undo', () => api.reopen({ incident, reason: 'Closed by mistake' }));
    }
  }

  async function reopen(node: Node | undefined): Promise<void> {
    const incident = await incidentFor(node, 'Reopen which incident?', 'closed');
    const { askText } = await asking();
    const reason = incident === undefined ? undefined : await askText(`Reopen ${incident}`, 'Why is it not over?');
    if (incident !== undefined && reason !== undefined) {
      await api.reopen({ incident, reason });
      await view.reveal(incident);
    }
  }

  async function openRunbook(): Promise<void> {
    const file = runbookFile();
    const uri = file === undefined ? vscode.Uri.joinPath(deps.extensionUri, 'media', 'healthflow.runbook.yaml') : vscode.Uri.file(file);
    await vscode.window.showTextDocument(uri, { preview: true });
  }

  async function setDatabaseConnection(): Promise<void> {
    const environments = environmentsOf(await runbook.get());
    const chosen = environments.length === 1 ? environments[0]?.key : (await vscode.window.showQuickPick(
      environments.map(({ key, data }) => ({ label: data.title, description: key })), { placeHolder: 'Database of which environment?' }))?.description;
    if (chosen === undefined) {
      return;
    }
    const url = await vscode.window.showInputBox({
      title: `Database connection of ${chosen}`, password: true, ignoreFocusOut: true,
      prompt: 'postgres://user:password@host:5432/database?sslmode=require. Kept in the secret storage; empty forgets it.',
      validateInput: (value) => (value === '' || /^postgres(ql)?:\/\/\S+$/.test(value) ? undefined : 'It begins with postgres:// and holds no blank.'),
    });
    if (url !== undefined) {
      await services.setDatabaseUrl(chosen, url === '' ? undefined : url);
    }
  }

  async function offer(message: string, button: string, act: () => Promise<unknown>): Promise<void> {
    if (await vscode.window.showInformationMessage(message, button) === button) {
      await act();
    }
  }

  return { declare, run, recordByHand, openStep, copyRunbookCommand, timeline, goTo, amend, close, reopen, openRunbook, setDatabaseConnection };
}

/** The selection of the active editor, if any, as inputs of `documentFinding`. */
function selectedExcerpt(): Readonly<Record<string, unknown>> | undefined {
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
