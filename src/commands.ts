/**
 * One typed table: command id → handler. Every command works two ways: without arguments (or from a row of the
 * tree) it asks; with one argument object it asks nothing and returns JSON (DESIGN, "Commands are an API").
 */
import * as vscode from 'vscode';
import { createApi } from './api.ts';
import { UserError } from './errors.ts';
import { type Deps, createFlows } from './flows.ts';
import { type CommandId, STEPS_WITHOUT_INCIDENT, STEP_COMMAND_PREFIX } from './manifest.ts';
import { runCommand } from './run-command.ts';
import type { Node } from './views/nodes.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** What a command does for a caller with an argument object, and what for a person. */
interface Handler {
  readonly api?: (args: Arguments) => Promise<unknown>;
  readonly ui: (node: Node | undefined) => Promise<unknown>;
}

/** Runs a contributed command with the argument it was called with. */
export function createCommands(deps: Deps): (command: string, argument: unknown) => Promise<unknown> {
  const api = createApi(deps);
  const flows = createFlows(deps, api);
  const handlers: Readonly<Record<Exclude<CommandId, 'incidentRunbook.copyText'>, Handler>> = {
    'incidentRunbook.declare': { api: api.declare, ui: () => flows.declare() },
    'incidentRunbook.acknowledge': { api: api.acknowledge, ui: (node) => flows.run('acknowledge', node) },
    'incidentRunbook.assessSeverity': { api: api.assessSeverity, ui: (node) => flows.run('assessSeverity', node) },
    'incidentRunbook.postUpdate': { api: api.postUpdate, ui: (node) => flows.run('postUpdate', node) },
    'incidentRunbook.runStep': { api: api.runStep, ui: (node) => flows.run(node?.step, node) },
    'incidentRunbook.recordByHand': { ui: (node) => flows.recordByHand(node) },
    'incidentRunbook.openStep': { ui: (node) => flows.openStep(node) },
    'incidentRunbook.copyRunbookCommand': { ui: (node) => flows.copyRunbookCommand(node) },
    'incidentRunbook.timeline': { api: api.timeline, ui: (node) => flows.timeline(node) },
    'incidentRunbook.list': { api: api.list, ui: () => flows.goTo() },
    'incidentRunbook.amend': { api: api.amend, ui: (node) => flows.amend(node) },
    'incidentRunbook.close': { api: api.close, ui: (node) => flows.close(node) },
    'incidentRunbook.reopen': { api: api.reopen, ui: (node) => flows.reopen(node) },
    'incidentRunbook.openRunbook': { ui: () => flows.openRunbook() },
    'incidentRunbook.setDatabaseConnection': { ui: () => flows.setDatabaseConnection() },
    'incidentRunbook.stopLogStream': { ui: () => { deps.streams.stop(); return Promise.resolve(); } },
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
  return (command, argument) => {
    if (command === ('incidentRunbook.copyText' satisfies CommandId)) {
      // Takes a text, not an argument object: the button of an error message passes it.
      return Promise.resolve(vscode.env.clipboard.writeText(String(argument)));
    }
    const { api: call, ui } = command.startsWith(STEP_COMMAND_PREFIX) ? step(command.slice(STEP_COMMAND_PREFIX.length)) : handlers[command as keyof typeof handlers];
    return runCommand(command, deps, isCall(argument)
      ? { interactive: false, work: () => (call === undefined ? ui(undefined) : call(argument)) }
      : { interactive: true, work: () => ui(isNode(argument) ? argument : undefined) });
  };
}

function isNode(argument: unknown): argument is Node {
  return typeof argument === 'object' && argument !== null && 'kind' in argument && 'key' in argument;
}

/** A URI comes from the editor's context menu; it is no argument object. */
function isCall(argument: unknown): argument is Arguments {
  return typeof argument === 'object' && argument !== null && !isNode(argument) && !(argument instanceof vscode.Uri);
}
