/**
 * One typed table: command id → handler. Every command works two ways: without arguments (or from a row of the
 * tree) it asks; with one argument object it asks nothing and returns JSON (DESIGN, "Commands are an API").
 */
import * as vscode from 'vscode';
import { UserError } from './errors.ts';
import type { CommandId } from './manifest.ts';
import { STEPS_WITHOUT_INCIDENT, STEP_COMMAND_PREFIX } from './manifest.ts';
import { createApi } from './api.ts';
import { type Deps, createFlows } from './flows.ts';
import { runCommand } from './run-command.ts';
import { type Node } from './views/nodes.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** The step of a command `incidentRunbook.step.<id>`. */
function stepOf(command: string): string | undefined {
  return command.startsWith(STEP_COMMAND_PREFIX) ? command.slice(STEP_COMMAND_PREFIX.length) : undefined;
}

/** What a command does for a caller with an argument object, and what for a person. */
interface Handler {
  readonly api?: (args: Arguments) => Promise<unknown>;
  readonly ui: (node: Node | undefined) => Promise<unknown>;
}

/** @param contributed ids of package.json's commands: those of the runbook's steps are registered from there */
export function registerCommands(deps: Deps, contributed: readonly string[]): vscode.Disposable {
  const api = createApi(deps);
  const flows = createFlows(deps, api);
  const handlers: Readonly<Record<CommandId, Handler>> = {
    'incidentRunbook.declare': { api: api.declare, ui: () => flows.declare() },
    'incidentRunbook.acknowledge': { api: api.acknowledge, ui: (node) => flows.run('acknowledge', node) },
    'incidentRunbook.assessSeverity': { api: api.assessSeverity, ui: (node) => flows.run('assessSeverity', node) },
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
    'incidentRunbook.copyText': { ui: () => Promise.resolve() },
  };
  const register = (id: string, { api: call, ui }: Handler): vscode.Disposable =>
    vscode.commands.registerCommand(id, (argument?: unknown) => runCommand(id, deps, isCall(argument)
      ? { interactive: false, work: () => call === undefined ? ui(undefined) : call(argument) }
      : { interactive: true, work: () => ui(isNode(argument) ? argument : undefined) }));
  return vscode.Disposable.from(
    ...Object.entries(handlers).filter(([id]) => id !== 'incidentRunbook.copyText').map(([id, handler]) => register(id, handler)),
    // Takes a text, not an argument object: the button of an error message passes it.
    vscode.commands.registerCommand('incidentRunbook.copyText' satisfies CommandId, (text: unknown) => vscode.env.clipboard.writeText(String(text))),
    ...contributed.map((id) => [id, stepOf(id)] as const).map(([id, step]) => step === undefined ? vscode.Disposable.from() : register(id, {
      api: (args) => {
        if (args['incident'] === undefined && !STEPS_WITHOUT_INCIDENT.includes(step)) {
          throw new UserError(`${id}: "incident" is missing. Give the id of an open incident.`);
        }
        return api.runStep({ ...args, step });
      },
      ui: (node) => flows.run(step, node),
    })),
  );
}

function isNode(argument: unknown): argument is Node {
  return typeof argument === 'object' && argument !== null && 'kind' in argument && 'key' in argument;
}

/** A URI comes from the editor's context menu; it is no argument object. */
function isCall(argument: unknown): argument is Arguments {
  return typeof argument === 'object' && argument !== null && !isNode(argument) && !(argument instanceof vscode.Uri);
}
