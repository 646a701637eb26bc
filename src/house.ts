import { join } from 'node:path';
import * as vscode from 'vscode';
import { createCommands } from './commands.ts';
import { ServiceFactory, responder, runbookFile } from './configuration.ts';
import { messageOf } from './errors.ts';
import { systemClock } from './incident/clock.ts';
import { createRedactor, redactEvent } from './incident/redact.ts';
import { randomIds } from './ledger/ids.ts';
import { LocalLedger } from './ledger/local-ledger.ts';
import { LogStreamer } from './logs/stream.ts';
import { RunbookSource } from './runbook/source.ts';
import { clockRules } from './runbook/targets.ts';
import { StepRunner } from './steps/runner.ts';
import { DocumentProvider } from './views/document-provider.ts';
import { IncidentsView } from './views/incidents-view.ts';
import { LogChannel } from './views/log-channel.ts';
import type { Node } from './views/nodes.ts';
import { RunbookProblems } from './views/runbook-problems.ts';
import { StatusBar } from './views/status-bar.ts';
import { wait } from './wait.ts';

/** What the entry needs of the house once it stands. */
export interface House {
  /** The rows of the Incidents view. */
  readonly tree: vscode.TreeDataProvider<Node>;
  /** Runs a contributed command. */
  run(command: string, argument: unknown): Promise<unknown>;
}

/** What the entry has made before the house stands. */
export interface Entrance {
  readonly treeView: vscode.TreeView<Node>;
  /** Draws the Incidents view anew. */
  readonly redraw: () => void;
}

/** Wires the house together. Nothing here reads a file, loads an SDK or touches the network. */
export function buildHouse(context: vscode.ExtensionContext, { treeView, redraw }: Entrance): House {
  const clock = systemClock;
  const log = vscode.window.createOutputChannel('Incident Runbook', { log: true });
  const problems = new RunbookProblems();
  const runbook = new RunbookSource({
    file: runbookFile,
    bundled: () => import('../media/healthflow.runbook.yaml').then((file) => file.default),
    onProblems: (file, found) => { problems.show(file, found); },
  });
  const redact = () => createRedactor(runbook.loaded?.redaction);
  const ledger = new LocalLedger({
    directory: join(context.globalStorageUri.fsPath, 'incidents'),
    clock,
    ids: randomIds(),
    actor: () => ({ name: responder(), kind: 'person' }),
    redact: (event) => redactEvent(event, redact()),
    onDamage: (file, { line, text }) => { log.warn(`${file}:${line}: not an event, kept aside: ${redact()(text.slice(0, 200))}`); },
    onUnreadable: (incident, error) => {
      log.error(messageOf(error));
      void vscode.window.showWarningMessage(`${incident} cannot be listed. ${messageOf(error)}`);
    },
  });
  const logChannel = new LogChannel();
  const streams = new LogStreamer({ sink: logChannel, clock, redact, wait });
  const services = new ServiceFactory(context.secrets, streams);
  const runner = new StepRunner({
    ledger, clock, redact,
    runbook: () => runbook.get(),
    services: () => services,
    isTrusted: () => vscode.workspace.isTrusted,
    log: (message, error) => { log.error(redact()(`${message}: ${messageOf(error)}`)); },
  });
  const documents = new DocumentProvider(ledger, () => runbook.get(), clock);
  const statusBar = new StatusBar(ledger, clock, () => runbook.loaded && clockRules(runbook.loaded));
  const view = new IncidentsView({
    ledger, clock, treeView, redraw,
    runbook: () => runbook.get(),
    onCount: (open) => void vscode.commands.executeCommand('setContext', 'incidentRunbook.open', open),
    onError: (error) => { log.error(redact()(messageOf(error))); },
  });
  context.subscriptions.push(
    log, problems, ledger, logChannel, services, documents, statusBar, view,
    { dispose: () => { streams.stop(); } },
    runner.onProgress(view.onProgress),
    problems.onDidChange(() => { runbook.reset(); view.refresh(); }),
  );
  void runbook.get().catch(() => undefined).then(() => statusBar.update());
  return {
    tree: view,
    run: createCommands({ extensionUri: context.extensionUri, clock, ledger, runbook, runner, services, streams, documents, view, log, redact }),
  };
}
