import * as vscode from 'vscode';
import type { FollowUpsApi } from '../api/follow-ups-api.ts';
import type { Clock } from '../incident/clock.ts';
import { t, tn } from '../l10n.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { coalesce } from './coalesce.ts';
import { type FollowUpNode, followUpNodes } from './follow-up-nodes.ts';
import { treeItem } from './tree-item.ts';

/** While the view is open GitHub is asked this often, ms. */
const LOOK_EVERY_MS = 10 * 60_000;
/** Between two looks at the clock, ms. */
const TICK_MS = 60_000;

export interface FollowUpsViewOptions {
  readonly api: FollowUpsApi;
  readonly ledger: Pick<Ledger, 'onDidChange'>;
  readonly clock: Clock;
  /** False in Restricted Mode: then GitHub is not asked. */
  readonly isTrusted: () => boolean;
  readonly treeView: vscode.TreeView<FollowUpNode>;
  readonly redraw: () => void;
  readonly onError: (error: unknown) => void;
}

/** The Follow-ups view: what is still to be done after incidents, those that are overdue first and in the badge. */
export class FollowUpsView implements vscode.TreeDataProvider<FollowUpNode>, vscode.Disposable {
  readonly #options: FollowUpsViewOptions;
  readonly #disposables: vscode.Disposable[];
  readonly #refresh = coalesce(() => { void this.#update(); });
  /** Epoch ms of the last time that GitHub was asked. */
  #looked = Number.NEGATIVE_INFINITY;
  #roots: readonly FollowUpNode[] | undefined;

  constructor(options: FollowUpsViewOptions) {
    this.#options = options;
    const ticks = setInterval(() => { this.tick(); }, TICK_MS);
    this.#disposables = [
      this.#refresh,
      { dispose: () => { clearInterval(ticks); } },
      options.ledger.onDidChange(() => { this.refresh(); }),
      options.treeView.onDidChangeVisibility(() => { this.tick(); }),
    ];
  }

  /** Reads and draws anew what the timelines say, if the view was ever drawn; many calls in a row do it once. */
  refresh(): void {
    if (this.#roots !== undefined) {
      this.#refresh.call();
    }
  }

  /** Asks GitHub when that is due and the view is open. */
  tick(): void {
    const { api, clock, isTrusted, treeView, onError } = this.#options;
    if (treeView.visible && isTrusted() && clock.now() - this.#looked >= LOOK_EVERY_MS && (this.#roots ?? []).length > 0) {
      this.#looked = clock.now();
      api.refresh().catch(onError);
    }
  }

  /** Asks GitHub now. @throws as `FollowUpsApi.refresh` */
  async look(): Promise<void> {
    const { api, clock } = this.#options;
    this.#looked = clock.now();
    const { changed, followUps } = await api.refresh();
    const open = tn('{0} follow-up open', '{0} follow-ups open', followUps.length);
    vscode.window.setStatusBarMessage(`$(check) ${changed === 0 ? open : t('{0}, {1} changed', open, changed)}`, 5_000);
  }

  async getChildren(parent?: FollowUpNode): Promise<FollowUpNode[]> {
    if (parent !== undefined) {
      return [];
    }
    try {
      this.#roots ??= await this.#read();
      this.tick();
      return [...this.#roots];
    } catch (error) {
      this.#options.onError(error);
      return [];
    }
  }

  getParent(): undefined {
    return undefined;
  }

  getTreeItem(node: FollowUpNode): vscode.TreeItem {
    return treeItem(node);
  }

  dispose(): void {
    this.#disposables.forEach((disposable) => { disposable.dispose(); });
  }

  async #update(): Promise<void> {
    try {
      this.#roots = await this.#read();
      this.#options.redraw();
    } catch (error) {
      this.#options.onError(error);
    }
  }

  async #read(): Promise<FollowUpNode[]> {
    const { api, clock, treeView } = this.#options;
    const nodes = followUpNodes((await api.list({})).followUps, clock.now());
    const overdue = nodes.filter(({ mark }) => mark === 'overdue').length;
    treeView.badge = overdue === 0 ? undefined : { value: overdue, tooltip: tn('{0} follow-up overdue', '{0} follow-ups overdue', overdue) };
    return nodes;
  }
}
