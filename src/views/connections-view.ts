import * as vscode from 'vscode';
import type { ConnectionStore } from '../connection-store.ts';
import { coalesce } from './coalesce.ts';
import { type ConnectionNode, connectionNodes } from './connection-nodes.ts';
import { treeItem } from './tree-item.ts';

export interface ConnectionsViewOptions {
  readonly store: ConnectionStore;
  readonly redraw: () => void;
  readonly onError: (error: unknown) => void;
}

/** The Connections view: a row for each service, connected or not, and where it leads. */
export class ConnectionsView implements vscode.TreeDataProvider<ConnectionNode>, vscode.Disposable {
  readonly #options: ConnectionsViewOptions;
  readonly #redraw = coalesce(() => { this.#options.redraw(); });
  readonly #subscription: vscode.Disposable;

  constructor(options: ConnectionsViewOptions) {
    this.#options = options;
    this.#subscription = options.store.onDidChange(() => { this.#redraw.call(); });
  }

  async getChildren(parent?: ConnectionNode): Promise<ConnectionNode[]> {
    if (parent !== undefined) {
      return [];
    }
    try {
      return connectionNodes(await this.#options.store.list());
    } catch (error) {
      this.#options.onError(error);
      return [];
    }
  }

  getTreeItem(node: ConnectionNode): vscode.TreeItem {
    return treeItem(node);
  }

  getParent(): undefined {
    return undefined;
  }

  dispose(): void {
    this.#redraw.dispose();
    this.#subscription.dispose();
  }
}
