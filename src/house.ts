import * as vscode from 'vscode';
import { ServiceFactory, responder, runbookFile } from './configuration.ts';
import { ConnectionStore } from './connection-store.ts';
import { messageOf } from './errors.ts';
import { createFollowUpsApi } from './api/follow-ups-api.ts';
import { type Clock, systemClock } from './incident/clock.ts';
import type { NewEvent } from './incident/events.ts';
import type { Incident } from './incident/fold.ts';
import { createRedactor, redactEvent } from './incident/redact.ts';
import { randomIds } from './ledger/ids.ts';
import { LocalLedger } from './ledger/local-ledger.ts';
import { LogStreamer } from './logs/stream.ts';
import { lazyOutgoing } from './outgoing.ts';
import { timelinesIn } from './ledger/installation.ts';
import { startReminding } from './reminding.ts';
import { environmentByKey } from './runbook/query.ts';
import { RunbookSource } from './runbook/source.ts';
import { clockRules } from './runbook/targets.ts';
import type { RunResult } from './steps/run.ts';
import type { StepRunner } from './steps/runner.ts';
import { WorkspaceTasks } from './views/workspace-tasks.ts';
import { ConnectionsView } from './views/connections-view.ts';
import { DeliveriesView } from './views/deliveries-view.ts';
import type { DeliveryNode } from './views/delivery-nodes.ts';
import { DocumentProvider } from './views/document-provider.ts';
import type { FollowUpNode } from './views/follow-up-nodes.ts';
import { FollowUpsView } from './views/follow-ups-view.ts';
import { IncidentsView } from './views/incidents-view.ts';
import { LiveChanges } from './views/live-changes.ts';
import { LogChannel } from './views/log-channel.ts';
import type { Node } from './views/nodes.ts';
import { PlanLenses } from './views/plan-lenses.ts';
import { ReviewDoor } from './views/review-door.ts';
import { RunbookProblems } from './views/runbook-problems.ts';
import { StatusBar } from './views/status-bar.ts';
import { CONNECTIONS_VIEW, DELIVERIES_VIEW, FOLLOW_UPS_VIEW, VIEW } from './view-ids.ts';
import { wait } from './wait.ts';

/** What the entry needs of the house once it stands. */
export interface House {
  /** View id → its rows. */
  readonly trees: Readonly<Record<string, vscode.TreeDataProvider<object>>>;
  /** Runs a contributed command. */
  run(command: string, argument: unknown): Promise<unknown>;
  /** Opens what a link into this extension names: an event that a review cites. */
  openLink(uri: vscode.Uri): Promise<void>;
  /** Moves the clock on, ms; of tests only. */
  advance(ms: number): Promise<void>;
}

/** A view as the entry has made it, before the house stands. */
export interface OpenTree {
  readonly treeView: vscode.TreeView<object>;
  /** Draws the view anew. */
  readonly redraw: () => void;
}

export interface Entrance {
  readonly trees: Readonly<Record<string, OpenTree>>;
}

/** Wires the house together. Nothing here reads a file, loads an SDK or touches the network. */
export function buildHouse(context: vscode.ExtensionContext, entrance: Entrance): House {
  let advanced = 0;
  /** Ends the waits of whoever takes looks, once the clock was moved. */
  let moved = new AbortController();
  const clock: Clock = context.extensionMode === vscode.ExtensionMode.Test ? { now: () => systemClock.now() + advanced } : systemClock;
  const log = vscode.window.createOutputChannel('Incident Runbook', { log: true });
  const problems = new RunbookProblems();
  const source = new RunbookSource({
    file: runbookFile,
    bundled: () => import('../media/healthflow.runbook.yaml').then((file) => file.default),
    onProblems: (file, found) => { problems.show(file, found); },
  });
  const runbook = () => source.get();
  const rules = () => source.loaded && clockRules(source.loaded);
  const redact = () => createRedactor(source.loaded?.redaction);
  const redacted = <T extends NewEvent>(event: T): T => redactEvent(event, redact());
  const fail = (message: string, error?: unknown): void => { log.error(redact()(error === undefined ? message : `${message}: ${messageOf(error)}`)); };
  const onError = (error: unknown): void => { fail(messageOf(error)); };
  const isTrusted = (): boolean => vscode.workspace.isTrusted;
  const directory = timelinesIn(context.globalStorageUri.fsPath);
  const ledger = new LocalLedger({
    directory, clock,
    ids: randomIds(),
    actor: () => ({ name: responder(), kind: 'person' }),
    redact: redacted,
    onDamage: (file, { line, text }) => { log.warn(`${file}:${line}: not an event, kept aside: ${redact()(text.slice(0, 200))}`); },
    onUnreadable: (incident, error) => {
      onError(error);
      void vscode.window.showWarningMessage(`${incident} cannot be listed. ${messageOf(error)}`);
    },
  });
  const connections = new ConnectionStore(context.secrets, (message) => { log.warn(redact()(message)); });
  const outgoing = lazyOutgoing(async () => (await import('./outgoing-parts.ts')).createOutgoing({
    ledger, directory, clock, connections, runbook, isTrusted, redact: redacted, log: fail,
    folder: () => vscode.workspace.workspaceFolders?.[0]?.uri.fsPath,
    isUnsaved: (file) => vscode.workspace.textDocuments.some(({ uri, isDirty }) => isDirty && uri.scheme === 'file' && uri.fsPath === file),
    aws: async () => {
      const [{ supportCalls }, book] = await Promise.all([import('./services/aws/support.ts'), runbook()]);
      return supportCalls((key) => services.aws(environmentByKey(book, key)));
    },
    onChange: () => { view.refresh(); },
    onStranger: (incident, author) => { log.warn(`${incident}: ${author} may not write to the repository, so events in their comments are not taken over.`); },
  }));
  const logChannel = new LogChannel();
  const streams = new LogStreamer({ sink: logChannel, clock, redact, wait });
  const services = new ServiceFactory(context.secrets, streams, connections, new WorkspaceTasks());
  const live = new LiveChanges();
  const origin = () => outgoing.origin();
  const documents = new DocumentProvider({ ledger, runbook, clock, live, origin });
  const lenses = new PlanLenses({ ledger, clock, live, origin, documents, onError });
  const statusBar = new StatusBar(ledger, clock, rules);
  const tree = (id: string): OpenTree => {
    const found = entrance.trees[id];
    if (found === undefined) {
      throw new Error(`package.json contributes no view ${id}`);
    }
    return found;
  };
  const incidents = tree(VIEW);
  const view = new IncidentsView({
    ledger, clock, runbook, live, origin, onError,
    treeView: incidents.treeView as vscode.TreeView<Node>,
    redraw: incidents.redraw,
    shared: (incident) => outgoing.state(incident),
    onCheck: async (node, checked) => (await import('./views/ask-closure.ts')).markBox(ledger, node, checked),
    onCount: (open) => void vscode.commands.executeCommand('setContext', 'incidentRunbook.open', open),
  });
  const deliveries = new DeliveriesView({
    ledger, clock, runbook, origin, onError,
    reason: (delivery) => outgoing.reason(delivery),
    treeView: tree(DELIVERIES_VIEW).treeView as vscode.TreeView<DeliveryNode>,
    redraw: tree(DELIVERIES_VIEW).redraw,
  });
  const followUps = createFollowUpsApi({ ledger, clock, runbook, onError, github: async () => (await outgoing.parts()).couriers.github() });
  const followUpsView = new FollowUpsView({
    ledger, clock, isTrusted, onError,
    api: followUps,
    treeView: tree(FOLLOW_UPS_VIEW).treeView as vscode.TreeView<FollowUpNode>,
    redraw: tree(FOLLOW_UPS_VIEW).redraw,
  });
  const connectionsView = new ConnectionsView({ store: connections, redraw: tree(CONNECTIONS_VIEW).redraw, onError });
  // Not needed to draw the trees.
  const makeRunner = async (): Promise<StepRunner> => {
    const { StepRunner } = await import('./steps/runner.ts');
    const runner = new StepRunner({
      ledger, clock, redact, runbook, outgoing, isTrusted, services: () => services, log: fail,
      wait: (ms, signal) => wait(ms, AbortSignal.any([signal, moved.signal])),
    });
    context.subscriptions.push(runner.onProgress(view.onProgress), runner.onProgress(live.onProgress));
    return runner;
  };
  let made: Promise<StepRunner> | undefined;
  const theRunner = (): Promise<StepRunner> => made ??= makeRunner();
  const work = async (): Promise<House['run']> => {
    const [{ createCommands }, runner, parts] = await Promise.all([import('./commands.ts'), theRunner(), outgoing.parts()]);
    return createCommands({
      followUps: { api: followUps, view: followUpsView },
      extensionUri: context.extensionUri, clock, ledger, runbook: source, runner, services, connections, outgoing: parts, streams, documents, live, view, log, redact,
    });
  };
  let commands: Promise<House['run']> | undefined;
  const run: House['run'] = async (command, argument) => (await (commands ??= work()))(command, argument);
  const reminding = startReminding({ ledger, clock, rules, outgoing, state: context.globalState, onError, run });
  const resuming = import('./resuming.ts').then(({ Resuming }) => new Resuming({
    ledger, clock, outgoing, isTrusted, wait, onError,
    followUp: async (incident, event, signal) => (await theRunner()).followUp(incident, event, signal),
    onResumed: (incident, event, result) => { tellResumed(incident, event, result, run); },
  }));
  context.subscriptions.push(
    log, problems, ledger, connections, outgoing, logChannel, services, documents, lenses, new ReviewDoor({ ledger, clock, runbook, onError }), statusBar, view, deliveries, followUpsView, connectionsView, reminding,
    { dispose: () => { streams.stop(); } },
    { dispose: () => { void resuming.then((work) => { work.dispose(); }); } },
    problems.onDidChange(() => {
      source.reset();
      view.refresh();
    }),
    connections.onDidChange(() => { outgoing.wake(); }),
    ledger.onDidChange((incident) => {
      if (streams.incident === incident) {
        ledger.read(incident).then(({ status }) => { if (status === 'closed') { streams.stop(incident); } }).catch(onError);
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      outgoing.wake();
      void resuming.then((work) => { work.wake(); });
    }),
  );
  void connections.refreshContexts();
  void runbook().catch(() => undefined).then(() => statusBar.update());
  outgoing.start().then(() => Promise.all([reminding.start(), resuming.then((work) => work.start())])).catch(onError);
  return {
    trees: { [VIEW]: view, [DELIVERIES_VIEW]: deliveries, [FOLLOW_UPS_VIEW]: followUpsView, [CONNECTIONS_VIEW]: connectionsView },
    run,
    openLink: async (uri) => {
      const { openCitedEvent } = await import('./views/cited-event.ts');
      await openCitedEvent(uri, { ledger, documents }).catch(onError);
    },
    advance: async (ms) => {
      advanced += ms;
      moved.abort();
      moved = new AbortController();
      outgoing.wake();
      (await resuming).wake();
      view.refresh();
      deliveries.refresh();
      followUpsView.refresh();
      followUpsView.tick();
      lenses.refresh();
      await Promise.all([statusBar.update(), reminding.tick()]);
    },
  };
}

/** What became of a change that a window left under way when it went, or of a watch. */
function tellResumed({ id, watches }: Incident, event: string, { status, summary, event: result }: RunResult, run: House['run']): void {
  const show = status === 'done' ? vscode.window.showInformationMessage : vscode.window.showWarningMessage;
  const step = watches.find((watch) => watch.id === event)?.step;
  const [button, open] = step === undefined
    ? ['Open plan', () => run('incidentRunbook.openPlan', { incident: id, event })] as const
    : ['Open evidence', () => run('incidentRunbook.openStep', { kind: 'step', key: `${id}/step/${step}`, incident: id, step, event: result })] as const;
  void show(`${id}: ${summary}`, button).then((chosen) => (chosen === undefined ? undefined : open()));
}
