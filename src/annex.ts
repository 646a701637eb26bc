/** Everything that is not needed to draw the Incidents view: it is built once the house stands. */
import * as vscode from 'vscode';
import { createFollowUpsApi } from './api/follow-ups-api.ts';
import { type Commands, createCommands } from './commands.ts';
import { runbookFile } from './configuration.ts';
import { ConnectionStore } from './connection-store.ts';
import type { Clock } from './incident/clock.ts';
import type { ClockRules } from './incident/clocks.ts';
import type { Incident } from './incident/fold.ts';
import type { Redactor } from './incident/redact.ts';
import { t } from './l10n.ts';
import type { PanelKind } from './protocol/panel.ts';
import type { Ledger } from './ledger/ledger.ts';
import { buildLogHouse } from './log-house.ts';
import type { LazyOutgoing } from './outgoing.ts';
import { startReminding } from './reminding.ts';
import { Resuming } from './resuming.ts';
import type { RunbookSource } from './runbook/source.ts';
import { ServiceFactory } from './service-factory.ts';
import type { RunResult } from './steps/run.ts';
import { StepRunner } from './steps/runner.ts';
import { CONNECTIONS_VIEW, DELIVERIES_VIEW, FOLLOW_UPS_VIEW } from './view-ids.ts';
import { ConnectionsView } from './views/connections-view.ts';
import { DeliveriesView } from './views/deliveries-view.ts';
import type { DeliveryNode } from './views/delivery-nodes.ts';
import { DocumentProvider } from './views/document-provider.ts';
import type { FollowUpNode } from './views/follow-up-nodes.ts';
import { FollowUpsView } from './views/follow-ups-view.ts';
import type { IncidentsView } from './views/incidents-view.ts';
import type { LiveChanges } from './views/live-changes.ts';
import { PlanLenses } from './views/plan-lenses.ts';
import { ReviewDoor } from './views/review-door.ts';
import { WalkthroughProgress } from './views/walkthrough-progress.ts';
import { WorkspaceTasks } from './views/workspace-tasks.ts';
import { wait } from './wait.ts';

/** What stands already. */
export interface AnnexDeps {
  readonly context: vscode.ExtensionContext;
  /** A view as the entry has made it, by its id. */
  readonly tree: (id: string) => { readonly treeView: vscode.TreeView<object>; readonly redraw: () => void };
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly source: RunbookSource;
  readonly rules: () => ClockRules | undefined;
  readonly redact: () => Redactor;
  readonly isTrusted: () => boolean;
  readonly log: vscode.LogOutputChannel;
  readonly fail: (message: string, error?: unknown) => void;
  readonly onError: (error: unknown) => void;
  readonly outgoing: LazyOutgoing;
  readonly view: IncidentsView;
  readonly live: LiveChanges;
  /** Fires once the clock was moved; of tests only. */
  readonly moved: () => AbortSignal;
  /** Fires when another runbook may be in force. */
  readonly onRunbookChange: vscode.Event<void>;
}

export interface Annex {
  readonly connections: ConnectionStore;
  readonly services: ServiceFactory;
  /** View id → its rows. */
  readonly trees: Readonly<Record<string, vscode.TreeDataProvider<object>>>;
  run(command: string, argument: unknown): Promise<unknown>;
  openLink(uri: vscode.Uri): Promise<void>;
  /** A panel that VS Code brings back after a reload. */
  restorePanel(kind: PanelKind, panel: vscode.WebviewPanel, state: unknown): Promise<void>;
  /** The language has changed. */
  redrawPanels(): Promise<void>;
  /** Begins what comes forward by itself; once, when what earlier windows left is being sent. */
  start(): Promise<void>;
  /** The workspace is trusted now, or the clock was moved. */
  wake(): void;
  /** The clock was moved. */
  tick(): Promise<void>;
}

export function buildAnnex({ context, tree, clock, ledger, source, rules, redact, isTrusted, log, fail, onError, outgoing, view, live, moved, onRunbookChange }: AnnexDeps): Annex {
  const runbook = () => source.get();
  const origin = () => outgoing.origin();
  const connections = new ConnectionStore(context.secrets, (message) => { log.warn(redact()(message)); });
  const logs = buildLogHouse({ context, clock, ledger, runbook, redact, isTrusted, onError, services: () => services });
  const services: ServiceFactory = new ServiceFactory(context.secrets, logs.streams, connections, new WorkspaceTasks());
  const documents = new DocumentProvider({ ledger, runbook, clock, live, origin });
  const lenses = new PlanLenses({ ledger, clock, live, origin, documents, onError });
  const deliveriesView = new DeliveriesView({
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
  const runner = new StepRunner({
    ledger, clock, redact, runbook, outgoing, isTrusted, services: () => services, log: fail,
    wait: (ms, signal) => wait(ms, AbortSignal.any([signal, moved()])),
  });
  const progress = new WalkthroughProgress({ ledger, runbook, ownFile: runbookFile, onRunbookChange, memento: context.globalState, onError });
  let commands: Promise<Commands> | undefined;
  const work = (): Promise<Commands> => commands ??= build();
  const build = async (): Promise<Commands> => createCommands({
    memento: context.globalState, onError, progress,
    followUps: { api: followUps, view: followUpsView },
    extensionUri: context.extensionUri, clock, ledger, runbook: source, runner, services, connections, outgoing: await outgoing.parts(), logs, documents, live, view, log, redact,
  });
  const run: Annex['run'] = async (command, argument) => (await work()).run(command, argument);
  const reminding = startReminding({ ledger, clock, rules, outgoing, state: context.globalState, onError, run });
  const resuming = new Resuming({
    ledger, clock, outgoing, isTrusted, wait, onError,
    followUp: (incident, event, signal) => runner.followUp(incident, event, signal),
    onResumed: (incident, event, result) => { tellResumed(incident, event, result, run); },
  });
  context.subscriptions.push(
    connections, logs, services, documents, lenses, new ReviewDoor({ ledger, clock, runbook, onError }), deliveriesView, followUpsView, connectionsView, reminding, resuming, progress,
    runner.onProgress(view.onProgress), runner.onProgress(live.onProgress),
    { dispose: () => { void commands?.then(({ panels }) => { panels.dispose(); }); } },
    connections.onDidChange(() => { outgoing.wake(); }),
  );
  void connections.refreshContexts();
  void progress.start().catch(onError);
  return {
    connections, services, run,
    trees: { [DELIVERIES_VIEW]: deliveriesView, [FOLLOW_UPS_VIEW]: followUpsView, [CONNECTIONS_VIEW]: connectionsView },
    openLink: async (uri) => {
      const { openCitedEvent } = await import('./views/cited-event.ts');
      await openCitedEvent(uri, { ledger, documents }).catch(onError);
    },
    restorePanel: async (kind, panel, state) => { (await work()).panels.restore(kind, panel, state); },
    redrawPanels: async () => { (await commands)?.panels.redraw(); },
    start: async () => { await Promise.all([reminding.start(), resuming.start()]); },
    wake: () => { resuming.wake(); },
    tick: async () => {
      deliveriesView.refresh();
      followUpsView.refresh();
      followUpsView.tick();
      lenses.refresh();
      await reminding.tick();
    },
  };
}

/** What became of a change that a window left under way when it went, or of a watch. */
function tellResumed({ id, watches }: Incident, event: string, { status, summary, event: result }: RunResult, run: Annex['run']): void {
  const show = status === 'done' ? vscode.window.showInformationMessage : vscode.window.showWarningMessage;
  const step = watches.find((watch) => watch.id === event)?.step;
  const [button, open] = step === undefined
    ? [t('Open plan'), () => run('incidentRunbook.openPlan', { incident: id, event })] as const
    : [t('Open evidence'), () => run('incidentRunbook.openStep', { kind: 'step', key: `${id}/step/${step}`, incident: id, step, event: result })] as const;
  void show(`${id}: ${summary}`, button).then((chosen) => (chosen === undefined ? undefined : open()));
}
