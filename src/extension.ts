import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { House } from './house.ts';
import type { Node } from './views/nodes.ts';

/**
 * Opens the door and no more: the commands and the view are there at once, and the house behind them is built when
 * the view is drawn, a command is called, or incidents are on record that the status bar should tell of.
 */
export function activate(context: vscode.ExtensionContext): void {
  const { commands, view } = contributed(context);
  const changed = new vscode.EventEmitter<void>();
  let house: Promise<House> | undefined;
  const enter = (): Promise<House> => house ??= import('./house.ts').then(({ buildHouse }) => buildHouse(context, { treeView, redraw: () => { changed.fire(); } }));
  const treeView: vscode.TreeView<Node> = vscode.window.createTreeView<Node>(view, {
    showCollapseAll: true,
    treeDataProvider: {
      onDidChangeTreeData: changed.event,
      getChildren: async (node) => (await enter()).tree.getChildren(node),
      getTreeItem: async (node) => (await enter()).tree.getTreeItem(node),
      getParent: async (node) => (await enter()).tree.getParent?.(node),
    },
  });
  context.subscriptions.push(
    changed,
    treeView,
    ...commands.map((command) => vscode.commands.registerCommand(command, async (argument?: unknown) => (await enter()).run(command, argument))),
  );
  if (existsSync(join(context.globalStorageUri.fsPath, 'incidents'))) {
    void enter();
  }
}

/** The ids as package.json has them, so that the entry loads no table. */
function contributed(context: vscode.ExtensionContext): { commands: string[]; view: string } {
  const { contributes } = context.extension.packageJSON as { contributes: { commands: { command: string }[]; views: { incidentRunbook: [{ id: string }] } } };
  return { commands: contributes.commands.map(({ command }) => command), view: contributes.views.incidentRunbook[0].id };
}
