import * as vscode from 'vscode';
import { responder, runbookFile, setting } from './configuration.ts';
import type { Annex } from './annex.ts';
import { messageOf } from './errors.ts';
import { type Clock, systemClock } from './incident/clock.ts';
import type { NewEvent } from './incident/events.ts';
import { createRedactor, redactEvent } from './incident/redact.ts';
import { t, useLanguage } from './l10n.ts';
import { chooseLanguage } from './language.ts';
import { randomIds } from './ledger/ids.ts';
import { LocalLedger } from './ledger/local-ledger.ts';
import { lazyOutgoing } from './outgoing.ts';
import { timelinesIn } from './ledger/installation.ts';
import type { PanelKind } from './protocol/panel.ts';
import { environmentByKey } from './runbook/query.ts';
import { RunbookSource } from './runbook/source.ts';
import { clockRules } from './runbook/targets.ts';
import { IncidentsView } from './views/incidents-view.ts';
import { LiveChanges } from './views/live-changes.ts';
import type { Node } from './views/nodes.ts';
import { RunbookProblems } from './views/runbook-problems.ts';
import { StatusBar } from './views/status-bar.ts';
import { CONNECTIONS_VIEW, DELIVERIES_VIEW, FOLLOW_UPS_VIEW, VIEW } from './view-ids.ts';

type Rows = vscode.TreeDataProvider<object>;

/** What the entry needs of the house once it stands. */
export interface House {
  /** View id → its rows. */
  readonly trees: Readonly<Record<string, Rows | Promise<Rows | undefined>>>;
  /** Runs a contributed command. */
  run(command: string, argument: unknown): Promise<unknown>;
  /** Opens what a link into this extension names: an event that a review cites. */
  openLink(uri: vscode.Uri): Promise<void>;
  /** A panel that VS Code brings back after a reload. */
  restorePanel(kind: PanelKind, panel: vscode.WebviewPanel, state: unknown): Promise<void>;
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

/** Wires the house together. Nothing here reads a file, but the texts of another language than English, loads an SDK or touches the network. */
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
  const speak = (): void => {
    useLanguage(undefined);
    try {
      useLanguage(chooseLanguage({
        setting: setting('language'), displayed: vscode.env.language, bundle: vscode.l10n.bundle,
        arabicFile: context.asAbsolutePath('media/l10n/bundle.l10n.ar.json'),
      }), 'workbench');
    } catch (error) {
      fail('The Arabic texts cannot be used, so everything is in English', error);
    }
  };
  speak();
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
      void vscode.window.showWarningMessage(t('{0} cannot be listed. {1}', incident, messageOf(error)));
    },
  });
  const tree = (id: string): OpenTree => {
    const found = entrance.trees[id];
    if (found === undefined) {
      throw new Error(`package.json contributes no view ${id}`);
    }
    return found;
  };
  const outgoing = lazyOutgoing(async () => (await import('./outgoing-parts.ts')).createOutgoing({
    ledger, directory, clock, runbook, isTrusted, redact: redacted, log: fail,
    connections: (await annex).connections,
    folder: () => vscode.workspace.workspaceFolders?.[0]?.uri.fsPath,
    isUnsaved: (file) => vscode.workspace.textDocuments.some(({ uri, isDirty }) => isDirty && uri.scheme === 'file' && uri.fsPath === file),
    aws: async () => {
      const [{ supportCalls }, { services }, book] = await Promise.all([import('./services/aws/support.ts'), annex, runbook()]);
      return supportCalls((key) => services.aws(environmentByKey(book, key)));
    },
    onChange: () => { view.refresh(); },
    onStranger: (incident, author) => { log.warn(`${incident}: ${author} may not write to the repository, so events in their comments are not taken over.`); },
  }));
  const live = new LiveChanges();
  const origin = () => outgoing.origin();
  const statusBar = new StatusBar(ledger, clock, rules);
  const incidents = tree(VIEW);
  const view = new IncidentsView({
    ledger, clock, runbook, live, origin, onError,
    treeView: incidents.treeView as vscode.TreeView<Node>,
    redraw: incidents.redraw,
    shared: (incident) => outgoing.state(incident),
    onCheck: async (node, checked) => (await import('./views/ask-closure.ts')).markBox(ledger, node, checked),
    onCount: (open) => void vscode.commands.executeCommand('setContext', 'incidentRunbook.open', open),
  });
  const annex: Promise<Annex> = import('./annex.ts').then(({ buildAnnex }) => buildAnnex({
    context, tree, clock, ledger, source, rules, redact, isTrusted, log, fail, onError, outgoing, view, live,
    moved: () => moved.signal,
    onRunbookChange: problems.onDidChange,
  }));
  const drawAnew = async (): Promise<void> => {
    view.refresh();
    tree(CONNECTIONS_VIEW).redraw();
    await Promise.all([statusBar.update(), annex.then(async (work) => { await Promise.all([work.tick(), work.redrawPanels()]); })]);
  };
  const rows = (id: string) => annex.then(({ trees }) => trees[id]);
  context.subscriptions.push(
    log, problems, ledger, outgoing, statusBar, view,
    problems.onDidChange(() => {
      source.reset();
      view.refresh();
    }),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('incidentRunbook.language')) {
        speak();
        drawAnew().catch(onError);
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      outgoing.wake();
      void annex.then((work) => { work.wake(); });
    }),
  );
  void runbook().catch(() => undefined).then(() => statusBar.update());
  outgoing.start().then(async () => (await annex).start()).catch(onError);
  return {
    trees: { [VIEW]: view, [DELIVERIES_VIEW]: rows(DELIVERIES_VIEW), [FOLLOW_UPS_VIEW]: rows(FOLLOW_UPS_VIEW), [CONNECTIONS_VIEW]: rows(CONNECTIONS_VIEW) },
    run: async (command, argument) => (await annex).run(command, argument),
    openLink: async (uri) => (await annex).openLink(uri),
    restorePanel: async (kind, panel, state) => (await annex).restorePanel(kind, panel, state),
    advance: async (ms) => {
      advanced += ms;
      moved.abort();
      moved = new AbortController();
      outgoing.wake();
      (await annex).wake();
      view.refresh();
      await Promise.all([statusBar.update(), (await annex).tick()]);
    },
  };
}
