/**
 * One typed table: command id → handler. Every command works two ways: without arguments (or from a row of the
 * tree) it asks; with one argument object it asks nothing and returns JSON (DESIGN, "Commands are an API").
 */
import * as vscode from 'vscode';
import { createApi } from './api/api.ts';
import { createDeliveriesApi } from './api/deliveries-api.ts';
import { createChangesApi } from './api/changes-api.ts';
import { UserError } from './errors.ts';
import type { FlowDeps } from './flows/flow-deps.ts';
import { createFlows } from './flows/flows.ts';
import { createStartingFlow } from './flows/starting-flow.ts';
import { createImportApi } from './api/import-api.ts';
import { CONNECT_COMMANDS, type CommandId, STEPS_WITHOUT_INCIDENT, STEP_COMMAND_PREFIX } from './manifest.ts';
import { createInvitationApi } from './api/invitation-api.ts';
import { createMetricsApi } from './api/metrics-api.ts';
import { runCommand } from './run-command.ts';
import type { ConnectableService } from './services/connections.ts';
import { openTicketOf } from './api/shared-api.ts';
import { Inputs } from './steps/inputs.ts';
import { createConnectionFlow } from './views/ask-connection.ts';
import { createContactFlow } from './views/ask-contact.ts';
import { createDeliveryFlow } from './views/ask-delivery.ts';
import { createImportFlow } from './views/ask-import.ts';
import { askExport } from './views/ask-metrics.ts';
import { createInvitationFlow } from './views/ask-review.ts';
import { DELIVERIES_VIEW, FOLLOW_UPS_VIEW } from './view-ids.ts';
import type { Node } from './views/nodes.ts';
import { createPanels } from './views/panels/create-panels.ts';
import type { Panels } from './views/panels/panels.ts';
import type { WalkthroughProgress } from './views/walkthrough-progress.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** What a command does for a caller with an argument object, and what for a person. */
interface Handler {
  readonly api?: (args: Arguments) => Promise<unknown>;
  readonly ui: (row: Row | undefined) => Promise<unknown>;
}

/** A row of any of the trees; each kind brings its own ids. */
interface Row extends Node {
  readonly service?: ConnectableService;
}

export interface Commands {
  /** Runs a contributed command with the argument it was called with. */
  run(command: string, argument: unknown): Promise<unknown>;
  readonly panels: Panels;
}

/** What the commands need that the flows do not. */
export interface CommandDeps extends Omit<FlowDeps, 'panels'> {
  readonly progress: WalkthroughProgress;
  readonly onError: (error: unknown) => void;
}

export function createCommands(commandDeps: CommandDeps): Commands {
  const deps: FlowDeps = { ...commandDeps, panels: () => panels };
  const api = createApi(deps);
  const changes = createChangesApi(deps);
  const flows = createFlows(deps, api, changes);
  const { change } = flows;
  const starting = createStartingFlow({
    ...commandDeps, api, assess: (incident) => run('incidentRunbook.assessSeverity', { kind: 'incident', key: incident, incident }),
  });
  const { ledger, clock, outgoing, connections } = deps;
  const runbook = () => deps.runbook.get();
  const deliveries = createDeliveriesApi(ledger);
  const metricsApi = createMetricsApi({ ledger, runbook });
  const panels = createPanels({ ledger, clock, runbook, runner: deps.runner, api, metrics: metricsApi, connections, redact: deps.redact, onError: commandDeps.onError }, {
    extensionUri: deps.extensionUri, memento: commandDeps.memento, open: (target) => flows.openFromPanel(target),
  });
  const openMetrics = (): Promise<void> => Promise.resolve(panels.show('metrics', {}));
  const invitation = createInvitationApi({ ledger, runbook, connections, folder: () => vscode.workspace.workspaceFolders?.[0]?.uri.fsPath });
  const saving = createInvitationFlow({ api: invitation, ledger, clock });
  const connection = createConnectionFlow({ store: connections, test: (service, values, signal) => outgoing.couriers.test(service, values, signal) });
  const contact = createContactFlow({ runbook, clock, incident: (id) => ledger.read(id), page: (incident) => flows.run('pageOnCall', incident === undefined ? undefined : { incident }) });
  const delivery = createDeliveryFlow({ ledger, api: deliveries, clock, open: (incident, { id, target }) => deps.documents.openDelivery(incident, id, target) });
  const pastIncidents = createImportApi(deps);
  const importPast = createImportFlow({ api: pastIncidents, openMetrics, log: (message) => { deps.log.info(deps.redact()(message)); } });
  const handlers: Readonly<Record<Exclude<CommandId, 'incidentRunbook.copyText'>, Handler>> = {
    'incidentRunbook.declare': { api: api.declare, ui: () => flows.declare() },
    'incidentRunbook.acknowledge': { api: api.acknowledge, ui: (node) => flows.run('acknowledge', node) },
    'incidentRunbook.assessSeverity': { api: api.assessSeverity, ui: (node) => flows.run('assessSeverity', node) },
    'incidentRunbook.postUpdate': { api: api.postUpdate, ui: (node) => flows.run('postUpdate', node) },
    'incidentRunbook.runStep': { api: api.runStep, ui: (node) => flows.run(node?.step, node) },
    'incidentRunbook.undoStep': { api: changes.undo, ui: (node) => change.undo(node) },
    'incidentRunbook.approveChange': { api: changes.approve, ui: (node) => change.approve(node) },
    'incidentRunbook.followChange': { api: changes.follow, ui: (node) => change.follow(node) },
    'incidentRunbook.openPlan': { api: change.openPlanOf, ui: (node) => change.openPlan(node) },
    'incidentRunbook.applyChange': { ui: (node) => change.apply(node) },
    'incidentRunbook.planAnew': { ui: (node) => change.planAnew(node) },
    'incidentRunbook.stopFollowing': { ui: (node) => change.stop(node) },
    'incidentRunbook.recordChange': { ui: (node) => change.record(node) },
    'incidentRunbook.stopWatch': { api: api.stopWatch, ui: (node) => flows.stopWatch(node) },
    'incidentRunbook.recordByHand': { api: api.recordByHand, ui: (node) => flows.recordByHand(node) },
    'incidentRunbook.openStep': { ui: (node) => flows.openStep(node) },
    'incidentRunbook.copyRunbookCommand': { ui: (node) => flows.copyRunbookCommand(node) },
    'incidentRunbook.timeline': { api: api.timeline, ui: (node) => flows.timeline(node) },
    'incidentRunbook.openOverview': { api: flows.openOverviewOf, ui: (node) => flows.openOverview(node) },
    'incidentRunbook.openReview': { api: flows.openReviewOf, ui: (node) => flows.openReview(node) },
    'incidentRunbook.list': { api: api.list, ui: () => flows.goTo() },
    'incidentRunbook.metrics': { api: metricsApi.metrics, ui: openMetrics },
    'incidentRunbook.exportMetrics': { ui: () => askExport({ api: metricsApi, clock }) },
    'incidentRunbook.amend': { api: api.amend, ui: (node) => flows.amend(node) },
    'incidentRunbook.close': { api: api.close, ui: (node) => flows.close(node) },
    'incidentRunbook.reopen': { api: api.reopen, ui: (node) => flows.reopen(node) },
    'incidentRunbook.startPractice': { api: starting.practise, ui: () => starting.startPractice() },
    'incidentRunbook.openRunbook': { ui: () => starting.openRunbook() },
    'incidentRunbook.chooseRunbook': { api: starting.useRunbook, ui: () => starting.chooseRunbook() },
    'incidentRunbook.setDatabaseConnection': { ui: () => flows.setDatabaseConnection() },
    'incidentRunbook.setRedisConnection': { ui: () => flows.setRedisConnection() },
    ...deps.logs.handlers,
    'incidentRunbook.openShared': {
      api: async (args) => {
        const ticket = args['ticket'];
        const incident = await openTicketOf(deps, typeof ticket === 'number' ? ticket : new Inputs('incidentRunbook.openShared', args).text('ticket'));
        return { incident: incident.id };
      },
      ui: () => flows.openSharedIncident(),
    },
    'incidentRunbook.import': { api: pastIncidents.import, ui: () => importPast() },
    'incidentRunbook.openTicket': { ui: (node) => flows.openTicket(node) },
    'incidentRunbook.clocks': { api: api.clocks, ui: (node) => flows.clocks(node) },
    'incidentRunbook.snooze': { api: api.snooze, ui: (node) => flows.snooze(node) },
    'incidentRunbook.contact': { api: () => contact.list(), ui: (row) => contact.ask(row) },
    'incidentRunbook.pageContact': { ui: (row) => contact.reach('page', row) },
    'incidentRunbook.copyContactNumber': { ui: (row) => contact.reach('phone', row) },
    'incidentRunbook.mailContact': { ui: (row) => contact.reach('mail', row) },
    'incidentRunbook.deliveries': { api: deliveries.list, ui: async () => vscode.commands.executeCommand(`${DELIVERIES_VIEW}.focus`) },
    'incidentRunbook.openDelivery': { ui: (row) => delivery.openText(row) },
    'incidentRunbook.retryDelivery': { api: deliveries.retry, ui: (row) => delivery.retry(row) },
    'incidentRunbook.confirmDelivery': { api: deliveries.confirm, ui: (row) => delivery.confirm(row) },
    'incidentRunbook.discardDelivery': { api: deliveries.discard, ui: (row) => delivery.discard(row) },
    'incidentRunbook.copyDelivery': { ui: (row) => delivery.copyText(row) },
    'incidentRunbook.openDeliveryLink': { ui: (row) => delivery.openLink(row) },
    'incidentRunbook.saveInvitation': { api: invitation.save, ui: (row) => saving.save(row) },
    'incidentRunbook.followUps': { api: deps.followUps.api.list, ui: async () => vscode.commands.executeCommand(`${FOLLOW_UPS_VIEW}.focus`) },
    'incidentRunbook.refreshFollowUps': { api: () => deps.followUps.api.refresh(), ui: () => deps.followUps.view.look() },
    'incidentRunbook.connect': { api: (args) => connection.connect(args), ui: (row) => connection.ask(row?.service) },
    'incidentRunbook.testConnection': { api: (args) => connection.connect({ ...args, action: 'test' }), ui: (row) => connection.testOne(row?.service) },
    'incidentRunbook.disconnect': { api: (args) => connection.connect({ ...args, action: 'disconnect' }), ui: (row) => connection.disconnectOne(row?.service) },
    'incidentRunbook.showLog': { ui: () => { deps.log.show(true); return Promise.resolve(); } },
    'incidentRunbook.refresh': { ui: () => { deps.view.refresh(); return Promise.resolve(); } },
  };
  const step = (id: string): Handler => ({
    api: (args) => {
      if (args['incident'] === undefined && !STEPS_WITHOUT_INCIDENT.includes(id)) {
        throw new UserError(`${STEP_COMMAND_PREFIX}${id}: "incident" is missing. Give the id of an open incident.`);
      }
      return api.runStep({ ...args, step: id });
    },
    ui: (node) => flows.run(id, node),
  });
  const connect = (service: ConnectableService): Handler => ({ api: (args) => connection.connect({ ...args, service }), ui: () => connection.ask(service) });
  const handlerOf = (command: string): Handler => {
    const service = CONNECT_COMMANDS[command];
    return service !== undefined ? connect(service)
      : command.startsWith(STEP_COMMAND_PREFIX) ? step(command.slice(STEP_COMMAND_PREFIX.length)) : handlers[command as keyof typeof handlers];
  };
  const run: Commands['run'] = (command, argument) => {
    if (command === ('incidentRunbook.copyText' satisfies CommandId)) {
      // Takes a text, not an argument object: the button of an error message passes it.
      return Promise.resolve(vscode.env.clipboard.writeText(String(argument)));
    }
    const { api: call, ui } = handlerOf(command);
    return runCommand(command, deps, isCall(argument)
      ? { interactive: false, work: () => (call === undefined ? ui(undefined) : call(argument)) }
      : { interactive: true, work: () => ui(isNode(argument) ? argument : undefined) });
  };
  return { run, panels };
}

function isNode(argument: unknown): argument is Row {
  return typeof argument === 'object' && argument !== null && 'kind' in argument && 'key' in argument;
}

/** A URI comes from the editor's context menu; it is no argument object. */
function isCall(argument: unknown): argument is Arguments {
  return typeof argument === 'object' && argument !== null && !isNode(argument) && !(argument instanceof vscode.Uri);
}
