import * as vscode from 'vscode';
import { ServiceFactory, responder, runbookFile } from './configuration.ts';
import { ConnectionStore } from './connection-store.ts';
import { messageOf } from './errors.ts';
import { type Clock, systemClock } from './incident/clock.ts';
import type { NewEvent } from './incident/events.ts';
import { createRedactor, redactEvent } from './incident/redact.ts';
import { randomIds } from './ledger/ids.ts';
import { LocalLedger } from './ledger/local-ledger.ts';
import { LogStreamer } from './logs/stream.ts';
import { createOutgoing, timelinesIn } from './outgoing.ts';
import { startReminding } from './reminding.ts';
import { RunbookSource } from './runbook/source.ts';
import { clockRules } from './runbook/targets.ts';
import { ConnectionsView } from './views/connections-view.ts';
import { DeliveriesView } from './views/deliveries-view.ts';
import type { DeliveryNode } from './views/delivery-nodes.ts';
import { DocumentProvider } from './views/document-provider.ts';
import { IncidentsView } from './views/incidents-view.ts';
import { LogChannel } from './views/log-channel.ts';
import type { Node } from './views/nodes.ts';
import { RunbookProblems } from './views/runbook-problems.ts';
import { StatusBar } from './views/status-bar.ts';
import { CONNECTIONS_VIEW, DELIVERIES_VIEW, VIEW } from './view-ids.ts';
import { wait } from './wait.ts';

/** What the entry needs of the house once it stands. */
export interface House {
  /** View id → its rows. */
  readonly trees: Readonly<Record<string, vscode.TreeDataProvider<object>>>;
  /** Runs a contributed command. */
  run(command: string, argument: unknown): Promise<unknown>;
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
  const outgoing = createOutgoing({
    ledger, directory, clock, connections, runbook, isTrusted, redact: redacted, log: fail,
    folder: () => vscode.workspace.workspaceFolders?.[0]?.uri.fsPath,
    onChange: () => { view.refresh(); },
    onStranger: (incident, author) => { log.warn(`${incident}: ${author} may not write to the repository, so events in their comments are not taken over.`); },
  });
  const logChannel = new LogChannel();
  const streams = new LogStreamer({ sink: logChannel, clock, redact, wait });
  const services = new ServiceFactory(context.secrets, streams, connections);
  const documents = new DocumentProvider(ledger, runbook, clock);
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
    ledger, clock, runbook, onError,
    treeView: incidents.treeView as vscode.TreeView<Node>,
    redraw: incidents.redraw,
    shared: (incident) => outgoing.shared.state(incident),
    onCount: (open) => void vscode.commands.executeCommand('setContext', 'incidentRunbook.open', open),
  });
  const deliveries = new DeliveriesView({
    ledger, clock, runbook, onError,
    origin: () => outgoing.origin(),
    reason: (delivery) => outgoing.outbox.reason(delivery),
    treeView: tree(DELIVERIES_VIEW).treeView as vscode.TreeView<DeliveryNode>,
    redraw: tree(DELIVERIES_VIEW).redraw,
  });
  const connectionsView = new ConnectionsView({ store: connections, redraw: tree(CONNECTIONS_VIEW).redraw, onError });
  // Not needed to draw the trees.
  const work = async (): Promise<House['run']> => {
    const [{ createCommands }, { StepRunner }] = await Promise.all([import('./commands.ts'), import('./steps/runner.ts')]);
    const runner = new StepRunner({ ledger, clock, redact, runbook, outgoing, isTrusted, services: () => services, log: fail });
    context.subscriptions.push(runner.onProgress(view.onProgress));
    return createCommands({
      extensionUri: context.extensionUri, clock, ledger, runbook: source, runner, services, connections, outgoing, streams, documents, view, log, redact,
    });
  };
  let commands: Promise<House['run']> | undefined;
  const run: House['run'] = async (command, argument) => (await (commands ??= work()))(command, argument);
  const reminding = startReminding({ ledger, clock, rules, outgoing, state: context.globalState, onError, run });
  context.subscriptions.push(
    log, problems, ledger, connections, outgoing, logChannel, services, documents, statusBar, view, deliveries, connectionsView, reminding,
    { dispose: () => { streams.stop(); } },
    problems.onDidChange(() => {
      source.reset();
      view.refresh();
    }),
    connections.onDidChange(() => { outgoing.wake(); }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => { outgoing.wake(); }),
  );
  void connections.refreshContexts();
  void runbook().catch(() => undefined).then(() => statusBar.update());
  outgoing.start().then(() => reminding.start()).catch(onError);
  return {
    trees: { [VIEW]: view, [DELIVERIES_VIEW]: deliveries, [CONNECTIONS_VIEW]: connectionsView },
    run,
    advance: async (ms) => {
      advanced += ms;
      outgoing.wake();
      view.refresh();
      deliveries.refresh();
      await Promise.all([statusBar.update(), reminding.tick()]);
    },
  };
}
