import * as vscode from 'vscode';
import type { Clock } from '../incident/clock.ts';
import type { Incident } from '../incident/fold.ts';
import { tn } from '../l10n.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Runbook } from '../runbook/schema.ts';
import { coalesce } from './coalesce.ts';
import { countForPerson, deliveryGroups } from './delivery-groups.ts';
import type { DeliveryNode } from './delivery-nodes.ts';
import { readIncidents } from './read-incidents.ts';
import { treeItem } from './tree-item.ts';

/** Ages and times of the next try are drawn anew this often, ms. */
const AGE_REFRESH_MS = 15_000;
/** For so long the deliveries of a closed incident stay in view once all are done, ms. */
const RECENT_MS = 24 * 60 * 60_000;

export interface DeliveriesViewOptions {
  readonly ledger: Ledger;
  readonly runbook: () => Promise<Runbook>;
  readonly clock: Clock;
  /** Id of this installation. */
  readonly origin: () => Promise<string>;
  /** Why a pending delivery waits, as the outbox knows it. */
  readonly reason: (delivery: string) => string | undefined;
  readonly treeView: vscode.TreeView<DeliveryNode>;
  readonly redraw: () => void;
  readonly onError: (error: unknown) => void;
}

/** The Deliveries view: what needs a person, what waits and why, what is done. The badge counts what needs a person. */
export class DeliveriesView implements vscode.TreeDataProvider<DeliveryNode>, vscode.Disposable {
  readonly #options: DeliveriesViewOptions;
  readonly #parents = new Map<string, DeliveryNode>();
  readonly #disposables: vscode.Disposable[];
  readonly #refresh = coalesce(() => { void this.update(); });
  #roots: readonly DeliveryNode[] | undefined;

  constructor(options: DeliveriesViewOptions) {
    this.#options = options;
    const ages = setInterval(() => {
      if (options.treeView.visible && (this.#roots ?? []).length > 0) {
        this.refresh();
      }
    }, AGE_REFRESH_MS);
    this.#disposables = [
      this.#refresh,
      { dispose: () => { clearInterval(ages); } },
      options.ledger.onDidChange(() => { this.refresh(); }),
    ];
    // The badge counts before the view is ever opened.
    this.refresh();
  }

  /** Reads and draws anew; many calls in a row do it once. */
  refresh(): void {
    this.#refresh.call();
  }

  /** Reads anew, sets the badge whether or not the view is open, and draws. */
  async update(): Promise<void> {
    const { treeView, redraw, onError } = this.#options;
    try {
      const incidents = await this.#incidents();
      const count = countForPerson(incidents);
      treeView.badge = count === 0 ? undefined : { value: count, tooltip: tn('{0} message needs you', '{0} messages need you', count) };
      this.#roots = await this.#groups(incidents);
      redraw();
    } catch (error) {
      onError(error);
    }
  }

  async getChildren(parent?: DeliveryNode): Promise<DeliveryNode[]> {
    if (parent !== undefined) {
      const children = [...(parent.children?.() ?? [])];
      children.forEach((child) => { this.#parents.set(child.key, parent); });
      return children;
    }
    try {
      this.#roots ??= await this.#groups(await this.#incidents());
      return [...this.#roots];
    } catch (error) {
      this.#options.onError(error);
      return [];
    }
  }

  getParent(node: DeliveryNode): DeliveryNode | undefined {
    return this.#parents.get(node.key);
  }

  getTreeItem(node: DeliveryNode): vscode.TreeItem {
    return treeItem(node);
  }

  dispose(): void {
    this.#disposables.forEach((disposable) => { disposable.dispose(); });
  }

  /** The open incidents, and those closed ones that still have something to deliver or were closed a short while ago. */
  async #incidents(): Promise<Incident[]> {
    const { ledger, clock, onError } = this.#options;
    const recently = new Date(clock.now() - RECENT_MS).toISOString();
    const summaries = (await ledger.list()).filter(({ status, waiting, closedAt }) => status !== 'closed' || (waiting ?? 0) > 0 || (closedAt ?? '') > recently);
    return readIncidents(ledger, summaries, onError);
  }

  async #groups(incidents: readonly Incident[]): Promise<DeliveryNode[]> {
    const { clock, origin, reason, runbook } = this.#options;
    const [book, self] = await Promise.all([runbook().catch(() => undefined), origin().catch(() => undefined)]);
    return deliveryGroups({ incidents, now: clock.now(), runbook: book, origin: self, reason });
  }
}
