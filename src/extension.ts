import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Entrance, House, OpenTree } from './house.ts';
import { PANEL_KINDS, viewTypeOf } from './protocol/panel.ts';

/**
 * Opens the door and no more: the commands and the views are there at once, and the house behind them is built when
 * one of the views is drawn, a command is called, or incidents are on record that the status bar should tell of.
 */
export function activate(context: vscode.ExtensionContext): TestHandle | undefined {
  const { commands, views } = contributed(context);
  let house: Promise<House> | undefined;
  const enter = (): Promise<House> => house ??= import('./house.ts').then(({ buildHouse }) => buildHouse(context, entrance));
  const entrance: Entrance = { trees: Object.fromEntries(views.map((view) => [view, openTree(context, view, enter)])) };
  context.subscriptions.push(...commands.map((command) => vscode.commands.registerCommand(command, async (argument?: unknown) => (await enter()).run(command, argument))));
  context.subscriptions.push(vscode.window.registerUriHandler({ handleUri: async (uri) => (await enter()).openLink(uri) }));
  context.subscriptions.push(...PANEL_KINDS.map((kind) => vscode.window.registerWebviewPanelSerializer(viewTypeOf(kind), {
    deserializeWebviewPanel: async (panel, state: unknown) => (await enter()).restorePanel(kind, panel, state),
  })));
  if (existsSync(join(context.globalStorageUri.fsPath, 'incidents'))) {
    void enter();
  }
  return context.extensionMode === vscode.ExtensionMode.Test ? { advance: async (ms) => (await enter()).advance(ms) } : undefined;
}

/** What tests inside the extension host may do besides calling commands; nobody else gets it. */
export interface TestHandle {
  /** Moves the extension's clock on by so many ms. */
  advance(ms: number): Promise<void>;
}

/** A view whose rows come from the house, which is built when the first of them is drawn. */
function openTree(context: vscode.ExtensionContext, view: string, enter: () => Promise<House>): OpenTree {
  const changed = new vscode.EventEmitter<void>();
  const rows = async (): Promise<vscode.TreeDataProvider<object>> => {
    const { trees } = await enter();
    const tree = await trees[view];
    if (tree === undefined) {
      throw new Error(`No rows for the view ${view}`);
    }
    return tree;
  };
  const treeView = vscode.window.createTreeView<object>(view, {
    showCollapseAll: true,
    manageCheckboxStateManually: true,
    treeDataProvider: {
      onDidChangeTreeData: changed.event,
      getChildren: async (node) => (await rows()).getChildren(node),
      getTreeItem: async (node) => (await rows()).getTreeItem(node),
      getParent: async (node) => (await rows()).getParent?.(node),
    },
  });
  context.subscriptions.push(changed, treeView);
  return { treeView, redraw: () => { changed.fire(); } };
}

/** The ids as package.json has them, so that the entry loads no table. */
function contributed(context: vscode.ExtensionContext): { commands: string[]; views: string[] } {
  const { contributes } = context.extension.packageJSON as { contributes: { commands: { command: string }[]; views: { incidentRunbook: { id: string }[] } } };
  return { commands: contributes.commands.map(({ command }) => command), views: contributes.views.incidentRunbook.map(({ id }) => id) };
}
