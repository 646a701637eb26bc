import * as vscode from 'vscode';
import { messageOf } from '../errors.ts';
import { isRecent } from '../incident/closing-guide.ts';
import type { Clock } from '../incident/clock.ts';
import type { Level } from '../incident/evidence.ts';
import type { Incident } from '../incident/fold.ts';
import { tn } from '../l10n.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { SharedState } from '../ledger/shared/exchange.ts';
import { VIEW } from '../view-ids.ts';
import type { Runbook } from '../runbook/schema.ts';
import type { RunListener } from '../steps/run.ts';
import { type ChangesInput, approvalNodes, changeNodes, stepChange } from './change-nodes.ts';
import { boxNodes } from './closure-nodes.ts';
import { coalesce } from './coalesce.ts';
import { incidentDeliveryNodes } from './delivery-nodes.ts';
import type { LiveChanges } from './live-changes.ts';
import { type Node, type TreeInput, bareIncidentNode, closedGroupNode, closedIncidentNodes, incidentNode, nothingOpenNode, runbookProblemNode } from './nodes.ts';
import { readIncidents } from './read-incidents.ts';
import { scenarioNodes } from './scenario-nodes.ts';
import { treeItem } from './tree-item.ts';
import { stepWatch, watchNodes } from './watch-nodes.ts';

/** Ages are in minutes, so the rows are drawn anew this often, ms. */
const AGE_REFRESH_MS = 30_000;

export interface IncidentsViewOptions {
  readonly ledger: Ledger;
  readonly runbook: () => Promise<Runbook>;
  readonly clock: Clock;
  readonly treeView: vscode.TreeView<Node>;
  readonly redraw: () => void;
  /** Told of the number of open incidents whenever the tree is read. */
  readonly onCount: (open: number) => void;
  readonly onError: (error: unknown) => void;
  /** How the exchange with an incident's ticket stands. */
  readonly shared: (incident: string) => SharedState | undefined;
  readonly live: LiveChanges;
  /** Id of this installation. */
  readonly origin: () => Promise<string>;
  /** A person ticked a box or unticked it; records it, or lets it be. */
  readonly onCheck: (node: Node, checked: boolean) => Promise<void>;
}

/** The Incidents view: open incidents with what to do next, their steps, timeline and roles; closed ones below. */
export class IncidentsView implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #options: IncidentsViewOptions;
  readonly #running = new Set<string>();
  readonly #landed = new Map<string, Level>();
  readonly #parents = new Map<string, Node>();
  /** Keys of closed incidents that somebody looked into. */
  readonly #opened = new Set<string>();
  readonly #disposables: vscode.Disposable[];
  readonly #redraw = coalesce(() => { void this.#drawWhatChanged(); });
  /** What the rows say, as it was drawn last. */
  #drawn = '';
  #roots: readonly Node[] = [];
  /** Read for the drawing that has just been asked for. */
  #fresh: Node[] | undefined;

  constructor(options: IncidentsViewOptions) {
    this.#options = options;
    this.#disposables = [
      options.ledger.onDidChange((incident) => {
        // What has landed is on the timeline now, or somebody else's newer result is.
        if (!this.#running.has(`${incident}/investigate`)) {
          this.#landed.clear();
        }
        this.refresh();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => { this.refresh(); }),
      options.live.onDidChange(() => { this.refresh(); }),
      options.treeView.onDidChangeCheckboxState(({ items }) => { void this.#check(items); }),
    ];
    const ages = setInterval(() => {
      if (this.#options.treeView.visible && this.#roots.length > 0) {
        this.refresh();
      }
    }, AGE_REFRESH_MS);
    this.#disposables.push({ dispose: () => { clearInterval(ages); } });
  }

  /** Shows what runs and what has landed while it runs; how a change stands is on the timeline, and seen live. */
  readonly onProgress: RunListener = ({ incident, step, result, ended, change }) => {
    if (change !== undefined) {
      return;
    }
    const key = `${incident ?? ''}/${step}`;
    if (ended === true) {
      this.#running.delete(key);
    } else if (result === undefined) {
      this.#running.add(key);
      this.#landed.delete(key);
    } else {
      this.#running.delete(key);
      this.#landed.set(key, result.level);
    }
    this.refresh();
  };

  /** Draws anew; many calls in a row draw once. */
  refresh(): void {
    this.#redraw.call();
  }

  /** Opens the view and selects an incident's row. */
  async reveal(incident: string): Promise<void> {
    await vscode.commands.executeCommand(`${VIEW}.focus`);
    const node = this.#roots.find((root) => root.incident === incident);
    try {
      if (node !== undefined) {
        await this.#options.treeView.reveal(node, { expand: true, focus: false, select: true });
      }
    } catch {
      // The tree is being drawn anew; the row is there, only not selected.
    }
  }

  async getChildren(parent?: Node): Promise<Node[]> {
    if (parent === undefined) {
      const roots = this.#fresh ?? await this.#readRoots();
      this.#fresh = undefined;
      return roots;
    }
    if (parent.kind === 'closed-incident') {
      this.#opened.add(parent.key);
    }
    const children = [...(await parent.children?.() ?? [])];
    children.forEach((child) => { this.#parents.set(child.key, parent); });
    return children;
  }

  getParent(node: Node): Node | undefined {
    return this.#parents.get(node.key);
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return treeItem(node);
  }

  dispose(): void {
    this.#redraw.dispose();
    this.#disposables.forEach((disposable) => { disposable.dispose(); });
  }

  /** What was clicked shows as ticked until it is drawn anew, whether it was recorded or let go. */
  async #check(items: readonly (readonly [Node, vscode.TreeItemCheckboxState])[]): Promise<void> {
    for (const [node, state] of items) {
      await this.#options.onCheck(node, state === vscode.TreeItemCheckboxState.Checked).catch(this.#options.onError);
    }
    this.#drawn = '';
    this.refresh();
  }

  /** A row that is drawn anew forgets for a moment what it stands for, and a click on its button is lost: so only when it says something else. */
  async #drawWhatChanged(): Promise<void> {
    const roots = await this.#readRoots();
    const drawn = await this.#sayingOf(roots);
    if (drawn !== this.#drawn) {
      this.#drawn = drawn;
      // Out of sight it is drawn whenever it comes into view, from what holds then.
      this.#fresh = this.#options.treeView.visible ? roots : undefined;
      this.#options.redraw();
    }
  }

  #runningIn({ id, changes }: Incident): ReadonlySet<string> {
    const followed = changes.filter((change) => this.#options.live.seen(change.id).followed);
    return new Set([...this.#running, ...followed.map(({ plan }) => `${id}/${plan.step}`)]);
  }

  async #readRoots(): Promise<Node[]> {
    const { ledger, runbook, onError } = this.#options;
    try {
      const [summaries, book, origin] = await Promise.all([ledger.list(), runbook().catch((error: unknown) => messageOf(error)), this.#options.origin()]);
      const open = summaries.filter(({ status }) => status !== 'closed');
      const closed = summaries.filter(({ status }) => status === 'closed');
      const input = typeof book === 'string' ? undefined : this.#inputOf(book, origin);
      const incidents = typeof book === 'string' || input === undefined
        ? [runbookProblemNode(String(book)), ...open.map(bareIncidentNode)]
        : (await readIncidents(ledger, open, onError)).map((each) => incidentNode(each, input));
      this.#options.treeView.badge = open.length === 0 ? undefined : { value: open.length, tooltip: tn('{0} open incident', '{0} open incidents', open.length) };
      this.#options.onCount(open.length);
      // The welcome view shows only while the tree is empty.
      this.#roots = closed.length === 0 ? incidents : [...(incidents.length === 0 ? [nothingOpenNode()] : incidents), closedGroupNode(closed, ({ id, closedAt }) => (input === undefined || !isRecent(closedAt, input.now) ? undefined : async () => closedIncidentNodes(await ledger.read(id), input)))];
      return [...this.#roots];
    } catch (error) {
      onError(error);
      return [];
    }
  }

  #inputOf(book: Runbook, origin: string): TreeInput {
    const { clock, live, shared } = this.#options;
    const now = clock.now();
    const seen: ChangesInput = { now, origin, seen: (change) => live.seen(change) };
    return {
      runbook: book, now, running: this.#running, landed: this.#landed, shared,
      undelivered: (incident) => incidentDeliveryNodes(incident, now, book),
      scenarios: (incident) => scenarioNodes(incident, { runbook: book, running: this.#runningIn(incident) }),
      approvals: (incident) => approvalNodes(incident, seen),
      changes: (incident) => changeNodes(incident, seen),
      watches: (incident) => watchNodes(incident, now),
      changing: (incident, step) => stepChange(incident, step, seen) ?? stepWatch(incident, step, now),
      boxes: (incident) => boxNodes(incident, book, now),
    };
  }

  /** Everything that rows and the rows below them say and stand for, as one text; of closed incidents only those that were opened, as each is read from its file. */
  async #sayingOf(nodes: readonly Node[]): Promise<string> {
    const rows = await Promise.all(nodes.map(async ({ children, ...row }) => {
      const isUnread = row.kind === 'closed-incident' && !this.#opened.has(row.key);
      return [row, children === undefined || isUnread ? '' : await this.#sayingOf(await children())];
    }));
    return JSON.stringify(rows);
  }
}
